//! `yingbi keys init|public|status|rotate|destroy|backup|restore --config FILE`.
//!
//! Commands change the key store as a whole, under a lock; a running gateway takes the new one within a second. Nothing
//! is written unless every key service did its part.

mod backup;
mod destroy;
mod init;
mod public;
mod rotate;
mod status;

use super::{Exit, Format, err, out, report};
use crate::config::{Config, DataKeys, KeyPlaces};
use crate::keys::{BackupError, DestructionError, Fault, Held, LifeError, NewKeys, Store, StoreError};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    /// The configuration file.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Makes what is missing: key files, the key store, a data key for each category, and what a key service that is new
    /// in the configuration has not wrapped yet. Never touches what is there.
    Init,
    /// Prints the public keys under which checkpoints and records of destruction can be verified, one a line; they are
    /// no secret.
    Public,
    /// Lists data keys and asks the key services whether they can unwrap them.
    Status,
    /// Makes new versions of data keys; the versions before decrypt only. A running gateway takes them within a second.
    Rotate(rotate::RotateArgs),
    /// Destroys a data key for good: what it encrypted can't be read any more. Takes two officers.
    Destroy(destroy::DestroyArgs),
    /// Writes a backup that opens only with the passphrases of two custodians.
    Backup(backup::BackupArgs),
    /// Brings keys of a backup into the store; takes the two custodians.
    Restore(backup::RestoreArgs),
}

/// Runs `yingbi keys`.
pub fn run(args: &KeysArgs) -> Exit {
    let Some(config) = &args.config else {
        err(&super::office::say("give `--config FILE`", "请给出 `--config FILE`"));
        return Exit::Usage;
    };
    let done = match &args.command {
        KeysCommand::Init => init::run(config, args.format),
        KeysCommand::Public => public::run(config, args.format),
        KeysCommand::Status => status::run(config, args.format),
        KeysCommand::Rotate(rotate) => rotate::run(rotate, config, args.format),
        KeysCommand::Destroy(destroy) => destroy::run(destroy, config, args.format),
        KeysCommand::Backup(backup) => backup::make(backup, config, args.format),
        KeysCommand::Restore(restore) => backup::restore(restore, config, args.format),
    };
    done.unwrap_or_else(|trouble| trouble.end(args.format))
}

/// Why a command did nothing.
#[derive(Debug)]
pub(super) struct Trouble {
    code: &'static str,
    message: Text,
    help: Text,
    exit: Exit,
}

type Done = Result<Exit, Trouble>;

impl Trouble {
    fn new(code: &'static str, exit: Exit, message: (&str, &str), help: (&str, &str)) -> Trouble {
        Trouble { code, message: Text::new(message.0, message.1), help: Text::new(help.0, help.1), exit }
    }

    /// Tells it, and how the command ends.
    pub(super) fn end(&self, format: Format) -> Exit {
        self.tell(format);
        self.exit
    }

    fn tell(&self, format: Format) {
        let language = Language::of_environment();
        match format {
            Format::Text => err(&format!(
                "yingbi: error[{}]: {}\n  help: {}",
                self.code,
                self.message.to(language),
                self.help.to(language)
            )),
            Format::Json => out(&json!({
                "code": self.code,
                "message": { "en": self.message.en, "zh": self.message.zh },
                "help": { "en": self.help.en, "zh": self.help.zh },
            })
            .to_string()),
        }
    }
}

/// The data keys of a configuration, and the rest that commands need of it.
pub(super) fn places(config: &Path, format: Format) -> Result<(DataKeys, KeyPlaces), Trouble> {
    let places = Config::key_places(config).map_err(|problems| {
        report(&problems, format);
        Trouble::new(
            "YB1510",
            Exit::Config,
            ("the configuration has problems", "配置有误"),
            ("see above", "见上"),
        )
    })?;
    let data = places.data.clone().ok_or_else(|| {
        Trouble::new(
            "YB1501",
            Exit::Config,
            ("the configuration has no data keys", "配置中没有数据密钥"),
            ("add `keys.primary`", "请添加 `keys.primary`"),
        )
    })?;
    Ok((data, places))
}

