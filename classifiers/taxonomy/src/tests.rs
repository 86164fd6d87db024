use crate::{Category, Kind, Level};
use std::collections::HashSet;

/// Appendix A as the standard prints it: 个人信息, 子类, 敏感, 分级; transcribed apart from the code's table.
const APPENDIX_A: &str = include_str!("../appendix-a.tsv");

#[test]
fn c1_every_row_of_appendix_a_is_known_as_printed() {
    let printed: Vec<Vec<&str>> = APPENDIX_A.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(printed.len(), 35);
    assert_eq!(Category::COUNT, 35);
    for (category, row) in Category::all().zip(&printed) {
        let flag = if category.is_sensitive() { "是" } else { "/" };
        let ours =
            [category.group_zh(), category.sub_zh().unwrap_or("/"), flag, &category.level().to_string()];
        assert_eq!(&ours, row.as_slice(), "{category}");
    }
}

#[test]
fn appendix_a_counts_per_level() {
    let count = |level| Category::all().filter(|category| category.level() == level).count();
    assert_eq!([count(Level::L1), count(Level::L2), count(Level::L3), count(Level::L4)], [0, 9, 24, 2]);
    let unflagged = Category::all().filter(|c| c.level() == Level::L3 && !c.is_sensitive()).count();
    assert_eq!(unflagged, 10);
}

#[test]
fn ids_are_unique_and_kinds_extend_their_category() {
    let mut seen = HashSet::new();
    for kind in Kind::all() {
        assert!(seen.insert(kind.id()), "{kind} twice");
        assert_eq!(Kind::from_id(kind.id()), Some(kind));
        let category = kind.category().id();
        let rest = kind.id().strip_prefix(category).expect("kind id starts with its category id");
        assert!(rest.is_empty() || rest.starts_with('.'), "{kind}");
    }
    for category in Category::all() {
        assert_eq!(Kind::general(category).id(), category.id());
        assert_eq!(Category::from_id(category.id()), Some(category));
    }
}

#[test]
fn indexes_are_dense() {
    for (index, kind) in Kind::all().enumerate() {
        assert_eq!(kind.index(), index);
    }
}
