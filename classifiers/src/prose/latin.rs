//! People named in Latin letters: behind a form of address or a word that announces them, and beside their Chinese name.

use super::labels::ends_in_word;
use super::names;
use crate::cues::{Cues, mark};
use crate::{Hit, How};
use yingbi_taxonomy::Kind;

/// Appends the people whom a text addresses or announces in Latin letters, and those named in both scripts.
pub(crate) fn find(text: &str, cues: Cues, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    for space in memchr::memchr_iter(b' ', bytes) {
        if !bytes.get(space + 1).is_some_and(u8::is_ascii_uppercase) {
            continue;
        }
        let Some((left, rest)) = text.split_at_checked(space + 1) else { continue };
        let left = left.trim_end_matches([' ', ':', '.']);
        if let Some((_, least)) = ANNOUNCING.iter().find(|(word, _)| ends_in_word(left, word))
            && let Some(length) = words(rest, *least)
            // `Hi Sarah,` greets; `hi Bond market` does not.
            && (*least > 0 || rest.get(length..).is_some_and(|rest| rest.starts_with([',', '，', '!', ':', '\n'])))
        {
            push(space + 1, length, hits);
        }
    }
    if cues.has(mark::LINE) {
        signatures(text, hits);
    }
    if !cues.has(mark::HIGH) {
        return;
    }
    among_chinese(text, hits);
    if !cues.has(mark::BRACKET) {
        return;
    }
    for (at, open) in text.match_indices(['(', '（']) {
        beside(text, at, at + open.len(), hits);
    }
}

/// `Best regards,⏎Alice Chen`.
fn signatures(text: &str, hits: &mut Vec<Hit>) {
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let (Some(left), Some(right)) = (text.get(..end), text.get(end + 1..)) else { continue };
        let left = left.trim_end_matches(['\r', ' ', ',', '!', '.']);
        if !["regards", "sincerely", "thanks", "thank you", "cheers", "yours", "faithfully", "best", "truly"]
            .iter()
            .any(|word| ends_in_word(left, word))
        {
            continue;
        }
        let blank = super::head(right, 4, |c| matches!(c, '\r' | '\n' | ' '));
        let line = right.get(blank..).unwrap_or_default();
        let ends = |length: usize| {
            line.get(length..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['\r', '\n', ',', ' ']))
        };
        if let Some(length) = words(line, 1).filter(|length| ends(*length)) {
            push(end + 1 + blank, length, hits);
        }
    }
}

/// `客户 David Lee 来电`, `Amy女士`: Latin words behind a Chinese one that announces people, or before a title.
fn among_chinese(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_uppercase)) {
        let start = at + start;
        let run = bytes.get(start..).unwrap_or_default().iter();
        at = start + run.take_while(|byte| byte.is_ascii_alphabetic()).count().max(1);
        let (Some(left), Some(rest)) = (text.get(..start), text.get(start..)) else { continue };
        let bare = left.trim_end_matches([' ', '：', ':', '是', '为', '叫', '“', '"', '（', '(']);
        if !bare.chars().next_back().is_none_or(super::is_han) {
            continue;
        }
        let Some(length) = words(rest, 1) else { continue };
        let name = rest.get(..length).unwrap_or_default();
        let behind = rest.get(length..).unwrap_or_default().trim_start_matches(' ');
        let is_full = name.contains([' ', '-']);
        let titled = ["先生", "女士", "小姐", "太太", "老师"].iter().any(|title| behind.starts_with(title));
        let is_word = name.bytes().skip(1).any(|byte| byte.is_ascii_lowercase()) && length >= 3;
        let announced = is_full
            && match names::announces(bare) {
                Some(false) => true,
                Some(true) => names::follows(behind) || behind.starts_with(['（', '(', '，', ',', '：']),
                None => false,
            };
        if announced || titled && is_word {
            push(start, length, hits);
            at = start + length;
        }
    }
}

/// `Zhang Wei（张炜）`, `李明哲(Li Mingzhe)`: one name in two scripts.
fn beside(text: &str, open: usize, inner: usize, hits: &mut Vec<Hit>) {
    let (Some(left), Some(right)) = (text.get(..open), text.get(inner..)) else { return };
    let Some(close) = right.char_indices().take(48).find(|(_, c)| matches!(c, ')' | '）')).map(|(at, _)| at)
    else {
        return;
    };
    let inside = right.get(..close).unwrap_or_default();
    if inside.is_ascii() {
        let chinese = super::tail(left, 4, super::is_han);
        let length = words(inside, 2).filter(|length| *length == inside.len() && is_pinyin(inside));
        if let Some(length) = length
            && let Some((start, name)) = (0..chinese.len())
                .filter_map(|at| chinese.get(at..).map(|name| (left.len() - name.len(), name)))
                .find(|(_, name)| names::is_name(name))
        {
            push(start, name.len(), hits);
            push(inner, length, hits);
        }
    } else if names::is_name(inside) {
        let latin =
            super::tail(left.trim_end(), 40, |c| c.is_ascii_alphabetic() || matches!(c, ' ' | '-' | '\''));
        let latin = latin.trim();
        if words(latin, 2) == Some(latin.len()) && is_pinyin(latin) {
            push(left.trim_end().len() - latin.len(), latin.len(), hits);
            push(inner, inside.len(), hits);
        }
    }
}

