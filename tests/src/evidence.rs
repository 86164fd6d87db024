//! What a gateway leaves behind: records of its audit log, counters of `/metrics`.

use crate::{Gateway, binary};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use yingbi_audit::search::{Entry, Filter, Order, search};
use yingbi_audit::verify::{Report, verify};

impl Gateway {
    /// Directory of the audit log.
    pub fn audit_dir(&self) -> PathBuf {
        self.data_dir().join("audit")
    }

    /// Every access recorded so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        entries(&self.audit_dir())
    }

    /// The records of the access with this trace id, once there is one; refusals are recorded a moment after they are
    /// told.
    ///
    /// # Panics
    /// There is none in time.
    pub fn entries_of(&self, trace: &str) -> Vec<Entry> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let found: Vec<Entry> =
                self.entries().into_iter().filter(|entry| entry.intent.trace == trace).collect();
            if !found.is_empty() {
                return found;
            }
            assert!(Instant::now() < deadline, "no record of trace {trace}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the strict verifier says of the log.
    pub fn verify(&self) -> Report {
        verify(&self.audit_dir(), None).expect("the log can be read")
    }

    /// Every sample of `/metrics`.
    ///
    /// # Panics
    /// The administration port doesn't answer with metrics.
    pub fn metrics(&self) -> Metrics {
        let (status, text) = self.admin_get("/metrics").expect("the administration port answers");
        assert_eq!(status, 200, "{text}");
        Metrics::parse(&text)
    }

    /// Runs a subcommand of the binary in this gateway's directory.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(self.directory(), arguments)
    }
}

/// Runs a subcommand of the binary.
pub fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(directory).env("LC_ALL", "C.UTF-8");
    command.output().expect("the binary runs")
}

/// Every access in a log, oldest first.
pub fn entries(audit_dir: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    let searched = search(audit_dir, &Filter::default(), Order::Oldest, None, &mut |entry| {
        found.push(entry);
        Ok(())
    });
    searched.expect("the log can be read");
    found
}

/// Samples by name and labels.
#[derive(Clone, Debug, Default)]
pub struct Metrics(BTreeMap<(String, BTreeMap<String, String>), f64>);

impl Metrics {
    /// Reads the text format.
    fn parse(text: &str) -> Metrics {
        let mut samples = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
            let pair = |label: &str| {
                let (name, value) = label.split_once("=\"").expect("a label has a value");
                (name.to_owned(), value.trim_end_matches('"').to_owned())
            };
            let labels = labels.map(pair).collect();
            samples.insert((name.to_owned(), labels), value.parse().unwrap_or(f64::NAN));
        }
        Metrics(samples)
    }

    /// The sum of all samples of this name that bear these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let bears = |of: &BTreeMap<String, String>| {
            labels.iter().all(|(name, value)| of.get(*name).is_some_and(|own| own == value))
        };
        self.0.iter().filter(|((of, own), _)| of == name && bears(own)).map(|(_, value)| value).sum()
    }

    /// How much each sample of a name grew, those that did not left out.
    pub fn grown(&self, before: &Metrics, name: &str) -> BTreeMap<BTreeMap<String, String>, f64> {
        let of_name = self.0.iter().filter(|((of, _), _)| of == name);
        let by = of_name.map(|(key, now)| (key.1.clone(), now - before.0.get(key).copied().unwrap_or(0.0)));
        by.filter(|(_, by)| *by != 0.0).collect()
    }
}