/// The store, and the right to change it until the guard is dropped.
fn held(data: &DataKeys) -> Result<(Held, Store), Trouble> {
    let unsound = |error: StoreError| store_trouble(&data.store, &error);
    let held = Held::take(&data.store).map_err(unsound)?;
    Ok((held, Store::read(&data.store).map_err(unsound)?))
}

pub(super) fn store_trouble(path: &Path, error: &StoreError) -> Trouble {
    if matches!(error, StoreError::Missing) {
        return Trouble::new(
            "YB1506",
            Exit::Config,
            ("there is no key store yet", "密钥库尚不存在"),
            ("make it: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
        );
    }
    let (code, message, help) = crate::config::store_problem(path, error);
    Trouble { code, message, help, exit: Exit::Config }
}

impl From<(&Path, LifeError)> for Trouble {
    fn from((store, error): (&Path, LifeError)) -> Trouble {
        let text = error.to_string();
        let message = (text.as_str(), text.as_str());
        match error {
            LifeError::Store(error) => store_trouble(store, &error),
            LifeError::Service(_, Fault::Refused, _) => Trouble::new(
                "YB1518",
                Exit::Refused,
                message,
                ("check its token or PIN, and the key's rights there", "请检查其令牌或 PIN，以及密钥权限"),
            ),
            LifeError::Service(_, Fault::WrongKey, _) => Trouble::new(
                "YB1519",
                Exit::Problem,
                message,
                (
                    "it holds another key than it did: a wrong passphrase, or a key replaced under the same name",
                    "其密钥已非原密钥：口令有误，或同名密钥已被替换",
                ),
            ),
            LifeError::Service(..) => Trouble::new(
                "YB1511",
                Exit::Problem,
                message,
                ("nothing was changed; try again when it answers", "未作任何更改；待其恢复后重试"),
            ),
            LifeError::NoRandom => {
                Trouble::new("YB1511", Exit::Problem, message, ("nothing was changed", "未作任何更改"))
            }
            LifeError::Missing => Trouble::new(
                "YB1513",
                Exit::Usage,
                message,
                ("`yingbi keys status` lists them", "`yingbi keys status` 可列出"),
            ),
            LifeError::InUse => Trouble::new(
                "YB1514",
                Exit::Refused,
                message,
                (
                    "`yingbi keys rotate --category CATEGORY`, wait until what it encrypted is encrypted anew, then destroy",
                    "先 `yingbi keys rotate --category 类别`，待其密文全部重新加密后再销毁",
                ),
            ),
            LifeError::Destroyed => Trouble::new(
                "YB1513",
                Exit::Problem,
                message,
                (
                    "its record: `yingbi keys status --format json`",
                    "其记录：`yingbi keys status --format json`",
                ),
            ),
        }
    }
}

impl From<(&Path, BackupError)> for Trouble {
    fn from((store, error): (&Path, BackupError)) -> Trouble {
        let text = error.to_string();
        match error {
            BackupError::Life(error) => (store, error).into(),
            BackupError::Shares => Trouble::new(
                "YB1517",
                Exit::Refused,
                (&text, "须由两位保管人各持一个不同的、至少 12 个字符的口令"),
                ("each custodian keeps their own file", "保管人各自保存自己的口令文件"),
            ),
            BackupError::Wrong | BackupError::NotOne => Trouble::new(
                "YB1517",
                Exit::Refused,
                (&text, "口令不符，或文件不是（完好的）备份"),
                ("nothing was changed", "未作任何更改"),
            ),
        }
    }
}

impl From<DestructionError> for Trouble {
    fn from(error: DestructionError) -> Trouble {
        let text = error.to_string();
        Trouble::new(
            "YB1512",
            Exit::Refused,
            (&text, "须由一名 `security-admin` 提出、另一名 `approver` 同意"),
            (
                "give the two tokens in `--token-file` twice; nobody destroys a key alone (T/TSAC 001 7.5 i)",
                "请两次以 `--token-file` 给出两人令牌；任何人不得单独销毁密钥（T/TSAC 001 7.5 i）",
            ),
        )
    }
}

/// What was made, as programs read it.
fn made(new: &NewKeys) -> Value {
    new.made
        .iter()
        .map(|name| json!({ "kid": name.kid, "category": name.category, "version": name.version }))
        .collect()
}
