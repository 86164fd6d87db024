//! `yingbi inventory [drift | accept]`: what each route returns and accepts, what of it is new, and a person's word that
//! it is as it should be.
//!
//! Exit codes: 0 good, 1 there is drift, or there is no inventory that can be read, 64 wrong usage, 78 bad configuration.

use super::audit::table;
use super::{Exit, err, out, report};
use crate::config::Config;
use crate::state::inventory::report::{DRIFT_COLUMNS, Filter, Report, drift_cells, drift_csv, drift_json};
use crate::state::inventory::{Store, StoreError, time};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use yingbi_classifiers::Classifier;
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi inventory`.
#[derive(Debug, Args)]
pub struct InventoryArgs {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists what differs from what was accepted last; exit code 1 when anything does
    Drift {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        asked: Asked,
    },
    /// Accepts what is in the inventory as it should be; it no longer counts as drift
    Accept {
        #[command(flatten)]
        place: Place,
        /// Who accepts: an account or staff number of letters, digits, `.`, `_` and `-`
        #[arg(long, value_name = "ID")]
        by: String,
        /// Only this route, as its template is listed
        #[arg(long, value_name = "TEMPLATE")]
        route: Option<String>,
        /// Only what was there at this time, the `as_of` of a report
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// How the result is printed
        #[arg(long, value_enum, default_value_t)]
        format: super::Format,
    },
}

/// Where the inventory is.
#[derive(Debug, Default, Args)]
struct Place {
    /// The gateway's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the inventory: `state` in the gateway's `data_dir`
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    dir: Option<PathBuf>,
}

/// What is asked for, and how it is printed.
#[derive(Debug, Args)]
struct Asked {
    /// Part of the route template
    #[arg(long)]
    route: Option<String>,
    /// Seen since: `2026-11-20`, taken as UTC, or `2026-11-20T08:00:00+08:00`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Csv,
}

/// Runs `yingbi inventory`.
pub fn run(args: &InventoryArgs) -> Exit {
    let done = match &args.command {
        None => args.place.dir().and_then(|dir| list(&dir, &args.asked)),
        Some(Command::Drift { place, asked }) => {
            place.or(&args.place).dir().and_then(|dir| drift(&dir, asked))
        }
        Some(Command::Accept { place, by, route, as_of, format }) => {
            let dir = place.or(&args.place).dir();
            dir.and_then(|dir| accept(&dir, by, route.as_deref(), as_of.as_deref(), *format))
        }
    };
    done.unwrap_or_else(|exit| exit)
}

fn list(dir: &Path, asked: &Asked) -> Result<Exit, Exit> {
    let filter = asked.filter()?;
    let report = Store::read(dir).and_then(|store| store.report(Timestamp::now(), &filter)).map_err(told)?;
    print(&match asked.format {
        Format::Text => as_text(&report),
        Format::Json => format!("{}\n", report.json()),
        Format::Csv => report.csv(),
    });
    Ok(Exit::Good)
}

fn drift(dir: &Path, asked: &Asked) -> Result<Exit, Exit> {
    let filter = asked.filter()?;
    // Taken before reading: what is accepted as of it was shown.
    let now = Timestamp::now();
    let (baseline, entries) = Store::read(dir).and_then(|store| store.drift(&filter)).map_err(told)?;
    print(&match asked.format {
        Format::Json => format!("{}\n", drift_json(now, baseline.as_ref(), &entries)),
        Format::Csv => drift_csv(&entries),
        Format::Text => {
            let mut rows = vec![DRIFT_COLUMNS.map(str::to_uppercase).to_vec()];
            rows.extend(
                entries.iter().map(|entry| drift_cells(entry).map(|cell| table::plain(&cell)).to_vec()),
            );
            let accepted = match &baseline {
                Some(baseline) => say(
                    &format!("accepted last: {} by {}", baseline.accepted, baseline.by),
                    &format!("上次确认：{}，{}", baseline.accepted, baseline.by),
                ),
                None => say("nothing was accepted yet: all is new", "尚未确认过：全部视为新增"),
            };
            let found = say(&format!("{} differ", entries.len()), &format!("{} 项差异", entries.len()));
            let listed = if entries.is_empty() { String::new() } else { as_table(&rows) };
            format!("{listed}{found}; {accepted}; as of {now}\n")
        }
    });
    Ok(if entries.is_empty() { Exit::Good } else { Exit::Problem })
}

fn accept(
    dir: &Path,
    by: &str,
    route: Option<&str>,
    as_of: Option<&str>,
    format: super::Format,
) -> Result<Exit, Exit> {
    let is_account = (1..=64).contains(&by.len())
        && by.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let mut hits = vec![];
    Classifier::shipped().text(by, &mut hits);
    if !is_account || !hits.is_empty() {
        // Not repeated: it may be somebody's number.
        let text = say(
            "`--by` is an account or staff number, not a name, telephone or identity number",
            "`--by` 应为账号或工号，不得为姓名、电话或证件号码",
        );
        return Err(usage(&text));
    }
    let as_of = as_of.map(parse_time).transpose()?;
    let mut store = Store::accepting(dir).map_err(told)?;
    let known = store.report(Timestamp::now(), &Filter::default()).map_err(told)?;
    if let Some(route) = route
        && !known.routes.iter().any(|row| row.route == route)
    {
        return Err(usage(&say(
            &format!("no route `{route}` is known; `yingbi inventory` lists them"),
            &format!("没有路由 `{route}`；可用 `yingbi inventory` 查看"),
        )));
    }
    let entries = store.accept(Timestamp::now(), by, route, as_of).map_err(told)?;
    out(&match format {
        super::Format::Text => say(&format!("accepted {entries}"), &format!("已确认 {entries} 项")),
        super::Format::Json => json!({ "accepted": entries, "by": by, "route": route }).to_string(),
    });
    Ok(Exit::Good)
}

impl Place {
    /// This place, or another one where this says nothing.
    fn or<'p>(&'p self, other: &'p Place) -> &'p Place {
        if self.config.is_none() && self.dir.is_none() { other } else { self }
    }

    fn dir(&self) -> Result<PathBuf, Exit> {
        match (&self.config, &self.dir) {
            (_, Some(dir)) => Ok(dir.clone()),
            (Some(config), None) => match Config::state_dir(config) {
                Ok(dir) => Ok(dir),
                Err(problems) => {
                    report(&problems, super::Format::Text);
                    Err(Exit::Config)
                }
            },
            (None, None) => Err(usage(&say(
                "give `--config FILE` or `--dir DIR`: where the inventory is",
                "请给出 `--config FILE` 或 `--dir DIR`：数据清单所在之处",
            ))),
        }
    }
}

impl Asked {
    fn filter(&self) -> Result<Filter, Exit> {
        let since = self.since.as_deref().map(parse_time).transpose()?;
        Ok(Filter { route: self.route.clone(), since })
    }
}

fn as_text(report: &Report) -> String {
    let mut text = String::new();
    for route in &report.routes {
        let (roles, callers) = route.audience();
        let roles = if roles.is_empty() { "-".to_owned() } else { roles.join(", ") };
        let new = if route.is_accepted { "" } else { "  [new]" };
        let heading = format!(
            "{}{new}\n  answers {}, callers {callers}, roles {roles}, first {}, last {}\n",
            route.route, route.answers, route.first_seen, route.last_seen
        );
        text.push_str(&heading.lines().map(table::plain).collect::<Vec<_>>().join("\n"));
        text.push('\n');
        let mut rows = vec![];
        for field in route.returns.iter().chain(&route.accepts) {
            let counts = field.counts;
            let new = match field.accepted_level {
                None => "[new]".to_owned(),
                Some(level) if level != field.level => format!("[level was {level}]"),
                Some(_) => String::new(),
            };
            let cells = [
                format!("  {}", field.direction),
                field.path.clone(),
                field.kind.clone(),
                format!("L{}", field.level),
                field.how.clone(),
                format!(
                    "clear {} masked {} dropped {} blocked {}",
                    counts.clear, counts.masked, counts.dropped, counts.blocked
                ),
                new,
            ];
            rows.push(cells.map(|cell| table::plain(&cell)).to_vec());
        }
        text.push_str(&as_table(&rows));
    }
    text
}

fn as_table(rows: &[Vec<String>]) -> String {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = table::write(&mut text, rows);
    String::from_utf8(text).unwrap_or_default()
}

fn parse_time(text: &str) -> Result<Timestamp, Exit> {
    time(text).ok_or_else(|| {
        usage(&say(
            &format!("`{text}` is no time such as 2026-11-20T08:00:00+08:00"),
            &format!("`{text}` 不是时间，应如 2026-11-20T08:00:00+08:00"),
        ))
    })
}

fn say(en: &str, zh: &str) -> String {
    Text::new(en, zh).to(Language::of_environment()).to_owned()
}

fn usage(text: &str) -> Exit {
    err(&format!("{}{text}", say("error: ", "错误：")));
    Exit::Usage
}

fn told(error: StoreError) -> Exit {
    err(&format!("{}{error}", say("error: ", "错误：")));
    Exit::Problem
}

/// Whoever reads our output may stop reading.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
