//! Which accesses are wanted: options that all subcommands share which read accesses.

use super::{Failure, Location};
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use yingbi_audit::search::{Filter, grants_of};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_taxonomy::{Category, Kind, Level};
use zeroize::Zeroizing;

/// Options that say which accesses are wanted.
#[derive(Debug, clap::Args)]
pub(super) struct FilterArgs {
    #[command(flatten)]
    pub location: Location,
    /// File of the pseudonym key, for `--subject` and `--caller`; with `--config` the gateway's own
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Whose data was seen: the investor's identifier, `-` reads it from standard input
    #[arg(long, value_name = "ID", conflicts_with = "subject_pseudonym")]
    subject: Option<Identifier>,
    /// Whose data was seen, by pseudonym
    #[arg(long, value_name = "HEX")]
    subject_pseudonym: Option<String>,
    /// Who saw it: the caller's identifier, or the id of its API token
    #[arg(long, value_name = "ID", conflicts_with = "caller_pseudonym")]
    caller: Option<Identifier>,
    /// Who saw it, by pseudonym
    #[arg(long, value_name = "HEX")]
    caller_pseudonym: Option<String>,
    /// Part of the route template
    #[arg(long)]
    route: Option<String>,
    /// A category found, such as `identity.document`
    #[arg(long, value_name = "ID")]
    category: Option<String>,
    /// Something of this level or above was found, 1 to 4
    #[arg(long, value_name = "N")]
    level: Option<u8>,
    /// What was decided
    #[arg(long, value_enum)]
    decision: Option<DecisionArg>,
    /// Refusal code, such as YB2001
    #[arg(long)]
    code: Option<String>,
    /// A rule that decided
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Purpose
    #[arg(long, value_name = "ID")]
    purpose: Option<String>,
    /// A grant that could be used
    #[arg(long, value_name = "ID", conflicts_with = "ticket")]
    grant: Option<String>,
    /// A ticket whose grants could be used
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// Trace id
    #[arg(long)]
    trace: Option<String>,
    /// Decision id
    #[arg(long)]
    decision_id: Option<String>,
    /// Not before: `2026-11-20`, taken as UTC, or `2026-11-20T08:00:00+08:00`
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before, in the same forms
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// Who someone is, in clear: not to be printed.
#[derive(Clone)]
struct Identifier(Zeroizing<String>);

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DecisionArg {
    Permit,
    Refuse,
}

impl FilterArgs {
    /// The filter; whom it names in clear becomes a pseudonym here.
    pub fn filter(&self) -> Result<Filter, Failure> {
        let key = match (&self.subject, &self.caller) {
            (None, None) => None,
            _ => Some(self.key()?),
        };
        let pseudonym = |domain: &str, plain: Option<&Identifier>, hex: Option<&String>| match (plain, hex) {
            (Some(plain), _) => Ok(key.as_ref().map(|key| key.pseudonym(domain, &plain.0).to_string())),
            (None, Some(hex)) => {
                Pseudonym::from_hex(hex).map(|pseudonym| Some(pseudonym.to_string())).ok_or_else(|| {
                    Failure::usage("a pseudonym is 32 hexadecimal digits", "假名应为 32 位十六进制数字")
                })
            }
            (None, None) => Ok(None),
        };
        let subject = match &self.subject {
            // Identifiers on a command line stay in histories and process lists.
            Some(subject) if *subject.0 == "-" => Some(Identifier(Zeroizing::new(read_line()?))),
            other => other.clone(),
        };
        Ok(Filter {
            from: time(self.from.as_deref())?,
            to: time(self.to.as_deref())?,
            caller: pseudonym("caller", self.caller.as_ref(), self.caller_pseudonym.as_ref())?,
            subject: pseudonym("subject", subject.as_ref(), self.subject_pseudonym.as_ref())?,
            route: self.route.clone(),
            category: self.category.as_deref().map(category).transpose()?,
            level: self.level.map(level).transpose()?,
            decision: self.decision.map(|decision| match decision {
                DecisionArg::Permit => "permit".to_owned(),
                DecisionArg::Refuse => "refuse".to_owned(),
            }),
            trace: self.trace.clone(),
            decision_id: self.decision_id.clone(),
            code: self.code.clone(),
            rule: self.rule.clone(),
            purpose: self.purpose.clone(),
            grants: self.grants()?,
            before: None,
            after: None,
        })
    }

    fn grants(&self) -> Result<Option<Vec<String>>, Failure> {
        let Some(ticket) = &self.ticket else { return Ok(self.grant.clone().map(|grant| vec![grant])) };
        let mut all = Vec::new();
        for dir in self.location.dirs()? {
            all.extend(grants_of(&dir, ticket).map_err(|error| Failure::unreadable(&dir, &error))?);
        }
        Ok(Some(all))
    }

