use std::hint::black_box;

/// Whether two secrets are equal, in time that depends on their lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // `black_box` keeps the compiler from leaving the loop at the first difference.
    a.iter().zip(b).fold(0, |different, (a, b)| black_box(different | (a ^ b))) == 0
}
