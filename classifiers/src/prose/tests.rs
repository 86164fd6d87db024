//! Measures what is found in invented notes, complaints and chat.

use crate::{Classifier, Hit};
use yingbi_taxonomy::{Category, Kind};

const VECTORS: &str = include_str!("../../lexicon/prose-vectors.tsv");

const CLASSES: [(char, &str); 5] =
    [('n', "names"), ('a', "addresses"), ('d', "numbers"), ('s', "secrets"), ('i', "network")];

/// A stretch of a sentence and its class.
type Span = (usize, usize, char);

/// `tune`, `seen` or `hold`, the sentence without its marks, what they mark.
fn sentences() -> impl Iterator<Item = (&'static str, String, Vec<Span>)> {
    VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (set, marked) = line.split_once('\t').expect("a set, a tab, a sentence");
        let mut text = String::new();
        let mut spans = vec![];
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once('[') {
            let (inside, after) = after.split_once(']').expect("a closing bracket");
            let (class, value) = inside.split_once(':').expect("a class and a value");
            text.push_str(before);
            let start = text.len();
            text.push_str(value);
            spans.push((start, text.len(), class.chars().next().expect("a class")));
            rest = after;
        }
        text.push_str(rest);
        (set, text, spans)
    })
}

fn class_of(hit: &Hit) -> char {
    match hit.kind {
        Kind::Name | Kind::BankAccountName | Kind::ServiceStaff => 'n',
        Kind::Address => 'a',
        Kind::IpAddress | Kind::Mac => 'i',
        kind if kind.category() == Category::CredentialAccount => 's',
        // What sentences say besides, the lines don't mark.
        Kind::Age | Kind::Balance | Kind::Position | Kind::TradeBankTransfer | Kind::HealthStatus => '-',
        _ => 'd',
    }
}

/// Recall: marked stretches that are found whole, under their class. Precision: hits that are just a marked stretch.
#[test]
fn c8_notes_and_chat_are_read() {
    let mut wrong = vec![];
    let mut scores = vec![];
    for set in ["tune", "hold", "seen"] {
        for (class, name) in CLASSES {
            let (mut marked, mut covered, mut hit, mut right) = (0u32, 0u32, 0u32, 0u32);
            for (_, text, spans) in sentences().filter(|(of, ..)| *of == set) {
                let mut hits = vec![];
                Classifier::shipped().text(&text, &mut hits);
                for span in spans.iter().filter(|span| span.2 == class) {
                    marked += 1;
                    let found = hits
                        .iter()
                        .any(|hit| hit.start <= span.0 && hit.end >= span.1 && class_of(hit) == class);
                    covered += u32::from(found);
                    if !found && set == "tune" {
                        wrong.push(format!("missed {:?} in {text}", text.get(span.0..span.1)));
                    }
                }
                for found in hits.iter().filter(|hit| class_of(hit) == class) {
                    hit += 1;
                    let exact = spans.contains(&(found.start, found.end, class));
                    right += u32::from(exact);
                    if !exact && set == "tune" {
                        wrong.push(format!(
                            "found {:?} ({}) in {text}",
                            text.get(found.start..found.end),
                            found.kind
                        ));
                    }
                }
            }
            let share =
                |part: u32, whole: u32| if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) };
            let (recall, precision) = (share(covered, marked), share(right, hit));
            println!(
                "{set} {name}: {marked} marked, recall {recall:.3}; {hit} hits, precision {precision:.3}"
            );
            if marked > 0 {
                scores.push((set, name, recall, precision));
            }
        }
    }
    println!("{}", wrong.join("\n"));
    for (set, name, recall, precision) in scores {
        let least = if name == "names" { 0.9 } else { 0.85 };
        // Borders of addresses in `seen` lines are a reader's, who disagree on `前台` and the like.
        let exact = if set == "seen" { 0.9 } else { 0.95 };
        assert!(
            recall >= least && precision >= exact,
            "{set} {name}: recall {recall:.3}, precision {precision:.3}"
        );
    }
}
