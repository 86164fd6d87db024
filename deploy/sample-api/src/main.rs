//! Serves the synthetic investor API.
fn main() {}
