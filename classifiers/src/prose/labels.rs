//! Values behind labels: `资金账号 80001234`, `密码：abc123`, `验证码是123456`, `custName=张三&mobile=138…`.
//!
//! A label means what a field of that name means, so the lexicon answers for both.

mod marks;
mod told;
mod turns;

use super::record::is_stand_in;
use super::{addresses, head, is_han, names, tail};
use crate::cues::{Cues, mark};
use crate::lexicon::Lexicon;
use crate::recognize::phone;
use crate::{Hit, How, KeyMeaning, Scalar, Signals, Strength, shape};
use told::{another, before_label, born, issued, login, misspelt, numbered, worded, worked};
use turns::{answered_in_turn, behind_english, contact, secret_in_clause};
use yingbi_taxonomy::{Category, Kind};

/// Appends the labelled values of a text.
pub(crate) fn find(lexicon: &Lexicon, text: &str, cues: Cues, hits: &mut Vec<Hit>) {
    let mut labels = Labels { lexicon, seen: Vec::new(), record: Signals::default(), waiting: Vec::new() };
    one_by_one(&mut labels, text, cues, hits);
    labels.in_record(text, hits);
}

fn one_by_one<'t>(labels: &mut Labels<'_, 't>, text: &'t str, cues: Cues, hits: &mut Vec<Hit>) {
    // Where the last labelled value ended: a value is no label of the next mark.
    let mut done = 0;
    marks::find(labels, text, cues, hits);
    if !cues.has(mark::HIGH) {
        for at in memchr::memchr_iter(b' ', text.as_bytes()) {
            // `CVV 318`, `PIN 123456`.
            let digits = text.as_bytes().iter().skip(at + 1).take_while(|byte| byte.is_ascii_digit()).count();
            let is_secret =
                || text.get(..at).is_some_and(|left| SECRETS.iter().any(|word| ends_in_word(left, word)));
            // `Your account 2512330805`: of letters and digits.
            if text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
                && let Some(hit) = behind_english(text, at + 1)
            {
                hits.push(hit);
                continue;
            }
            // `fundAcct 80012345`: no count or time has so many.
            if (6..=SHORTEST_TIMESTAMP).contains(&digits) || digits > 0 && is_secret() {
                hits.extend(bare(labels, text, at + 1));
            }
        }
        for at in memchr::memchr2_iter(b':', b'=', text.as_bytes()).filter(|at| *at > 1) {
            if at >= done
                && let Some(hit) = marked(labels, text, at, 1)
            {
                done = hit.end;
                hits.push(hit);
            }
        }
        return;
    }
    let mut before: Option<char> = None;
    // Where the last password ended: `密码设成了135791，后来又改成975310`.
    let mut secret = None;
    let may_hold_secret = cues.has(mark::CODE);
    // The last labelled number: `资金账号80012345、80012346`.
    let mut last = None;
    for (at, c) in text.char_indices() {
        let previous = before.replace(c);
        if at < done {
            continue;
        }
        let found = match c {
            ':' | '=' | '：' => marked(labels, text, at, c.len_utf8()),
            _ if c.is_ascii_alphanumeric() && previous.is_none_or(|p| is_han(p) || opens(p) || p == '、') => {
                bare(labels, text, at)
                    .or_else(|| changed(text, secret?, at))
                    .or_else(|| another(text, last?, at))
                    .or_else(|| before_label(labels, text, at))
                    .or_else(|| contact(text, at))
                    .or_else(|| misspelt(text, at))
                    .or_else(|| login(text, at))
                    .or_else(|| numbered(text, at))
                    .or_else(|| behind_english(text, (previous == Some(' ')).then_some(at)?))
                    .or_else(|| secret_in_clause(text, may_hold_secret.then_some(at)?))
            }
            _ if c.is_ascii_alphanumeric() && matches!(previous, Some('，' | ',' | '：' | ':')) => {
                contact(text, at)
                    .or_else(|| login(text, at))
                    .or_else(|| secret_in_clause(text, may_hold_secret.then_some(at)?))
            }
            '生' => born(text, at),
            '关' => issued(text, at + c.len_utf8()),
            '别' | '族' => worded(text, at + c.len_utf8()),
            '是' | '为' => answered(text, at + c.len_utf8()).or_else(|| worked(text, at + c.len_utf8())),
            '于' => worked(text, at + c.len_utf8()),
            _ => None,
        };
        if let Some(hit) = found {
            done = hit.end;
            last = Some(hit);
            if hit.kind == Kind::Password {
                secret = Some(hit.end);
            }
            hits.push(hit);
        }
    }
}

