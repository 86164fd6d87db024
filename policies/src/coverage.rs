//! What the cases of the tests exercise: which rules apply in some case, under which conditions, for whom.

use crate::decide::{Direction, Effect};
use crate::document::policy::Mode;
use crate::{PolicySet, route};
use std::sync::Arc;

/// What is exercised, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The firm's rules that are not off.
    pub rules: Vec<RuleCoverage>,
    /// Roles, each with the cases whose caller has it.
    pub roles: Vec<(Arc<str>, usize)>,
    /// Purposes, each with the cases that are for it.
    pub purposes: Vec<(Arc<str>, usize)>,
    /// Bindings, each with the cases on its route.
    pub bindings: Vec<(String, usize)>,
}

/// How one rule is exercised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCoverage {
    /// Its position among those of its direction.
    pub(crate) rule: usize,
    pub(crate) of: Direction,
    /// Its id.
    pub id: Arc<str>,
    /// Cases in which it applies, as `test / case`.
    pub cases: Vec<String>,
    /// Whether some case on its routes is one in which it does not apply: who else is refused, or treated otherwise.
    pub counter_case: bool,
    /// Conditions under `treat.when`, in order: whether each holds in some case.
    pub branches: Vec<bool>,
}

impl RuleCoverage {
    /// Whether it applies in some case, under each of its conditions.
    pub fn is_whole(&self) -> bool {
        !self.cases.is_empty() && self.branches.iter().all(|held| *held)
    }
}

impl Coverage {
    /// Whether every rule is exercised.
    pub fn is_whole(&self) -> bool {
        self.rules.iter().all(RuleCoverage::is_whole)
    }
}

impl PolicySet {
    /// What the cases of the tests exercise.
    pub fn coverage(&self) -> Coverage {
        let tables = &self.tables;
        let mut rules: Vec<RuleCoverage> = Vec::new();
        let both = [(&tables.rules, Direction::Answer), (&tables.requests, Direction::Request)];
        let each = both
            .iter()
            .flat_map(|(rules, of)| rules.iter().enumerate().map(move |(at, rule)| (at, rule, *of)));
        for (at, rule, of) in each.filter(|(_, rule, _)| !rule.shipped && rule.mode != Mode::Off) {
            let branches = match &rule.effect {
                Effect::Allow { when, .. } => when.len(),
                _ => 0,
            };
            rules.push(RuleCoverage {
                rule: at,
                of,
                id: rule.id.clone(),
                cases: Vec::new(),
                counter_case: false,
                branches: vec![false; branches],
            });
        }
        let mut roles: Vec<(Arc<str>, usize)> = self.role_names().map(|name| (name.clone(), 0)).collect();
        let mut purposes: Vec<(Arc<str>, usize)> =
            self.purpose_names().map(|name| (name.clone(), 0)).collect();
        let mut bindings: Vec<(String, usize)> =
            tables.bindings.iter().map(|bound| (bound.binding.id.clone(), 0)).collect();
        for case in &tables.tests {
            let caller = case.caller.resolved();
            let (request, subjects) = (case.request(), case.subjects());
            let situation = self.situation(&caller, &request, subjects.as_ref());
            let outcomes = self.outcomes(&situation);
            // What a case sends is what rules for requests are exercised by.
            let requests =
                if case.body.is_some() { self.request_outcomes(&situation).collect() } else { Vec::new() };
            for coverage in &mut rules {
                let (rules, outcomes, relevant) = match coverage.of {
                    Direction::Answer => (&tables.rules, &outcomes, situation.relevant),
                    Direction::Request => {
                        (&tables.requests, &requests, [situation.of_request()].into_iter().collect())
                    }
                };
                let Some(rule) = rules.get(coverage.rule) else { continue };
                let outcome = outcomes.iter().find(|outcome| outcome.rule == coverage.rule);
                let relations = relevant.0 & outcome.map_or(0, |outcome| outcome.applies.0);
                if relations == 0 {
                    let segments: Vec<&str> = route::split_path(request.path).collect();
                    coverage.counter_case |= rule.matches_route(request.method, request.host, &segments);
                    continue;
                }
                coverage.cases.push(format!("{} / {}", case.test, case.name));
                let held = relevant.iter().filter(|relation| relations >> relation.position() & 1 == 1);
                let bits = held
                    .filter_map(|relation| Some(outcome?.branches(relation)))
                    .fold(0, |all, bits| all | bits);
                for (nth, branch) in coverage.branches.iter_mut().enumerate().take(32) {
                    *branch |= bits >> nth & 1 == 1;
                }
            }
            let count = |list: &mut Vec<(Arc<str>, usize)>, name: &str| {
                list.iter_mut().filter(|(own, _)| **own == *name).for_each(|(_, count)| *count += 1);
            };
            case.caller.roles.iter().for_each(|role| count(&mut roles, role));
            if let Some(purpose) = situation.purpose_taken(self) {
                count(&mut purposes, &purpose.id);
            }
            if let Some(bound) = situation.bound {
                let own = bindings.iter_mut().filter(|(id, _)| *id == bound.binding.id);
                own.for_each(|(_, count)| *count += 1);
            }
        }
        Coverage { rules, roles, purposes, bindings }
    }
}

#[cfg(test)]
mod tests;
