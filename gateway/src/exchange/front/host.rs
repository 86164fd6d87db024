//! The one host of a request.

use super::HeadError;
use std::fmt;
use std::net::Ipv6Addr;

/// A host in the one spelling that policies match and upstreams get: lower case, no dot at the end, IPv6 in its
/// canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address; IPv6 in brackets.
    pub name: String,
    /// Port, when one is named.
    pub port: Option<u16>,
}

impl Host {
    /// Reads an authority: a name or an address and at most a port, no user information.
    ///
    /// # Errors
    /// [`HeadError::Host`]
    pub fn parse(authority: &[u8]) -> Result<Host, HeadError> {
        let (name, port) = match authority.strip_prefix(b"[") {
            Some(inner) => split_ipv6(inner)?,
            None => split_name(authority)?,
        };
        let port = match port {
            [] => None,
            [b':', digits @ ..] => Some(parse_port(digits)?),
            _ => return Err(HeadError::Host),
        };
        Ok(Host { name, port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

fn split_ipv6(inner: &[u8]) -> Result<(String, &[u8]), HeadError> {
    let end = memchr::memchr(b']', inner).ok_or(HeadError::Host)?;
    let (address, rest) = inner.split_at_checked(end).ok_or(HeadError::Host)?;
    let address: Ipv6Addr =
        std::str::from_utf8(address).ok().and_then(|text| text.parse().ok()).ok_or(HeadError::Host)?;
    Ok((format!("[{address}]"), rest.get(1..).unwrap_or(&[])))
}

fn split_name(authority: &[u8]) -> Result<(String, &[u8]), HeadError> {
    let end = memchr::memchr(b':', authority).unwrap_or(authority.len());
    let (name, rest) = authority.split_at_checked(end).ok_or(HeadError::Host)?;
    if name.is_empty() || name.len() > 253 {
        return Err(HeadError::Host);
    }
    let mut lower = String::with_capacity(name.len());
    let mut label = 0;
    for byte in name {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'A'..=b'Z' => label += 1,
            b'.' if label > 0 => label = 0,
            _ => return Err(HeadError::Host),
        }
        lower.push(char::from(byte.to_ascii_lowercase()));
    }
    // `crm.internal.` is another spelling of `crm.internal`: one host, one spelling.
    if label == 0 { Err(HeadError::Host) } else { Ok((lower, rest)) }
}

fn parse_port(digits: &[u8]) -> Result<u16, HeadError> {
    if digits.is_empty()
        || digits.len() > 5
        || digits.starts_with(b"0")
        || !digits.iter().all(u8::is_ascii_digit)
    {
        return Err(HeadError::Host);
    }
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).ok_or(HeadError::Host)
}
