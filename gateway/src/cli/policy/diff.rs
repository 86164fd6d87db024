//! `yingbi policy diff BEFORE AFTER`: what another version changes, for whom.

use super::{Format, Speech, load, print};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use yingbi_policies::{Change, Day, Diff, Endpoint, Language, Login};
use yingbi_taxonomy::{Category, Kind};

pub(super) fn run(before: &Path, after: &Path, speech: Speech) -> ExitCode {
    let (before, after) = match (load(before, speech), load(after, speech)) {
        (Ok((before, _)), Ok((after, _))) => (before, after),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let diff = before.diff(&after, Day::in_china(Timestamp::now().as_second()));
    let is_same = diff.changes.is_empty() && diff.limits.is_empty() && diff.grant_templates.is_empty();
    match speech.format {
        Format::Json => print(&json!({
            "same": is_same,
            "before": before.version(),
            "after": after.version(),
            "changes": diff.changes.iter().map(as_json).collect::<Vec<_>>(),
            "limits": diff.limits,
            "grant_templates": diff.grant_templates,
        })),
        Format::Text => as_text(&diff, speech),
    }
    ExitCode::from(u8::from(!is_same))
}

fn as_json(change: &Change) -> Value {
    let facts: serde_json::Map<String, Value> =
        change.facts.iter().map(|(fact, value)| (fact.name().to_owned(), json!(value))).collect();
    let kinds = change.kinds.iter().map(
        |kind| json!({ "kind": kind.id(), "category": kind.category().id(), "level": kind.level().number() }),
    );
    json!({
        "method": change.endpoint.method,
        "host": change.endpoint.host,
        "path": change.endpoint.template,
        "role": change.role.as_deref(),
        "login": change.login.name(),
        "facts": facts,
        "purpose": change.purpose.as_deref(),
        "subject": change.whose.text().en,
        "combination": change.combination.as_deref(),
        "before": change.before.text().en,
        "after": change.after.text().en,
        "direction": direction(change.is_freer()),
        "kinds": kinds.collect::<Vec<_>>(),
    })
}

fn direction(is_freer: Option<bool>) -> &'static str {
    match is_freer {
        Some(true) => "freer",
        Some(false) => "stricter",
        None => "other",
    }
}

/// Changes alike, of one endpoint, with all whom they concern.
struct Group<'d> {
    change: &'d Change,
    /// Purposes by caller.
    who: Vec<(String, Vec<String>)>,
}

impl Group<'_> {
    fn add(&mut self, change: &Change, speech: Speech) {
        let (who, purpose) = (who(change, speech), purpose(change, speech));
        match self.who.iter_mut().find(|(own, _)| *own == who) {
            Some((_, purposes)) => purposes.push(purpose),
            None => self.who.push((who, vec![purpose])),
        }
    }

    /// Callers with the same purposes together.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<(&[String], Vec<&str>)> = Vec::new();
        for (who, purposes) in &self.who {
            match lines.iter_mut().find(|(own, _)| *own == purposes.as_slice()) {
                Some((_, all)) => all.push(who),
                None => lines.push((purposes, vec![who])),
            }
        }
        lines
            .into_iter()
            .map(|(purposes, who)| format!("{} · {}", who.join(", "), purposes.join(", ")))
            .collect()
    }
}

