//! What is remembered between exchanges, and the stores it is kept in.

pub mod accounts;
pub mod behaviour;
pub mod credential;
pub mod directory;
pub mod inventory;
pub mod rights;
mod sqlite;