/// Milliseconds since 1970 have thirteen digits.
const SHORTEST_TIMESTAMP: usize = 12;

/// What asks for a security answer.
const ASKED: &str = "问题";

/// English words right before a number that is secret, or a device's.
const SECRETS: &[&str] = &[
    "pin", "cvv", "cvv2", "cvn", "cvn2", "cvc", "otp", "password", "passcode", "passwd", "pwd", "captcha",
    "imei", "meid", "imsi", "iccid",
];

/// Whether the text ends in this word, in whatever case.
pub(super) fn ends_in_word(text: &str, word: &str) -> bool {
    let Some(at) = text.len().checked_sub(word.len()) else { return false };
    let bytes = text.as_bytes();
    bytes.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
        && !at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric)
}

/// A label, a mark, a value.
fn marked<'t>(labels: &mut Labels<'_, 't>, text: &'t str, at: usize, mark: usize) -> Option<Hit> {
    let left = text.get(..at)?;
    let label = label_before(left)?;
    let right = text.get(at + mark..)?;
    // `https://`, `10:30`, `::`.
    if right.starts_with(['/', ':'])
        || label.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
    {
        return None;
    }
    let skip = head(right, 4, |c| opens(c) || c == '=');
    let skip = skip + call_before_quote(right.get(skip..)?) + scheme(right.get(skip..)?);
    let value = right.get(skip..)?;
    if value.starts_with("VALUES(") || value.starts_with("values(") {
        return None;
    }
    let digits = head(value, 5, |c| c.is_ascii_digit());
    if (3..=4).contains(&digits) && is_cards_code(left.trim_end_matches(['"', ' '])) {
        return Some(hit(at + mark + skip, digits, Kind::Password));
    }
    let asked = || label.ends_with("答案") && tail(left, 64, |_| true).contains(ASKED);
    if let Some(answer) = answered_in_turn(left, label, value, at + mark + skip) {
        return Some(answer);
    }
    let spoken = labels
        .kind(label)
        .or_else(|| asked().then_some((Kind::SecurityAnswer, Strength::Decides)))
        .or_else(|| is_sent_code(left, label, value).then_some((Kind::Otp, Strength::Decides)));
    let Some((kind, strength)) = spoken else {
        labels.wait(label, at + mark + skip);
        return None;
    };
    let Some(length) = value_length(kind, strength, value, true) else {
        // `credit_level: BB`: not the sum that its label most often has.
        if kind.category() == Category::Credit && labels.waiting.len() < MOST_WAITING {
            labels.waiting.push((kind, at + mark + skip));
        }
        return None;
    };
    let length = without_closing(text.get(..at)?, value.get(..length)?).len();
    Some(hit(at + mark + skip, length, kind))
}

/// `phone=13…&code=870148`: what is sent to a phone is no error's code.
fn is_sent_code(left: &str, label: &str, value: &str) -> bool {
    let length = head(value, 9, |c| c.is_ascii_alphanumeric());
    let is_number = (4..=8).contains(&length) && value.bytes().take(length).all(|byte| byte.is_ascii_digit());
    let is_code = ["code", "vcode", "smscode", "sms_code", "captcha"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(label));
    let line = || tail(left, 96, |c| c != '\n').to_ascii_lowercase();
    is_number && is_code && {
        let line = line();
        ["phone=", "mobile=", "tel=", "phone\":", "mobile\":", "sms", "手机"]
            .iter()
            .any(|word| line.contains(word))
    }
}

