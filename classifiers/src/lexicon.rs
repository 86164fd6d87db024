//! What field names mean: names known letter by letter, then rules over the concepts of their words.
//!
//! Names and rules are data (`lexicon/names/*.tsv`, `lexicon/rules.tsv`), one file a family of systems.

use crate::words::{Concept, ConceptSet, TYPES, UNKNOWN, Words};
use crate::{KeyMeaning, Signals, Strength};
use std::collections::HashMap;
use yingbi_taxonomy::{Category, Kind, Level};

/// Names known letter by letter, a file for each family of systems.
pub(crate) const NAMES: &[&str] = &[
    include_str!("../lexicon/names/counter.tsv"),
    include_str!("../lexicon/names/ctp.tsv"),
    include_str!("../lexicon/names/fund-ta.tsv"),
    include_str!("../lexicon/names/aml.tsv"),
    include_str!("../lexicon/names/bank.tsv"),
    include_str!("../lexicon/names/app.tsv"),
    include_str!("../lexicon/names/trading.tsv"),
    include_str!("../lexicon/names/pinyin-names.tsv"),
    include_str!("../lexicon/names/not-personal.tsv"),
    include_str!("../lexicon/names/secrets.tsv"),
    include_str!("../lexicon/names/persons.tsv"),
    include_str!("../lexicon/names/crm.tsv"),
    include_str!("../lexicon/names/events.tsv"),
    include_str!("../lexicon/names/public.tsv"),
];

/// Rules over concepts: context, head, kind, strength.
pub(crate) const RULES: &str = include_str!("../lexicon/rules.tsv");

/// Topics: concept, kind, strength, whether even its type or date is of the kind.
const TOPICS: &str = include_str!("../lexicon/topics.tsv");

/// English words and abbreviations, pinyin, Chinese: concept, then its words. Then traditional characters.
pub(crate) const WORDS: [&str; 4] = [
    include_str!("../lexicon/words.tsv"),
    include_str!("../lexicon/pinyin.tsv"),
    include_str!("../lexicon/chinese.tsv"),
    include_str!("../lexicon/traditional.tsv"),
];

/// The compiled lexicon.
pub(crate) struct Lexicon {
    words: Words,
    spelt: HashMap<&'static str, Meaning>,
    folded: HashMap<String, Meaning>,
    rules: Vec<Rule>,
    /// For each concept the rules whose head ends in it.
    by_head: Vec<Vec<u16>>,
    /// For each concept what a name is about that has it anywhere, and whether even its type or date is of the kind.
    topics: Vec<Option<(Meaning, bool)>>,
    special: SpecialConcepts,
}

/// What a name or a rule says before its record's signals are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) kind: Option<Kind>,
    pub(crate) strength: Strength,
    pub(crate) prose: bool,
}

#[derive(Debug)]
pub(crate) struct Rule {
    /// Empty: no context is asked for.
    context: ConceptSet,
    head: Vec<ConceptSet>,
    meaning: Meaning,
}

struct SpecialConcepts {
    /// Words such as `no` and `id` that a rule need not repeat: `mobile_no` is `mobile`.
    poppable: ConceptSet,
    question: ConceptSet,
    product: ConceptSet,
    organisation: ConceptSet,
    /// Facts that are given as a code and its name.
    coded: ConceptSet,
    code: ConceptSet,
    /// Facts that are written out in words beside their code, and what those words are called.
    told: ConceptSet,
    telling: ConceptSet,
    /// Those of whom a fact may be, when they are named last.
    owner: ConceptSet,
    /// What is about nobody, whatever else the name speaks of.
    nobodys: ConceptSet,
    /// What says no more than of which kind, state or day something is.
    generic: ConceptSet,
}

