//! Addresses in running text: levels of administration, then a street, then a number; never a city alone.

use super::{is_han, tail};
use crate::{Hit, How};
use memchr::memmem::Finder;
use std::sync::LazyLock;
use yingbi_taxonomy::Kind;

const DATA: &str = include_str!("../../lexicon/prose/places.tsv");

struct Places {
    starts: Vec<&'static str>,
    leads: Vec<&'static str>,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let words = |name: &str| {
        let line = DATA.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        line.unwrap_or_default().split(' ').collect::<Vec<_>>()
    };
    Places { starts: words("provinces").into_iter().chain(words("cities")).collect(), leads: words("lead") }
});

/// What levels of administration end in.
pub(crate) const AREAS: &[char] = &['省', '市', '县', '州', '旗', '区'];
/// What streets, villages and estates end in, or begin their last word with: 大道, 小区, 花园, 胡同, 公寓, 社区.
pub(crate) const STREETS: &[char] =
    &['路', '街', '巷', '弄', '村', '镇', '乡', '苑', '屯', '庄', '道', '大', '小', '花', '胡', '公', '社'];
/// What stands behind the number of a house, a floor, a room.
pub(crate) const NUMBERS: &[char] = &['号', '室', '栋', '幢', '层', '座', '楼', '组', '队', '房', '单'];
/// Of these every address has one.
pub(crate) const PLACES_HAVE: &[char] =
    &['号', '室', '栋', '幢', '路', '街', '村', '弄', '巷', '区', '镇', '楼', '座', '组', '道', '乡'];

/// Appends the addresses of a text that has marks of one.
pub(crate) fn find(text: &str, hits: &mut Vec<Hit>) {
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let length: usize = rest.chars().take_while(|c| is_part(*c)).map(char::len_utf8).sum();
        if let Some(run) = rest.get(..length).filter(|run| run.len() >= 12) {
            addresses_in(run, |from, to| {
                let (start, end) = (start + from, start + to);
                hits.push(Hit { start, end, kind: Kind::Address, how: How::Text, confidence: 80 });
            });
        }
        let border = rest.get(length..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        start += length + border;
        if length + border == 0 {
            break;
        }
    }
}

/// Whether what stands before an address says whose it is: an organisation's own, which anybody may know.
pub(crate) fn is_of_organisation(text: &str, start: usize) -> bool {
    let left =
        text.get(..start).unwrap_or_default().trim_end_matches(['：', ':', ' ', '是', '为', '于', '在']);
    let left = ["地址", "位", "坐落", "办公地址", "联系地址", "通讯地址", "注册地址", "设"]
        .iter()
        .filter_map(|word| left.strip_suffix(word))
        .min_by_key(|left| left.len());
    left.is_some_and(|left| {
        [
            "总部",
            "分公司",
            "营业部",
            "支行",
            "分行",
            "网点",
            "分支机构",
            "总行",
            "总公司",
            "本公司",
            "我司",
            "我公司",
            "会场",
            "会议",
        ]
        .iter()
        .any(|word| left.trim_end_matches(['的', '新']).ends_with(word))
    })
}

/// The address at the start of `text`, behind a label that announces one.
pub(crate) fn announced(text: &str) -> Option<usize> {
    let length: usize = text.chars().take(80).take_while(|c| is_part(*c)).map(char::len_utf8).sum();
    let run = text.get(..length)?.trim_end();
    let end = last_mark(run).map_or(run.len(), |mark| mark.max(run.len().min(mark)));
    let counted = run.chars().filter(|c| is_han(*c)).count();
    (counted >= 4).then_some(end).or_else(|| english_length(text))
}

/// `Room 1201, No. 88 Century Avenue`: the length of an address in English at the start of `text`.
fn english_length(text: &str) -> Option<usize> {
    let line =
        text.get(..super::head(text, 96, |c| c.is_ascii() && !matches!(c, '\n' | ';' | '\r' | '"')))?;
    if !line.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let end = WAYS
        .iter()
        .flat_map(|way| line.match_indices(way))
        .map(|(at, way)| at + way.len())
        .filter(|end| !line.as_bytes().get(*end).is_some_and(u8::is_ascii_alphanumeric))
        .max()?;
    let unit = line.get(end..).unwrap_or_default();
    let unit = unit
        .strip_prefix(" #")
        .map_or(0, |unit| 2 + super::head(unit, 8, |c| c.is_ascii_alphanumeric() || c == '-'));
    Some(end + unit)
}

/// What ways are called in English.
const WAYS: &[&str] = &[
    "Road",
    "Street",
    "Avenue",
    "Lane",
    "Drive",
    "Boulevard",
    "Rd",
    "Ave",
    "Terrace",
    "Crescent",
    "Garden",
    "Gardens",
    "Plaza",
    "Building",
    "Tower",
    "Village",
    "Estate",
    "Mansion",
    "Court",
];