/// `后来又改成975310`: another password soon behind the first.
fn changed(text: &str, secret: usize, at: usize) -> Option<Hit> {
    let between = text.get(secret..at).filter(|between| between.len() <= 48)?;
    let between = between.trim_end_matches(opens);
    let again = ["改成", "改为", "换成", "换为", "变成", "改回", "或者", "或", "不是", "而是", "也不行"];
    if between.contains(['。', '\n']) || !again.iter().any(|word| between.ends_with(word)) {
        return None;
    }
    let value = text.get(at..).filter(|value| starts_with_code(value))?;
    let length = value_length(Kind::Password, Strength::Decides, value, false)?;
    Some(hit(at, length, Kind::Password))
}

/// `密保答案是小花猫`: an answer is a word, so only its label shows it.
fn answered(text: &str, at: usize) -> Option<Hit> {
    let (left, value) = text.split_at_checked(at)?;
    let label = left.trim_end_matches(['是', '为']);
    let asked = label.ends_with("答案")
        && ["密保", "安全", "保护", "问题", "提示"].iter().any(|word| tail(label, 12, is_han).contains(word));
    let skip = head(value, 2, opens);
    let length = answer_length(value.get(skip..)?)?;
    asked.then(|| hit(at + skip, length, Kind::SecurityAnswer))
}

fn answer_length(value: &str) -> Option<usize> {
    let length = head(value, 24, |c| c.is_alphanumeric() || matches!(c, '·' | '-' | '_' | '@'));
    let word = value.get(..length)?;
    let says_nothing = ["不能", "不正确", "错误", "必填", "已", "未", "不", "正确", "什么", "空"];
    (length > 0 && !says_nothing.iter().any(|nothing| word.starts_with(nothing))).then_some(length)
}

/// A label right before a number, with at most 是 or a space between.
fn bare<'t>(labels: &mut Labels<'_, 't>, text: &'t str, at: usize) -> Option<Hit> {
    let left = text.get(..at)?;
    let closer = left.trim_end_matches(opens);
    let is_said = closer.ends_with(['是', '为', '成', '：', ':']);
    let left = without_change(left.trim_end_matches(|c| opens(c) || is_filler(c)));
    let left = without_brackets(left);
    let han = tail(left, 10, is_han);
    let label = match han.len() {
        0 => tail(left, 16, |c| c.is_ascii_alphabetic()),
        // `PIN 码`, `CVV2 码`.
        3 if han == "码" => tail(left.trim_end_matches(['码', ' ']), 16, |c| c.is_ascii_alphabetic()),
        _ => han,
    };
    if label.len() < 3 || label.ends_with(ends_no_label) {
        return None;
    }
    let value = text.get(at..)?;
    if is_cards_code(left) {
        let digits = head(value, 5, |c| c.is_ascii_digit());
        return (3..=4).contains(&digits).then(|| hit(at, digits, Kind::Password));
    }
    let (kind, strength) = labels.kind(label)?;
    // `PIN 123456`; of Latin words before a number only these say what it is.
    let is_exact = matches!(kind, Kind::Password | Kind::Otp | Kind::Imei | Kind::DevicePermanent)
        || (strength == Strength::Decides && kind.category() == Category::AccountOpening);
    if han.is_empty() && (!is_exact || !starts_with_code(value)) {
        return None;
    }
    let is_said = is_said && kind == Kind::Password && !han.is_empty();
    let length = value_length(kind, strength, value, is_said)?;
    // `公司总资产5,321.6亿元，净资产1,203.8亿元` are nobody's.
    let is_companys =
        || ["公司", "集团", "本行", "行业"].iter().any(|word| tail(left, 40, |c| c != '。').contains(word));
    if value.get(..length)?.ends_with('亿') && is_companys() {
        return None;
    }
    Some(hit(at, length, kind))
}

