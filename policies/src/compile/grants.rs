//! Grant templates and limits: documents to tables.

use super::{Layered, Names};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::Spec;
use crate::document::policy::Mode;
use crate::yaml::{Located, nearest};
use crate::{Basis, CountedBy, Distinct, GrantTemplate, Limit, Period};
use std::sync::Arc;

pub(super) fn templates(documents: &[Layered], names: &Names, sink: &mut Sink<'_>) -> Vec<GrantTemplate> {
    let mut templates = Vec::new();
    for layered in documents {
        let Spec::Grant(spec) = &layered.document.spec else { continue };
        let mut roles = |list: &[Located<String>]| -> Vec<Arc<str>> {
            let known = list.iter().filter_map(|name| names.role(&name.value, name.at, sink));
            known.collect::<Vec<_>>().into_iter().filter_map(|at| names.roles.get(at).cloned()).collect()
        };
        let (asked_by, approved_by) = (roles(&spec.asked_by), roles(&spec.approved_by));
        let purposes: Vec<usize> =
            spec.purposes.iter().filter_map(|name| names.purpose(&name.value, name.at, sink)).collect();
        templates.push(GrantTemplate {
            id: layered.id(),
            asked_by,
            approved_by,
            purposes: purposes.into_iter().filter_map(|at| names.purposes.get(at).cloned()).collect(),
            kinds: spec.kinds,
            lasts: spec.lasts,
            once: spec.once,
            by_ticket: spec.by_ticket,
            break_glass: spec.break_glass,
            detoken: spec.detoken,
        });
    }
    templates
}

pub(super) fn limits(
    documents: &[Layered],
    names: &Names,
    templates: &[GrantTemplate],
    sink: &mut Sink<'_>,
) -> Vec<Arc<Limit>> {
    let mut limits = Vec::new();
    for layered in documents {
        let Spec::Limit(spec) = &layered.document.spec else { continue };
        let matching = &spec.matching;
        let roles = matching.roles.iter().filter_map(|name| names.role(&name.value, name.at, sink)).collect();
        let purposes =
            matching.purposes.iter().filter_map(|name| names.purpose(&name.value, name.at, sink)).collect();
        if let Some(lift) = &spec.lift
            && !templates.iter().any(|template| *template.id == *lift.value)
        {
            let help = match nearest(&lift.value, templates.iter().map(|template| &*template.id)) {
                Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
                None => Text::new(
                    "add a `kind: GrantTemplate` of this id",
                    "请添加此标识的 `kind: GrantTemplate`",
                ),
            };
            let message = Text::new(
                format!("no grant template `{}` is defined", lift.value),
                format!("未定义授权模板 `{}`", lift.value),
            );
            sink.report(Code::UnknownReference, lift.at, message, help);
        }
        if spec.mode == Mode::Off {
            continue;
        }
        limits.push(Arc::new(Limit {
            id: layered.id(),
            mode: spec.mode,
            roles,
            purposes,
            routes: matching.routes.clone(),
            by: spec.by,
            per: spec.per,
            distinct: spec.distinct,
            warn_at: spec.warn_at,
            at: spec.at,
            lift: spec.lift.as_ref().map(|lift| Arc::from(lift.value.as_str())),
        }));
    }
    limits
}

/// A recipient abroad is given data against declared thresholds only (T/TSAC 001 §8.6.2 b 3): of distinct persons, and of
/// those whose sensitive data is given.
pub(super) fn check_abroad(documents: &[Layered], names: &Names, limits: &[Arc<Limit>], sink: &mut Sink<'_>) {
    for layered in documents {
        let Spec::Purpose(spec) = &layered.document.spec else { continue };
        let Some(country) = &spec.country else { continue };
        // What the law commands is not stopped by a number.
        if !matches!(spec.basis, Basis::Consent | Basis::Contract) {
            continue;
        }
        let own = names.purposes.iter().position(|purpose| *purpose == layered.id());
        for distinct in Distinct::ALL {
            let counts = |limit: &Arc<Limit>| {
                let holds =
                    (limit.by, limit.per, limit.distinct) == (CountedBy::Recipient, Period::Year, distinct);
                let concerns =
                    limit.purposes.is_empty() || own.is_some_and(|own| limit.purposes.contains(&own));
                holds
                    && concerns
                    && limit.mode == Mode::Enforce
                    && limit.roles.is_empty()
                    && limit.routes.is_empty()
            };
            if limits.iter().any(counts) {
                continue;
            }
            sink.report(
                Code::Contradiction,
                country.at,
                Text::new(
                    format!("data goes abroad without a yearly limit of {}", distinct.name()),
                    format!("向境外提供而未设年度人数上限：{}", distinct.name()),
                ),
                Text::new(
                    format!(
                        "add a `kind: Limit` with `distinct: {}`, `by: recipient`, `per: year`",
                        distinct.name()
                    ),
                    format!(
                        "请添加 `kind: Limit`：`distinct: {}`、`by: recipient`、`per: year`",
                        distinct.name()
                    ),
                ),
            );
        }
    }
}
