//! Content codings: stacked, cut, mislabelled, bombs.

use super::*;
use std::io::Write as _;
use yingbi::exchange::coding;

pub(super) fn cases() -> Vec<Case> {
    let json = person();
    // Codings are written for bodies worth it.
    let padded = [&json[..], &b" ".repeat(2000)].concat();
    let by = |name: &str| coding::encode(&[name], padded.clone().into()).unwrap().body.to_vec();
    let deflate = |raw: bool| {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(&json).unwrap();
        zlib.write_all(&json).unwrap();
        if raw { out.finish().unwrap() } else { zlib.finish().unwrap() }
    };
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let cut = gzip(&json)[..100].to_vec();
    vec![
        case("gzip", Treated, coded("gzip", gzip(&json))),
        case(
            "gzip of two members",
            Treated,
            coded("x-gzip", [gzip(&json[..50]), gzip(&json[50..])].concat()),
        ),
        case("br", Treated, coded("br", by("br"))),
        case("zstd", Treated, coded("zstd", by("zstd"))),
        case("deflate", Treated, coded("deflate", deflate(false))),
        case("raw deflate", Treated, coded("deflate", deflate(true))),
        case("identity", Treated, coded("identity", json.clone())),
        case("gzip in gzip", Treated, coded("gzip, gzip", gzip(&gzip(&json)))),
        case("gzip three times", Refused, coded("gzip, gzip, gzip", gzip(&gzip(&gzip(&json))))),
        case("gzip said twice", Refused, coded("gzip, gzip", gzip(&json))),
        case("gzip not said", Refused, Answer::json(gzip(&json))),
        case("gzip said, plain sent", Refused, coded("gzip", json.clone())),
        case("br said, plain sent", Refused, coded("br", json.clone())),
        case("unknown coding", Refused, coded("compress", json.clone())),
        case("coding of nothing", Whole, coded("", json.clone())),
        case("gzip cut", Refused, coded("gzip", cut)),
        case("value behind gzip", Refused, coded("gzip", [&gzip(b"{}")[..], &json].concat())),
        case("bomb", Refused, coded("gzip", bomb.clone())),
        case("bomb in a bomb", Refused, coded("gzip, gzip", gzip(&bomb))),
        case(
            "bomb of zstd",
            Refused,
            coded("zstd", coding::encode(&["zstd"], vec![b' '; 64 << 20].into()).unwrap().body.to_vec()),
        ),
        case(
            "bomb of br",
            Refused,
            coded("br", coding::encode(&["br"], vec![b' '; 16 << 20].into()).unwrap().body.to_vec()),
        ),
    ]
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn coded(coding: &str, body: Vec<u8>) -> Answer {
    Answer::with(&format!("Content-Type: application/json\r\nContent-Encoding: {coding}\r\n"), body)
}