impl Lexicon {
    /// Compiles the shipped data; lines that do not parse are left out, and a test says there are none.
    pub(crate) fn shipped() -> Lexicon {
        let words = Words::parse(WORDS);
        let mut spelt = HashMap::new();
        let mut folded = HashMap::new();
        for (name, meaning) in NAMES.iter().flat_map(|file| file.lines()).filter_map(parse_name) {
            match name.strip_prefix('=') {
                Some(exact) => spelt.insert(exact, meaning),
                None => folded.insert(fold(name), meaning),
            };
        }
        let rules: Vec<Rule> = RULES.lines().filter_map(|line| parse_rule(line, &words)).collect();
        let mut by_head = vec![Vec::new(); words.len()];
        for (index, rule) in (0u16..).zip(&rules) {
            let last = rule.head.last().copied().unwrap_or_default();
            for (concept, list) in (0..).zip(&mut by_head) {
                if last.has(concept) {
                    list.push(index);
                }
            }
        }
        let mut topics = vec![None; words.len()];
        for (concept, topic) in TOPICS.lines().filter_map(|line| parse_topic(line, &words)) {
            if let Some(slot) = topics.get_mut(usize::from(concept)) {
                *slot = Some(topic);
            }
        }
        let set =
            |names: &[&str]| names.iter().filter_map(|name| words.concept(name)).collect::<ConceptSet>();
        let special = SpecialConcepts {
            poppable: set(&["no", "id", "home", "office", "list"]),
            question: set(&["isq"]),
            product: set(&["product", "fund", "price", "volume", "quote"]),
            organisation: set(&["org", "company"]),
            coded: set(&[
                "gender",
                "ethnic",
                "nation",
                "marital",
                "edu",
                "religion",
                "political",
                "orientation",
                "vocation",
                "birthplace",
                "idtype",
                "persona",
            ]),
            code: set(&["name", "type", "meta", "level", "no", "id", "remark", "anyvalue"]),
            told: set(&[
                "acctprop",
                "contract",
                "contractdate",
                "creditquota",
                "creditrating",
                "crime",
                "derived",
                "entrustword",
                "entrust",
                "face",
                "fillword",
                "finger",
                "bio",
                "idtype",
                "idvalid",
                "issuerword",
                "medical",
                "health",
                "openbank",
                "orderside",
                "orderword",
                "paper",
                "relationship",
                "risk",
                "special",
                "tradeparam",
                "tradeperm",
                "vocation",
                "job",
                "x509",
            ]),
            telling: set(&["name", "remark", "anyvalue", "sj"]),
            owner: set(&["client", "user", "account", "bank", "position", "order", "fill"]),
            nobodys: set(&[
                "product", "org", "company", "quote", "helpdesk", "dict", "host", "author", "page", "link",
                "count",
            ]),
            generic: set(&[
                "type",
                "meta",
                "level",
                "date",
                "valid",
                "name",
                "remark",
                "outcome",
                "container",
            ]),
        };
        Lexicon { words, spelt, folded, rules, by_head, topics, special }
    }

    /// What a field name says.
    pub(crate) fn key(&self, name: &str) -> KeyMeaning {
        let unspaced = is_spaced_out(name).then(|| name.split_whitespace().collect::<String>());
        let name = unspaced.as_deref().unwrap_or(name);
        let concepts = self.words.concepts_of(name);
        let meaning = self
            .known(name)
            .or_else(|| self.by_rule_or_key(name, &concepts))
            .or_else(|| self.by_beginning(name).and_then(weaker));
        let seen: ConceptSet = concepts.iter().copied().collect();
        let Some(meaning) = meaning else {
            return KeyMeaning { signals: self.entity(seen), ..KeyMeaning::UNKNOWN };
        };
        let denies = meaning.kind.is_none() && !meaning.prose;
        let mut signals = meaning.kind.map_or(Signals::default(), |kind| signals_of(kind, meaning.strength));
        if denies {
            signals = signals.union(self.entity(seen));
        }
        KeyMeaning { kind: meaning.kind, strength: meaning.strength, signals, denies, prose: meaning.prose }
    }

    /// Whether some word in the name is one that field names are made of.
    pub(crate) fn knows_a_word_of(&self, name: &str) -> bool {
        self.words.concepts_of(name).iter().any(|concept| *concept != UNKNOWN)
    }

