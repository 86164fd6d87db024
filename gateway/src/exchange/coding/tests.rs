use super::accept::NotAcceptable;
use super::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use std::io::Write;

const LIMITS: DecodeLimits = DecodeLimits { output_bytes: 1 << 20, ratio: 100, layers: 2 };

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn br(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*body, &mut out, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    out
}

fn zstd(body: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(body, 3).unwrap()
}

type Encoder = fn(&[u8]) -> Vec<u8>;
const CODERS: &[(&str, Encoder)] =
    &[("gzip", gzip), ("x-gzip", gzip), ("deflate", zlib), ("deflate", raw), ("br", br), ("zstd", zstd)];

fn undo(coding: &str, body: Vec<u8>) -> Result<Bytes, CodingError> {
    decode(&[coding], body.into(), &LIMITS)
}

const BODY: &[u8] = br#"{"data":[{"client_name":"x","amount":100.10},{"client_name":"y","amount":7}]}"#;

#[test]
fn reads_every_coding() {
    for (name, code) in CODERS {
        assert_eq!(undo(name, code(BODY)).as_deref(), Ok(BODY), "{name}");
        assert_eq!(undo(&name.to_uppercase(), code(b"")).as_deref(), Ok(&b""[..]), "{name}");
        assert_eq!(undo(name, Vec::new()).as_deref(), Ok(&b""[..]), "{name}");
    }
    assert_eq!(undo("identity", BODY.into()).as_deref(), Ok(BODY));
    assert_eq!(undo("identity, gzip", gzip(BODY)).as_deref(), Ok(BODY));
    assert_eq!(decode(&[], BODY.into(), &LIMITS).as_deref(), Ok(BODY));
    assert_eq!(undo("gzip", [gzip(b"ab"), gzip(b"cd")].concat()).as_deref(), Ok(&b"abcd"[..]));
    assert_eq!(undo("zstd", [zstd(b"ab"), zstd(b"cd")].concat()).as_deref(), Ok(&b"abcd"[..]));
    assert_eq!(undo("gzip, br", br(&gzip(BODY))).as_deref(), Ok(BODY));
    assert_eq!(decode(&["br", "zstd"], zstd(&br(BODY)).into(), &LIMITS).as_deref(), Ok(BODY));
}

#[test]
fn p6_refuses_what_it_cannot_read() {
    for name in
        ["compress", "x-compress", "aes128gcm", "dcb", "gzip;q=1", "gzip br", "", "gzip,", "none", "*"]
    {
        assert_eq!(undo(name, BODY.into()), Err(CodingError::Unsupported), "{name}");
    }
    assert_eq!(undo("gzip, gzip, gzip", gzip(&gzip(&gzip(BODY)))), Err(CodingError::TooManyLayers));
    assert_eq!(decode(&["br", "br", "br"], BODY.into(), &LIMITS), Err(CodingError::TooManyLayers));
    assert_eq!(undo("gzip", BODY.into()), Err(CodingError::Corrupt));
    assert_eq!(undo("gzip", [gzip(BODY), b"13800138000".to_vec()].concat()), Err(CodingError::TrailingData));
    assert_eq!(undo("gzip", [gzip(BODY), vec![0; 8]].concat()), Err(CodingError::TrailingData));
    assert_eq!(undo("deflate", [zlib(BODY), b"x".to_vec()].concat()), Err(CodingError::TrailingData));
    assert_eq!(undo("deflate", [raw(BODY), b"x".to_vec()].concat()), Err(CodingError::TrailingData));
    assert_eq!(undo("br", [br(BODY), b"x".to_vec()].concat()), Err(CodingError::TrailingData));
    assert_eq!(undo("zstd", [zstd(BODY), b"xxxxx".to_vec()].concat()), Err(CodingError::TrailingData));
    // Blocks of zeros, 128 KiB from four bytes each: refused before they are held.
    let dense = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58][..], &[0x02, 0x00, 0x10, 0x00].repeat(1000)].concat();
    assert_eq!(undo("zstd", dense), Err(CodingError::TooLarge));
}

#[test]
fn f19_a_cut_body_is_no_body() {
    for (name, code) in CODERS {
        let whole = code(BODY);
        for len in 1..whole.len() {
            let cut = undo(name, whole[..len].to_vec());
            assert!(cut.is_err(), "{name} cut to {len} of {} gave {cut:?}", whole.len());
        }
    }
}

#[test]
fn a_changed_check_sum_is_seen() {
    for (name, code) in [("gzip", gzip as Encoder), ("deflate", zlib)] {
        let mut body = code(BODY);
        let at = body.len() - if name == "gzip" { 5 } else { 1 };
        body[at] ^= 1;
        assert_eq!(undo(name, body), Err(CodingError::Corrupt), "{name}");
    }
}