/// `客户于3月5日`, `原定10点`, `预计T+2`: what stands right before a number and is no label's end.
fn ends_no_label(c: char) -> bool {
    matches!(
        c,
        '于' | '在'
            | '月'
            | '和'
            | '与'
            | '第'
            | '至'
            | '到'
            | '从'
            | '由'
            | '近'
            | '前'
            | '后'
            | '过'
            | '每'
            | '这'
            | '那'
            | '内'
            | '点'
            | '分'
            | '时'
            | '元'
            | '股'
            | '笔'
            | '次'
            | '了'
            | '又'
            | '再'
            | '及'
            | '按'
            | '上'
            | '下'
    )
}

/// The three digits on the back of a card.
fn is_cards_code(left: &str) -> bool {
    let left = left.trim_end_matches(['2', ' ']);
    let latin = tail(left, 4, |c| c.is_ascii_alphabetic());
    ["CVV", "CVN", "CVC"].iter().any(|code| code.eq_ignore_ascii_case(latin))
        || ends_in_word(left, "security code")
        || ["背面后三位", "背面三位", "背面末三位", "卡背后三位", "背面的三位", "背后三位", "安全码"]
            .iter()
            .any(|code| left.ends_with(code))
}

/// `交易密码（6位数字）`: the label without what brackets explain about it.
fn without_brackets(left: &str) -> &str {
    let Some(inner) = left.strip_suffix(['）', ')']) else { return left };
    let inside = tail(inner, 16, |c| !matches!(c, '（' | '('));
    let open = inner.len() - inside.len();
    inner.get(..open).and_then(|label| label.strip_suffix(['（', '('])).unwrap_or(left)
}

fn hit(start: usize, length: usize, kind: Kind) -> Hit {
    Hit { start, end: start + length, kind, how: How::Text, confidence: 92 }
}

/// `N'何霞'`, `md5('…')`: what SQL puts before a quoted value, the quote included.
fn call_before_quote(value: &str) -> usize {
    let name = head(value, 32, |c| c.is_ascii_alphanumeric() || c == '_');
    let (name, rest) = value.split_at_checked(name).unwrap_or_default();
    let calls = matches!(rest.as_bytes(), [b'(', b'\'' | b'"', ..]) && !name.is_empty();
    match calls {
        true => name.len() + 2,
        false if matches!(name, "N" | "E") && rest.starts_with('\'') => name.len() + 1,
        false => 0,
    }
}

/// `Bearer …`, `Basic …`: how a credential is presented is no part of it.
fn scheme(value: &str) -> usize {
    let word = head(value, 12, |c| c.is_ascii_alphabetic());
    let named = value.get(..word).is_some_and(|word| {
        ["Bearer", "Basic", "Digest", "Token"].iter().any(|scheme| scheme.eq_ignore_ascii_case(word))
    });
    let spaces = value.get(word..).map_or(0, |rest| head(rest, 4, |c| c == ' '));
    if named && spaces > 0 { word + spaces } else { 0 }
}

/// `(pwd=abc)`: a value without the brackets that were opened before it on its line.
fn without_closing<'v>(left: &str, value: &'v str) -> &'v str {
    let line = || tail(left, 256, |c| c != '\n');
    let mut inner = value;
    for _ in 0..8 {
        let cut = [('(', ')'), ('{', '}'), ('[', ']')].iter().find_map(|(open, close)| {
            let shorter = inner.strip_suffix(*close).filter(|shorter| !shorter.is_empty())?;
            let is_own = inner.matches(*open).count() >= inner.matches(*close).count();
            (!is_own && line().contains(*open)).then_some(shorter)
        });
        let Some(shorter) = cut else { break };
        inner = shorter;
    }
    inner
}

/// `密码已改为135790`: the label without the words that say it changed.
fn without_change(left: &str) -> &str {
    const CHANGED: &[&str] = &[
        "改成", "换成", "成", "了", "修改", "更改", "变更", "重置", "设置", "设成", "更新", "改", "换", "设",
        "已", "被", "就", "应该", "现在", "其实", "好像", "大概", "可能", "记得", "貌似", "显示", "填写",
        "填", "写", "输入", "输", "发的", "收到", "一直", "还", "仍", "默认", "初始", "原来", "原", "当前",
        "的",
    ];
    let mut label = left;
    while let Some(rest) = CHANGED.iter().find_map(|word| label.strip_suffix(word)) {
        label = rest;
    }
    label
}

