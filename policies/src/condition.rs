//! Conditions: the part of CEL that a policy may use, checked for names and types when the file is read and compiled
//! to a form whose evaluation can't fail.
//!
//! CEL's own parser reads the text; what it yields is lowered here. Of `subject` only four things may be asked: whether it
//! is the caller's own, granted, consented, restricted. They are what splits an answer into views, one per relation.

mod lower;

#[cfg(test)]
mod tests;

pub(crate) use lower::compile;

use crate::facts::{CallerFact, CallerFacts};
use std::sync::Arc;

/// How a record's subject stands to the request: a set of the four things that conditions may ask of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Relation(pub u8);

impl Relation {
    /// Neither of them: another's record that nothing opens.
    pub(crate) const OTHER: Relation = Relation(0);
    /// `subject == caller.subject`.
    pub(crate) const OWN: Relation = Relation(1);
    /// `grant.active(subject)`.
    pub(crate) const GRANTED: Relation = Relation(2);
    /// `consent.covers(purpose)`.
    pub(crate) const CONSENTED: Relation = Relation(4);
    /// `subject.restricted`.
    pub(crate) const RESTRICTED: Relation = Relation(8);
    /// How many there are.
    pub(crate) const COUNT: usize = 16;
    /// Each thing with its name in explanations.
    pub(crate) const NAMED: [(Relation, &str, &str); 4] = [
        (Relation::OWN, "own", "本人"),
        (Relation::GRANTED, "granted", "已授权"),
        (Relation::CONSENTED, "consented", "已同意"),
        (Relation::RESTRICTED, "restricted", "已限制处理"),
    ];

    /// All relations that are made of these parts.
    pub(crate) fn within(parts: Relation) -> impl Iterator<Item = Relation> {
        (0..16).filter(move |bits| bits & !parts.0 == 0).map(Relation)
    }

    /// All relations that are made of these parts, as a set.
    pub(crate) const fn all_of(parts: Relation) -> Relations {
        // One of the parts more doubles the set, shifted by its place.
        let mut set = 1_u16;
        let mut bit = 1_u8;
        while bit < 16 {
            if parts.0 & bit != 0 {
                set |= set << bit;
            }
            bit <<= 1;
        }
        Relations(set)
    }

    /// Each relation made of these parts, with all that look like it to whoever asks for nothing else.
    pub(crate) fn spread(parts: Relation) -> Box<[(Relation, Relations)]> {
        let alike =
            |one: Relation| Relations::ALL.iter().filter(move |other| other.both(parts) == one).collect();
        Relation::within(parts).map(|one| (one, alike(one))).collect()
    }

    pub(crate) const fn has(self, part: Relation) -> bool {
        self.0 & part.0 != 0
    }

    pub(crate) const fn with(self, part: Relation, is: bool) -> Relation {
        if is { Relation(self.0 | part.0) } else { self }
    }

    pub(crate) const fn both(self, other: Relation) -> Relation {
        Relation(self.0 & other.0)
    }

    pub(crate) fn position(self) -> usize {
        usize::from(self.0 & 15)
    }
}

/// A set of relations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relations(pub u16);

impl Relations {
    pub(crate) const ALL: Relations = Relations(u16::MAX);

    pub(crate) fn contains(self, relation: Relation) -> bool {
        self.0 >> relation.position() & 1 == 1
    }

    pub(crate) fn insert(&mut self, relation: Relation) {
        self.0 |= 1 << relation.position();
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Relation> {
        (0..16).map(Relation).filter(move |relation| self.contains(*relation))
    }
}

impl FromIterator<Relation> for Relations {
    fn from_iter<I: IntoIterator<Item = Relation>>(relations: I) -> Self {
        let mut all = Relations::default();
        relations.into_iter().for_each(|relation| all.insert(relation));
        all
    }
}

/// A compiled condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always(bool),
    /// What is asked of the subject.
    Subject(Relation),
    /// `caller.authenticated`.
    Authenticated,
    /// `caller.stepped_up`.
    SteppedUp,
    /// `caller.role in [...]`.
    Role(Vec<Arc<str>>),
    /// A text of the request or the caller against fixed texts.
    Text(Variable, Test),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// A text known when a request is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    CallerId,
    Method,
    Host,
    Path,
    Purpose,
    /// Lawful basis of the purpose.
    Basis,
    /// One of the facts about the caller.
    Fact(CallerFact),
}

/// What is asked of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    OneOf(Vec<String>),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
}

/// What conditions are evaluated over.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub roles: &'a [Arc<str>],
    pub authenticated: bool,
    pub stepped_up: bool,
    pub caller: &'a str,
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub purpose: &'a str,
    pub basis: &'a str,
    pub known: &'a CallerFacts,
}

