//! What stands apart from its label: an answer in a conversation, a secret in the clause after it, a number behind an
//! English word.

use super::{ends_in_word, hit, opens, value_length};
use crate::prose::{head, tail};
use crate::{Hit, Strength};
use yingbi_taxonomy::Kind;

/// `坐席：请提供您的资金账号。客户：80001234`: a turn that begins with a number answers the one before it.
pub(super) fn answered_in_turn(left: &str, label: &str, value: &str, start: usize) -> Option<Hit> {
    // Few labels have a number behind them, so that is asked first.
    if !value.starts_with(|c: char| c.is_ascii_digit())
        || !SPEAKERS.iter().any(|speaker| label.ends_with(speaker))
    {
        return None;
    }
    let digits = head(value, 40, |c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    if value.bytes().take(digits).filter(u8::is_ascii_digit).count() < 4 {
        return None;
    }
    let question = tail(left.strip_suffix(label)?, LONGEST_QUESTION, |_| true);
    let (_, kind) = ASKED_FOR
        .iter()
        .filter_map(|(word, kind)| Some((question.rfind(word)?, *kind)))
        .max_by_key(|(at, _)| *at)?;
    let length = value_length(kind, Strength::NeedsShape, value, true)
        .or_else(|| value_length(kind, Strength::Decides, value, true).filter(|_| kind != Kind::Mobile))?;
    Some(hit(start, length, kind))
}

/// Who answers.
const SPEAKERS: &[&str] =
    &["客户", "用户", "投资者", "投资人", "答", "对方", "来电人", "顾客", "客人", "来电者", "本人"];

/// In characters; one turn of a conversation.
const LONGEST_QUESTION: usize = 40;

/// What is asked for.
const ASKED_FOR: &[(&str, Kind)] = &[
    ("验证码", Kind::Otp),
    ("校验码", Kind::Otp),
    ("动态码", Kind::Otp),
    ("动态口令", Kind::Otp),
    ("位数字", Kind::Otp),
    ("短信", Kind::Otp),
    ("密码", Kind::Password),
    ("口令", Kind::Password),
    ("资金账", Kind::FundAccount),
    ("资金帐", Kind::FundAccount),
    ("信用账", Kind::FundAccount),
    ("期货账", Kind::FundAccount),
    ("账号", Kind::FundAccount),
    ("账户号", Kind::FundAccount),
    ("客户号", Kind::InvestorCode),
    ("客户编号", Kind::InvestorCode),
    ("客户代码", Kind::InvestorCode),
    ("卡号", Kind::BankAccount),
    ("银行卡", Kind::BankAccount),
    ("股东", Kind::SecuritiesAccount),
    ("证券账", Kind::SecuritiesAccount),
    ("证件号", Kind::IdNumber),
    ("身份证", Kind::IdNumber),
    ("手机", Kind::Mobile),
    ("电话", Kind::Phone),
];

/// `密码给你吧，mcs*778899`: in the clause behind the word, what is made like a password.
pub(super) fn secret_in_clause(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let before = tail(left, 16, |c| !matches!(c, '。' | '；' | '\n' | '！' | '？'));
    let word =
        ["密码", "口令"].iter().filter_map(|word| before.rfind(word).map(|at| at + word.len())).max()?;
    let between = before.get(word..)?;
    let length =
        head(value, 25, |c| c.is_ascii_graphic() && !matches!(c, ',' | ';' | '"' | '\'' | '<' | '>'));
    let token = value.get(..length)?.trim_end_matches(['.', '!', '?', ')']);
    let has = |is: fn(&u8) -> bool| token.bytes().any(|byte| is(&byte));
    let is_mixed = has(u8::is_ascii_digit) && (has(u8::is_ascii_alphabetic) || has(u8::is_ascii_punctuation));
    let is_given = GIVEN.iter().any(|word| between.contains(word));
    let is_number = (6..=12).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_digit());
    let is_rule = ["位", "次", "至少", "不少", "错", "不能", "不得", "必须", "包含", "长度", "http"]
        .iter()
        .any(|word| between.contains(word));
    let is_secret = (6..=24).contains(&token.len()) && (is_mixed || is_number && is_given) && !is_rule;
    let is_time = token.contains(':') || token.contains("://");
    (is_secret && !is_time && (is_given || between.ends_with(['，', ',', ' '])))
        .then(|| hit(at, token.len(), Kind::Password))
}

