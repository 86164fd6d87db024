//! The decision: identity and request in, permit or refusal out.

mod caller;
mod index;
mod refuse;
mod tables;
mod view;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub(crate) use index::{Glimpse, Index};
pub use refuse::{REFUSALS, RefusalRow};
pub(crate) use tables::{
    BoundRoute, Combination, Days, Direction, Effect, Given, Purpose, Role, Rule, Tables, Word, Words,
    Written,
};
pub(crate) use view::{Lost, Outcome, Views};

use crate::condition::{Facts, Relation, Relations};
use crate::document::scope::Grading;
use crate::few::{Few, QuickMap, Short};
use crate::route;
use crate::{
    Asked, ClassifierTest, Day, Decision, FirmClassifiers, Identity, Limit, Permit, Raise, Request, Standing,
    Subjects,
};
use arc_swap::ArcSwap;
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
    requests_by_host: Index,
    bindings_by_host: Index,
    roles_by_name: QuickMap<Arc<str>, u32>,
    purposes_by_name: QuickMap<Arc<str>, usize>,
    views: ArcSwap<QuickMap<Box<[u32]>, Arc<Views>>>,
    pub(crate) standard: Grading,
}

impl PolicySet {
    pub(crate) fn new(version: String, tables: Tables) -> Self {
        let rules_by_host = Index::of_rules(&tables.rules);
        let requests_by_host = Index::of_rules(&tables.requests);
        let bindings_by_host = Index::of_bindings(&tables.bindings);
        let roles = tables.roles.iter().enumerate().map(|(at, role)| (role.id.clone(), number(at)));
        let purposes = tables.purposes.iter().enumerate().map(|(at, purpose)| (purpose.id.clone(), at));
        PolicySet {
            version,
            rules_by_host,
            requests_by_host,
            bindings_by_host,
            roles_by_name: roles.collect(),
            purposes_by_name: purposes.collect(),
            views: ArcSwap::default(),
            standard: Grading::standard(),
            tables,
        }
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

    /// Decides one request of whose subjects nothing is remembered. Nothing allows → refused.
    pub fn decide(&self, identity: &Identity, request: &Request<'_>) -> Decision {
        self.decide_about(identity, request, None)
    }

    /// Decides one request, given what is remembered of investors.
    pub fn decide_about(
        &self,
        identity: &Identity,
        request: &Request<'_>,
        subjects: Option<&Arc<dyn Subjects>>,
    ) -> Decision {
        self.decide_caller_about(&self.caller(identity), request, subjects)
    }

    /// Decides one request of a caller whose roles are resolved already, as in policy tests.
    pub fn decide_caller(&self, caller: &Caller, request: &Request<'_>) -> Decision {
        self.decide_caller_about(caller, request, None)
    }

    /// The same, given what is remembered of investors.
    pub fn decide_caller_about(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        subjects: Option<&Arc<dyn Subjects>>,
    ) -> Decision {
        let situation = self.situation(caller, request, subjects);
        let views = self.views(&situation);
        match self.refusal(&situation, &views) {
            Some(refusal) => Decision::Refuse(refusal),
            None => Decision::Permit(self.permit(situation, request.today, views)),
        }
    }

    /// The one place where a permit is built.
    fn permit(&self, situation: Situation<'_>, today: Day, views: Arc<Views>) -> Permit {
        let template = situation.bound.map(|bound| bound.template.clone());
        let asks_of_subject = views.asks.both(situation.possible_parts).0 & !Relation::OWN.0 != 0;
        let purpose = situation.purpose_taken(self);
        Permit {
            own_subjects: situation.caller.subjects.iter().map(|own| Short::from(own.as_str())).collect(),
            subjects: situation.subjects.filter(|_| asks_of_subject).cloned(),
            consent: purpose.and_then(|purpose| purpose.consent.clone()),
            recipient: purpose.and_then(|purpose| purpose.recipient.clone()),
            country: purpose.and_then(|purpose| purpose.country.clone()),
            document_subject: situation.document_subject,
            document_standing: situation.document_standing,
            binding: situation.bound.map(|bound| bound.binding.clone()),
            request_binding: situation.bound.map(|bound| bound.request.clone()),
            route: template.unwrap_or_else(|| views.route.clone()),
            views,
            today,
            classifiers: self.tables.classifiers.clone(),
        }
    }

    pub(super) fn limits(&self, limit: &Limit, situation: &Situation<'_>) -> bool {
        let facts = &situation.facts;
        let holds = |at: &usize| situation.has_role(*at);
        let purpose = match situation.purpose {
            PurposeNamed::Taken(Some(at)) => limit.purposes.contains(&at),
            _ => false,
        };
        (limit.roles.is_empty() || limit.roles.iter().any(holds))
            && (limit.purposes.is_empty() || purpose)
            && limit.concerns(facts.method, facts.host, &situation.segments)
    }

    /// Whether refusals on a route carry the business result codes of T/TSAC 002—2025 §6.1.1.
    pub fn has_result_codes(&self, method: &str, host: &str, path: &str) -> bool {
        let request = Request { method, host, path, purpose: None, today: Day::default() };
        let segments: Vec<&str> = route::split_path(path).collect();
        self.binding(&request, &segments).is_some_and(|bound| bound.binding.result_codes)
    }

    /// Exceptions with the last day on which each rules.
    pub fn exceptions(&self) -> impl Iterator<Item = (&Arc<str>, Day)> {
        self.tables.rules.iter().filter_map(|rule| Some((&rule.id, rule.days.until?)))
    }

    /// What may be granted.
    pub fn grant_templates(&self) -> &[crate::GrantTemplate] {
        &self.tables.grant_templates
    }

    /// Every limit there is.
    pub fn all_limits(&self) -> &[Arc<Limit>] {
        &self.tables.limits
    }

    /// Whether a role of this name is declared.
    pub fn has_role(&self, name: &str) -> bool {
        self.tables.roles.iter().any(|role| &*role.id == name)
    }

    /// Whether a purpose of this name is declared.
    pub fn has_purpose(&self, name: &str) -> bool {
        self.tables.purposes.iter().any(|purpose| &*purpose.id == name)
    }

    /// Everything the decision depends on.
    pub(crate) fn situation<'a>(
        &'a self,
        caller: &'a Caller,
        request: &Request<'a>,
        subjects: Option<&'a Arc<dyn Subjects>>,
    ) -> Situation<'a> {
        let segments: Segments<'a> = route::split_path(request.path).collect();
        let bound = self.binding(request, &segments);
        let document_subject = bound.and_then(|bound| bound.document_subject(&segments, caller));
        let named = request.purpose.filter(|purpose| !purpose.is_empty());
        let default = bound.and_then(|bound| bound.purpose_default);
        let declared = named.and_then(|name| self.purposes_by_name.get(name).copied());
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
            known: &caller.facts,
        };
        let consent = taken.and_then(|purpose| purpose.consent.as_deref());
        let asked = Asked { purpose: taken.map(|purpose| &*purpose.id), consent };
        let possible_parts = possible(subjects);
        let standing = |subject: &Short| subjects.map(|subjects| subjects.standing(subject, &asked));
        let document_standing = document_subject.as_ref().and_then(standing).unwrap_or_default();
        let document = document_subject.as_deref().map(|subject| (subject, document_standing));
        let relevant = relevant(bound, document, caller, possible_parts);
        let possible = Relation::all_of(possible_parts);
        Situation {
            caller,
            roles: caller.roles.iter().filter_map(|role| self.roles_by_name.get(role).copied()).collect(),
            facts,
            segments,
            bound,
            document_subject,
            document_standing,
            today: request.today,
            purpose,
            subjects,
            possible_parts,
            possible,
            relevant,
        }
    }

    /// The most specific binding that matches.
    pub(crate) fn binding(&self, request: &Request<'_>, segments: &[&str]) -> Option<&BoundRoute> {
        let glimpse = Glimpse { host: request.host, segments, roles: None, purpose: None };
        self.bindings_by_host
            .concerning(glimpse)
            .filter_map(|at| self.tables.bindings.get(at))
            .filter(|bound| bound.matches(request.method, request.host, segments))
            .max_by(|a, b| a.specificity(b))
    }

    /// The views of a situation, remembered by what they depend on.
    pub(crate) fn views(&self, situation: &Situation<'_>) -> Arc<Views> {
        let key = self.key(situation);
        if let Some(views) = self.views.load().get(&*key) {
            return views.clone();
        }
        let outcomes = self.outcomes(situation);
        let requests: Vec<Outcome> = self.request_outcomes(situation).collect();
        let views = Arc::new(self.compute(situation, &outcomes, &requests));
        if self.views.load().len() < REMEMBERED {
            let key: Box<[u32]> = (&*key).into();
            self.views.rcu(|seen| {
                let mut seen = QuickMap::clone(seen);
                seen.insert(key.clone(), views.clone());
                seen
            });
        }
        views
    }

    /// Which rules matched and how their conditions came out: all that views depend on, beyond what is fixed.
    fn key(&self, situation: &Situation<'_>) -> Few<u32, 96> {
        let mut key = Few::new();
        key.push(u32::from(situation.relevant.0) << 16 | u32::from(situation.possible_parts.0));
        key.push(match situation.purpose {
            PurposeNamed::Taken(Some(at)) => number(at) + 1,
            _ => 0,
        });
        key.push(number(situation.bound.map_or(0, |bound| bound.scene)));
        let facts = &situation.facts;
        key.push((0_u32..).zip(&self.tables.combinations).take(Raise::MOST).fold(0, |bits, (nth, one)| {
            bits | u32::from(one.concerns(facts.method, facts.host, &situation.segments)) << nth
        }));
        for limits in self.tables.limits.chunks(32) {
            let bit = |limit| u32::from(self.limits(limit, situation));
            key.push((0_u32..).zip(limits).fold(0, |bits, (nth, limit)| bits | bit(limit) << nth));
        }
        for outcome in self.each_outcome(situation) {
            key.push(number(outcome.rule) << 16 | u32::from(outcome.applies.0));
            key.push(outcome.route << 1 | u32::from(outcome.rules));
            let Some(rule) = self.tables.rules.get(outcome.rule).filter(|rule| rule.has_branches()) else {
                continue;
            };
            Relation::within(rule.mentions).for_each(|relation| key.push(outcome.branches(relation)));
        }
        for outcome in self.request_outcomes(situation) {
            let relation = situation.of_request();
            let rule = number(outcome.rule) << 1 | u32::from(outcome.rules);
            [u32::MAX - 1, rule, outcome.branches(relation)].into_iter().for_each(|word| key.push(word));
        }
        key.push(u32::MAX);
        situation.roles.iter().for_each(|role| key.push(*role));
        key
    }
}

