//! Content types and charsets: bodies are read as UTF-8, and sent back in the charset they came in.
//!
//! Read are UTF-8, US-ASCII and the GB family (GB18030, GBK, GB2312, which are subsets of each other). All else is
//! refused; nothing is guessed. Without a charset a body is UTF-8 or it can't be read. A treated body goes back into
//! its own charset, for clients of old systems, HTML `meta` and XML declarations rely on it; a body that came without
//! a charset is sent with `charset=utf-8` said, so that nobody reads it otherwise than it was inspected.
//!
//! A body that clients could read in another way than the label says is refused: a UTF-8 or UTF-16 byte order mark
//! (which browsers believe more than the label) under a GB label, or a body under a GB label that is UTF-8 with
//! characters of three bytes (which JSON clients would read as UTF-8 whatever the label says).

mod media_type;

pub(crate) use media_type::has_long_number;
pub use media_type::{MediaType, MediaTypeError};

use bytes::Bytes;
use encoding_rs::{DecoderResult, EncoderResult, Encoding, GB18030, GBK};
use std::fmt;

/// A charset that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// US-ASCII: bytes above 0x7F are refused.
    Ascii,
    /// GBK, and GB2312 within it.
    Gbk,
    /// GB18030.
    Gb18030,
}

/// A body as UTF-8, remembering what it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// UTF-8 without byte order mark.
    pub utf8: Bytes,
    /// What it came in.
    pub charset: Charset,
    /// It began with a byte order mark; Excel needs one to read CSV as UTF-8.
    pub mark: bool,
}

/// Why a body can't be read or written back. The message is then refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// The charset is not read.
    #[error("charset is not supported")]
    Unsupported,
    /// The body is not of its charset.
    #[error("body does not match its charset")]
    Malformed,
    /// Clients may read the body in another charset than the one said.
    #[error("body can be read in two charsets")]
    Ambiguous,
    /// The treated body holds a character that its charset has not.
    #[error("treated body does not fit its charset")]
    Unmappable,
}

impl Charset {
    /// By its name in `Content-Type`, any case.
    ///
    /// # Errors
    /// [`CharsetError::Unsupported`]
    pub fn parse(label: &str) -> Result<Charset, CharsetError> {
        match label.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Charset::Utf8),
            "us-ascii" | "ascii" => Ok(Charset::Ascii),
            "gbk" | "gb2312" | "gb_2312-80" | "x-gbk" | "cp936" | "ms936" | "windows-936" => Ok(Charset::Gbk),
            "gb18030" => Ok(Charset::Gb18030),
            _ => Err(CharsetError::Unsupported),
        }
    }

    /// Of a body whose media type says one name, or none, and that itself declares another, as XML may; UTF-8 when
    /// neither says one.
    ///
    /// # Errors
    /// One is not read, or they would have readers read the body in two ways.
    pub fn of(said: Option<&str>, declared: Option<&str>) -> Result<Charset, CharsetError> {
        let said = said.map(Charset::parse).transpose()?;
        let declared = declared.map(Charset::parse).transpose()?;
        match (said, declared) {
            (Some(said), Some(declared)) if !said.reads_like(declared) => Err(CharsetError::Ambiguous),
            (said, declared) => Ok(said.or(declared).unwrap_or(Charset::Utf8)),
        }
    }

    /// Whether a body that is of both charsets reads the same in either.
    fn reads_like(self, other: Charset) -> bool {
        match (self, other) {
            (Charset::Ascii, _) | (_, Charset::Ascii) => true,
            (Charset::Gbk | Charset::Gb18030, Charset::Gbk | Charset::Gb18030) => true,
            (one, other) => one == other,
        }
    }

    fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Charset::Utf8 | Charset::Ascii => None,
            Charset::Gbk => Some(GBK),
            Charset::Gb18030 => Some(GB18030),
        }
    }
}

impl Text {
    /// Reads a body under its charset.
    ///
    /// # Errors
    /// The body can't be read.
    pub fn decode(charset: Charset, body: Bytes) -> Result<Text, CharsetError> {
        let (utf8, mark) = match charset.encoding() {
            None => {
                let ascii_only = charset == Charset::Ascii;
                if ascii_only && !body.is_ascii() || simdutf8::basic::from_utf8(&body).is_err() {
                    return Err(CharsetError::Malformed);
                }
                (body, UTF8_MARK)
            }
            Some(encoding) => (decode_gb(encoding, &body)?.into(), UTF8_MARK),
        };
        match utf8.strip_prefix(mark) {
            Some(rest) => Ok(Text { utf8: utf8.slice_ref(rest), charset, mark: true }),
            None => Ok(Text { utf8, charset, mark: false }),
        }
    }

    /// Writes a treated body back into the charset that this one came in.
    ///
    /// # Errors
    /// The treated body is not UTF-8, or holds a character that the charset has not.
    pub fn encode(&self, treated: Bytes) -> Result<Bytes, CharsetError> {
        let text = simdutf8::basic::from_utf8(&treated).map_err(|_| CharsetError::Malformed)?;
        if self.charset == Charset::Ascii && !text.is_ascii() {
            return Err(CharsetError::Unmappable);
        }
        let Some(encoding) = self.charset.encoding() else {
            return Ok(if self.mark { [UTF8_MARK, text.as_bytes()].concat().into() } else { treated });
        };
        let mark = if self.mark { "\u{feff}" } else { "" };
        let marked: String = [mark, text].concat();
        match encode_gb(encoding, &marked) {
            // GBK decodes to a few characters that only GB18030 can write; GBK readers read those too.
            Err(CharsetError::Unmappable) if encoding == GBK => encode_gb(GB18030, &marked).map(Bytes::from),
            other => other.map(Bytes::from),
        }
    }
}

/// A body may hold personal information: only its size is shown.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<text:{} {:?}>", self.utf8.len(), self.charset)
    }
}

fn decode_gb(encoding: &'static Encoding, body: &[u8]) -> Result<Vec<u8>, CharsetError> {
    if body.starts_with(UTF8_MARK) || body.starts_with(b"\xfe\xff") || body.starts_with(b"\xff\xfe") {
        return Err(CharsetError::Ambiguous);
    }
    // Short GB texts are now and then UTF-8 of two-byte characters by chance (`女`); of three bytes they are not.
    if simdutf8::basic::from_utf8(body).is_ok_and(|text| text.chars().any(|c| c as u32 >= 0x800)) {
        return Err(CharsetError::Ambiguous);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room =
        decoder.max_utf8_buffer_length_without_replacement(body.len()).ok_or(CharsetError::Malformed)?;
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(body, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(text.into_bytes()),
        _ => Err(CharsetError::Malformed),
    }
}

fn encode_gb(encoding: &'static Encoding, text: &str) -> Result<Vec<u8>, CharsetError> {
    let mut encoder = encoding.new_encoder();
    let room = encoder
        .max_buffer_length_from_utf8_without_replacement(text.len())
        .ok_or(CharsetError::Unmappable)?;
    let mut out = Vec::with_capacity(room);
    match encoder.encode_from_utf8_to_vec_without_replacement(text, &mut out, true) {
        (EncoderResult::InputEmpty, _) => Ok(out),
        _ => Err(CharsetError::Unmappable),
    }
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests;
