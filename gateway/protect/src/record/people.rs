//! Of whom something sensitive is shown (T/TSAC 001—2025 §8.6.2 b 3): told apart record by record where a limit counts
//! such people, and nowhere else.

use crate::tree::Subject;
use std::collections::BTreeSet;

/// People in the records of a body.
#[derive(Default)]
pub(crate) struct People {
    names: BTreeSet<String>,
    /// How many sensitive values the documents showed in which people were told apart.
    told: u64,
    /// Whether some document showed what can't be told apart.
    is_unclear: bool,
}

impl People {
    /// A document showed so many sensitive values, or in records of minors other ones, in these of its records.
    pub(crate) fn add<'s>(
        &mut self,
        shown: u64,
        records: impl Iterator<Item = (&'s Subject, bool)>,
        document: Option<&str>,
    ) {
        self.told += shown;
        if shown > 0 {
            // All of the document is about them.
            self.names.extend(document.map(str::to_owned));
        }
        for (subject, _) in records.filter(|(_, is_sensitive)| *is_sensitive) {
            self.names.extend(subject.names().map(str::to_owned));
            if subject.names().next().is_none() {
                // Nobody's but, where the request says, of whom it is.
                self.names.extend(document.map(str::to_owned));
            }
        }
    }

    /// A document may have shown some of which it is not known whose it is.
    pub(crate) fn unclear(&mut self) {
        self.is_unclear = true;
    }

    /// Their names, of a body that showed so many sensitive values; none: any of all whom it concerns.
    pub(crate) fn of(&self, shown: u64) -> Option<&BTreeSet<String>> {
        (!self.is_unclear && self.told == shown).then_some(&self.names)
    }
}
