use super::*;
use std::collections::HashSet;

#[test]
fn every_name_parses_and_stands_once() {
    let mut seen = HashSet::new();
    for line in NAMES.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
        let (name, _) = parse_name(line).unwrap_or_else(|| panic!("`{line}` does not parse"));
        let unique = if name.starts_with('=') { name.to_owned() } else { fold(name) };
        assert!(seen.insert(unique), "`{name}` twice");
        assert_eq!(line.split('\t').count(), 4, "{line}");
    }
}

#[test]
fn every_rule_parses_and_stands_once() {
    let words = Words::parse(WORDS);
    let mut seen = HashSet::new();
    for line in RULES.lines().filter(|line| !line.starts_with('#')) {
        assert!(parse_rule(line, &words).is_some(), "`{line}` does not parse");
        let mut columns = line.split('\t');
        assert!(seen.insert((columns.next(), columns.next())), "`{line}` twice");
    }
}

/// The project's shared sample of real field names, where it is at hand.
#[test]
fn c8_the_sample_of_real_field_names_is_known() {
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let Ok(sample) = std::fs::read_to_string(format!("{base}/lexicon-dev.tsv")) else { return };
    let lexicon = Lexicon::shipped();
    let mut wrong = Vec::new();
    for line in sample.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, meaning, group, sub, level, ..] = columns[..] else { panic!("{line}") };
        let found = lexicon.key(name).kind;
        let right = found.is_some_and(|kind| {
            let category = kind.category();
            category.group_zh().contains(group)
                && (category.sub_zh().unwrap_or("/") == sub || sub.is_empty())
                && kind.level().number().to_string() == level
        });
        if !right {
            wrong.push(format!("{name} {meaning} {group}/{sub}: {found:?}"));
        }
    }
    let Ok(sample) = std::fs::read_to_string(format!("{base}/lexicon-dev-not-pi.tsv")) else { return };
    for line in sample.lines().skip(1) {
        let name = line.split('\t').next().expect("a name");
        if let Some(kind) = lexicon.key(name).kind {
            wrong.push(format!("{line}: found as {kind}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

const VECTORS: &str = include_str!("../../lexicon/vectors.tsv");

fn vectors() -> impl Iterator<Item = (&'static str, Option<Kind>)> {
    VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, kind) = line.split_once('\t').expect("a name, a tab, a kind");
        let known = Kind::from_id(kind);
        assert!(known.is_some() || kind == "-", "{line}");
        (name, known)
    })
}

/// Macro averages over the categories, printed; the floor is what a release must hold.
#[test]
fn c8_invented_field_names_are_read_right() {
    let lexicon = Lexicon::shipped();
    let mut wrong = Vec::new();
    let mut scores = vec![[0u32; 3]; Category::COUNT];
    let (mut positives, mut negatives) = (0, 0);
    for (name, want) in vectors() {
        let found = lexicon.key(name).kind;
        let (want_row, found_row) = (want.map(Kind::category), found.map(Kind::category));
        if want.is_some() {
            positives += 1;
        } else {
            negatives += 1;
        }
        if want_row != found_row {
            wrong.push(format!("{name}: want {want:?}, found {found:?}"));
        }
        for (slot, row) in [(0, want_row), (1, found_row), (2, want_row.filter(|_| want_row == found_row))] {
            if let Some(row) = row {
                scores[row as usize][slot] += 1;
            }
        }
    }
    let mean = |part: usize| {
        let rows: Vec<f64> = scores
            .iter()
            .filter(|row| row[part] > 0)
            .map(|row| f64::from(row[2]) / f64::from(row[part]))
            .collect();
        rows.iter().sum::<f64>() / rows.len() as f64
    };
    let (recall, precision) = (mean(0), mean(1));
    println!("{positives} names of personal information, {negatives} others");
    println!("macro recall {recall:.3}, macro precision {precision:.3}");
    println!("{}", wrong.join("\n"));
    assert!(positives >= 150 && negatives >= 150);
    assert!(
        recall >= 0.99 && precision >= 0.99,
        "recall {recall:.3}, precision {precision:.3}\n{}",
        wrong.join("\n")
    );
}

#[test]
fn c1_every_kind_is_reached_by_some_name() {
    let lexicon = Lexicon::shipped();
    let reached: HashSet<Kind> = NAMES
        .iter()
        .flat_map(|file| file.lines())
        .filter_map(parse_name)
        .map(|(name, _)| name.trim_start_matches('='))
        .chain(vectors().map(|(name, _)| name))
        .filter_map(|name| lexicon.key(name).kind)
        .collect();
    // A value's form, not a name, makes these out of `identity.document.number`; the general kinds of a category that
    // has finer ones serve bindings.
    let by_value = [
        Kind::ResidentId,
        Kind::Passport,
        Kind::Permit,
        Kind::Basic,
        Kind::IdentityDocument,
        Kind::WealthCash,
    ];
    let missing: Vec<Kind> =
        Kind::all().filter(|kind| !reached.contains(kind) && !by_value.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_topic_parses_and_stands_once() {
    let words = Words::parse(WORDS);
    let mut seen = HashSet::new();
    for line in TOPICS.lines().filter(|line| !line.starts_with('#')) {
        let (concept, _) = parse_topic(line, &words).unwrap_or_else(|| panic!("`{line}` does not parse"));
        assert!(seen.insert(concept), "`{line}` twice");
    }
}

#[test]
fn c8_what_a_name_is_about_decides_when_no_rule_reads_it() {
    let lexicon = Lexicon::shipped();
    let cases: &[(&str, Option<Category>)] = &[
        ("投诉事由", Some(Category::Service)),
        ("surgical_record_note", Some(Category::HealthMedical)),
        ("areaCode_cust", Some(Category::LocationCoarse)),
        ("DISABLED_IND", Some(Category::IdentitySpecial)),
        // Of a product, an organisation or a machine.
        ("product_click_rank", None),
        ("branch_visit_address", None),
        ("entrust_way_dict", None),
        // A number of a paper is nobody's.
        ("complaint_no", None),
    ];
    for (name, want) in cases {
        assert_eq!(lexicon.key(name).kind.map(Kind::category), *want, "{name}");
    }
}

/// `unless`: decides for an investor and alone, not in a record of a product or a place of business.
#[test]
fn c8_what_products_and_branches_have_too_asks_whose_it_is() {
    let classifier = crate::Classifier::shipped();
    let finds = |name: &str, value: &str, record: &[&str]| {
        let key = classifier.key(name);
        let signals = record.iter().fold(key.signals, |all, name| all.union(classifier.key(name).signals));
        let mut hits = Vec::new();
        classifier.value(key, signals, crate::Scalar::Text(value), &mut hits);
        !hits.is_empty()
    };
    for (name, value, of_product, of_investor) in [
        ("repay_date", "2031-05-20", "bond_code", "client_id"),
        ("credit_level", "AAA", "bond_name", "cust_name"),
        ("lng", "121.52", "branch_name", "cust_mobile"),
        ("latitude", "31.23", "outlet_name", "user_id"),
    ] {
        assert!(!finds(name, value, &[of_product]), "{name} of a product or place");
        assert!(finds(name, value, &[]), "{name} alone");
        assert!(finds(name, value, &[of_product, of_investor]), "{name} of an investor");
    }
}
