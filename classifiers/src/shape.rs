//! What values of a kind look like, for names of fields that decide only together with their value, and for labels in
//! text; and whether a record as a whole may hold the kind.

use crate::cues::Cues;
use crate::plain::Plain;
use crate::prose::names;
use crate::recognize::{are_digits, bank_card, email, mobile, network, organisation, phone, resident_id};
use crate::scan::{self, Reach};
use crate::{How, KeyMeaning, Scalar, Signals, Strength};
use std::borrow::Cow;
use yingbi_taxonomy::{Category, Kind};

/// What all of the value under this key is.
pub(crate) fn whole(key: KeyMeaning, kind: Kind, record: Signals, value: Scalar<'_>) -> Option<(Kind, How)> {
    if !agrees(key, kind, record, value) {
        return None;
    }
    let how = if key.strength == Strength::Decides { How::Key } else { How::Context };
    Some((refined(kind, value), how))
}

/// The least length from which on every value of a text's or a number's form that begins plainly is of the kind under
/// this key: neither does its form matter, nor can it show a finer kind. `None`: its form must be looked at.
#[inline]
pub(crate) fn plainly_from(key: KeyMeaning, kind: Kind, record: Signals, is_number: bool) -> Option<usize> {
    if key.kind != Some(kind) || is_refinable(kind) || kind == Kind::TaxId {
        return None;
    }
    let has_any_shape = || match asks(kind) {
        Asks::Nothing => true,
        Asks::Digits => is_number,
        Asks::Form => false,
    };
    let agrees = match key.strength {
        Strength::Decides => true,
        Strength::NeedsShape => has_any_shape(),
        Strength::NeedsRecord => record_allows(kind, record) && has_any_shape(),
        Strength::UnlessPublic => !is_public(record) && has_any_shape(),
        Strength::NeedsFirm => false,
    };
    let longest_flag = match key.strength {
        Strength::Decides if is_never_flag(kind) => {
            if is_number {
                1
            } else {
                LONGEST_FLAG
            }
        }
        _ => 0,
    };
    agrees.then_some(longest_flag + 1)
}

/// Whether a value says something by its first byte: a letter or digit in ASCII, or the first byte of a Chinese
/// character. Nearly all do.
#[inline]
pub fn begins_plainly(value: Scalar<'_>) -> bool {
    match value {
        Scalar::Text(text) => begins_with_word(text),
        Scalar::Number(_) => true,
        Scalar::Bool => false,
    }
}

/// Whether its first byte is a letter, a digit or of a Chinese character.
#[inline]
fn begins_with_word(text: &str) -> bool {
    let first = text.as_bytes().first().copied().unwrap_or(0);
    PLAIN.get(usize::from(first)).copied().unwrap_or(false)
}

/// `false` is the longest word for yes and no.
const LONGEST_FLAG: usize = 5;

/// Whether a value only says yes or no, on or off.
fn is_flag(value: Scalar<'_>) -> bool {
    match value {
        Scalar::Text(text) | Scalar::Number(text) => {
            text.len() <= LONGEST_FLAG && FLAGS.iter().any(|flag| flag.eq_ignore_ascii_case(text))
        }
        Scalar::Bool => true,
    }
}

const FLAGS: &[&str] = &[
    "0", "1", "y", "n", "t", "f", "yes", "no", "true", "false", "on", "off", "null", "none", "nil", "是",
    "否",
];

/// Names, numbers, addresses and secrets: no switch is one, so that `"mobile": true` says whether there is one.
fn is_never_flag(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name
            | Kind::BankAccountName
            | Kind::Mobile
            | Kind::Phone
            | Kind::Contact
            | Kind::Email
            | Kind::Address
            | Kind::BankCard
            | Kind::BankAccount
            | Kind::FundAccount
            | Kind::SecuritiesAccount
            | Kind::TradingAccount
            | Kind::InvestorCode
            | Kind::IpAddress
            | Kind::Mac
            | Kind::Imei
            | Kind::IdNumber
            | Kind::IdImage
    ) || kind.level() == yingbi_taxonomy::Level::L4
}

/// The first bytes that [`begins_plainly`] speaks of.
static PLAIN: [bool; 256] = plain();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, the index is below 256")]
const fn plain() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte, 0xe4..=0xe9);
        byte += 1;
    }
    table
}

/// Whether the value under this key is of the key's kind.
pub(crate) fn agrees(key: KeyMeaning, kind: Kind, record: Signals, value: Scalar<'_>) -> bool {
    if kind == Kind::TaxId && matches!(value, Scalar::Text(text) if is_organisations(text)) {
        return false;
    }
    match key.strength {
        Strength::Decides => !(is_blank(value) || is_never_flag(kind) && is_flag(value)),
        Strength::NeedsShape => is_shaped(kind, record, value),
        Strength::NeedsRecord => record_allows(kind, record) && is_shaped(kind, record, value),
        Strength::UnlessPublic => !is_public(record) && is_shaped(kind, record, value),
        // That is for the firm's own patterns to say.
        Strength::NeedsFirm => false,
    }
}

