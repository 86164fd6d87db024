//! `yingbi policy sign|verify|signer`: who stands for a version.

use super::{BAD_POLICY, Format, Speech, USAGE, as_json, load, print, print_problems};
use crate::config::{Config, Secret};
use crate::policy_store::{self, SIGNATURE_FILE};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_crypto::{SigningKeys, VerifyingKey};

/// `yingbi policy sign …`
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The policy directory.
    dir: PathBuf,
    /// The signer's secret key file, as `yingbi policy signer` makes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// `yingbi policy verify …`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The policy directory.
    dir: PathBuf,
    /// A public key of a signer; may be given again.
    #[arg(long = "signer", value_name = "KEY", required_unless_present = "config")]
    signers: Vec<VerifyingKey>,
    /// The gateway's configuration, whose `policy_signers` count.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Signs what `policy check` does not refuse.
pub(super) fn sign(args: &SignArgs, speech: Speech) -> ExitCode {
    let (set, problems) = match load(&args.dir, speech) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let refused: policy_store::Problems =
        problems.into_iter().filter(|(problem, _)| problem.is_refused_by_check()).collect();
    if !refused.is_empty() {
        match speech.format {
            Format::Json => {
                print(&json!({ "good": false, "diagnostics": as_json(&refused, speech.language) }))
            }
            Format::Text => print_problems(&refused, speech.language),
        }
        return ExitCode::from(BAD_POLICY);
    }
    let keys = match signing_keys(&args.key, speech) {
        Ok(keys) => keys,
        Err(exit) => return exit,
    };
    let file = args.dir.join(SIGNATURE_FILE);
    if let Err(error) = written(&file, &policy_store::sign(set.version(), &keys)) {
        print(&format!(
            "YB1553 {} `{}`: {}",
            speech.say("can't write", "无法写入"),
            file.display(),
            error.kind()
        ));
        return ExitCode::from(USAGE);
    }
    let signer = keys.public().first().map_or("", VerifyingKey::name);
    match speech.format {
        Format::Json => {
            print(&json!({ "good": true, "version": set.version(), "signer": signer, "file": file }))
        }
        Format::Text => {
            print(&format!("{} {} · {signer}", speech.say("signed, version", "已签名，版本"), set.version()));
        }
    }
    ExitCode::SUCCESS
}

pub(super) fn verify(args: &VerifyArgs, speech: Speech) -> ExitCode {
    let mut signers = args.signers.clone();
    if let Some(config) = &args.config {
        match Config::load(config) {
            Ok(config) => signers.extend(config.policy_signers),
            Err(problems) => {
                let problems = problems.into_iter().map(|problem| (problem, String::new())).collect();
                print_problems(&problems, speech.language);
                return ExitCode::from(BAD_POLICY);
            }
        }
    }
    if signers.is_empty() {
        print(&format!(
            "YB1555 {}",
            speech.say("no signer is configured: any version may rule", "未配置签署人：任何版本均可生效")
        ));
        return ExitCode::from(BAD_POLICY);
    }
    match policy_store::PolicyStore::open_signed(&args.dir, &signers) {
        Ok(store) => {
            let set = store.current();
            match speech.format {
                Format::Json => print(&json!({ "good": true, "version": set.version() })),
                Format::Text => {
                    print(&format!("{} {}", speech.say("signed, version", "签名有效，版本"), set.version()))
                }
            }
            ExitCode::SUCCESS
        }
        Err(problems) => {
            match speech.format {
                Format::Json => {
                    print(&json!({ "good": false, "diagnostics": as_json(&problems, speech.language) }))
                }
                Format::Text => print_problems(&problems, speech.language),
            }
            ExitCode::from(BAD_POLICY)
        }
    }
}

pub(super) fn signer(key: &Path, speech: Speech) -> ExitCode {
    if std::fs::symlink_metadata(key).is_err()
        && let Err(error) = Secret::create(key)
    {
        print(&format!(
            "YB1553 {} `{}`: {}",
            speech.say("can't write", "无法写入"),
            key.display(),
            error.kind()
        ));
        return ExitCode::from(USAGE);
    }
    let keys = match signing_keys(key, speech) {
        Ok(keys) => keys,
        Err(exit) => return exit,
    };
    let public: Vec<String> = keys.public().iter().map(VerifyingKey::to_string).collect();
    match speech.format {
        Format::Json => print(&json!({ "policy_signers": public })),
        Format::Text => public.iter().for_each(print),
    }
    ExitCode::SUCCESS
}

fn signing_keys(file: &Path, speech: Speech) -> Result<SigningKeys, ExitCode> {
    let made = Secret::read(file).map_err(|error| error.to_string()).and_then(|secret| {
        SigningKeys::from_secret(secret.expose()).ok_or_else(|| "no signing key can be made of it".to_owned())
    });
    made.map_err(|why| {
        print(&format!(
            "YB1554 {} `{}`: {why}",
            speech.say("not a signer's key", "不是签署人密钥"),
            file.display()
        ));
        ExitCode::from(USAGE)
    })
}

/// Whole or not at all: a reader never sees half a signature.
fn written(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("sig.new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, file)
}
