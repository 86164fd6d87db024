//! Problems in files people write (policies, configuration): code, place, message and help, in Chinese and English.

mod code;
mod render;
mod sink;

pub(crate) use code::Code;
pub use code::{CODES, CodeRow};
pub use render::{render, render_with};
pub(crate) use sink::Sink;

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the file is used.
    Warning,
    /// The file is refused.
    Error,
}

/// A text in both languages of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// Language of what people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese.
    Chinese,
}

/// Where a problem stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File as the user named it.
    pub file: String,
    /// Line, from 1; 0 when the problem has no place inside the file.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Byte range in the file.
    pub bytes: std::ops::Range<usize>,
}

/// What is wrong with the signature of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// There is none.
    Missing,
    /// It can't be read.
    Malformed,
    /// It is for other files.
    OtherVersion,
    /// Nobody who may has signed.
    NoSigner,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, `YB0…`, the same in both languages.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong: lower case, no period, user input in backticks.
    pub message: Text,
    /// What to do about it.
    pub help: Text,
}

impl Text {
    /// Both texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Text { en: en.into(), zh: zh.into() }
    }

    /// The text in one language.
    pub fn to(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

impl Diagnostic {
    /// A file or folder that can't be read, and why.
    pub fn unreadable(file: impl Into<String>, why: Text) -> Diagnostic {
        Diagnostic {
            code: Code::Unreadable.id(),
            severity: Severity::Error,
            place: Place { file: file.into(), ..Place::default() },
            message: Text::new(format!("can't be read: {}", why.en), format!("无法读取：{}", why.zh)),
            help: Text::new(
                "policy files are regular UTF-8 files named `*.yaml` or `*.yml` inside the policy directory",
                "策略文件须为策略目录内的普通UTF-8文件，名为 `*.yaml` 或 `*.yml`",
            ),
        }
    }

    /// Policies that nobody who may stands for.
    pub fn unsigned(file: impl Into<String>, fault: SignatureFault) -> Diagnostic {
        let (code, message) = match fault {
            SignatureFault::Missing => {
                (Code::Unsigned, Text::new("the policies are not signed", "策略未签名"))
            }
            SignatureFault::Malformed => {
                (Code::SignatureMalformed, Text::new("not a signature of policies", "不是策略签名文件"))
            }
            SignatureFault::OtherVersion => (
                Code::SignatureOtherVersion,
                Text::new("the signature is for other files than stand here", "签名对应的并非此处的文件"),
            ),
            SignatureFault::NoSigner => (
                Code::SignatureNoSigner,
                Text::new(
                    "no signer in `policy_signers` signed this version",
                    "`policy_signers` 中无人签署此版本",
                ),
            ),
        };
        Diagnostic {
            code: code.id(),
            severity: Severity::Error,
            place: Place { file: file.into(), ..Place::default() },
            message,
            help: Text::new(
                "have a signer run `yingbi policy sign DIR --key FILE` over exactly these files",
                "请由签署人对这些文件执行 `yingbi policy sign DIR --key FILE`",
            ),
        }
    }

    /// A classifier's own test that does not come out as it says.
    pub fn classifier_failed(test: &crate::ClassifierTest) -> Diagnostic {
        let kind = test.kind;
        let message = match test.found {
            true => Text::new(
                format!("classifier `{}` does not find its `{kind}` here", test.id),
                format!("分类器 `{}` 在此未识别出 `{kind}`", test.id),
            ),
            false => Text::new(
                format!("`{kind}` is found here, which classifier `{}` says is none", test.id),
                format!("此处识别出 `{kind}`，而分类器 `{}` 称不应识别", test.id),
            ),
        };
        Diagnostic {
            code: Code::ClassifierTest.id(),
            severity: Severity::Warning,
            place: test.place.clone(),
            message,
            help: Text::new(
                "correct the classifier or the test; the shipped classifiers have a say as well",
                "请更正分类器或测试；随附分类器同样参与识别",
            ),
        }
    }

    /// Whether `yingbi policy check` refuses it: every error, and what the gateway would load with a warning though no
    /// one should deploy it.
    pub fn is_refused_by_check(&self) -> bool {
        self.severity == Severity::Error || CODES.iter().any(|row| row.code == self.code && row.check_refuses)
    }
}

impl Language {
    /// Chinese when `LC_ALL`, `LC_MESSAGES` or `LANG` (the first that is set) names it.
    pub fn of_locale(locale: &str) -> Language {
        if locale.starts_with("zh") { Language::Chinese } else { Language::English }
    }

    /// The language of this process's locale.
    pub fn of_environment() -> Language {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        Language::of_locale(locale.as_deref().unwrap_or_default())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column, .. } = &self.place;
        write!(f, "{file}:{line}:{column}: {}: {}", self.code, self.message.en)
    }
}
