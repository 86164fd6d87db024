//! Conditions: the part of CEL that a policy may use, checked for names and types when the file is read and compiled
//! to a form whose evaluation can't fail.
//!
//! CEL's own parser reads the text; what it yields is lowered here. `subject` may only be compared with the caller's
//! own: that comparison is what splits an answer into views, one per relation of caller and subject.

mod lower;

#[cfg(test)]
mod tests;

pub(crate) use lower::compile;

use std::sync::Arc;

/// Whose the data is, as seen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Own,
    Other,
}

/// A compiled condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always(bool),
    /// `subject == caller.subject`.
    Own,
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
}

impl Condition {
    pub(crate) fn holds(&self, facts: &Facts<'_>, relation: Relation) -> bool {
        match self {
            Condition::Always(value) => *value,
            Condition::Own => relation == Relation::Own,
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
        let mut atoms = Vec::new();
        self.atoms(&mut atoms);
        atoms.contains(&&Condition::Own)
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
            Condition::SteppedUp | Condition::Own | Condition::Role(_) => needs_authentication |= is_true,
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
