//! What a permit says about values: the only way from a decision to a treatment.
//!
//! A [`Plan`] is made of a [`Permit`] and of nothing else; the tables behind `cfg(test)` and the `reference` feature
//! exist for the tests alone.

use crate::keyed::Keys;
use std::sync::Arc;
use yingbi_policies::{Binding, Day, Mask, NumberMask, Permit, Raise, SmallGroupRule, Treatment, View};
use yingbi_taxonomy::{Kind, KindSet, Level};

/// How one answer is treated.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'p> {
    source: Source<'p>,
    /// Where some treatment may need them.
    keys: Option<&'p Keys>,
}

#[derive(Clone, Copy)]
enum Source<'p> {
    Permit(&'p Permit),
    /// What comes in under a permit, and what becomes of it.
    Request(&'p Permit, &'p View),
    #[cfg(any(test, feature = "reference"))]
    Table(&'p table::Table),
}

/// How the values of one record are treated.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'p> {
    by: By<'p>,
    /// Which record of the body it is.
    record: u32,
    /// What raises it, a bit each.
    raised: u32,
}

#[derive(Clone, Copy)]
enum By<'p> {
    View(&'p View),
    #[cfg(any(test, feature = "reference"))]
    Table(&'p table::Rules),
}

/// What is done with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action<'p> {
    Clear,
    Mask(&'p Mask),
    Drop,
    Block,
}

impl<'p> Plan<'p> {
    pub(crate) fn new(permit: &'p Permit) -> Self {
        Plan { source: Source::Permit(permit), keys: None }
    }

    /// The same with keys.
    pub(crate) fn with_keys(self, keys: Option<&'p Keys>) -> Self {
        Plan { keys, ..self }
    }

    pub(crate) fn keys(self) -> Option<&'p Keys> {
        self.keys
    }

    /// Whether envelopes may be opened, whosesoever they are.
    pub(crate) fn opens(self) -> bool {
        match self.source {
            Source::Permit(permit) => permit.opens(),
            Source::Request(..) => false,
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => !table.own.opens.union(table.other.opens).is_empty(),
        }
    }

    /// Whether it is asked of whom anything sensitive is shown.
    pub(crate) fn counts_sensitive(self) -> bool {
        match self.source {
            Source::Permit(permit) => permit.counts_sensitive(),
            Source::Request(..) => false,
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => table.counts_sensitive,
        }
    }

    /// Whether envelopes may be bound to where they stand.
    pub(crate) fn binds_paths(self) -> bool {
        match self.source {
            Source::Permit(permit) => permit.binds_paths(),
            Source::Request(_, view) => view.binds_paths(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => [&table.own, &table.other].iter().any(|rules| {
                let is_bound = |one: &Treatment| {
                    matches!(one, Treatment::Mask(mask) if matches!(**mask, Mask::Encrypt { to_path: true, .. }))
                };
                rules.treatments.iter().any(is_bound)
            }),
        }
    }

    /// How what comes in is treated; nothing where no rule speaks of it.
    pub(crate) fn of_request(permit: &'p Permit) -> Option<Self> {
        Some(Plan { source: Source::Request(permit, permit.request_view()?), keys: None })
    }

    pub(crate) fn binding(self) -> Option<&'p Binding> {
        match self.source {
            Source::Permit(permit) => permit.binding(),
            Source::Request(permit, _) => permit.request_binding(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => table.binding.as_ref(),
        }
    }

    /// The template of the route.
    pub(crate) fn route(self) -> &'p Arc<str> {
        match self.source {
            Source::Permit(permit) | Source::Request(permit, _) => permit.route(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => &table.route,
        }
    }

    /// The level of a kind on this route.
    pub(crate) fn level(self, kind: Kind) -> Level {
        let overrides = self.binding().map(|binding| binding.overrides.as_slice()).unwrap_or_default();
        // From wide names to narrow ones: the last decides.
        overrides
            .iter()
            .filter(|one| one.kinds.contains(kind))
            .fold(kind.level(), |level, one| one.level.or(one.taken_for.map(Kind::level)).unwrap_or(level))
    }

    /// Whether values of some kind may be left out, whosesoever they are.
    pub(crate) fn drops(self) -> bool {
        match self.source {
            Source::Permit(permit) => permit.drops(),
            Source::Request(_, view) => view.drops(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => [&table.own, &table.other]
                .iter()
                .any(|rules| rules.treatments.contains(&yingbi_policies::Treatment::Drop)),
        }
    }

    /// How many records at least must look alike, and whether the others are covered.
    pub(crate) fn small_groups(self) -> Option<SmallGroupRule> {
        match self.source {
            Source::Permit(permit) => permit.binding()?.small_groups,
            Source::Request(..) => None,
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => table.binding.as_ref()?.small_groups,
        }
    }

    pub(crate) fn document_subject(self) -> Option<&'p str> {
        match self.source {
            Source::Permit(permit) | Source::Request(permit, _) => permit.document_subject(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => table.document_subject.as_deref(),
        }
    }

    /// The rules for a record of this subject.
    pub(crate) fn rules(self, subject: Option<&str>) -> Rules<'p> {
        match self.source {
            Source::Permit(permit) => Rules::of_view(permit.view(subject)),
            Source::Request(_, view) => Rules::of_view(view),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(table) => Rules { by: By::Table(table.rules(subject)), record: 0, raised: 0 },
        }
    }

    /// The day of the access.
    pub(crate) fn today(self) -> Day {
        match self.source {
            Source::Permit(permit) | Source::Request(permit, _) => permit.today(),
            #[cfg(any(test, feature = "reference"))]
            Source::Table(_) => Day::default(),
        }
    }

    /// The rules for a record that names several subjects: nobody's own, and restricted when one of them is.
    pub(crate) fn rules_of_several(self, names: &[String]) -> Rules<'p> {
        match self.source {
            Source::Permit(permit) => {
                Rules::of_view(permit.view_of_several(names.iter().map(String::as_str)))
            }
            Source::Request(_, view) => Rules::of_view(view),
            // No identifier of a person holds a control character, so this one is nobody's.
            #[cfg(any(test, feature = "reference"))]
            Source::Table(_) => self.rules(Some("\u{0}several")),
        }
    }
}

