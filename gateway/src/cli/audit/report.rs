//! `yingbi audit report`: what happened in a period, clause by clause (T/TSAC 001—2025 §7.11): the promise, the figures, the
//! open findings; the registers of what was provided to third parties, abroad and published (§8.7.2 e, §8.7.3, §8.8.1.2 f), of
//! exceptions and break-glass; and grades by the gateway's own figures. All of it is counted from the log, and the proof that
//! the log is whole stands beside it. In Chinese or English; as JSON, or as one HTML page that prints well and asks nothing of
//! anybody.

mod clauses;
mod figures;
mod grades;
mod html;
mod registers;

use super::filter::{FilterArgs, shown};
use super::verify::public_keys;
use super::{Failure, record_reading, unless_closed};
use clauses::Clause;
use figures::Figures;
use grades::Grade;
use registers::Provision;
use serde::Serialize;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use yingbi_audit::search::{Filter, Order, events, search};
use yingbi_audit::verify::{Expected, verify_against};
use yingbi_crypto::hex;
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi audit report`.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Language of the report; left out, that of the environment
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// How to write
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// File to write; must not exist. Without it the report goes to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// File of public keys under which checkpoints must be signed
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Lang {
    Zh,
    En,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Html,
    Json,
}

/// A report.
#[derive(Debug, Serialize)]
struct Report {
    format: &'static str,
    /// Of when: RFC 3339; null where the period has no end.
    from: Option<String>,
    to: Option<String>,
    made: String,
    proof: Proof,
    figures: Figures,
    clauses: Vec<Clause>,
    /// Findings of all clauses that are open.
    open_findings: usize,
    registers: Registers,
    /// What the grades are not.
    grades_note: String,
    grades: Vec<Grade>,
}

/// That the log is whole.
#[derive(Debug, Serialize)]
struct Proof {
    good: bool,
    stream: String,
    records: u64,
    head_sequence: Option<u64>,
    head_sm3: Option<String>,
    checkpoints: u64,
    signed: u64,
    witnessed_records: u64,
    time_stamped_at: Option<String>,
    failures: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Registers {
    third_parties: Vec<Provision>,
    abroad: Vec<Provision>,
    publications: Vec<Provision>,
    /// Grants, break-glass, switches, restrictions, in order.
    exceptions: Vec<registers::Exception>,
}

pub(super) fn run(args: &ReportArgs, language: Language) -> Result<ExitCode, Failure> {
    let filter = args.filter.filter()?;
    let location = &args.filter.location;
    let dir = &location.dir()?;
    record_reading(std::slice::from_ref(dir), "report", &shown(&filter), language);
    let language = match args.lang {
        Some(Lang::Zh) => Language::Chinese,
        Some(Lang::En) => Language::English,
        None => language,
    };
    let mut expected = Expected::default();
    for file in &args.public_keys {
        expected.keys.extend(public_keys(file)?);
    }
    if let Some(places) = location.places()? {
        expected.anchors = places.anchors;
    }
    let unreadable = |error: io::Error| Failure::unreadable(dir, &error);
    let report = make(dir, &filter, &expected, language).map_err(unreadable)?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
        Format::Html => html::page(&report, language),
    };
    let written = match &args.output {
        None => unless_closed(io::stdout().lock().write_all(text.as_bytes())),
        Some(path) => {
            let mut options = std::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        }
    };
    written.map_err(|error| Failure::unreadable(args.output.as_deref().unwrap_or(dir), &error))?;
    // A report on a log that isn't whole is a problem whatever it says.
    Ok(ExitCode::from(u8::from(!report.proof.good)))
}

fn make(
    dir: &std::path::Path,
    filter: &Filter,
    expected: &Expected,
    language: Language,
) -> io::Result<Report> {
    let verified = verify_against(dir, expected)?;
    let mut figures = Figures::default();
    let mut provisions = registers::Provisions::default();
    let searched = search(dir, filter, Order::Oldest, None, &mut |entry| {
        figures.add(&entry);
        provisions.add(&entry);
        Ok(())
    })?;
    figures.unreadable = searched.unreadable.saturating_sub(u64::from(verified.live));
    let mut exceptions = Vec::new();
    events(dir, filter, &mut |event| {
        figures.event(&event);
        exceptions.extend(registers::Exception::of(event));
        Ok(())
    })?;
    let witnessed = &verified.witnessed;
    let proof = Proof {
        good: verified.is_good(),
        stream: verified.stream.map(|stream| hex::encode(&stream)).unwrap_or_default(),
        records: verified.records,
        head_sequence: verified.head.map(|head| head.sequence),
        head_sm3: verified.head.map(|head| hex::encode(&head.hash)),
        checkpoints: witnessed.checkpoints,
        signed: witnessed.signed,
        witnessed_records: witnessed.records,
        time_stamped_at: witnessed.stamped_at.clone(),
        failures: verified.failures.iter().map(ToString::to_string).collect(),
    };
    let (third_parties, abroad, publications) = provisions.registers();
    let registers = Registers { third_parties, abroad, publications, exceptions };
    let clauses = clauses::all(&figures, &proof, &registers, language);
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    Ok(Report {
        format: "yingbi-report/1",
        from: time(filter.from),
        to: time(filter.to),
        made: format!("{:.0}", jiff::Timestamp::now()),
        open_findings: clauses.iter().map(|clause| clause.findings.len()).sum(),
        grades_note: grades::note(language),
        grades: grades::all(&figures, &proof, &registers, language),
        proof,
        figures,
        clauses,
        registers,
    })
}

/// A text in the report's language.
fn say(language: Language, en: &str, zh: &str) -> String {
    Text::new(en, zh).to(language).to_owned()
}
