//! `kind: GrantTemplate`.

use super::one_of;
use super::scope;
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Located, Node, Value};
use std::time::Duration;
use yingbi_taxonomy::{Kind, KindSet};

#[derive(Debug)]
pub(crate) struct GrantSpec {
    pub asked_by: Vec<Located<String>>,
    pub approved_by: Vec<Located<String>>,
    pub purposes: Vec<Located<String>>,
    /// `None`: whatever the rules that ask for a grant allow.
    pub kinds: Option<KindSet>,
    pub lasts: Duration,
    pub once: bool,
    pub by_ticket: bool,
    pub break_glass: bool,
    pub detoken: bool,
}

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<GrantSpec> {
    let fields = node.fields(sink)?;
    let list = |key: &'static str, sink: &mut Sink<'_>| {
        fields.optional(key).map(|node| node.texts(sink)).unwrap_or_default()
    };
    let (asked_by, approved_by) = (list("asked_by", sink), list("approved_by", sink));
    let purposes = list("purposes", sink);
    let kinds = fields.optional("categories").map(|node| {
        let scopes = scope::scopes(node, sink);
        Kind::all().filter(|kind| scopes.iter().any(|scope| scope.contains(*kind))).collect()
    });
    if let Some(not) = fields.optional("not").and_then(|node| node.text(sink))
        && not.value != "self"
    {
        one_of(&not.value, not.at, &["self"], sink);
    }
    let lasts = fields.required("lasts", sink).and_then(|node| read_duration(node, sink));
    let flag = |key: &'static str, sink: &mut Sink<'_>| {
        fields.optional(key).and_then(|node| node.boolean(sink)).is_some_and(|flag| flag.value)
    };
    let (once, by_ticket, break_glass) =
        (flag("once", sink), flag("by_ticket", sink), flag("break_glass", sink));
    let detoken = flag("detoken", sink);
    fields.finish(sink);
    if approved_by.is_empty() && !by_ticket && !break_glass {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new("nobody may approve this grant", "没有人可以批准此授权"),
            Text::new(
                "name roles under `approved_by`, or let an open ticket be the approval with `by_ticket: true`",
                "请在 `approved_by` 中写角色；或以 `by_ticket: true` 由工单触发",
            ),
        );
    }
    // What undoes a pseudonym is approved by a person who knows for whom and why (T/TSAC 001 §3.8, §7.5 h).
    if detoken && (by_ticket || break_glass || approved_by.is_empty()) {
        sink.report(
            Code::Contradiction,
            node.at,
            Text::new(
                "a grant with `detoken` must be approved by a person, before it is used",
                "含 `detoken` 的授权须由人员事先批准",
            ),
            Text::new(
                "name roles under `approved_by`, without `by_ticket` and `break_glass`",
                "请在 `approved_by` 中写角色，并去掉 `by_ticket` 与 `break_glass`",
            ),
        );
    }
    if asked_by.is_empty() && !by_ticket {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new("nobody may ask for this grant", "没有人可以申请此授权"),
            Text::new("name roles under `asked_by`", "请在 `asked_by` 中写角色"),
        );
    }
    Some(GrantSpec {
        asked_by,
        approved_by,
        purposes,
        kinds,
        lasts: lasts?,
        once,
        by_ticket,
        break_glass,
        detoken,
    })
}

/// `30m`, `2h`, `1d`: from a minute to a month, since rights that are given must end (T/TSAC 001 §7.5 c).
fn read_duration(node: &Node, sink: &mut Sink<'_>) -> Option<Duration> {
    let text = match &node.value {
        Value::Text(text) => text.clone(),
        _ => node.text(sink)?.value,
    };
    let seconds = text.char_indices().next_back().and_then(|(at, unit)| {
        let number: u64 = text.get(..at)?.parse().ok()?;
        let unit = match unit {
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        number.checked_mul(unit)
    });
    let seconds = seconds.filter(|seconds| (60..=31 * 86_400).contains(seconds));
    if seconds.is_none() {
        sink.report(
            Code::WrongValue,
            node.at,
            Text::new(format!("`{text}` is no duration of a grant"), format!("`{text}` 不是授权时长")),
            Text::new(
                "write `30m`, `2h` or `1d`; a minute to 31 days",
                "请写 `30m`、`2h` 或 `1d`；1分钟至31天",
            ),
        );
    }
    seconds.map(Duration::from_secs)
}
