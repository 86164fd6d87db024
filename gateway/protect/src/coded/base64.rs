//! Base64 of readable text, in either alphabet, padded or not, whole or after the head of a `data:` URL. The text is
//! UTF-8 or, from old systems, GB18030.

use super::encoded;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::GB18030;
use std::ops::Range;

/// Text in base64, or in the encoded words of mail.
#[derive(Debug)]
pub(crate) struct Base64 {
    /// The bytes of the string that are coded.
    pub(crate) span: Range<usize>,
    /// What they say.
    pub(crate) text: String,
    pub(super) form: Form,
}

/// How a text was coded, so that another can be coded alike.
#[derive(Debug)]
pub(super) enum Form {
    /// Digits of base64.
    Digits { is_url_safe: bool, is_padded: bool, is_gb: bool },
    /// Encoded words.
    Words(encoded::Spelling),
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
        if !may_begin_text(first) && !may_begin_gb(bytes) {
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
        let (text, is_gb) = match String::from_utf8(decoded.ok()?) {
            Ok(text) => (text, false),
            Err(other) => (in_gb(other.as_bytes())?, true),
        };
        if !is_readable(&text) {
            return None;
        }
        let is_padded = bytes.contains(&b'=');
        let form = Form::Digits { is_url_safe: url_safe, is_padded, is_gb };
        Some(Base64 { span: from..from + bytes.len(), text, form })
    }

    /// Codes another text alike.
    pub(crate) fn encode(&self, text: &[u8]) -> String {
        let (is_url_safe, is_padded, is_gb) = match &self.form {
            Form::Words(spelling) => return spelling.encode(text),
            Form::Digits { is_url_safe, is_padded, is_gb } => (*is_url_safe, *is_padded, *is_gb),
        };
        let (length, text) = match is_gb {
            true => (
                GB18030.encode(&self.text).0.len(),
                GB18030.encode(&String::from_utf8_lossy(text)).0.into_owned(),
            ),
            false => (self.text.len(), text.to_vec()),
        };
        // Without padding in the original a text of a length that needs none says nothing about others: both kinds of
        // readers take padding in the standard alphabet, and none in the other.
        let needed_none = length.is_multiple_of(3);
        match (is_url_safe, is_padded || (needed_none && !is_url_safe)) {
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

/// The three bytes that four characters stand for.
#[inline]
fn three_bytes(four: &[u8; 4]) -> Option<[u8; 3]> {
    let (mut bits, mut all) = (0u32, 0);
    for byte in four {
        let value = VALUES.get(usize::from(*byte)).copied().unwrap_or(NO_DIGIT);
        all |= value;
        bits = bits << 6 | u32::from(value & 0x3f);
    }
    if all & NO_DIGIT != 0 {
        return None;
    }
    let [_, first, second, third] = bits.to_be_bytes();
    Some([first, second, third])
}

/// What each digit of either alphabet stands for.
static VALUES: [u8; 256] = values();

/// No digit's value has this bit.
const NO_DIGIT: u8 = 0x80;

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, the index is below 256")]
const fn values() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            upper @ b'A'..=b'Z' => upper - b'A',
            lower @ b'a'..=b'z' => lower - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NO_DIGIT,
        };
        byte += 1;
    }
    table
}

/// Whether the first twelve bytes can begin a text in GB18030 with a Chinese character among them: of random bytes one in
/// some thousands can.
fn may_begin_gb(digits: &[u8]) -> bool {
    let (fours, _) = digits.as_chunks::<4>();
    let mut bytes = [0u8; 12];
    let mut length = 0;
    for (three, four) in bytes.as_chunks_mut::<3>().0.iter_mut().zip(fours) {
        // Padding, or a break of lines.
        let Some(decoded) = three_bytes(four) else { break };
        *three = decoded;
        length += 3;
        // Most are told by their first bytes.
        let is_likely =
            matches!(three, [b'\t' | b'\n' | b'\r' | 0x20..0x7f, ..] | [0xa1..=0xf7, 0xa1..=0xfe, _]);
        if length == 3 && !is_likely {
            return false;
        }
    }
    gb_pairs(bytes.get(..length).unwrap_or_default()).is_some_and(|pairs| pairs > 0)
}

/// How many characters of GB 2312 stand among the ASCII of a text, the last of which may be cut; `None` when there is
/// anything else.
fn gb_pairs(bytes: &[u8]) -> Option<usize> {
    let mut pairs = 0;
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] | [0xa1..=0xf7] => return Some(pairs),
            [b'\t' | b'\n' | b'\r' | 0x20..0x7f, rest @ ..] => rest,
            // Marks, full-width forms, and the two levels of characters.
            [0xa1..=0xa3 | 0xb0..=0xf7, 0xa1..=0xfe, rest @ ..] => {
                pairs += 1;
                rest
            }
            _ => return None,
        };
    }
}

/// A text in GB18030 of which nothing but common characters is made.
fn in_gb(bytes: &[u8]) -> Option<String> {
    // Four random bytes may be two characters; a text of six is none by accident.
    gb_pairs(bytes).filter(|pairs| *pairs >= 2)?;
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

/// Whether the first three bytes of what four characters stand for can begin a text. Few hashes and words pass.
fn may_begin_text(four: &[u8; 4]) -> bool {
    let Some([first, second, third]) = three_bytes(four) else { return false };
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
pub(super) static LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT_CONFIG);
static LENIENT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT_CONFIG);
