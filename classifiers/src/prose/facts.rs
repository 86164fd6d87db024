//! What a sentence says of somebody without a label: an age, a sum that came or went, an illness.
//!
//! `今年78岁`, `您的账户于今日转入100,000.00元`, `卡里8万块`, `患有高血压`. Conditions (`年满18岁`) and what nobody owns
//! (`成交额1.2万亿元`) are left alone: a sum counts only where the sentence speaks of somebody before it.

use super::{head, is_han, tail};
use crate::cues::{Cues, mark};
use crate::{Hit, How};
use memchr::memmem;
use yingbi_taxonomy::Kind;

/// Appends the facts that a text has marks of.
pub(crate) fn find(text: &str, cues: Cues, hits: &mut Vec<Hit>) {
    if cues.has(mark::AGE) && cues.has(mark::DIGIT) {
        ages(text, hits);
    }
    if cues.has(mark::MONEY) && cues.has(mark::DIGIT) {
        sums(text, hits);
    }
    if cues.has(mark::ILL) {
        illnesses(text, hits);
    }
}

/// `今年78岁`, `（男，67岁）`.
fn ages(text: &str, hits: &mut Vec<Hit>) {
    for at in memmem::find_iter(text.as_bytes(), "岁") {
        let Some((left, right)) = text.split_at_checked(at) else { continue };
        let number = tail(left, 3, |c| c.is_ascii_digit());
        let before = left.strip_suffix(number).unwrap_or_default();
        let is_limit =
            ["岁以", "岁及", "岁（含", "岁至", "岁到", "岁-", "岁～", "岁~", "岁的投资", "岁的客户"]
                .iter()
                .any(|word| right.starts_with(word));
        if number.is_empty() || number.starts_with('0') || is_limit {
            continue;
        }
        let bare = before.trim_end_matches(['，', ',', '、', ' ', '（', '(', '：', ':']);
        let is_said = AGES.iter().any(|word| before.ends_with(word));
        // What a person is, one thing after the other.
        let is_listed = bare.len() < before.len() && bare.ends_with(['男', '女', '性', '族', '生']);
        // `，42岁，`: between commas nothing is conditioned.
        let is_apposed = bare.len() < before.len()
            && right.chars().nth(1).is_none_or(|next| "，,、）)。；".contains(next));
        if is_said || is_listed || is_apposed {
            push(before.len(), number.len(), Kind::Age, hits);
        }
    }
}

/// What stands before somebody's age.
const AGES: &[&str] = &[
    "今年",
    "现年",
    "今年已",
    "年龄",
    "年纪",
    "现在",
    "今年才",
    "今年都",
    "芳龄",
    "高龄",
    "享年",
    "终年",
    "虚岁",
    "男",
    "女",
];

/// Sums that came or went, and what somebody has.
fn sums(text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + start;
        let rest = text.get(start..).unwrap_or_default();
        let length = head(rest, 24, |c| c.is_ascii_digit() || matches!(c, ',' | '.'));
        at = start + length.max(1);
        let unit = rest.get(length..).unwrap_or_default();
        let scaled = head(unit, 1, |c| matches!(c, '万' | '千' | '百' | '亿'));
        let counted = unit.get(scaled..).is_some_and(|unit| unit.starts_with(['元', '块']));
        let free = start == 0 || !bytes.get(start - 1).is_some_and(u8::is_ascii_alphanumeric);
        if !counted && scaled == 0 || !free {
            continue;
        }
        let Some(kind) = text.get(..start).and_then(|left| sum_of(left, counted)) else { continue };
        push(start, length + scaled, kind, hits);
    }
}

