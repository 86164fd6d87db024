//! The file as it is written, before anything it names is looked at.

use super::keys::KeysFile;
use super::places::{Places, place_of};
use super::{Audit, Limits, Telemetry, identity, limits, listen, upstream};
use crate::exchange::integrity::IntegrityConfig;
use serde::Deserialize;
use serde_saphyr::Error as Yaml;
use std::path::{Path, PathBuf};
use yingbi_policies::{Diagnostic, Place, Severity, Text};

/// Top level of `yingbi.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) listen: Vec<listen::ListenFile>,
    pub(super) upstream: upstream::UpstreamFile,
    #[serde(default)]
    pub(super) admin: listen::AdminFile,
    pub(super) policy_dir: PathBuf,
    #[serde(default)]
    pub(super) policy_signers: Vec<String>,
    pub(super) data_dir: PathBuf,
    pub(super) keys: KeysFile,
    #[serde(default)]
    pub(super) identity: identity::IdentityFile,
    #[serde(default)]
    pub(super) credentials: Option<super::Credentials>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) drain: limits::Drain,
    #[serde(default)]
    pub(super) audit: Audit,
    #[serde(default)]
    pub(super) integrity: IntegrityConfig,
    #[serde(default)]
    pub(super) stores: super::Stores,
    #[serde(default)]
    pub(super) telemetry: Telemetry,
    #[serde(default)]
    pub(super) threads: Option<usize>,
}

/// Directory that relative paths start from.
pub(super) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The text of the file.
pub(super) fn read(path: &Path) -> Result<String, Box<Diagnostic>> {
    let refused = |code, message, help| {
        let place = Place { file: path.display().to_string(), ..Place::default() };
        Box::new(problem(code, place, message, help))
    };
    let bytes = std::fs::read(path).map_err(|error| {
        let kind = error.kind();
        refused(
            "YB0001",
            Text::new(format!("can't read the file: {kind}"), format!("无法读取文件：{kind}")),
            Text::new(
                "name a readable configuration file with `--config`",
                "请用 `--config` 指定可读的配置文件",
            ),
        )
    })?;
    if bytes.len() > FILE_BYTES {
        return Err(refused(
            "YB0001",
            Text::new("file is larger than 1 MiB", "文件超过 1 MiB"),
            Text::new("this is not a configuration file", "这不是配置文件"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refused(
            "YB0002",
            Text::new(format!("not UTF-8 at byte {at}"), format!("第 {at} 字节处不是 UTF-8")),
            Text::new("save the file as UTF-8", "请以 UTF-8 保存文件"),
        )
    })
}

/// Parses, strictly: unknown and duplicate keys are errors.
pub(super) fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Box<Diagnostic>> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| Box::new(explain(path, text, &error)))
}

/// Places of all keys of the file.
pub(super) fn places(path: &Path, text: &str) -> Places {
    Places::of(path, text)
}

/// An error diagnostic.
pub(super) fn problem(code: &'static str, place: Place, message: Text, help: Text) -> Diagnostic {
    Diagnostic { code, severity: Severity::Error, place, message, help }
}

/// A parser's complaint in our words; texts of the parser, which may quote secrets, are not passed on.
fn explain(path: &Path, text: &str, error: &Yaml) -> Diagnostic {
    let error = error.without_snippet();
    let place = place_of(path, text, error.location());
    match error {
        Yaml::SerdeUnknownField { field, expected, .. } => problem(
            "YB0003",
            place,
            Text::new(format!("unknown key `{field}`"), format!("未知的键 `{field}`")),
            nearest(field, expected),
        ),
        Yaml::SerdeMissingField { field, .. } => problem(
            "YB0004",
            place,
            Text::new(format!("missing key `{field}`"), format!("缺少键 `{field}`")),
            Text::new(format!("add `{field}` here"), format!("请在此处补上 `{field}`")),
        ),
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            let known = expected.join("`, `");
            problem(
                "YB0005",
                place,
                Text::new(format!("unknown value `{variant}`"), format!("未知的值 `{variant}`")),
                Text::new(format!("use one of `{known}`"), format!("可用的值：`{known}`")),
            )
        }
        Yaml::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("?");
            problem(
                "YB0006",
                place,
                Text::new(format!("key `{key}` is given twice"), format!("键 `{key}` 重复")),
                Text::new("keep one of them", "请只保留一个"),
            )
        }
        Yaml::SerdeInvalidType { expected, .. } | Yaml::SerdeInvalidValue { expected, .. } => problem(
            "YB0005",
            place,
            Text::new(format!("wrong value: {expected} is expected"), format!("值不正确：应为 {expected}")),
            example(),
        ),
        Yaml::InvalidScalar { ty, .. } => problem(
            "YB0005",
            place,
            Text::new(format!("wrong value: {ty} is expected"), format!("值不正确：应为 {ty}")),
            Text::new(
                "a number is written with digits and without its unit; the unit is in the key's name",
                "数字只写数字，不带单位；单位在键名中",
            ),
        ),
        Yaml::Message { msg, .. } if msg.starts_with(OURS) => {
            let said = msg.trim_start_matches(OURS);
            let (en, zh) = said.split_once('|').unwrap_or((said, said));
            problem("YB0005", place, Text::new(en, zh), example())
        }
        Yaml::InvalidBooleanStrict { .. } => problem(
            "YB0005",
            place,
            Text::new("wrong value: true or false is expected", "值不正确：应为 true 或 false"),
            Text::new("write `true` or `false`", "请写 `true` 或 `false`"),
        ),
        Yaml::Unexpected { expected, .. } => problem(
            "YB0005",
            place,
            Text::new(format!("{expected} is expected here"), format!("此处应为 {expected}")),
            example(),
        ),
        Yaml::MultipleDocuments { .. } => problem(
            "YB0002",
            place,
            Text::new("more than one document", "含多个文档"),
            Text::new(
                "a configuration is one YAML document; remove `---`",
                "配置只能是一个 YAML 文档；请删去 `---`",
            ),
        ),
        _ => problem(
            "YB0002",
            place,
            Text::new("not valid YAML, or not the shape that belongs here", "不是有效的 YAML，或结构不符"),
            Text::new(
                "check indentation, quotes and brackets near this place",
                "请检查此处附近的缩进、引号和括号",
            ),
        ),
    }
}

/// The key that was probably meant.
fn nearest(field: &str, expected: &[&'static str]) -> Text {
    let close = expected.iter().min_by_key(|known| distance(field, known));
    match close {
        Some(known) if distance(field, known) <= 2 => {
            Text::new(format!("did you mean `{known}`?"), format!("是否想写 `{known}`？"))
        }
        _ => {
            let known = expected.join("`, `");
            Text::new(format!("known keys: `{known}`"), format!("可用的键：`{known}`"))
        }
    }
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((r, above), diagonal) in right.iter().zip(row.iter().skip(1)).zip(&row) {
            let beside = next.last().copied().unwrap_or(usize::MAX);
            next.push((beside + 1).min(above + 1).min(diagonal + usize::from(l != *r)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// Where to look.
fn example() -> Text {
    Text::new("see the commented example in deploy/yingbi.yaml", "参见 deploy/yingbi.yaml 中的注释示例")
}

/// Marks a message of our own `Deserialize` implementations: `English|Chinese` follows.
pub(super) const OURS: &str = "yingbi: ";
/// A configuration is a few KiB; more is a mistake.
const FILE_BYTES: usize = 1 << 20;
