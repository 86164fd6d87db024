//! Coded data in strings, read character by character.

use self::base64::Base64;
use self::spelling::{Spelling, characters, respell};
use super::print::{Piece, Printer, Scope, printed};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::plan::Action;
use crate::tree::{PROBED_DEEP, STRINGS_DEEP, name_hits};
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

mod base64;
mod spelling;

impl<'p, C: Classify> Printer<'_, 'p, C> {
    /// The pieces of a string in whose coded data something was found.
    pub(super) fn coded(
        &mut self,
        text: &str,
        hits: &[Hit],
        depth: usize,
        scope: &Scope<'p>,
    ) -> Result<Option<Vec<Piece>>, Uninspectable> {
        let is_treated = |hit: &Hit| scope.rules.action(hit.kind) != Action::Clear;
        if matches!(hits, [hit] if hit.start == 0 && hit.end == text.len() && is_treated(hit)) {
            return Ok(None);
        }
        if !scope.element.opens_json() {
            return Ok(None);
        }
        let before = self.counts.total();
        let is_probed = self.strings >= STRINGS_DEEP;
        let code = Code::read(text);
        if self.strings >= PROBED_DEEP {
            return match code {
                None | Some(Code::Parts(_) | Code::Words(_)) => Ok(None),
                _ => Err(Uninspectable::TooDeep { limit: PROBED_DEEP }),
            };
        }
        let document = if is_probed { self.nested(depth, text, scope)? } else { None };
        let mut pieces = match (document, code) {
            (Some(pieces), _) => pieces,
            (None, Some(code)) => self.code(text, &code, depth, scope)?,
            (None, None) => return Ok(None),
        };
        if is_probed && !changed(&pieces, text.len()).is_empty() {
            pieces = vec![Piece::New("********".into())];
        }
        Ok((self.counts.total() > before).then_some(pieces))
    }

    fn code(
        &mut self,
        text: &str,
        code: &Code,
        depth: usize,
        scope: &Scope<'p>,
    ) -> Result<Vec<Piece>, Uninspectable> {
        let kept = vec![Piece::Kept(0, text.len())];
        Ok(match code {
            Code::Base64(base64) => {
                let pieces = self.decoded(&base64.text, depth, scope)?;
                let treated = printed(&base64.text, &pieces);
                match treated == base64.text {
                    true => kept,
                    false => vec![Piece::Kept(0, base64.from), Piece::New(base64.write(&treated))],
                }
            }
            Code::Token(claims) => {
                let pieces = self.decoded(claims, depth, scope)?;
                let is_changed = !changed(&pieces, claims.len()).is_empty();
                if is_changed { vec![Piece::New("********".into())] } else { kept }
            }
            Code::Parts(parts) => self.parts(text, parts, depth, scope)?,
            Code::Spelling(spelling) => {
                let pieces = self.decoded(&characters(&spelling.characters), depth, scope)?;
                respell(spelling, pieces, text.is_ascii())
            }
            Code::Words(words) => self.words(text, words, depth, scope)?,
        })
    }

    /// Each word by itself, then what is found around and across them.
    fn words(
        &mut self,
        text: &str,
        words: &[(usize, usize, Code)],
        depth: usize,
        scope: &Scope<'p>,
    ) -> Result<Vec<Piece>, Uninspectable> {
        // Bytes from, to, what stands there then, and whether a word's reading made it.
        let mut changes: Vec<(usize, usize, String, bool)> = vec![];
        let mut taken = vec![];
        for (from, to, code) in words {
            let word = text.get(*from..*to).unwrap_or("");
            let before = self.counts.total();
            let pieces = self.code(word, code, depth, scope)?;
            if self.counts.total() > before {
                taken.push((*from, *to));
                let made = changed(&pieces, word.len());
                changes.extend(made.into_iter().map(|(a, b, new)| (from + a, from + b, new, true)));
            }
        }
        let mut hits = vec![];
        scope.element.hits(self.classifier, scope.signals, Scalar::Text(text), &mut hits);
        for hit in hits.iter().filter(|_| !taken.is_empty()) {
            let within = |(from, to): (usize, usize)| from <= hit.start && hit.end <= to;
            let is_told = scope.rules.action(hit.kind) == Action::Clear
                || changes.iter().any(|(from, to, _, of_word)| *of_word && within((*from, *to)));
            if taken.iter().any(|span| within(*span)) && is_told {
                continue;
            }
            for (from, to, new) in
                changed(&self.spans(text, std::slice::from_ref(hit), scope.rules)?, text.len())
            {
                changes.push((from, to, new, false));
            }
        }
        Ok(settled(changes, text.len()))
    }

    fn decoded(&mut self, text: &str, depth: usize, scope: &Scope<'p>) -> Result<Vec<Piece>, Uninspectable> {
        if let Some(pieces) = self.nested(depth, text, scope)? {
            return Ok(pieces);
        }
        let mut hits = vec![];
        scope.element.hits(self.classifier, scope.signals, Scalar::Text(text), &mut hits);
        self.strings += 1;
        let coded = self.coded(text, &hits, depth, scope)?;
        self.strings -= 1;
        match coded {
            Some(pieces) => Ok(pieces),
            None => self.spans(text, &hits, scope.rules),
        }
    }

    fn parts(
        &mut self,
        text: &str,
        parts: &[Part],
        depth: usize,
        outer: &Scope<'p>,
    ) -> Result<Vec<Piece>, Uninspectable> {
        let key = |part: &Part| match part {
            Part::Field { from, equals, .. } if from < equals => {
                self.classifier.key(&characters(&Spelling::percent(text, *from, *equals).characters))
            }
            _ => KeyMeaning::UNKNOWN,
        };
        let keys: Vec<KeyMeaning> = parts.iter().map(key).collect();
        let mut signals = keys.iter().fold(Signals::default(), |all, key| all.union(key.signals));
        if signals == Signals::default() || outer.element.is_kind() {
            signals = signals.union(outer.signals);
        }
        let mut out = vec![];
        for (part, key) in parts.iter().zip(keys) {
            let mut scope = outer.clone();
            scope.signals = signals;
            if key != KeyMeaning::UNKNOWN {
                let above = Some(outer.element).filter(|meaning| meaning.is_kind());
                scope.element = *Meaning::named(key).under(above.as_ref());
            }
            let (from, to) = match part {
                Part::Kept(from, to) => {
                    out.push(Piece::Kept(*from, *to));
                    continue;
                }
                Part::Text(from, to) => (*from, *to),
                Part::Field { from, equals, to } => {
                    let name = Spelling::percent(text, *from, *equals);
                    let mut hits = vec![];
                    name_hits(&characters(&name.characters), self.classifier, &mut hits);
                    let pieces = self.spans(&characters(&name.characters), &hits, scope.rules)?;
                    out.append(&mut respell(&name, pieces, text.is_ascii()));
                    out.push(Piece::Kept(*equals, equals + 1));
                    (equals + 1, *to)
                }
            };
            if from < to {
                let value = Spelling::percent(text, from, to);
                let pieces = self.decoded(&characters(&value.characters), depth, &scope)?;
                out.append(&mut respell(&value, pieces, text.is_ascii()));
            }
        }
        Ok(out)
    }
}