    fn known(&self, name: &str) -> Option<Meaning> {
        if let Some(meaning) = self.spelt.get(name) {
            return Some(*meaning);
        }
        let folded = fold(name);
        self.folded
            .get(&folded)
            .or_else(|| {
                let bare = folded.trim_end_matches(|c: char| c.is_ascii_digit());
                self.folded.get(bare).filter(|_| bare.len() > 2 && bare.len() < folded.len())
            })
            .or_else(|| self.folded.get(&fold(untyped(name)?)))
            .or_else(|| self.undecorated(&folded))
            .copied()
    }

    /// `old_cert_content`, `faceFeatureInfo1`: a listed name between words that only decorate.
    fn undecorated(&self, folded: &str) -> Option<&Meaning> {
        let bare = folded.trim_end_matches(|c: char| c.is_ascii_digit());
        let ends = || {
            ENDS.iter().filter_map(|end| bare.strip_suffix(end)).chain([bare]).filter(|name| is_telling(name))
        };
        let begun =
            |name| BEGINNINGS.iter().find_map(move |word| self.listed(str::strip_prefix(name, word)?));
        ends().find_map(|name| self.listed(name)).or_else(|| ends().find_map(begun))
    }

    fn listed(&self, name: &str) -> Option<&Meaning> {
        self.folded.get(name).filter(|_| is_telling(name))
    }

    /// A secret key is one whatever the rules take its name for, save for another secret.
    fn by_rule_or_key(&self, name: &str, concepts: &[Concept]) -> Option<Meaning> {
        let ruled = self.by_rule(concepts);
        let is_secret = |meaning: Meaning| meaning.kind.is_some_and(|kind| kind.level() == Level::L4);
        if !ruled.is_some_and(is_secret) && self.words.names_secret_key(name) {
            return Some(SECRET_KEY);
        }
        match ruled {
            None => self.by_topic(concepts, false),
            Some(Meaning { kind: None, prose: false, .. }) => self.by_topic(concepts, true).or(ruled),
            // Read as prose all the same, where the record has no such field.
            Some(Meaning { kind: None, prose: true, .. }) => {
                self.by_topic(concepts, true).map(|topic| Meaning { prose: true, ..topic }).or(ruled)
            }
            ruled => ruled,
        }
    }

    /// `surgical_record_xyz`, `投诉事由`, `marital_stat_dt`: what the name is about, when no rule knows its end; when a
    /// rule denies a mere type, state or date, only what is personal down to that.
    fn by_topic(&self, concepts: &[Concept], denied: bool) -> Option<Meaning> {
        if concepts.iter().any(|concept| self.special.nobodys.has(*concept)) {
            return None;
        }
        if denied {
            concepts.last().filter(|last| self.special.generic.has(**last))?;
            concepts.first().filter(|first| !self.special.question.has(**first))?;
        }
        let mut topics =
            concepts.iter().rev().filter_map(|concept| *self.topics.get(usize::from(*concept))?);
        let (meaning, _) = topics.find(|(_, even)| *even || !denied)?;
        if denied { weaker(meaning).or(Some(meaning)) } else { Some(meaning) }
    }

    fn by_rule(&self, concepts: &[Concept]) -> Option<Meaning> {
        let asks = concepts.first().is_some_and(|first| self.special.question.has(*first));
        let mut names = if asks { concepts.get(1..).unwrap_or_default() } else { concepts };
        // `gender_nm`, `educationCode`, `marital_status_desc`: a code, its name and its kind say what the fact says.
        while let [rest @ .., fact, last] = names
            && self.special.coded.has(*fact)
            && self.special.code.has(*last)
        {
            let _ = rest;
            names = names.split_last().map_or(names, |(_, rest)| rest);
        }
        let mut best: Option<(i32, Meaning)> = None;
        let mut penalty = 0;
        loop {
            if let Some((score, meaning)) = self.best_rule(names)
                && best.is_none_or(|(so_far, _)| score - penalty > so_far)
            {
                best = Some((score - penalty, meaning));
            }
            let Some((last, rest)) = names.split_last() else { break };
            if !self.special.poppable.has(*last) || rest.is_empty() {
                break;
            }
            names = rest;
            penalty += 1;
        }
        if best.is_none_or(|(score, _)| score < 2 * SCORE_OF_A_WORD)
            && let Some(told) = self.told(names)
        {
            best = Some((SCORE_OF_A_WORD, told));
        }
        let turned = self.turned(concepts, best.map(|(_, meaning)| meaning));
        let meaning = turned.or(best.map(|(_, meaning)| meaning)).or_else(|| self.but_for_its_end(names));
        if asks && !meaning.is_some_and(|meaning| meaning.kind.is_some_and(answers_yes_or_no)) {
            return Some(Meaning { kind: None, strength: Strength::Decides, prose: false });
        }
        meaning
    }