/// Four digits or more, and no more letters than digits.
fn starts_with_code(value: &str) -> bool {
    let length = head(value, 24, |c| c.is_ascii_alphanumeric());
    let digits = value.bytes().take(length).filter(u8::is_ascii_digit).count();
    digits >= 4 && digits * 2 >= length
}

/// `密码是`, `年收入约`: what stands between a label and a number and belongs to neither.
fn is_filler(c: char) -> bool {
    matches!(c, '是' | '为' | '：' | ':' | '约' | '共' | '达' | '有' | '仅' | '剩' | '从' | '由')
}

/// What may stand between a label and its value.
fn opens(c: char) -> bool {
    matches!(c, ' ' | '\t' | '"' | '\'' | '“' | '‘' | '「' | '（' | '(' | '【' | '[' | '《')
}

fn label_before(left: &str) -> Option<&str> {
    let left = without_brackets(left.trim_end_matches([' ', '"', '\'', '是', '为']));
    let left = left.trim_end_matches([' ', '"', '\'', '`', ')', '）', ']', '】', '”', '是', '为']);
    let last = left.chars().next_back()?;
    let label = if is_han(last) {
        tail(left, 12, is_han)
    } else {
        tail(left, 40, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    (label.len() > 1).then_some(label)
}

/// What a label says, if it says anything.
type Spoken = Option<(Kind, Strength)>;

/// The lexicon, with the last labels of this text remembered: logs and forms repeat theirs.
struct Labels<'l, 't> {
    lexicon: &'l Lexicon,
    /// Empty until something is looked up.
    seen: Vec<Option<(&'t str, Spoken, Option<Kind>)>>,
    /// What the labels so far say of whom the text is about.
    record: Signals,
    /// What would be somebody's in such a record, and where its value begins.
    waiting: Vec<(Kind, usize)>,
}

impl<'t> Labels<'_, 't> {
    fn kind(&mut self, label: &'t str) -> Spoken {
        let place = place_of(label);
        if let Some(Some((known, kind, _))) = self.seen.get(place)
            && *known == label
        {
            return *kind;
        }
        let key = self.lexicon.key(label);
        // Without its record, a name that many things bear speaks only of what can be told by form.
        let told_by_form = matches!(
            key.kind,
            Some(
                Kind::Name
                    | Kind::Address
                    | Kind::Mobile
                    | Kind::Phone
                    | Kind::Email
                    | Kind::AccessToken
                    | Kind::EducationWork
            )
        );
        let speaks = key.strength != Strength::NeedsRecord || told_by_form;
        let kind = key.kind.filter(|_| speaks).map(|kind| (kind, key.strength));
        self.record = self.record.union(key.signals);
        self.seen.resize(32, None);
        if let Some(slot) = self.seen.get_mut(place) {
            *slot = Some((label, kind, key.kind.filter(|_| !speaks)));
        }
        kind
    }

    /// Keeps a marked value whose label says something only within a record.
    fn wait(&mut self, label: &str, start: usize) {
        if self.waiting.len() < MOST_WAITING
            && let Some(Some((known, _, Some(kind)))) = self.seen.get(place_of(label))
            && *known == label
        {
            self.waiting.push((*kind, start));
        }
    }

    /// `client_name: 梁梓涵, repay_date: 2025-06-09, credit_level: BB`: one after the other they are a record.
    fn in_record(&self, text: &str, hits: &mut Vec<Hit>) {
        if !self.record.has(Signals::PERSON) && !self.record.has(Signals::ACCOUNT) {
            return;
        }
        for (kind, start) in &self.waiting {
            let key =
                KeyMeaning { kind: Some(*kind), strength: Strength::NeedsRecord, ..KeyMeaning::UNKNOWN };
            let Some(value) = text.get(*start..) else { continue };
            let length = head(value, 48, |c| {
                c.is_alphanumeric() || matches!(c, '·' | '/' | '-' | '.' | '_' | ':' | ',' | '%' | '+')
            });
            let value = value.get(..length).unwrap_or_default();
            // `1,203.50, next`: a comma that a space follows parts fields.
            let value = value.trim_end_matches([',', '.', ':', '-', '/']);
            // What is told in sentences is no field's value.
            let is_told = value.chars().filter(|c| is_han(*c)).count() > LONGEST_WORDED;
            // `cost=35ms` is a machine's.
            let is_timed = value.ends_with("ms") && value.starts_with(|c: char| c.is_ascii_digit());
            if !value.is_empty()
                && !is_told
                && !is_timed
                && !is_stand_in(value)
                && is_of_account(*kind, value)
                && shape::agrees(key, *kind, self.record, Scalar::Text(value))
            {
                hits.push(hit(*start, value.len(), *kind));
            }
        }
    }
}

/// Sums, numbers and grades of an account; other matters of a record are told in words, and words are of anything.
fn is_of_account(kind: Kind, value: &str) -> bool {
    let has_digit = || value.bytes().any(|byte| byte.is_ascii_digit());
    match kind.category() {
        Category::Credit => true,
        Category::TradeOrder
        | Category::TradeFill
        | Category::TradeBankTransfer
        | Category::WealthCash
        | Category::WealthPosition
        | Category::Contract
        | Category::DevicePermanent
        | Category::DeviceResettable => has_digit(),
        _ => false,
    }
}

/// More characters of Chinese are a sentence.
const LONGEST_WORDED: usize = 8;

/// Where a label is remembered.
fn place_of(label: &str) -> usize {
    label.bytes().fold(label.len(), |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte)) % 32
}

/// A text of more fields is read as far as these.
const MOST_WAITING: usize = 64;

/// How many bytes of `value` are a value of the kind; `marked` when a colon or an equals sign announced it.
fn value_length(kind: Kind, strength: Strength, value: &str, marked: bool) -> Option<usize> {
    let length = match kind.category() {
        Category::CredentialAccount if kind == Kind::Otp => {
            let digits = head(value, 12, |c| c.is_ascii_alphanumeric());
            Some(digits).filter(|length| (4..=8).contains(length))
        }
        Category::CredentialAccount if kind == Kind::SecurityAnswer && marked => answer_length(value),
        // Keys, images and templates may be of any length, and no part of one may stay.
        Category::CredentialAccount | Category::CredentialBiometric => {
            let length = head(value, usize::MAX, |c| {
                c.is_ascii_graphic() && !matches!(c, ',' | ';' | '&' | '"' | '\'' | '<' | '>')
            });
            let telling =
                marked || value.get(..length).is_some_and(|v| v.bytes().any(|b| b.is_ascii_digit()));
            Some(length).filter(|length| *length >= 3 && telling)
        }
        _ if matches!(kind, Kind::Name | Kind::BankAccountName) && marked => names::announced(value)
            .or_else(|| (strength == Strength::Decides).then(|| head(value, 24, char::is_alphanumeric))),
        _ if kind == Kind::Contact => {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+');
            Some(head(value, 64, is_part)).filter(|length| *length >= 5)
        }
        _ if kind == Kind::Address && marked => addresses::announced(value),
        _ if is_numeric(kind) => numeric_length(kind, value),
        _ if marked => {
            let length = head(value, 24, |c| c.is_alphanumeric() || matches!(c, '·' | '/' | '-' | '.'));
            Some(length).filter(|length| *length > 0)
        }
        _ => None,
    }?;
    let text = value.get(..length)?;
    if is_stand_in(text.trim_end_matches([')', '}', ']'])) {
        return None;
    }
    // `单位：元` is about a unit of money, not about who employs.
    if kind == Kind::EducationWork && (text.chars().count() < 2 || UNITS.contains(&text)) {
        return None;
    }
    let service = matches!(kind, Kind::Mobile | Kind::Phone) && phone::is_service(text);
    // `融资利率6.99%` is what everybody pays.
    if kind.category() == Category::Credit && value.get(length..).is_some_and(|rest| rest.starts_with('%')) {
        return None;
    }
    if kind == Kind::TaxId && shape::is_organisations(text) {
        return None;
    }
    let shaped = !service && strength == Strength::Decides || shape::has_shape(kind, Scalar::Text(text));
    (shaped && length > 0).then_some(length)
}

const UNITS: &[&str] = &["万元", "亿元", "千元", "美元", "港元", "港币", "人民币", "人民币元", "万股"];

fn is_numeric(kind: Kind) -> bool {
    match kind {
        Kind::IdType | Kind::IdIssuer | Kind::IdImage | Kind::AccountOpening | Kind::WealthBank => false,
        Kind::Mobile | Kind::Phone | Kind::Postcode | Kind::BirthDate | Kind::Age => true,
        Kind::Mac | Kind::Imei | Kind::IpAddress | Kind::Coordinates => true,
        _ => matches!(
            kind.category(),
            Category::IdentityDocument
                | Category::AccountOpening
                | Category::AccountInvestorCode
                | Category::WealthBank
                | Category::WealthCash
                | Category::WealthPosition
                | Category::Credit
                | Category::Contract
                | Category::DevicePermanent
                | Category::DeviceResettable
        ),
    }
}

/// A number as people write it: letters and digits, joined by marks that stand inside numbers.
fn numeric_length(kind: Kind, value: &str) -> Option<usize> {
    let is_amount =
        matches!(kind.category(), Category::WealthCash | Category::WealthPosition | Category::Credit);
    let joins = |byte: u8| match kind {
        Kind::Mac | Kind::IpAddress => matches!(byte, b':' | b'.' | b'-'),
        Kind::BirthDate | Kind::IdValidity => matches!(byte, b'-' | b'/' | b'.'),
        Kind::Coordinates => matches!(byte, b'.' | b','),
        _ if is_amount => matches!(byte, b',' | b'.'),
        _ => matches!(byte, b'-' | b' ' | b'(' | b')'),
    };
    let bytes = value.as_bytes();
    let mut length = 0;
    let mut digits = 0;
    while let Some(byte) = bytes.get(length).copied() {
        let next_is_token = || bytes.get(length + 1).is_some_and(|next| next.is_ascii_digit());
        let sign = length == 0 && matches!(byte, b'+' | b'-');
        let taken = byte.is_ascii_digit()
            || (byte.is_ascii_alphabetic() && !is_amount)
            || byte == b'*'
            || (joins(byte) && next_is_token() && length > 0)
            || (sign && next_is_token());
        if !taken || length >= 40 {
            break;
        }
        digits += usize::from(byte.is_ascii_digit());
        length += 1;
    }
    if kind == Kind::BirthDate
        && let Some(date) = date_in_words(value)
    {
        return Some(date);
    }
    if is_amount && value.get(length..).is_some_and(|rest| rest.starts_with(['万', '亿'])) {
        length += '万'.len_utf8();
    }
    let fewest = match kind {
        Kind::Age => 1,
        _ if is_amount => 1,
        Kind::BirthDate | Kind::Coordinates => 2,
        _ => 4,
    };
    (digits >= fewest).then_some(length)
}

/// `1997年11月28日`.
fn date_in_words(value: &str) -> Option<usize> {
    let mut length = 0;
    for (most, unit) in [(4, '年'), (2, '月'), (2, '日')] {
        let rest = value.get(length..)?;
        let digits = head(rest, most, |c| c.is_ascii_digit());
        if digits == 0 || !rest.get(digits..)?.starts_with(unit) {
            return None;
        }
        length += digits + unit.len_utf8();
    }
    Some(length)
}

#[cfg(test)]
mod tests;
