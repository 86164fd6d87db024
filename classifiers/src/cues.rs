//! What a text is made of: one look at each of its characters, after which only those finders run whose marks it has.

use crate::{plain, prose};
use std::sync::LazyLock;

/// The marks of a text, or-ed, and how many of some there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cues {
    marks: u32,
    digits: usize,
    numerals: usize,
    areas: usize,
}

impl Cues {
    /// Looks at every character once; text in ASCII never leaves the table of its 128.
    pub(crate) fn of(text: &str) -> Cues {
        let mut cues = Cues::default();
        let (mut at, mut marks, mut digits) = (0, 0, 0);
        for byte in text.as_bytes() {
            let Some(mark) = ASCII.get(usize::from(*byte)) else { break };
            marks |= mark;
            digits += mark & mark::DIGIT;
            at += 1;
        }
        (cues.marks, cues.digits) = (marks, digits as usize);
        if at == text.len() {
            return cues;
        }
        let table = MARKS.as_slice();
        for c in text.get(at..).unwrap_or_default().chars() {
            let mark = table.get(u32::from(c) as usize).copied().unwrap_or(mark::HIGH | mark::FOLDED);
            cues.marks |= mark;
            cues.digits += (mark & mark::DIGIT) as usize;
            cues.numerals += usize::from(mark & mark::NUMERAL != 0);
            cues.areas += usize::from(mark & mark::AREA != 0);
        }
        cues
    }

    /// Whether the text has one of these marks.
    #[inline]
    pub(crate) fn has(self, marks: u32) -> bool {
        self.marks & marks != 0
    }

    /// How many digits there are.
    pub(crate) fn digits(self) -> usize {
        self.digits
    }

    /// Whether a label may stand before something: behind it is a mark, an arrow, a number, a word.
    pub(crate) fn may_hold_label(self) -> bool {
        match self.has(mark::HIGH) {
            true => {
                self.has(mark::COLON | mark::EQUALS | mark::ARROW | mark::DIGIT | mark::LETTER | mark::WORDED)
            }
            false => {
                self.has(mark::COLON | mark::EQUALS | mark::ARROW)
                    || (self.has(mark::LETTER) && self.has(mark::SPACE) && self.has(mark::DIGIT | mark::DASH))
            }
        }
    }

    /// Whether there are numerals enough for a number written out, or a one-time password.
    pub(crate) fn may_hold_numerals(self) -> bool {
        self.numerals >= 4
    }

    /// Whether there are levels, streets and numbers enough for an address.
    pub(crate) fn may_hold_address(self) -> bool {
        let numbered = self.has(mark::NUMBER) && (self.has(mark::DIGIT | mark::LETTER) || self.numerals > 0);
        self.has(mark::PLACE)
            && ((self.has(mark::STREET) && numbered)
                || (self.areas >= 2 && (self.has(mark::STREET) || numbered)))
    }

    /// Whether a name may begin somewhere.
    pub(crate) fn may_hold_name(self) -> bool {
        self.has(mark::SURNAME | mark::MIDDLE_DOT)
    }
}

