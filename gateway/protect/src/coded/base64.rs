//! Base64 of readable text, in either alphabet, padded or not, whole or after the head of a `data:` URL.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::ops::Range;

/// Text in base64.
#[derive(Debug)]
pub(crate) struct Base64 {
    /// The bytes of the string that are base64.
    pub(crate) span: Range<usize>,
    /// What they say.
    pub(crate) text: String,
    is_url_safe: bool,
    is_padded: bool,
}

impl Base64 {
    /// Reads base64 of text; `None` when it is no base64 or says nothing readable.
    #[inline]
    pub(super) fn read(text: &str) -> Option<Base64> {
        if text.len() < SHORTEST {
            return None;
        }
        let from = if text.starts_with("data:") { data(text)? } else { 0 };
        let bytes = text.as_bytes().get(from..)?;
        let first = bytes.first_chunk::<4>()?;
        if !may_begin_text(first) {
            return None;
        }
        Base64::decode(bytes, from)
    }

    fn decode(bytes: &[u8], from: usize) -> Option<Base64> {
        let (mut standard, mut url_safe, mut broken) = (false, false, false);
        for byte in bytes {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'=' => {}
                b'+' | b'/' => standard = true,
                b'-' | b'_' => url_safe = true,
                // Some encoders break lines.
                b'\r' | b'\n' => broken = true,
                _ => return None,
            }
        }
        if standard && url_safe {
            return None;
        }
        let engine = if url_safe { &LENIENT_URL_SAFE } else { &LENIENT };
        let joined: Vec<u8>;
        let mut digits = bytes;
        if broken {
            joined = bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            digits = &joined;
        }
        while let Some(rest) = digits.strip_suffix(b"=") {
            digits = rest;
        }
        let decoded = engine.decode(digits);
        let text = String::from_utf8(decoded.ok()?).ok().filter(|text| is_readable(text))?;
        let is_padded = bytes.contains(&b'=');
        Some(Base64 { span: from..from + bytes.len(), text, is_url_safe: url_safe, is_padded })
    }

    /// Codes another text alike.
    pub(crate) fn encode(&self, text: &[u8]) -> String {
        // Without padding in the original a text of a length that needs none says nothing about others: both kinds of
        // readers take padding in the standard alphabet, and none in the other.
        let needed_none = self.text.len().is_multiple_of(3);
        match (self.is_url_safe, self.is_padded || (needed_none && !self.is_url_safe)) {
            (false, true) => base64::prelude::BASE64_STANDARD.encode(text),
            (false, false) => base64::prelude::BASE64_STANDARD_NO_PAD.encode(text),
            (true, true) => base64::prelude::BASE64_URL_SAFE.encode(text),
            (true, false) => base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text),
        }
    }
}

/// The claims of a signed token: three stretches of base64 between dots, the first two of JSON objects.
#[inline]
pub(super) fn claims(text: &str) -> Option<String> {
    // Nearly nothing gets further.
    if !may_begin_text(text.as_bytes().first_chunk::<4>()?) {
        return None;
    }
    let (head, rest) = text.split_once('.').filter(|(head, _)| head.len() >= SHORTEST)?;
    let (claims, signature) = rest.split_once('.')?;
    let is_object = |base64: &Base64| base64.text.trim_ascii_start().starts_with('{');
    let read = |part: &str| Base64::decode(part.as_bytes(), 0).filter(is_object);
    let is_signature = signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=+/".contains(&byte));
    read(head).filter(|_| is_signature)?;
    read(claims).map(|claims| claims.text)
}

/// Where the base64 begins in a `data:` URL (RFC 2397).
fn data(text: &str) -> Option<usize> {
    const MARK: &str = ";base64,";
    text.find(',')
        .filter(|comma| text.get(..=*comma).is_some_and(|head| head.ends_with(MARK)))
        .map(|at| at + 1)
}

/// Whether the first three bytes of what four characters stand for can begin a text. Few hashes and words pass.
fn may_begin_text(four: &[u8; 4]) -> bool {
    let mut bits = 0u32;
    for byte in four {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = bits << 6 | u32::from(value);
    }
    let [_, first, second, third] = bits.to_be_bytes();
    let follows = |byte: u8| (0x80..0xc0).contains(&byte);
    match first {
        b'\t' | b'\n' | b'\r' | 0x20..0x7f => !(0x7f..0xc2).contains(&second),
        0xc2..0xe0 => follows(second) && !follows(third),
        0xe0..0xf5 => follows(second) && follows(third),
        _ => false,
    }
}

/// Whether a text has no control characters but white space.
fn is_readable(text: &str) -> bool {
    !text.chars().any(|character| character.is_control() && !matches!(character, '\t' | '\n' | '\r'))
}

/// The shortest texts that show somebody's information by themselves, such as e-mail addresses, take twelve
/// characters; a mobile number takes fifteen.
const SHORTEST: usize = 12;

/// Readers differ on padding and on bits left over, so all that some reader takes is read.
const LENIENT_CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone);
static LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT_CONFIG);
static LENIENT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT_CONFIG);
