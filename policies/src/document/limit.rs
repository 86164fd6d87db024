//! `kind: Limit`.

use super::one_of;
use super::policy::{Match, Mode, read_match, read_mode};
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Located, Node};
use crate::{CountedBy, Distinct, Period};

#[derive(Debug)]
pub(crate) struct LimitSpec {
    pub mode: Mode,
    pub matching: Match,
    pub by: CountedBy,
    pub per: Period,
    pub distinct: Distinct,
    /// From how many on somebody is warned.
    pub warn_at: Option<u64>,
    pub at: u64,
    /// Template of a grant that lifts the limit.
    pub lift: Option<Located<String>>,
}

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<LimitSpec> {
    let fields = node.fields(sink)?;
    let mode = fields.optional("mode").map_or(Some(Mode::Enforce), |node| read_mode(node, sink));
    let matching = fields.optional("match").map_or(Some(Match::default()), |node| read_match(node, sink));
    let word = |key: &'static str, known: &[&str], default: Option<&str>, sink: &mut Sink<'_>| {
        let node = match default {
            Some(_) => fields.optional(key),
            None => fields.required(key, sink),
        };
        let Some(node) = node else { return default.map(str::to_owned) };
        let text = node.text(sink)?;
        if !known.contains(&text.value.as_str()) {
            one_of(&text.value, text.at, known, sink);
            return None;
        }
        Some(text.value)
    };
    // Requests are not counted: a single one may hold a thousand investors (T/TSAC 001 §7.5 h).
    let distinct = word("distinct", &Distinct::ALL.map(Distinct::name), None, sink);
    let per = word("per", &Period::ALL.map(Period::name), None, sink);
    let by = word("by", &CountedBy::ALL.map(CountedBy::name), Some("caller"), sink);
    let _ = word("then", &["refuse"], Some("refuse"), sink);
    let people = |node: &Node, sink: &mut Sink<'_>| {
        let number = node.integer(sink)?;
        let most = u64::try_from(number.value).ok();
        if most.is_none() {
            sink.report(
                Code::WrongValue,
                number.at,
                Text::new(
                    format!("`{}` is no number of investors", number.value),
                    format!("`{}` 不是人数", number.value),
                ),
                Text::new("write 0 or more", "请写0或以上"),
            );
        }
        most
    };
    let at = fields.required("at", sink).and_then(|node| people(node, sink));
    let warn = fields.optional("warn_at");
    let warn_at = warn.and_then(|node| people(node, sink));
    if let (Some(at), Some(warn_at), Some(node)) = (at, warn_at, warn)
        && warn_at > at
    {
        sink.report(
            Code::Contradiction,
            node.at,
            Text::new("a warning behind the limit", "预警阈值高于上限"),
            Text::new("write less than `at`", "请小于 `at`"),
        );
    }
    let lift = fields.optional("lift").and_then(|node| {
        let fields = node.fields(sink)?;
        let template = fields.required("template", sink).and_then(|node| node.text(sink));
        fields.finish(sink);
        template
    });
    fields.finish(sink);
    Some(LimitSpec {
        mode: mode?,
        matching: matching?,
        by: by.and_then(|by| CountedBy::ALL.into_iter().find(|own| own.name() == by))?,
        per: per.and_then(|per| Period::ALL.into_iter().find(|own| own.name() == per))?,
        distinct: distinct.and_then(|word| Distinct::ALL.into_iter().find(|own| own.name() == word))?,
        warn_at,
        at: at?,
        lift,
    })
}