/// Appends addresses in English behind `lives at`, `resides at`.
pub(crate) fn find_english(text: &str, hits: &mut Vec<Hit>) {
    for finder in LEADS_IN.iter() {
        for at in finder.find_iter(text.as_bytes()) {
            let start = at + " at ".len();
            let led = text.get(..at).is_some_and(|left| LEADS.iter().any(|lead| left.ends_with(lead)));
            if let Some(length) = text.get(start..).filter(|_| led).and_then(english_length) {
                hits.push(Hit {
                    start,
                    end: start + length,
                    kind: Kind::Address,
                    how: How::Text,
                    confidence: 75,
                });
            }
        }
    }
}

/// What ends the words that lead to an address; they are looked for in every text of Latin words with numbers.
static LEADS_IN: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| [" at ", " to ", " is "].map(Finder::new));

const LEADS: &[&str] =
    &["resides", "lives", "living", "residing", "address", "moved", "mail", "deliver", "shipped", "located"];

fn is_part(c: char) -> bool {
    is_han(c) || c.is_ascii_alphanumeric() || matches!(c, '-' | '#' | ' ' | '（' | '）' | '(' | ')' | '－')
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Area,
    Street,
    Number,
}

/// The addresses of a run without punctuation: marks that stand close together and are enough for one.
fn addresses_in(run: &str, mut found: impl FnMut(usize, usize)) {
    let marks = marks_of(run);
    let mut free_from = 0;
    for group in marks.chunk_by(|(_, end, _), (next, ..)| next.saturating_sub(*end) <= WIDEST_GAP) {
        let (Some((first, ..)), Some(end)) =
            (group.first().copied(), group.iter().map(|(_, end, _)| *end).max())
        else {
            continue;
        };
        if is_enough(group) {
            let start = free_from + run.get(free_from..).map_or(0, |rest| start_of(rest, first - free_from));
            if start < end {
                found(start, end);
            }
        }
        free_from = end;
    }
}

/// Ten Chinese characters between two marks of one address.
const WIDEST_GAP: usize = 30;

fn is_enough(marks: &[(usize, usize, Mark)]) -> bool {
    let count = |mark| marks.iter().filter(|(_, _, found)| *found == mark).count();
    let (areas, streets, numbers) = (count(Mark::Area), count(Mark::Street), count(Mark::Number));
    (areas >= 1 && streets >= 1 && numbers >= 1)
        || (areas >= 2 && streets + numbers >= 1)
        || (streets >= 1 && numbers >= 2)
        || (streets >= 1 && numbers == 1 && street_meets_number(marks))
}

