//! Cuts a field name into words and turns each word into the concept it stands for.
//!
//! `m_szGDH`, `bankAcctNo2`, `BANKACCOUNTNO`, `frombankacco`, `khxm` and `联系人手机` all come out as a short list of
//! concepts. Which concepts there are and which words mean them is data: `lexicon/words.tsv`, `pinyin.tsv`, `chinese.tsv`.

mod spelling;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A concept's number; `UNKNOWN` for a word that no list holds.
pub(crate) type Concept = u8;

/// A word that no list holds.
pub(crate) const UNKNOWN: Concept = 0;

/// Words and their concepts. Only the shipped words are keys, so a fast hash without a secret serves.
type WordList = HashMap<&'static str, Concept, BuildHasherDefault<WordHasher>>;

/// Multiply and rotate, eight bytes at a time.
#[derive(Default)]
pub(crate) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// A set of concepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConceptSet {
    low: u128,
    high: u128,
}

impl ConceptSet {
    /// Whether `concept` is in the set.
    pub(crate) fn has(self, concept: Concept) -> bool {
        if concept < 128 { self.low >> concept & 1 == 1 } else { self.high >> (concept - 128) & 1 == 1 }
    }

    /// Whether the sets share a concept.
    pub(crate) fn meets(self, other: ConceptSet) -> bool {
        self.low & other.low != 0 || self.high & other.high != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self == ConceptSet::default()
    }
}

impl FromIterator<Concept> for ConceptSet {
    fn from_iter<I: IntoIterator<Item = Concept>>(concepts: I) -> Self {
        concepts.into_iter().fold(ConceptSet::default(), |set, concept| {
            if concept < 128 {
                ConceptSet { low: set.low | 1 << concept, ..set }
            } else {
                ConceptSet { high: set.high | 1 << (concept - 128), ..set }
            }
        })
    }
}

/// What secret keys are called.
const KEYS: &str = include_str!("../lexicon/keys.tsv");

/// The longest name that is read; of a longer one only the end counts, where the head noun stands.
const LONGEST_NAME: usize = 128;

