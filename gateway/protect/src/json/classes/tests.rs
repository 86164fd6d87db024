use super::*;
use proptest::prelude::*;

type Classifier = fn(&[[u8; 64]], &mut [Classes]);

/// Everything this machine can run; the dispatching function last.
fn twins() -> Vec<Classifier> {
    let mut twins: Vec<Classifier> = vec![];
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of x86-64.
        twins.push(|blocks, found| unsafe { x86::classify_sse2(blocks, found) });
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have AVX2.
            twins.push(|blocks, found| unsafe { x86::classify_avx2(blocks, found) });
        }
    }
    twins.push(classify);
    twins
}

#[test]
fn every_byte_in_every_place_agrees_with_the_plain_twin() {
    for byte in 0..=255 {
        for at in 0..64 {
            let mut block = [b'a'; 64];
            block[at] = byte;
            agree(&[block]);
        }
    }
}

fn agree(blocks: &[[u8; 64]]) {
    let mut expect = vec![Classes::default(); blocks.len()];
    classify_plainly(blocks, &mut expect);
    for twin in twins() {
        let mut found = vec![Classes::default(); blocks.len()];
        twin(blocks, &mut found);
        assert_eq!(found, expect);
    }
}

proptest! {
    #[test]
    fn blocks_agree_with_the_plain_twin(bytes in prop::collection::vec(any::<u8>(), 640)) {
        agree(bytes.as_chunks::<64>().0);
    }
}
