//! What a decision yields. A [`Permit`] is built in one private place, the decision; without it there is no upstream
//! call and no treatment plan.

use crate::condition::Relation;
use crate::decide::Views;
use crate::few::Short;
use crate::{Asked, ConsentNeeded, Day, Distinct, FirmClassifiers, Limit, Mask, Path, Standing, Subjects};
use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use yingbi_taxonomy::{Kind, KindSet, Level};

/// The outcome of deciding one request.
#[derive(Debug)]
pub enum Decision {
    /// Go on, under this permit.
    Permit(Permit),
    /// Stop.
    Refuse(Refusal),
}

/// Why a request may not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status: 401 when authenticating could help, else 403.
    pub status: u16,
    /// Stable code, `YB2001` …
    pub code: &'static str,
    /// Rules that decided, if any.
    pub rules: Vec<Arc<str>>,
    /// Route template for records and metrics, if the route is known.
    pub route: Option<Arc<str>>,
    /// Roles the caller was found to have.
    pub roles: Vec<Arc<str>>,
    /// Purpose, when it is a declared one.
    pub purpose: Option<Arc<str>>,
}

/// Leave to go on, and how the answer must be treated.
#[derive(Debug)]
pub struct Permit {
    pub(crate) views: Arc<Views>,
    pub(crate) own_subjects: Own,
    /// What is remembered of investors, where that makes a difference.
    pub(crate) subjects: Option<Arc<dyn Subjects>>,
    pub(crate) consent: Option<Arc<ConsentNeeded>>,
    pub(crate) recipient: Option<Arc<str>>,
    pub(crate) country: Option<Arc<str>>,
    pub(crate) document_subject: Option<Short>,
    /// How that investor stood when this was decided: an answer about one investor is of one piece.
    pub(crate) document_standing: Standing,
    pub(crate) binding: Option<Arc<Binding>>,
    /// What the binding says of requests.
    pub(crate) request_binding: Option<Arc<Binding>>,
    pub(crate) route: Arc<str>,
    pub(crate) today: Day,
    pub(crate) classifiers: Option<Arc<FirmClassifiers>>,
}

/// Investor identifiers that are the caller's own: mostly one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    first: Option<Short>,
    more: Vec<Short>,
}

impl Own {
    fn contains(&self, subject: &str) -> bool {
        self.first.iter().chain(&self.more).any(|own| **own == *subject)
    }
}

impl FromIterator<Short> for Own {
    fn from_iter<I: IntoIterator<Item = Short>>(subjects: I) -> Own {
        let mut subjects = subjects.into_iter();
        Own { first: subjects.next(), more: subjects.collect() }
    }
}

impl Permit {
    /// The view of a record of this subject; an unknown subject is another's, whom nothing opens.
    pub fn view(&self, subject: Option<&str>) -> &View {
        let document = self.document_subject.as_deref();
        let Some(subject) = subject.or(document) else { return self.views.of(Relation::OTHER) };
        let own = self.own_subjects.contains(subject);
        match &self.subjects {
            None => self.views.of(Relation::OTHER.with(Relation::OWN, own)),
            Some(_) if document == Some(subject) => self.views.standing(own, self.document_standing),
            Some(subjects) => self.views.standing(own, subjects.standing(subject, &self.asked())),
        }
    }

