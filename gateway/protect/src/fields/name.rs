//! Which names may stand in a path: those that are plainly names of fields, nobody's.

use super::HIDDEN_NAME;
use crate::classify::{CONFIDENT, Classify};
use std::collections::HashMap;
use yingbi_classifiers::{KeyMeaning, Scalar, Signals};

/// Whether a name is plainly a field's. Names that hold digits in number, an address, or words of no known field in
/// another script than Latin may be somebody's: a map by customer number, mobile or name.
pub(crate) fn is_field_name<C: Classify>(name: &str, classifier: &C) -> bool {
    if name.is_empty()
        || name.len() > LONGEST
        || name.chars().filter(|char| char.is_numeric()).count() > DIGITS
    {
        return false;
    }
    let is_word = |char: char| char.is_alphabetic() || char.is_ascii_digit() || "_$-.:".contains(char);
    if !name.chars().all(is_word)
        || !name.starts_with(|char: char| char.is_alphabetic() || char == '_' || char == '$')
    {
        return false;
    }
    // Digits end a word (`line2Text`, `sha256`); within one they are a code's, or a password's.
    if name.as_bytes().windows(2).any(|pair| matches!(pair, [b'0'..=b'9', b'a'..=b'z'])) {
        return false;
    }
    if !name.is_ascii()
        && (classifier.key(name) == KeyMeaning::UNKNOWN || begins_with_somebody(name, classifier))
    {
        return false;
    }
    let mut hits = vec![];
    let prose = KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN };
    classifier.value(prose, Signals::default(), Scalar::Text(name), &mut hits);
    hits.iter().all(|hit| hit.confidence < CONFIDENT)
}

/// Whether somebody's name may stand before that of a field (`张三手机号`). Some names of fields begin like a surname
/// and are hidden with them (`金融资产`).
fn begins_with_somebody<C: Classify>(name: &str, classifier: &C) -> bool {
    let is_field =
        |at| name.get(at..).is_some_and(|rest| classifier.key(rest.trim_start_matches('的')).kind.is_some());
    name.starts_with(|first| SURNAMES.contains(first))
        && name.char_indices().skip(2).take(LONGEST_PERSON).any(|(at, _)| is_field(at))
}

/// The patterns of the paths of one body's findings: records repeat them.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<String, String>);

impl Patterns {
    /// A finding's path as a pattern. Names that somebody makes up are not all looked at.
    pub(crate) fn of<C: Classify>(&mut self, path: &str, classifier: &C) -> &str {
        let mut starred = String::with_capacity(path.len());
        for step in path.split('/').skip(1) {
            starred.push('/');
            starred.push_str(if is_position(step) { "*" } else { step });
        }
        if !self.0.contains_key(&starred) && self.0.len() >= MOST_PATHS {
            return "/!more";
        }
        self.0.entry(starred).or_insert_with(|| pattern_of(path, classifier))
    }
}

fn is_position(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}

/// A finding's path as a pattern.
pub(super) fn pattern_of<C: Classify>(path: &str, classifier: &C) -> String {
    let mut pattern = String::new();
    for step in path.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        let step = match step {
            _ if step.starts_with('!') && MARKS.contains(&step) => step,
            _ if is_position(step) => "*",
            _ if is_field_name(&name, classifier) => step,
            _ => HIDDEN_NAME,
        };
        if pattern.len() + step.len() >= super::LONGEST {
            pattern.push_str("/!more");
            break;
        }
        pattern.push('/');
        pattern.push_str(step);
    }
    pattern
}

/// Most paths of one body that are told apart.
const MOST_PATHS: usize = 512;
/// Steps of findings that are no names.
const MARKS: [&str; 5] = ["!json", "!b64", "!url", "!query", "!key"];
/// The surnames of nine people in ten, compound ones by their first character.
const SURNAMES: &str = "张王李刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔\
                        钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施牛樊葛邢安齐\
                        易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳\
                        管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司上诸";
/// Longest name of a person that is looked for before one of a field, in characters, less one.
const LONGEST_PERSON: usize = 3;
/// Longest name of a field, in bytes.
const LONGEST: usize = 64;
/// Most digits in it (`sha256`); what numbers somebody has more.
const DIGITS: usize = 3;