impl<'p> Rules<'p> {
    fn of_view(view: &'p View) -> Rules<'p> {
        Rules { by: By::View(view), record: 0, raised: 0 }
    }

    /// What is done with a value of this kind, with the floor that no policy can lower: authentication data never
    /// leaves in clear nor in part (T/TSAC 001—2025 8.4.4 c).
    pub(crate) fn action(self, kind: Kind) -> Action<'p> {
        let action = match self.treatment(kind) {
            Treatment::Clear => Action::Clear,
            Treatment::Mask(mask) => Action::Mask(mask),
            Treatment::Drop => Action::Drop,
            Treatment::Block => Action::Block,
        };
        if kind.level() != Level::L4 {
            return action;
        }
        match action {
            Action::Clear => Action::Mask(&NOTHING),
            Action::Mask(Mask::Fixed { .. } | Mask::Encrypt { .. }) | Action::Drop | Action::Block => action,
            Action::Mask(Mask::Keep { number: NumberMask::Null, .. }) => Action::Mask(&NOTHING_NULL),
            Action::Mask(Mask::Keep { number: NumberMask::Text, .. }) => Action::Mask(&NOTHING_TEXT),
            Action::Mask(_) => Action::Mask(&NOTHING),
        }
    }

    /// Whether an envelope that stands for a value of this kind may be opened; never authentication data's.
    pub(crate) fn opens(self, kind: Kind) -> bool {
        kind.level() != Level::L4
            && match self.by {
                By::View(view) => view.opens().contains(kind),
                #[cfg(any(test, feature = "reference"))]
                By::Table(rules) => rules.opens.contains(kind),
            }
    }

    /// Whether a rule that only monitors would have done something else.
    pub(crate) fn is_monitored(self, kind: Kind) -> bool {
        match self.by {
            By::View(view) => {
                let would = |raise: &&Raise| {
                    !raise.is_enforced() && raise.treatment(kind).compare(self.treatment(kind)).is_gt()
                };
                view.monitored(kind).is_some()
                    || (self.raised != 0 && self.raises().any(|raise| would(&raise)))
            }
            #[cfg(any(test, feature = "reference"))]
            By::Table(rules) => rules.monitored.contains(kind),
        }
    }

