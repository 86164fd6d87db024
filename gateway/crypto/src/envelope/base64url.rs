//! Base64 with the alphabet for URLs, without padding (RFC 4648 5).

/// Appends the text. Looks characters up: what is written is not secret.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
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

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "six bits number one of 64 characters")]
fn character(bits: u64) -> u8 {
    ALPHABET[(bits & 63) as usize]
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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
}
