//! Harness, end to end, conformance by clause, golden, corpus, crash, fuzz, benches.

pub mod load;
