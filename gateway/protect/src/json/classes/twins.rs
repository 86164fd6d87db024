//! The ways to sort bytes into classes, beside each other.

use super::*;

/// Sorts a document as the index does, the last block filled with spaces, by every twin this machine can run; how many
/// were compared with the plain one.
///
/// # Panics
/// They differ in a bit.
pub(crate) fn agreement(document: &[u8]) -> usize {
    let (whole, rest) = document.as_chunks::<64>();
    let mut last = [b' '; 64];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    agree(whole) + agree(&[last])
}

pub(super) fn agree(blocks: &[[u8; 64]]) -> usize {
    let mut expect = Seen::default();
    assert!(each_plainly(blocks, &mut expect).is_ok());
    let twins = twins();
    for twin in &twins {
        let mut seen = Seen::default();
        assert!(twin(blocks, &mut seen).is_ok());
        assert_eq!(seen, expect);
    }
    twins.len()
}

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
