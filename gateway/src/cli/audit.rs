//! `yingbi audit search|verify`.
