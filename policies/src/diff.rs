//! Two versions compared: for every endpoint, caller and purpose that either names, what happens to each kind of data of
//! each investor, where that differs. Callers with one role each; what several roles give together follows from the rules.

use crate::condition::Relation;
use crate::grid::{self, Login, Sight};
use crate::{Caller, CallerFact, Day, Endpoint, PolicySet, Text, Treatment, View};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;
use yingbi_taxonomy::Kind;

/// What is otherwise in another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// One for each caller, purpose and relation on each endpoint.
    pub changes: Vec<Change>,
    /// Ids of limits that are there in one version only, or say something else.
    pub limits: Vec<String>,
    /// Ids of templates of grants, alike.
    pub grant_templates: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub endpoint: Endpoint,
    /// Whose request, by role.
    pub role: Option<Arc<str>>,
    /// What is proven of them.
    pub login: Login,
    /// What is known of them, where conditions ask.
    pub facts: Vec<(CallerFact, String)>,
    /// Purpose named.
    pub purpose: Option<Arc<str>>,
    /// How the records' subject stands.
    pub whose: Whose,
    /// The combination in whose records alone it differs.
    pub combination: Option<Arc<str>>,
    /// What happened.
    pub before: Outcome,
    /// What happens.
    pub after: Outcome,
    /// To which kinds.
    pub kinds: Vec<Kind>,
}

/// How a record's subject stands to a request; or the data that a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Whose(u8);

/// What happens to a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request is refused, by this code where all of it is.
    Refused(Option<&'static str>),
    /// The value is treated.
    Treated(Treatment),
}

impl Outcome {
    /// Which shows less; `Less`: `self` shows more.
    fn compare(&self, other: &Outcome) -> Ordering {
        match (self, other) {
            (Outcome::Refused(_), Outcome::Refused(_)) => Ordering::Equal,
            (Outcome::Refused(_), _) => Ordering::Greater,
            (_, Outcome::Refused(_)) => Ordering::Less,
            (Outcome::Treated(own), Outcome::Treated(other)) => own.compare(other),
        }
    }

    /// In words.
    pub fn text(&self) -> Text {
        match self {
            Outcome::Refused(None) => Text::new("nothing", "不提供"),
            Outcome::Refused(Some(code)) => Text::new(format!("refused {code}"), format!("拒绝 {code}")),
            Outcome::Treated(treatment) => treatment.text(),
        }
    }
}

impl Change {
    /// Whether more is shown than before, or less; `None` where that can't be said, as of two masks of one strength.
    pub fn is_freer(&self) -> Option<bool> {
        match self.after.compare(&self.before) {
            Ordering::Less => Some(true),
            Ordering::Greater => Some(false),
            Ordering::Equal => None,
        }
    }
}

impl Whose {
    /// In words: `others'`, or what is true of the subject.
    pub fn text(self) -> Text {
        let parts = || Relation::NAMED.iter().filter(|(part, ..)| Relation(self.0).has(*part));
        if self.0 == REQUEST.0 {
            return Text::new("request", "请求数据");
        }
        if self.0 == 0 {
            return Text::new("others", "他人");
        }
        let en: Vec<&str> = parts().map(|(_, en, _)| *en).collect();
        let zh: Vec<&str> = parts().map(|(_, _, zh)| *zh).collect();
        Text::new(en.join("+"), zh.join("且"))
    }
}

