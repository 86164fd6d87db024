//! Views: what happens to each kind in a record, by how the record's subject stands to the request.
//!
//! Within one view: deny > drop > stronger mask > weaker mask > clear. Rules bound to the subject (their `when` holds
//! for some relations and not for others) come before rules that are not: for the kinds they give, they alone are asked,
//! so that "their own, in clear" is not undone by the general "mask". Floors come last and only strengthen. A view also
//! says what is stricter for records in which a combination raises levels.

mod mixed;

use super::{Combination, Effect, Index, PolicySet, PurposeNamed, Rule, Situation, Words};
use crate::condition::{Condition, Relation, Relations};
use crate::document::policy::Mode;
use crate::document::scope::{Grade, Grading};
use crate::{Basis, Limit, Mask, NumberMask, Raise, Treatment, View};
use mixed::Mixed;
use std::sync::Arc;
use yingbi_taxonomy::{Kind, KindSet, Level};

/// Views and what goes with them into a permit.
#[derive(Debug)]
pub(crate) struct Views {
    /// Of another's record, which nothing opens.
    other: View,
    /// By relation: position in `more`, counted from one; zero is `other`.
    of: [u8; Relation::COUNT],
    more: Vec<View>,
    /// Whether any view that the answer may need leaves something out.
    pub drops: bool,
    /// Whether any of them lets something be decrypted, and whether any needs a key.
    pub opens: bool,
    pub keyed: bool,
    /// Whether any of them binds envelopes to where they stand.
    pub to_path: bool,
    /// What the views depend on.
    pub asks: Relation,
    /// Views of records of which only some kinds are granted or consented.
    mixed: Mixed,
    /// What becomes of what comes in, where a rule speaks of it.
    pub request: Option<View>,
    /// Whether anything is allowed at all.
    pub permitted: bool,
    /// Whether a denial alone is why not.
    pub denied: bool,
    /// Rules that decided.
    pub rules: Arc<[Arc<str>]>,
    pub roles: Arc<[Arc<str>]>,
    /// Limits that concern the access.
    pub limits: Arc<[Arc<Limit>]>,
    pub purpose: Option<Arc<str>>,
    pub basis: Option<Basis>,
    /// Name of the route where no binding gives one.
    pub route: Arc<str>,
}

impl Views {
    /// The view of a relation; one that was not thought possible is another's.
    pub(crate) fn of(&self, relation: Relation) -> &View {
        let at = self.of.get(relation.both(self.asks).position()).copied().unwrap_or_default();
        usize::from(at).checked_sub(1).and_then(|at| self.more.get(at)).unwrap_or(&self.other)
    }
}

/// How a matching rule's conditions came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub rule: usize,
    /// Whether the rule rules this request, and does not only watch it.
    pub rules: bool,
    /// For which relations the rule applies.
    pub applies: Relations,
    /// By relation; bit n: the n-th condition under `treat.when` holds.
    pub branches: [u32; Relation::COUNT],
    /// Which of the rule's route patterns matched; they name the route where no binding does.
    pub route: u32,
}

impl Outcome {
    pub(crate) fn applies(&self, relation: Relation) -> bool {
        self.applies.contains(relation)
    }

    pub(crate) fn branches(&self, relation: Relation) -> u32 {
        self.branches.get(relation.position()).copied().unwrap_or_default()
    }

    /// Whether the rule speaks of some relations to the subject only.
    fn is_bound(&self) -> bool {
        self.applies != Relations::ALL && self.applies != Relations::default()
    }
}

impl PolicySet {
    /// Every rule that matches and applies in some view.
    pub(crate) fn outcomes(&self, situation: &Situation<'_>) -> Vec<Outcome> {
        self.each_outcome(situation).collect()
    }

