//! What is decided by: the compiled documents.

use crate::compile::Templates;
use crate::condition::{Condition, Relation, Relations};
use crate::document::policy::Mode;
use crate::document::role::Proof;
use crate::document::scope::{Grade, Grading, Scope, Selection};
use crate::few::Short;
use crate::route::{self, Host, RoutePattern, Segment};
use crate::yaml::At;
use crate::{Basis, Binding, Cause, ClassifierTest, ConsentNeeded, Day, FirmClassifiers, Mask, Treatment};
use std::cmp::Ordering;
use std::sync::Arc;
use yingbi_taxonomy::{Kind, KindSet, Level};

#[derive(Debug)]
pub(crate) struct Tables {
    pub roles: Vec<Role>,
    pub purposes: Vec<Purpose>,
    pub bindings: Vec<BoundRoute>,
    /// By id.
    pub rules: Vec<Rule>,
    /// Those that speak of what comes in, by id.
    pub requests: Vec<Rule>,
    pub combinations: Vec<Combination>,
    pub limits: Vec<Arc<crate::Limit>>,
    pub grant_templates: Vec<crate::GrantTemplate>,
    /// What kinds count as by the standard; then in each service scene that a binding declares.
    pub scenes: Vec<Grading>,
    pub classifiers: Option<Arc<FirmClassifiers>>,
    pub classifier_tests: Vec<ClassifierTest>,
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
    /// Where the basis is consent: which.
    pub consent: Option<Arc<ConsentNeeded>>,
    /// Who receives the data, where it is not the firm itself.
    pub recipient: Option<Arc<str>>,
    /// Where that is, when it is abroad.
    pub country: Option<Arc<str>>,
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
    /// What kinds count as here, by position.
    pub scene: usize,
    pub at: At,
    pub binding: Arc<Binding>,
    /// The same of what comes in.
    pub request: Arc<Binding>,
}

/// From one day to another, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    /// It rules after this day only.
    pub after: Option<Day>,
    /// The last day on which it rules.
    pub until: Option<Day>,
}

impl Days {
    pub(crate) fn hold(self, today: Day) -> bool {
        self.after.is_none_or(|after| today > after) && self.until.is_none_or(|until| today <= until)
    }
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub title: String,
    pub clauses: Vec<String>,
    pub shipped: bool,
    pub mode: Mode,
    /// Of how many requests in a hundred it rules; the others it watches.
    pub share: u8,
    /// Any of these, by position; empty: any caller.
    pub roles: Vec<usize>,
    pub purposes: Vec<usize>,
    pub routes: Vec<RoutePattern>,
    /// Also for callers of whom nothing is known.
    pub public: bool,
    /// The days on which it rules.
    pub days: Days,
    pub when: Condition,
    /// What its conditions ask of the subject, those under `treat.when` included.
    pub mentions: Relation,
    /// The relations that are told apart by that, each with all that look like it.
    pub spread: Box<[(Relation, Relations)]>,
    pub effect: Effect,
    /// Whether a clause or purpose lets others' level 3 be shown in clear.
    pub grounded: bool,
    pub of: Direction,
    /// What it lets be decrypted.
    pub opens: KindSet,
    pub at: At,
}

/// What a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What goes out.
    Answer,
    /// What comes in.
    Request,
}

impl Direction {
    pub(crate) fn of(is_request: bool) -> Direction {
        if is_request { Direction::Request } else { Direction::Answer }
    }
}

/// What raises levels within one record (T/TSAC 001 §6.3, §3.4).
#[derive(Debug)]
pub(crate) struct Combination {
    pub id: Arc<str>,
    pub title: String,
    pub clauses: Vec<String>,
    pub shipped: bool,
    pub enforced: bool,
    pub cause: Cause,
    /// Which kinds it raises, and to what.
    pub raises: KindSet,
    pub level: Level,
    pub routes: Vec<RoutePattern>,
    pub at: At,
}

impl Combination {
    /// Like a floor: a slash at the end of a path evades nothing.
    pub(crate) fn concerns(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        let hit = |segments: &[&str]| self.routes.iter().any(|route| route.matches(method, host, segments));
        self.routes.is_empty() || hit(segments) || route::without_last_slash(segments).is_some_and(hit)
    }

    pub(crate) fn grading(&self, scene: &Grading) -> Grading {
        scene.with(|kind, grade| if self.raises.contains(kind) { grade.raised(self.level) } else { grade })
    }
}

