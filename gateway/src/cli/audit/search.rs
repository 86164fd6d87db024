//! `yingbi audit search`.

use super::{Failure, Location, table, unless_closed, warn};
use crate::csv;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use yingbi_audit::search::{Entry, Filter, Order, search};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::{Language, Text};
use yingbi_taxonomy::{Category, Kind, Level};
use zeroize::Zeroizing;

/// Arguments of `yingbi audit search`.
#[derive(Debug, clap::Args)]
pub(super) struct SearchArgs {
    #[command(flatten)]
    location: Location,
    /// File of the pseudonym key, for `--subject` and `--caller`
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Whose data was seen: the investor's identifier, `-` reads it from standard input
    #[arg(long, value_name = "ID", conflicts_with = "subject_pseudonym")]
    subject: Option<Identifier>,
    /// Whose data was seen, by pseudonym
    #[arg(long, value_name = "HEX")]
    subject_pseudonym: Option<String>,
    /// Who saw it: the caller's identifier
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
    /// At most so many; a table shows 50 unless told otherwise, the other formats all
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Oldest first instead of newest first
    #[arg(long)]
    oldest_first: bool,
    /// How to print; json is one object a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Who someone is, in clear: not to be printed.
#[derive(Clone)]
struct Identifier(Zeroizing<String>);

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum DecisionArg {
    Permit,
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

pub(super) fn run(args: &SearchArgs, language: Language) -> Result<ExitCode, Failure> {
    let filter = filter(args)?;
    let dir = args.location.dir()?;
    let order = if args.oldest_first { Order::Oldest } else { Order::Newest };
    let limit = args.limit.or((args.format == Format::Table).then_some(TABLE_ROWS));
    let mut out = io::BufWriter::new(io::stdout().lock());
    if args.format == Format::Csv {
        let titles = csv::line(&CSV_COLUMNS.map(str::to_owned));
        unless_closed(writeln!(out, "{titles}")).map_err(|error| Failure::unreadable(dir, &error))?;
    }
    let mut rows = vec![heading(language)];
    let mut print = |entry: Entry| match args.format {
        Format::Json => writeln!(out, "{}", as_json(&entry)),
        Format::Csv => writeln!(out, "{}", csv::line(&csv_cells(&entry))),
        Format::Table => {
            rows.push(cells(&entry, language));
            Ok(())
        }
    };
    let searched = match search(dir, &filter, order, limit, &mut print) {
        Ok(searched) => searched,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(Failure::unreadable(dir, &error)),
    };
    let written = match args.format {
        Format::Table => table::write(&mut out, &rows),
        _ => Ok(()),
    };
    unless_closed(written.and_then(|()| out.flush())).map_err(|error| Failure::unreadable(dir, &error))?;
    if searched.more {
        let shown = searched.found;
        let text = Text::new(
            format!("{shown} shown, there are more: give `--limit`"),
            format!("已列出 {shown} 条，另有更多：请用 `--limit`"),
        );
        warn(text.to(language));
    }
    let is_live = yingbi_audit::verify::is_live(dir).unwrap_or(false);
    // The last record of a log in use may be half written.
    if searched.unreadable > u64::from(is_live) {
        let text = Text::new(
            "parts of the log can't be read: run `yingbi audit verify`",
            "日志有无法读取之处：请运行 `yingbi audit verify`",
        );
        warn(text.to(language));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

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

fn filter(args: &SearchArgs) -> Result<Filter, Failure> {
    let key = match (&args.subject, &args.caller) {
        (None, None) => None,
        _ => Some(key(args)?),
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
    let subject = match &args.subject {
        // Identifiers on a command line stay in histories and process lists.
        Some(subject) if *subject.0 == "-" => Some(Identifier(Zeroizing::new(read_line()?))),
        other => other.clone(),
    };
    Ok(Filter {
        from: time(args.from.as_deref())?,
        to: time(args.to.as_deref())?,
        caller: pseudonym("caller", args.caller.as_ref(), args.caller_pseudonym.as_ref())?,
        subject: pseudonym("subject", subject.as_ref(), args.subject_pseudonym.as_ref())?,
        route: args.route.clone(),
        category: args.category.as_deref().map(category).transpose()?,
        level: args.level.map(level).transpose()?,
        decision: args.decision.map(|decision| match decision {
            DecisionArg::Permit => "permit".to_owned(),
            DecisionArg::Refuse => "refuse".to_owned(),
        }),
        trace: args.trace.clone(),
        decision_id: args.decision_id.clone(),
        code: args.code.clone(),
    })
}

fn key(args: &SearchArgs) -> Result<PseudonymKey, Failure> {
    let Some(path) = &args.key else {
        return Err(Failure::usage(
            "`--subject` and `--caller` need `--key`: records hold pseudonyms",
            "`--subject` 与 `--caller` 需要 `--key`：记录中只有假名",
        ));
    };
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| {
        let path = path.display();
        Failure::config(
            format!("can't read key file `{path}`: {error}"),
            format!("无法读取密钥文件 `{path}`：{error}"),
        )
    })?;
    PseudonymKey::from_hex(&text).map_err(|error| {
        let path = path.display();
        Failure::config(
            format!("key file `{path}`: {error}"),
            format!("密钥文件 `{path}` 应为 64 位十六进制数字"),
        )
    })
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

fn as_json(entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "sequence": entry.sequence,
        "segment": entry.segment,
        "result": entry.result(),
        "intent": entry.intent,
        "outcome": entry.outcome,
    })
}

fn heading(language: Language) -> Vec<String> {
    let titles: [(&str, &str); 11] = [
        ("SEQ", "序号"),
        ("TIME", "时间"),
        ("CALLER", "调用方"),
        ("REQUEST", "请求"),
        ("PURPOSE", "目的"),
        ("DECISION", "决定"),
        ("INVESTORS", "投资者"),
        ("CLEAR", "明文"),
        ("MASKED", "脱敏"),
        ("DROPPED", "删除"),
        ("RESULT", "结果"),
    ];
    titles.iter().map(|(en, zh)| Text::new(*en, *zh).to(language).to_owned()).collect()
}

fn cells(entry: &Entry, language: Language) -> Vec<String> {
    let intent = &entry.intent;
    let total = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>().to_string();
    let decision = match intent.code.as_deref() {
        Some(code) => format!("{} {code}", intent.decision),
        None => intent.decision.clone(),
    };
    let result = match entry.result() {
        "unknown" => Text::new("outcome unknown", "结果未知").to(language).to_owned(),
        other => other.to_owned(),
    };
    let caller = if intent.caller.is_empty() { "-" } else { &intent.caller };
    [
        entry.sequence.to_string(),
        intent.time.clone(),
        caller.to_owned(),
        format!("{} {}", intent.method, intent.route),
        intent.purpose.clone().unwrap_or_else(|| "-".to_owned()),
        decision,
        intent.subjects.len().to_string(),
        total(&intent.clear),
        total(&intent.masked),
        total(&intent.dropped),
        result,
    ]
    .map(|cell| table::plain(&cell))
    .into()
}

fn csv_cells(entry: &Entry) -> [String; CSV_COLUMNS.len()] {
    let intent = &entry.intent;
    let counts = |counts: &BTreeMap<String, u64>| {
        counts.iter().map(|(id, count)| format!("{id}={count}")).collect::<Vec<_>>().join(";")
    };
    let outcome = entry.outcome.as_ref();
    [
        entry.sequence.to_string(),
        intent.time.clone(),
        intent.decision_id.clone(),
        intent.decision.clone(),
        intent.code.clone().unwrap_or_default(),
        intent.status.to_string(),
        intent.caller.clone(),
        intent.identified_by.clone(),
        intent.roles.join(";"),
        intent.source.clone(),
        intent.method.clone(),
        intent.route.clone(),
        intent.purpose.clone().unwrap_or_default(),
        intent.basis.clone().unwrap_or_default(),
        intent.rules.join(";"),
        intent.policy.clone(),
        intent.trace.clone(),
        intent.records.to_string(),
        intent.subjects.join(";"),
        counts(&intent.clear),
        counts(&intent.masked),
        counts(&intent.dropped),
        counts(&intent.monitored),
        intent.bytes.to_string(),
        entry.result().to_owned(),
        outcome.map(|outcome| outcome.time.clone()).unwrap_or_default(),
        outcome.map(|outcome| outcome.bytes.to_string()).unwrap_or_default(),
    ]
}

const TABLE_ROWS: u64 = 50;

const CSV_COLUMNS: [&str; 27] = [
    "sequence",
    "time",
    "decision_id",
    "decision",
    "code",
    "status",
    "caller",
    "identified_by",
    "roles",
    "source",
    "method",
    "route",
    "purpose",
    "basis",
    "rules",
    "policy",
    "trace",
    "records",
    "subjects",
    "clear",
    "masked",
    "dropped",
    "monitored",
    "bytes",
    "result",
    "result_time",
    "result_bytes",
];
