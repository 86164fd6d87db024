//! Base64 with the alphabet for URLs, without padding (RFC 4648 5).

/// Appends the text. Looks characters up: what is written is not secret.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let (sixes, rest) = bytes.as_chunks::<6>();
    for [a, b, c, d, e, f] in sixes {
        let bits = u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]);
        out.extend_from_slice(&[42, 36, 30, 24, 18, 12, 6, 0].map(|shift| character(bits >> shift)));
    }
    let (threes, rest) = rest.as_chunks::<3>();
    for [a, b, c] in threes {
        let bits = u64::from_be_bytes([0, 0, 0, 0, 0, *a, *b, *c]);
        out.extend_from_slice(&[18, 12, 6, 0].map(|shift| character(bits >> shift)));
    }
    match *rest {
        [a] => {
            let bits = u64::from(a) << 4;
            out.extend_from_slice(&[6, 0].map(|shift| character(bits >> shift)));
        }
        [a, b] => {
            let bits = u64::from(u16::from_be_bytes([a, b])) << 2;
            out.extend_from_slice(&[12, 6, 0].map(|shift| character(bits >> shift)));
        }
        _ => {}
    }
}

/// The bytes of a text that is written the one way there is: no padding, no other characters, unused bits zero.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (fours, rest) = text.as_bytes().as_chunks::<4>();
    let mut bytes = Vec::with_capacity(fours.len() * 3 + 2);
    // Any character of another alphabet leaves its high bits here.
    let mut wrong = 0;
    for four in fours {
        let [a, b, c, d] = four.map(value);
        wrong |= a | b | c | d;
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    match *rest {
        [] => {}
        [a, b] => {
            let [a, b] = [a, b].map(value);
            wrong |= a | b | if b & 0x0f == 0 { 0 } else { 255 };
            bytes.push(a << 2 | b >> 4);
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(value);
            wrong |= a | b | c | if c & 0x03 == 0 { 0 } else { 255 };
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        _ => return None,
    }
    (wrong < 64).then_some(bytes)
}

/// Six bits, or 255.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a byte numbers one of 256 entries")]
fn value(character: u8) -> u8 {
    VALUES[usize::from(character)]
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "six bits number one of 64 characters")]
fn character(bits: u64) -> u8 {
    ALPHABET[(bits & 63) as usize]
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[expect(
    clippy::indexing_slicing,
    reason = "computed when compiling, where a place that is not there is an error"
)]
const VALUES: [u8; 256] = {
    let (mut values, mut at) = ([255; 256], 0);
    while at < 64 {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    #[test]
    fn every_length_is_written_as_another_implementation_does() {
        let bytes: Vec<u8> = (0..300u32).map(|n| (n * 197 + 11) as u8).collect();
        for length in 0..bytes.len() {
            let mut out = b"x".to_vec();
            super::encode(&bytes[..length], &mut out);
            assert_eq!(out, format!("x{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes[..length])).into_bytes());
        }
    }

    proptest::proptest! {
        #[test]
        fn texts_are_read_as_another_implementation_does(text in "[A-Za-z0-9_-]{0,90}[=+/ .AQgwé]?") {
            // That engine takes neither padding nor unused bits that are set.
            proptest::prop_assert_eq!(super::decode(&text), BASE64_URL_SAFE_NO_PAD.decode(&text).ok());
        }

        #[test]
        fn what_is_written_is_read_again(bytes: Vec<u8>) {
            let mut text = Vec::new();
            super::encode(&bytes, &mut text);
            let text = String::from_utf8(text).unwrap();
            proptest::prop_assert_eq!(super::decode(&text), Some(bytes));
        }
    }

    #[test]
    fn every_last_character_is_judged_as_another_implementation_does() {
        for last in 0..128u8 {
            for start in ["", "A", "AB", "ABC", "ABCD"] {
                let text = format!("{start}{}", char::from(last));
                assert_eq!(super::decode(&text), BASE64_URL_SAFE_NO_PAD.decode(&text).ok(), "{text:?}");
            }
        }
    }
}