impl PolicySet {
    /// What is otherwise in `after` than in this version, on a day.
    pub fn diff(&self, after: &PolicySet, today: Day) -> Diff {
        let both = [self, after];
        let methods: BTreeSet<String> = both.iter().flat_map(|set| set.methods()).collect();
        let mut endpoints: Vec<Endpoint> = Vec::new();
        // The newer version's names first.
        for endpoint in both.iter().rev().flat_map(|set| set.endpoints(&methods)) {
            let same = |own: &Endpoint| {
                (&own.host, &own.path, &own.method) == (&endpoint.host, &endpoint.path, &endpoint.method)
            };
            if !endpoints.iter().any(same) {
                endpoints.push(endpoint);
            }
        }
        endpoints.sort();
        let names = |of: &dyn Fn(&PolicySet) -> Vec<Arc<str>>| -> Vec<Option<Arc<str>>> {
            let all: BTreeSet<Arc<str>> = both.iter().flat_map(|set| of(set)).collect();
            std::iter::once(None).chain(all.into_iter().map(Some)).collect()
        };
        let roles = names(&|set| set.role_names().cloned().collect());
        let purposes = names(&|set| set.purpose_names().cloned().collect());
        let facts = grid::assignments(&both.iter().flat_map(|set| set.asked_facts()).collect());
        let mut changes = Vec::new();
        for endpoint in &endpoints {
            for purpose in &purposes {
                for (role, login) in callers(&roles) {
                    let known =
                        if login == Login::None { facts.get(..1).unwrap_or_default() } else { &facts };
                    let mut seen: Vec<Change> = Vec::new();
                    for known in known {
                        let caller = grid::caller(role.as_deref(), login, known, 0);
                        let asked = Asked { endpoint, purpose, caller: &caller, today };
                        let found = asked.compare(self, after).into_iter().map(|found| Change {
                            endpoint: endpoint.clone(),
                            role: role.clone(),
                            login,
                            facts: known.clone(),
                            purpose: purpose.clone(),
                            ..found
                        });
                        // What holds whatever is known is said once.
                        for change in found {
                            let same = |own: &&Change| {
                                Change { facts: change.facts.clone(), ..(*own).clone() } == change
                            };
                            if !seen.iter().any(|own| same(&own)) {
                                seen.push(change);
                            }
                        }
                    }
                    changes.append(&mut seen);
                }
            }
        }
        Diff {
            changes,
            limits: differing(
                &self.tables.limits,
                &after.tables.limits,
                |limit| limit.id(),
                |limit| self.said(after, limit),
            ),
            grant_templates: differing(
                &self.tables.grant_templates,
                &after.tables.grant_templates,
                |template| &template.id,
                |template| format!("{template:?}"),
            ),
        }
    }

    /// A limit in words that don't depend on the order of documents.
    fn said(&self, after: &PolicySet, limit: &Arc<crate::Limit>) -> String {
        let set = if self.tables.limits.iter().any(|own| Arc::ptr_eq(own, limit)) { self } else { after };
        let mut named: Vec<&str> =
            limit.roles.iter().filter_map(|at| Some(&*set.tables.roles.get(*at)?.id)).collect();
        named.extend(limit.purposes.iter().filter_map(|at| Some(&*set.tables.purposes.get(*at)?.id)));
        let routes: Vec<&str> = limit.routes.iter().map(|route| route.text.as_str()).collect();
        format!(
            "{named:?} {routes:?} {:?} {:?} {} {:?} {:?}",
            limit.by, limit.per, limit.at, limit.lift, limit.mode
        )
    }
}

/// One request, asked of both versions.
struct Asked<'a> {
    endpoint: &'a Endpoint,
    purpose: &'a Option<Arc<str>>,
    caller: &'a Caller,
    today: Day,
}