/// A known province or city, else what follows a word like 住在, else a few characters before the first mark.
fn start_of(run: &str, first_mark: usize) -> usize {
    let (before_start, before) = last_characters(run.get(..first_mark).unwrap_or_default(), 24);
    // The mark itself may be the end of the place's name: 上海市.
    let mark = run.get(first_mark..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let near = run.get(before_start..first_mark + mark).unwrap_or_default();
    let lead = || PLACES.leads.iter().filter_map(|word| before.rfind(word).map(|at| at + word.len())).max();
    if let Some(start) = PLACES.starts.iter().filter_map(|place| near.find(place)).min() {
        // `搬到了天河北路`: a province may stand where a street's name goes on, one character behind what leads to it.
        let goes_on = (3..=before.len()).contains(&start) && near.get(start - 3..start) != Some("了");
        let whole = goes_on.then(lead).flatten().filter(|lead| start - 3 == *lead);
        return before_start + whole.unwrap_or(start);
    }
    let start = before_start + lead().unwrap_or_else(|| last_characters(before, 4).0);
    let skipped = run.get(start..).map_or(0, |rest| rest.len() - rest.trim_start().len());
    start + skipped
}

/// The last characters of a text and where they start.
fn last_characters(text: &str, most: usize) -> (usize, &str) {
    let tail = tail(text, most, |_| true);
    (text.len() - tail.len(), tail)
}

fn street_meets_number(marks: &[(usize, usize, Mark)]) -> bool {
    marks.windows(2).any(|pair| {
        matches!(pair, [(_, street_end, Mark::Street), (number, _, Mark::Number)] if number.saturating_sub(*street_end) <= 8)
    })
}

/// The marks of a run as start, end and what they are; a number counts only behind a digit or Chinese numeral.
fn marks_of(run: &str) -> Vec<(usize, usize, Mark)> {
    let mut marks = Vec::new();
    let mut before = None;
    for (at, c) in run.char_indices() {
        let rest = run.get(at..).unwrap_or_default();
        let digit_before =
            before.is_some_and(|b: char| b.is_ascii_alphanumeric() || "一二三四五六七八九十百".contains(b));
        let han_before = before.is_some_and(is_han);
        let mark = match c {
            // `市场`, `区间`, `路演`: other words begin like places' last characters.
            _ if OTHER_WORDS.iter().any(|word| rest.starts_with(word)) => None,
            '庄' if run.get(..at).is_some_and(|left| left.ends_with("石家")) => None,
            '座' if before.is_some_and(is_han) => None,
            '社' if rest.starts_with("社区") => Some((6, Mark::Street)),
            '省' | '市' | '县' | '州' | '旗' if han_before => Some((c.len_utf8(), Mark::Area)),
            '区' if han_before && !matches!(before, Some('小' | '社')) => Some((c.len_utf8(), Mark::Area)),
            '路' if rest.starts_with("路口") && han_before => Some((6, Mark::Street)),
            '路' | '街' | '巷' | '弄' | '村' | '镇' | '乡' | '苑' | '屯' | '庄'
                if han_before || digit_before =>
            {
                Some((c.len_utf8(), Mark::Street))
            }
            '道' if han_before && rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit()) => {
                Some((c.len_utf8(), Mark::Street))
            }
            '大' if rest.starts_with("大道") || rest.starts_with("大厦") => Some((6, Mark::Street)),
            '小' if rest.starts_with("小区") => Some((6, Mark::Street)),
            '花' if rest.starts_with("花园") => Some((6, Mark::Street)),
            '胡' if rest.starts_with("胡同") => Some((6, Mark::Street)),
            '公' if rest.starts_with("公寓") => Some((6, Mark::Street)),
            '号' | '室' | '栋' | '幢' | '层' | '座' | '楼' | '组' | '队' | '房' if digit_before => {
                let line = if rest.starts_with("号楼") || rest.starts_with("号院") { 6 } else { 3 };
                Some((line, Mark::Number))
            }
            '单' if digit_before && rest.starts_with("单元") => Some((6, Mark::Number)),
            _ => None,
        };
        if let Some((length, mark)) = mark {
            let mut end = at + length;
            if mark == Mark::Number || mark == Mark::Street {
                // `3号楼502`: a room without its 室.
                let tail = run.get(end..).unwrap_or_default();
                let room = tail.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
                let label_follows = tail
                    .get(room..)
                    .is_some_and(|rest| rest.starts_with(['号', '室', '栋', '幢', '楼', '单']));
                if (1..=5).contains(&room) && !label_follows {
                    end += room;
                }
            }
            end += building_length(run.get(end..).unwrap_or_default());
            marks.push((at, end, mark));
        }
        before = Some(c);
    }
    marks
}

/// `唐乐阁B201`, `湖滨花园18-2-501`: a building by name and a room behind the last mark.
fn building_length(rest: &str) -> usize {
    let name = super::head(rest, 12, is_han);
    let (name, room) = rest.split_at_checked(name).unwrap_or_default();
    let length = super::head(room, 9, |c| c.is_ascii_alphanumeric() || c == '-');
    let ends_well =
        room.get(length..).is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    // `7号英蓝国际金融中心`: a building's name alone.
    if let Some(end) = BUILDINGS.iter().filter_map(|word| name.rfind(word).map(|at| at + word.len())).max()
        && room.get(..length).is_none_or(str::is_empty)
    {
        return end;
    }
    let is_building = name.ends_with([
        '园', '阁', '苑', '楼', '厦', '座', '城', '场', '心', '居', '庭', '府', '湾', '轩', '邸',
    ]);
    if is_building && ends_well && (1..=8).contains(&length) { name.len() + length } else { 0 }
}

/// What buildings are called.
const BUILDINGS: &[&str] = &[
    "广场",
    "大厦",
    "中心",
    "花园",
    "小区",
    "公寓",
    "大楼",
    "商厦",
    "科技园",
    "产业园",
    "创业园",
    "创意园",
    "工业园",
    "家园",
    "新村",
    "佳苑",
    "名苑",
    "豪庭",
    "华庭",
    "雅苑",
    "国际城",
    "写字楼",
    "商务楼",
    "软件园",
];

/// Words whose first character could end a place's name.
const OTHER_WORDS: &[&str] = &[
    "市场", "市值", "市价", "市民", "市盈", "市净", "区间", "区别", "区分", "区块", "路演", "路径", "路由",
    "号线", "号文", "号令", "组合", "组织", "队伍", "层面", "层级", "县域", "省内", "省级", "市级", "房产",
    "房屋", "座谈", "楼市", "庄家", "街头", "村镇", "镇静", "乡村", "室温",
];

fn last_mark(run: &str) -> Option<usize> {
    marks_of(run).iter().map(|(_, end, _)| *end).max().filter(|end| run.len() > *end && run.len() - *end > 12)
}

#[cfg(test)]
mod tests;