/// The word lists, and the concepts they speak of.
pub(crate) struct Words {
    concepts: Vec<&'static str>,
    english: WordList,
    pinyin: WordList,
    chinese: WordList,
    traditional: HashMap<char, char>,
    /// English words of some length.
    long: Vec<(&'static str, Concept)>,
    /// Hashes of those words with a letter left out and the words' places, sorted, for those that are misspelt.
    misspelt: Vec<(u32, u16)>,
    /// The first consonants of those words and their concepts, sorted, for those that are shortened.
    skeletons: Vec<(u64, Concept)>,
    decor: Concept,
    /// What a name may end in after letters that say nothing.
    tails: ConceptSet,
    /// What keys are called, what keys are for, and how they are written.
    key_words: HashSet<&'static str>,
    key_uses: HashSet<&'static str>,
    key_forms: HashSet<&'static str>,
}

impl Words {
    /// Reads the word lists and the table of traditional characters.
    pub(crate) fn parse(lists: [&'static str; 4]) -> Words {
        let [english, pinyin, chinese, traditional] = lists;
        let mut concepts = vec!["?"];
        let english = read(english, &mut concepts);
        let mut pinyin = read(pinyin, &mut concepts);
        let chinese = read(chinese, &mut concepts);
        spelling::add(&chinese, &mut pinyin);
        let decor = find(&concepts, "decor").unwrap_or(UNKNOWN);
        let pairs = traditional
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('\t'));
        let traditional = pairs.flat_map(|(from, to)| from.chars().zip(to.chars())).collect();
        let mut long: Vec<(&'static str, Concept)> = english
            .iter()
            .filter(|(word, _)| (SHORTEST_CORRECTED..=LONGEST_WORD + 1).contains(&word.len()))
            .map(|(word, concept)| (*word, *concept))
            .collect();
        long.sort_unstable();
        let mut misspelt: Vec<(u32, u16)> = (0u16..)
            .zip(&long)
            .flat_map(|(at, (word, _))| without_one(word).map(move |shorter| (hash(&shorter), at)))
            .collect();
        misspelt.sort_unstable();
        misspelt.shrink_to_fit();
        let mut skeletons: Vec<(u64, Concept)> = long
            .iter()
            .filter(|(word, _)| word.len() <= LONGEST_SHORTENED)
            .map(|(word, concept)| (skeleton(word), *concept))
            .collect();
        skeletons.sort_unstable();
        skeletons.dedup();
        let [key_words, key_uses, key_forms] = ["keys", "uses", "forms"].map(|wanted| {
            let lists =
                KEYS.lines().filter_map(|line| line.split_once('\t')).filter(|(name, _)| *name == wanted);
            lists.flat_map(|(_, words)| words.split(' ')).collect()
        });
        let tails = TAILS.iter().filter_map(|tail| find(&concepts, tail)).collect();
        Words {
            tails,
            concepts,
            english,
            pinyin,
            chinese,
            traditional,
            long,
            misspelt,
            skeletons,
            decor,
            key_words,
            key_uses,
            key_forms,
        }
    }

    /// Whether the name speaks of a key, seed or secret of a cipher, a signature or a login: `enc_key`, `sm2PriKey`,
    /// `hotp_seed`, `prvKeyB64`. What an application calls a key of a table or cache is none.
    pub(crate) fn names_secret_key(&self, name: &str) -> bool {
        let tokens = tokens(name);
        let words =
            tokens.iter().filter(|token| token.class == Class::Letters).map(|token| token.text.as_str());
        let words: Vec<&str> = words.filter(|word| !self.key_forms.contains(word)).collect();
        let is_used = |word: &str| self.key_uses.contains(word);
        // `work-key-cipher`: what is said of it behind it.
        let mut words = words.as_slice();
        while let [rest @ .., key, last] = words
            && is_used(last)
            && !self.key_words.contains(last)
            && self.key_words.contains(key)
            && !rest.is_empty()
        {
            words = words.split_last().map_or(words, |(_, rest)| rest);
        }
        // `keyCipherText`: a key that is enciphered is no table's.
        if let [key, "cipher" | "encrypted" | "enc" | "crypt"] = words
            && self.key_words.contains(key)
        {
            return true;
        }
        let Some((last, before)) = words.split_last() else { return false };
        if before.iter().chain([last]).any(|word| word.starts_with("pub")) {
            return false;
        }
        // `keyPairPrivate`: said the other way round.
        if matches!(*last, "private" | "secret") && before.iter().any(|word| self.key_words.contains(word)) {
            return true;
        }
        self.key_words.iter().any(|key| match last.strip_suffix(key) {
            Some("") => {
                before.iter().any(|word| is_used(word))
                    || before.windows(2).any(|pair| is_used(&pair.concat()))
            }
            Some(rest) => {
                is_used(rest) || before.last().is_some_and(|word| is_used(&format!("{word}{rest}")))
            }
            None => false,
        })
    }

    /// The concept of this name in the lists' first column.
    pub(crate) fn concept(&self, name: &str) -> Option<Concept> {
        find(&self.concepts, name)
    }

    /// How many concepts there are, the unknown one included.
    pub(crate) fn len(&self) -> usize {
        self.concepts.len()
    }

    /// The concepts of a field name in their order, without digits and without words that only decorate (`new`, `cn`).
    pub(crate) fn concepts_of(&self, name: &str) -> Vec<Concept> {
        let tokens = tokens(name);
        let mut found = Vec::with_capacity(tokens.len() + 2);
        let mut rest: &[Token] = &tokens;
        while let Some((token, after)) = rest.split_first() {
            if token.class == Class::Chinese {
                let simplified: String =
                    token.text.chars().map(|c| self.traditional.get(&c).copied().unwrap_or(c)).collect();
                self.chinese_words(&simplified, &mut found);
                rest = after;
            } else if let Some((concept, used)) = self.joined(rest) {
                found.push(concept);
                rest = rest.get(used..).unwrap_or_default();
            } else {
                if token.class == Class::Letters {
                    self.run_together(&token.text, tokens.len() > 1, &mut found);
                }
                rest = after;
            }
        }
        // `htdqr_x`: a letter that tells names apart.
        if let ([.., last], [_, .., UNKNOWN]) = (tokens.as_slice(), found.as_slice())
            && last.class == Class::Letters
            && last.text.len() == 1
            && !last.glued
        {
            found.pop();
        }
        let bare: Vec<Concept> = found.iter().copied().filter(|concept| *concept != self.decor).collect();
        bare
    }

    /// The longest join of the next tokens that is a listed word: `e` `Mail`, `Pass` `Word`, `id` `card` `no`.
    fn joined(&self, tokens: &[Token]) -> Option<(Concept, usize)> {
        let mut joined = String::new();
        let mut best = None;
        let (mut is_spelt, mut is_initials) = (true, true);
        for (index, token) in tokens.iter().take(LONGEST_JOIN).enumerate() {
            if token.class == Class::Chinese {
                break;
            }
            joined.push_str(&token.text);
            is_spelt &= is_syllable(&token.text);
            is_initials &= !token.text.bytes().any(is_vowel);
            let english = if index < 4 { self.word(&joined) } else { None };
            // `xingMing`, `shou_ji_hao`: a syllable each. `zj_lx`, `khh_mc`: parted initials.
            let is_told = index > 0 && (is_spelt && joined.len() >= 6 || is_initials && joined.len() >= 4);
            let spelt = || self.pinyin.get(joined.as_str()).filter(|_| is_told);
            if let Some(concept) = english.or_else(|| spelt().copied()) {
                best = Some((concept, index + 1));
            }
        }
        best
    }

    fn word(&self, word: &str) -> Option<Concept> {
        self.english
            .get(word)
            .or_else(|| {
                let singular = word.strip_suffix('s').filter(|stem| stem.len() > 3)?;
                self.english.get(singular).or_else(|| self.english.get(singular.strip_suffix('e')?))
            })
            .copied()
    }

    /// A token without inner boundaries: English words run together, or else pinyin.
    fn run_together(&self, token: &str, in_company: bool, found: &mut Vec<Concept>) {
        if self.segment(token, &self.english, Alphabet::English, found)
            || ((in_company || token.len() > 2) && self.segment(token, &self.pinyin, Alphabet::Pinyin, found))
            || (token.len() >= SHORTEST_SPELT
                && self.segment(token, &self.pinyin, Alphabet::Syllables, found))
        {
            return;
        }
        // `sname`, `vcmobile`: a table's prefix of up to three letters before words that leave no doubt.
        for cut in 1..=3 {
            let Some((_, rest)) = token.split_at_checked(cut) else { break };
            if rest.len() >= 6 && self.segment(rest, &self.english, Alphabet::English, found) {
                return;
            }
        }
        // `mmima`, `vckehuhao`: the same before pinyin spelt in full.
        for cut in 1..=2 {
            let Some((_, rest)) = token.split_at_checked(cut) else { break };
            if rest.len() >= 4 && self.segment(rest, &self.pinyin, Alphabet::Syllables, found) {
                return;
            }
        }
        // `tpwd`, `ukpasswd`: nothing else ends so.
        let secret = ["pwd", "passwd", "pswd", "passwrd"].iter().find(|end| token.ends_with(*end));
        let secret = secret.and_then(|end| self.english.get(*end).copied());
        let read = secret.or_else(|| self.shortened(token)).or_else(|| self.corrected(token));
        match read {
            Some(concept) => found.push(concept),
            None => found.extend([Some(UNKNOWN), self.ending(token)].into_iter().flatten()),
        }
    }

    /// `wlfwmm`, `ywfzrsjhm`, `qnyphone`: what a name of unknown beginning ends in, where that says whose secret, number
    /// or address it is.
    fn ending(&self, token: &str) -> Option<Concept> {
        let is_told = |concept: &Concept| self.tails.has(*concept);
        let ends = (1..token.len()).filter_map(|at| token.split_at_checked(at));
        if token.bytes().any(is_vowel) {
            return ends
                .take_while(|(_, end)| end.len() >= SHORTEST_ENGLISH_END)
                .find_map(|(_, end)| self.english.get(end).copied())
                .filter(is_told);
        }
        // Initials of Chinese: `mm` ends a password, or what is left of a date's format.
        let mut ends = ends.take_while(|_| token.len() <= LONGEST_INITIALS);
        let is_format =
            |start: &str| start.bytes().all(|byte| matches!(byte, b'y' | b'd' | b'h' | b'm' | b's'));
        ends.find_map(|(start, end)| {
            let is_whole =
                end.len() >= SHORTEST_INITIALS_END || (end == "mm" && start.len() >= 2 && !is_format(start));
            self.pinyin.get(end).copied().filter(|_| is_whole)
        })
        .filter(is_told)
    }

    /// The word that this one misspells by one letter: `moblie`, `adress`, `custmer`, as real systems have them.
    fn corrected(&self, token: &str) -> Option<Concept> {
        if token.len() < SHORTEST_CORRECTED - 1 || token.len() > LONGEST_WORD {
            return None;
        }
        let near = |(word, concept): (&'static str, Concept)| is_slip(token, word).then_some(concept);
        // One letter more is the word itself when left out, one less is its key; two changed places meet in between.
        without_one(token)
            .find_map(|shorter| {
                let exact =
                    self.english.get_key_value(shorter.as_str()).map(|(word, concept)| (*word, *concept));
                exact
                    .filter(|(word, _)| word.len() >= SHORTEST_CORRECTED)
                    .and_then(near)
                    .or_else(|| self.neighbours(&shorter).find_map(near))
            })
            .or_else(|| self.neighbours(token).find_map(near))
    }

    /// The words that are this one with one letter more, and some that only share its hash.
    fn neighbours(&self, shorter: &str) -> impl Iterator<Item = (&'static str, Concept)> + '_ {
        let wanted = hash(shorter);
        let from = self.misspelt.partition_point(|(hash, _)| *hash < wanted);
        let run =
            self.misspelt.get(from..).unwrap_or_default().iter().take_while(move |(hash, _)| *hash == wanted);
        run.filter_map(|(_, at)| self.long.get(usize::from(*at)).copied())
    }

    /// The word that this one shortens by its vowels or its end: `cmpgn`, `rtg`, `psprt`, `incm`. All words that it may
    /// stand for have to mean the same.
    fn shortened(&self, token: &str) -> Option<Concept> {
        let bones = skeleton(token);
        let (len, mask) =
            (token.len(), u64::MAX.checked_shr(u32::try_from(token.len()).ok()? * 8).unwrap_or(0));
        if !(3..=8).contains(&len) || token.bytes().skip(1).any(is_vowel) {
            return None;
        }
        let bare = bones.to_be_bytes().iter().filter(|byte| **byte != 0).count();
        let mask =
            if bare == len { mask } else { u64::MAX.checked_shr(u32::try_from(bare).ok()? * 8).unwrap_or(0) };
        let from = self.skeletons.partition_point(|(other, _)| *other < bones);
        let matching = self.skeletons.get(from..).unwrap_or_default();
        let alike = |upto: u64| {
            let mut concepts =
                matching.iter().take_while(|(other, _)| *other <= upto).map(|(_, concept)| *concept);
            let first = concepts.next()?;
            concepts.all(|concept| concept == first).then_some(first)
        };
        alike(bones).or_else(|| if bare >= 4 { alike(bones | mask) } else { None })
    }

    /// Covers the whole token with the fewest listed words; pushes nothing when that is impossible.
    fn segment(&self, token: &str, list: &WordList, alphabet: Alphabet, found: &mut Vec<Concept>) -> bool {
        // best[i]: the cheapest cover of the first i bytes, as (cost, where its last word starts, its concept).
        let mut best: Vec<Option<(u32, usize, Concept)>> = vec![None; token.len() + 1];
        if let Some(first) = best.first_mut() {
            *first = Some((0, 0, UNKNOWN));
        }
        for end in 1..=token.len() {
            let from = end.saturating_sub(LONGEST_WORD);
            let mut cheapest: Option<(u32, usize, Concept)> = None;
            for start in from..end {
                let Some(Some((cost, ..))) = best.get(start).copied() else { continue };
                let Some(word) = token.get(start..end) else { continue };
                let listed = list.get(word).filter(|_| alphabet.allows(word));
                let (price, concept) = match listed {
                    // A word costs one, and more when it is short, so that few and long words win.
                    Some(&concept) => (cost + 10 + u32::from(word.len() < 4) * 2, concept),
                    None if matches!(alphabet, Alphabet::Syllables) && is_syllable(word) => {
                        (cost + 25, UNKNOWN)
                    }
                    None => continue,
                };
                if cheapest.is_none_or(|(so_far, ..)| price < so_far) {
                    cheapest = Some((price, start, concept));
                }
            }
            if let Some(slot) = best.get_mut(end) {
                *slot = cheapest;
            }
        }
        let start = found.len();
        if !push_cover(&best, found) {
            return false;
        }
        // Syllables alone say nothing, and what they spell may be English.
        let says =
            found.get(start..).is_some_and(|covered| covered.iter().any(|concept| *concept != UNKNOWN));
        if !says {
            found.truncate(start);
        }
        says
    }

    /// Chinese: the fewest words; a character that starts no word is unknown and the rest goes on.
    fn chinese_words(&self, run: &str, found: &mut Vec<Concept>) {
        let at: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
        let mut best: Vec<Option<(u32, usize, Concept)>> = vec![None; at.len()];
        if let Some(first) = best.first_mut() {
            *first = Some((0, 0, UNKNOWN));
        }
        for end in 1..at.len() {
            let mut cheapest: Option<(u32, usize, Concept)> = None;
            for start in end.saturating_sub(8)..end {
                let Some(Some((cost, ..))) = best.get(start).copied() else { continue };
                let (Some(&from), Some(&to)) = (at.get(start), at.get(end)) else { continue };
                let Some(word) = run.get(from..to) else { continue };
                let (price, concept) = match self.chinese.get(word) {
                    Some(&concept) => (cost + 10, concept),
                    None if end - start == 1 => (cost + 25, UNKNOWN),
                    None => continue,
                };
                if cheapest.is_none_or(|(so_far, ..)| price < so_far) {
                    cheapest = Some((price, start, concept));
                }
            }
            if let Some(slot) = best.get_mut(end) {
                *slot = cheapest;
            }
        }
        push_cover(&best, found);
    }
}

/// What says by itself whose it is, however the name before it is shortened.
const TAILS: &[&str] = &[
    "password",
    "otp",
    "idcard",
    "idtype",
    "idvalid",
    "mobile",
    "phone",
    "email",
    "address",
    "postcode",
    "bankacct",
    "cardno",
    "fundacct",
    "securities_acct",
    "tradeacct",
    "clientcode",
    "birth",
    "marital",
];

/// Tokens that are one word together: five syllables of pinyin and a number.
const LONGEST_JOIN: usize = 6;

/// Shorter English words end others that mean something else.
const SHORTEST_ENGLISH_END: usize = 5;

/// Three initials end other names by accident: `sbz` of a soldier's card, `tsbz`.
const SHORTEST_INITIALS_END: usize = 4;

/// Longer runs of consonants are no initials.
const LONGEST_INITIALS: usize = 12;

/// Shorter words have neighbours that mean something else.
const SHORTEST_CORRECTED: usize = 5;

/// Longer words are several and have no common abbreviation.
const LONGEST_SHORTENED: usize = 12;

/// The first letter and the consonants after it, one of two alike, as far as eight bytes reach.
fn skeleton(word: &str) -> u64 {
    let mut bones = [0u8; 8];
    let mut slots = bones.iter_mut();
    let mut last = 0;
    for (at, byte) in word.bytes().enumerate() {
        if (at > 0 && (is_vowel(byte) || byte == b'y')) || byte == last {
            continue;
        }
        last = byte;
        match slots.next() {
            Some(slot) => *slot = byte,
            None => break,
        }
    }
    u64::from_be_bytes(bones)
}

fn hash(word: &str) -> u32 {
    let mut hasher = WordHasher::default();
    hasher.write(word.as_bytes());
    (hasher.finish() >> 16) as u32
}

/// The word with each of its letters but the first left out.
fn without_one(word: &str) -> impl Iterator<Item = String> {
    word.char_indices()
        .skip(1)
        .map(|(at, _)| word.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect())
}

/// Whether two words differ by one letter left out, put in or changed, or by two neighbours in the wrong order. In
/// short words a changed letter makes another word: `portal`, `postal`.
fn is_slip(token: &str, word: &str) -> bool {
    if token.as_bytes().first() != word.as_bytes().first() {
        return false;
    }
    let same = token.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    let (a, b) =
        (token.as_bytes().get(same..).unwrap_or_default(), word.as_bytes().get(same..).unwrap_or_default());
    match (a, b) {
        // An ending makes another word: `healthy`, `passed`.
        ([_, a @ ..], b) if a == b => !a.is_empty() && word.len() > 5,
        (a, [_, b @ ..]) if a == b => !b.is_empty() && word.len() > 5,
        ([x, y, a @ ..], [z, w, b @ ..]) if (x, y) == (w, z) && a == b => true,
        ([_, a @ ..], [_, b @ ..]) => a == b && word.len() > 7,
        _ => false,
    }
}

/// The longest word of the Latin lists that is looked for inside a run of letters.
const LONGEST_WORD: usize = 18;

#[derive(Clone, Copy)]
enum Alphabet {
    English,
    /// Listed words alone, full or by initials.
    Pinyin,
    /// Words spelt in full, between syllables of words that no list holds: `gongzuomiyao`.
    Syllables,
}

impl Alphabet {
    /// Two letters inside a run are a word only where they are common enough not to be an accident.
    fn allows(self, word: &str) -> bool {
        match self {
            Alphabet::English => {
                word.len() > 2
                    || matches!(word, "no" | "id" | "nm" | "ac" | "cd" | "tx" | "ip" | "px" | "dt" | "tm")
            }
            Alphabet::Pinyin => word.len() >= 2,
            Alphabet::Syllables => word.len() >= 4 && word.bytes().any(is_vowel),
        }
    }
}

/// Shorter runs of letters are no two words of Chinese.
const SHORTEST_SPELT: usize = 7;

/// Whether letters can be one syllable of pinyin: a consonant and one of the finals, or a final that stands alone.
fn is_syllable(word: &str) -> bool {
    let after = |initial: &&str| word.strip_prefix(*initial);
    let alone = matches!(word, "a" | "o" | "e" | "ai" | "ei" | "ao" | "ou" | "an" | "en" | "ang" | "er");
    alone || INITIALS.iter().filter_map(after).any(|last| FINALS.contains(&last))
}

const INITIALS: &[&str] = &[
    "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c",
    "s", "y", "w",
];
const FINALS: &[&str] = &[
    "a", "o", "e", "i", "u", "v", "ai", "ei", "ui", "ao", "ou", "iu", "ie", "ue", "an", "en", "in", "un",
    "ang", "eng", "ing", "ong", "ia", "ian", "iang", "iao", "iong", "ua", "uai", "uan", "uang", "uo",
];

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u')
}

fn push_cover(best: &[Option<(u32, usize, Concept)>], found: &mut Vec<Concept>) -> bool {
    let mut at = best.len().saturating_sub(1);
    if best.last().copied().flatten().is_none() {
        return false;
    }
    let start = found.len();
    while at > 0 {
        let Some(Some((_, from, concept))) = best.get(at).copied() else { break };
        found.push(concept);
        at = from;
    }
    if let Some(pushed) = found.get_mut(start..) {
        pushed.reverse();
    }
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letters,
    Digits,
    Chinese,
}

#[derive(Debug)]
struct Token {
    text: String,
    class: Class,
    /// Whether it stands right against the token before, with no separator between.
    glued: bool,
    /// Whether it begins with a capital letter.
    capital: bool,
}

/// Cuts at separators, changes of case, and between letters, digits and Chinese; drops Hungarian prefixes.
fn tokens(name: &str) -> Vec<Token> {
    let name = tail(name);
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = name.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        // `资金余额（元）`, `Mobile (optional)`: what stands in brackets explains, it names nothing.
        if matches!(c, '(' | '（') && !tokens.is_empty() {
            before = None;
            while chars.next().is_some_and(|inner| !matches!(inner, ')' | '）')) {}
            continue;
        }
        let class = if c.is_ascii_digit() {
            Class::Digits
        } else if c.is_ascii_alphabetic() {
            Class::Letters
        } else if c.is_alphanumeric() {
            Class::Chinese
        } else {
            before = None;
            continue;
        };
        let next_is_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        let goes_on = before.is_some_and(|b| {
            tokens.last().is_some_and(|t| t.class == class)
                && !(c.is_ascii_uppercase()
                    && (b.is_ascii_lowercase() || (b.is_ascii_uppercase() && next_is_lower)))
        });
        match tokens.last_mut() {
            Some(token) if goes_on => token.text.push(c.to_ascii_lowercase()),
            _ => tokens.push(Token {
                text: c.to_ascii_lowercase().to_string(),
                class,
                glued: before.is_some(),
                capital: c.is_ascii_uppercase(),
            }),
        }
        before = Some(c);
    }
    drop_hungarian(&mut tokens);
    tokens
}

/// `m_szGDH` and `dKYZJ` are `GDH` and `KYZJ`: a type prefix in small letters glued to a capital.
fn drop_hungarian(tokens: &mut Vec<Token>) {
    if tokens.len() > 1 && tokens.first().is_some_and(|first| first.text == "m") {
        tokens.remove(0);
    }
    let is_prefix = match tokens.as_slice() {
        [first, second, ..] => {
            !first.capital && second.glued && second.capital && TYPES.contains(&first.text.as_str())
        }
        _ => false,
    };
    if is_prefix {
        tokens.remove(0);
    }
}

/// Letters before a name that say of what type its value is.
pub(crate) const TYPES: &[&str] =
    &["s", "sz", "d", "n", "str", "lpsz", "i", "b", "dw", "ul", "psz", "c", "ch", "dbl", "w"];

fn tail(name: &str) -> &str {
    let mut from = name.len().saturating_sub(LONGEST_NAME);
    while !name.is_char_boundary(from) {
        from += 1;
    }
    name.get(from..).unwrap_or(name)
}

fn read(list: &'static str, concepts: &mut Vec<&'static str>) -> WordList {
    let mut words = WordList::default();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, listed)) = line.split_once('\t') else { continue };
        let concept = match find(concepts, name) {
            Some(concept) => concept,
            None => {
                concepts.push(name);
                find(concepts, name).unwrap_or(UNKNOWN)
            }
        };
        words.extend(listed.split(' ').filter(|word| !word.is_empty()).map(|word| (word, concept)));
    }
    words
}

fn find(concepts: &[&'static str], name: &str) -> Option<Concept> {
    concepts.iter().position(|known| *known == name).and_then(|at| Concept::try_from(at).ok())
}

#[cfg(test)]
mod tests;