/// What says that a secret follows.
const GIVEN: &[&str] =
    &["给你", "给您", "发你", "发您", "告诉", "是", "为", "记一下", "记下", "用这个", "如下"];

/// `加我V：cf88991122`, `QQ 382947561`, `QQ77281934`, `加下微信吧，invest-helper01`.
pub(super) fn contact(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    if let Some(number) = value.get(..2).filter(|two| two.eq_ignore_ascii_case("qq")).and(value.get(2..)) {
        let digits = head(number, 12, |c| c.is_ascii_digit());
        let ends = !number.get(digits..)?.starts_with(|c: char| c.is_ascii_alphanumeric());
        return ((6..=11).contains(&digits) && ends).then(|| hit(at + 2, digits, Kind::Contact));
    }
    if left.ends_with(['，', ',']) {
        let clause = tail(left, 10, |c| !matches!(c, '。' | '；' | '\n'));
        let token = value.get(..head(value, 24, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
        let has = |is: fn(&u8) -> bool| token.bytes().any(|byte| is(&byte));
        let is_made = has(u8::is_ascii_alphabetic)
            && (has(u8::is_ascii_digit) || has(|byte| matches!(byte, b'_' | b'-')));
        let adds =
            clause.contains('加') && ["微信", "V信", "薇信", "QQ"].iter().any(|word| clause.contains(word));
        return (adds && is_made && (6..=20).contains(&token.len()))
            .then(|| hit(at, token.len(), Kind::Contact));
    }
    let bare = left.trim_end_matches(|c| opens(c) || matches!(c, '：' | ':' | '号' | '是' | '为'));
    let is_marked = bare.len() < left.len();
    if !is_marked || !bare.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let letters = tail(bare, 3, |c| c.is_ascii_alphabetic());
    let digits = head(value, 12, |c| c.is_ascii_digit());
    let length = head(value, 32, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let behind = bare.get(..bare.len() - letters.len())?;
    let free = !behind.ends_with(|c: char| c.is_ascii_alphanumeric());
    let named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(letters));
    let is_qq = named(&["qq"]) && (5..=11).contains(&digits) && digits == length;
    // A single letter is a messenger only where somebody is to be added by it.
    let adds = || {
        ["加", "加我", "我", "我的", "加个", "加下", "私", "联系"].iter().any(|word| behind.ends_with(word))
    };
    let is_messenger =
        (named(&["wx", "vx", "wechat"]) || named(&["v"]) && adds()) && (5..=24).contains(&length);
    (free && is_marked && (is_qq || is_messenger)).then(|| hit(at, length, Kind::Contact))
}

/// `Your account 2512330805`, `passport K1234567E`, `HKID A123456(7)`.
pub(super) fn behind_english(text: &str, at: usize) -> Option<Hit> {
    if let Some(hit) = english_secret(text, at) {
        return Some(hit);
    }
    let (left, value) = text.split_at_checked(at)?;
    let length = head(value, 24, |c| c.is_ascii_alphanumeric() || c == '-');
    let token = value.get(..length)?.trim_end_matches('-');
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits >= 6 && digits + 3 >= token.len() && !is_day(token);
    let left = left.trim_end_matches([' ', '.', ':', '#']);
    if !is_number || !left.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let left = ["number", "no", "num"]
        .iter()
        .find(|word| ends_in_word(left, word))
        .and_then(|word| left.get(..left.len() - word.len()))
        .map_or(left, |left| left.trim_end_matches([' ', '.']));
    let (_, kind) = ENGLISH.iter().find(|(word, _)| ends_in_word(left, word))?;
    // The check digit of Hong Kong's card stands in brackets.
    let behind = value.get(token.len()..)?;
    let check = behind.as_bytes();
    let bracket = match (kind, check) {
        (Kind::IdNumber, [b'(', digit, b')', ..]) if digit.is_ascii_alphanumeric() => 3,
        _ => 0,
    };
    Some(hit(at, token.len() + bracket, *kind))
}

/// `the password for my account is hunter22`, `set my password to hunter22`, `apikey 9f86…`, `use code 482913`: a word of
/// letters and digits that a secret's name leads to.
fn english_secret(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let length =
        head(value, 128, |c| c.is_ascii_graphic() && !matches!(c, ',' | ';' | '"' | '\'' | '<' | ')'));
    let token = value.get(..length)?.trim_end_matches(['.', '!', '?', ':']);
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    // Words have no digits, and dates, sizes and versions hardly anything else.
    if digits == 0 || token.len() < 4 || is_day(token) || token.contains("://") {
        return None;
    }
    let left = left.trim_end_matches([' ', ':', '=', '"', '\'']);
    let left = LEADS
        .iter()
        .find(|lead| ends_in_word(left, lead))
        .map_or(left, |lead| left.get(..left.len() - lead.len()).unwrap_or_default().trim_end());
    // `for my account`, `I got`: up to four words between.
    let mut words = left.rsplit(' ').take(5);
    let is_led = left.len() < text.get(..at)?.trim_end().len();
    let first = words.next()?;
    let secret = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        ENGLISH_SECRETS.iter().find(|(name, ..)| word.eq_ignore_ascii_case(name))
    };
    let told = secret(first).or_else(|| words.filter(|_| is_led).find_map(secret))?;
    let (_, kind, least, mixed) = *told;
    let letters = token.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_whole = match mixed {
        true => letters > 0 && token.len() >= least,
        false => digits == token.len() && (least..=8).contains(&digits),
    };
    // `code 482913`: only of what asks for one.
    let behind = value.get(token.len()..).unwrap_or_default();
    let is_used = [" to log", " to sign", " to verify"].iter().any(|word| behind.starts_with(word));
    let is_anothers = kind == Kind::Otp && !is_used && !CODES.iter().any(|word| holds_word(left, word));
    (is_whole && !is_anothers).then(|| hit(at, token.len(), kind))
}

/// Whether a text has a word, in whatever case.
fn holds_word(text: &str, word: &str) -> bool {
    text.split(' ').any(|part| part.eq_ignore_ascii_case(word))
}

/// What stands between a secret's name and the secret.
const LEADS: &[&str] = &["is", "was", "to", "be", "as", "with"];

/// What makes a code one that is used once.
const CODES: &[&str] = &["verification", "auth", "login", "one-time", "sms", "security", "authentication"];

/// Names of secrets, what they are, how long at least, and whether letters must be among their characters.
const ENGLISH_SECRETS: &[(&str, Kind, usize, bool)] = &[
    ("password", Kind::Password, 6, true),
    ("passwd", Kind::Password, 6, true),
    ("passcode", Kind::Password, 6, true),
    ("passphrase", Kind::Password, 6, true),
    ("pwd", Kind::Password, 6, true),
    ("token", Kind::AccessToken, 16, true),
    ("sessionid", Kind::AccessToken, 12, true),
    ("session", Kind::AccessToken, 16, true),
    ("apikey", Kind::Password, 16, true),
    ("secret", Kind::Password, 12, true),
    ("code", Kind::Otp, 4, false),
];

/// `2025-03-11`.
fn is_day(token: &str) -> bool {
    token.matches('-').count() == 2 && token.len() <= 10
}

const ENGLISH: &[(&str, Kind)] = &[
    ("account", Kind::FundAccount),
    ("acct", Kind::FundAccount),
    ("acc", Kind::FundAccount),
    ("a/c", Kind::FundAccount),
    ("passport", Kind::Passport),
    ("hkid", Kind::IdNumber),
    ("id card", Kind::IdNumber),
    ("permit", Kind::Permit),
    ("client id", Kind::InvestorCode),
    ("customer id", Kind::InvestorCode),
    ("investor id", Kind::InvestorCode),
    ("client", Kind::InvestorCode),
    ("customer", Kind::InvestorCode),
    ("investor", Kind::InvestorCode),
];
