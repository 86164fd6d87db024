use super::*;

#[test]
fn e3_layout_is_the_documented_one() {
    let header = Header {
        begun: Begun::Break,
        stream: *b"0123456789abcdef",
        number: 0x0102,
        first: 0x0304,
        created: 0x0506,
        previous: [0xcd; 32],
    };
    let (bytes, hash) = header.encode();
    let mut expect = b"YB-AUDIT\0\0\0\x03\0\0\0\x020123456789abcdef".to_vec();
    expect.extend_from_slice(b"\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\x03\x04\0\0\0\0\0\0\x05\x06");
    expect.extend_from_slice(&[0xcd; 32]);
    assert_eq!(bytes[..88], expect);
    assert_eq!(hash, sm3(&[b"yingbi/audit/segment/1", &expect]));
    assert_eq!(bytes[88..], hash);
    assert_eq!(Header::decode(&bytes), Ok((header, hash)));

    let head = Head { kind: FrameKind::Record, length: 2, sequence: 7, position: 3 };
    let encoded = head.encode();
    // The CRC is zlib's: python3 -c 'import zlib; print(zlib.crc32(bytes.fromhex("...")))'.
    assert_eq!(yingbi_crypto::hex::encode(&encoded), "5942520000000002000000000000000700000003c164e889");
    assert_eq!(Head::decode(&encoded), Some(head));
    assert_eq!(chain(&hash, &encoded, b"{}"), sm3(&[b"yingbi/audit/record/1", &hash, &encoded, b"{}"]));
}

#[test]
fn e3_no_changed_byte_passes_for_a_header_or_head() {
    let header =
        Header { begun: Begun::First, stream: [1; 16], number: 0, first: 0, created: 0, previous: [0; 32] };
    let (bytes, _) = header.encode();
    let head = Head { kind: FrameKind::Seal, length: 40, sequence: 9, position: 0 }.encode();
    for bit in 0..8 {
        for at in 0..bytes.len() {
            let mut changed = bytes;
            changed[at] ^= 1 << bit;
            assert!(Header::decode(&changed).is_err(), "header byte {at}");
        }
        for at in 0..head.len() {
            let mut changed = head;
            changed[at] ^= 1 << bit;
            assert_eq!(Head::decode(&changed), None, "head byte {at}");
        }
    }
    assert_eq!(Header::decode(&bytes[..119]), Err(BadHeader::Short));
    assert_eq!(Head::decode(&head[..23]), None);
}

#[test]
fn names_sort_as_the_log_runs_and_only_ours_are_read() {
    assert_eq!(name(3), "0000000000000003.ybl");
    for good in [0, 1, 9_999_999_999_999_999] {
        assert_eq!(number(&name(good)), Some(good));
    }
    for bad in ["3.ybl", "0000000000000003.ybl.new", "+000000000000003.ybl", "0000000000000003", "lock", ""] {
        assert_eq!(number(bad), None, "{bad}");
    }
    assert!(name(9) < name(10));
}

#[test]
fn e3_no_commit_ends_at_the_start_of_a_sector() {
    for at in 0..2000 {
        for payload in [2, 40, 461, 700] {
            let padding = padding(at, payload);
            let within = (at as usize + HEAD_BYTES + payload + padding + HASH_BYTES) % SECTOR_BYTES;
            assert!(within == 0 || within > GUARD_BYTES, "{payload} at {at}");
            assert!(padding <= GUARD_BYTES);
        }
    }
    let seal = seal(7, &[b' '; 32]);
    for (padding, is_good) in
        [(&b""[..], true), (b" ", true), (&PADDING, true), (b"\0", false), (&[b' '; 41], false)]
    {
        assert_eq!(is_seal(&[&seal[..], padding].concat(), 7, &[b' '; 32]), is_good);
    }
    assert!(!is_seal(&seal[..39], 7, &[b' '; 32]) && !is_seal(&seal, 8, &[b' '; 32]));
}

#[test]
fn e3_logs_of_earlier_versions_are_read() {
    let header =
        Header { begun: Begun::First, stream: [1; 16], number: 0, first: 0, created: 0, previous: [0; 32] };
    let (mut bytes, _) = header.encode();
    let mut of = |version: u8| {
        bytes[11] = version;
        let hash = sm3(&[b"yingbi/audit/segment/1", &bytes[..88]]);
        bytes[88..].copy_from_slice(&hash);
        Header::decode(&bytes).map(|(header, _)| header)
    };
    for version in [1, 2, 3] {
        assert_eq!(of(version), Ok(header.clone()));
    }
    assert_eq!((of(0), of(4)), (Err(BadHeader::Version(0)), Err(BadHeader::Version(4))));
}
