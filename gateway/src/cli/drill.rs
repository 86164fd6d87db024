//! `yingbi drill standby|kms-down|kms-hang|kms-garbage|kms-wrong-key --config FILE`.

use super::keys::{places, store_trouble};
use super::{Exit, Format, out};
use crate::keys::drill::{self, Failing, Step};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use yingbi_policies::Language;

/// Arguments of `yingbi drill`.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// What fails. The firm's own key store and key services are used; a gateway that runs is not touched.
    #[arg(value_enum)]
    what: What,
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The primary key service can't be reached: the standby takes over within a second.
    Standby,
    /// No key service can be reached: cached keys, then masks.
    KmsDown,
    /// No key service answers: the same.
    KmsHang,
    /// Every key service answers nonsense: the same.
    KmsGarbage,
    /// Every key service unwraps with another key: the same.
    KmsWrongKey,
}

/// Runs `yingbi drill`.
pub fn run(args: &DrillArgs) -> Exit {
    let data = match places(&args.config, args.format) {
        Ok((data, _)) => data,
        Err(trouble) => return trouble.end(args.format),
    };
    let failing = match args.what {
        What::Standby => Failing::Primary,
        What::KmsDown => Failing::Down,
        What::KmsHang => Failing::Hang,
        What::KmsGarbage => Failing::Garbage,
        What::KmsWrongKey => Failing::WrongKey,
    };
    let steps = match drill::run(&data, failing) {
        Ok(steps) => steps,
        Err(error) => return store_trouble(&data.store, &error).end(args.format),
    };
    let good = steps.iter().all(|step| step.good);
    match args.format {
        Format::Text => steps.iter().for_each(|step| out(&line(step))),
        Format::Json => {
            let told: Vec<_> = steps
                .iter()
                .map(|step| {
                    let (en, zh) = step.what;
                    let took_ms = u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX);
                    json!({ "step": { "en": en, "zh": zh }, "took_ms": took_ms, "good": step.good })
                })
                .collect();
            out(&json!({ "good": good, "steps": told }).to_string());
        }
    }
    if good { Exit::Good } else { Exit::Problem }
}

fn line(step: &Step) -> String {
    let (en, zh) = step.what;
    let what = match Language::of_environment() {
        Language::English => en,
        Language::Chinese => zh,
    };
    let good = if step.good { "good" } else { "FAILED" };
    format!("{good:6} {:6.2} s  {what}", step.took.as_secs_f64())
}
