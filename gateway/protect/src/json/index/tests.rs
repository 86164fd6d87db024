use super::*;
use crate::json::bits::{NONE, next};
use proptest::prelude::*;

/// Token positions by a byte-at-a-time state machine.
fn plainly(bytes: &[u8]) -> Result<(Vec<u32>, Vec<u32>), ()> {
    let (mut tokens, mut backslashes) = (vec![], vec![]);
    let (mut in_string, mut escaped, mut scalar) = (false, false, false);
    for (at, byte) in bytes.iter().copied().enumerate() {
        let at = at as u32;
        if byte == b'\\' {
            backslashes.push(at);
        }
        let was_escaped = std::mem::take(&mut escaped);
        escaped = byte == b'\\' && !was_escaped;
        if byte == b'"' && !was_escaped {
            tokens.push(at);
            in_string = !in_string;
            scalar = false;
        } else if in_string {
            if byte < 0x20 {
                return Err(());
            }
            scalar = false;
        } else if b"{}[]:,".contains(&byte) {
            tokens.push(at);
            scalar = false;
        } else if b" \n\r\t".contains(&byte) {
            scalar = false;
        } else {
            if !scalar {
                tokens.push(at);
            }
            scalar = true;
        }
    }
    if in_string { Err(()) } else { Ok((tokens, backslashes)) }
}

/// Every marked byte.
fn positions(bits: &Bits) -> Vec<u32> {
    let mut found = vec![];
    let mut at = next(bits.as_slice(), 0);
    while at != NONE {
        found.push(at);
        at = next(bits.as_slice(), at + 1);
    }
    found
}

proptest! {
    #[test]
    fn tokens_agree_with_a_state_machine(
        bytes in prop::collection::vec(prop::sample::select(b"\"\"\\\\{}[]:, \n\x01a1\xe5".to_vec()), 0..300),
    ) {
        let mut index = Index::default();
        let got = index.build(&bytes).map_err(|_| ());
        let got = got.map(|()| (positions(&index.tokens), positions(&index.backslashes)));
        prop_assert_eq!(got, plainly(&bytes));
    }
}
