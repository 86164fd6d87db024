use super::*;

fn statement() -> Statement {
    Statement {
        ended: Ended::Broken,
        stream: *b"0123456789abcdef",
        number: 0x0102,
        first: 0x0304,
        next: 0x0506,
        created: 0x0708,
        closed: 0x090a,
        chain: [0xc1; 32],
        link: [0xc2; 32],
        root: [0xc3; 32],
        index: [0xc4; 32],
    }
}

#[test]
fn e4_layout_is_the_documented_one() {
    let bytes = statement().encode();
    let mut expect = b"YB-SLICE\0\0\0\x01\0\0\0\x020123456789abcdef".to_vec();
    for number in [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]] {
        expect.extend_from_slice(&[0; 6]);
        expect.extend_from_slice(&number);
    }
    for byte in [0xc1, 0xc2, 0xc3, 0xc4] {
        expect.extend_from_slice(&[byte; 32]);
    }
    assert_eq!(expect.len(), 200);
    assert_eq!(bytes[..200], expect);
    assert_eq!(bytes[200..], sm3(&[b"yingbi/audit/slice/1", &expect]));
    assert_eq!(statement().leaf(), sm3(&[&[0], &expect]));
    assert_eq!(Statement::decode(&bytes), Ok(statement()));
}

#[test]
fn e4_no_changed_bit_passes_for_a_statement() {
    let bytes = statement().encode();
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes;
        changed[at / 8] ^= 1 << (at % 8);
        assert!(Statement::decode(&changed).is_err(), "bit {at}");
    }
    assert_eq!(Statement::decode(&bytes[..231]), Err(BadStatement::Short));
    // A whole statement in another's place is none.
    assert!(read(&bytes).iter().all(Result::is_err));
}