fn as_text(diff: &Diff, speech: Speech) {
    let mut endpoint: Option<&Endpoint> = None;
    let mut rest = diff.changes.as_slice();
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|change| change.endpoint == first.endpoint).count();
        let (own, behind) = rest.split_at(length);
        rest = behind;
        if endpoint.replace(&first.endpoint) != Some(&first.endpoint) {
            let Endpoint { method, host, template, .. } = &first.endpoint;
            print(&format!("{method} {host}{template}"));
        }
        let mut groups: Vec<Group<'_>> = Vec::new();
        for change in own {
            let alike = |group: &&mut Group<'_>| {
                let own = group.change;
                (&own.before, &own.after, &own.kinds, &own.combination)
                    == (&change.before, &change.after, &change.kinds, &change.combination)
            };
            match groups.iter_mut().find(alike) {
                Some(group) => group.add(change, speech),
                None => {
                    let mut group = Group { change, who: Vec::new() };
                    group.add(change, speech);
                    groups.push(group);
                }
            }
        }
        groups.iter().for_each(|group| print_group(group, speech));
    }
    for (what, ids) in [
        (speech.say("limit", "限额"), &diff.limits),
        (speech.say("template of grants", "授权模板"), &diff.grant_templates),
    ] {
        ids.iter().for_each(|id| print(&format!("{what} `{id}` {}", speech.say("differs", "有变化"))));
    }
    let count = |freer: bool| diff.changes.iter().filter(|change| change.is_freer() == Some(freer)).count();
    let (freer, stricter) = (count(true), count(false));
    let other = diff.changes.len() - freer - stricter;
    print(&match speech.language {
        Language::English => format!("{freer} freer, {stricter} stricter, {other} other"),
        Language::Chinese => format!("放宽 {freer} 处，收紧 {stricter} 处，其他 {other} 处"),
    });
}

fn print_group(group: &Group<'_>, speech: Speech) {
    let change = group.change;
    let word = match change.is_freer() {
        Some(true) => speech.say("freer", "放宽"),
        Some(false) => speech.say("stricter", "收紧"),
        None => speech.say("other", "其他"),
    };
    let (before, after) = (change.before.text(), change.after.text());
    let raised = match &change.combination {
        Some(id) => format!(" ({} {id})", speech.say("with", "命中组合")),
        None => String::new(),
    };
    let language = speech.language;
    print(&format!("  {word}: {} → {}{raised}", before.to(language), after.to(language)));
    for (level, names) in by_level(&change.kinds) {
        print(&format!("    {} {level}: {}", speech.say("level", "级别"), names.join(" ")));
    }
    for line in group.lines() {
        print(&format!("    {} {line}", speech.say("for", "来访者")));
    }
}

/// Kinds by level, rows that change as one by their name, the highest level first.
fn by_level(kinds: &[Kind]) -> Vec<(u8, Vec<&'static str>)> {
    let mut levels: Vec<(u8, Vec<&'static str>)> = Vec::new();
    for category in Category::all() {
        let row: Vec<Kind> = Kind::all().filter(|kind| kind.category() == category).collect();
        let own: Vec<Kind> = row.iter().copied().filter(|kind| kinds.contains(kind)).collect();
        let Some(level) = own.first().map(|kind| kind.level().number()) else { continue };
        let names = if own.len() == row.len() {
            vec![category.id()]
        } else {
            own.iter().map(|kind| kind.id()).collect()
        };
        match levels.iter_mut().find(|(own, _)| *own == level) {
            Some((_, all)) => all.extend(names),
            None => levels.push((level, names)),
        }
    }
    levels.sort_by_key(|level| std::cmp::Reverse(level.0));
    levels
}

fn who(change: &Change, speech: Speech) -> String {
    let role = change.role.as_deref().unwrap_or_else(|| speech.say("no role", "无角色"));
    let (role, login) = match change.login {
        Login::None => (speech.say("the unauthenticated", "未登录者"), ""),
        Login::Authenticated => (role, ""),
        Login::SteppedUp => (role, speech.say(" stepped up", "（已再次鉴别）")),
    };
    let facts: String =
        change.facts.iter().map(|(fact, value)| format!(" {}={value}", fact.name())).collect();
    format!("{role}{login}{facts} [{}]", change.whose.text().to(speech.language))
}

fn purpose(change: &Change, speech: Speech) -> String {
    let none = || speech.say("no purpose named", "未写目的").to_owned();
    change.purpose.as_deref().map_or_else(none, str::to_owned)
}
