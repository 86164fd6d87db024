//! Layers: the shipped pack below, the firm's documents above. A firm redefines a shipped document only by saying so.

use super::Layered;
use crate::Cause;
use crate::diagnostic::{Code, Sink, Text};
use crate::document::{Document, Layering, Spec};

/// The documents that rule, the firm's and what it left of the shipped ones.
pub(super) fn merge(read: Vec<(bool, Document)>, sink: &mut Sink<'_>) -> Vec<Layered> {
    let (shipped, firm): (Vec<_>, Vec<_>) = read.into_iter().partition(|(shipped, _)| *shipped);
    let mut ruling: Vec<Layered> = Vec::new();
    for (_, document) in firm {
        let same = |other: &Document| same_document(other, &document);
        if let Some(first) = ruling.iter().find(|other| same(&other.document)) {
            duplicate(&document, &first.document, sink);
            continue;
        }
        let below = shipped.iter().map(|(_, document)| document).find(|other| same(other));
        check_override(&document, below, sink);
        ruling.push(Layered { shipped: false, document });
    }
    for (_, document) in shipped {
        if !ruling.iter().any(|other| same_document(&other.document, &document)) {
            ruling.push(Layered { shipped: true, document });
        }
    }
    ruling.retain(|layered| !matches!(layered.document.spec, Spec::Disabled(_)));
    // INVARIANT: by id from here on, so that nothing depends on the order of files.
    ruling.sort_by(|a, b| a.document.meta.id.value.cmp(&b.document.meta.id.value));
    ruling
}

fn same_document(a: &Document, b: &Document) -> bool {
    a.spec.kind() == b.spec.kind() && a.meta.id.value == b.meta.id.value
}

fn duplicate(document: &Document, first: &Document, sink: &mut Sink<'_>) {
    let id = &document.meta.id;
    let line = first.meta.id.at.line;
    sink.report(
        Code::DuplicateId,
        id.at,
        Text::new(
            format!("a second {} `{}`; the first is on line {line}", document.spec.kind(), id.value),
            format!("{} `{}` 重复定义；首次定义在第{line}行", document.spec.kind(), id.value),
        ),
        Text::new("give one of them another id", "请为其一另取标识"),
    );
}

/// Prohibitions of the standard itself: floors, and what it says of minors (T/TSAC 001 §3.4).
fn is_fixed(shipped: &Document) -> bool {
    match &shipped.spec {
        Spec::Policy(_) => true,
        Spec::Combination(spec) => matches!(spec.cause, Cause::Under { .. }),
        _ => false,
    }
}

fn check_override(document: &Document, below: Option<&Document>, sink: &mut Sink<'_>) {
    let id = &document.meta.id;
    match (below, &document.meta.layering) {
        (None, None) => {}
        (None, Some(layering)) => sink.report(
            Code::BadOverride,
            layering.at,
            Text::new(
                format!("no shipped {} `{}` to override", document.spec.kind(), id.value),
                format!("没有可覆盖的随附 {} `{}`", document.spec.kind(), id.value),
            ),
            Text::new("remove `override`, or correct the id", "请去掉 `override` 或更正标识"),
        ),
        // The floors are the standard's own prohibitions (T/TSAC 001 §8.4.4 b to d).
        (Some(below), _) if is_fixed(below) => sink.report(
            Code::FixedFloor,
            document.meta.layering.as_ref().map_or(id.at, |layering| layering.at),
            Text::new(
                format!("the shipped floor `{}` can't be overridden", id.value),
                format!("随附底线 `{}` 不可覆盖", id.value),
            ),
            Text::new(
                "choose another id; a stricter `floor` of your own may be added",
                "请另取标识；可另加更严的 `floor`",
            ),
        ),
        (Some(_), None) => sink.report(
            Code::NeedsOverride,
            id.at,
            Text::new(
                format!("`{}` is a shipped {}", id.value, document.spec.kind()),
                format!("`{}` 是随附的 {}", id.value, document.spec.kind()),
            ),
            Text::new(
                "add `override: replace` or `override: disable`, and a `reason`, to `metadata`",
                "请在 `metadata` 中写 `override: replace` 或 `override: disable` 并写明 `reason`",
            ),
        ),
        (Some(_), Some(layering))
            if layering.value == Layering::Disable && document.spec.kind() == "Mask" =>
        {
            sink.report(
                Code::BadOverride,
                layering.at,
                Text::new("a shipped mask can be replaced, not disabled", "随附脱敏模板只可替换，不可停用"),
                Text::new(
                    "write `override: replace` with another `algorithm`",
                    "请写 `override: replace` 并给出 `algorithm`",
                ),
            );
        }
        (Some(_), Some(_)) => {}
    }
}