#[test]
fn f17_bombs_are_bounded() {
    let zeros = vec![b'0'; 8 << 20];
    for (name, code) in CODERS {
        assert_eq!(undo(name, code(&zeros)), Err(CodingError::TooLarge), "{name}");
        // Below the size limit, above the ratio.
        assert_eq!(undo(name, code(&zeros[..1 << 19])), Err(CodingError::TooLarge), "{name}");
        // Dense but small is fine.
        assert_eq!(undo(name, code(&zeros[..60_000])).map(|body| body.len()), Ok(60_000), "{name}");
    }
    assert_eq!(undo("gzip, gzip", gzip(&gzip(&zeros))), Err(CodingError::TooLarge));
    // A frame that asks for a window of 128 MiB is refused before it is allocated.
    assert!(undo("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00]).is_err());
}

#[test]
fn chooses_what_the_client_likes() {
    let big = MIN_BYTES;
    for (accept, len, expected) in [
        (&["gzip"][..], big, Ok(Some(Coding::Gzip))),
        (&["gzip"], big - 1, Ok(None)),
        (&["x-gzip"], big, Ok(Some(Coding::Gzip))),
        (&["gzip, deflate, br, zstd"], big, Ok(Some(Coding::Zstd))),
        (&["gzip, br"], big, Ok(Some(Coding::Gzip))),
        (&["gzip;q=0.5, br;q=0.8"], big, Ok(Some(Coding::Brotli))),
        (&["gzip ; Q=0.501", "br;q=0.5"], big, Ok(Some(Coding::Gzip))),
        (&["gzip;q=0"], big, Ok(None)),
        (&["gzip;q=0.5, identity"], big, Ok(None)),
        (&["identity;q=0.2, gzip;q=0.5"], big, Ok(Some(Coding::Gzip))),
        (&["*"], big, Ok(Some(Coding::Zstd))),
        (&["zstd;q=0, *"], big, Ok(Some(Coding::Gzip))),
        (&["deflate"], big, Ok(None)),
        (&["gzip;q=2"], big, Ok(None)),
        (&["gzip;q=0.5555"], big, Ok(None)),
        (&["gzip;level=1"], big, Ok(None)),
        (&[""], big, Ok(None)),
        (&[], big, Ok(None)),
        (&["identity;q=0"], 1, Err(NotAcceptable)),
        (&["*;q=0"], 1, Err(NotAcceptable)),
        (&["identity;q=0, gzip"], 1, Ok(Some(Coding::Gzip))),
        (&["*;q=0, gzip"], 1, Ok(Some(Coding::Gzip))),
        (&["identity, *;q=0"], big, Ok(None)),
    ] {
        assert_eq!(negotiate(accept, len), expected, "{accept:?} {len}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(body in proptest::collection::vec(any::<u8>(), 0..4000), dense in any::<bool>()) {
        let body = if dense { body.iter().map(|byte| byte & 1).collect() } else { body };
        for accept in ["gzip", "br", "zstd", "identity"] {
            let coded = encode(&[accept], body.clone().into()).unwrap();
            let name = coded.coding.map_or("identity", Coding::name);
            prop_assert_eq!(decode(&[name], coded.body, &LIMITS).unwrap(), body.clone());
        }
    }

    #[test]
    fn p7_however_it_is_cut_it_is_read_alike(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        coder in 0..6usize,
        sizes in proptest::collection::vec(0..9usize, 1..20),
        wrong in any::<Option<(usize, u8)>>(),
    ) {
        let (name, code) = CODERS[coder];
        let mut coded = [code(&body), code(&body)].concat();
        if let Some((at, by)) = wrong {
            let at = at % coded.len();
            coded[at] ^= by;
        }
        let whole = undo(name, coded.clone());
        let mut layers = Layers::new(&parse(&[name]).unwrap(), &LIMITS).unwrap();
        let (mut rest, mut out) = (coded.as_slice(), Vec::new());
        let mut pieces = Ok(());
        for size in sizes.iter().cycle().map(|size| size + 1) {
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            pieces = layers.push(piece, &mut |plain| { out.extend_from_slice(plain); Ok::<(), CodingError>(()) });
            rest = behind;
            if pieces.is_err() || rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(whole.is_ok(), pieces.and_then(|()| layers.end()).is_ok());
        if let Ok(whole) = whole {
            prop_assert_eq!(whole, out);
        }
    }

    #[test]
    fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..300), coder in 0..6usize, at in any::<usize>()) {
        let (name, code) = CODERS[coder];
        let _ = undo(name, body.clone());
        let mut coded = code(&body);
        let at = at % coded.len();
        coded[at] = coded[at].wrapping_add(1);
        let _ = undo(name, coded);
    }
}
