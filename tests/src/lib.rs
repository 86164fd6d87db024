//! Harness, end to end, conformance by clause, golden, corpus, crash, fuzz, benches.
//!
//! A test through the running gateway is three things: an [`Origin`] that answers whatever bytes the test says and
//! keeps every byte it was sent, a [`Gateway`] in front of it, which is the real binary in a process of its own, and a
//! [`Client`] on a raw socket. [`canary`] holds a synthetic person whose values must not come through.
//!
//! ```no_run
//! use yingbi_tests::{Answer, Client, Gateway, Origin, canary};
//! let origin = Origin::start(|_| Answer::json(canary::person_json()));
//! let gateway = Gateway::of(&origin).start();
//! let mut client = Client::connect(gateway.address);
//! client.send(&gateway.get("/investors/1"));
//! let response = client.response();
//! assert_eq!(response.status, 200);
//! canary::assert_hidden("body", client.received());
//! ```
//!
//! Only loopback is contacted; everything a gateway writes is below a directory of its own, removed when it is dropped
//! (`YINGBI_KEEP=1` keeps it). `YINGBI_BIN` names a binary to test instead of the one beside the tests.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness fails by panicking"
)]

mod binary;
pub mod canary;
mod client;
pub mod evidence;
mod gateway;
mod keys;
pub mod kms;
pub mod load;
pub mod nats;
mod office;
mod origin;
pub mod payload;
pub mod postgres;
mod scratch;
pub mod stage;

pub use binary::binary;
pub use client::{Client, Response, Unfinished};
pub use gateway::{Gateway, HOST, Setup, credentials, token};
pub use keys::{sdf_double, soft_token};
pub use kms::{Kms, Mood};
pub use origin::{Answer, Origin, Request, Seen, Step, Then};
pub use scratch::Scratch;
pub use stage::{Stage, Who};
