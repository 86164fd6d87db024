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
    let [english, pinyin, chinese] = WORDS;
    let words = Words::parse(english, pinyin, chinese);
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
