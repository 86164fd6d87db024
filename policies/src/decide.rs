//! The decision: identity and request in, permit or refusal out.

mod caller;
mod index;
mod refuse;
mod tables;
mod view;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use caller::Caller;
pub(crate) use index::Index;
pub use refuse::{REFUSALS, RefusalRow};
pub(crate) use tables::{
    BoundRoute, Combination, Effect, Given, Purpose, Role, Rule, Tables, Word, Words, Written,
};
pub(crate) use view::{Lost, Outcome, Views};

use crate::condition::{Facts, Relation};
use crate::document::scope::Grading;
use crate::route;
use crate::{ClassifierTest, Day, Decision, FirmClassifiers, Identity, Permit, Raise, Request};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;

/// Most views remembered; beyond, they are computed anew for each request.
const REMEMBERED: usize = 4096;

/// An immutable, checked set of policies: one version.
///
/// Deciding is free of order, of I/O and of locks; views are compiled when first needed and remembered.
#[derive(Debug)]
pub struct PolicySet {
    version: String,
    pub(crate) tables: Tables,
    rules_by_host: Index,
    bindings_by_host: Index,
    views: ArcSwap<HashMap<Box<[u32]>, Arc<Views>>>,
    pub(crate) standard: Grading,
}

impl PolicySet {
    pub(crate) fn new(version: String, tables: Tables) -> Self {
        let (rules_by_host, bindings_by_host) =
            (Index::of_rules(&tables.rules), Index::of_bindings(&tables.bindings));
        let standard = Grading::standard();
        PolicySet { version, tables, rules_by_host, bindings_by_host, views: ArcSwap::default(), standard }
    }

    /// The version's name: hex SM3 of its sources, given by the loader.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The cases of every `PolicyTest`.
    pub fn tests(&self) -> &[crate::TestCase] {
        &self.tables.tests
    }

    /// What the firm adds to the shipped classifiers.
    pub fn classifiers(&self) -> Option<&Arc<FirmClassifiers>> {
        self.tables.classifiers.as_ref()
    }

    /// The tests that stand inside the firm's classifiers.
    pub fn classifier_tests(&self) -> &[ClassifierTest] {
        &self.tables.classifier_tests
    }

    /// Decides one request. Nothing allows → refused.
    pub fn decide(&self, identity: &Identity, request: &Request<'_>) -> Decision {
        self.decide_caller(&self.caller(identity), request)
    }

    /// Decides one request of a caller whose roles are resolved already, as in policy tests.
    pub fn decide_caller(&self, caller: &Caller, request: &Request<'_>) -> Decision {
        let situation = self.situation(caller, request);
        let views = self.views(&situation);
        match self.refusal(&situation, &views) {
            Some(refusal) => Decision::Refuse(refusal),
            None => Decision::Permit(self.permit(situation, request.today, &views)),
        }
    }

    /// The one place where a permit is built.
    fn permit(&self, situation: Situation<'_>, today: Day, views: &Views) -> Permit {
        let template = situation.bound.map(|bound| bound.template.clone());
        Permit {
            own: views.own.clone(),
            other: views.other.clone(),
            own_subjects: situation.caller.subjects.clone(),
            document_subject: situation.document_subject,
            binding: situation.bound.map(|bound| bound.binding.clone()),
            route: template.unwrap_or_else(|| views.route.clone()),
            roles: views.roles.clone(),
            rules: views.rules.clone(),
            purpose: views.purpose.clone(),
            basis: views.basis,
            today,
            classifiers: self.tables.classifiers.clone(),
        }
    }

