//! Base64, bit by bit.

use encoding_rs::GB18030;

/// Base64 of readable text.
pub(super) struct Base64 {
    pub(super) from: usize,
    pub(super) text: String,
    is_url_safe: bool,
    is_padded: bool,
    is_gb: bool,
}

impl Base64 {
    pub(super) fn read(text: &str) -> Option<Base64> {
        let from = match text.starts_with("data:") {
            true => {
                text.find(',')
                    .filter(|comma| text.get(..*comma).is_some_and(|head| head.ends_with(";base64")))?
                    + 1
            }
            false => 0,
        };
        let coded = text.get(from..)?;
        // A line's break is no first character.
        if text.len() < 12
            || coded.chars().take(4).filter(|c| c.is_alphanumeric() || "+/-_".contains(*c)).count() < 4
        {
            return None;
        }
        Base64::of(coded, from)
    }

    pub(super) fn of(coded: &str, from: usize) -> Option<Base64> {
        let joined: String = coded.chars().filter(|character| !"\r\n".contains(*character)).collect();
        let digits = joined.trim_end_matches('=');
        let padding = joined.len() - digits.len();
        let is_url_safe = digits.contains(['-', '_']);
        if is_url_safe && digits.contains(['+', '/']) {
            return None;
        }
        if digits.len() % 4 == 1 {
            return None;
        }
        let mut bits: Vec<bool> = vec![];
        for digit in digits.chars() {
            let value = ALPHABET.chars().position(|other| other == digit.replace_url_safe())?;
            bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
        }
        let bytes = bits.chunks_exact(8);
        let decoded: Vec<u8> =
            bytes.map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
        let is_gb = std::str::from_utf8(&decoded).is_err();
        let decoded = if is_gb { in_gb(&decoded)? } else { String::from_utf8(decoded).ok()? };
        let is_readable = decoded.chars().all(|c| !c.is_control() || "\t\r\n".contains(c));
        is_readable.then_some(Base64 { from, text: decoded, is_url_safe, is_padded: padding > 0, is_gb })
    }

    pub(super) fn write(&self, treated: &str) -> String {
        let bytes = |text: &str| match self.is_gb {
            true => GB18030.encode(text).0.into_owned(),
            false => text.as_bytes().to_vec(),
        };
        let (treated, length) = (bytes(treated), bytes(&self.text).len());
        let mut out = String::new();
        for three in treated.chunks(3) {
            let bits = three
                .iter()
                .chain([&0, &0])
                .take(3)
                .fold(0usize, |bits, byte| bits << 8 | usize::from(*byte));
            let digits = (0..=three.len()).map(|at| bits >> (18 - 6 * at) & 63);
            let digits = digits.filter_map(|value| ALPHABET.chars().nth(value));
            match self.is_url_safe {
                true => out.extend(digits.map(|digit| match digit {
                    '+' => '-',
                    '/' => '_',
                    other => other,
                })),
                false => out.extend(digits),
            }
        }
        let needed_none = length.is_multiple_of(3);
        while (self.is_padded || (needed_none && !self.is_url_safe)) && !out.len().is_multiple_of(4) {
            out.push('=');
        }
        out
    }
}

/// Text in GB18030: ASCII and at least two characters of GB 2312, nothing else.
fn in_gb(bytes: &[u8]) -> Option<String> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    let codes: Vec<Vec<u8>> = text
        .chars()
        .map(|c| GB18030.encode(&c.to_string()).0.into_owned())
        .filter(|code| code.len() > 1)
        .collect();
    let is_common = |code: &Vec<u8>| {
        let [lead, trail] = code.as_slice() else { return false };
        matches!(lead, 0xa1..=0xa3 | 0xb0..=0xf7) && *trail >= 0xa1
    };
    (codes.len() >= 2 && codes.iter().all(is_common)).then(|| text.into_owned())
}

trait UrlSafe {
    /// The digit of the standard alphabet that means the same.
    fn replace_url_safe(self) -> char;
}

impl UrlSafe for char {
    fn replace_url_safe(self) -> char {
        match self {
            '-' => '+',
            '_' => '/',
            other => other,
        }
    }
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
