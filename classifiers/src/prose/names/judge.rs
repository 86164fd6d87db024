//! Judges whether a run of Chinese begins with a person's name, by what stands left and right of it, by how much the
//! surname is a word of its own, and by whether given names are made of such characters.

use super::lists::{LISTS, role};
use super::surname_length;
use crate::prose::is_han;

/// What stands before the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// Other Chinese.
    Nothing,
    /// A common word that ends here.
    AfterWord,
    /// The start, a mark, a preposition.
    Border,
    /// `客户`, `联系`: people follow them, and much else.
    Weak,
    /// `联系人`, `我叫`, `其妻`.
    Strong,
    /// The same and a colon, an equals sign, a bracket.
    Labelled,
}

/// What stands behind the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// Other Chinese.
    Nothing,
    /// A word that often follows names: `的`, `要求`.
    Word,
    /// The end, a mark, a digit.
    End,
    /// What only people do: `来电`, `本人`.
    Deed,
    /// `先生`.
    Title,
}

/// A name at the start of a run: its length in bytes and how far it is above what was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) length: usize,
    pub(super) right: Right,
    pub(super) margin: i32,
    /// What surname and given name weigh together, 1 to 6.
    pub(super) weight: i32,
    /// Whether given names are made of all the characters of its given name.
    pub(super) usual: bool,
}

/// The name at the start of `text`, which goes on behind it.
pub(super) fn name_at(text: &str, left: Left) -> Option<Judged> {
    let surname = surname_length(text)?;
    if LISTS.begins_as_no_name(text) {
        // `我叫方可欣，`, `委托宁静远先生`: announced, cut off behind, and made of a name's characters throughout.
        let length = length_of(text, surname + 2)?;
        let least = match left {
            Left::Strong | Left::Labelled => Right::End,
            Left::Weak => Right::Deed,
            Left::Border | Left::AfterWord | Left::Nothing => Right::Title,
        };
        // Most words go on as no name would.
        if text.get(length..).map(right_of)? < least {
            return None;
        }
        return judge(text, length, surname, left)
            .filter(|judged| judged.right >= least && judged.weight > 3 && !is_word(text, length));
    }
    let mut best: Option<Judged> = None;
    // Two characters of a given name before one, as they are more frequent; three are rare.
    for given in [2, 1, 3] {
        if given == 3 && left < Left::Weak {
            continue;
        }
        let Some(length) = length_of(text, surname + given) else { continue };
        let Some(judged) = judge(text, length, surname, left) else { continue };
        // `陈静更换手机`: a character that is no given name's is rather the beginning of what follows.
        if best.is_none_or(|best| (judged.right, judged.usual) > (best.right, best.usual)) {
            best = Some(judged);
        }
    }
    best
}

/// `高净值客户`: a word of three characters is no name, whoever announces it.
fn is_word(text: &str, length: usize) -> bool {
    text.get(..length).is_some_and(|word| LISTS.is_no_name(word))
}

/// Judges just the first `length` bytes of `text`, of which `surname` characters are the surname.
pub(super) fn judge(text: &str, length: usize, surname: usize, left: Left) -> Option<Judged> {
    let (name, rest) = text.split_at_checked(length)?;
    // A dot goes on with the name, and with another kind of it.
    if rest.starts_with(['·', '•']) || takes_in_what_follows(text, name, surname) {
        return None;
    }
    let given = given_score(name, surname)?;
    let surname_weight = surname_score(name, surname, left);
    // A character that given names hardly have stands only behind an undoubted surname.
    if given == 1 && surname_weight < 2 && !(left >= Left::Strong && surname_weight == 1) {
        return None;
    }
    let mut right = right_of(rest);
    // `谢谢`, `高峰`: a word, unless something calls it a name.
    if length == 6 && left < Left::Strong && right < Right::Title && LISTS.ends_with_word(name) {
        return None;
    }
    if right < Right::Deed && left < Left::Strong {
        // `华海诚科科技`, `金海通股份`.
        if LISTS.is_anothers(rest) {
            return None;
        }
        // `徐明|天来`: a word begins in the name's last character.
        let crosses = right == Right::Nothing
            && matches!(
                (name.chars().next_back(), rest.chars().next()),
                (Some(last), Some(next)) if LISTS.is_word(last, next)
            );
        let begins = LISTS.begins_with_word(rest);
        if crosses && !(begins && given == 3) {
            return None;
        }
        if right == Right::Nothing && begins && !names_company(rest) {
            right = Right::Word;
        }
    }
    // `张三：你好`, who speaks in a chat.
    let speaks = left == Left::Border && rest.starts_with(['：', ':']);
    let needed = needed(left, right)? - i32::from(speaks);
    let weight = given + surname_weight;
    let margin = weight - needed;
    let usual = name.chars().skip(surname).all(|c| LISTS.is(c, role::GIVEN));
    (margin >= 0).then_some(Judged { length, right, margin, weight, usual })
}

/// `海兰信数据科技股份有限公司`: what goes on is the rest of a company's name.
fn names_company(rest: &str) -> bool {
    let run = rest.get(..crate::prose::head(rest, 14, is_han)).unwrap_or_default();
    ["公司", "集团", "有限", "股份", "银行", "证券", "大学", "医院"].iter().any(|word| run.contains(word))
}

