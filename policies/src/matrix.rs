//! The matrix of a set: route × purpose × role × login state → treatment of every row of Appendix A.

use crate::{Caller, KindWord, Language, PolicySet, Request};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use yingbi_taxonomy::{Category, Kind};

impl PolicySet {
    /// What happens to every row, for every caller and purpose, on every route that a test names: a text to be kept beside
    /// the policies and reviewed as a diff. Callers have one role each, and the investor identifiers that tests give them.
    pub fn matrix(&self) -> String {
        matrix(self)
    }
}

fn matrix(set: &PolicySet) -> String {
    let routes: BTreeSet<(&str, &str, &str)> =
        set.tests().iter().map(|case| (&*case.host, &*case.path, &*case.method)).collect();
    let purposes: Vec<Option<&str>> =
        std::iter::once(None).chain(set.tables.purposes.iter().map(|purpose| Some(&*purpose.id))).collect();
    let mut text = String::new();
    for (host, path, method) in routes {
        let _ = writeln!(text, "{method} {host}{path}");
        // What comes of it, and for whom: callers alike are told together.
        let mut outcomes: Vec<(String, Vec<String>)> = Vec::new();
        for purpose in &purposes {
            for (who, caller) in callers(set) {
                let request = Request { method, host, path, purpose: *purpose, today: crate::Day::default() };
                let outcome = outcome(set, &caller, &request);
                let who = format!("{who} for {}", purpose.unwrap_or("no purpose"));
                match outcomes.iter_mut().find(|(own, _)| *own == outcome) {
                    Some((_, all)) => all.push(who),
                    None => outcomes.push((outcome, vec![who])),
                }
            }
        }
        for (outcome, who) in outcomes {
            let _ = write!(text, "  {}\n{outcome}", who.join("\n  "));
        }
    }
    text
}

fn callers(set: &PolicySet) -> Vec<(String, Caller)> {
    let mut callers = vec![("unauthenticated".to_owned(), Caller::default())];
    let roles = set.tables.roles.iter().map(|role| vec![role.id.clone()]);
    for roles in std::iter::once(Vec::new()).chain(roles) {
        for stepped_up in [false, true] {
            let name = roles.first().map_or("no role", |role| role).to_owned();
            let state = if stepped_up { ", stepped up" } else { "" };
            let with_subject = |case: &&crate::TestCase| {
                let caller = &case.caller;
                !caller.subjects.is_empty() && caller.roles.contains(&name)
            };
            let subjects = set.tests().iter().find(with_subject).map(|case| case.caller.subjects.clone());
            let subjects = subjects.unwrap_or_default();
            let caller = Caller {
                id: "u".into(),
                roles: roles.clone(),
                subjects,
                authenticated: true,
                stepped_up,
                ..Caller::default()
            };
            callers.push((format!("{name}{state}"), caller));
        }
    }
    callers
}

fn outcome(set: &PolicySet, caller: &Caller, request: &Request<'_>) -> String {
    let explanation = set.explain(caller, request);
    if let Some((status, code)) = explanation.refused {
        return format!("    {status} {code}\n");
    }
    let mut text = String::new();
    for (view, words) in [("own", &explanation.own), ("other", &explanation.other)] {
        if let Some(words) = words {
            let _ = write!(text, "    {view}\n{}", grouped(words));
        }
    }
    for raise in &explanation.raises {
        for (view, changed) in [("own", &raise.own), ("other", &raise.other)] {
            if !changed.is_empty() {
                let kinds: Vec<String> = changed
                    .iter()
                    .map(|(kind, treatment)| format!("{kind} {}", treatment.text().to(Language::English)))
                    .collect();
                let _ = writeln!(text, "    {view} with {}\n      {}", raise.id, kinds.join("; "));
            }
        }
    }
    text
}

/// Rows by what happens to them; kinds where a row is not treated as one.
fn grouped(words: &[KindWord]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    let treated = |kind: Kind| {
        let word = words.iter().find(|word| word.kind == kind);
        word.map(|word| word.treatment.text().to(Language::English).to_owned()).unwrap_or_default()
    };
    for category in Category::all() {
        let kinds: Vec<Kind> = Kind::all().filter(|kind| kind.category() == category).collect();
        let alike = kinds.iter().all(|kind| treated(*kind) == treated(Kind::general(category)));
        let named: Vec<(String, &str)> = match alike {
            true => vec![(treated(Kind::general(category)), category.id())],
            false => kinds.into_iter().map(|kind| (treated(kind), kind.id())).collect(),
        };
        for (treatment, id) in named {
            match groups.iter_mut().find(|(own, _)| *own == treatment) {
                Some((_, ids)) => ids.push(id),
                None => groups.push((treatment, vec![id])),
            }
        }
    }
    groups.into_iter().map(|(treatment, ids)| format!("      {treatment}: {}\n", ids.join(" "))).collect()
}

#[cfg(test)]
mod tests;
