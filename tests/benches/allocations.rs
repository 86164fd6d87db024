//! What treating one body asks of the allocator, once names are learned and the working space has grown: calls and
//! bytes, exact.
//!
//! Each case runs in processes of its own, with so many bodies and with twice as many; what the second
//! asked for more is what bodies cost. Fails where a case costs more than its bound.
//!
//! `cargo bench -p yingbi-tests --bench allocations`; needs `cc`.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops at what is wrong, and prints")]

use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::Permit;
use yingbi_protect::{Format, Limits, Protector};

mod payloads;
use payloads::counter::{CHILD, Counter};
use payloads::{customers, escaped, indented, permit, permit_bound, quotes, wrapped};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, name, count] = arguments.as_slice()
        && word == CHILD
    {
        let case = cases().into_iter().find(|case| case.name == name).expect("a case");
        return treat(&case, count.parse().expect("a number"));
    }
    let counter = Counter::build();
    println!("{:<28} {:>8} {:>12} {:>12} {:>8}", "body", "bytes", "allocations", "bytes asked", "bound");
    let mut broken = vec![];
    for case in cases() {
        let [once, twice] = [BODIES, 2 * BODIES].map(|count| counter.count(case.name, count));
        let each = |at: usize| match (once.get(at), twice.get(at)) {
            (Some(once), Some(twice)) => (twice - once) / BODIES as f64,
            // What was not counted is too much.
            _ => f64::INFINITY,
        };
        let (calls, bytes) = (each(0), each(1));
        println!("{:<28} {:>8} {calls:>12.2} {bytes:>12.0} {:>8}", case.name, case.body.len(), case.most);
        if calls > case.most {
            broken.push(case.name);
        }
    }
    assert!(broken.is_empty(), "more allocations than there may be: {broken:?}");
}

/// A body, and how many allocations it may cost.
struct Case {
    name: &'static str,
    format: Format,
    body: Vec<u8>,
    permit: Permit,
    most: f64,
}

fn cases() -> Vec<Case> {
    let case = |name, format, body, most| Case { name, format, body, permit: permit("/plain"), most };
    let xml = format!("<r>{}</r>", "<c><mobileTel>13800138000</mobileTel></c>".repeat(8));
    let text = |text: &str| text.repeat(8).into_bytes();
    let lines: Vec<u8> = [customers(1 << 10), customers(1 << 10)].join(&b'\n');
    vec![
        case("1 KB of customers", Format::Json, customers(1 << 10), JSON),
        case("4 KB of customers", Format::Json, customers(4 << 10), JSON),
        case("64 KB of customers", Format::Json, customers(64 << 10), JSON),
        case("4 KB of quotes", Format::Json, quotes(4 << 10), JSON),
        case("4 KB, indented", Format::Json, indented(&customers(3 << 10)), JSON),
        case("4 KB, \\u-escaped", Format::Json, escaped(&customers(4 << 10)), JSON),
        Case {
            permit: permit_bound(),
            ..case("64 KB, a subject a record", Format::Json, customers(64 << 10), 420.0)
        },
        case("4 KB of JSON in strings", Format::Json, wrapped(&customers(3 << 10)), 24.0),
        case("2 KB of NDJSON", Format::Lines, lines, 80.0),
        case("CSV", Format::Csv, text("姓名,手机号\n张三丰,13800138000\n"), 120.0),
        case("XML", Format::Xml, xml.into_bytes(), 40.0),
        case("form", Format::Form, b"mobile_tel=13800138000&page=1".to_vec(), 14.0),
        case("text", Format::Text, text("客户张三丰，手机号13800138000，请回电。\n"), 42.0),
    ]
}

fn treat(case: &Case, count: usize) {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    for _ in 0..WARM + count {
        // What can't be read would cost nothing.
        drop(protector.body(&case.permit, case.format, &case.body).expect("treatable"));
    }
}

/// Bodies before counting begins: names are learned and room is made.
const WARM: usize = 16;
const BODIES: usize = 32;
/// Of JSON: what is handed over, and a few of the walk's own. Bounds are lowered as costs fall; the aim is none but what
/// is handed over.
const JSON: f64 = 8.0;