/// One request seen from where it is decided.
pub(crate) struct Situation<'a> {
    pub caller: &'a Caller,
    pub facts: Facts<'a>,
    /// The declared roles of the caller, by position.
    pub roles: Few<u32, 16>,
    pub segments: Segments<'a>,
    pub bound: Option<&'a BoundRoute>,
    pub document_subject: Option<Short>,
    /// How that investor stands, once for the whole answer.
    pub document_standing: Standing,
    pub today: Day,
    pub purpose: PurposeNamed,
    /// What is remembered of investors.
    pub subjects: Option<&'a Arc<dyn Subjects>>,
    /// What may be true of some subject.
    pub possible_parts: Relation,
    pub possible: Relations,
    /// How the subjects of records in the answer can stand to the request.
    pub relevant: Relations,
}

/// A path, taken apart.
pub(crate) type Segments<'a> = Few<&'a str, 24>;

impl Situation<'_> {
    /// Whether the caller has a declared role.
    pub(crate) fn has_role(&self, at: usize) -> bool {
        self.roles.contains(&number(at))
    }

    /// What rules can be picked by.
    pub(crate) fn glimpse(&self) -> Glimpse<'_> {
        let purpose = match self.purpose {
            PurposeNamed::Taken(at) => at,
            _ => None,
        };
        Glimpse {
            host: self.facts.host,
            segments: &self.segments,
            roles: Some(&self.roles),
            purpose: Some(purpose),
        }
    }

    pub(crate) fn is_relevant(&self, relation: Relation) -> bool {
        self.relevant.contains(relation)
    }

    /// How whom a request speaks of stands to the caller: known only where the route tells.
    pub(crate) fn of_request(&self) -> Relation {
        let document = self.document_subject.as_ref().and_then(|_| self.relevant.iter().next());
        document.unwrap_or(Relation::OTHER)
    }

    /// The declared purpose of the request.
    pub(crate) fn purpose_taken<'s>(&self, set: &'s PolicySet) -> Option<&'s Purpose> {
        match self.purpose {
            PurposeNamed::Taken(at) => at.and_then(|at| set.tables.purposes.get(at)),
            _ => None,
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

/// What may be true of some investor, besides that the data is the caller's own.
fn possible(subjects: Option<&Arc<dyn Subjects>>) -> Relation {
    let Some(subjects) = subjects else { return Relation::OWN };
    let possible = subjects.possible();
    Relation::OWN
        .with(Relation::GRANTED, possible.grants)
        .with(Relation::CONSENTED, possible.consents)
        .with(Relation::RESTRICTED, possible.restrictions)
}

/// How the subjects of records in the answer can stand to the request, as far as route and caller tell.
fn relevant(
    bound: Option<&BoundRoute>,
    document: Option<(&str, Standing)>,
    caller: &Caller,
    parts: Relation,
) -> Relations {
    let is_own = |subject: &str| caller.subjects.iter().any(|own| own == subject);
    match (bound, document) {
        (_, Some((subject, standing))) => {
            let relation = Relation::OTHER
                .with(Relation::OWN, is_own(subject))
                .with(Relation::GRANTED, standing.granted.is_something())
                .with(Relation::CONSENTED, standing.consented.is_something())
                .with(Relation::RESTRICTED, standing.restricted);
            [relation].into_iter().collect()
        }
        (Some(bound), None) if bound.binding.subject.is_some() => {
            let own = if caller.subjects.is_empty() { Relation::OWN.0 } else { 0 };
            Relation::all_of(Relation(parts.0 & !own))
        }
        // Whose the data is can't be told: it is another's.
        _ => [Relation::OTHER].into_iter().collect(),
    }
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX >> 3)
}