    /// `wtlbmc`, `风险等级说明`: what a fact's code means, in words, says what the code says.
    fn told(&self, names: &[Concept]) -> Option<Meaning> {
        let (last, rest) = names.split_last()?;
        let fact = rest.last()?;
        if !self.special.telling.has(*last) || !self.special.told.has(*fact) {
            return None;
        }
        let (_, meaning) = self.best_rule(rest)?;
        (meaning.kind.is_some() && !meaning.prose).then_some(meaning)
    }

    /// `areaCode_cust`, `tradeAmountClient`: whose it is stands last. A rule of two words or more has to say so.
    fn turned(&self, concepts: &[Concept], plainly: Option<Meaning>) -> Option<Meaning> {
        let (owner, rest) = concepts.split_last().filter(|(last, rest)| {
            self.special.owner.has(**last)
                && rest.last().is_some_and(|before| !self.special.owner.has(*before))
        })?;
        let is_name_at_most = |meaning: Meaning| {
            meaning.kind.is_none()
                || (meaning.kind == Some(Kind::Name) && meaning.strength != Strength::Decides)
        };
        if !plainly.is_none_or(is_name_at_most) {
            return None;
        }
        let turned: Vec<Concept> = [*owner].into_iter().chain(rest.iter().copied()).collect();
        let (score, meaning) = match self.best_rule(&turned) {
            Some(best) if best.1.kind != Some(Kind::Name) => best,
            _ => (SCORE_OF_A_WORD + 1, self.told(&turned)?),
        };
        (meaning.kind.is_some_and(|kind| kind != Kind::Name)
            && (score > SCORE_OF_A_WORD || meaning.strength == Strength::Decides))
            .then_some(meaning)
    }

    /// `mobile_zz`: a word that no list holds stands at the end; then the value has to agree.
    fn but_for_its_end(&self, names: &[Concept]) -> Option<Meaning> {
        let end = names.iter().rposition(|concept| *concept != UNKNOWN)? + 1;
        let (known, unknown) = names.split_at_checked(end)?;
        let (_, meaning) = self.best_rule(known).filter(|_| !unknown.is_empty())?;
        weaker(meaning)
    }

    /// `广告标识码`, `left_thumb_tpl`: the longest listed name that this one begins with.
    fn by_beginning(&self, name: &str) -> Option<Meaning> {
        let folded = fold(name);
        let cuts = folded.char_indices().rev().map(|(at, _)| at);
        cuts.take_while(|at| *at >= SHORTEST_BEGINNING)
            .find_map(|at| self.folded.get(folded.get(..at)?))
            .copied()
    }

    fn best_rule(&self, concepts: &[Concept]) -> Option<(i32, Meaning)> {
        let last = concepts.last()?;
        let candidates = self.by_head.get(usize::from(*last))?;
        let mut best: Option<(i32, Meaning)> = None;
        for rule in candidates.iter().filter_map(|index| self.rules.get(usize::from(*index))) {
            let Some(score) = rule.score(concepts) else { continue };
            if best.is_none_or(|(so_far, _)| score > so_far) {
                best = Some((score, rule.meaning));
            }
        }
        best
    }

    fn entity(&self, seen: ConceptSet) -> Signals {
        if seen.meets(self.special.product) {
            Signals::PRODUCT
        } else if seen.meets(self.special.organisation) {
            Signals::ORGANISATION
        } else {
            Signals::default()
        }
    }
}