/// `陈先生`, `张三来电`: a title or a deed begins inside.
fn takes_in_what_follows(text: &str, name: &str, surname: usize) -> bool {
    name.char_indices().skip(surname).any(|(at, c)| {
        let rest = text.get(at..).unwrap_or_default();
        LISTS.is(c, role::BEHIND) && LISTS.behind(rest).is_some_and(|right| right >= Right::Deed)
    })
}

/// How much surname and given name must weigh between such neighbours.
fn needed(left: Left, right: Right) -> Option<i32> {
    let needed = match (left, right) {
        (Left::Nothing, Right::Title) => 3,
        (Left::AfterWord, Right::Title) => 3,
        (Left::AfterWord, Right::Deed) => 4,
        (Left::AfterWord, Right::Word | Right::End) => 5,
        (Left::Nothing, _) | (Left::AfterWord | Left::Border, Right::Nothing) => return None,
        (Left::Border, Right::Word | Right::End) => 5,
        (Left::Border, Right::Deed) => 4,
        (Left::Weak, Right::Nothing) => 5,
        (Left::Weak, Right::Word) => 4,
        (Left::Strong, Right::Nothing) => 5,
        (Left::Labelled, Right::Nothing) => 4,
        (Left::Strong | Left::Labelled, Right::End | Right::Deed) => 2,
        (Left::Weak, Right::End | Right::Deed) | (Left::Strong | Left::Labelled, Right::Word) => 3,
        (_, Right::Title) => 2,
    };
    Some(needed)
}

/// 3 for two characters that given names are made of, 2 for one, 1 when nothing speaks against it; nothing for three
/// that are no given name throughout.
fn given_score(name: &str, surname: usize) -> Option<i32> {
    let mut given = 0;
    let mut usual = 0;
    for c in name.chars().skip(surname) {
        let roles = LISTS.roles(c);
        if roles & role::NEVER != 0 || !is_han(c) {
            return None;
        }
        given += 1;
        usual += i32::from(roles & role::GIVEN != 0);
    }
    match given {
        // Three characters, as children of two surnames bear, must all be a given name's.
        3.. => (given == usual).then_some(3),
        _ if given == usual => Some(given + 1),
        _ => Some(1 + usual),
    }
}

/// 3 for a compound surname, 0 for one that is a frequent small word.
fn surname_score(name: &str, surname: usize, left: Left) -> i32 {
    let first = name.chars().next().unwrap_or_default();
    match surname {
        2 if name.starts_with("东方") || name.starts_with('公') => 1,
        2 => 3,
        _ if LISTS.is(first, role::SMALL) => 0,
        // Doubtful for the words it opens.
        _ if LISTS.is(first, role::DOUBTFUL) => {
            let mut given = name.chars().skip(1);
            let (second, third) = (given.next().unwrap_or_default(), given.next());
            let opens =
                LISTS.is_word(first, second) || third.is_some_and(|third| LISTS.is_word(second, third));
            if left == Left::Border && !opens && first != '任' && LISTS.is(second, role::GIVEN) {
                2
            } else {
                1
            }
        }
        _ => 2,
    }
}

pub(super) fn right_of(rest: &str) -> Right {
    let Some(next) = rest.chars().next() else { return Right::End };
    if !is_han(next) {
        // `，男，`: what a person is, behind a mark.
        if let Some(right) = LISTS.behind(rest).filter(|right| *right >= Right::Deed) {
            return right;
        }
        // `梁敏，42岁`.
        let age = rest.strip_prefix(['，', ',', '（', '(', ' ']).unwrap_or_default();
        let digits = crate::prose::head(age, 3, |c| c.is_ascii_digit());
        if digits > 0 && age.get(digits..).is_some_and(|unit| unit.starts_with('岁')) {
            return Right::Deed;
        }
        // Letters and dots go on: 新天地A座, 阿不都·买买提.
        return if next.is_ascii_alphabetic() || matches!(next, '·' | '•') {
            Right::Nothing
        } else {
            Right::End
        };
    }
    match next {
        // `虞啸卿总，`, `徐冬梅姐您`: how those who sell address those who buy.
        '总' | '哥' | '姐' | '叔' | '姨' => {
            let behind = rest.chars().nth(1);
            if behind.is_none_or(|behind| !is_han(behind) || matches!(behind, '您' | '你' | '好' | '在'))
            {
                return Right::Deed;
            }
        }
        // `王睿账户2819908628`.
        '账' | '卡' => {
            let number =
                ["账户", "账号", "卡号"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or_default();
            let number = number.trim_start_matches(['（', '(', '：', ':', ' ']);
            if number.starts_with(|c: char| c.is_ascii_digit()) {
                return Right::Deed;
            }
        }
        _ => {}
    }
    LISTS.behind(rest).unwrap_or(Right::Nothing)
}

/// The length in bytes of the first `count` characters, when there are so many and all are Chinese.
fn length_of(text: &str, count: usize) -> Option<usize> {
    let (at, c) = text.char_indices().nth(count - 1)?;
    let length = at + c.len_utf8();
    text.get(..length)?.chars().all(is_han).then_some(length)
}