/// A stretch of a form or URL; all of them together are the whole.
enum Part {
    Kept(usize, usize),
    Text(usize, usize),
    Field { from: usize, equals: usize, to: usize },
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = vec![];
    let (mut begin, mut end) = (0, text.len());
    let head: String = text.chars().take_while(|character| !"=&?".contains(*character)).collect();
    if text.chars().nth(head.chars().count()) == Some('?') && !head.chars().any(is_separator) {
        parts.push(Part::Text(0, head.len()));
        parts.push(Part::Kept(head.len(), head.len() + 1));
        begin = head.len() + 1;
        end = (begin..end).find(|at| text.as_bytes().get(*at) == Some(&b'#')).unwrap_or(end);
    }
    let mut values: Vec<&str> = vec![];
    let mut at = begin;
    for (index, part) in text.get(begin..end)?.split('&').enumerate() {
        if index > 0 {
            parts.push(Part::Kept(at, at + 1));
            at += 1;
        }
        let to = at + part.len();
        let escaped = if part.starts_with("amp;") { 4 } else { 0 };
        parts.push(Part::Kept(at, at + escaped));
        let from = at + escaped;
        let part = text.get(from..to)?;
        let name = part.split('=').next()?;
        let is_of_name = |character: char| character.is_alphanumeric() || "_-.[]%+$@~!*".contains(character);
        if name.len() > 180 || !name.chars().all(is_of_name) {
            return None;
        }
        if name.len() < part.len() {
            values.push(part.get(name.len() + 1..)?);
            parts.push(Part::Field { from, equals: from + name.len(), to });
        } else {
            parts.push(Part::Text(from, to));
        }
        at = to;
    }
    if end < text.len() {
        parts.extend([Part::Kept(end, end + 1), Part::Text(end + 1, text.len())]);
    }
    // Padding is no value.
    let clauses = |value: &&str| value.chars().any(|c| c.is_whitespace() || "，。；：！？、".contains(c));
    let spaced = values.iter().any(clauses);
    values.retain(|value| !value.chars().all(|character| character == '='));
    let is_prose = matches!(values.as_slice(), [] | [_]) && (values.is_empty() || spaced);
    (!is_prose).then_some(parts)
}

/// What pieces of a text of this length change: from, to, and what stands there then.
fn changed(pieces: &[Piece], length: usize) -> Vec<(usize, usize, String)> {
    let (mut changes, mut at, mut news) = (vec![], 0, None::<String>);
    for piece in pieces.iter().chain([&Piece::Kept(length, length)]) {
        match piece {
            Piece::New(new) => news.get_or_insert_default().push_str(new),
            // What is left out between two kept pieces is a change as well.
            Piece::Kept(from, to) => {
                if news.is_some() || at < *from {
                    changes.push((at, *from, news.take().unwrap_or_default()));
                }
                at = *to;
            }
        }
    }
    changes
}