impl Rule {
    /// How well the rule fits: words of the head count more than a word of context.
    fn score(&self, concepts: &[Concept]) -> Option<i32> {
        let before = concepts.len().checked_sub(self.head.len())?;
        let (context, head) = concepts.split_at_checked(before)?;
        if !head.iter().zip(&self.head).all(|(concept, set)| set.has(*concept)) {
            return None;
        }
        let mut score = i32::try_from(self.head.len()).ok()? * SCORE_OF_A_WORD;
        if !self.context.is_empty() {
            if !context.iter().any(|concept| self.context.has(*concept)) {
                return None;
            }
            score += 3;
        }
        Some(score)
    }
}

/// What a word of a rule's head counts.
const SCORE_OF_A_WORD: i32 = 4;

/// Words before and behind a listed name that leave its meaning as it is.
const BEGINNINGS: &[&str] = &[
    "old", "new", "cur", "raw", "orig", "original", "tmp", "last", "my", "enc", "plain", "旧", "新", "原",
    "加密",
];
const ENDS: &[&str] = &[
    "info", "detail", "new", "old", "list", "str", "raw", "enc", "cipher", "plain", "tmp", "bak", "ext",
    "data", "array", "value", "val", "cn", "信息", "列表", "密文", "明文",
];

/// Whoever has it can sign, decrypt or log in as another.
const SECRET_KEY: Meaning = Meaning { kind: Some(Kind::Password), strength: Strength::Decides, prose: false };

/// What a name says that is only partly known: the value or the record has to agree.
fn weaker(meaning: Meaning) -> Option<Meaning> {
    let kind = meaning.kind?;
    let strength = match meaning.strength {
        Strength::Decides if kind.level() == Level::L4 => Strength::UnlessPublic,
        Strength::Decides if shows_by_form(kind) => Strength::NeedsShape,
        Strength::Decides => Strength::NeedsRecord,
        Strength::NeedsShape if shows_by_form(kind) => Strength::NeedsShape,
        _ => return None,
    };
    Some(Meaning { strength, ..meaning })
}

/// `m_dAvailable`, `szClientName`: a name behind the letters that say of what type its value is.
fn untyped(name: &str) -> Option<&str> {
    let bare = name.strip_prefix("m_").unwrap_or(name);
    let at = bare.find(|c: char| !c.is_ascii_lowercase())?;
    let (kind, rest) = bare.split_at_checked(at)?;
    let is_type = kind.is_empty() || TYPES.contains(&kind);
    (is_type && rest.len() < name.len() && rest.starts_with(|c: char| c.is_ascii_uppercase())).then_some(rest)
}

/// Three Chinese characters, or two English words.
const SHORTEST_BEGINNING: usize = 9;

/// `姓 名`, `签 发 机 关`: Chinese labels are spaced out to one width.
fn is_spaced_out(name: &str) -> bool {
    !name.is_ascii() && name.chars().any(char::is_whitespace)
}

/// Whether a name is long enough to be looked for inside another; Chinese says more in fewer characters.
fn is_telling(name: &str) -> bool {
    name.len() >= 6
}

/// Kinds whose values have a form of their own, so that half a name and the form are enough.
fn shows_by_form(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name
            | Kind::Mobile
            | Kind::Phone
            | Kind::Email
            | Kind::Address
            | Kind::IdNumber
            | Kind::BankCard
            | Kind::BankAccount
            | Kind::FundAccount
            | Kind::SecuritiesAccount
            | Kind::InvestorCode
            | Kind::Password
            | Kind::AccessToken
            | Kind::Certificate
            | Kind::Face
            | Kind::Fingerprint
            | Kind::CredentialBiometric
            | Kind::IpAddress
            | Kind::Mac
            | Kind::Imei
    )
}

/// Yes or no is the whole of these facts: `is_disabled`, `是否军人`, `is_blacklisted`.
fn answers_yes_or_no(kind: Kind) -> bool {
    kind == Kind::AccountOpening
        || matches!(
            kind.category(),
            Category::IdentitySpecial
                | Category::HealthStatus
                | Category::HealthMedical
                | Category::Other
                | Category::Credit
                | Category::TradeParameters
        )
}

