use super::twins::agree;
use proptest::prelude::*;

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

proptest! {
    #[test]
    fn blocks_agree_with_the_plain_twin(bytes in prop::collection::vec(any::<u8>(), 640)) {
        agree(bytes.as_chunks::<64>().0);
    }
}
