//! The gateway: everything that touches sockets, files and clocks.
//!
//! `bytes ─▶ request ─identify▶ caller ─decide▶ permit ─▶ upstream ─treat▶ treated ─record▶ receipt ─release▶ client`

pub mod admin;
pub mod cli;
pub mod config;
mod csv;
pub mod evidence;
pub mod exchange;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod policy_store;
pub mod server;
pub mod state;
