//! Running a fuzz target without a fuzzer: over inputs that it makes itself, for a time or a number, or over files.
//!
//! What once failed is run first: the files of `regressions/<target>/`. An input made here that fails, or takes far too
//! long, is written there, to be kept when the defect is mended. The seed is printed, so that a run can be repeated.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

/// What to run.
struct Plan {
    seed: u64,
    until: Until,
    files: Vec<PathBuf>,
}

/// When to end.
enum Until {
    Count(usize),
    After(Duration),
}

/// Runs the target called `name` as the arguments say (`--seconds N`, `--count N`, `--seed N`, files) and prints how often
/// each outcome came. Without a seed one is taken from the clock.
pub fn run<O: Debug, I: Iterator<Item = Vec<u8>>>(
    name: &str,
    target: impl Fn(&[u8]) -> O,
    inputs: impl Fn(u64) -> I,
) -> ExitCode {
    let plan = match Plan::read(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(wrong) => {
            eprintln!("{name}: {wrong}; arguments are [--seconds N | --count N] [--seed N] [FILE…]");
            return ExitCode::from(64);
        }
    };
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(name);
    let mut run = Run { name, target, kept: &kept, seen: BTreeMap::new(), longest: Duration::ZERO };
    let outcome = run.all(&plan, inputs);
    let Run { seen, longest, .. } = run;
    let total: usize = seen.values().sum();
    println!(
        "{name}: seed {}, {total} inputs, the longest took {} ms: {seen:?}",
        plan.seed,
        longest.as_millis()
    );
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("{name}: {failed}\n{name}: repeat with --seed {}", plan.seed);
            ExitCode::FAILURE
        }
    }
}

impl Plan {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seed = clock.as_nanos() as u64 % 1_000_000_000;
        let mut plan = Plan { seed, until: Until::Count(100_000), files: vec![] };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
                text.parse::<u64>().map_err(|_| format!("`{text}` is no number"))
            };
            match argument.as_str() {
                "--seconds" => plan.until = Until::After(Duration::from_secs(number()?)),
                "--count" => plan.until = Until::Count(number()? as usize),
                "--seed" => plan.seed = number()?,
                other if other.starts_with('-') => return Err(format!("`{other}` is not known")),
                file => plan.files.push(file.into()),
            }
        }
        Ok(plan)
    }
}

struct Run<'r, T> {
    name: &'r str,
    target: T,
    /// Where inputs are kept that failed.
    kept: &'r Path,
    seen: BTreeMap<String, usize>,
    longest: Duration,
}

impl<O: Debug, T: Fn(&[u8]) -> O> Run<'_, T> {
    fn all<I: Iterator<Item = Vec<u8>>>(
        &mut self,
        plan: &Plan,
        inputs: impl Fn(u64) -> I,
    ) -> Result<(), String> {
        let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        for file in &plan.files {
            // It has a place already: whoever makes it smaller tries thousands that nobody wants kept.
            self.one(&read(file)?).map_err(|what| format!("{} {what}", file.display()))?;
        }
        if !plan.files.is_empty() {
            return Ok(());
        }
        let mut failed_once: Vec<PathBuf> = fs::read_dir(self.kept)
            .map(|all| all.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        failed_once.sort();
        for file in &failed_once {
            self.one(&read(file)?).map_err(|what| format!("{} {what}", file.display()))?;
        }
        let began = Instant::now();
        for (number, input) in inputs(plan.seed).enumerate() {
            let is_over = match plan.until {
                Until::Count(count) => number >= count,
                Until::After(time) => began.elapsed() >= time,
            };
            if is_over {
                return Ok(());
            }
            self.one(&input).map_err(|what| self.keep(&input, &what))?;
        }
        Ok(())
    }

    /// Tries an input; what happened when it failed.

    fn one(&mut self, input: &[u8]) -> Result<(), String> {
        let began = worked();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.target)(input)));
        let took = worked().saturating_sub(began);
        self.longest = self.longest.max(took);
        match outcome {
            Ok(_) if took > TOO_LONG => Err(format!("took {} ms", took.as_millis())),
            Ok(outcome) => {
                *self.seen.entry(format!("{outcome:?}")).or_default() += 1;
                Ok(())
            }
            // What is wrong was printed when it panicked.
            Err(_) => Err("failed".to_owned()),
        }
    }

    /// Writes an input down; what happened, and where it is.
    fn keep(&self, input: &[u8], what: &str) -> String {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let file = self.kept.join(format!("{:016x}", hasher.finish()));
        let written = fs::create_dir_all(self.kept).and_then(|()| fs::write(&file, input));
        let place = match written {
            Ok(()) => format!("kept as {}", file.display()),
            Err(error) => format!("not kept: {error}"),
        };
        format!("an input of {} bytes {what}; {place}; run {} {}", input.len(), self.name, file.display())
    }
}

/// How long this thread has had a processor: time in which others had it tells nothing of an input.
fn worked() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

/// Inputs are small: one that takes so long grows worse than it.
const TOO_LONG: Duration = Duration::from_secs(30);
