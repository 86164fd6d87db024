//! A classifier small enough to reason about, with every strength and both flags.

use crate::classify::Classify;
use yingbi_classifiers::{Hit, How, KeyMeaning, Scalar, Signals, Strength};
use yingbi_taxonomy::Kind;

/// Knows a dozen names, mobiles of eleven digits, and passwords after `pw:`.
pub(crate) struct Fake;

/// Names it knows.
pub(super) const NAMES: [&str; 13] = [
    "mobile",
    "name",
    "code",
    "password",
    "balance",
    "address",
    "stock_name",
    "remark",
    "client_id",
    "birth",
    "身份",
    "email",
    "林超",
];

impl Classify for Fake {
    fn key(&self, name: &str) -> KeyMeaning {
        let kind = |kind, strength, signals| KeyMeaning {
            kind: Some(kind),
            strength,
            signals,
            ..KeyMeaning::UNKNOWN
        };
        let none = Signals::default();
        match name {
            "mobile" => kind(Kind::Mobile, Strength::Decides, Signals::PERSON),
            "name" => kind(Kind::Name, Strength::NeedsRecord, none),
            "code" => kind(Kind::FundAccount, Strength::NeedsShape, none),
            "password" => kind(Kind::Password, Strength::Decides, none),
            "balance" => kind(Kind::Balance, Strength::Decides, Signals::ACCOUNT),
            "address" => kind(Kind::Address, Strength::Decides, none),
            "client_id" => kind(Kind::InvestorCode, Strength::Decides, Signals::PERSON),
            "birth" => kind(Kind::BirthDate, Strength::Decides, none),
            "身份" => kind(Kind::ResidentId, Strength::Decides, Signals::PERSON),
            "email" => kind(Kind::Email, Strength::Decides, Signals::PERSON),
            "stock_name" => KeyMeaning { denies: true, signals: Signals::PRODUCT, ..KeyMeaning::UNKNOWN },
            "remark" => KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN },
            _ => KeyMeaning::UNKNOWN,
        }
    }

    fn names_person(&self, name: &str) -> bool {
        name == "林超"
    }

    fn value(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>, hits: &mut Vec<Hit>) {
        let text = match value {
            Scalar::Text(text) | Scalar::Number(text) => text,
            Scalar::Bool => "",
        };
        match self.whole(key, record, value) {
            Some(kind) => hits.push(Hit { start: 0, end: text.len(), kind, how: How::Key, confidence: 90 }),
            None => found(text, key.denies, hits),
        }
    }

    fn whole(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>) -> Option<Kind> {
        let text = match value {
            Scalar::Text(text) | Scalar::Number(text) => text,
            Scalar::Bool => "",
        };
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        let decided = match key.strength {
            Strength::Decides => true,
            Strength::NeedsShape => digits,
            Strength::NeedsRecord => {
                matches!(value, Scalar::Text(_))
                    && record.has(Signals::PERSON)
                    && !record.has(Signals::PRODUCT)
            }
            // This one has no names of that strength and no firm.
            Strength::UnlessPublic | Strength::NeedsFirm => false,
        };
        key.kind.filter(|_| decided)
    }

    fn plainly_from(&self, key: KeyMeaning, kind: Kind, record: Signals, is_number: bool) -> Option<usize> {
        let is_persons = record.has(Signals::PERSON) && !record.has(Signals::PRODUCT);
        let decided = match key.strength {
            Strength::Decides => true,
            Strength::NeedsRecord => is_persons && !is_number,
            _ => false,
        };
        (key.kind == Some(kind) && decided).then_some(0)
    }
}

fn found(text: &str, denied: bool, hits: &mut Vec<Hit>) {
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or("");
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let mut hit = |length, kind, confidence| {
            hits.push(Hit { start: at, end: at + length, kind, how: How::Value, confidence });
            length
        };
        at += if let Some(secret) = rest.strip_prefix("pw:") {
            let length = secret.chars().take_while(|character| character.is_alphanumeric());
            hit(3 + length.map(char::len_utf8).sum::<usize>(), Kind::Password, 80)
        } else if digits == 11 && rest.starts_with('1') && !denied {
            hit(11, Kind::Mobile, 80)
        } else if digits == 6 && !denied {
            // Too unsure to be treated.
            hit(6, Kind::Postcode, 30)
        } else if digits > 0 {
            digits
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
}