    fn key(&self) -> Result<PseudonymKey, Failure> {
        let path = match (&self.key, self.location.places()?) {
            (Some(path), _) => path.clone(),
            (None, Some(places)) => places.pseudonym,
            (None, None) => {
                return Err(Failure::usage(
                    "`--subject` and `--caller` need `--key` or `--config`: records hold pseudonyms",
                    "`--subject` 与 `--caller` 需要 `--key` 或 `--config`：记录中只有假名",
                ));
            }
        };
        let shown = path.display();
        let text = std::fs::read_to_string(&path).map(Zeroizing::new);
        let text = text.map_err(|error| {
            Failure::config(
                format!("can't read key file `{shown}`: {error}"),
                format!("无法读取密钥文件 `{shown}`：{error}"),
            )
        })?;
        PseudonymKey::from_hex(&text).map_err(|error| {
            Failure::config(
                format!("key file `{shown}`: {error}"),
                format!("密钥文件 `{shown}` 应为 64 位十六进制数字"),
            )
        })
    }
}

/// What a filter asks for, for the record of the reading: pseudonyms and ids. What somebody typed that looks like neither
/// might be a person's, and is only said to have been given.
pub(crate) fn shown(filter: &Filter) -> String {
    let fields = [
        ("from", filter.from.map(|time| time.to_string())),
        ("to", filter.to.map(|time| time.to_string())),
        ("caller", filter.caller.clone()),
        ("subject", filter.subject.clone()),
        ("route", filter.route.as_deref().map(name_or_given)),
        ("category", filter.category.map(|category| category.id().to_owned())),
        ("level", filter.level.map(|level| level.number().to_string())),
        ("decision", filter.decision.clone()),
        ("trace", filter.trace.as_deref().map(id_or_given)),
        ("id", filter.decision_id.as_deref().map(id_or_given)),
        ("code", filter.code.as_deref().map(name_or_given)),
        ("rule", filter.rule.as_deref().map(name_or_given)),
        ("purpose", filter.purpose.as_deref().map(name_or_given)),
        ("grants", filter.grants.as_ref().map(|grants| name_or_given(&grants.join(":")))),
        ("before", filter.before.map(|sequence| sequence.to_string())),
        ("after", filter.after.map(|sequence| sequence.to_string())),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
    given.collect::<Vec<_>>().join(" ")
}

/// A name of routes, rules or purposes: ASCII without long runs of digits.
fn name_or_given(text: &str) -> String {
    let is_name = text.len() <= 128
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./{}*:".contains(&byte))
        && !text.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit));
    if is_name { text.to_owned() } else { GIVEN.to_owned() }
}

/// A trace or decision id, by its shape.
fn id_or_given(text: &str) -> String {
    let is_hex =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let is_decision = text.split_once('-').is_some_and(|(left, right)| is_hex(left, 16) && is_hex(right, 10));
    let is_uuid = text.len() == 36 && is_hex(&text.replace('-', ""), 32);
    if is_hex(text, 32) || is_decision || is_uuid { text.to_owned() } else { GIVEN.to_owned() }
}

const GIVEN: &str = "given";

impl FromStr for Identifier {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Identifier(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(..)")
    }
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|_| {
        Failure::usage(
            "`--subject -` reads an identifier from standard input",
            "`--subject -` 须由标准输入给出标识",
        )
    })?;
    Ok(line.trim().to_owned())
}

fn time(text: Option<&str>) -> Result<Option<jiff::Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    crate::state::inventory::time(text).map(Some).ok_or_else(|| {
        Failure::usage(
            format!("`{text}` is no time such as 2026-11-20T08:00:00+08:00"),
            format!("`{text}` 不是时间，应如 2026-11-20T08:00:00+08:00"),
        )
    })
}

fn category(id: &str) -> Result<Category, Failure> {
    // Records count by category; a kind is searched by the category it belongs to.
    let category = Category::from_id(id).or_else(|| Kind::from_id(id).map(Kind::category));
    category.ok_or_else(|| {
        let ids: Vec<_> = Category::all().map(Category::id).collect();
        let ids = ids.join(", ");
        Failure::usage(
            format!("`{id}` is no category; they are {ids}"),
            format!("没有类别 `{id}`；可用：{ids}"),
        )
    })
}

fn level(number: u8) -> Result<Level, Failure> {
    Level::try_from(number)
        .map_err(|error| Failure::usage(error.to_string(), format!("`{number}` 不是级别，级别为 1 至 4")))
}
