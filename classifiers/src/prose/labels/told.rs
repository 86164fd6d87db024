//! Values that other things than a label before them tell: another value, a label behind, a word of few.

use super::{Labels, date_in_words, hit, numeric_length, opens, value_length};
use crate::Hit;
use crate::prose::{head, is_han, tail};
use crate::recognize::resident_id;
use yingbi_taxonomy::{Category, Kind};

/// `性别女`, `民 族 汉`: of few words that a form knows.
pub(super) fn worded(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let skip = head(value, 3, |c| opens(c) || matches!(c, '：' | ':' | '是' | '为'));
    let value = value.get(skip..)?;
    let (kind, words) = match () {
        () if left.ends_with("性别") => (Kind::Gender, GENDERS),
        () if left.ends_with("民族") => (Kind::Ethnicity, PEOPLES),
        () => return None,
    };
    let word = words.iter().find(|word| value.starts_with(**word))?;
    let length = word.len() + head(value.get(word.len()..)?, 1, |c| c == '族' || c == '性');
    let behind = value.get(length..)?;
    let ends = !behind.starts_with(is_han) || NEXT.iter().any(|label| behind.starts_with(label));
    ends.then(|| hit(at + skip, length, kind))
}

/// `1992年09月24日生`, `1992-09-24出生`.
pub(super) fn born(text: &str, at: usize) -> Option<Hit> {
    let (left, right) = text.split_at_checked(at)?;
    let goes_on = right.chars().nth(1).is_some_and(is_han);
    let left = left.strip_suffix('出').unwrap_or(left);
    let date = tail(left, 11, |c| c.is_ascii_digit() || matches!(c, '年' | '月' | '日' | '-' | '/' | '.'));
    let length = date_in_words(date)
        .or_else(|| numeric_length(Kind::BirthDate, date).filter(|length| *length >= 8))
        .filter(|length| *length == date.len())?;
    (!goes_on).then(|| hit(left.len() - length, length, Kind::BirthDate))
}

/// Labels that stand right behind a word of few.
const NEXT: &[&str] = &[
    "民族", "出生", "住址", "公民", "身份", "证件", "手机", "电话", "年龄", "籍贯", "婚姻", "地址", "联系",
    "职业", "国籍", "学历",
];

/// `职业为出租车司机`, `就职于某某银行`: what somebody does for a living, up to the next mark.
pub(super) fn worked(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let bare = left.trim_end_matches(['是', '为']);
    let said = match bare.len() == left.len() {
        true => ["就职于", "任职于", "供职于", "受雇于", "工作于"].iter().any(|word| left.ends_with(word)),
        false => ["职业", "职务", "职位", "工作单位", "任职单位"].iter().any(|word| bare.ends_with(word)),
    };
    let length = head(value, 24, |c| is_han(c) || c.is_ascii_alphanumeric());
    let word = value.get(..length)?;
    let says_nothing =
        ["空", "必填", "未知", "其他", "什么", "否", "无"].iter().any(|none| word.starts_with(none));
    (said && length >= 6 && !says_nothing).then(|| hit(at, length, Kind::EducationWork))
}

/// `签发机关 杭州市公安局西湖分局`: who issued a document, up to its last office.
pub(super) fn issued(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let said = ["签发机关", "发证机关", "签发 机关", "签 发 机 关"].iter().any(|word| left.ends_with(word));
    let skip = head(value, 3, |c| opens(c) || matches!(c, '：' | ':' | '\n'));
    let office = value.get(skip..)?;
    let run = office.get(..head(office, 24, is_han))?;
    let length =
        ["局", "厅", "处", "所", "馆"].iter().filter_map(|end| Some(run.rfind(end)? + end.len())).max()?;
    (said && length >= 9).then(|| hit(at + skip, length, Kind::IdIssuer))
}

/// `客户10086021`: whom a firm knows by a number.
pub(super) fn numbered(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let length = head(value, 16, |c| c.is_ascii_digit());
    let behind = value.get(length..)?;
    let is_count =
        behind.starts_with(['元', '万', '人', '户', '名', '股', '位', '份', '.', ',', '%', '家', '年']);
    let said = ["客户", "投资者", "会员"].iter().any(|word| left.ends_with(word));
    (said && (6..=12).contains(&length) && !is_count).then(|| hit(at, length, Kind::InvestorCode))
}