    #[inline]
    fn treatment(self, kind: Kind) -> &'p Treatment {
        match self.by {
            By::View(view) if self.raised == 0 => view.treatment(kind),
            By::View(view) => {
                let enforced = self.raises().filter(|raise| raise.is_enforced());
                enforced.map(|raise| raise.treatment(kind)).fold(view.treatment(kind), |strongest, next| {
                    if next.compare(strongest).is_gt() { next } else { strongest }
                })
            }
            #[cfg(any(test, feature = "reference"))]
            By::Table(rules) => rules.treatments.get(kind.index()).unwrap_or(&Treatment::Block),
        }
    }

    /// Whether what a record holds could make its treatment stricter.
    pub(crate) fn may_be_raised(self) -> bool {
        match self.by {
            By::View(view) => !view.raises().is_empty(),
            #[cfg(any(test, feature = "reference"))]
            By::Table(_) => false,
        }
    }

    /// The number of the view they are of, when nothing else tells what is done; zero is none.
    pub(crate) fn view(self) -> u64 {
        match self.by {
            By::View(view) if self.raised == 0 => view.serial(),
            By::View(_) => 0,
            #[cfg(any(test, feature = "reference"))]
            By::Table(rules) => std::ptr::from_ref(rules).addr() as u64,
        }
    }

    /// Which record of the body this is.
    pub(crate) fn record(self) -> usize {
        self.record as usize
    }

    /// The same for another record.
    pub(crate) fn of_record(self, record: usize) -> Rules<'p> {
        Rules { record: u32::try_from(record).unwrap_or(0), ..self }
    }

    /// The rules for a record that holds these kinds and speaks of somebody of this age at the youngest.
    pub(crate) fn raised_by(self, seen: KindSet, youngest: Option<u8>) -> Rules<'p> {
        let held = self.all_raises().enumerate().filter(|(_, raise)| raise.holds(seen, youngest));
        Rules { raised: held.fold(self.raised, |bits, (nth, _)| bits | 1 << nth), ..self }
    }

    /// Raised by what raises either.
    pub(crate) fn and(self, other: Rules<'p>) -> Rules<'p> {
        Rules { raised: self.raised | other.raised, ..self }
    }

    pub(crate) fn is_raised(self) -> bool {
        self.raised != 0
    }

    /// What raises this record, by id.
    pub(crate) fn raised_ids(self) -> impl Iterator<Item = &'p Arc<str>> {
        self.raises().map(Raise::id)
    }

    fn raises(self) -> impl Iterator<Item = &'p Raise> {
        self.all_raises()
            .enumerate()
            .filter(move |(nth, _)| self.raised >> nth & 1 == 1)
            .map(|(_, raise)| raise)
    }

    fn all_raises(self) -> impl Iterator<Item = &'p Raise> {
        let raises = match self.by {
            By::View(view) => view.raises(),
            #[cfg(any(test, feature = "reference"))]
            By::Table(_) => &[],
        };
        raises.iter().take(Raise::MOST)
    }
}

/// Fill characters where nothing may show: one width, so that length tells nothing.
pub(crate) const NOTHING_WIDTH: u8 = 8;

/// Nothing stays.
pub(crate) static NOTHING: Mask = Mask::Fixed { width: NOTHING_WIDTH, number: NumberMask::Zero };
static NOTHING_NULL: Mask = Mask::Fixed { width: NOTHING_WIDTH, number: NumberMask::Null };
static NOTHING_TEXT: Mask = Mask::Fixed { width: NOTHING_WIDTH, number: NumberMask::Text };

#[cfg(any(test, feature = "reference"))]
pub(crate) mod table {
    //! Plans without a permit, for tests.

    use super::{Plan, Source};
    use std::sync::Arc;
    use yingbi_policies::{Binding, Treatment};
    use yingbi_taxonomy::{Kind, KindSet};

    /// Treatments by kind for one's own records and for others'.
    #[derive(Debug)]
    pub(crate) struct Table {
        pub(crate) own: Rules,
        pub(crate) other: Rules,
        pub(crate) own_subjects: Vec<String>,
        pub(crate) document_subject: Option<String>,
        pub(crate) binding: Option<Binding>,
        pub(crate) route: Arc<str>,
        pub(crate) counts_sensitive: bool,
    }

    /// Treatments by kind.
    #[derive(Debug)]
    pub(crate) struct Rules {
        pub(crate) treatments: Vec<Treatment>,
        pub(crate) monitored: KindSet,
        pub(crate) opens: KindSet,
    }

    impl Table {
        /// The same treatment for every kind.
        pub(crate) fn all(treatment: Treatment) -> Table {
            Table {
                own: Rules::all(treatment.clone()),
                other: Rules::all(treatment),
                own_subjects: vec![],
                document_subject: None,
                binding: None,
                route: Arc::from("/test"),
                counts_sensitive: false,
            }
        }

        pub(crate) fn plan(&self) -> Plan<'_> {
            Plan { source: Source::Table(self), keys: None }
        }

        pub(crate) fn rules(&self, subject: Option<&str>) -> &Rules {
            match subject.or(self.document_subject.as_deref()) {
                Some(subject) if self.own_subjects.iter().any(|own| own == subject) => &self.own,
                _ => &self.other,
            }
        }
    }

    impl Rules {
        /// The same treatment for every kind.
        pub(crate) fn all(treatment: Treatment) -> Rules {
            Rules {
                treatments: vec![treatment; Kind::COUNT],
                monitored: KindSet::default(),
                opens: KindSet::default(),
            }
        }

        /// Another treatment for one kind.
        pub(crate) fn with(mut self, kind: Kind, treatment: Treatment) -> Rules {
            if let Some(slot) = self.treatments.get_mut(kind.index()) {
                *slot = treatment;
            }
            self
        }
    }
}