/// Whether the value has the kind's shape; a name in a person's record need not begin with a known surname.
fn is_shaped(kind: Kind, record: Signals, value: Scalar<'_>) -> bool {
    has_shape(kind, value) || (record.has(Signals::PERSON) && may_be_name(kind, value))
}

/// A tax number that is a unified social credit code is an organisation's.
pub(crate) fn is_organisations(text: &str) -> bool {
    organisation::is_credit_code(text.trim().as_bytes())
}

/// In a person's record a `name` need not begin with a known surname.
fn may_be_name(kind: Kind, value: Scalar<'_>) -> bool {
    matches!((kind, value), (Kind::Name, Scalar::Text(text)) if names::may_be_name(&unspaced(text)))
}

/// `林　超`, `司 马 雨 桐` and names with characters of no width, as they are read; Latin names keep their spaces.
fn unspaced(text: &str) -> Cow<'_, str> {
    let is_gap = |c: char| {
        c.is_whitespace() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let is_latin = text.chars().any(|c| c.is_ascii_alphanumeric());
    let is_parted = !is_latin && text.len() <= LONGEST_PARTED && text.trim().chars().any(is_gap);
    if is_parted { text.chars().filter(|c| !is_gap(*c)).collect::<String>().into() } else { text.into() }
}

/// `８５：Ｅ７`, `85\u{200b}:E7`: as it is read.
fn unwidened(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    Plain::of(text).map_or(Cow::Borrowed(text), |plain| Cow::Owned(plain.text))
}

/// No Chinese name is longer than this in bytes, gaps included.
const LONGEST_PARTED: usize = 64;

/// Nothing but punctuation: `-`, `***`, `/`.
fn is_blank(value: Scalar<'_>) -> bool {
    match value {
        Scalar::Text(text) => !says_something(text),
        Scalar::Number(_) | Scalar::Bool => false,
    }
}

/// Whether there is a letter or digit in it.
fn says_something(text: &str) -> bool {
    begins_with_word(text) || text.chars().any(char::is_alphanumeric)
}

/// Whether the field is of a kind that its record gives to a company or product instead of a person.
pub(crate) fn is_anothers(key: KeyMeaning, record: Signals) -> bool {
    match key.strength {
        Strength::NeedsRecord => key.kind.is_some_and(|kind| !record_allows(kind, record)),
        Strength::UnlessPublic => is_public(record),
        _ => false,
    }
}

/// Whether a record is about a product or an organisation and about nobody's account.
fn is_public(record: Signals) -> bool {
    (record.has(Signals::PRODUCT) || record.has(Signals::ORGANISATION))
        && !record.has(Signals::PERSON)
        && !record.has(Signals::ACCOUNT)
}

/// Whether a record with these signals may hold the kind under a name that many things bear.
fn record_allows(kind: Kind, record: Signals) -> bool {
    let person = record.has(Signals::PERSON);
    match kind {
        // These are a person's unless the record is about something else.
        Kind::Name
        | Kind::Address
        | Kind::Mobile
        | Kind::Phone
        | Kind::Email
        | Kind::Contact
        | Kind::LocationCoarse
        | Kind::LocationTrack
        | Kind::DeviceResettable
        | Kind::DevicePermanent
        | Kind::Terminal
        | Kind::AccessToken => person || !(record.has(Signals::PRODUCT) || record.has(Signals::ORGANISATION)),
        // These are everywhere: prices, tags, channels; only an investor's own record makes them personal.
        _ => person || record.has(Signals::ACCOUNT),
    }
}

