//! Canonical request targets: what is matched is what is forwarded.
