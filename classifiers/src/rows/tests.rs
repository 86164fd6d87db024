//! Every row of Appendix A has means to be found, shown by vectors for it and by near misses.

use crate::{Classifier, Hit, KeyMeaning, Scalar};
use yingbi_taxonomy::{Category, Kind};

const VECTORS: &str = include_str!("../../lexicon/row-vectors.tsv");

struct Vector {
    row: &'static str,
    is_found: bool,
    key: &'static str,
    value: String,
    others: &'static str,
}

fn vectors() -> impl Iterator<Item = Vector> {
    VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [row, sign, key, value, others] = columns[..] else { panic!("five columns: {line}") };
        assert!(matches!(sign, "+" | "-"), "{line}");
        Vector { row, is_found: sign == "+", key, value: value.replace("\\n", "\n"), others }
    })
}

fn hits(vector: &Vector) -> Vec<Hit> {
    let classifier = Classifier::shipped();
    let mut hits = Vec::new();
    if vector.key.is_empty() {
        classifier.text(&vector.value, &mut hits);
        return hits;
    }
    let key = classifier.key(vector.key);
    let record = vector
        .others
        .split(',')
        .fold(key.signals, |signals, other| signals.union(classifier.key(other).signals));
    let scalar = match vector.value.as_str() {
        "true" => Scalar::Bool,
        value if value.parse::<f64>().is_ok() => Scalar::Number(value),
        value => Scalar::Text(value),
    };
    classifier.value(key, record, scalar, &mut hits);
    hits
}

#[test]
fn c1_every_row_is_found_and_its_near_misses_are_not() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let category = Category::from_id(vector.row).unwrap_or_else(|| panic!("no row `{}`", vector.row));
        let found = hits(&vector).iter().any(|hit| hit.kind.category() == category);
        if found != vector.is_found {
            wrong.push(format!(
                "{} {} `{}`: `{}`: {:?}",
                vector.row,
                if vector.is_found { "missed" } else { "wrongly found" },
                vector.key,
                vector.value,
                hits(&vector).iter().map(|hit| hit.kind).collect::<Vec<Kind>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn c1_every_row_has_vectors_near_misses_and_a_kind_for_bindings() {
    for category in Category::all() {
        let count = |is_found: bool| {
            vectors().filter(|vector| vector.row == category.id() && vector.is_found == is_found).count()
        };
        assert!(count(true) >= 3, "{} has too few vectors", category.id());
        assert!(count(false) >= 3, "{} has too few near misses", category.id());
        assert_eq!(Kind::general(category).category(), category, "a binding can name the row");
    }
}

#[test]
fn c1_no_row_rests_on_one_spelling() {
    for category in Category::all() {
        let keys: Vec<&str> = vectors()
            .filter(|v| v.row == category.id() && v.is_found && !v.key.is_empty())
            .map(|v| v.key)
            .collect();
        let spellings: usize = keys.iter().map(|key| usize::from(!key.is_ascii())).sum();
        assert!(spellings > 0 || keys.len() > 1, "{} rests on {keys:?}", category.id());
        assert!(keys.iter().all(|key| Classifier::shipped().key(key) != KeyMeaning::UNKNOWN), "{keys:?}");
    }
}

const NAMES: &str = include_str!("../../lexicon/row-names.tsv");

/// Names were first measured and only then learnt from; some still read otherwise, as people would read them.
#[test]
fn c8_names_lead_to_their_rows() {
    let (mut names, mut right, mut others, mut untouched) = (0u32, 0u32, 0u32, 0u32);
    let mut wrong = Vec::new();
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        let (name, row) = line.split_once('\t').expect("a name, a tab, a row");
        let want = Category::from_id(row);
        assert!(want.is_some() || row == "-", "{line}");
        let found = Classifier::shipped().key(name).kind.map(Kind::category);
        let (count, good) =
            if want.is_some() { (&mut names, &mut right) } else { (&mut others, &mut untouched) };
        *count += 1;
        *good += u32::from(found == want);
        if found != want {
            wrong.push(format!("{name}: {row}, found {found:?}"));
        }
    }
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
    println!(
        "{names} names {:.3}, {others} others {:.3}\n{}",
        share(right, names),
        share(untouched, others),
        wrong.join("\n")
    );
    assert!(names > 800 && share(right, names) >= 0.92, "{}", share(right, names));
    assert!(others > 300 && share(untouched, others) >= 0.95, "{}", share(untouched, others));
}
