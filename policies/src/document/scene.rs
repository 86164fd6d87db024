//! `overrides` and `validate` of a binding: what a kind counts as on one route (T/TSAC 001 §6.3, service scenes), and
//! what is asked of data that comes in (§8.2.2.1 c).

use super::one_of;
use super::scope::{self, Scope};
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{At, Located, Node, Value, entries};
use crate::{Check, FieldBinding, Override, Validation};
use yingbi_taxonomy::{Kind, KindSet, Level};

pub(super) fn read_overrides(node: &Node, sink: &mut Sink<'_>) -> Vec<Override> {
    let mut read: Vec<(At, Scope, Override)> = Vec::new();
    for node in node.list(sink).unwrap_or_default() {
        let Some((scope, one)) = read_override(node, sink) else { continue };
        // The narrowest name rules; of two equally narrow ones neither can.
        let rival = read.iter().find(|(_, other, before)| {
            other.rank() == scope.rank() && before.kinds.iter().any(|kind| one.kinds.contains(kind))
        });
        if let Some((_, _, before)) = rival {
            sink.report(
                Code::TwoOverrides,
                node.at,
                Text::new(
                    format!("`{}` and `{}` are overridden both", before.of, one.of),
                    format!("`{}` 与 `{}` 重复覆盖", before.of, one.of),
                ),
                Text::new("join them into one", "请合并为一个"),
            );
            continue;
        }
        read.push((node.at, scope, one));
    }
    // From wide to narrow, so that whoever goes through them in order ends with the narrowest.
    read.sort_by_key(|(_, scope, _)| scope.rank());
    read.into_iter().map(|(_, _, one)| one).collect()
}

fn read_override(node: &Node, sink: &mut Sink<'_>) -> Option<(Scope, Override)> {
    let fields = node.fields(sink)?;
    let category = fields.required("category", sink).and_then(|node| node.text(sink));
    let level = fields.optional("level").map(|node| (node.at, scope::one_level(node, sink)));
    let taken_for = fields.optional("as").map(|node| {
        let kind = node.text(sink).and_then(|text| scope::kind(&text, sink));
        (node.at, kind)
    });
    let reason = fields.required("reason", sink).and_then(|node| node.text(sink));
    let clauses = match fields.optional("clause") {
        Some(node) if matches!(node.value, Value::Text(_)) => node.text(sink).into_iter().collect(),
        Some(node) => node.texts(sink),
        None => Vec::new(),
    };
    fields.finish(sink);
    if level.is_none() && taken_for.is_none() {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new("neither `level` nor `as`", "`level` 与 `as` 均未写"),
            Text::new(
                "write `level: 2`, or `as: service-staff` for another category",
                "请写 `level: 2`，或以 `as: service-staff` 改归其他类别",
            ),
        );
        return None;
    }
    let category = category?;
    let scope = scope::scope(&category, sink)?.value;
    let kinds: KindSet = Kind::all().filter(|kind| scope.contains(*kind)).collect();
    let reason = reason?.value;
    if reason.trim().is_empty() {
        let text = Text::new("the reason is empty", "理由为空");
        let help = Text::new("say why the level differs here", "请写明此处级别不同的理由");
        sink.report(Code::WrongValue, node.at, text, help);
    }
    let at = level.map_or_else(|| taken_for.map_or(node.at, |(at, _)| at), |(at, _)| at);
    let (level, taken_for) = (
        match level {
            Some((_, level)) => Some(level?),
            None => None,
        },
        match taken_for {
            Some((_, kind)) => Some(kind?),
            None => None,
        },
    );
    let comes_to = |kind: Kind| level.unwrap_or_else(|| taken_for.map_or(kind.level(), Kind::level));
    if let Some(kind) = kinds.iter().find(|kind| kind.level() == Level::L4 && comes_to(*kind) < Level::L4) {
        sink.report(
            Code::LevelFourLowered,
            at,
            Text::new(
                format!("`{kind}` is level 4 and can't be lowered (T/TSAC 001 §8.4.4 c)"),
                format!("`{kind}` 为4级信息，不可降级（T/TSAC 001 8.4.4 c）"),
            ),
            Text::new("name categories of level 3 and below", "请只覆盖3级及以下的类别"),
        );
        return None;
    }
    let clauses = clauses.into_iter().map(|clause| clause.value).collect();
    Some((scope, Override { of: category.value, kinds, level, taken_for, reason, clauses }))
}

pub(super) fn read_validation(
    node: &Node,
    field: impl Fn(&Node, &mut Sink<'_>) -> Option<FieldBinding>,
    sink: &mut Sink<'_>,
) -> Option<Validation> {
    if matches!(node.value, Value::Text(_)) {
        let check = read_check(node, sink)?;
        return Some(Validation { checks: Box::new([check; Kind::COUNT]), fields: Vec::new() });
    }
    let fields = node.fields(sink)?;
    let default = fields.optional("default").map_or(Some(Check::Pass), |node| read_check(node, sink));
    let mut named: Vec<(Scope, Check)> = Vec::new();
    for (name, node) in fields.optional("categories").map(|node| entries(node, sink)).unwrap_or_default() {
        let scope = scope::scope(name, sink).map(|Located { value, .. }| value);
        named.extend(scope.zip(read_check(node, sink)));
    }
    let mut bound = Vec::new();
    for node in fields.optional("fields").and_then(|node| node.list(sink)).unwrap_or_default() {
        bound.extend(field(node, sink));
    }
    fields.finish(sink);
    let default = default?;
    let mut checks = Box::new([default; Kind::COUNT]);
    for (kind, check) in Kind::all().zip(checks.iter_mut()) {
        let of = named.iter().filter(|(scope, _)| scope.contains(kind));
        let narrowest = of.clone().map(|(scope, _)| scope.rank()).max();
        // Of equally narrow names the stricter.
        let asked = of.filter(|(scope, _)| Some(scope.rank()) == narrowest).map(|(_, check)| *check).max();
        *check = asked.unwrap_or(default);
    }
    Some(Validation { checks, fields: bound })
}

fn read_check(node: &Node, sink: &mut Sink<'_>) -> Option<Check> {
    let word = node.text(sink)?;
    match word.value.as_str() {
        "reject" => Some(Check::Reject),
        "flag" => Some(Check::Flag),
        "pass" => Some(Check::Pass),
        other => {
            one_of(other, word.at, &["reject", "flag", "pass"], sink);
            None
        }
    }
}
