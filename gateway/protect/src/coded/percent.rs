//! Percent-encoding (RFC 3986 2.1) as forms use it: `+` is a space.

/// Decoded text, with the way back to where it stood.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) text: String,
    /// For each byte where it is spelt; empty when the text stands as it is.
    spelt: Vec<usize>,
    /// Bytes of the spelling.
    length: usize,
}

impl Plain {
    /// Decodes a text. What isn't UTF-8 once decoded stands as it is.
    pub(crate) fn of(raw: &str) -> Plain {
        let as_it_is = || Plain { text: raw.to_owned(), spelt: Vec::new(), length: raw.len() };
        if memchr::memchr2(b'%', b'+', raw.as_bytes()).is_none() {
            return as_it_is();
        }
        let (mut decoded, mut spelt) = (Vec::with_capacity(raw.len()), Vec::with_capacity(raw.len()));
        let mut rest = raw.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            spelt.push(raw.len() - rest.len());
            let (byte, next) = match first {
                b'%' => octet(behind).unwrap_or((b'%', behind)),
                b'+' => (b' ', behind),
                other => (*other, behind),
            };
            decoded.push(byte);
            rest = next;
        }
        match String::from_utf8(decoded) {
            Ok(text) => Plain { text, spelt, length: raw.len() },
            Err(_) => as_it_is(),
        }
    }

    /// Where the byte at an offset of the text is spelt.
    pub(crate) fn place(&self, at: usize) -> usize {
        match self.spelt.is_empty() {
            true => at,
            false => self.spelt.get(at).copied().unwrap_or(self.length),
        }
    }
}

/// Whether a text has an encoded byte.
pub(super) fn is_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'%', bytes).any(|at| bytes.get(at + 1..).and_then(octet).is_some())
}

/// Appends a text so that it can stand in a value; `keeps_script` leaves characters that aren't ASCII.
pub(crate) fn encode(text: &str, keeps_script: bool, out: &mut String) {
    for character in text.chars() {
        // The asterisk is no delimiter in forms, and masks are made of it.
        let is_kept = character.is_ascii_alphanumeric() || "-._~*".contains(character);
        if is_kept || (keeps_script && !character.is_ascii()) {
            out.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(digit.into(), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
}

/// The byte that two digits spell, and what stands behind them.
fn octet(digits: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = digits.split_first_chunk()?;
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    Some(((value(high)? << 4 | value(low)?) as u8, rest))
}
