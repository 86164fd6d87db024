//! Documents that nothing uses: a role that no rule speaks of, a purpose that no rule allows, a template of grants that opens
//! nothing, a limit that nobody reaches. Each is a sentence somebody believes in, and it changes nothing.

use super::{Layered, Names};
use crate::condition::{Condition, Relation};
use crate::decide::{Effect, Rule};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::Spec;
use crate::document::policy::Mode;
use crate::{GrantTemplate, Limit};
use std::sync::Arc;

/// What rules, limits and grants say.
pub(super) struct Used<'a> {
    pub names: &'a Names,
    pub rules: &'a [Rule],
    pub requests: &'a [Rule],
    pub limits: &'a [Arc<Limit>],
    pub templates: &'a [GrantTemplate],
}

pub(super) fn lint(documents: &[Layered], used: &Used<'_>, sink: &mut Sink<'_>) {
    for layered in documents.iter().filter(|layered| !layered.shipped) {
        let id = layered.id();
        let (what, help) = match &layered.document.spec {
            Spec::Role(_) if !used.is_role(&id) => (("role", "角色"), ROLE),
            Spec::Purpose(_) if !used.is_purpose(&id) => (("purpose", "目的"), PURPOSE),
            Spec::Grant(_) if !used.is_template(&id) => (("template of grants", "授权模板"), TEMPLATE),
            Spec::Limit(spec) if spec.mode != Mode::Off && !used.is_limit(&id) => (("limit", "限额"), LIMIT),
            _ => continue,
        };
        sink.report(
            Code::Unused,
            layered.document.meta.id.at,
            Text::new(format!("{} `{id}` changes nothing", what.0), format!("{} `{id}` 不起作用", what.1)),
            Text::new(help.0, help.1),
        );
    }
    shadowed(documents, used.limits, sink);
}

/// A limit that another stops before it.
fn shadowed(documents: &[Layered], limits: &[Arc<Limit>], sink: &mut Sink<'_>) {
    let within = |wide: &[usize], narrow: &[usize]| {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|at| wide.contains(at)))
    };
    for limit in limits.iter().filter(|limit| limit.is_enforced()) {
        let stops = |other: &&Arc<Limit>| {
            let counts_alike = (other.by, other.per, other.distinct, &other.lift)
                == (limit.by, limit.per, limit.distinct, &limit.lift);
            let concerns = within(&other.roles, &limit.roles)
                && within(&other.purposes, &limit.purposes)
                && (other.routes.is_empty() || other.routes == limit.routes);
            let first = other.at < limit.at || (other.at == limit.at && other.id < limit.id);
            // Of what is counted by fewer words, others may be counted who are not counted here.
            other.id != limit.id && other.is_enforced() && counts_alike && concerns && first
        };
        let Some(by) = limits.iter().find(stops) else { continue };
        let own = documents
            .iter()
            .find(|layered| matches!(layered.document.spec, Spec::Limit(_)) && layered.id() == limit.id);
        let Some(own) = own.filter(|own| !own.shipped) else { continue };
        sink.report(
            Code::LimitShadowed,
            own.document.meta.id.at,
            Text::new(
                format!("`{}` is never reached: `{}` stops at {} before", limit.id, by.id, by.at),
                format!("`{}` 永远不会达到：`{}` 先在{}人处停止", limit.id, by.id, by.at),
            ),
            Text::new("remove one of the two, or lower this one", "请删除其一，或调低此限额"),
        );
    }
}

impl Used<'_> {
    fn each(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(self.requests)
    }

    fn is_role(&self, id: &Arc<str>) -> bool {
        let at = self.names.roles.iter().position(|own| own == id);
        let named = |roles: &[usize]| at.is_some_and(|at| roles.contains(&at));
        self.each().any(|rule| {
            let branches = match &rule.effect {
                Effect::Allow { when, .. } => when.as_slice(),
                _ => &[],
            };
            named(&rule.roles)
                || names_role(&rule.when, id)
                || branches.iter().any(|(branch, _)| names_role(branch, id))
        }) || self.limits.iter().any(|limit| named(&limit.roles))
            || self.templates.iter().any(|own| own.asked_by.contains(id) || own.approved_by.contains(id))
    }

    fn is_purpose(&self, id: &Arc<str>) -> bool {
        let at = self.names.purposes.iter().position(|own| own == id);
        let named =
            |rule: &&Rule| rule.purposes.is_empty() || at.is_some_and(|at| rule.purposes.contains(&at));
        self.each().filter(|rule| rule.is_allow()).any(|rule| named(&rule))
    }

    /// Some limit is lifted by it, or some rule asks for a grant to one of its purposes.
    fn is_template(&self, id: &Arc<str>) -> bool {
        let Some(template) = self.templates.iter().find(|template| template.id == *id) else { return true };
        let is_of = |rule: &Rule| {
            let names = rule.purposes.iter().filter_map(|at| self.names.purposes.get(*at));
            template.purposes.is_empty()
                || rule.purposes.is_empty()
                || names.into_iter().any(|name| template.purposes.contains(name))
        };
        self.limits.iter().any(|limit| limit.lift.as_ref() == Some(id))
            || self.each().any(|rule| rule.mentions.has(Relation::GRANTED) && is_of(rule))
    }

    /// Some rule allows what it counts.
    fn is_limit(&self, id: &Arc<str>) -> bool {
        let Some(limit) = self.limits.iter().find(|limit| limit.id == *id) else { return true };
        let meet = |own: &[usize], other: &[usize]| {
            own.is_empty() || other.is_empty() || own.iter().any(|at| other.contains(at))
        };
        self.rules.iter().filter(|rule| rule.is_allow() && rule.mode != Mode::Off).any(|rule| {
            let routes = limit.routes.is_empty()
                || rule.routes.is_empty()
                || limit.routes.iter().any(|own| rule.routes.iter().any(|other| own.may_meet(other)));
            meet(&limit.roles, &rule.roles) && meet(&limit.purposes, &rule.purposes) && routes
        })
    }
}

fn names_role(condition: &Condition, role: &Arc<str>) -> bool {
    match condition {
        Condition::Role(roles) => roles.contains(role),
        Condition::Not(inner) => names_role(inner, role),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| names_role(part, role)),
        _ => false,
    }
}

const ROLE: (&str, &str) = (
    "name it under `match.roles` of a rule, a limit or a template of grants; or remove it",
    "请在规则、限额或授权模板中引用，或删除",
);
const PURPOSE: (&str, &str) = (
    "no rule allows anything to it: name it under `match.purposes`, or remove it",
    "没有规则允许该目的：请在 `match.purposes` 中引用，或删除",
);
const TEMPLATE: (&str, &str) = (
    "no limit is lifted by it, and no rule to its purposes asks for `grant.active(subject)`",
    "没有限额以其解除，也没有针对其目的的规则要求 `grant.active(subject)`",
);
const LIMIT: (&str, &str) = (
    "no rule allows anything to whom it counts: widen its `match`, or remove it",
    "没有规则允许其所统计的访问：请放宽其 `match`，或删除",
);

#[cfg(test)]
mod tests;
