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
        let is_limit = [
            "岁以",
            "岁及",
            "岁（含",
            "岁至",
            "岁到",
            "岁-",
            "岁～",
            "岁~",
            "岁的投资",
            "岁的客户",
            "岁方",
            "岁才",
            "岁可",
            "岁时",
            "岁前",
            "岁后",
        ]
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
    "客户",
    "老人",
    "父亲",
    "母亲",
    "本人",
    "他",
    "她",
    "我",
    "爸",
    "妈",
    "先生",
    "女士",
    "奶奶",
    "爷爷",
    "老太太",
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
    if !said.ends_with(LAST) {
        return None;
    }
    let ends = |words: &[&str]| words.iter().any(|word| said.ends_with(word));
    // `20日均资产50万元` is a condition, `近20日日均资产` somebody's.
    let is_condition =
        || ["条件", "不低于", "要求", "需达", "须达"].iter().any(|word| sentence.contains(word));
    if ends(HELD) && !is_condition() {
        return Some(Kind::Balance);
    }
    let is_ones =
        || ["女士", "先生", "客户", "您", "本人", "我的", "账户"].iter().any(|word| said.contains(word));
    let stock = ["资产", "总资产", "余额", "权益", "净资产", "存款"];
    if ends(&stock) && is_ones() && !is_condition() {
        return Some(Kind::Balance);
    }
    // What flows through a branch or a market is nobody's.
    let is_firms = || {
        ["营业部", "公司", "市场", "板块", "北向", "主力", "行业"].iter().any(|word| sentence.contains(word))
    };
    if ends(&["净流出", "净流入", "流出", "流入"]) && said.contains("资产") && is_ones() && !is_firms()
    {
        return Some(Kind::Balance);
    }
    if ends(POSITIONS) {
        return Some(Kind::Position);
    }
    if ends(&["成交金额", "卖出金额", "买入金额", "委托金额"]) && (is_ones() || said.contains("尾号"))
    {
        return Some(Kind::TradeFill);
    }
    let is_somebodys = || SOMEBODY.iter().any(|word| sentence.contains(word)) && !sentence.contains(LIMITS);
    (counted && ends(MOVES) && is_somebodys()).then_some(Kind::TradeBankTransfer)
}

/// The last characters of all that says something of a sum.
const LAST: &[char] = &[
    '内', '里', '上', '产', '额', '款', '益', '值', '出', '入', '现', '账', '转', '划', '除', '费', '走',
    '金', '取', '来',
];

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
    for illness in ILLNESSES {
        for start in memmem::find_iter(text.as_bytes(), illness) {
            let (left, right) = text.split_at_checked(start).unwrap_or_default();
            let sentence = tail(left, 48, |c| !matches!(c, '。' | '；' | '\n' | '！' | '？'));
            let is_had = HAVING.iter().any(|word| left.ends_with(word));
            let is_ones = || SUFFERERS.iter().any(|word| sentence.contains(word));
            let is_business = || {
                BUSINESS
                    .iter()
                    .any(|word| right.get(illness.len()..).is_some_and(|right| right.starts_with(word)))
            };
            if is_had && is_ones() && !is_business() {
                push(start, illness.len(), Kind::HealthStatus, hits);
            }
        }
    }
}

/// What is had with them.
const HAVING: &[&str] =
    &["有", "得了", "得的是", "查出", "查出来", "诊断", "诊断出", "诊断为", "检查出", "确诊", "因", "是"];

/// Whom a sentence speaks of that names an illness.
const SUFFERERS: &[&str] = &[
    "客户", "自己", "本人", "我", "他", "她", "先生", "女士", "母亲", "父亲", "爱人", "老伴", "太太", "丈夫",
];

/// What of an illness is a business.
const BUSINESS: &[&str] =
    &["概念", "药", "板块", "检测", "治疗", "用药", "诊断", "新药", "产业", "行业", "疫苗", "器械"];

/// Common illnesses.
const ILLNESSES: &[&str] = &[
    "高血压",
    "糖尿病",
    "心脏病",
    "冠心病",
    "抑郁症",
    "焦虑症",
    "癌症",
    "肺癌",
    "胃癌",
    "肝癌",
    "乳腺癌",
    "甲状腺癌",
    "白血病",
    "尿毒症",
    "脑梗",
    "脑出血",
    "中风",
    "肿瘤",
    "哮喘",
    "肺炎",
    "肝炎",
    "乙肝",
    "肾病",
    "肺结核",
    "癫痫",
    "精神分裂症",
    "帕金森",
    "阿尔茨海默",
    "艾滋病",
    "老年痴呆",
    "骨折",
    "结节",
];

fn push(start: usize, length: usize, kind: Kind, hits: &mut Vec<Hit>) {
    hits.push(Hit { start, end: start + length, kind, how: How::Text, confidence: 65 });
}

#[cfg(test)]
mod tests;
