//! Content codings: decode what upstreams send, encode what clients accept, within bounds.
//!
//! Decoding is strict: a body that is cut, has bytes after its end or doesn't match its check sum is an error, never
//! a shorter body. Bounds hold while decoding: nothing larger than the limit is ever allocated for output.

mod accept;
mod layers;

pub use accept::{Coded, MIN_BYTES, NotAcceptable, encode, negotiate};
pub use layers::Layers;

use bytes::Bytes;

/// A content coding that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// `gzip`, also known as `x-gzip`; several members are one body.
    Gzip,
    /// `deflate`: zlib as RFC 9110 says, or raw as some servers send.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`, windows up to 8 MiB (RFC 9659).
    Zstd,
}

impl Coding {
    /// Its name in `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }
}

/// Bounds on decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes that any layer may yield.
    pub output_bytes: usize,
    /// How many times larger than what was received a layer's output may be, once it exceeds 64 KiB: small documents of
    /// one repeated record are legitimately dense.
    pub ratio: usize,
    /// Codings on top of each other.
    pub layers: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        DecodeLimits { output_bytes: 64 * 1024 * 1024, ratio: 100, layers: 2 }
    }
}

impl DecodeLimits {
    /// The most a body of this size may yield.
    fn output_of(&self, received: usize) -> usize {
        self.output_bytes.min(received.saturating_mul(self.ratio).max(64 * 1024))
    }
}

/// Why a body can't be decoded. The answer is then refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// `Content-Encoding` is malformed or names a coding that is not read.
    #[error("content coding is not supported")]
    Unsupported,
    /// More layers than allowed.
    #[error("too many content codings")]
    TooManyLayers,
    /// The body is not of its coding.
    #[error("body does not match its content coding")]
    Corrupt,
    /// The body ends too early.
    #[error("coded body is cut short")]
    Truncated,
    /// Bytes follow the coded body.
    #[error("bytes follow the coded body")]
    TrailingData,
    /// Decoded, it would exceed the size or the ratio allowed.
    #[error("decoded body is too large")]
    TooLarge,
}

/// Decodes a body by the values of its `Content-Encoding` headers. An empty body is empty in any coding.
///
/// # Errors
/// The body can't be decoded within the limits.
pub fn decode(content_encoding: &[&str], body: Bytes, limits: &DecodeLimits) -> Result<Bytes, CodingError> {
    let codings = parse(content_encoding)?;
    let mut layers = Layers::new(&codings, limits)?;
    if codings.is_empty() || body.is_empty() {
        return Ok(body);
    }
    let mut out = Vec::with_capacity(limits.output_of(body.len()).min(body.len().saturating_mul(4)));
    layers.push(&body, &mut |plain| {
        out.extend_from_slice(plain);
        Ok::<(), CodingError>(())
    })?;
    layers.end()?;
    Ok(out.into())
}

/// The codings in the order they were applied, `identity` left out.
///
/// # Errors
/// One is malformed or not supported.
pub fn parse(content_encoding: &[&str]) -> Result<Vec<Coding>, CodingError> {
    let mut codings = Vec::new();
    for token in content_encoding.iter().flat_map(|value| value.split(',')) {
        let token = token.trim_matches([' ', '\t']);
        match token.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" => codings.push(Coding::Deflate),
            "br" => codings.push(Coding::Brotli),
            "zstd" => codings.push(Coding::Zstd),
            "identity" => {}
            _ => return Err(CodingError::Unsupported),
        }
    }
    Ok(codings)
}

#[cfg(test)]
mod tests;
