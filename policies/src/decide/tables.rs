//! What is decided by: the compiled documents.

use crate::compile::Templates;
use crate::condition::Condition;
use crate::document::policy::Mode;
use crate::document::role::Proof;
use crate::route::{self, Host, RoutePattern, Segment};
use crate::yaml::At;
use crate::{Basis, Binding, Treatment};
use std::cmp::Ordering;
use std::sync::Arc;
use yingbi_taxonomy::KindSet;

#[derive(Debug)]
pub(crate) struct Tables {
    pub roles: Vec<Role>,
    pub purposes: Vec<Purpose>,
    pub bindings: Vec<BoundRoute>,
    /// By id.
    pub rules: Vec<Rule>,
    pub templates: Templates,
    pub tests: Vec<crate::TestCase>,
}

#[derive(Debug)]
pub(crate) struct Role {
    pub id: Arc<str>,
    pub any: Vec<Proof>,
}

#[derive(Debug)]
pub(crate) struct Purpose {
    pub id: Arc<str>,
    pub basis: Basis,
}

#[derive(Debug)]
pub(crate) struct BoundRoute {
    pub host: Host,
    pub method: Option<String>,
    pub path: Vec<Segment>,
    pub template: Arc<str>,
    pub purpose_header: bool,
    pub purpose_default: Option<usize>,
    /// The parameter that names the subject.
    pub parameter: Option<String>,
    /// The answer is the caller's own.
    pub of_caller: bool,
    pub at: At,
    pub binding: Arc<Binding>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub title: String,
    pub clauses: Vec<String>,
    pub shipped: bool,
    pub mode: Mode,
    /// Any of these, by position; empty: any caller.
    pub roles: Vec<usize>,
    pub purposes: Vec<usize>,
    pub routes: Vec<RoutePattern>,
    /// Also for callers of whom nothing is known.
    pub public: bool,
    pub when: Condition,
    pub effect: Effect,
    /// Whether a clause or purpose lets others' level 3 be shown in clear.
    pub grounded: bool,
    pub at: At,
}

/// What each kind is given, by [`yingbi_taxonomy::Kind::index`]; nothing where the rule is silent.
pub(crate) type Given = Box<[Option<Treatment>]>;

#[derive(Debug)]
pub(crate) enum Effect {
    Allow { allow: KindSet, base: Given, when: Vec<(Condition, Given)> },
    Deny { kinds: KindSet, all: bool },
    Floor { least: Given, unless_grounded: bool },
}

impl BoundRoute {
    pub(super) fn matches(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        self.method.as_ref().is_none_or(|own| own == method)
            && self.host.matches(host)
            && self.fitting(segments).is_some()
    }

    /// The segments as the path matches them: with or without the slash at the end.
    fn fitting<'p, 's>(&self, segments: &'p [&'s str]) -> Option<&'p [&'s str]> {
        [Some(segments), route::without_last_slash(segments)]
            .into_iter()
            .flatten()
            .find(|segments| route::path_matches(&self.path, segments))
    }

    pub(crate) fn specificity(&self, other: &BoundRoute) -> Ordering {
        route::specificity(
            (&self.host, &self.path, self.method.is_some()),
            (&other.host, &other.path, other.method.is_some()),
        )
    }

    /// The one investor the whole answer is about, where the route tells.
    pub(crate) fn document_subject(&self, segments: &[&str], caller: &super::Caller) -> Option<String> {
        if self.of_caller {
            return caller.subjects.first().cloned();
        }
        let raw = route::parameter(&self.path, self.parameter.as_ref()?, self.fitting(segments)?)?;
        // What can't be decoded is nobody's own.
        Some(decoded(raw).unwrap_or_else(|| raw.to_owned()))
    }
}

impl Rule {
    pub(crate) fn matches_route(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        let restricts = !self.is_allow();
        let without = restricts.then(|| route::without_last_slash(segments)).flatten();
        self.routes.is_empty()
            || self.hit(method, host, segments).is_some()
            || without.is_some_and(|segments| self.hit(method, host, segments).is_some())
    }

    /// Which route pattern matches.
    pub(crate) fn hit(&self, method: &str, host: &str, segments: &[&str]) -> Option<usize> {
        self.routes.iter().position(|route| route.matches(method, host, segments))
    }

    pub(crate) fn is_floor(&self) -> bool {
        matches!(self.effect, Effect::Floor { .. })
    }

    pub(crate) fn is_allow(&self) -> bool {
        matches!(self.effect, Effect::Allow { .. })
    }
}

/// A path segment without percent-encoding.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let text =
            std::str::from_utf8(&digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(text, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}