impl Condition {
    pub(crate) fn holds(&self, facts: &Facts<'_>, relation: Relation) -> bool {
        match self {
            Condition::Always(value) => *value,
            Condition::Subject(part) => relation.has(*part),
            Condition::Authenticated => facts.authenticated,
            Condition::SteppedUp => facts.stepped_up,
            Condition::Role(roles) => roles.iter().any(|role| facts.roles.contains(role)),
            Condition::Text(variable, test) => test.passes(variable.of(facts)),
            Condition::Not(inner) => !inner.holds(facts, relation),
            Condition::All(parts) => parts.iter().all(|part| part.holds(facts, relation)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(facts, relation)),
        }
    }

    /// Whether it speaks of the subject.
    pub(crate) fn mentions_subject(&self) -> bool {
        self.mentions() != Relation::OTHER
    }

    /// What it asks of the subject.
    pub(crate) fn mentions(&self) -> Relation {
        let mut atoms = Vec::new();
        self.atoms(&mut atoms);
        atoms.into_iter().fold(Relation::OTHER, |all, atom| match atom {
            Condition::Subject(part) => all.with(*part, true),
            _ => all,
        })
    }

    /// Whether any values of its parts make it true; `true` when there are too many parts to try.
    pub(crate) fn can_hold(&self) -> bool {
        let mut atoms = Vec::new();
        self.atoms(&mut atoms);
        if atoms.len() > 12 {
            return true;
        }
        (0..1_u32 << atoms.len()).any(|bits| {
            let value = |atom: &Condition| {
                atoms.iter().position(|own| *own == atom).is_some_and(|at| bits >> at & 1 == 1)
            };
            consistent(&atoms, bits) && self.under(&value)
        })
    }

    fn atoms<'c>(&'c self, atoms: &mut Vec<&'c Condition>) {
        match self {
            Condition::Always(_) => {}
            Condition::Not(inner) => inner.atoms(atoms),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| part.atoms(atoms)),
            atom if atoms.contains(&atom) => {}
            atom => atoms.push(atom),
        }
    }

    fn under(&self, value: &impl Fn(&Condition) -> bool) -> bool {
        match self {
            Condition::Always(fixed) => *fixed,
            Condition::Not(inner) => !inner.under(value),
            Condition::All(parts) => parts.iter().all(|part| part.under(value)),
            Condition::Any(parts) => parts.iter().any(|part| part.under(value)),
            atom => value(atom),
        }
    }

    /// Every role and purpose the condition names, to be looked up.
    pub(crate) fn names(&self, names: &mut Vec<Name>) {
        match self {
            Condition::Role(roles) => names.extend(roles.iter().map(|role| Name::Role(role.to_string()))),
            Condition::Text(Variable::Purpose, Test::OneOf(purposes)) => {
                names.extend(purposes.iter().filter(|name| !name.is_empty()).cloned().map(Name::Purpose));
            }
            Condition::Not(inner) => inner.names(names),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| part.names(names)),
            _ => {}
        }
    }
}

/// A name that must be declared elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Role(String),
    Purpose(String),
}

impl Variable {
    fn of<'a>(self, facts: &Facts<'a>) -> &'a str {
        match self {
            Variable::CallerId => facts.caller,
            Variable::Method => facts.method,
            Variable::Host => facts.host,
            Variable::Path => facts.path,
            Variable::Purpose => facts.purpose,
            Variable::Basis => facts.basis,
            Variable::Fact(fact) => facts.known.of(fact),
        }
    }
}

impl Test {
    fn passes(&self, text: &str) -> bool {
        match self {
            Test::OneOf(texts) => texts.iter().any(|own| own == text),
            Test::StartsWith(part) => text.starts_with(part.as_str()),
            Test::EndsWith(part) => text.ends_with(part.as_str()),
            Test::Contains(part) => text.contains(part.as_str()),
        }
    }
}

/// Whether an assignment of the atoms can occur: one text has one value, and only the authenticated step up.
fn consistent(atoms: &[&Condition], bits: u32) -> bool {
    let mut authenticated = true;
    let mut needs_authentication = false;
    let mut equal: Vec<(Variable, &[String])> = Vec::new();
    for (at, atom) in atoms.iter().enumerate() {
        let is_true = bits >> at & 1 == 1;
        match atom {
            Condition::Authenticated => authenticated = is_true,
            Condition::SteppedUp | Condition::Subject(Relation::OWN) | Condition::Role(_) => {
                needs_authentication |= is_true
            }
            Condition::Text(variable, Test::OneOf(texts)) if is_true => {
                if equal
                    .iter()
                    .any(|(other, seen)| other == variable && !seen.iter().any(|text| texts.contains(text)))
                {
                    return false;
                }
                equal.push((*variable, texts));
            }
            _ => {}
        }
    }
    authenticated || !needs_authentication
}
