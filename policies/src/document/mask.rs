//! `kind: Mask`.

use super::one_of;
use super::scope::{self, Scope};
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Fields, Located, Node, Value};
use crate::{Mask, NumberMask, Region};

#[derive(Debug)]
pub(crate) struct MaskSpec {
    pub mask: Mask,
    /// Whose own template this is.
    pub of: Vec<Located<Scope>>,
}

/// Algorithms, and whether each takes `first`, `last`; `width`; `number`.
const ALGORITHMS: [&str; 18] = [
    "nothing",
    "keep",
    "name",
    "phone",
    "email",
    "address",
    "region",
    "year",
    "quarter",
    "month",
    "age-band",
    "amount-band",
    "mac",
    "ip",
    "encrypt",
    "hash-token",
    "ff1",
    "date-shift",
];

/// Width of a mask that shows nothing, when the document names none.
const WIDTH: u8 = 8;
/// More digits before the point are no amount.
const MOST: u64 = 999_999_999_999_999;

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<MaskSpec> {
    let fields = node.fields(sink)?;
    let algorithm = fields.required("algorithm", sink).and_then(|node| node.text(sink));
    let of = fields.optional("for").map(|node| node.texts(sink)).unwrap_or_default();
    let of = of.iter().filter_map(|text| scope::scope(text, sink)).collect();
    let mask = algorithm.and_then(|algorithm| read_mask(&algorithm, &fields, sink));
    fields.finish(sink);
    Some(MaskSpec { mask: mask?, of })
}

fn read_mask(algorithm: &Located<String>, fields: &Fields<'_>, sink: &mut Sink<'_>) -> Option<Mask> {
    Some(match algorithm.value.as_str() {
        "nothing" => {
            let width = small(fields, "width", sink).unwrap_or(WIDTH);
            Mask::Fixed { width, number: number(fields, sink) }
        }
        "keep" => {
            let first = small(fields, "first", sink).unwrap_or(0);
            let last = small(fields, "last", sink).unwrap_or(0);
            if first == 0 && last == 0 {
                sink.report(
                    Code::Contradiction,
                    algorithm.at,
                    Text::new("`keep` keeps nothing", "`keep` 未保留任何字符"),
                    Text::new(
                        "give `first` or `last`, or write `nothing`",
                        "请写 `first` 或 `last`，或改用 `nothing`",
                    ),
                );
            }
            Mask::Keep { first, last, width: small(fields, "width", sink), number: number(fields, sink) }
        }
        "name" => Mask::Name,
        "phone" => Mask::Phone,
        "email" => Mask::Email,
        "address" => Mask::Address,
        "region" => Mask::Region(region(fields, sink)),
        "year" => Mask::Year,
        "quarter" => Mask::Quarter,
        "month" => Mask::Month,
        "age-band" => Mask::AgeBand,
        "amount-band" => match least(fields, sink) {
            Some(least) => Mask::AtLeast { least, number: keyed_number(fields, sink) },
            None => Mask::AmountBand,
        },
        "encrypt" => {
            let (to_subject, to_path) = bound_to(fields, sink);
            Mask::Encrypt { to_subject, to_path, number: keyed_number(fields, sink) }
        }
        "hash-token" => Mask::HashToken { number: keyed_number(fields, sink) },
        "ff1" => {
            if !fields.optional("not_a_national_standard").is_some_and(|node| affirms(node, sink)) {
                sink.report(
                    Code::Ff1NotAcknowledged,
                    algorithm.at,
                    Text::new(
                        "FF1 is no mode of a national standard, and the document does not say so",
                        "FF1 不是国家标准规定的工作模式，而文档未作声明",
                    ),
                    Text::new(
                        "prefer `encrypt` or `hash-token`; where a schema forces the format, write `not_a_national_standard: true`",
                        "请优先使用 `encrypt` 或 `hash-token`；确因格式所限，请写 `not_a_national_standard: true`",
                    ),
                );
            }
            Mask::Ff1
        }
        "date-shift" => Mask::DateShift,
        "mac" => Mask::Mac,
        "ip" => Mask::Ip,
        other => {
            one_of(other, algorithm.at, &ALGORITHMS, sink);
            return None;
        }
    })
}

/// A count of characters: 0 to 64.
fn small(fields: &Fields<'_>, key: &'static str, sink: &mut Sink<'_>) -> Option<u8> {
    let value = fields.optional(key)?.integer(sink)?;
    let small = u8::try_from(value.value).ok().filter(|value| *value <= 64);
    if small.is_none() {
        sink.report(
            Code::WrongValue,
            value.at,
            Text::new(format!("`{key}` is not 0 to 64"), format!("`{key}` 不在0至64之间")),
            Text::new("it counts characters", "以字符计"),
        );
    }
    small
}

/// `least`: a threshold of amounts.
fn least(fields: &Fields<'_>, sink: &mut Sink<'_>) -> Option<u64> {
    let value = fields.optional("least")?.integer(sink)?;
    let least = u64::try_from(value.value).ok().filter(|least| (1..=MOST).contains(least));
    if least.is_none() {
        sink.report(
            Code::WrongValue,
            value.at,
            Text::new(format!("`least` is not 1 to {MOST}"), format!("`least` 不在1至{MOST}之间")),
            Text::new("it is an amount, in the unit of the API", "为金额，以接口所用单位计"),
        );
    }
    least
}

/// `parts`: how much of a region stays.
fn region(fields: &Fields<'_>, sink: &mut Sink<'_>) -> Region {
    let Some(word) = fields.optional("parts").and_then(|node| node.text(sink)) else { return Region::City };
    match word.value.as_str() {
        "province" => Region::Province,
        "city" => Region::City,
        other => {
            one_of(other, word.at, &["province", "city"], sink);
            Region::Province
        }
    }
}

/// `bind: subject`, `path` or both: an envelope that opens in its own subject's record only, or where it was put only.
fn bound_to(fields: &Fields<'_>, sink: &mut Sink<'_>) -> (bool, bool) {
    let words = match fields.optional("bind") {
        Some(node) if matches!(node.value, Value::List(_)) => node.texts(sink),
        Some(node) => node.text(sink).into_iter().collect(),
        None => Vec::new(),
    };
    let (mut to_subject, mut to_path) = (false, false);
    for word in words {
        match word.value.as_str() {
            "category" => {}
            "subject" => to_subject = true,
            "path" => to_path = true,
            other => {
                one_of(other, word.at, &["category", "subject", "path"], sink);
                (to_subject, to_path) = (true, true);
            }
        }
    }
    (to_subject, to_path)
}

fn affirms(node: &Node, sink: &mut Sink<'_>) -> bool {
    node.boolean(sink).is_some_and(|affirmed| affirmed.value)
}

/// Of what no number can say, a number becomes a string unless the rule says otherwise.
fn keyed_number(fields: &Fields<'_>, sink: &mut Sink<'_>) -> NumberMask {
    match fields.optional("number") {
        Some(_) => number(fields, sink),
        None => NumberMask::Text,
    }
}

fn number(fields: &Fields<'_>, sink: &mut Sink<'_>) -> NumberMask {
    let Some(word) = fields.optional("number").and_then(|node| node.text(sink)) else {
        return NumberMask::default();
    };
    match word.value.as_str() {
        "zero" => NumberMask::Zero,
        "none" => NumberMask::Null,
        "text" => NumberMask::Text,
        other => {
            one_of(other, word.at, &["zero", "none", "text"], sink);
            NumberMask::default()
        }
    }
}