impl Asked<'_> {
    fn compare(&self, before: &PolicySet, after: &PolicySet) -> Vec<Change> {
        let request = self.endpoint.request(self.purpose.as_deref(), self.today);
        let (before, after) = (before.sight(self.caller, &request), after.sight(self.caller, &request));
        if before.refused.is_some() && after.refused.is_some() {
            let whole = (before.refused != after.refused).then(|| self.whole(&before, &after));
            return whole.into_iter().collect();
        }
        let asks = Relation(before.views.asks.0 | after.views.asks.0);
        let mut changes: Vec<Change> = Vec::new();
        let own = if self.caller.authenticated { 0 } else { Relation::OWN.0 };
        for relation in Relation::within(Relation(asks.0 & !own)) {
            let (old, new) = (before.views.of(relation), after.views.of(relation));
            let (permits, permitted) =
                (after.permitted.contains(&relation), before.permitted.contains(&relation));
            self.kinds(&mut changes, relation, None, &|kind| {
                (before.outcome(permitted, kind, old), after.outcome(permits, kind, new))
            });
            if permits && permitted {
                for id in old.raises().iter().chain(new.raises()).map(|raise| raise.id()) {
                    let raised = |view: &View, kind: Kind| {
                        let raise = view.raises().iter().find(|raise| raise.id() == id);
                        Outcome::Treated(
                            raise.map_or_else(|| view.treatment(kind), |raise| raise.treatment(kind)).clone(),
                        )
                    };
                    let done = changes.iter().any(|change| {
                        change.combination.as_ref() == Some(id) && change.whose.0 == relation.0
                    });
                    // What differs without the combination has been told.
                    if !done && old.treatments == new.treatments {
                        self.kinds(&mut changes, relation, Some(id), &|kind| {
                            (raised(old, kind), raised(new, kind))
                        });
                    }
                }
            }
        }
        if before.refused.is_none() && after.refused.is_none() {
            let comes_in = |sight: &Sight, kind: Kind| {
                let view = sight.views.request.as_ref();
                Outcome::Treated(view.map_or(Treatment::Clear, |view| view.treatment(kind).clone()))
            };
            self.kinds(&mut changes, REQUEST, None, &|kind| {
                (comes_in(&before, kind), comes_in(&after, kind))
            });
        }
        changes
    }

    /// Changes of kinds, those alike together.
    fn kinds(
        &self,
        changes: &mut Vec<Change>,
        relation: Relation,
        combination: Option<&Arc<str>>,
        outcomes: &dyn Fn(Kind) -> (Outcome, Outcome),
    ) {
        let first = changes.len();
        for kind in Kind::all() {
            let (before, after) = outcomes(kind);
            if before == after {
                continue;
            }
            let own = changes.iter_mut().skip(first).find(|own| own.before == before && own.after == after);
            match own {
                Some(own) => own.kinds.push(kind),
                None => changes.push(self.change(relation, combination, (before, after), vec![kind])),
            }
        }
    }

    fn whole(&self, before: &Sight, after: &Sight) -> Change {
        let outcomes = (Outcome::Refused(before.refused), Outcome::Refused(after.refused));
        self.change(Relation::OTHER, None, outcomes, Vec::new())
    }

    fn change(
        &self,
        relation: Relation,
        combination: Option<&Arc<str>>,
        (before, after): (Outcome, Outcome),
        kinds: Vec<Kind>,
    ) -> Change {
        Change {
            endpoint: self.endpoint.clone(),
            role: None,
            login: Login::None,
            facts: Vec::new(),
            purpose: None,
            whose: Whose(relation.0),
            combination: combination.cloned(),
            before,
            after,
            kinds,
        }
    }
}

impl Sight {
    fn outcome(&self, permitted: bool, kind: Kind, view: &View) -> Outcome {
        match permitted {
            true => Outcome::Treated(view.treatment(kind).clone()),
            false => Outcome::Refused(self.refused),
        }
    }
}

/// Who may call: nobody known, then every role with and without a step-up.
pub(crate) fn callers(roles: &[Option<Arc<str>>]) -> Vec<(Option<Arc<str>>, Login)> {
    let known = roles
        .iter()
        .flat_map(|role| [Login::Authenticated, Login::SteppedUp].map(|login| (role.clone(), login)));
    std::iter::once((None, Login::None)).chain(known).collect()
}

/// Ids that stand in one list only, or say something else there.
fn differing<T>(
    before: &[T],
    after: &[T],
    id: impl Fn(&T) -> &Arc<str>,
    said: impl Fn(&T) -> String,
) -> Vec<String> {
    let ids: BTreeSet<&Arc<str>> = before.iter().chain(after).map(&id).collect();
    let find = |list: &[T], wanted: &Arc<str>| list.iter().find(|one| id(one) == wanted).map(&said);
    let differs = ids.into_iter().filter(|wanted| find(before, wanted) != find(after, wanted));
    differs.map(|id| id.to_string()).collect()
}

/// Stands for what comes in, where relations stand for whose records go out.
const REQUEST: Relation = Relation(16);

#[cfg(test)]
mod tests;