fn push(start: usize, length: usize, hits: &mut Vec<Hit>) {
    hits.push(Hit { start, end: start + length, kind: Kind::Name, how: How::Text, confidence: 70 });
}

/// The length of the capitalised words at the start of `text`, when there are at least so many and at most four.
fn words(text: &str, least: usize) -> Option<usize> {
    let is_letter = |c: &char| c.is_alphabetic() && !super::is_han(*c);
    let letters_of = |word: &str| word.chars().take_while(is_letter).map(char::len_utf8).sum::<usize>();
    let mut length = 0;
    let mut count = 0;
    for word in text.split_inclusive([' ', '-']).take(4) {
        let letters = word.trim_end_matches([' ', '-', '.', ',']);
        let begins = letters.starts_with(char::is_uppercase);
        let is_word = letters.len() > 1 && begins && letters_of(letters) == letters.len();
        let lone = letters.len() == 1 && begins;
        let letters_only = letters_of(word);
        let leads = letters_only > 1 && begins;
        if !(is_word || lone || leads) || NOT_NAMES.contains(&word.get(..letters_only).unwrap_or_default()) {
            break;
        }
        count += 1;
        if !is_word && !lone {
            // `Li Na，您好`: the word ends where its letters do.
            return (count >= least).then_some(length + letters_only);
        }
        length += word.len();
        if word.ends_with([',', '.']) || word.trim_end() != letters && !word.ends_with(['-', ' ']) {
            break;
        }
    }
    let found = text.get(..length)?.trim_end_matches([' ', '-', ',']);
    (count >= least && found.len() > 1).then_some(found.len())
}

/// Words with a capital that stand where a name could.
const NOT_NAMES: &[&str] = &[
    "Mr",
    "Mrs",
    "Ms",
    "Miss",
    "Dr",
    "Prof",
    "Sir",
    "Madam",
    "Customer",
    "Client",
    "Investor",
    "User",
    "Team",
    "All",
    "Sirs",
    "Valued",
    "Service",
    "Services",
    "Support",
    "Center",
    "Centre",
    "Manager",
    "Management",
    "Name",
    "No",
    "ID",
    "Id",
    "Number",
    "Type",
    "Code",
    "Account",
    "Company",
    "Limited",
    "Ltd",
    "Inc",
    "Corp",
    "Bank",
    "Fund",
    "Securities",
    "The",
    "Your",
    "Our",
    "This",
    "And",
    "Or",
    "Holder",
    "Holders",
    "Info",
    "Information",
    "Data",
    "Risk",
    "Level",
    "Friend",
    "Colleague",
    "Partner",
    "Shareholder",
    "Identity",
    "Email",
    "Phone",
    "Mobile",
    "Address",
    "Status",
    "Relation",
    "Relations",
    "Experience",
    "Care",
];

/// Whether the first word is a surname as pinyin spells it.
fn is_pinyin(text: &str) -> bool {
    let mut words = text.split([' ', '-', ',']).filter(|word| !word.is_empty());
    let known = |word: &str| SURNAMES.split(' ').any(|surname| surname.eq_ignore_ascii_case(word));
    words.next().is_some_and(known) || words.next_back().is_some_and(known)
}

const SURNAMES: &str = "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang Song \
Zheng Xie Han Tang Feng Yu Dong Xiao Cheng Cao Yuan Deng Fu Shen Zeng Peng Lu Su Cai Jia Ding Wei Xue Ye Yan Pan Du Dai \
Xia Zhong Tian Jiang Fan Fang Shi Yao Tan Liao Zou Xiong Jin Hao Kong Bai Cui Kang Mao Qiu Qin Gu Hou Shao Meng Long Wan \
Duan Lei Qian Yin Yi Chang Qiao Lai Gong Wen Pang Yin Zhuang Tao Hong Zhai An Ni Niu Lu Ji Yu Zhang Ge Ouyang Sima \
Shangguan Zhuge Situ Murong Chan Cheung Wong Lee Lam Leung Ho Ng Kwok Tsang Yip Yeung Chow Chiu Chung Tam Hui Mok Kwan";

/// What stands before a name, and of how many words it must then be made.
const ANNOUNCING: &[(&str, usize)] = &[
    ("mr", 1),
    ("mrs", 1),
    ("ms", 1),
    ("miss", 1),
    ("madam", 1),
    ("dear", 0),
    ("hi", 0),
    ("hello", 0),
    ("attn", 1),
    ("customer", 2),
    ("client", 2),
    ("investor", 2),
    ("applicant", 2),
    ("beneficiary", 2),
    ("account holder", 2),
];

#[cfg(test)]
mod tests;
