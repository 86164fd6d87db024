//! Surname of a Chinese name, first letter of any other.

use super::{Hidden, is_han};

pub(super) fn hidden(value: &str) -> Option<Hidden> {
    if let Some(hidden) = plain_han(value) {
        return Some(hidden);
    }
    let characters = || value.char_indices().filter(|(_, character)| !character.is_whitespace());
    let (mut count, mut are_han) = (0, true);
    for (_, character) in characters() {
        count += 1;
        are_han &= is_han(character);
    }
    let (at, first) = characters().next()?;
    if are_han {
        let compound = count > 2 && is_compound(characters().map(|(_, character)| character));
        let shown = 1 + usize::from(compound);
        // One character is no surname and given name; a long text is no name.
        if count <= shown || count > LONGEST {
            return None;
        }
        let (at, last) = characters().nth(shown - 1)?;
        return Some(Hidden { from: at + last.len_utf8(), to: value.len(), fill: count - shown });
    }
    let is_name = |(_, character): (usize, char)| character.is_alphabetic() || "·•.'’-,".contains(character);
    if !(2..=LONGEST_LATIN).contains(&count) || !characters().all(is_name) || !first.is_alphabetic() {
        return None;
    }
    // The parts of the name and their lengths would tell more than the letter should.
    Some(Hidden { from: at + first.len_utf8(), to: value.len(), fill: 3 })
}

/// The same for the most common names: two or three Chinese characters and nothing else. The first bytes from 0xE4 to
/// 0xE9 are those of characters that are all Chinese.
#[inline]
fn plain_han(value: &str) -> Option<Hidden> {
    let (characters, []) = value.as_bytes().as_chunks::<3>() else { return None };
    let count = characters.len();
    if !matches!(count, 2 | 3) || !characters.iter().all(|[first, ..]| (0xe4..=0xe9).contains(first)) {
        return None;
    }
    let shown = if count > 2 && is_compound(value.chars()) { 2 } else { 1 };
    Some(Hidden { from: 3 * shown, to: value.len(), fill: count - shown })
}

/// Longest name written in Chinese characters alone, a compound surname and a married one counted in.
const LONGEST: usize = 6;
const LONGEST_LATIN: usize = 64;

/// Whether a name begins with a surname of two characters.
fn is_compound(mut characters: impl Iterator<Item = char>) -> bool {
    let seconds = characters.next().map_or("", seconds);
    !seconds.is_empty() && characters.next().is_some_and(|second| seconds.contains(second))
}

/// The characters that make a surname of two together with this first one.
fn seconds(first: char) -> &'static str {
    match first {
        '欧' => "阳",
        '太' => "史叔",
        '端' => "木",
        '上' => "官",
        '司' => "马徒空寇",
        '东' => "方郭",
        '独' => "孤",
        '南' => "宫门",
        '万' => "俟",
        '闻' => "人",
        '夏' => "侯",
        '诸' => "葛",
        '尉' => "迟",
        '公' => "羊冶孙西良",
        '赫' => "连",
        '澹' => "台",
        '皇' => "甫",
        '宗' => "政",
        '濮' => "阳",
        '申' => "屠",
        '慕' => "容",
        '仲' => "孙",
        '钟' => "离",
        '长' => "孙",
        '宇' => "文",
        '鲜' => "于",
        '闾' => "丘",
        '子' => "车",
        '亓' => "官",
        '巫' => "马",
        '颛' => "孙",
        '壤' => "驷",
        '漆' => "雕",
        '乐' => "正",
        '宰' => "父",
        '谷' => "梁",
        '拓' => "跋",
        '夹' => "谷",
        '轩' => "辕",
        '令' => "狐",
        '段' => "干",
        '百' => "里",
        '呼' => "延",
        '羊' => "舌",
        '微' => "生",
        '梁' => "丘",
        '左' => "丘",
        '西' => "门",
        _ => "",
    }
}
