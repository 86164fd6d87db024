//! Which rules and bindings can concern a request, by host, the beginning of the path, role and purpose: one bit each, so
//! that what can't match costs a sixty-fourth of an operation and is never looked at.

use super::{BoundRoute, Rule};
use crate::few::QuickMap;
use crate::route::{self, Host, Segment};
use std::collections::BTreeSet;

/// Positions by exact host, and of those any other host can concern.
#[derive(Debug, Default)]
pub(crate) struct Index {
    hosts: QuickMap<String, Bucket>,
    elsewhere: Bucket,
}

/// What a request shows of itself before any rule is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Glimpse<'g> {
    pub host: &'g str,
    pub segments: &'g [&'g str],
    /// The caller's roles, by position; `None`: whoever it is.
    pub roles: Option<&'g [u32]>,
    /// The purpose, by position; the outer `None`: whatever it is.
    pub purpose: Option<Option<usize>>,
}

/// What one rule or binding concerns.
struct Entry<'e> {
    roles: &'e [usize],
    purposes: &'e [usize],
    /// None: any.
    routes: Vec<(&'e Host, &'e [Segment])>,
}

impl<'e> Entry<'e> {
    fn of_rule(rule: &'e Rule) -> Entry<'e> {
        let routes = rule.routes.iter().map(|route| (&route.host, route.path.as_slice())).collect();
        Entry { roles: &rule.roles, purposes: &rule.purposes, routes }
    }

    fn of_binding(bound: &'e BoundRoute) -> Entry<'e> {
        Entry { roles: &[], purposes: &[], routes: vec![(&bound.host, &bound.path)] }
    }
}

/// One bit a position of the bucket.
type Bits = Box<[u64]>;

/// What can concern one host.
#[derive(Debug, Default)]
struct Bucket {
    /// In ascending order.
    positions: Vec<usize>,
    /// By role: those that name it.
    roles: Vec<Bits>,
    /// Those that name no role.
    any_role: Bits,
    purposes: Vec<Bits>,
    any_purpose: Bits,
    /// By place in the path.
    places: [Place; PLACES],
}

/// What may stand at one place of the path.
#[derive(Debug, Default)]
struct Place {
    /// By a text that some pattern has there: those that take it.
    named: QuickMap<String, Bits>,
    /// Those that take any other.
    other: Bits,
}

impl Index {
    pub(crate) fn of_rules(rules: &[Rule]) -> Index {
        Index::build(&rules.iter().map(Entry::of_rule).collect::<Vec<_>>())
    }

    pub(crate) fn of_bindings(bindings: &[BoundRoute]) -> Index {
        Index::build(&bindings.iter().map(Entry::of_binding).collect::<Vec<_>>())
    }

    fn build(entries: &[Entry<'_>]) -> Index {
        let exact = |host: &Host| match host {
            Host::Exact(name) => Some(name.clone()),
            Host::Any | Host::Below(_) => None,
        };
        let names = entries.iter().flat_map(|entry| &entry.routes).filter_map(|(host, _)| exact(host));
        let names: BTreeSet<String> = names.collect();
        let hosts = names.into_iter().map(|name| {
            let bucket = Bucket::build(entries, |host| host.matches(&name));
            (name, bucket)
        });
        Index { hosts: hosts.collect(), elsewhere: Bucket::build(entries, |host| exact(host).is_none()) }
    }

    /// Positions that can concern a request, in ascending order.
    pub(crate) fn concerning<'i>(&'i self, glimpse: Glimpse<'i>) -> impl Iterator<Item = usize> {
        self.hosts.get(glimpse.host).unwrap_or(&self.elsewhere).concerning(glimpse)
    }
}

impl Bucket {
    fn build(entries: &[Entry<'_>], is_here: impl Fn(&Host) -> bool) -> Bucket {
        let mut own: Vec<(usize, &Entry<'_>, Vec<&[Segment]>)> = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            let here = entry.routes.iter().filter(|(host, _)| is_here(host)).map(|(_, path)| *path);
            let paths: Vec<&[Segment]> = here.collect();
            if entry.routes.is_empty() || !paths.is_empty() {
                own.push((position, entry, paths));
            }
        }
        let bits = |holds: &dyn Fn(&Entry<'_>, &[&[Segment]]) -> bool| -> Bits {
            let mut bits = vec![0_u64; own.len().div_ceil(64)];
            for (nth, (_, entry, paths)) in own.iter().enumerate() {
                if let Some(word) = bits.get_mut(nth / 64).filter(|_| holds(entry, paths)) {
                    *word |= 1 << (nth % 64);
                }
            }
            bits.into()
        };
        let places = std::array::from_fn(|nth| {
            let literals =
                own.iter().flat_map(|(_, _, paths)| paths).filter_map(|path| at(path, nth).literal());
            let literals: BTreeSet<&str> = literals.collect();
            let takes = |text: Option<&str>| {
                bits(&|entry, paths| {
                    entry.routes.is_empty() || paths.iter().any(|path| at(path, nth).takes(text))
                })
            };
            let named = literals.into_iter().map(|text| (text.to_owned(), takes(Some(text))));
            Place { named: named.collect(), other: takes(None) }
        });
        let roles = own.iter().flat_map(|(_, entry, _)| entry.roles).max().map_or(0, |most| most + 1);
        let purposes = own.iter().flat_map(|(_, entry, _)| entry.purposes).max().map_or(0, |most| most + 1);
        Bucket {
            positions: own.iter().map(|(position, ..)| *position).collect(),
            roles: (0..roles).map(|role| bits(&|entry, _| entry.roles.contains(&role))).collect(),
            any_role: bits(&|entry, _| entry.roles.is_empty()),
            purposes: (0..purposes)
                .map(|purpose| bits(&|entry, _| entry.purposes.contains(&purpose)))
                .collect(),
            any_purpose: bits(&|entry, _| entry.purposes.is_empty()),
            places,
        }
    }

    fn concerning<'b>(&'b self, glimpse: Glimpse<'b>) -> impl Iterator<Item = usize> {
        // What restricts takes a path with and without the slash at its end.
        let whole = if self.positions.is_empty() { &[] } else { glimpse.segments };
        let segments = route::without_last_slash(whole).unwrap_or(whole);
        let mut places: [Option<&Bits>; PLACES] = [None; PLACES];
        for ((own, place), segment) in places.iter_mut().zip(&self.places).zip(segments) {
            *own = Some(place.named.get(*segment).unwrap_or(&place.other));
        }
        let word = move |nth: usize| {
            let of = |bits: &Bits| bits.get(nth).copied().unwrap_or_default();
            let mut word = places.iter().flatten().fold(u64::MAX, |word, place| word & of(place));
            if let Some(roles) = glimpse.roles {
                let named = roles.iter().filter_map(|role| self.roles.get(usize::try_from(*role).ok()?));
                word &= named.fold(of(&self.any_role), |all, role| all | of(role));
            }
            if let Some(purpose) = glimpse.purpose {
                let named = purpose.and_then(|at| self.purposes.get(at));
                word &= of(&self.any_purpose) | named.map_or(0, of);
            }
            word & of_length(self.positions.len(), nth)
        };
        (0..self.positions.len().div_ceil(64)).flat_map(move |nth| {
            let mut left = word(nth);
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                self.positions.get(nth * 64 + usize::try_from(bit).ok()?).copied()
            })
        })
    }
}

/// The bits of a word that stand for anything.
fn of_length(length: usize, word: usize) -> u64 {
    match length.saturating_sub(word * 64) {
        0 => 0,
        rest if rest >= 64 => u64::MAX,
        rest => (1 << rest) - 1,
    }
}

/// What a pattern has at a place.
enum At<'p> {
    Literal(&'p str),
    Any,
    /// It is shorter.
    Nothing,
}

fn at(path: &[Segment], nth: usize) -> At<'_> {
    if path.iter().take(nth + 1).any(|segment| *segment == Segment::Rest) {
        return At::Any;
    }
    match path.get(nth) {
        None => At::Nothing,
        Some(Segment::Literal(text)) => At::Literal(text),
        Some(_) => At::Any,
    }
}

impl<'p> At<'p> {
    fn literal(&self) -> Option<&'p str> {
        match self {
            At::Literal(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a text may stand there; `None`: one that no pattern names.
    fn takes(&self, text: Option<&str>) -> bool {
        match self {
            At::Any => true,
            At::Literal(own) => text == Some(*own),
            At::Nothing => false,
        }
    }
}

/// Segments of a path that are looked at before patterns are: `/api/v1/customers/{id}/orders`.
const PLACES: usize = 5;

#[cfg(test)]
mod tests;
