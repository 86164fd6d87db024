//! Random facts: who calls, what is asked, what is remembered of investors.

use super::chance::Chance;
use super::firm::{HOSTS, KINDS, PURPOSES, ROLES, ZONES};
use std::sync::Arc;
use yingbi_policies::{
    Asked as AskedOf, Caller, CallerFact, CallerFacts, Day, Decision, PolicySet, Possible, Reach, Request,
    Standing, Subjects,
};
use yingbi_taxonomy::{Kind, KindSet};

/// An investor that callers may be.
pub const OWN: &str = "80001234";
/// Investors that records are of.
pub const SUBJECTS: [&str; 4] = [OWN, "80005678", "80009012", "80003456"];

/// One request and all that is known.
#[derive(Debug)]
pub struct Asked {
    pub caller: Caller,
    method: &'static str,
    host: &'static str,
    path: String,
    purpose: Option<&'static str>,
    today: Day,
    subjects: Option<Arc<dyn Subjects>>,
}

#[derive(Debug)]
struct Remembered {
    possible: Possible,
    standings: Vec<(&'static str, Standing)>,
}

impl Subjects for Remembered {
    fn possible(&self) -> Possible {
        self.possible
    }

    fn standing(&self, subject: &str, _: &AskedOf<'_>) -> Standing {
        let own = self.standings.iter().find(|(name, _)| *name == subject);
        own.map_or_else(Standing::default, |(_, standing)| *standing)
    }
}

impl Asked {
    pub fn new(chance: &mut Chance) -> Asked {
        let authenticated = chance.percent(85);
        let roles = if authenticated && chance.percent(90) { chance.some(&ROLES) } else { Vec::new() };
        let mut known = CallerFacts::UNKNOWN;
        if authenticated && chance.percent(60) {
            known.set(CallerFact::Zone, chance.one(&ZONES).to_owned());
            known.set(CallerFact::Kind, chance.one(&KINDS).to_owned());
        }
        let own = authenticated && chance.percent(50);
        let caller = Caller {
            id: if authenticated { "somebody".to_owned() } else { String::new() },
            roles: roles.into_iter().map(Arc::from).collect(),
            subjects: if own { vec![OWN.to_owned()] } else { Vec::new() },
            authenticated,
            stepped_up: authenticated && chance.percent(40),
            facts: known,
            lot: chance.below(100) as u8,
        };
        let path = match chance.below(5) {
            0 => "/list".to_owned(),
            1 => "/list/".to_owned(),
            2 => "/else".to_owned(),
            _ => format!("/c/{}", chance.one(&SUBJECTS)),
        };
        Asked {
            caller,
            method: chance.one(&["GET", "GET", "POST"]),
            host: chance.one(&HOSTS),
            path,
            purpose: if chance.percent(50) { Some(chance.one(&PURPOSES)) } else { None },
            today: Day::new(2026, chance.one(&[1, 12]), 15).expect("a day"),
            subjects: chance.percent(80).then(|| remembered(chance)),
        }
    }

    pub fn of(&self, set: &PolicySet) -> Decision {
        let Asked { method, host, path, purpose, today, .. } = self;
        let request = Request { method, host, path, purpose: *purpose, today: *today };
        set.decide_caller_about(&self.caller, &request, self.subjects.as_ref())
    }
}

fn remembered(chance: &mut Chance) -> Arc<dyn Subjects> {
    let possible = Possible {
        grants: chance.percent(60),
        consents: chance.percent(60),
        restrictions: chance.percent(50),
    };
    let mut reach = |possible: bool| match chance.below(4) {
        0 | 1 => Reach::Nothing,
        _ if !possible => Reach::Nothing,
        2 => Reach::All,
        _ => Reach::Kinds(Kind::all().filter(|_| chance.percent(30)).collect::<KindSet>()),
    };
    let mut standings = Vec::new();
    for subject in SUBJECTS {
        let (granted, consented) = (reach(possible.grants), reach(possible.consents));
        standings.push((subject, Standing { granted, consented, by_guardian: false, restricted: false }));
    }
    for (_, standing) in &mut standings {
        standing.by_guardian = chance.percent(30);
        standing.restricted = possible.restrictions && chance.percent(30);
    }
    Arc::new(Remembered { possible, standings })
}
