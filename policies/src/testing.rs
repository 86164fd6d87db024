//! What tests of several modules need.

use crate::{PolicySet, Source};

/// The set of one file, which compiles.
pub(crate) fn set(yaml: &str) -> PolicySet {
    match PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()) {
        Ok((set, _)) => set,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}
