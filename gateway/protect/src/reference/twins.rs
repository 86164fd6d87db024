//! The twins of the module that sorts bytes into classes, on arbitrary documents.

use super::arbitrary::{Bytes, built, numbers};
use crate::json::agreement;

/// Sorts a document's bytes by every instruction set of this machine and by the plain twin: how many there were.
///
/// # Panics
/// They differ in a bit.
pub fn twins(document: &[u8]) -> usize {
    agreement(document)
}

/// Documents for [`twins`]: JSON, bytes that mean something in JSON, and any bytes; the same for the same seed.
pub fn twin_documents(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut next = numbers(seed);
    std::iter::repeat_with(move || {
        let length = (next() >> 20) as usize % 400;
        let mut bytes: Vec<u8> = (0..length).map(|_| (next() >> 32) as u8).collect();
        match next() >> 8 & 3 {
            0 => bytes,
            1 => built(&mut Bytes::new(&bytes)).into_bytes(),
            _ => {
                for byte in &mut bytes {
                    // Neighbours of what is looked for are what a shuffle or a comparison gets wrong.
                    let near = MARKS.get(usize::from(*byte & 31)).copied().unwrap_or(b'x');
                    *byte = near
                        ^ [0, 0, 0, 0x20, 0x80, 0x40, 1, 0x10]
                            .get(usize::from(*byte >> 5))
                            .copied()
                            .unwrap_or(0);
                }
                bytes
            }
        }
    })
}

const MARKS: &[u8; 32] = b"\"\"\\\\{}[]:,{}[]:, \n\r\t \n\r\t\0\x1f\x1b\x1d\x7f\x80\xff0";
