//! What makes a set unfit to rule, and needs more than one document to see.

use crate::decide::{BoundRoute, Effect, Rule};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::policy::Mode;
use crate::route;
use std::cmp::Ordering;
use yingbi_taxonomy::Level;

pub(super) fn check(rules: &[Rule], bindings: &[BoundRoute], sink: &mut Sink<'_>) {
    equal_bindings(bindings, sink);
    opaque(rules, bindings, sink);
}

/// What can't be read passes only where nothing of level 3 or above is allowed.
fn opaque(rules: &[Rule], bindings: &[BoundRoute], sink: &mut Sink<'_>) {
    for bound in bindings.iter().filter(|bound| !bound.binding.opaque.is_empty()) {
        let carries = rules.iter().find(|rule| {
            let protected = match &rule.effect {
                Effect::Allow { allow, .. } => allow.iter().any(|kind| kind.level() >= Level::L3),
                _ => false,
            };
            protected && rule.mode != Mode::Off && may_meet(rule, bound)
        });
        let Some(rule) = carries else { continue };
        sink.report(
            Code::OpaqueProtected,
            bound.at,
            Text::new(
                format!(
                    "`{}` passes content unread on a route where `{}` allows level 3",
                    bound.binding.id, rule.id
                ),
                format!("`{}` 放行不可检内容，而 `{}` 在此路由允许3级信息", bound.binding.id, rule.id),
            ),
            Text::new(
                "remove `opaque`, or narrow the policy's `routes` or `allow` to `level: \"<=2\"`",
                "请去掉 `opaque`，或收窄策略的 `routes`，或将 `allow` 限为 `level: \"<=2\"`",
            ),
        );
    }
}

/// Whether some request can match both; in doubt yes.
fn may_meet(rule: &Rule, bound: &BoundRoute) -> bool {
    rule.routes.is_empty()
        || rule.routes.iter().any(|route| {
            let method = match &bound.method {
                Some(method) => route.methods.is_empty() || route.methods.contains(method),
                None => true,
            };
            method && route.host.meets(&bound.host) && route::paths_meet(&route.path, &bound.path)
        })
}

fn equal_bindings(bindings: &[BoundRoute], sink: &mut Sink<'_>) {
    for (at, bound) in bindings.iter().enumerate() {
        let rival = bindings.iter().skip(at + 1).find(|other| {
            other.specificity(bound) == Ordering::Equal
                && other.method == bound.method
                && other.host == bound.host
        });
        let Some(rival) = rival.filter(|other| same_shape(bound, other)) else { continue };
        sink.report(
            Code::EqualBindings,
            bound.at,
            Text::new(
                format!("bindings `{}` and `{}` are for one route", bound.binding.id, rival.binding.id),
                format!("绑定 `{}` 与 `{}` 针对同一路由", bound.binding.id, rival.binding.id),
            ),
            Text::new("join them into one", "请合并为一个"),
        );
    }
}

fn same_shape(a: &BoundRoute, b: &BoundRoute) -> bool {
    use crate::route::Segment::{Glob, Literal, Parameter, Rest};
    let whole = |parts: &Vec<String>| parts.iter().all(String::is_empty);
    a.path.len() == b.path.len()
        && a.path.iter().zip(&b.path).all(|pair| match pair {
            (Literal(a), Literal(b)) => a == b,
            (Parameter(_), Parameter(_)) | (Rest, Rest) => true,
            (Parameter(_), Glob(parts)) | (Glob(parts), Parameter(_)) => whole(parts),
            (Glob(a), Glob(b)) => a == b,
            _ => false,
        })
}
