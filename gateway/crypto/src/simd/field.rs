//! SM4's S-box in the field that processors invert in: matrices derived from the two fields' definitions.
//!
//! GB/T 32907 inverts modulo x⁸+x⁷+x⁶+x⁵+x⁴+x²+1, processors modulo AES's x⁸+x⁴+x³+x+1. Fields of one size are one
//! field: sending x to a root of the first polynomial in the second field carries sums and products over. So
//! `s(x) = A·I(A·x + c) + c` becomes an affine map into AES's field, its inverse, and an affine map back.

/// An affine map of bytes: row `i` masks the input bits whose parity is bit `i` of the output.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    rows: [u8; 8],
    constant: u8,
}

/// Before the inverse in AES's field.
pub(super) const INTO: Affine = Affine { rows: A, constant: C }.then(ISOMORPHISM);

/// After the inverse in AES's field.
pub(super) const BACK: Affine = ISOMORPHISM.inverse().then(Affine { rows: A, constant: C });

/// After AES's S-box, which has an affine map of its own after the inverse.
pub(super) const BACK_FROM_AES: Affine =
    Affine { rows: circulant(0xf1), constant: 0x63 }.inverse().then(BACK);

impl Affine {
    /// As the operand of `gf2p8affineqb`: the row of bit 0 is the highest byte.
    pub(super) const fn matrix(self) -> i64 {
        u64::from_be_bytes(self.rows) as i64
    }

    /// As the immediate of `gf2p8affineqb`.
    pub(super) const fn constant(self) -> i32 {
        self.constant as i32
    }

    /// The images of the 16 low nibbles, and of the 16 high ones without the constant: their sum is the image.
    pub(super) const fn nibbles(self) -> ([u8; 16], [u8; 16]) {
        let (mut low, mut high) = ([0; 16], [0; 16]);
        let (mut rest_low, mut rest_high, mut nibble): (&mut [u8], &mut [u8], u8) = (&mut low, &mut high, 0);
        while let ([l, next_low @ ..], [h, next_high @ ..]) = (rest_low, rest_high) {
            *l = self.apply(nibble);
            *h = self.apply(nibble << 4) ^ self.constant;
            (rest_low, rest_high, nibble) = (next_low, next_high, nibble.wrapping_add(1));
        }
        (low, high)
    }

    pub(super) const fn apply(self, byte: u8) -> u8 {
        let (mut rest, mut bit, mut out): (&[u8], u32, u8) = (&self.rows, 0, self.constant);
        while let [row, next @ ..] = rest {
            out ^= ((*row & byte).count_ones() as u8 & 1) << bit;
            (rest, bit) = (next, bit + 1);
        }
        out
    }

    /// `next` after `self`.
    const fn then(self, next: Affine) -> Affine {
        Affine::of(Map::Chain(self, next))
    }

    /// The affine map that undoes this one.
    const fn inverse(self) -> Affine {
        Affine::of(Map::Inverse(self))
    }

    /// The matrix of a map that is known to be affine, from where it takes zero and the single bits.
    const fn of(map: Map) -> Affine {
        let constant = map.apply(0);
        let (mut rows, mut column) = (0u64, 0);
        while column < 8 {
            let image = map.apply(1 << column) ^ constant;
            let mut row = 0;
            while row < 8 {
                rows |= ((image >> row & 1) as u64) << (8 * row + column);
                row += 1;
            }
            column += 1;
        }
        Affine { rows: rows.to_le_bytes(), constant }
    }
}

/// Maps of bytes by what they do.
enum Map {
    Chain(Affine, Affine),
    Inverse(Affine),
    /// Sends x to this element of AES's field.
    Root(u8),
}

impl Map {
    const fn apply(&self, byte: u8) -> u8 {
        match self {
            Map::Chain(first, second) => second.apply(first.apply(byte)),
            Map::Inverse(map) => {
                let mut candidate = 0;
                while map.apply(candidate) != byte {
                    candidate += 1;
                }
                candidate
            }
            Map::Root(root) => at_root(byte as u16, *root),
        }
    }
}

/// A root of SM4's polynomial in AES's field; of the eight the lowest.
const ISOMORPHISM: Affine = {
    let mut root = 0;
    while at_root(SM4_POLYNOMIAL, root) != 0 {
        root += 1;
    }
    Affine::of(Map::Root(root))
};

/// The value of a polynomial, one bit a coefficient, in AES's field.
const fn at_root(polynomial: u16, root: u8) -> u8 {
    let (mut value, mut bit) = (0, 9);
    while bit > 0 {
        bit -= 1;
        value = multiply(value, root) ^ (polynomial >> bit & 1) as u8;
    }
    value
}

const fn multiply(a: u8, b: u8) -> u8 {
    let (mut product, mut a, mut bit) = (0, a as u16, 0);
    while bit < 8 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 0x100 != 0 {
            a ^= AES_POLYNOMIAL;
        }
        bit += 1;
    }
    product as u8
}

/// Row `i` is the first one rotated by `i`.
const fn circulant(first: u8) -> [u8; 8] {
    [
        first,
        first.rotate_left(1),
        first.rotate_left(2),
        first.rotate_left(3),
        first.rotate_left(4),
        first.rotate_left(5),
        first.rotate_left(6),
        first.rotate_left(7),
    ]
}

/// Where each byte is after AES's ShiftRows, for words rotated by 0, 8, 16 and 24 bits.
pub(super) const RESTORING: [[u8; 16]; 4] = [
    [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3],
    [7, 0, 13, 10, 11, 4, 1, 14, 15, 8, 5, 2, 3, 12, 9, 6],
    [10, 7, 0, 13, 14, 11, 4, 1, 2, 15, 8, 5, 6, 3, 12, 9],
    [13, 10, 7, 0, 1, 14, 11, 4, 5, 2, 15, 8, 9, 6, 3, 12],
];

/// The matrix of SM4's S-box.
const A: [u8; 8] = circulant(0xa7);

/// The constant of SM4's S-box.
const C: u8 = 0xd3;

const SM4_POLYNOMIAL: u16 = 0x1f5;

const AES_POLYNOMIAL: u16 = 0x11b;

#[cfg(test)]
mod tests;
