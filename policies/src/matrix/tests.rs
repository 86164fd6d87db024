//! The whole matrix of the example firm, as a file that is reviewed as a diff. `YINGBI_BLESS=1 cargo test -p
//! yingbi-policies golden` writes it anew; so does `yingbi policy matrix policies/examples --golden … --write`.

use crate::{PolicySet, Source};
use yingbi_taxonomy::Category;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/golden.txt");

#[test]
fn golden_matrix_is_up_to_date() {
    let firm = [
        Source::new("firm.yaml", include_str!("../../examples/firm.yaml")),
        Source::new("firm-tests.yaml", include_str!("../../examples/firm-tests.yaml")),
        Source::new("scenes.yaml", include_str!("../../examples/scenes.yaml")),
        Source::new("lexicon/counter.tsv", include_str!("../../examples/lexicon/counter.tsv")),
    ];
    let (set, _) = PolicySet::compile(&firm, "golden".into()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let matrix = set.matrix();
    if std::env::var_os("YINGBI_BLESS").is_some() {
        std::fs::write(FILE, &matrix).unwrap();
    }
    let golden = std::fs::read_to_string(FILE).unwrap_or_default();
    let differs = golden.lines().zip(matrix.lines()).find(|(golden, now)| golden != now);
    assert!(golden == matrix, "examples/golden.txt is out of date, first at {differs:?}");
    // Completeness: every role, purpose and row stands in it.
    for role in &set.tables.roles {
        assert!(matrix.contains(&*role.id), "{} is not in the matrix", role.id);
    }
    for category in Category::all() {
        assert!(matrix.contains(category.id()), "{category} is not in the matrix");
    }
    // 001 §8.4.4 c: nowhere in it is level 4 in clear.
    let clear = matrix.lines().filter_map(|line| line.trim().strip_prefix("clear: "));
    assert!(clear.clone().count() > 0);
    for word in clear.flat_map(|line| line.split(' ')) {
        assert!(!word.starts_with("credential"), "{word} in clear");
    }
}
