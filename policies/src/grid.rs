//! Everything that can be asked of a set, as far as its documents tell apart: endpoints, purposes, callers, and how a
//! record's subject stands. Comparing two versions and judging past accesses walk over it.

use crate::condition::{Condition, Relation, Test, Variable};
use crate::decide::{Effect, Views};
use crate::route::{self, Host, Segment};
use crate::{Asked, Caller, CallerFact, CallerFacts, Day, PolicySet, Possible, Request, Standing, Subjects};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One request that stands for all that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Host; `any.invalid` where a rule names none.
    pub host: String,
    /// A path that it matches.
    pub path: String,
    /// Method.
    pub method: String,
    /// Path as documents write it, bindings before rules: `/customers/{id}`.
    pub template: String,
}

/// What is proven of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Login {
    /// Nothing.
    None,
    /// Who they are.
    Authenticated,
    /// A fresh strong authentication.
    SteppedUp,
}

impl Login {
    /// All of them.
    pub const ALL: [Login; 3] = [Login::None, Login::Authenticated, Login::SteppedUp];

    /// `unauthenticated`, `authenticated`, `stepped-up`.
    pub fn name(self) -> &'static str {
        match self {
            Login::None => "unauthenticated",
            Login::Authenticated => "authenticated",
            Login::SteppedUp => "stepped-up",
        }
    }
}

/// Anything may be true of anybody.
#[derive(Debug)]
struct Anything;

impl Subjects for Anything {
    fn possible(&self) -> Possible {
        Possible { grants: true, consents: true, restrictions: true }
    }

    fn standing(&self, _: &str, _: &Asked<'_>) -> Standing {
        Standing::default()
    }
}

/// What comes of one request for subjects of every standing.
pub(crate) struct Sight {
    pub views: Arc<Views>,
    /// Relations to which something is allowed.
    pub permitted: Vec<Relation>,
    /// Code of the refusal, where nothing is.
    pub refused: Option<&'static str>,
}

impl PolicySet {
    /// What comes of a request, whoever the records are of.
    pub(crate) fn sight(&self, caller: &Caller, request: &Request<'_>) -> Sight {
        let anything: Arc<dyn Subjects> = Arc::new(Anything);
        let mut situation = self.situation(caller, request, Some(&anything));
        let own = if caller.authenticated { 0 } else { Relation::OWN.0 };
        situation.relevant = Relation::all_of(Relation(situation.possible_parts.0 & !own));
        let outcomes = self.outcomes(&situation);
        let views = self.views(&situation);
        let refused = self.refusal(&situation, &views).map(|refusal| refusal.code);
        let permits = |relation: &Relation| {
            let ruling = || {
                let here = outcomes.iter().filter(|outcome| outcome.rules && outcome.applies(*relation));
                here.filter_map(|outcome| self.tables.rules.get(outcome.rule))
            };
            let denied = ruling().any(|rule| matches!(rule.effect, Effect::Deny { all: true, .. }));
            refused.is_none() && !denied && ruling().any(|rule| rule.is_allow())
        };
        let permitted = situation.relevant.iter().filter(permits).collect();
        Sight { views, permitted, refused }
    }

    /// A request for each pattern that documents name, by each method that any of them names.
    pub(crate) fn endpoints(&self, methods: &BTreeSet<String>) -> BTreeSet<Endpoint> {
        let mut endpoints: BTreeMap<(String, String, String), String> = BTreeMap::new();
        let mut add = |host: &Host, path: &[Segment], template: String, own: &[String]| {
            let own: Vec<&String> =
                if own.is_empty() { methods.iter().collect() } else { own.iter().collect() };
            for method in own {
                let key = (host_like(host), path_like(path), method.clone());
                endpoints.entry(key).or_insert_with(|| template.clone());
            }
        };
        for bound in &self.tables.bindings {
            let method: Vec<String> = bound.method.iter().cloned().collect();
            add(&bound.host, &bound.path, bound.template.to_string(), &method);
        }
        for route in self.tables.rules.iter().filter(|rule| !rule.shipped).flat_map(|rule| &rule.routes) {
            let template = route.text.find('/').and_then(|at| route.text.get(at..)).unwrap_or("/");
            add(&route.host, &route.path, template.to_owned(), &route.methods);
        }
        let whole = |((host, path, method), template)| Endpoint { host, path, method, template };
        endpoints.into_iter().map(whole).collect()
    }

    /// By which names records know an endpoint: its binding's template, else the patterns that match it.
    pub(crate) fn record_names(&self, endpoint: &Endpoint) -> Vec<String> {
        let segments: Vec<&str> = route::split_path(&endpoint.path).collect();
        let request = endpoint.request(None, Day::default());
        if let Some(bound) = self.binding(&request, &segments) {
            return vec![bound.template.to_string()];
        }
        let routes = self.tables.rules.iter().flat_map(|rule| &rule.routes);
        let hit = routes.filter(|route| route.matches(request.method, request.host, &segments));
        hit.map(|route| route.text.clone()).collect()
    }