    /// The view of a record that names several subjects: nobody's own, opened by nothing, restricted when one of them is.
    pub fn view_of_several<'s>(&self, several: impl IntoIterator<Item = &'s str>) -> &View {
        let Some(subjects) = &self.subjects else { return self.views.of(Relation::OTHER) };
        let asked = self.asked();
        let restricted = several.into_iter().any(|subject| subjects.standing(subject, &asked).restricted);
        self.views.of(Relation::OTHER.with(Relation::RESTRICTED, restricted))
    }

    /// What becomes of what comes in, where a rule speaks of it.
    pub fn request_view(&self) -> Option<&View> {
        self.views.request.as_ref()
    }

    /// What the firm declared about what comes in.
    pub fn request_binding(&self) -> Option<&Binding> {
        self.request_binding.as_deref()
    }

    /// Whether some treatment may need a key, in any view that the answer may need.
    pub fn needs_keys(&self) -> bool {
        self.views.keyed
    }

    /// Whether some treatment binds envelopes to where they stand, in any view that the answer may need.
    pub fn binds_paths(&self) -> bool {
        self.views.to_path
    }

    /// Whether some kind may be decrypted, in any view that the answer may need.
    pub fn opens(&self) -> bool {
        self.views.opens
    }

    fn asked(&self) -> Asked<'_> {
        Asked { purpose: self.purpose(), consent: self.consent.as_deref() }
    }

    /// Who receives the data, where the purpose names somebody else than the firm.
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_deref()
    }

    /// Where the recipient is, when that is abroad (T/TSAC 001 §8.6.2).
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// Whether some limit asks of whom anything sensitive is shown.
    pub fn counts_sensitive(&self) -> bool {
        self.views.limits.iter().any(|limit| limit.distinct() == Distinct::SensitiveInvestors)
    }

    /// The limits that concern the access.
    pub fn limits(&self) -> &[Arc<Limit>] {
        &self.views.limits
    }

    /// The consent that the purpose rests on.
    pub fn consent(&self) -> Option<&ConsentNeeded> {
        self.consent.as_deref()
    }

    /// Whether values of some kind may be left out, in any view that the answer may need.
    pub fn drops(&self) -> bool {
        self.views.drops
    }

    /// The investor whose data the whole answer is, when the route says so (a path parameter).
    pub fn document_subject(&self) -> Option<&str> {
        self.document_subject.as_deref()
    }

    /// What the firm declared about the route's answers.
    pub fn binding(&self) -> Option<&Binding> {
        self.binding.as_deref()
    }

    /// Route template (`/customers/{id}`): bounded, free of values, fit for records and metrics.
    pub fn route(&self) -> &Arc<str> {
        &self.route
    }

    /// Roles of the caller.
    pub fn roles(&self) -> &[Arc<str>] {
        &self.views.roles
    }

    /// Rules that decided.
    pub fn rules(&self) -> &[Arc<str>] {
        &self.views.rules
    }

    /// Purpose of the access.
    pub fn purpose(&self) -> Option<&str> {
        self.views.purpose.as_deref()
    }

    /// The day of the access: who is a minor depends on it.
    pub fn today(&self) -> Day {
        self.today
    }

    /// What the firm adds to the shipped classifiers, in the version of the policies that decided.
    pub fn classifiers(&self) -> Option<&Arc<FirmClassifiers>> {
        self.classifiers.as_ref()
    }

    /// Lawful basis of the purpose (T/TSAC 001 §8.1).
    pub fn basis(&self) -> Option<Basis> {
        self.views.basis
    }
}

/// Lawful basis of a purpose, T/TSAC 001 §8.1 a–g.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The investor's consent.
    Consent,
    /// Concluding or performing a contract.
    Contract,
    /// A legal duty.
    LegalDuty,
    /// An emergency for life, health or property.
    Emergency,
    /// News reporting and supervision by public opinion in the public interest.
    PublicInterest,
    /// Information already lawfully public.
    PublicInformation,
    /// Otherwise provided for by laws and regulations.
    OtherLaw,
}

/// What happens to each kind of value in one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// By [`Kind::index`].
    pub(crate) treatments: Box<[Treatment; Kind::COUNT]>,
    /// What rules in `monitor` mode would have done, where that differs.
    pub(crate) monitored: Option<Box<[Treatment; Kind::COUNT]>>,
    /// What may be stricter for single records.
    pub(crate) raises: Box<[Raise]>,
    /// Whether any kind is dropped, by the view or by what raises it.
    pub(crate) drops: bool,
    /// What may be decrypted; never level 4.
    pub(crate) opens: KindSet,
    /// Whether any treatment needs a key, or what may be decrypted does.
    pub(crate) keyed: bool,
    /// Whether any treatment binds envelopes to where they stand.
    pub(crate) to_path: bool,
    pub(crate) serial: Serial,
}

/// Tells views apart. Those that do the same are equal all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serial(u64);

impl Serial {
    /// One that no other view has.
    pub(crate) fn next() -> Serial {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Serial(LAST.fetch_add(1, Relaxed) + 1)
    }
}

impl PartialEq for Serial {
    fn eq(&self, _: &Serial) -> bool {
        true
    }
}

impl Eq for Serial {}

