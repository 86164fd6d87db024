use super::*;
use http::{HeaderName, HeaderValue};

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn framing(
    status: u16,
    is_head: bool,
    version_11: bool,
    lines: &[(&'static str, &'static str)],
) -> Option<(Framing, bool)> {
    let status = StatusCode::from_u16(status).unwrap();
    Framing::of(status, &headers(lines), is_head, version_11).ok()
}

#[test]
fn the_body_is_delimited_in_one_way_or_refused() {
    const CL: &str = "content-length";
    const TE: &str = "transfer-encoding";
    let chunks = Framing::Chunked(Chunk::Size);
    type Case = (u16, bool, bool, &'static [(&'static str, &'static str)], Option<(Framing, bool)>);
    let cases: &[Case] = &[
        (200, false, true, &[], Some((Framing::UntilClose, false))),
        (200, false, true, &[(CL, "5")], Some((Framing::Length(5), true))),
        (200, false, true, &[(CL, "0")], Some((Framing::None, true))),
        (200, false, true, &[(CL, "5"), (CL, "5")], Some((Framing::Length(5), true))),
        (200, false, true, &[(CL, "5"), (CL, "6")], None),
        (200, false, true, &[(CL, "5, 5")], None),
        (200, false, true, &[(CL, "+5")], None),
        (200, false, true, &[(CL, "-5")], None),
        (200, false, true, &[(CL, "0x5")], None),
        (200, false, true, &[(CL, "")], None),
        (200, false, true, &[(CL, "9223372036854775808")], None),
        (200, false, true, &[(CL, "18446744073709551621")], None),
        (200, false, true, &[(TE, "chunked")], Some((chunks, true))),
        (200, false, true, &[(TE, "Chunked")], Some((chunks, true))),
        // Two readings: the chunks are read, and nothing after them.
        (200, false, true, &[(TE, "chunked"), (CL, "5")], Some((chunks, false))),
        (200, false, true, &[(TE, "chunked"), (CL, "x")], None),
        (200, false, true, &[(TE, "chunked"), (TE, "chunked")], None),
        (200, false, true, &[(TE, "gzip, chunked")], None),
        (200, false, true, &[(TE, "chunked, gzip")], None),
        (200, false, true, &[(TE, "identity")], None),
        (200, false, true, &[(TE, "")], None),
        (200, false, false, &[(TE, "chunked")], None),
        (200, false, false, &[(CL, "5")], Some((Framing::Length(5), true))),
        (200, true, true, &[(CL, "5")], Some((Framing::None, true))),
        (200, true, true, &[(TE, "chunked")], Some((Framing::None, true))),
        (204, false, true, &[(CL, "5")], Some((Framing::None, true))),
        (304, false, true, &[], Some((Framing::None, true))),
        (205, false, true, &[(CL, "5")], Some((Framing::Length(5), true))),
    ];
    for (status, is_head, version_11, lines, expect) in cases {
        assert_eq!(framing(*status, *is_head, *version_11, lines), *expect, "{status} {is_head} {lines:?}");
    }
}

/// Reads `wire` in pieces of `step` bytes: the body, what is left behind it, and whether it is over.
fn read(start: Framing, wire: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>, bool), Broken> {
    let (mut framing, mut buffer, mut body) = (start, BytesMut::new(), Vec::new());
    for piece in wire.chunks(step) {
        buffer.extend_from_slice(piece);
        framing.take(&mut buffer, &mut body)?;
    }
    Ok((body, buffer.to_vec(), framing == Framing::None))
}

#[test]
fn chunks_are_read_the_same_however_they_arrive() {
    type Case = (&'static [u8], Result<(&'static [u8], &'static [u8], bool), Broken>);
    let malformed = Err(Broken::Malformed);
    let cases: &[Case] = &[
        (b"0\r\n\r\n", Ok((b"", b"", true))),
        (b"5\r\nhello\r\n0\r\n\r\n", Ok((b"hello", b"", true))),
        (b"5\r\nhello\r\n00\r\n\r\nHTTP/1.1 200", Ok((b"hello", b"HTTP/1.1 200", true))),
        (b"3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n", Ok((b"abc0123456789", b"", true))),
        (b"5;a=\"b\"\r\nhello\r\n0;z\r\nX-Trailer: 1\r\nY: 2\r\n\r\n", Ok((b"hello", b"", true))),
        (b"5 ;a\r\nhello\r\n0\r\n\r\n", Ok((b"hello", b"", true))),
        (b"5\r\nhello\r\n", Ok((b"hello", b"", false))),
        (b"5\r\nhell", Ok((b"hell", b"", false))),
        (b"5\r\nhello\r\n0\r\nX: 1\r\n", Ok((b"hello", b"", false))),
        (b"5\nhello\r\n0\r\n\r\n", malformed),
        (b"\r\n5\r\nhello\r\n0\r\n\r\n", malformed),
        (b" 5\r\nhello\r\n0\r\n\r\n", malformed),
        (b"5 x\r\nhello\r\n0\r\n\r\n", malformed),
        (b"+5\r\nhello\r\n0\r\n\r\n", malformed),
        (b"0x5\r\nhello\r\n0\r\n\r\n", malformed),
        (b"5\r\r\nhello\r\n0\r\n\r\n", malformed),
        (b"5\r\nhello!\r\n0\r\n\r\n", malformed),
        (b"5\r\nhello\n0\r\n\r\n", malformed),
        (b"zz\r\nhello\r\n0\r\n\r\n", malformed),
        (b"10000000000000028\r\nhello\r\n0\r\n\r\n", malformed),
        (b"0\r\nX: 1\n\r\n", malformed),
    ];
    for (wire, expect) in cases {
        for step in 1..=wire.len() {
            let seen = read(Framing::Chunked(Chunk::Size), wire, step);
            let seen = seen.as_ref().map(|(body, rest, over)| (body.as_slice(), rest.as_slice(), *over));
            assert_eq!(seen, expect.as_ref().copied(), "{} by {step}", wire.escape_ascii());
        }
    }
}

#[test]
fn lines_within_chunks_are_bounded() {
    let size = [b"5;".as_slice(), &b"x".repeat(SIZE_LINE)].concat();
    assert_eq!(read(Framing::Chunked(Chunk::Size), &size, 7), Err(Broken::Malformed));
    let trailers = [b"0\r\n".as_slice(), &b"x: y\r\n".repeat(TRAILERS / 6 + 1)].concat();
    assert_eq!(read(Framing::Chunked(Chunk::Size), &trailers, 100), Err(Broken::Malformed));
    let trailer = [b"0\r\n".as_slice(), &b"x".repeat(TRAILERS + 1)].concat();
    assert_eq!(read(Framing::Chunked(Chunk::Size), &trailer, 100), Err(Broken::Malformed));
}

#[test]
fn a_length_takes_no_byte_more() {
    for step in 1..12 {
        let seen = read(Framing::Length(5), b"helloHTTP", step);
        assert_eq!(seen, Ok((b"hello".to_vec(), b"HTTP".to_vec(), true)), "by {step}");
    }
    assert_eq!(read(Framing::Length(5), b"hell", 2), Ok((b"hell".to_vec(), Vec::new(), false)));
}

#[test]
fn only_a_body_that_ends_with_the_connection_may_end_with_it() {
    assert_eq!(Framing::UntilClose.closed(), Ok(()));
    assert_eq!(Framing::Length(1).closed(), Err(Broken::Cut));
    for chunk in [Chunk::Size, Chunk::Data(1), Chunk::DataEnd, Chunk::Trailers(0)] {
        assert_eq!(Framing::Chunked(chunk).closed(), Err(Broken::Cut));
    }
}

#[test]
fn what_is_read_past_the_buffer_counts() {
    for (before, bytes, after) in [
        (Framing::Length(5), 3, Framing::Length(2)),
        (Framing::Length(5), 5, Framing::None),
        (Framing::Chunked(Chunk::Data(5)), 3, Framing::Chunked(Chunk::Data(2))),
        (Framing::Chunked(Chunk::Data(5)), 5, Framing::Chunked(Chunk::DataEnd)),
        (Framing::UntilClose, 5, Framing::UntilClose),
    ] {
        let mut framing = before;
        framing.passed(bytes);
        assert_eq!(framing, after, "{before:?} {bytes}");
    }
    for looked_at in [Chunk::Size, Chunk::DataEnd, Chunk::Trailers(0)] {
        assert_eq!(Framing::Chunked(looked_at).plain(), None);
    }
}