/// Whether the value looks like one of the kind.
pub(crate) fn has_shape(kind: Kind, value: Scalar<'_>) -> bool {
    let (text, is_number) = match value {
        Scalar::Text(text) => (text.trim(), false),
        Scalar::Number(number) => (number, true),
        Scalar::Bool => return may_be_yes_or_no(kind),
    };
    if !says_something(text) {
        return false;
    }
    let digits = || text.bytes().filter(u8::is_ascii_digit).count();
    match asks(kind) {
        Asks::Nothing => return true,
        Asks::Digits => return digits() > 0,
        Asks::Form => {}
    }
    match kind {
        Kind::Name | Kind::BankAccountName => !is_number && names::is_name(&unspaced(text)),
        Kind::ServiceStaff => names::is_name(&unspaced(text)) || (digits() >= 3 && is_code(text)),
        Kind::Mobile | Kind::Phone => {
            (digits() >= 7 && is_dialled(text) && !phone::is_service(text)) || is_scrambled(text)
        }
        Kind::Contact => (digits() >= 5 && text.len() <= 40) || text.contains('@'),
        Kind::Email => text.as_bytes().contains(&b'@') || is_scrambled(text) || hides_at(text),
        Kind::Address => !is_number && is_address(text, digits),
        Kind::Gender => {
            matches!(text, "男" | "女" | "M" | "F" | "m" | "f" | "0" | "1" | "2") || text.len() > 2
        }
        Kind::Age => text.parse::<f64>().is_ok_and(|age| (0.0..=130.0).contains(&age)) || text.contains('岁'),
        Kind::Ethnicity | Kind::Nationality => !is_number && text.len() >= 2,
        Kind::Password => text.len() >= 6,
        Kind::AccessToken => text.len() >= 12 && !text.contains([' ', '：']) && !text.contains("://"),
        Kind::Certificate => text.len() >= 8,
        // Images, templates and their addresses are long; scores and switches are not.
        Kind::Face | Kind::Fingerprint | Kind::CredentialBiometric => text.len() >= 16,
        Kind::BankCard | Kind::AccountCard => (8..=23).contains(&digits()) && is_code(text),
        Kind::TradingAccount => text.contains('@') || (digits() >= 3 && text.len() >= 4 && is_code(text)),
        Kind::IpAddress => is_ip(&unwidened(text)),
        Kind::Mac => network::has_mac_form(unwidened(text).as_bytes()),
        Kind::Terminal => text.len() >= 6,
        Kind::InvestorCode => digits() >= 4 && is_code(text),
        // `zh_CN` is a locale, `line 3` a place in a file.
        Kind::Coordinates => digits() >= 2 && !text.contains("://"),
        _ => match kind.category() {
            Category::IdentityDocument if !is_number_of_document(kind) => text.len() <= 128,
            Category::IdentityDocument | Category::AccountOpening => digits() >= 4 && is_code(text),
            Category::LocationTrack | Category::LocationCoarse => !text.contains("://"),
            Category::HealthStatus => text.len() > 1 || digits() > 0,
            // All else asks for nothing.
            _ => true,
        },
    }
}

/// What a kind asks of a value that says something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// A digit somewhere.
    Digits,
    Form,
}

/// What a kind asks of a value's form.
fn asks(kind: Kind) -> Asks {
    match kind {
        Kind::Name
        | Kind::BankAccountName
        | Kind::ServiceStaff
        | Kind::Mobile
        | Kind::Phone
        | Kind::Contact
        | Kind::Email
        | Kind::Address
        | Kind::Gender
        | Kind::Age
        | Kind::Ethnicity
        | Kind::Nationality
        | Kind::Password
        | Kind::AccessToken
        | Kind::Certificate
        | Kind::Face
        | Kind::Fingerprint
        | Kind::CredentialBiometric
        | Kind::BankCard
        | Kind::AccountCard
        | Kind::TradingAccount
        | Kind::IpAddress
        | Kind::Mac
        | Kind::Terminal
        | Kind::InvestorCode => Asks::Form,
        // `三十万以上`, `A档`.
        Kind::Income | Kind::AccountOpening | Kind::IdImage => Asks::Nothing,
        _ => match kind.category() {
            Category::WealthCash | Category::WealthPosition | Category::TradeFill => Asks::Digits,
            Category::IdentityDocument
            | Category::AccountOpening
            | Category::LocationTrack
            | Category::LocationCoarse
            | Category::HealthStatus => Asks::Form,
            _ => Asks::Nothing,
        },
    }
}

/// Kinds of which `true` and `false` say something: disabled, blacklisted, permitted to trade options, account frozen.
fn may_be_yes_or_no(kind: Kind) -> bool {
    kind == Kind::AccountOpening
        || matches!(
            kind.category(),
            Category::Other | Category::IdentitySpecial | Category::Credit | Category::TradeParameters
        )
}

/// Types, issuers, dates and images of documents have words or dates for values.
fn is_number_of_document(kind: Kind) -> bool {
    !matches!(kind, Kind::IdType | Kind::IdIssuer | Kind::IdValidity | Kind::IdImage | Kind::IdentityDocument)
}

/// Letters, digits and the marks that stand inside numbers.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text.chars().all(|c| {
            c.is_ascii_alphanumeric()
                || matches!(c, '-' | '_' | ' ' | '/' | '.' | '*' | '(' | ')')
                || ('\u{ff10}'..='\u{ff5a}').contains(&c)
                || ('\u{200b}'..='\u{200f}').contains(&c)
        })
        || text.bytes().filter(u8::is_ascii_digit).count() * 2 > text.len()
}

fn is_dialled(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_ascii_alphabetic()).count();
    text.len() <= 64 && letters <= 4
}