    /// Every method that documents name.
    pub(crate) fn methods(&self) -> BTreeSet<String> {
        let routes = self.tables.rules.iter().flat_map(|rule| &rule.routes).flat_map(|route| &route.methods);
        let bound = self.tables.bindings.iter().filter_map(|bound| bound.method.as_ref());
        routes.chain(bound).cloned().chain(["GET".to_owned()]).collect()
    }

    /// What conditions ask of facts about the caller.
    pub(crate) fn asked_facts(&self) -> BTreeSet<(&'static str, String)> {
        let mut asked = BTreeSet::new();
        for rule in &self.tables.rules {
            let mut note = |condition: &Condition| condition.facts(&mut asked);
            note(&rule.when);
            if let Effect::Allow { when, .. } = &rule.effect {
                when.iter().for_each(|(condition, _)| note(condition));
            }
        }
        asked
    }

    pub(crate) fn role_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tables.roles.iter().map(|role| &role.id)
    }

    pub(crate) fn purpose_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tables.purposes.iter().map(|purpose| &purpose.id)
    }
}

impl Endpoint {
    /// A request to it.
    pub(crate) fn request<'e>(&'e self, purpose: Option<&'e str>, today: Day) -> Request<'e> {
        Request { method: &self.method, host: &self.host, path: &self.path, purpose, today }
    }
}

/// Callers' facts, told apart as conditions do: every combination while there are few, else one fact at a time.
pub(crate) fn assignments(asked: &BTreeSet<(&'static str, String)>) -> Vec<Vec<(CallerFact, String)>> {
    let values = |fact: CallerFact| {
        let own = asked.iter().filter(move |(name, _)| *name == fact.name());
        own.map(move |(_, value)| (fact, value.clone())).filter(|(_, value)| !value.is_empty())
    };
    let count: usize = CallerFact::ALL.into_iter().map(|fact| values(fact).count() + 1).product();
    let mut all: Vec<Vec<(CallerFact, String)>> = vec![Vec::new()];
    for fact in CallerFact::ALL {
        let known = if count <= MOST_ASSIGNMENTS { all.clone() } else { vec![Vec::new()] };
        for (fact, value) in values(fact) {
            all.extend(known.iter().map(|known| [known.clone(), vec![(fact, value.clone())]].concat()));
        }
    }
    all
}

/// A caller with one role at most.
pub(crate) fn caller(role: Option<&str>, login: Login, known: &[(CallerFact, String)], lot: u8) -> Caller {
    let mut facts = CallerFacts::UNKNOWN;
    known.iter().for_each(|(fact, value)| facts.set(*fact, value.clone()));
    let authenticated = login != Login::None;
    Caller {
        id: if authenticated { "somebody".to_owned() } else { String::new() },
        roles: role.map(Arc::from).into_iter().collect(),
        subjects: Vec::new(),
        authenticated,
        stepped_up: login == Login::SteppedUp,
        facts,
        lot,
    }
}

impl Condition {
    /// Which facts about the caller are compared with what.
    fn facts(&self, asked: &mut BTreeSet<(&'static str, String)>) {
        match self {
            Condition::Text(Variable::Fact(fact), test) => match test {
                Test::OneOf(texts) => asked.extend(texts.iter().map(|text| (fact.name(), text.clone()))),
                Test::StartsWith(text) | Test::EndsWith(text) | Test::Contains(text) => {
                    asked.insert((fact.name(), text.clone()));
                }
            },
            Condition::Not(inner) => {
                inner.facts(asked);
                // What is asked not to be something is something else.
                if let Condition::Text(Variable::Fact(fact), Test::OneOf(texts)) = &**inner
                    && texts.iter().all(String::is_empty)
                {
                    asked.insert((fact.name(), "something".to_owned()));
                }
            }
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| part.facts(asked)),
            _ => {}
        }
    }
}

fn host_like(host: &Host) -> String {
    match host {
        Host::Any => "any.invalid".to_owned(),
        Host::Below(parent) => format!("any.{}", parent.trim_start_matches('.')),
        Host::Exact(name) => name.clone(),
    }
}

fn path_like(path: &[Segment]) -> String {
    let one = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(_) | Segment::Rest => ANY.to_owned(),
        Segment::Glob(parts) => parts.join(ANY),
    };
    path.iter().map(|segment| format!("/{}", one(segment))).collect()
}

/// The segments that nobody names.
const ANY: &str = "any";

/// More would be too many to read.
const MOST_ASSIGNMENTS: usize = 48;
