//! `yingbi keys destroy`.

use super::super::{Exit, Format, out};
use super::{Done, Trouble, held, places, store_trouble};
use crate::config::{Secret, SecretSource};
use crate::keys::{Destruction, DestructionError, Two};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use yingbi_crypto::SigningKeys;

/// Arguments of `yingbi keys destroy`.
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// Id of the key.
    kid: String,
    /// Why, without personal information; it stands in the signed record.
    #[arg(long)]
    reason: String,
    /// File with the token of an officer, closed to others; twice: a `security-admin` and an `approver`.
    #[arg(long, required = true)]
    token_file: Vec<PathBuf>,
}

pub(super) fn run(args: &DestroyArgs, config: &Path, format: Format) -> Done {
    let (data, places) = places(config, format)?;
    let [one, other] = args.token_file.as_slice() else { return Err(DestructionError::NotTwo.into()) };
    let token = |file: &PathBuf| {
        SecretSource::File(file.clone()).read().map_err(|error| {
            let text = format!("{}: {error}", file.display());
            Trouble::new(
                "YB1512",
                Exit::Refused,
                (&text, &text),
                ("a file of mode 0600 with one token", "应为权限 0600、含一个令牌的文件"),
            )
        })
    };
    let two = Two::of(&places.officers, [&token(one)?, &token(other)?])?;
    if args.reason.trim().is_empty() || args.reason.len() > 512 || args.reason.chars().any(char::is_control) {
        return Err(Trouble::new(
            "YB1516",
            Exit::Usage,
            ("`--reason` is a sentence", "`--reason` 应为一句话"),
            ("up to 512 bytes, without personal information", "至多 512 字节，不含个人信息"),
        ));
    }
    let keys = Secret::read(&places.checkpoint).ok();
    let keys = keys.and_then(|secret| SigningKeys::from_secret(secret.expose())).ok_or_else(|| {
        Trouble::new(
            "YB1515",
            Exit::Config,
            ("there is no key to sign the record with", "没有可签署销毁记录的密钥"),
            ("make it: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
        )
    })?;
    let (held, mut store) = held(&data)?;
    let name = store
        .destroy(&args.kid, |name| Destruction::sign(&keys, name, args.reason.trim(), &two))
        .map_err(|error| Trouble::from((data.store.as_path(), error)))?;
    store.write(&data.store, &held).map_err(|error| store_trouble(&data.store, &error))?;
    let record = store.key(&args.kid).and_then(|key| key.destroyed.clone());
    out(&match format {
        Format::Json => {
            json!({ "kid": name.kid, "revision": store.revision, "destroyed": record }).to_string()
        }
        Format::Text => format!(
            "{} ({} version {}) is destroyed; destroy it in backups too: they hold it until they are made anew",
            name.kid, name.category, name.version
        ),
    });
    Ok(Exit::Good)
}
