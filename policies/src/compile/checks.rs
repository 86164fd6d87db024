//! Checks that need more than one document.

use super::Layered;
use crate::PolicySet;
use crate::decide::{BoundRoute, Rule};
use crate::diagnostic::{Code, Sink, Text};
use std::cmp::Ordering;

/// What makes a set unfit to rule.
pub(super) fn check(documents: &[Layered], rules: &[Rule], bindings: &[BoundRoute], sink: &mut Sink<'_>) {
    let _ = (documents, rules);
    equal_bindings(bindings, sink);
}

/// What a set may rule with, but a person should know.
pub(super) fn lint(set: &PolicySet, documents: &[Layered], sink: &mut Sink<'_>) {
    let _ = (set, documents, sink);
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
