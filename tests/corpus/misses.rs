//! What went wrong on the open half, grouped and ranked; its people are invented, so their values are printed.
//! First the names that are not read at all, then everything by kind, place, disguise and format.

use crate::measure::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many groups of a sort are printed when no word is given.
const GROUPS: usize = 400;

/// Misses, false hits, altered look-alikes, broken and refused documents; `about` keeps the lines that say this word.
pub fn text(outcomes: &[Outcome], about: Option<&str>) -> String {
    let mut fields: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missed = Groups::default();
    let mut false_hits = Groups::default();
    let mut altered = Groups::default();
    let mut broken = Groups::default();
    for outcome in outcomes {
        let document = outcome.document;
        let form = format!("{}: {}", document.format, document.shape);
        for value in outcome.values.iter().filter(|_| document.is_plain_json()) {
            let label = &value.label;
            let count = fields.entry(format!("{}\t{}", label.kind, label.place)).or_default();
            count.0 += usize::from(value.missed);
            count.1 += 1;
        }
        for value in outcome.values.iter().filter(|value| value.missed) {
            let label = &value.label;
            let example = format!(
                "document {}, path {}, expected {}, got {}: {}",
                document.number,
                value.path.as_deref().unwrap_or("none"),
                label.kind,
                value.taken_for.as_deref().unwrap_or("nothing"),
                around(&document.body, &value.text)
            );
            missed.add(format!("{}\t{}\t{}\t{form}", label.kind, label.place, label.disguise), example);
        }
        for (finding, found) in &outcome.false_hits {
            let example = format!(
                "document {}, path {}, expected nothing, got {} by {}: {}",
                document.number,
                finding.path,
                finding.kind,
                finding.how,
                around(&document.body, found)
            );
            let name = finding.path.rsplit('/').next().unwrap_or_default();
            let name = if name.parse::<usize>().is_ok() { "[n]" } else { name };
            false_hits.add(format!("{}\t{}\t{name}\t{form}", finding.kind, finding.how), example);
        }
        for (class, text, _) in outcome.kept.iter().filter(|(_, _, altered)| *altered) {
            let example = format!("document {}: {}", document.number, around(&document.body, text));
            altered.add(format!("{class}\t{form}"), example);
        }
        if let Some(problem) = outcome.broken {
            broken.add(
                format!("broken: {problem}\t{form}"),
                format!("document {}: {}", document.number, document.body),
            );
        }
        if outcome.mixed {
            broken.add(format!("mixed\t{form}"), format!("document {}: {}", document.number, document.body));
        }
        if let Some(reason) = &outcome.refused {
            broken.add(format!("refused: {reason}\t{form}"), format!("document {}", document.number));
        }
    }
    let mut out = String::new();
    let mut fields: Vec<_> = fields.into_iter().filter(|(_, (missed, _))| *missed > 0).collect();
    fields.retain(|(field, _)| about.is_none_or(|about| field.contains(about)));
    fields.sort_by_key(|(_, (missed, _))| std::cmp::Reverse(*missed));
    let _ = writeln!(out, "━━ fields of plain JSON that are missed: missed of all, kind, name");
    for (field, (missed, values)) in fields {
        let _ = writeln!(out, "{missed:>5} of {values:<4} {field}");
    }
    out.push('\n');
    missed.print("missed: kind, field or kind of text, disguise, format", about, &mut out);
    false_hits.print("found where nothing is: kind, how, field, format", about, &mut out);
    altered.print("look-alikes altered: class, format", about, &mut out);
    broken.print("broken, mixed, refused", about, &mut out);
    out
}

/// Groups with their number and first example.
#[derive(Default)]
struct Groups(BTreeMap<String, (usize, String)>);

impl Groups {
    fn add(&mut self, group: String, example: String) {
        self.0.entry(group).or_insert((0, example)).0 += 1;
    }

    fn print(&self, title: &str, about: Option<&str>, out: &mut String) {
        let said = |group: &str| about.is_none_or(|about| group.contains(about));
        let mut groups: Vec<_> = self.0.iter().filter(|(group, _)| said(group)).collect();
        groups.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let total: usize = groups.iter().map(|(_, (count, _))| count).sum();
        let _ = writeln!(out, "━━ {title} ({total} in {} groups)", groups.len());
        for (group, (count, example)) in
            groups.into_iter().take(if about.is_some() { usize::MAX } else { GROUPS })
        {
            let _ = writeln!(out, "{count:>5}  {group}\n       {}", example.replace('\n', "⏎"));
        }
        out.push('\n');
    }
}

/// The value and what stands around it.
fn around(body: &str, text: &str) -> String {
    let Some(at) = body.find(text) else { return text.to_owned() };
    let before: String = body[..at].chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
    let after: String = body[at + text.len()..].chars().take(24).collect();
    let text: String = text.chars().take(120).collect();
    format!("{before}«{text}»{after}")
}