    /// Everything the decision depends on.
    pub(crate) fn situation<'a>(&'a self, caller: &'a Caller, request: &Request<'a>) -> Situation<'a> {
        let segments: Vec<&'a str> = route::split_path(request.path).collect();
        let bound = self.binding(request, &segments);
        let document_subject = bound.and_then(|bound| bound.document_subject(&segments, caller));
        let named = request.purpose.filter(|purpose| !purpose.is_empty());
        let default = bound.and_then(|bound| bound.purpose_default);
        let declared = named.and_then(|name| self.tables.purposes.iter().position(|own| &*own.id == name));
        // A route that fixes its purpose hears no other: neither is silently taken for the other.
        let fixed = bound.is_some_and(|bound| !bound.purpose_header);
        let purpose = match named {
            None => PurposeNamed::Taken(default),
            Some(_) if declared.is_none() => PurposeNamed::Unknown,
            Some(_) if fixed && declared != default => PurposeNamed::NotHeard,
            Some(_) => PurposeNamed::Taken(declared),
        };
        let taken = match purpose {
            PurposeNamed::Taken(taken) => taken.and_then(|at| self.tables.purposes.get(at)),
            _ => None,
        };
        let facts = Facts {
            roles: &caller.roles,
            authenticated: caller.authenticated,
            stepped_up: caller.authenticated && caller.stepped_up,
            caller: &caller.id,
            method: request.method,
            host: request.host,
            path: request.path,
            purpose: taken.map_or("", |purpose| &purpose.id),
            basis: taken.map_or("", |purpose| purpose.basis.id()),
        };
        let relevant = relevant(bound, document_subject.as_deref(), caller);
        Situation { caller, facts, segments, bound, document_subject, purpose, relevant }
    }

    /// The most specific binding that matches.
    fn binding(&self, request: &Request<'_>, segments: &[&str]) -> Option<&BoundRoute> {
        self.bindings_by_host
            .concerning(request.host)
            .filter_map(|at| self.tables.bindings.get(at))
            .filter(|bound| bound.matches(request.method, request.host, segments))
            .max_by(|a, b| a.specificity(b))
    }

    /// The views of a situation, remembered by what they depend on.
    fn views(&self, situation: &Situation<'_>) -> Arc<Views> {
        let outcomes = self.outcomes(situation);
        let key = self.key(situation, &outcomes);
        if let Some(views) = self.views.load().get(key.as_slice()) {
            return views.clone();
        }
        let views = Arc::new(self.compute(situation, &outcomes));
        if self.views.load().len() < REMEMBERED {
            let key = key.into_boxed_slice();
            self.views.rcu(|seen| {
                let mut seen = HashMap::clone(seen);
                seen.insert(key.clone(), views.clone());
                seen
            });
        }
        views
    }

    /// Which rules matched and how their conditions came out: all that views depend on, beyond what is fixed.
    fn key(&self, situation: &Situation<'_>, outcomes: &[Outcome]) -> Vec<u32> {
        let mut key = Vec::with_capacity(outcomes.len() * 4 + situation.caller.roles.len() + 2);
        let [own, other] = situation.relevant;
        key.push(u32::from(own) | u32::from(other) << 1);
        key.push(match situation.purpose {
            PurposeNamed::Taken(Some(at)) => number(at) + 1,
            _ => 0,
        });
        key.push(number(situation.bound.map_or(0, |bound| bound.scene)));
        let facts = &situation.facts;
        key.push((0_u32..).zip(&self.tables.combinations).take(Raise::MOST).fold(0, |bits, (nth, one)| {
            bits | u32::from(one.concerns(facts.method, facts.host, &situation.segments)) << nth
        }));
        for outcome in outcomes {
            key.push(number(outcome.rule) << 2 | u32::from(outcome.own) | u32::from(outcome.other) << 1);
            key.push(outcome.own_branches);
            key.push(outcome.other_branches);
            key.push(outcome.route);
        }
        key.push(u32::MAX);
        let position = |id: &Arc<str>| self.tables.roles.iter().position(|own| own.id == *id);
        key.extend(situation.caller.roles.iter().filter_map(position).map(number));
        key
    }
}

/// One request seen from where it is decided.
pub(crate) struct Situation<'a> {
    pub caller: &'a Caller,
    pub facts: Facts<'a>,
    pub segments: Vec<&'a str>,
    pub bound: Option<&'a BoundRoute>,
    pub document_subject: Option<String>,
    pub purpose: PurposeNamed,
    /// Whether records of the caller's own, and of others, can be in the answer.
    pub relevant: [bool; 2],
}

impl Situation<'_> {
    pub(crate) fn is_relevant(&self, relation: Relation) -> bool {
        let [own, other] = self.relevant;
        match relation {
            Relation::Own => own,
            Relation::Other => other,
        }
    }
}

/// The purpose of a request, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PurposeNamed {
    Taken(Option<usize>),
    Unknown,
    /// The route fixes its purpose, and the client named another.
    NotHeard,
}

/// Whose records the answer may hold, as far as route and caller tell.
fn relevant(bound: Option<&BoundRoute>, document_subject: Option<&str>, caller: &Caller) -> [bool; 2] {
    let is_own = |subject: &str| caller.subjects.iter().any(|own| own == subject);
    match (bound, document_subject) {
        (_, Some(subject)) => [is_own(subject), !is_own(subject)],
        (Some(bound), None) if bound.binding.subject.is_some() => [!caller.subjects.is_empty(), true],
        // Whose the data is can't be told: it is another's.
        _ => [false, true],
    }
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX >> 3)
}
