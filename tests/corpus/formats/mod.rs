//! The formats a record can be written in.

pub mod json;
pub mod markup;
pub mod plain;
pub mod stream;
pub mod table;