    /// The same, one after the other, by position.
    pub(super) fn each_outcome<'s>(&'s self, situation: &'s Situation<'_>) -> impl Iterator<Item = Outcome> {
        self.outcomes_of((&self.rules_by_host, &self.tables.rules), situation)
    }

    /// Every rule for requests that matches and applies to whom this one speaks of.
    pub(crate) fn request_outcomes<'s>(
        &'s self,
        situation: &'s Situation<'_>,
    ) -> impl Iterator<Item = Outcome> {
        let outcomes = self.outcomes_of((&self.requests_by_host, &self.tables.requests), situation);
        outcomes.filter(|outcome| outcome.applies(situation.of_request()))
    }

    fn outcomes_of<'s>(
        &'s self,
        (index, rules): (&'s Index, &'s [Rule]),
        situation: &'s Situation<'_>,
    ) -> impl Iterator<Item = Outcome> {
        index
            .concerning(situation.glimpse())
            .filter_map(|at| Some((at, rules.get(at)?)))
            .filter(|(_, rule)| rule.mode != Mode::Off)
            .filter_map(|(at, rule)| Some(outcome((at, rule), self.matches(rule, situation)?, situation)))
            .filter(|outcome| outcome.applies.0 & situation.possible.0 != 0)
    }

    /// Which of a rule's route patterns matches, where all that it matches by does.
    fn matches(&self, rule: &Rule, situation: &Situation<'_>) -> Option<usize> {
        let others = rule.days.hold(situation.today)
            && self.matches_caller(rule, situation)
            && self.matches_purpose(rule, situation);
        let facts = &situation.facts;
        if others { rule.route_taken(facts.method, facts.host, &situation.segments) } else { None }
    }

    pub(crate) fn matches_caller(&self, rule: &Rule, situation: &Situation<'_>) -> bool {
        let holds = |at: &usize| situation.has_role(*at);
        (situation.facts.authenticated || rule.public)
            && (rule.roles.is_empty() || rule.roles.iter().any(holds))
    }

    pub(crate) fn matches_purpose(&self, rule: &Rule, situation: &Situation<'_>) -> bool {
        match situation.purpose {
            PurposeNamed::Taken(Some(at)) => rule.purposes.is_empty() || rule.purposes.contains(&at),
            _ => rule.purposes.is_empty(),
        }
    }

    pub(crate) fn matches_route(&self, rule: &Rule, situation: &Situation<'_>) -> bool {
        rule.matches_route(situation.facts.method, situation.facts.host, &situation.segments)
    }

    pub(super) fn compute(
        &self,
        situation: &Situation<'_>,
        outcomes: &[Outcome],
        requests: &[Outcome],
    ) -> Views {
        let relevant: Vec<Relation> = situation.relevant.iter().collect();
        let allows = |relation| self.ruling(outcomes, relation, false).any(|(rule, _)| rule.is_allow());
        let denies = |relation| {
            self.ruling(outcomes, relation, false)
                .any(|(rule, _)| matches!(rule.effect, Effect::Deny { all: true, .. }))
        };
        let permitted = relevant.iter().any(|relation| allows(*relation) && !denies(*relation));
        let denied = !permitted && relevant.iter().any(|relation| denies(*relation));
        let mut rules: Vec<Arc<str>> = Vec::new();
        let mut route: Option<&str> = None;
        for (rule, outcome) in
            outcomes.iter().filter_map(|outcome| Some((self.tables.rules.get(outcome.rule)?, outcome)))
        {
            let decides = match rule.effect {
                Effect::Allow { .. } => !denied,
                Effect::Deny { all, .. } => all || !denied,
                Effect::Floor { .. } => false,
            };
            let applies = relevant.iter().any(|relation| outcome.applies(*relation));
            if outcome.rules && decides && applies {
                rules.push(rule.id.clone());
                let hit = rule.routes.get(usize::try_from(outcome.route).unwrap_or(usize::MAX));
                // The first by text: any would do, but not by the order of files.
                route = route.into_iter().chain(hit.map(|own| own.text.as_str())).min();
            }
        }
        let ruling = requests.iter().filter(|outcome| outcome.rules && !denied);
        rules.extend(ruling.filter_map(|outcome| Some(self.tables.requests.get(outcome.rule)?.id.clone())));
        let purpose = match situation.purpose {
            PurposeNamed::Taken(at) => at.and_then(|at| self.tables.purposes.get(at)),
            _ => None,
        };
        let asks = asks(situation.possible, outcomes);
        let mut of = [0; Relation::COUNT];
        let mut more = Vec::new();
        for relation in Relation::within(asks).filter(|relation| *relation != Relation::OTHER) {
            more.push(self.view(situation, outcomes, relation));
            if let Some(at) = of.get_mut(relation.position()) {
                *at = u8::try_from(more.len()).unwrap_or_default();
            }
        }
        let other = self.view(situation, outcomes, Relation::OTHER);
        // What is granted or consented in part mixes the views of parts, too.
        let may_be = |relation: Relation| relevant.iter().any(|whole| relation.0 & !whole.0 == 0);
        let drops = other.drops
            || Relation::within(asks)
                .filter(|relation| may_be(*relation))
                .filter_map(|relation| usize::from(*of.get(relation.position())?).checked_sub(1))
                .filter_map(|at| more.get(at))
                .any(|view: &View| view.drops);
        let opens = [&other].into_iter().chain(&more).any(|view| !view.opens.is_empty());
        let keyed = [&other].into_iter().chain(&more).any(|view| view.keyed);
        let to_path = [&other].into_iter().chain(&more).any(|view| view.to_path);
        Views {
            other,
            of,
            more,
            drops,
            opens,
            keyed,
            to_path,
            asks,
            mixed: Mixed::default(),
            request: self.request_view(situation, requests),
            permitted,
            denied,
            rules: rules.into(),
            roles: situation.caller.roles.clone().into(),
            limits: self
                .tables
                .limits
                .iter()
                .filter(|limit| self.limits(limit, situation))
                .cloned()
                .collect(),
            purpose: purpose.map(|purpose| purpose.id.clone()),
            basis: purpose.map(|purpose| purpose.basis),
            route: Arc::from(route.unwrap_or("*")),
        }
    }

    fn view(&self, situation: &Situation<'_>, outcomes: &[Outcome], relation: Relation) -> View {
        let scene = self.scene(situation);
        let settled = |grading: &Grading, with_monitors| -> Vec<Treatment> {
            let one = |kind| self.treatment(outcomes, relation, (kind, grading), with_monitors).treatment;
            Kind::all().map(one).collect()
        };
        let treatments = whole(settled(scene, false));
        let monitors = outcomes.iter().any(|outcome| outcome.applies(relation) && !outcome.rules);
        let monitored = monitors.then(|| whole(settled(scene, true))).filter(|would| *would != treatments);
        let combinations = self.combinations(situation).take(Raise::MOST).map(|combination| {
            let raised = settled(&combination.grading(scene), false);
            // A rule may give a higher level more than a lower one; a record is never the freer for what it holds.
            let stricter = raised.into_iter().zip(treatments.iter().cloned());
            Raise {
                id: combination.id.clone(),
                cause: combination.cause.clone(),
                enforced: combination.enforced,
                treatments: whole(stricter.map(|(raised, own)| own.stronger(raised)).collect()),
            }
        });
        let raises: Box<[Raise]> = combinations.filter(|raise| raise.treatments != treatments).collect();
        let opens = self.ruling(outcomes, relation, false).map(|(rule, _)| rule.opens);
        let opens = opens.fold(KindSet::default(), KindSet::union);
        let is_secret = |kind: &Kind| kind.level() == Level::L4 || scene.of(*kind).level == Level::L4;
        let opens = opens.iter().filter(|kind| !is_secret(kind)).collect();
        View::new(treatments, monitored, raises).opening(opens)
    }

    /// What becomes of what comes in; nothing where no rule speaks of it.
    fn request_view(&self, situation: &Situation<'_>, outcomes: &[Outcome]) -> Option<View> {
        let scene = self.scene(situation);
        let settled = |with_monitors: bool| -> Vec<Treatment> {
            Kind::all()
                .map(|kind| {
                    let graded = Graded { kind, grade: scene.of(kind) };
                    self.of_request(situation, outcomes, graded, with_monitors)
                })
                .collect()
        };
        let enforces = outcomes.iter().any(|outcome| outcome.rules);
        let monitors = outcomes.iter().any(|outcome| !outcome.rules);
        if !enforces && !monitors {
            return None;
        }
        let treatments = match enforces {
            true => whole(settled(false)),
            false => Box::new([const { Treatment::Clear }; Kind::COUNT]),
        };
        let monitored = monitors.then(|| whole(settled(true))).filter(|would| *would != treatments);
        Some(View::new(treatments, monitored, Box::default()))
    }

    /// What becomes of one kind that comes in. Authentication data is never passed on in clear for storage (T/TSAC 001
    /// §8.3.3.2 d).
    fn of_request(
        &self,
        situation: &Situation<'_>,
        outcomes: &[Outcome],
        graded: Graded,
        with_monitors: bool,
    ) -> Treatment {
        let relation = situation.of_request();
        let mut treatment = Treatment::Clear;
        for outcome in outcomes {
            let Some(rule) = self.tables.requests.get(outcome.rule) else { continue };
            if !outcome.rules && !with_monitors {
                continue;
            }
            let given = match &rule.effect {
                Effect::Deny { kinds, of, .. } => {
                    let is_denied = kinds.contains(graded.kind) || of.contains(graded.grade);
                    is_denied.then_some(Treatment::Block)
                }
                _ => self.given(rule, outcome.branches(relation), graded),
            };
            treatment = given.into_iter().fold(treatment, Treatment::stronger);
        }
        match &treatment {
            Treatment::Clear if graded.level() == Level::L4 => Treatment::Mask(Arc::new(Mask::Encrypt {
                to_subject: false,
                to_path: false,
                number: NumberMask::Text,
            })),
            Treatment::Mask(mask) if graded.level() == Level::L4 && mask.shows_anything() => {
                Treatment::Mask(Arc::new(Mask::nothing()))
            }
            _ => treatment,
        }
    }

    /// What kinds count as on the route.
    pub(crate) fn scene(&self, situation: &Situation<'_>) -> &Grading {
        let scene = situation.bound.map_or(0, |bound| bound.scene);
        self.tables.scenes.get(scene).unwrap_or(&self.standard)
    }

    /// The combinations that concern the route.
    pub(crate) fn combinations(&self, situation: &Situation<'_>) -> impl Iterator<Item = &Combination> {
        let facts = &situation.facts;
        self.tables
            .combinations
            .iter()
            .filter(|combination| combination.concerns(facts.method, facts.host, &situation.segments))
    }

    /// What happens to one kind, given what kinds count as, and by whom.
    pub(crate) fn treatment(
        &self,
        outcomes: &[Outcome],
        relation: Relation,
        (kind, grading): (Kind, &Grading),
        with_monitors: bool,
    ) -> Settled<'_> {
        let graded = Graded { kind, grade: grading.of(kind) };
        let ruling: Vec<(&Rule, &Outcome)> = self.ruling(outcomes, relation, with_monitors).collect();
        let denial = ruling.iter().find(|(rule, _)| match &rule.effect {
            Effect::Deny { kinds, of, .. } => kinds.contains(kind) || of.contains(graded.grade),
            _ => false,
        });
        if let Some((rule, _)) = denial {
            return Settled { treatment: Treatment::Block, by: vec![rule], lost: Vec::new(), floor: None };
        }
        let gives: Vec<(&Rule, bool, Raised<'_>)> = ruling
            .iter()
            .filter(|(rule, _)| rule.is_allow())
            .filter_map(|(rule, outcome)| {
                let given = self.given(rule, outcome.branches(relation), graded)?;
                Some((*rule, outcome.is_bound(), self.raised(given, rule, &ruling, graded)))
            })
            .collect();
        let bound = gives.iter().any(|(_, bound, _)| *bound);
        let asked = gives.iter().filter(|(_, is_bound, _)| *is_bound == bound);
        let Some(strongest) =
            asked.clone().map(|(_, _, raised)| raised).max_by(|a, b| a.treatment.compare(&b.treatment))
        else {
            return self.unnamed(&ruling, graded);
        };
        let decides = |(_, is_bound, raised): &&(&Rule, bool, Raised<'_>)| {
            *is_bound == bound && raised.treatment == strongest.treatment
        };
        Settled {
            treatment: strongest.treatment.clone(),
            by: gives.iter().filter(decides).map(|(rule, _, _)| *rule).collect(),
            lost: gives
                .iter()
                .filter(|give| !decides(give))
                .map(|(rule, is_bound, _)| {
                    (*rule, if *is_bound == bound { Lost::Weaker } else { Lost::General })
                })
                .collect(),
            floor: strongest.floor,
        }
    }

    /// What no rule names: left out. But level 4, which rules do not name since nothing of it may be seen, stays as a
    /// mask that shows nothing wherever something is allowed, so that answers keep their shape.
    fn unnamed<'s>(&'s self, ruling: &[(&'s Rule, &Outcome)], graded: Graded) -> Settled<'s> {
        let kind = graded.kind;
        let allowed = ruling.iter().any(|(rule, _)| rule.is_allow());
        if !allowed || graded.level() != Level::L4 {
            return Settled { treatment: Treatment::Drop, by: Vec::new(), lost: Vec::new(), floor: None };
        }
        let own = self.tables.templates.of(kind);
        let mut settled = Settled {
            // What only counts as level 4 here has a template that shows something.
            treatment: if kind.level() == Level::L4 {
                own
            } else {
                Treatment::Mask(Arc::new(Mask::nothing()))
            },
            by: Vec::new(),
            lost: Vec::new(),
            floor: None,
        };
        for (rule, _) in ruling {
            if let Effect::Floor { least, unless_grounded: false, .. } = &rule.effect
                && let Some(least) = at(least, kind)
                && settled.treatment.compare(least).is_le()
            {
                settled.treatment = least.clone();
                settled.floor = Some(rule);
            }
        }
        settled
    }

    /// A treatment after the floors. They judge a kind by the standard's level and by the scene's, whichever is
    /// stricter: no override escapes a floor.
    fn raised<'s>(
        &self,
        given: Treatment,
        rule: &Rule,
        ruling: &[(&'s Rule, &Outcome)],
        graded: Graded,
    ) -> Raised<'s> {
        let is_level_four = graded.level() == Level::L4;
        let mut raised = Raised { treatment: given, floor: None };
        for (floor, _) in ruling {
            let Effect::Floor { least, unless_grounded, of, word } = &floor.effect else { continue };
            if *unless_grounded && rule.grounded {
                continue;
            }
            let here = of.contains(graded.grade).then(|| word.treatment(graded.kind, &self.tables.templates));
            for least in at(least, graded.kind).into_iter().chain(&here) {
                // A floor of masking is met by any mask that the rule gives but where nothing may be seen (level 4); of
                // several floors the strongest holds, in whatever order they come.
                let met = match (&raised.treatment, least) {
                    (Treatment::Mask(mask), Treatment::Mask(_)) if is_level_four => !mask.shows_anything(),
                    (Treatment::Mask(_), Treatment::Mask(_)) if raised.floor.is_none() => true,
                    (treatment, least) => treatment.compare(least).is_ge(),
                };
                if !met {
                    raised = Raised { treatment: least.clone(), floor: Some(floor) };
                }
            }
        }
        let shows = match &raised.treatment {
            Treatment::Clear => true,
            Treatment::Mask(mask) => mask.shows_anything(),
            Treatment::Drop | Treatment::Block => false,
        };
        if is_level_four && shows {
            raised.treatment = Treatment::Mask(Arc::new(Mask::nothing()));
        }
        raised
    }

    /// What a rule gives a kind: of the branches whose conditions hold the strongest, else the base.
    fn given(&self, rule: &Rule, branches: u32, graded: Graded) -> Option<Treatment> {
        let Effect::Allow { base, when, written, .. } = &rule.effect else { return None };
        let held = |nth: usize| branches.checked_shr(number(nth)).unwrap_or(0) & 1 == 1;
        let none_held = branches == 0;
        if graded.is_standard() {
            let given = when.iter().enumerate().filter(|(nth, _)| held(*nth));
            return match none_held {
                true => at(base, graded.kind).cloned(),
                false => given
                    .filter_map(|(_, (_, given))| at(given, graded.kind))
                    .cloned()
                    .reduce(Treatment::stronger),
            };
        }
        let give = |words: &Words| words.give(&written.allow, graded.grade, &self.tables.templates);
        match none_held {
            true => give(&written.base),
            false => {
                let words = written.when.iter().enumerate().filter(|(nth, _)| held(*nth));
                words.filter_map(|(_, words)| give(words)).reduce(Treatment::stronger)
            }
        }
    }

    fn ruling<'s, 'o>(
        &'s self,
        outcomes: &'o [Outcome],
        relation: Relation,
        with_monitors: bool,
    ) -> impl Iterator<Item = (&'s Rule, &'o Outcome)> {
        outcomes
            .iter()
            .filter(move |outcome| outcome.applies(relation))
            .filter(move |outcome| outcome.rules || with_monitors)
            .filter_map(|outcome| Some((self.tables.rules.get(outcome.rule)?, outcome)))
    }
}

/// A kind, and what it counts as.
#[derive(Clone, Copy)]
struct Graded {
    kind: Kind,
    grade: Grade,
}

impl Graded {
    fn is_standard(self) -> bool {
        self.grade == Grade::standard(self.kind)
    }

    /// The stricter of the standard's level and the scene's.
    fn level(self) -> Level {
        self.kind.level().max(self.grade.level)
    }
}

struct Raised<'s> {
    treatment: Treatment,
    floor: Option<&'s Rule>,
}