/// What each kind is given, by [`yingbi_taxonomy::Kind::index`]; nothing where the rule is silent.
pub(crate) type Given = Box<[Option<Treatment>]>;

#[derive(Debug)]
pub(crate) enum Effect {
    Allow { allow: KindSet, base: Given, when: Vec<(Condition, Given)>, written: Written },
    Deny { kinds: KindSet, all: bool, of: Selection },
    Floor { least: Given, unless_grounded: bool, of: Selection, word: Word },
}

/// What a rule that allows says, for kinds that count as something else than by the standard.
#[derive(Debug)]
pub(crate) struct Written {
    pub allow: Selection,
    pub base: Words,
    /// In the order of the conditions.
    pub when: Vec<Words>,
}

/// `treat`, its masks looked up.
#[derive(Debug)]
pub(crate) struct Words {
    pub default: Word,
    pub categories: Vec<(Scope, Word)>,
}

/// One treatment, its mask looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Clear,
    /// Each kind by its own template.
    Own,
    Drop,
    Mask(Arc<Mask>),
}

impl Word {
    pub(crate) fn treatment(&self, kind: Kind, templates: &Templates) -> Treatment {
        match self {
            Word::Clear => Treatment::Clear,
            Word::Own => templates.of(kind),
            Word::Drop => Treatment::Drop,
            Word::Mask(mask) => Treatment::Mask(mask.clone()),
        }
    }
}

impl Words {
    /// What is given to a kind that counts as this: the narrowest name rules, of equally narrow ones the strongest.
    pub(crate) fn give(&self, allow: &Selection, grade: Grade, templates: &Templates) -> Option<Treatment> {
        let allowed = allow.contains(grade);
        let named = self.categories.iter().filter(|(scope, _)| scope.holds(grade));
        let narrowest = named.clone().map(|(scope, _)| scope.rank()).max();
        let words = named.filter(|(scope, _)| Some(scope.rank()) == narrowest).map(|(_, word)| word);
        let default = (allowed && narrowest.is_none()).then_some(&self.default);
        words
            .chain(default)
            .map(|word| word.treatment(grade.kind, templates))
            .filter(|treatment| allowed || *treatment != Treatment::Clear)
            .reduce(Treatment::stronger)
    }
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
    pub(crate) fn document_subject(&self, segments: &[&str], caller: &super::Caller) -> Option<Short> {
        if self.of_caller {
            return caller.subjects.first().map(|own| Short::from(own.as_str()));
        }
        let raw = route::parameter(&self.path, self.parameter.as_ref()?, self.fitting(segments)?)?;
        // What can't be decoded is nobody's own.
        let is_plain = !raw.contains('%');
        let decoded = if is_plain { None } else { decoded(raw) };
        Some(Short::from(decoded.as_deref().unwrap_or(raw)))
    }
}

impl Effect {
    /// What conditions within it ask of the subject.
    pub(crate) fn mentions(&self) -> Relation {
        let Effect::Allow { when, .. } = self else { return Relation::OTHER };
        when.iter().fold(Relation::OTHER, |all, (condition, _)| all.with(condition.mentions(), true))
    }
}

impl Rule {
    pub(crate) fn matches_route(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        self.route_taken(method, host, segments).is_some()
    }

    /// Which of its route patterns matches; the first where it names none. What restricts takes a path with and without
    /// the slash at its end.
    pub(crate) fn route_taken(&self, method: &str, host: &str, segments: &[&str]) -> Option<usize> {
        if self.routes.is_empty() {
            return Some(0);
        }
        let hit = self.hit(method, host, segments);
        if hit.is_some() || self.is_allow() {
            return hit;
        }
        route::without_last_slash(segments).and_then(|segments| self.hit(method, host, segments))
    }

    /// Which route pattern matches.
    pub(crate) fn hit(&self, method: &str, host: &str, segments: &[&str]) -> Option<usize> {
        self.routes.iter().position(|route| route.matches(method, host, segments))
    }

    /// Whether it has conditions under `treat.when`.
    pub(crate) fn has_branches(&self) -> bool {
        matches!(&self.effect, Effect::Allow { when, .. } if !when.is_empty())
    }

    /// Whether it rules a request of this lot, and does not only watch it.
    pub(crate) fn rules(&self, lot: u8) -> bool {
        self.mode == Mode::Enforce && lot < self.share
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