/// What the words before a sum say of it.
fn sum_of(left: &str, counted: bool) -> Option<Kind> {
    let sentence = tail(left, 48, |c| !matches!(c, '。' | '；' | '\n' | '！' | '？' | ';'));
    let said = sentence.trim_end_matches(FILLERS);
    let ends = |words: &[&str]| words.iter().any(|word| said.ends_with(word));
    // `20日均资产50万元` is a condition, `近20日日均资产` somebody's.
    let is_condition =
        || ["条件", "不低于", "要求", "需达", "须达"].iter().any(|word| sentence.contains(word));
    if ends(HELD) && !is_condition() {
        return Some(Kind::Balance);
    }
    let is_ones =
        || ["女士", "先生", "客户", "您", "本人", "我的", "账户"].iter().any(|word| said.contains(word));
    if ends(&["资产", "总资产", "余额", "权益", "净资产", "存款"]) && is_ones() && !is_condition()
    {
        return Some(Kind::Balance);
    }
    if ends(POSITIONS) {
        return Some(Kind::Position);
    }
    let is_somebodys = || SOMEBODY.iter().any(|word| sentence.contains(word)) && !sentence.contains(LIMITS);
    (counted && ends(MOVES) && is_somebodys()).then_some(Kind::TradeBankTransfer)
}

/// What may stand between such words and the sum.
const FILLERS: &[char] = &[
    '人', '民', '币', '了', '共', '约', '计', '达', '为', '：', ':', ' ', '￥', '¥', '是', '有', '还', '只',
    '仅', '剩', '近', '超',
];

/// What somebody has.
const HELD: &[&str] = &[
    "账户内",
    "账户里",
    "账户上",
    "卡里",
    "卡内",
    "卡上",
    "账上",
    "户头上",
    "户头里",
    "日均资产",
    "账户资产",
    "名下资产",
    "账户余额",
    "可用余额",
    "可取余额",
    "卡内余额",
    "我的资产",
    "账户总资产",
    "存款余额",
    "家庭存款",
    "个人存款",
];

/// What somebody's holdings are worth.
const POSITIONS: &[&str] =
    &["持仓市值", "持有市值", "账户市值", "证券市值", "股票市值", "持仓金额", "持有金额"];

/// Money that comes and goes.
const MOVES: &[&str] = &[
    "转出",
    "转入",
    "转出金额",
    "转入金额",
    "支出",
    "存入",
    "汇入",
    "汇出",
    "取出",
    "提现",
    "转账",
    "转账金额",
    "划转",
    "划出",
    "划入",
    "入账",
    "到账",
    "我转",
    "已转",
    "客户转",
    "共转",
    "扣款",
    "扣除",
    "扣划",
    "消费",
    "打款",
    "汇款",
    "转走",
    "取现",
    "出金",
    "入金",
    "充值",
    "提取",
    "转来",
];

/// Whom a sentence speaks of.
const SOMEBODY: &[&str] =
    &["您", "客户", "账户", "尾号", "本人", "先生", "女士", "卡", "我", "他", "她", "账号", "流水", "银证"];

/// What conditions speak of.
const LIMITS: &str = "限额";

/// `患有高血压`, `确诊为甲状腺癌`.
fn illnesses(text: &str, hits: &mut Vec<Hit>) {
    for word in ["患有", "身患", "罹患", "患上", "确诊为", "确诊患", "患者，"] {
        for at in memmem::find_iter(text.as_bytes(), word) {
            let start = at + word.len();
            let rest = text.get(start..).unwrap_or_default();
            let length = head(rest, 12, is_han);
            let said = rest.get(..length).unwrap_or_default();
            let cut = ["的", "多年", "，", "导致", "需要", "正在", "无法", "不能", "不便", "后"];
            let length = cut.iter().filter_map(|word| said.find(word)).min().unwrap_or(length);
            if length >= 6 {
                push(start, length, Kind::HealthStatus, hits);
            }
        }
    }
}

fn push(start: usize, length: usize, kind: Kind, hits: &mut Vec<Hit>) {
    hits.push(Hit { start, end: start + length, kind, how: How::Text, confidence: 65 });
}

#[cfg(test)]
mod tests;