/// The treatment of one kind, with its history.
pub(crate) struct Settled<'s> {
    pub treatment: Treatment,
    /// Rules that gave it; none where no rule names the kind.
    pub by: Vec<&'s Rule>,
    /// Rules that gave something else.
    pub lost: Vec<(&'s Rule, Lost)>,
    /// The floor that strengthened it.
    pub floor: Option<&'s Rule>,
}

/// Why a rule lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Another gives a stronger treatment.
    Weaker,
    /// Another speaks of this relation to the subject.
    General,
}

fn outcome((at, rule): (usize, &Rule), taken: usize, situation: &Situation<'_>) -> Outcome {
    let facts = &situation.facts;
    let when: &[(Condition, super::Given)] = match &rule.effect {
        Effect::Allow { when, .. } => when,
        _ => &[],
    };
    let held = |relation| {
        let conditions = when.iter().take(32).enumerate();
        conditions
            .filter(|(_, (condition, _))| condition.holds(facts, relation))
            .fold(0_u32, |bits, (nth, _)| bits | 1 << nth)
    };
    let route = number(taken);
    let rules = rule.rules(situation.caller.lot);
    let mut outcome = Outcome { rule: at, rules, applies: Relations::default(), branches: [0; _], route };
    for (relation, alike) in &rule.spread {
        if rule.when.holds(facts, *relation) {
            outcome.applies.0 |= alike.0;
        }
        if when.is_empty() {
            continue;
        }
        let held = held(*relation);
        for relation in alike.iter() {
            if let Some(own) = outcome.branches.get_mut(relation.position()) {
                *own = held;
            }
        }
    }
    outcome
}

/// What views depend on, of what is possible at all.
fn asks(possible: Relations, outcomes: &[Outcome]) -> Relation {
    let differs = |part: Relation| {
        let mut pairs = possible.iter().filter(|relation| relation.has(part)).map(|relation| {
            let without = Relation(relation.0 & !part.0);
            (relation, without)
        });
        pairs.any(|(with, without)| {
            outcomes.iter().any(|outcome| {
                outcome.applies(with) != outcome.applies(without)
                    || outcome.branches(with) != outcome.branches(without)
            })
        })
    };
    Relation::NAMED.into_iter().fold(Relation::OTHER, |all, (part, _, _)| all.with(part, differs(part)))
}

fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn at(given: &[Option<Treatment>], kind: Kind) -> Option<&Treatment> {
    given.get(kind.index())?.as_ref()
}

/// One treatment for every kind; a table of another length blocks everything.
fn whole(treatments: Vec<Treatment>) -> Box<[Treatment; Kind::COUNT]> {
    treatments
        .into_boxed_slice()
        .try_into()
        .unwrap_or_else(|_| Box::new([const { Treatment::Block }; Kind::COUNT]))
}
