//! Treating a body against the plain ways to do it, in the same run and on the same machine.
//!
//! For each payload, and for the mean of six: the engine; `serde_json` the full way (parse to a value, walk, mask by the same names, print),
//! once by names alone and once asking the classifier about every value as the engine does; and `sonic-rs` parsing
//! only. The ratios are more trustworthy than the times: all ways alternate within each round and the median round
//! counts.
//!
//! Then how the cost grows with the size, from a kilobyte to a hundred megabytes.
//!
//! `cargo bench -p yingbi-tests --bench protection`; `-- --test` does one round, to see that it runs.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops at what is wrong, and prints")]

use serde_json::Value;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yingbi_classifiers::{Classifier, KeyMeaning, Scalar, Signals, Strength};
use yingbi_crypto::PseudonymKey;
use yingbi_crypto::keys::{DataKey, KeyName, KeyState, Ring, Slot};
use yingbi_policies::Permit;
use yingbi_protect::{Format, Limits, Protector, SegmentLimits, Segments};
use yingbi_taxonomy::Category;

mod payloads;
use payloads::{customers, escaped, indented, permit, permit_bound, permit_encrypting, quotes, wrapped};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let permit = permit("/plain");
    let bound = permit_bound();
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let payloads = [
        ("1 KB of customers", &permit, customers(1 << 10)),
        ("4 KB of customers", &permit, customers(4 << 10)),
        ("64 KB of customers", &permit, customers(64 << 10)),
        ("1 MB of customers", &permit, customers(1 << 20)),
        ("4 KB of quotes", &permit, quotes(4 << 10)),
        ("4 KB, indented", &permit, indented(&customers(3 << 10))),
        // What follows has goals of its own and is left out of the mean.
        ("64 KB, a subject a record", &bound, customers(64 << 10)),
        ("4 KB of JSON in strings", &permit, wrapped(&customers(3 << 10))),
        ("4 KB, \\u-escaped", &permit, escaped(&customers(4 << 10))),
    ];
    println!(
        "{:<26} {:>8} {:>10} {:>8} {:>18} {:>18} {:>18}",
        "payload", "bytes", "engine ns", "GB/s", "serde_json, names", "serde_json, values", "sonic-rs, parse"
    );
    let mut ratios = vec![];
    for (name, permit, body) in &payloads {
        let budget = if is_test { Duration::ZERO } else { Duration::from_secs(2) };
        let [engine, names, values, sonic] = against(&protector, permit, body, budget);
        println!(
            "{name:<26} {:>8} {engine:>10.0} {:>8.2} {:>11.0} {:>5.1}x {:>11.0} {:>5.1}x {:>11.0} {:>5.2}x",
            body.len(),
            body.len() as f64 / engine,
            names,
            names / engine,
            values,
            values / engine,
            sonic,
            sonic / engine,
        );
        ratios.push([names / engine, values / engine, sonic / engine]);
    }
    let mean = |way: fn(&[f64; 3]) -> f64| {
        let six = ratios.iter().take(IN_THE_MEAN).map(|ratios| way(ratios).ln());
        (six.sum::<f64>() / IN_THE_MEAN as f64).exp()
    };
    let [names, values, sonic] =
        [mean(|[names, ..]| *names), mean(|[_, values, _]| *values), mean(|[.., sonic]| *sonic)];
    println!("geometric mean over the first six: {names:.2}x, {values:.2}x, {sonic:.2}x");
    growth(&protector, &permit, is_test);
    in_chunks(&protector, &permit, is_test);
    encrypted(&permit, is_test);
}

/// How many of the payloads the geometric mean is of.
const IN_THE_MEAN: usize = 6;

