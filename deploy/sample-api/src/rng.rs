//! A small deterministic generator (SplitMix64), so that one seed always makes the same people. Not for secrets.

/// Deterministic stream of numbers.
pub(crate) struct Rng(u64);

impl Rng {
    /// The stream of one person (or one document) under one seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Rng {
        let mut rng = Rng(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        rng.next();
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..high`.
    pub(crate) fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }

    /// True in `percent` of the cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.range(0, 100) < percent
    }

    /// One of the items.
    pub(crate) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let index = self.range(0, items.len() as u64) as usize;
        items.get(index).copied().unwrap_or_default()
    }

    /// `count` decimal digits, the first not zero.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|i| char::from(b'0' + self.range(u64::from(i == 0), 10) as u8)).collect()
    }

    /// `count` characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(self.pick(alphabet))).collect()
    }
}