/// One bit for each thing that a finder asks for.
pub(crate) mod mark {
    pub(crate) const DIGIT: u32 = 1;
    pub(crate) const LETTER: u32 = 1 << 1;
    pub(crate) const AT: u32 = 1 << 2;
    pub(crate) const COLON: u32 = 1 << 3;
    pub(crate) const EQUALS: u32 = 1 << 4;
    pub(crate) const DOT: u32 = 1 << 5;
    pub(crate) const SPACE: u32 = 1 << 6;
    pub(crate) const DASH: u32 = 1 << 7;
    /// `>`, `→`.
    pub(crate) const ARROW: u32 = 1 << 8;
    /// What may stand before a value of SQL: a quote, a bracket.
    pub(crate) const QUOTE: u32 = 1 << 9;
    /// A bracket that opens.
    pub(crate) const BRACKET: u32 = 1 << 10;
    /// Not ASCII.
    pub(crate) const HIGH: u32 = 1 << 11;
    /// What [`crate::plain`] folds.
    pub(crate) const FOLDED: u32 = 1 << 12;
    /// What has a simplified form.
    pub(crate) const TRADITIONAL: u32 = 1 << 13;
    /// A surname, or the first of one.
    pub(crate) const SURNAME: u32 = 1 << 14;
    /// What parts names in other tongues.
    pub(crate) const MIDDLE_DOT: u32 = 1 << 15;
    /// A digit as Chinese writes it.
    pub(crate) const NUMERAL: u32 = 1 << 16;
    /// The end of a level of administration.
    pub(crate) const AREA: u32 = 1 << 17;
    /// What streets and estates end in.
    pub(crate) const STREET: u32 = 1 << 18;
    /// What stands behind the number of a house or room.
    pub(crate) const NUMBER: u32 = 1 << 19;
    /// What every address has one of.
    pub(crate) const PLACE: u32 = 1 << 20;
    /// In 答案, 性别, 民族 and 职业, whose values are words, and 生 behind a date.
    pub(crate) const WORDED: u32 = 1 << 21;
    /// The end of 验证码 and 口令.
    pub(crate) const CODE: u32 = 1 << 22;
    /// White space other than a space.
    pub(crate) const LINE: u32 = 1 << 23;
    /// What counts money.
    pub(crate) const MONEY: u32 = 1 << 24;
    /// What counts years of life.
    pub(crate) const AGE: u32 = 1 << 25;
    /// What illnesses are had with.
    pub(crate) const ILL: u32 = 1 << 26;
    /// A province as plates write it.
    pub(crate) const PLATE: u32 = 1 << 27;
}

/// The marks of ASCII; what is beyond it has no place here.
static ASCII: [u32; 128] = ascii();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, the index is below 128")]
const fn ascii() -> [u32; 128] {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => mark::DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => mark::LETTER,
            b'@' => mark::AT,
            b':' => mark::COLON,
            b'=' => mark::EQUALS | mark::QUOTE,
            b'.' => mark::DOT,
            b' ' => mark::SPACE,
            b'-' => mark::DASH,
            b'>' => mark::ARROW,
            b'\'' => mark::QUOTE,
            b'(' => mark::QUOTE | mark::BRACKET,
            b'[' | b'{' => mark::BRACKET,
            b'\t' | b'\n' | b'\r' => mark::LINE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// The marks of every character of the basic plane.
static MARKS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let one = |c: char| {
        if let Some(mark) = ASCII.get(u32::from(c) as usize) {
            return *mark;
        }
        let mut marks = mark::HIGH;
        let mut add = |is: bool, mark: u32| marks |= if is { mark } else { 0 };
        add(plain::is_folded(c), mark::FOLDED);
        add(plain::is_traditional(c), mark::TRADITIONAL);
        add(prose::names::may_begin(c), mark::SURNAME);
        add(matches!(c, '·' | '•' | '・'), mark::MIDDLE_DOT);
        add(prose::numerals::digit(c).is_some() || matches!(c, '十' | '百'), mark::NUMERAL);
        add(prose::addresses::AREAS.contains(&c), mark::AREA);
        add(prose::addresses::STREETS.contains(&c), mark::STREET);
        add(prose::addresses::NUMBERS.contains(&c), mark::NUMBER);
        add(prose::addresses::PLACES_HAVE.contains(&c), mark::PLACE);
        add(matches!(c, '：' | '＝'), mark::COLON);
        add(c == '→', mark::ARROW);
        add(c == '（', mark::BRACKET);
        add(matches!(c, '案' | '别' | '族' | '生' | '职'), mark::WORDED);
        add(matches!(c, '码' | '令'), mark::CODE);
        add(matches!(c, '元' | '块' | '万'), mark::MONEY);
        add(c == '岁', mark::AGE);
        add(matches!(c, '患' | '诊' | '病' | '癌' | '症' | '压' | '瘤' | '炎' | '梗' | '喘'), mark::ILL);
        add(prose::plates::PROVINCES.contains(&c), mark::PLATE);
        marks
    };
    (0..0x1_0000).map(|code| char::from_u32(code).map_or(mark::HIGH, one)).collect()
});

#[cfg(test)]
mod tests;
