//! Start, stop, connections and bounds: what does not start says why, what stops cuts nothing, what is too much is
//! refused cleanly.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "lifecycle/bounds.rs"]
mod bounds;
#[path = "lifecycle/connections.rs"]
mod connections;
#[path = "lifecycle/start.rs"]
mod start;
#[path = "lifecycle/stop.rs"]
mod stop;
