//! Synthetic investors and a securities-style API over them