const GENDERS: &[&str] = &["男", "女"];
/// The peoples that identity cards name, the longer before what they begin with.
const PEOPLES: &[&str] = &[
    "汉",
    "壮",
    "满",
    "回",
    "苗",
    "维吾尔",
    "土家",
    "彝",
    "蒙古",
    "藏",
    "布依",
    "侗",
    "瑶",
    "朝鲜",
    "白",
    "哈尼",
    "哈萨克",
    "黎",
    "傣",
    "畲",
    "傈僳",
    "仡佬",
    "东乡",
    "高山",
    "拉祜",
    "水",
    "佤",
    "纳西",
    "羌",
    "土",
    "仫佬",
    "锡伯",
    "柯尔克孜",
    "达斡尔",
    "景颇",
    "毛南",
    "撒拉",
    "布朗",
    "塔吉克",
    "阿昌",
    "普米",
    "鄂温克",
    "怒",
    "京",
    "基诺",
    "德昂",
    "保安",
    "俄罗斯",
    "裕固",
    "乌孜别克",
    "门巴",
    "鄂伦春",
    "独龙",
    "塔塔尔",
    "赫哲",
    "珞巴",
];

/// `资金账号80012345、80012346`, `账号由80012345变更为80012346`: a number as long as the one before it, joined to it.
pub(super) fn another(text: &str, last: Hit, at: usize) -> Option<Hit> {
    let between = text.get(last.end..at)?.trim_matches(opens);
    let joins = [
        "、",
        "和",
        "与",
        "及",
        "或",
        "以及",
        "变更为",
        "更改为",
        "改为",
        "改成",
        "换为",
        "换成",
        "变为",
        "到",
        "至",
    ];
    let length = head(text.get(at..)?, 40, |c| c.is_ascii_alphanumeric());
    let is_account = matches!(
        last.kind.category(),
        Category::AccountOpening | Category::AccountInvestorCode | Category::WealthBank
    );
    let digits = text.get(at..at + length)?.bytes().filter(u8::is_ascii_digit).count();
    let is_like = length.abs_diff(last.end - last.start) <= 3 && digits + 2 >= length;
    (is_account && length >= 6 && is_like && joins.contains(&between)).then(|| hit(at, length, last.kind))
}

/// `台湾居民居住证，号码830000199208151233`: of an identity number's form, its check digit wrong, in a sentence that
/// speaks of a document.
pub(super) fn misspelt(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    if !value.as_bytes().get(16).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let token = value.get(..head(value, 19, |c| c.is_ascii_alphanumeric()))?;
    let document = || tail(left, 12, |c| !matches!(c, '。' | '\n' | '；')).contains('证');
    (resident_id::has_form_18(token.as_bytes()) && document()).then(|| hit(at, token.len(), Kind::ResidentId))
}

/// `登录名trader_2020`: a name of letters that a system gave.
pub(super) fn login(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    if !value.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let left = left.trim_end_matches(|c| opens(c) || matches!(c, '：' | ':' | '是' | '为'));
    let named = ["登录名", "用户名", "登录账号", "账号名", "登录号", "登陆名"]
        .iter()
        .any(|word| left.ends_with(word));
    let length = head(value, 32, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    let token = value.get(..length)?;
    let is_made = token.bytes().any(|byte| byte.is_ascii_digit() || byte == b'_');
    (named && is_made && length >= 4).then(|| hit(at, length, Kind::TradingAccount))
}

/// `80012345（资金账号）`, `把80012345这个资金账号销掉`: the label behind its number.
pub(super) fn before_label<'t>(labels: &mut Labels<'_, 't>, text: &'t str, at: usize) -> Option<Hit> {
    let value = text.get(at..)?;
    let length = head(value, 24, |c| c.is_ascii_alphanumeric());
    let digits = value.bytes().take(length).filter(u8::is_ascii_digit).count();
    let behind = value.get(length..).filter(|_| digits >= 6)?;
    let label = match behind.strip_prefix(['（', '(']) {
        Some(inner) => {
            let label = inner.get(..head(inner, 8, is_han))?;
            inner.get(label.len()..)?.starts_with(['）', ')']).then_some(label)?
        }
        None => {
            let rest = ["这个", "是我的", "是客户的", "为客户的"]
                .iter()
                .find_map(|word| behind.strip_prefix(word))?;
            let account = rest.get(..head(rest, 8, is_han))?;
            let end = ["账号", "帐号", "账户", "帐户"].iter().filter_map(|word| account.find(word)).min()?;
            account.get(..end + "账号".len())?
        }
    };
    let (kind, strength) = labels.kind(label)?;
    let is_account = matches!(kind.category(), Category::AccountOpening | Category::AccountInvestorCode);
    let length = value_length(kind, strength, value, false).filter(|_| is_account)?;
    Some(hit(at, length, kind))
}