/// What a digest, a cipher or a slip makes of a number or an address: letters and digits mixed, as no word and no code
/// of a state is (`Ab12x`, `9f86d081884c7d65`).
fn is_scrambled(text: &str) -> bool {
    let (letters, digits) = text.bytes().fold((0, 0), |(letters, digits), byte| {
        (letters + usize::from(byte.is_ascii_alphabetic()), digits + usize::from(byte.is_ascii_digit()))
    });
    // `V1`, `PHONE01`, `MOBILE_2`: a code is a word and a number.
    let is_code = || {
        let bare = text.trim_end_matches(|c: char| c.is_ascii_digit());
        bare.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'))
    };
    letters >= 2
        && digits >= 2
        && text.len() >= 5
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'))
        && !is_code()
}

/// `zhang.san#qq.com`, `zhangsan(at)163.com`: a mailbox whose sign is written otherwise.
fn hides_at(text: &str) -> bool {
    let signs = ["(at)", "[at]", " at ", "#", "＠"];
    text.len() <= 64
        && text.contains('.')
        && !text.contains("://")
        && signs.iter().any(|sign| text.contains(sign))
}

/// An address names a place with a number, or two levels of administration, or is Latin prose with a number.
fn is_address(text: &str, digits: impl Fn() -> usize) -> bool {
    let is_mark = |c: &char| {
        matches!(
            c,
            '省' | '市'
                | '区'
                | '县'
                | '镇'
                | '乡'
                | '村'
                | '路'
                | '街'
                | '巷'
                | '弄'
                | '号'
                | '室'
                | '栋'
                | '幢'
                | '楼'
                | '座'
                | '道'
                | '苑'
                | '园'
        )
    };
    let chinese = text.chars().filter(is_mark).take(2).count();
    if chinese > 0 {
        return chinese > 1 || digits() > 0 || text.chars().count() >= 5;
    }
    let is_link =
        text.contains("://") || email::around(text.as_bytes(), text.find('@').unwrap_or(0)).is_some();
    !is_link
        && text.contains(' ')
        && text.bytes().filter(u8::is_ascii_alphabetic).count() >= 6
        && digits() > 0
        || (!text.is_ascii() && text.chars().count() >= 6)
}

fn is_ip(text: &str) -> bool {
    text.split([',', ';', ' ']).filter(|part| !part.is_empty()).all(|part| {
        let part = part.split_once(':').filter(|_| part.contains('.')).map_or(part, |(host, _)| host);
        network::ipv4_length(part.as_bytes()) == Some(part.len())
            || network::is_ipv6(part.trim_matches(['[', ']']).as_bytes())
    })
}

/// The kind of a whole value under a key's name: the name's, or a finer one that the value shows.
fn refined(kind: Kind, value: Scalar<'_>) -> Kind {
    let (Scalar::Text(text) | Scalar::Number(text)) = value else { return kind };
    if !is_refinable(kind) {
        return kind;
    }
    // Most values are what their name says in the plainest spelling.
    let bytes = text.as_bytes();
    let seen = match bytes.len() {
        11 if mobile::is_mobile(bytes) => Some(Kind::Mobile),
        // Under a telling name a wrong check character is a slip of the pen.
        18 if resident_id::has_form_18(bytes) => Some(Kind::ResidentId),
        16 | 17 | 19 if are_digits(bytes) => bank_card::is_bank_card(bytes).then_some(Kind::BankCard),
        _ => {
            let mut hits = Vec::new();
            scan::values(text, Cues::of(text), Reach::Ordinary, &mut hits);
            hits.first().map(|hit| hit.kind)
        }
    };
    seen.map_or(kind, |seen| refine(kind, seen))
}

/// Whether values under such a key can show a finer kind.
#[inline]
fn is_refinable(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::IdNumber
            | Kind::IdentityDocument
            | Kind::Phone
            | Kind::Mobile
            | Kind::Contact
            | Kind::BankAccount
            | Kind::WealthBank
            | Kind::DevicePermanent
    )
}

/// The finer kind a value shows, within what the key's name leaves open.
pub(crate) fn refine(kind: Kind, seen: Kind) -> Kind {
    let finer = match kind {
        Kind::IdNumber | Kind::IdentityDocument => {
            matches!(seen, Kind::ResidentId | Kind::Passport | Kind::Permit)
        }
        Kind::Phone | Kind::Mobile | Kind::Contact => {
            matches!(seen, Kind::Mobile | Kind::Phone | Kind::Email)
        }
        Kind::BankAccount | Kind::WealthBank => seen == Kind::BankCard,
        Kind::DevicePermanent => matches!(seen, Kind::Mac | Kind::Imei),
        _ => false,
    };
    if finer { seen } else { kind }
}

#[cfg(test)]
mod tests;
