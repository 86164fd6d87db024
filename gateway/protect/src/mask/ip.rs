//! First two parts of an address.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let value = value.trim();
    let address =
        value.parse().or_else(|_| value.parse().map(|with_port: SocketAddr| with_port.ip())).ok()?;
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            write!(out, "{first}.{second}.*.*").ok()
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            write!(out, "{first:x}:{second:x}:*:*:*:*:*:*").ok()
        }
    }
}
