//! `yingbi policy check|test|explain|fmt DIR`.