/// What a key of this kind says about its record.
pub(crate) fn signals_of(kind: Kind, strength: Strength) -> Signals {
    match kind {
        Kind::Name | Kind::Mobile | Kind::BirthDate | Kind::Gender | Kind::Ethnicity | Kind::IdNumber
            if strength == Strength::Decides =>
        {
            Signals::PERSON
        }
        Kind::IdType | Kind::IdValidity | Kind::Nationality => Signals::PERSON,
        _ if matches!(strength, Strength::NeedsRecord | Strength::UnlessPublic) => Signals::default(),
        _ => signals_of_row(kind, strength),
    }
}

/// What only a natural person has says so of the record; what only an investor has says that an investor's account is
/// in it. Addresses, numbers to call, places and channels are had by branches and issuers too and say neither.
fn signals_of_row(kind: Kind, strength: Strength) -> Signals {
    let decides = strength == Strength::Decides;
    match kind.category() {
        Category::AccountOpening | Category::AccountInvestorCode => Signals::ACCOUNT,
        Category::IdentityDocument if decides && kind != Kind::TaxId => Signals::PERSON,
        Category::CredentialBiometric
        | Category::IdentitySpecial
        | Category::HealthStatus
        | Category::HealthMedical
        | Category::DeviceApps
        | Category::Other
            if decides =>
        {
            Signals::PERSON
        }
        Category::TradeOrder
        | Category::TradeFill
        | Category::TradeBankTransfer
        | Category::TradeLog
        | Category::TradeOther
        | Category::WealthPosition
        | Category::WealthCash
        | Category::Credit
        | Category::Contract
        | Category::CredentialAccount
        | Category::DevicePermanent
        | Category::DeviceResettable
        | Category::Behaviour
        | Category::Derived
        | Category::Relationship
        | Category::Service
            if decides && !matches!(kind, Kind::IpAddress | Kind::Terminal) =>
        {
            Signals::ACCOUNT
        }
        Category::WealthBank if matches!(kind, Kind::BankCard | Kind::BankAccount) => Signals::ACCOUNT,
        _ => Signals::default(),
    }
}

/// A name without case and separators: `client_name`, `clientName` and `CLIENT-NAME` are one.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// `name<TAB>kind<TAB>strength<TAB>note`, kind `-` for a name that speaks of no personal information.
pub(crate) fn parse_name(line: &'static str) -> Option<(&'static str, Meaning)> {
    let mut columns = line.split('\t');
    let name = columns.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
    Some((name, parse_meaning(columns.next()?, columns.next()?)?))
}

fn parse_meaning(kind: &str, strength: &str) -> Option<Meaning> {
    let kind = match kind {
        "-" => None,
        id => Some(Kind::from_id(id)?),
    };
    let (strength, prose) = match strength {
        "decides" => (Strength::Decides, false),
        "shape" => (Strength::NeedsShape, false),
        "record" => (Strength::NeedsRecord, false),
        "unless" => (Strength::UnlessPublic, false),
        "prose" => (Strength::Decides, true),
        _ => return None,
    };
    Some(Meaning { kind: kind.filter(|_| !prose), strength, prose })
}

/// `context<TAB>head<TAB>kind<TAB>strength`, atoms parted by spaces, alternatives by `|`.
pub(crate) fn parse_rule(line: &str, words: &Words) -> Option<Rule> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let (context, head) = (columns.next()?, columns.next()?);
    let meaning = parse_meaning(columns.next()?, columns.next()?)?;
    let alternatives =
        |atom: &str| atom.split('|').map(|name| words.concept(name)).collect::<Option<ConceptSet>>();
    let context = if context == "-" { ConceptSet::default() } else { alternatives(context)? };
    let head: Option<Vec<ConceptSet>> = head.split(' ').map(alternatives).collect();
    Some(Rule { context, head: head?, meaning })
}

/// `concept<TAB>kind<TAB>strength[<TAB>even]`.
pub(crate) fn parse_topic(line: &str, words: &Words) -> Option<(Concept, (Meaning, bool))> {
    if line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    let concept = words.concept(columns.next()?)?;
    let meaning = parse_meaning(columns.next()?, columns.next()?)?;
    Some((concept, (meaning, columns.next() == Some("even"))))
}

#[cfg(test)]
mod tests;
