//! What must hold of any body that is cut: it comes out as if it had been treated whole, or stricter where later parts
//! could not be known.

use super::arbitrary::{Bytes, built, table};
use super::fake::Fake;
use crate::body::{self, Input};
use crate::plan::table::{Rules, Table};
use crate::segments::{Engine, SegmentLimits, Segments};
use crate::tree::Workspace;
use crate::{Format, Limits, Summary, Treated, Uninspectable};
use serde_json::Value;
use std::sync::Arc;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Mask, NumberMask, Treatment};

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It came out in one segment.
    Whole,
    /// In several, and the same.
    Cut,
    /// In several, and stricter.
    Stricter,
    /// It was refused, or cut off.
    Refused,
}

/// Treats a body, made of `data`, whole and cut, and compares what comes out.
///
/// # Panics
/// Something that must hold does not.
pub fn segments(data: &[u8]) -> Became {
    let (plan, document) = data.split_at_checked(128).unwrap_or((data, &[]));
    let mut plan = Bytes::new(plan);
    let (form, least, chunk) = (plan.below(8), 1 + plan.below(80), 1 + plan.below(200));
    let mut bytes = Bytes::new(document);
    let elements: Vec<String> = (0..2 + plan.below(7)).map(|_| built(&mut bytes)).collect();
    let list = format!("[{}]", elements.join(","));
    let (format, body) = match form {
        0..4 => (Format::Json, list),
        4 => (Format::Lines, elements.iter().map(|one| one.replace('\n', " ") + "\n").collect()),
        5 => {
            let events = elements.iter().map(|one| format!("data: {}\n\n", one.replace(['\n', '\r'], " ")));
            (Format::Events, events.collect())
        }
        6 => (
            Format::Json,
            format!("{{\"data\":{},\"list\":{list},\"note\":{}}}", built(&mut bytes), built(&mut bytes)),
        ),
        // Whether these are names of people is told by a member behind the list, if at all.
        _ => {
            let list = elements.join(",{\"name\":\"张三\"},");
            let behind = if plan.below(2) == 0 { "mobile" } else { "total" };
            (
                Format::Json,
                format!("{{\"a\":{{\"list\":[{{\"name\":\"张三\"}},{list}]}},\"{behind}\":\"1\"}}"),
            )
        }
    };
    let is_enveloped = form >= 6;
    let mut table = table(&mut plan);
    if is_enveloped {
        // Under such a plan what is stricter can be seen.
        let fixed = Treatment::Mask(Arc::new(Mask::Fixed { width: 4, number: NumberMask::Zero }));
        (table.own, table.other) = (Rules::all(fixed.clone()), Rules::all(fixed));
    }
    let held = if is_enveloped { (body.len() - 1).min(60 + plan.below(250)) } else { 1 << 26 };
    let whole = whole(format, &table, &body);
    let limits = SegmentLimits { segment_bytes: least, held_bytes: held };
    let cut = cut(format, &table, body.as_bytes(), limits, chunk);
    let context = || format!("{format:?} {least} {held} {body}\nunder {table:?}");
    let (cut, pieces, summary) = match cut {
        Ok(cut) => cut,
        Err(Uninspectable::TooLarge { .. } | Uninspectable::Contradicted) if is_enveloped => {
            return Became::Refused;
        }
        Err(error) => {
            assert!(whole.is_err(), "{error}: {}", context());
            return Became::Refused;
        }
    };
    let Ok(whole) = whole else { unreachable!("{}", context()) };
    let text = String::from_utf8_lossy(&cut);
    if !is_enveloped {
        assert_eq!(text, String::from_utf8_lossy(&whole.body), "{}", context());
        assert_eq!(summary.subjects, whole.summary.subjects, "{}", context());
        if format == Format::Json {
            let counted =
                |summary: &Summary| [summary.clear.clone(), summary.masked.clone(), summary.dropped.clone()];
            assert_eq!(counted(&summary), counted(&whole.summary), "{}", context());
            if table.binding.as_ref().is_some_and(|binding| binding.records.is_some()) {
                assert_eq!(summary.records, whole.summary.records, "{}", context());
            }
        }
    } else if text != String::from_utf8_lossy(&whole.body) {
        let (Ok(cut), Ok(whole), Ok(was)) = (
            serde_json::from_slice::<Value>(&cut),
            serde_json::from_slice::<Value>(&whole.body),
            serde_json::from_str::<Value>(&body),
        ) else {
            return Became::Stricter;
        };
        assert!(is_stricter(&cut, &whole, &was), "{text}\n{whole}\n{}", context());
        return Became::Stricter;
    }
    if pieces > 1 { Became::Cut } else { Became::Whole }
}

/// Whether each value is as it came out of the whole, or hidden.
fn is_stricter(cut: &Value, whole: &Value, was: &Value) -> bool {
    match (cut, whole, was) {
        (Value::Array(cut), Value::Array(whole), Value::Array(was)) => {
            let triples = cut.iter().zip(whole).zip(was);
            cut.len() == whole.len()
                && triples.into_iter().all(|((cut, whole), was)| is_stricter(cut, whole, was))
        }
        (Value::Object(cut), Value::Object(whole), Value::Object(was)) => cut.iter().all(|(name, cut)| {
            // A name that was hidden in both has no counterpart in what came.
            whole.get(name).is_none_or(|whole| is_stricter(cut, whole, was.get(name).unwrap_or(&Value::Null)))
        }),
        (cut, whole, was) => {
            cut == whole || cut != was && (cut == &Value::from(0) || cut.to_string().contains('*'))
        }
    }
}

fn whole(format: Format, table: &Table, body: &str) -> Result<Treated, Uninspectable> {
    let mut workspace = Workspace::new([1, 2]);
    workspace.begin(0);
    let input = Input { classifier: &Fake, limits: LIMITS, format, body: body.as_bytes() };
    body::treat(&input, table.plan(), &PseudonymKey::new([7; 32]), &mut workspace)
}

fn cut(
    format: Format,
    table: &Table,
    body: &[u8],
    limits: SegmentLimits,
    chunk: usize,
) -> Result<(Vec<u8>, usize, Summary), Uninspectable> {
    let Some(mut segments) = Segments::new(format, limits) else { unreachable!("a format that is cut") };
    let pseudonyms = PseudonymKey::new([7; 32]);
    let engine = Engine { classifier: &Fake, limits: LIMITS, plan: table.plan(), pseudonyms: &pseudonyms };
    let mut workspace = Workspace::new([1, 2]);
    let (mut out, mut pieces, mut summary) = (vec![], 0, Summary::default());
    let mut chunks = body.chunks(chunk);
    while !segments.is_done() {
        match chunks.next() {
            Some(chunk) => segments.push(chunk),
            None => segments.end(),
        }
        workspace.begin(0);
        while let Some(treated) = segments.next(&engine, &mut workspace)? {
            out.extend(treated.body);
            pieces += 1;
            summary.add(treated.summary);
        }
    }
    Ok((out, pieces, summary))
}

const LIMITS: Limits = Limits { depth: 32 };