/// Changes made one after another; of those that overlap nothing shows unless a word's reading covers the others.
fn settled(changes: Vec<(usize, usize, String, bool)>, length: usize) -> Vec<Piece> {
    // Groups of bytes that some change joins.
    let mut groups: Vec<(usize, usize)> = vec![];
    let mut spans: Vec<(usize, usize)> = changes.iter().map(|(from, to, ..)| (*from, *to)).collect();
    spans.sort();
    for (from, to) in spans {
        match groups.last_mut() {
            Some((_, end)) if from < *end => *end = (*end).max(to),
            _ => groups.push((from, to)),
        }
    }
    let (mut out, mut at) = (vec![], 0);
    for (from, to) in groups {
        out.push(Piece::Kept(at, from));
        let here: Vec<_> = changes.iter().filter(|(a, b, ..)| from <= *a && *b <= to).collect();
        let whole = here.iter().filter(|(a, b, ..)| (*a, *b) == (from, to));
        let alike = here
            .iter()
            .all(|(a, b, new, _)| (*a, *b) == (from, to) && here.iter().all(|other| other.2 == *new));
        let stands = whole.clone().find(|(.., of_word)| *of_word || alike);
        out.push(Piece::New(stands.map_or("********".into(), |(.., new, _)| new.clone())));
        at = to;
    }
    out.push(Piece::Kept(at, length));
    out
}

/// What a text holds in coded form.
enum Code {
    Base64(Base64),
    Token(String),
    Parts(Vec<Part>),
    Spelling(Spelling),
    Words(Vec<(usize, usize, Code)>),
}

impl Code {
    fn read(text: &str) -> Option<Code> {
        if text.len() < 5 {
            return None;
        }
        let marked = text.contains(['%', '=', '&', '\\']);
        let spelt = [Spelling::percent, Spelling::references, Spelling::escapes];
        let spelling = || {
            let all = spelt.iter().map(|read| read(text, 0, text.len()));
            all.filter(|spelling| spelling.is_telling).map(Code::Spelling).next()
        };
        Code::run(text)
            .or_else(|| if marked { parts(text).map(Code::Parts) } else { None })
            .or_else(spelling)
            .or_else(|| Some(words(text)).filter(|words| !words.is_empty()).map(Code::Words))
    }

    fn run(text: &str) -> Option<Code> {
        Base64::read(text).map(Code::Base64).or_else(|| {
            let parts: Vec<&str> = text.splitn(3, '.').collect();
            let [head, claims, signature] = parts.as_slice() else { return None };
            let object = |part: &str| {
                Some(Base64::of(part, 0)?.text)
                    .filter(|text| text.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).starts_with('{'))
            };
            let is_signature = signature.chars().all(|c| c.is_ascii_alphanumeric() || "-_=+/".contains(c));
            (head.len() >= 12 && object(head).is_some() && is_signature)
                .then(|| object(claims))?
                .map(Code::Token)
        })
    }
}

/// Characters that stand in no URL.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || "\"'`<>(){}|,;\\，。；：！？、“”‘’（）《》【】「」".contains(character)
}

/// Coded words in a sentence.
fn words(text: &str) -> Vec<(usize, usize, Code)> {
    let mut words = vec![];
    for (from, to) in cut(text, 0, is_separator) {
        let segment = text.get(from..to).unwrap_or("");
        if segment.contains('=')
            && segment != text
            && let Some(parts) = parts(segment)
        {
            words.push((from, to, Code::Parts(parts)));
            continue;
        }
        for run in cut(segment, from, |c| !c.is_ascii_alphanumeric() && !"+/=_-.".contains(c)) {
            words.extend(run_words(text, run));
        }
    }
    words
}

fn run_words(text: &str, (from, to): (usize, usize)) -> Vec<(usize, usize, Code)> {
    let read = |(from, to): (usize, usize)| Some((from, to, text.get(from..to).and_then(Code::run)?));
    let long = |(from, to): &(usize, usize)| to - from >= 15;
    if !long(&(from, to)) {
        return vec![];
    }
    if to - from < text.len()
        && let Some(word) = read((from, to))
    {
        return vec![word];
    }
    let run = text.get(from..to).unwrap_or("");
    let by = |marks: &str| -> Vec<_> {
        let parts = cut(run, from, |c| marks.contains(c)).into_iter().filter(long);
        parts.filter(|part| *part != (from, to)).filter_map(read).collect()
    };
    let dotted = by(".");
    if dotted.is_empty() { by("./=_-+") } else { dotted }
}

/// What lies between marks, offsets counted from `offset`.
fn cut(text: &str, offset: usize, is_mark: impl Fn(char) -> bool) -> Vec<(usize, usize)> {
    let (mut parts, mut from) = (vec![], 0);
    for (at, character) in text.char_indices() {
        if is_mark(character) {
            parts.push((offset + from, offset + at));
            from = at + character.len_utf8();
        }
    }
    parts.push((offset + from, offset + text.len()));
    parts
}
