//! `yingbi policy replay DIR`: past accesses under another version, before it rules.

use super::{Format, Speech, USAGE, load, print};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_audit::Intent;
use yingbi_audit::search::{Filter, Order, search};
use yingbi_policies::{Day, Language, Past, PolicySet, Replayed};
use yingbi_taxonomy::Category;

/// `yingbi policy replay …`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The policy directory of the version to be tried.
    dir: PathBuf,
    /// The gateway's `data_dir`: its access log tells what was asked.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Not before this time, RFC 3339.
    #[arg(long)]
    from: Option<Timestamp>,
    /// Before this time, RFC 3339.
    #[arg(long)]
    to: Option<Timestamp>,
}

/// Accesses that are alike for a decision.
struct Alike {
    count: u64,
    /// Id of the decision seen last.
    example: String,
}

pub(super) fn run(args: &ReplayArgs, speech: Speech) -> ExitCode {
    let set = match load(&args.dir, speech) {
        Ok((set, _)) => set,
        Err(exit) => return exit,
    };
    let log = args.data_dir.join(crate::config::AUDIT);
    let (accesses, unreadable) = match read(&log, args) {
        Ok(read) => read,
        Err(error) => {
            let shown = log.display();
            print(&format!(
                "YB1551 {} `{shown}`: {}",
                speech.say("can't read the access log", "无法读取访问日志"),
                error.kind()
            ));
            return ExitCode::from(USAGE);
        }
    };
    let today = Day::in_china(Timestamp::now().as_second());
    let judged: Vec<(Past, Alike, Replayed)> = accesses
        .into_iter()
        .map(|(past, alike)| {
            let replayed = set.replay(&past, today);
            (past, alike, replayed)
        })
        .collect();
    let changed =
        judged.iter().any(|(.., replayed)| !matches!(replayed, Replayed::Same | Replayed::Depends(_)));
    match speech.format {
        Format::Json => print(&as_json(&set, &judged, unreadable)),
        Format::Text => as_text(&judged, unreadable, speech),
    }
    ExitCode::from(u8::from(changed || unreadable > 0))
}

/// Every access of a log, those alike together; and how many records could not be read.
fn read(log: &Path, args: &ReplayArgs) -> std::io::Result<(BTreeMap<Past, Alike>, u64)> {
    std::fs::read_dir(log)?;
    let filter = Filter { from: args.from, to: args.to, ..Filter::default() };
    let mut accesses: BTreeMap<Past, Alike> = BTreeMap::new();
    let searched = search(log, &filter, Order::Oldest, None, &mut |entry| {
        if let Some(past) = past(&entry.intent) {
            let alike = accesses.entry(past).or_insert(Alike { count: 0, example: String::new() });
            alike.count += 1;
            alike.example = entry.intent.decision_id;
        }
        Ok(())
    })?;
    Ok((accesses, searched.unreadable))
}

/// What a record tells that a decision depends on; nothing of what was refused before it was decided.
fn past(intent: &Intent) -> Option<Past> {
    let decided = |code: &str| yingbi_policies::REFUSALS.iter().any(|row| row.code == code);
    let refused = match intent.decision.as_str() {
        "permit" => None,
        _ => Some(intent.code.clone().filter(|code| decided(code))?),
    };
    let categories = |counts: &BTreeMap<String, u64>| -> BTreeSet<Category> {
        counts.keys().filter_map(|id| Category::from_id(id)).collect()
    };
    Some(Past {
        method: intent.method.clone(),
        route: intent.route.clone(),
        roles: intent.roles.clone(),
        authenticated: intent.identified_by != "none",
        purpose: intent.purpose.clone(),
        granted: !intent.grants.is_empty(),
        refused,
        clear: categories(&intent.clear),
        masked: categories(&intent.masked),
        dropped: categories(&intent.dropped),
    })
}

fn words(replayed: &Replayed) -> (&'static str, &[String]) {
    match replayed {
        Replayed::Same => ("same", &[]),
        Replayed::Changed(lines) => ("changed", lines),
        Replayed::Depends(lines) => ("depends", lines),
        Replayed::UnknownRoute => ("unknown-route", &[]),
    }
}

fn count(judged: &[(Past, Alike, Replayed)], wanted: &str) -> u64 {
    judged.iter().filter(|(.., replayed)| words(replayed).0 == wanted).map(|(_, alike, _)| alike.count).sum()
}

fn as_json(set: &PolicySet, judged: &[(Past, Alike, Replayed)], unreadable: u64) -> Value {
    let one = |(past, alike, replayed): &(Past, Alike, Replayed)| {
        let (outcome, lines) = words(replayed);
        json!({
            "method": past.method, "route": past.route, "roles": past.roles, "authenticated": past.authenticated,
            "purpose": past.purpose, "granted": past.granted, "was": past.refused.as_deref().unwrap_or("permit"),
            "accesses": alike.count, "example": alike.example, "outcome": outcome, "differences": lines,
        })
    };
    json!({
        "version": set.version(),
        "same": count(judged, "same"),
        "changed": count(judged, "changed"),
        "depends": count(judged, "depends"),
        "unknown_route": count(judged, "unknown-route"),
        "unreadable": unreadable,
        "accesses": judged.iter().map(one).collect::<Vec<_>>(),
    })
}

fn as_text(judged: &[(Past, Alike, Replayed)], unreadable: u64, speech: Speech) {
    for (past, alike, replayed) in judged {
        let word = match replayed {
            Replayed::Same => continue,
            Replayed::Changed(_) => speech.say("CHANGED", "改变"),
            Replayed::Depends(_) => speech.say("depends", "视情况"),
            Replayed::UnknownRoute => speech.say("UNKNOWN ROUTE", "路由未知"),
        };
        let roles = if past.roles.is_empty() { "-".to_owned() } else { past.roles.join(",") };
        let Past { method, route, .. } = past;
        let purpose = past.purpose.as_deref().unwrap_or("-");
        print(&format!(
            "{word} {} × {method} {route} · {roles} · {purpose} ({})",
            alike.count, alike.example
        ));
        words(replayed).1.iter().for_each(|line| print(&format!("    {line}")));
    }
    let [same, changed, depends, unknown] =
        ["same", "changed", "depends", "unknown-route"].map(|wanted| count(judged, wanted));
    print(&match speech.language {
        Language::English => format!(
            "{same} same, {changed} changed, {depends} depend on what records don't tell, {unknown} on unknown routes, {unreadable} unreadable"
        ),
        Language::Chinese => format!(
            "不变 {same}，改变 {changed}，视记录未载内容而定 {depends}，路由未知 {unknown}，不可读 {unreadable}"
        ),
    });
}