impl View {
    pub(crate) fn new(
        treatments: Box<[Treatment; Kind::COUNT]>,
        monitored: Option<Box<[Treatment; Kind::COUNT]>>,
        raises: Box<[Raise]>,
    ) -> View {
        let drops = |treatments: &[Treatment]| treatments.contains(&Treatment::Drop);
        let drops = drops(&*treatments) || raises.iter().any(|raise| drops(&*raise.treatments));
        let any = |is: fn(&Mask) -> bool| {
            let of = |treatments: &[Treatment]| {
                treatments.iter().any(|one| matches!(one, Treatment::Mask(mask) if is(mask)))
            };
            of(&*treatments) || raises.iter().any(|raise| of(&*raise.treatments))
        };
        let keyed = any(|mask| mask.keyed().is_some());
        let to_path = keyed && any(|mask| matches!(mask, Mask::Encrypt { to_path: true, .. }));
        let (opens, serial) = (KindSet::default(), Serial::next());
        View { monitored, raises, treatments, drops, opens, keyed, to_path, serial }
    }

    pub(crate) fn opening(self, opens: KindSet) -> View {
        View { opens, keyed: self.keyed || !opens.is_empty(), ..self }
    }

    /// What may be decrypted before it is treated; never level 4.
    pub fn opens(&self) -> KindSet {
        self.opens
    }

    /// Whether any treatment needs a key.
    pub fn needs_keys(&self) -> bool {
        self.keyed
    }

    /// Whether any treatment binds envelopes to where they stand.
    pub fn binds_paths(&self) -> bool {
        self.to_path
    }

    /// Whether any kind is left out.
    pub fn drops(&self) -> bool {
        self.drops
    }

    /// A number that no other view has, never zero, for what is remembered of one.
    pub fn serial(&self) -> u64 {
        self.serial.0
    }

    /// The treatment of a kind.
    pub fn treatment(&self, kind: Kind) -> &Treatment {
        self.treatments.get(kind.index()).unwrap_or(&Treatment::Block)
    }

    /// What `monitor` rules would have done with a kind, when that differs from what is done.
    pub fn monitored(&self, kind: Kind) -> Option<&Treatment> {
        let would = self.monitored.as_ref()?.get(kind.index())?;
        (would != self.treatment(kind)).then_some(would)
    }

    /// What may be stricter for single records, depending on what else they hold; empty where nothing can be. At most
    /// [`Raise::MOST`].
    pub fn raises(&self) -> &[Raise] {
        &self.raises
    }
}

/// A stricter treatment of records that hold something (T/TSAC 001 §6.3, last paragraph; §3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    pub(crate) id: Arc<str>,
    pub(crate) cause: Cause,
    pub(crate) enforced: bool,
    /// By [`Kind::index`]; never weaker than the view's own.
    pub(crate) treatments: Box<[Treatment; Kind::COUNT]>,
}

impl Raise {
    /// Most raises a view has.
    pub const MOST: usize = 32;

    /// Id of the combination.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whether a record that holds these kinds, and speaks of somebody of this age at the youngest, is raised.
    pub fn holds(&self, seen: KindSet, youngest: Option<u8>) -> bool {
        self.cause.holds(seen, youngest)
    }

    /// Whether it rules, and is not only watched.
    pub fn is_enforced(&self) -> bool {
        self.enforced
    }

    /// The treatment of a kind in a raised record.
    pub fn treatment(&self, kind: Kind) -> &Treatment {
        self.treatments.get(kind.index()).unwrap_or(&Treatment::Block)
    }
}

/// What raises a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// So many of these parts are in it, each by one of its kinds.
    Together {
        /// The parts.
        parts: Vec<KindSet>,
        /// How many of them are enough.
        least: usize,
    },
    /// It speaks of somebody younger.
    Under {
        /// In whole years.
        age: u8,
    },
}

impl Cause {
    /// Whether a record has it.
    pub fn holds(&self, seen: KindSet, youngest: Option<u8>) -> bool {
        match self {
            Cause::Together { parts, least } => {
                parts.iter().filter(|part| part.meets(seen)).count() >= *least
            }
            Cause::Under { age } => youngest.is_some_and(|youngest| youngest < *age),
        }
    }
}

/// What is done with a value; later variants are stronger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Released as it is.
    Clear,
    /// Released under a mask.
    Mask(Arc<Mask>),
    /// The member or element is left out.
    Drop,
    /// The whole answer is refused.
    Block,
}

