use super::*;
use proptest::prelude::*;

/// Notes the classes of each block and the parities of its quotes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen(Vec<(Classes, u64)>);

impl Blocks for Seen {
    fn block<M: Machine>(&mut self, machine: M, classes: &Classes) -> Result<(), Uninspectable> {
        self.0.push((*classes, machine.prefix_xor(classes.quote)));
        Ok(())
    }
}

type Twin = fn(&[[u8; 64]], &mut Seen) -> Result<(), Uninspectable>;

/// Everything this machine can run; the dispatching function last.
fn twins() -> Vec<Twin> {
    let mut twins: Vec<Twin> = vec![];
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of x86-64.
        twins.push(|blocks, seen| unsafe { x86::each_sse2(blocks, seen) });
        if x86::has_avx2() {
            // SAFETY: the machine was just found to have what it needs.
            twins.push(|blocks, seen| unsafe { x86::each_avx2(blocks, seen) });
        }
    }
    twins.push(each);
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
    let mut expect = Seen::default();
    each_plainly(blocks, &mut expect).unwrap();
    for twin in twins() {
        let mut seen = Seen::default();
        twin(blocks, &mut seen).unwrap();
        assert_eq!(seen, expect);
    }
}

proptest! {
    #[test]
    fn blocks_agree_with_the_plain_twin(bytes in prop::collection::vec(any::<u8>(), 640)) {
        agree(bytes.as_chunks::<64>().0);
    }
}
