//! `yingbi audit who-saw|seen-by|touched|blast-radius`: the questions of an incident (T/TSAC 001—2025 §7.8 c), each one
//! command. All four take every option of a search; each asks for what its question can't do without.

use super::copies::search_all;
use super::filter::{FilterArgs, shown};
use super::search::end;
use super::{Failure, record_reading, table, unless_closed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use yingbi_audit::search::summary::{Group, Summary};
use yingbi_audit::search::{Filter, Order};
use yingbi_policies::{Language, Text};

/// Arguments of a question.
#[derive(Debug, clap::Args)]
pub(super) struct QuestionArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Who saw this investor.
    WhoSaw,
    /// Whose data did this caller see.
    SeenBy,
    /// Which accesses touched this category.
    Touched,
    /// What a stolen token, or any caller's, could have taken.
    BlastRadius,
}

impl Question {
    /// Its name in commands and addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Question::WhoSaw => "who-saw",
            Question::SeenBy => "seen-by",
            Question::Touched => "touched",
            Question::BlastRadius => "blast-radius",
        }
    }

    /// What it can't do without, if the filter lacks it.
    pub(crate) fn lacks(self, filter: &Filter) -> Option<&'static str> {
        let (name, is_there) = match self {
            Question::WhoSaw => ("subject", filter.subject.is_some()),
            Question::SeenBy | Question::BlastRadius => ("caller", filter.caller.is_some()),
            Question::Touched => ("category", filter.category.is_some()),
        };
        (!is_there).then_some(name)
    }

    /// The answer as JSON.
    pub(crate) fn answer(self, filter: &Filter, summary: &Summary) -> Value {
        let groups = |groups: &BTreeMap<String, Group>, key: &str| -> Vec<Value> {
            let group = |(id, group): (&String, &Group)| {
                let mut value = as_json(group);
                value.insert(key.to_owned(), json!(id));
                Value::Object(value)
            };
            groups.iter().map(group).collect()
        };
        let mut answer = as_json(&summary.total);
        answer.insert("question".to_owned(), json!(self.name()));
        answer.insert("filter".to_owned(), json!(shown(filter)));
        if self != Question::SeenBy {
            answer.insert("callers".to_owned(), json!(groups(&summary.callers, "caller")));
        }
        if self != Question::WhoSaw {
            // The list for notification: pseudonyms, which only the key resolves.
            answer.insert("subjects".to_owned(), json!(groups(&summary.subjects, "subject")));
        }
        answer.insert("routes".to_owned(), json!(groups(&summary.routes, "route")));
        Value::Object(answer)
    }
}

pub(super) fn run(question: Question, args: &QuestionArgs, language: Language) -> Result<ExitCode, Failure> {
    let filter = args.filter.filter()?;
    if let Some(lacks) = question.lacks(&filter) {
        let name = question.name();
        return Err(Failure::usage(
            format!("`{name}` needs `--{lacks}`"),
            format!("`{name}` 需要 `--{lacks}`"),
        ));
    }
    let dirs = &args.filter.location.dirs()?;
    let Some(dir) = dirs.first() else { return Ok(ExitCode::SUCCESS) };
    record_reading(dirs, question.name(), &shown(&filter), language);
    let mut summary = Summary::default();
    let searched = search_all(dirs, &filter, Order::Oldest, None, &mut |entry| {
        summary.add(&entry);
        Ok(())
    });
    let searched = searched.map_err(|error| Failure::unreadable(dir, &error))?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = match args.format {
        Format::Json => writeln!(out, "{}", question.answer(&filter, &summary)),
        Format::Text => write_text(&mut out, question, &summary, language),
    };
    unless_closed(written.and_then(|()| out.flush())).map_err(|error| Failure::unreadable(dir, &error))?;
    Ok(end(dir, &searched, language))
}

fn write_text(
    out: &mut dyn Write,
    question: Question,
    summary: &Summary,
    language: Language,
) -> io::Result<()> {
    let say = |en: &str, zh: &str| Text::new(en, zh).to(language).to_owned();
    let mut parts = Vec::new();
    if question != Question::SeenBy {
        parts.push((say("CALLER", "调用方"), &summary.callers));
    }
    if question != Question::WhoSaw {
        parts.push((say("INVESTOR", "投资者"), &summary.subjects));
    }
    parts.push((say("ROUTE", "路由"), &summary.routes));
    for (title, groups) in parts {
        let titles = [
            ("ACCESSES", "访问"),
            ("REFUSED", "拒绝"),
            ("UNKNOWN", "结果未知"),
            ("FIRST", "首次"),
            ("LAST", "末次"),
            ("CLEAR", "明文"),
            ("MASKED", "脱敏"),
            ("DROPPED", "删除"),
        ];
        let mut rows =
            vec![std::iter::once(title).chain(titles.map(|(en, zh)| say(en, zh))).collect::<Vec<_>>()];
        rows.extend(groups.iter().map(|(id, group)| cells(id, group)));
        let total = cells(&say("all", "合计"), &summary.total);
        rows.push(total);
        table::write(out, &rows)?;
        writeln!(out)?;
    }
    Ok(())
}

fn cells(id: &str, group: &Group) -> Vec<String> {
    let counts = |counts: &BTreeMap<String, u64>| match counts.is_empty() {
        true => "-".to_owned(),
        false => counts.iter().map(|(id, count)| format!("{id}={count}")).collect::<Vec<_>>().join(" "),
    };
    [
        if id.is_empty() { "-".to_owned() } else { id.to_owned() },
        group.accesses.to_string(),
        group.refused.to_string(),
        group.unknown.to_string(),
        group.first.clone(),
        group.last.clone(),
        counts(&group.clear),
        counts(&group.masked),
        counts(&group.dropped),
    ]
    .map(|cell| table::plain(&cell))
    .into()
}

fn as_json(group: &Group) -> serde_json::Map<String, Value> {
    let value = json!({
        "accesses": group.accesses,
        "refused": group.refused,
        "unknown_outcomes": group.unknown,
        "first": group.first,
        "last": group.last,
        "clear": group.clear,
        "masked": group.masked,
        "dropped": group.dropped,
        "purposes": group.purposes,
        "traces": group.traces,
    });
    match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}