impl Treatment {
    /// deny > drop > stronger mask > weaker mask > clear.
    pub fn compare(&self, other: &Treatment) -> Ordering {
        match (self, other) {
            (Treatment::Mask(own), Treatment::Mask(other)) => other.weakness().cmp(&own.weakness()),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The stronger of two.
    pub fn stronger(self, other: Treatment) -> Treatment {
        if other.compare(&self) == Ordering::Greater { other } else { self }
    }

    fn rank(&self) -> u8 {
        match self {
            Treatment::Clear => 0,
            Treatment::Mask(_) => 1,
            Treatment::Drop => 2,
            Treatment::Block => 3,
        }
    }
}

/// What a firm declared about a route's answers.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    /// Binding id.
    pub id: String,
    /// Where one investor's record stands (`$.data[*]`); without it the document is one record.
    pub records: Option<Path>,
    /// Whose the record is.
    pub subject: Option<SubjectSelector>,
    /// Declared fields.
    pub fields: Vec<FieldBinding>,
    /// Media types (`image/png`) that are passed unread on this route; only where the route carries nothing of level ≥ 3.
    pub opaque: Vec<String>,
    /// What kinds count as on this route, from wide names to narrow ones.
    pub overrides: Vec<Override>,
    /// What is asked of data that comes in; `None`: nothing is read.
    pub validation: Option<Validation>,
    /// What becomes of answers in which some records look like few others.
    pub small_groups: Option<SmallGroupRule>,
    /// Whether pages and tables on the route carry a mark of who got them and when.
    pub watermark: bool,
    /// Refusals on the route carry the business result codes of T/TSAC 002—2025 §6.1.1.
    pub result_codes: bool,
}

/// What becomes of answers in which fewer records than this look alike (T/TSAC 001 §8.5.3 b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallGroupRule {
    /// A group of fewer is small.
    pub below: u32,
    /// What is done.
    pub then: SmallGroupAction,
}

/// What is done about records that look like few others; each later one warns, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SmallGroupAction {
    /// The answer says so, and so do its record and a metric.
    Warn,
    /// What tells these records apart is covered.
    Suppress,
    /// The answer is refused.
    Refuse,
}

impl SmallGroupAction {
    /// All of them.
    pub const ALL: [SmallGroupAction; 3] =
        [SmallGroupAction::Warn, SmallGroupAction::Suppress, SmallGroupAction::Refuse];

    /// The word of policies and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            SmallGroupAction::Warn => "warn",
            SmallGroupAction::Suppress => "suppress",
            SmallGroupAction::Refuse => "refuse",
        }
    }
}

/// What some kinds count as in one service scene (T/TSAC 001 §6.3, last paragraph).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The category as written.
    pub of: String,
    /// The kinds it names.
    pub kinds: KindSet,
    /// Their level here.
    pub level: Option<Level>,
    /// What they are taken for here.
    pub taken_for: Option<Kind>,
    /// Why.
    pub reason: String,
    /// Clauses of the standard.
    pub clauses: Vec<String>,
}

impl Override {
    /// What it does, without why: `wealth.cash: level 2`; for records and explanations.
    pub fn effect(&self) -> String {
        let taken_for = self.taken_for.map(|kind| format!(" as {kind}")).unwrap_or_default();
        let level = self.level.map(|level| format!(" level {level}")).unwrap_or_default();
        format!("{}:{taken_for}{level}", self.of)
    }
}

/// What is asked of data that comes in (T/TSAC 001 §8.2.2.1 c).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// By [`Kind::index`].
    pub(crate) checks: Box<[Check; Kind::COUNT]>,
    /// What single fields of the request are.
    pub fields: Vec<FieldBinding>,
}

impl Validation {
    /// What becomes of a wrong value of a kind.
    pub fn check(&self, kind: Kind) -> Check {
        self.checks.get(kind.index()).copied().unwrap_or(Check::Reject)
    }

    /// Whether a wrong value of some kind is refused.
    pub fn rejects(&self) -> bool {
        self.checks.contains(&Check::Reject)
    }
}

/// What becomes of a wrong value that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// It goes on, unnoticed.
    Pass,
    /// It goes on, recorded and counted.
    Flag,
    /// The request is refused.
    Reject,
}

/// Where a record's subject is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectSelector {
    /// A path within the record.
    Record(Path),
    /// A parameter of the route's path: the whole answer is about that investor.
    Parameter(String),
}

/// A field only the firm can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldBinding {
    /// Path within the record.
    pub path: Path,
    /// What it is; `None` says that it is no personal information.
    pub kind: Option<Kind>,
}
