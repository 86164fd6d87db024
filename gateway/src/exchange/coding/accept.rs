//! What the client accepts (RFC 9110 §12.5.3), and encoding to it.

use super::Coding;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// A body as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded {
    /// `None` is identity: no `Content-Encoding`.
    pub coding: Option<Coding>,
    /// The bytes.
    pub body: Bytes,
}

/// The client accepts no coding that is written, and has ruled identity out: answer 406.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no acceptable content coding")]
pub struct NotAcceptable;

/// Encodes a body as the client accepts it, the values of its `Accept-Encoding` headers given.
///
/// # Errors
/// Nothing acceptable can be sent.
pub fn encode(accept_encoding: &[&str], body: Bytes) -> Result<Coded, NotAcceptable> {
    let coding = negotiate(accept_encoding, body.len())?;
    let coded = match coding {
        Some(coding) => compress(coding, &body),
        None => return Ok(Coded { coding: None, body }),
    };
    match coded {
        Some(coded) => Ok(Coded { coding, body: coded.into() }),
        // Writing to memory does not fail; if it did, identity is what any client can read.
        None => Ok(Coded { coding: None, body }),
    }
}

/// Chooses a coding for a body of this size. Bodies below [`MIN_BYTES`] are sent as they are, unless the client rules
/// that out. Of codings that the client likes alike, the one that costs least is taken.
///
/// # Errors
/// Nothing acceptable can be sent.
pub fn negotiate(accept_encoding: &[&str], len: usize) -> Result<Option<Coding>, NotAcceptable> {
    let accepted = Accepted::read(accept_encoding);
    let best = WRITTEN
        .iter()
        .filter_map(|coding| Some((*coding, accepted.weight(*coding).filter(|weight| *weight > 0)?)))
        // `max_by_key` takes the last of equals, and the cheapest stands first.
        .rev()
        .max_by_key(|(_, weight)| *weight);
    let identity = accepted.identity_weight();
    match best {
        Some((coding, _)) if identity == 0 => Ok(Some(coding)),
        Some((coding, weight)) if len >= MIN_BYTES && weight >= accepted.identity_said.unwrap_or(0) => {
            Ok(Some(coding))
        }
        _ if identity > 0 => Ok(None),
        _ => Err(NotAcceptable),
    }
}

/// Smaller bodies gain nothing from a coding.
pub const MIN_BYTES: usize = 1024;

/// What is written, cheapest first.
const WRITTEN: &[Coding] = &[Coding::Zstd, Coding::Gzip, Coding::Brotli];

/// Weights in thousandths.
#[derive(Default)]
struct Accepted {
    gzip: Option<u16>,
    brotli: Option<u16>,
    zstd: Option<u16>,
    identity_said: Option<u16>,
    any: Option<u16>,
}

impl Accepted {
    fn read(values: &[&str]) -> Accepted {
        let mut accepted = Accepted::default();
        for item in values.iter().flat_map(|value| value.split(',')) {
            let mut parts = item.split(';').map(|part| part.trim_matches([' ', '\t']));
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            // An item that can't be read is as if not sent.
            let Some(weight) = weight(parts) else { continue };
            let slot = match name.as_str() {
                "gzip" | "x-gzip" => &mut accepted.gzip,
                "br" => &mut accepted.brotli,
                "zstd" => &mut accepted.zstd,
                "identity" => &mut accepted.identity_said,
                "*" => &mut accepted.any,
                _ => continue,
            };
            *slot = Some(weight);
        }
        accepted
    }

    fn weight(&self, coding: Coding) -> Option<u16> {
        match coding {
            Coding::Gzip => self.gzip.or(self.any),
            Coding::Brotli => self.brotli.or(self.any),
            Coding::Zstd => self.zstd.or(self.any),
            Coding::Deflate => None,
        }
    }

    /// Identity is acceptable unless ruled out by name or by `*;q=0`.
    fn identity_weight(&self) -> u16 {
        self.identity_said.unwrap_or(match self.any {
            Some(0) => 0,
            _ => 1000,
        })
    }
}

fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> Option<u16> {
    let Some(parameter) = parameters.next() else { return Some(1000) };
    let (name, value) = parameter.split_once('=')?;
    if !name.eq_ignore_ascii_case("q") || parameters.next().is_some() {
        return None;
    }
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<u16>().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

fn compress(coding: Coding, body: &[u8]) -> Option<Vec<u8>> {
    match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
            encoder.write_all(body).ok()?;
            encoder.finish().ok()
        }
        Coding::Brotli => {
            let parameters = brotli::enc::BrotliEncoderParams { quality: 4, lgwin: 20, ..Default::default() };
            let mut out = Vec::with_capacity(body.len() / 2);
            brotli::BrotliCompress(&mut &*body, &mut out, &parameters).ok()?;
            Some(out)
        }
        Coding::Zstd => zstd::bulk::compress(body, 1).ok(),
        Coding::Deflate => None,
    }
}