/// Median nanoseconds of the engine, of `serde_json` by names and by values, and of `sonic-rs`.
fn against(protector: &Protector, permit: &Permit, body: &[u8], budget: Duration) -> [f64; 4] {
    let (mut names, mut names_too) = (HashMap::new(), HashMap::new());
    let mut ways: [Way<'_>; 4] = [
        Box::new(|| {
            drop(black_box(protector.body(permit, Format::Json, black_box(body)).expect("treatable")))
        }),
        Box::new(|| drop(black_box(plainly(black_box(body), &mut names_too, false)))),
        Box::new(|| drop(black_box(plainly(black_box(body), &mut names, true)))),
        Box::new(|| drop(black_box(sonic_rs::from_slice::<sonic_rs::Value>(black_box(body)).expect("JSON")))),
    ];
    medians(&mut ways, budget)
}

/// Cost from a kilobyte to a hundred megabytes: nanoseconds a byte, and the power of the size by which it grows.
fn growth(protector: &Protector, permit: &Permit, is_test: bool) {
    let largest = if is_test { 1 << 20 } else { 100 << 20 };
    let sizes = [1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20];
    println!("\n{:>12} {:>14} {:>10}", "bytes", "engine ns", "ns/byte");
    let mut points = vec![];
    for size in sizes.into_iter().filter(|size| *size <= largest) {
        let body = customers(size);
        let mut ways: [Way<'_>; 1] = [Box::new(|| {
            drop(black_box(protector.body(permit, Format::Json, black_box(&body)).expect("treatable")))
        })];
        let budget = if is_test { Duration::ZERO } else { Duration::from_secs(2) };
        let [nanoseconds] = medians(&mut ways, budget);
        println!("{:>12} {nanoseconds:>14.0} {:>10.3}", body.len(), nanoseconds / body.len() as f64);
        points.push(((body.len() as f64).ln(), nanoseconds.ln()));
    }
    println!("cost grows with the power {:.3} of the size (1 is linear)", slope(&points));
}

/// Of the line that fits the points best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let across: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    across / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

/// A long list cut into segments as it comes, against the same treated whole.
fn in_chunks(protector: &Protector, permit: &Permit, is_test: bool) {
    let list = customers(4 << 20);
    let begin = list.iter().position(|byte| *byte == b'[').expect("a list");
    let end = list.iter().rposition(|byte| *byte == b']').expect("a list");
    let list = list.get(begin..=end).expect("a list");
    for chunk in [256, 64 << 10] {
        let mut ways: [Way<'_>; 2] = [
            Box::new(|| {
                drop(black_box(protector.body(permit, Format::Json, black_box(list)).expect("treatable")));
            }),
            Box::new(|| {
                let limits = SegmentLimits { segment_bytes: 256 << 10, held_bytes: 8 << 20 };
                let mut segments = Segments::new(Format::Json, limits).expect("JSON is cut");
                let mut length = 0;
                for chunk in list.chunks(chunk).map(Some).chain([None]) {
                    match chunk {
                        Some(chunk) => segments.push(chunk),
                        None => segments.end(),
                    }
                    while let Some(treated) = protector.segment(permit, &mut segments).expect("treatable") {
                        length += black_box(treated.body).len();
                    }
                }
                assert!(segments.is_done() && length > list.len() / 2);
            }),
        ];
        let budget = if is_test { Duration::ZERO } else { Duration::from_secs(4) };
        let [whole, chunked] = medians(&mut ways, budget);
        println!(
            "{:<26} {:>8} {chunked:>10.0} {:>8.2} {:>11.2} times whole",
            format!("4 MB in chunks of {chunk} B"),
            list.len(),
            list.len() as f64 / chunked,
            chunked / whole,
        );
    }
}

