//! The `yingbi` binary.
fn main() {}
