use super::*;

/// What was measured to be the fastest in the field: the operands of `gf2p8affineqb` and `gf2p8affineinvqb`.
#[test]
fn the_operands_are_those_that_were_published() {
    assert_eq!((INTO.matrix() as u64, INTO.constant()), (0x4c28_7db9_1a22_505d, 0x3e));
    assert_eq!((BACK.matrix() as u64, BACK.constant()), (0xf3ab_34a9_74a6_b589, 0xd3));
}

#[test]
fn the_maps_around_the_inverse_are_the_s_box() {
    for byte in 0..=255u8 {
        let inside = INTO.apply(byte);
        let inverse = (0..254).fold(1, |power, _| multiply(power, inside));
        let expected = crate::sm4::bitslice::substitute(u32::from(byte)) as u8;
        assert_eq!(BACK.apply(inverse), expected, "{byte:02x}");
        let aes = Affine { rows: circulant(0xf1), constant: 0x63 }.apply(inverse);
        assert_eq!(BACK_FROM_AES.apply(aes), expected, "{byte:02x}");
        let (low, high) = INTO.nibbles();
        assert_eq!(low[usize::from(byte & 15)] ^ high[usize::from(byte >> 4)], inside);
    }
}

#[test]
fn the_image_of_a_product_is_the_product_of_the_images() {
    let multiply_sm4 = |a: u8, b: u8| {
        let mut product = 0u16;
        for bit in (0..8).rev() {
            product = product << 1 ^ if b >> bit & 1 == 1 { u16::from(a) } else { 0 };
            product ^= if product & 0x100 == 0 { 0 } else { SM4_POLYNOMIAL };
        }
        product as u8
    };
    for (a, b) in (0..=255u8).flat_map(|a| (0..=255).step_by(7).map(move |b| (a, b))) {
        let image = multiply(ISOMORPHISM.apply(a), ISOMORPHISM.apply(b));
        assert_eq!(ISOMORPHISM.apply(multiply_sm4(a, b)), image);
    }
}
