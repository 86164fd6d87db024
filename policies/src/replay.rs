//! Past accesses judged by another version. A record knows the route, roles, purpose, whether anything was proven, what
//! was granted, and what became of each category; it knows neither host nor path, nor whose data it was, nor how fresh a
//! login was, for it holds no values. So what a record does not tell is tried both ways: only what comes out the same
//! whichever way is sure, and what depends is said to.

use crate::condition::Relation;
use crate::grid::{self, Endpoint, Login, Sight};
use crate::{Day, PolicySet, Treatment};
use std::collections::BTreeSet;
use yingbi_taxonomy::{Category, Kind};

/// What a record tells of an access.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past {
    /// Method.
    pub method: String,
    /// Route template.
    pub route: String,
    /// Roles the caller had.
    pub roles: Vec<String>,
    /// Whether anything was proven of them.
    pub authenticated: bool,
    /// Purpose.
    pub purpose: Option<String>,
    /// Whether a grant could be used.
    pub granted: bool,
    /// Code of the refusal; none where it was permitted.
    pub refused: Option<String>,
    /// Categories of which values were released in clear.
    pub clear: BTreeSet<Category>,
    /// Categories of which values were masked.
    pub masked: BTreeSet<Category>,
    /// Categories of which values were left out.
    pub dropped: BTreeSet<Category>,
}

/// What another version makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The same.
    Same,
    /// Something else, whatever the record doesn't tell: in words, as `permit → YB2001`, `basic: clear → masked`.
    Changed(Vec<String>),
    /// The same or something else, depending on what the record doesn't tell.
    Depends(Vec<String>),
    /// The version knows no such route.
    UnknownRoute,
}

impl PolicySet {
    /// Judges a past access, as of a day.
    pub fn replay(&self, past: &Past, today: Day) -> Replayed {
        let methods = BTreeSet::from([past.method.clone()]);
        let endpoints = self.endpoints(&methods).into_iter();
        let meant = endpoints.filter(|endpoint| {
            endpoint.method == past.method && self.record_names(endpoint).contains(&past.route)
        });
        let sights: Vec<Sight> = meant.flat_map(|endpoint| self.sights(past, &endpoint, today)).collect();
        if sights.is_empty() {
            return Replayed::UnknownRoute;
        }
        let mut sure = Vec::new();
        let mut open = Vec::new();
        let mut judge = |what: &str, was: &str, found: BTreeSet<String>| {
            let is: Vec<&str> = found.iter().map(String::as_str).collect();
            let line = format!("{what}{was} → {}", is.join(" | "));
            match (found.contains(was), found.len()) {
                (true, 1) => {}
                (true, _) => open.push(line),
                (false, _) => sure.push(line),
            }
        };
        let decisions = sights.iter().map(|sight| sight.refused.unwrap_or("permit").to_owned()).collect();
        judge("", past.refused.as_deref().unwrap_or("permit"), decisions);
        if past.refused.is_none() {
            for (word, categories) in
                [("clear", &past.clear), ("masked", &past.masked), ("dropped", &past.dropped)]
            {
                for category in categories {
                    let found = became(&sights, past, word == "dropped", *category);
                    if !found.is_empty() {
                        judge(&format!("{category}: "), word, found);
                    }
                }
            }
        }
        match (sure.is_empty(), open.is_empty()) {
            (true, true) => Replayed::Same,
            (false, _) => Replayed::Changed(sure),
            (true, false) => Replayed::Depends(open),
        }
    }

    /// What comes of an access on an endpoint, for everything that its record doesn't tell.
    fn sights(&self, past: &Past, endpoint: &Endpoint, today: Day) -> Vec<Sight> {
        let logins: &[Login] =
            if past.authenticated { &[Login::Authenticated, Login::SteppedUp] } else { &[Login::None] };
        let assigned = grid::assignments(&self.asked_facts());
        let known =
            if past.authenticated { assigned.as_slice() } else { assigned.get(..1).unwrap_or_default() };
        // A route's own purpose need not have been named.
        let unnamed = self.sight_purpose(endpoint).as_deref() == past.purpose.as_deref();
        let purpose = past.purpose.as_deref().filter(|_| !unnamed);
        let mut sights = Vec::new();
        for login in logins {
            for known in known {
                let mut caller = grid::caller(None, *login, known, 0);
                caller.roles = past.roles.iter().map(|role| role.as_str().into()).collect();
                for lot in [0, 99] {
                    caller.lot = lot;
                    sights.push(self.sight(&caller, &endpoint.request(purpose, today)));
                }
            }
        }
        sights
    }

    /// The purpose of a request that names none.
    fn sight_purpose(&self, endpoint: &Endpoint) -> Option<String> {
        let segments: Vec<&str> = crate::route::split_path(&endpoint.path).collect();
        let bound = self.binding(&endpoint.request(None, Day::default()), &segments)?;
        Some(self.tables.purposes.get(bound.purpose_default?)?.id.to_string())
    }
}

/// What becomes of values of a category, by all that is possible.
fn became(sights: &[Sight], past: &Past, restricted: bool, category: Category) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sight in sights {
        let own = if past.authenticated { 0 } else { Relation::OWN.0 };
        let granted = if past.granted { 0 } else { Relation::GRANTED.0 };
        // Of whom something was shown, the processing was not restricted.
        let restricted = if restricted { 0 } else { Relation::RESTRICTED.0 };
        for relation in
            sight.permitted.iter().filter(|relation| relation.0 & (own | granted | restricted) == 0)
        {
            let view = sight.views.of(*relation);
            for kind in Kind::all().filter(|kind| kind.category() == category) {
                let raised = view.raises().iter().map(|raise| raise.treatment(kind));
                found
                    .extend(raised.chain([view.treatment(kind)]).map(|treatment| word(treatment).to_owned()));
            }
        }
    }
    found
}

fn word(treatment: &Treatment) -> &'static str {
    match treatment {
        Treatment::Clear => "clear",
        Treatment::Mask(_) => "masked",
        Treatment::Drop => "dropped",
        Treatment::Block => "blocked",
    }
}

#[cfg(test)]
mod tests;