/// An export with every ID number encrypted, against the same masked.
fn encrypted(masking: &Permit, is_test: bool) {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let category = Category::IdentityDocument.id();
    let name = KeyName { kid: "bench0001".into(), category: category.into(), version: 1 };
    let key = DataKey::new(name.clone(), [7; 32].into(), 1).expect("a key");
    let slot = Slot { name, state: KeyState::Active, lasting: true, key: Some(Arc::new(key)) };
    let ring = Arc::new(Ring::new(vec![slot]));
    protector.set_keys(Arc::new(move || ring.clone()));
    let encrypting = permit_encrypting("/plain");
    let body = customers(1 << 20);
    let treated = protector.body(&encrypting, Format::Json, &body).expect("treatable");
    let envelopes = treated.body.windows(4).filter(|window| window == b"yb1.").count();
    assert!(envelopes > 100, "IDs are encrypted: {envelopes}");
    let treat =
        |permit| drop(black_box(protector.body(permit, Format::Json, black_box(&body)).expect("treatable")));
    let mut ways: [Way<'_>; 2] = [Box::new(|| treat(masking)), Box::new(|| treat(&encrypting))];
    let budget = if is_test { Duration::ZERO } else { Duration::from_secs(4) };
    let [masked, encrypted] = medians(&mut ways, budget);
    println!(
        "1 MB, {envelopes} ID numbers encrypted: {encrypted:.0} ns, {:.2} times masked (aim: 1.3)",
        encrypted / masked
    );
}

/// One way to treat a body.
type Way<'w> = Box<dyn FnMut() + 'w>;

/// Median nanoseconds of each way; all run in each round.
fn medians<const N: usize>(ways: &mut [Way<'_>; N], budget: Duration) -> [f64; N] {
    // A round is short, so that on a busy machine most rounds are not interrupted.
    let repeats: Vec<u32> = ways
        .iter_mut()
        .map(|way| {
            way();
            let start = Instant::now();
            way();
            (200_000 / start.elapsed().as_nanos().max(1)).clamp(1, 200) as u32
        })
        .collect();
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| vec![]);
    let begin = Instant::now();
    while begin.elapsed() < budget || times.first().is_some_and(|times| times.is_empty()) {
        for ((way, times), repeats) in ways.iter_mut().zip(&mut times).zip(&repeats) {
            let start = Instant::now();
            for _ in 0..*repeats {
                way();
            }
            times.push(start.elapsed().as_nanos() as f64 / f64::from(*repeats));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

/// The plain way: a value parsed, walked, masked and printed.
fn plainly(body: &[u8], names: &mut HashMap<String, KeyMeaning>, by_value: bool) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(body).expect("JSON");
    mask(&mut value, KeyMeaning::UNKNOWN, names, by_value, &mut vec![]);
    serde_json::to_vec(&value).expect("JSON")
}

fn mask(
    value: &mut Value,
    key: KeyMeaning,
    names: &mut HashMap<String, KeyMeaning>,
    by_value: bool,
    hits: &mut Vec<yingbi_classifiers::Hit>,
) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let own = match names.get(name) {
                    Some(known) => *known,
                    None => {
                        let known = Classifier::shipped().key(name);
                        names.insert(name.clone(), known);
                        known
                    }
                };
                mask(value, own, names, by_value, hits);
            }
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| mask(value, key, names, by_value, hits));
        }
        Value::String(text) if by_value => {
            hits.clear();
            Classifier::shipped().value(key, Signals::PERSON, Scalar::Text(text), hits);
            for hit in hits.iter().rev() {
                let shown: String = text.chars().rev().take(4).collect();
                text.replace_range(hit.start..hit.end, &format!("***{shown}"));
            }
        }
        Value::String(text) if key.kind.is_some() && key.strength == Strength::Decides => {
            let shown: String = text.chars().rev().take(4).collect();
            *text = format!("***{shown}");
        }
        Value::Number(number) => {
            let found = by_value && {
                hits.clear();
                Classifier::shipped().value(key, Signals::PERSON, Scalar::Number(&number.to_string()), hits);
                !hits.is_empty()
            };
            if found || key.kind.is_some() && key.strength == Strength::Decides {
                *value = 0.into();
            }
        }
        _ => {}
    }
}
