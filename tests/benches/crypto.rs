//! What sealing, tokens and format-preserving encryption cost, as ratios to RustCrypto's in the same run.
//!
//! All ways of a row alternate within each round and the median round counts, so a ratio is worth more than a time. A
//! full run fails where a ratio that is promised is missed.
//!
//! `cargo bench -p yingbi-tests --bench crypto`; `-- --test` does one round, to see that it runs.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops at what is wrong, and prints")]

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cipher::consts::U12;
use cipher::{KeyIvInit as _, StreamCipher as _};
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use yingbi_crypto::HmacSm3;
use yingbi_crypto::envelope::{Binding, Field, OpenKey, SealKey, parse};
use yingbi_crypto::fpe::{Ff1, Format};
use yingbi_crypto::sm4::gcm::Gcm;
use yingbi_crypto::sm4::{Engine, Sm4};
use yingbi_crypto::token::TokenKey;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type RustCryptoGcm = AesGcm<sm4::Sm4, U12>;

fn main() -> ExitCode {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let mut bench =
        Bench { budget: if is_test { Duration::ZERO } else { Duration::from_secs(2) }, missed: 0 };
    println!("fastest engine: {}", Engine::fastest().name());
    println!("{:<44} {:>12} {:>12} {:>8} {:>9}", "", "ours", "RustCrypto", "ratio", "at least");
    bench.bulk();
    bench.fields();
    bench.tokens();
    bench.formats();
    // One round on a busy machine proves nothing.
    if is_test || bench.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Bench {
    budget: Duration,
    missed: usize,
}

impl Bench {
    /// Long texts, by every engine of the machine.
    fn bulk(&mut self) {
        let mut text = vec![7; BULK];
        let mut other_text = vec![7; BULK];
        let mut other = ctr::Ctr128BE::<sm4::Sm4>::new(&KEY.into(), &[0; 16].into());
        for engine in Engine::available() {
            let cipher = Sm4::on(engine, &KEY);
            let [ours, theirs] = self
                .measure([&mut || cipher.apply_ctr(&[0; 16], black_box(&mut text)), &mut || {
                    other.apply_keystream(black_box(&mut other_text))
                }]);
            let least = match engine.name() {
                "gfni-avx512" => 20.0,
                "gfni-avx2" => 8.0,
                "portable" => 1.0,
                _ => 4.0,
            };
            self.row(&format!("SM4-CTR, 64 KiB, {} (MB/s)", engine.name()), [ours, theirs].map(rate), least);
        }
        let other = RustCryptoGcm::new(&KEY.into());
        for engine in Engine::available() {
            let gcm = Gcm::on(engine, &KEY);
            let [ours, theirs] = self.measure([
                &mut || assert!(gcm.seal(&[1; 12], AAD, black_box(&mut text)).is_ok()),
                &mut || {
                    let text = black_box(other_text.as_mut_slice());
                    assert!(other.encrypt_inout_detached(&Nonce::from([1; 12]), AAD, text.into()).is_ok());
                },
            ]);
            // The promise is for the fastest engine; the others are shown.
            let least = if engine.name() == "gfni-avx512" { 12.0 } else { 1.0 };
            self.row(&format!("SM4-GCM, 64 KiB, {} (MB/s)", engine.name()), [ours, theirs].map(rate), least);
        }
    }

    /// One identity number sealed and encoded, alone and in batches, and opened again.
    fn fields(&mut self) {
        let other = RustCryptoGcm::new(&KEY.into());
        let binding = Binding { tenant: "main", category: "identity.document", path: None, subject: None };
        let aad = binding.to_bytes();
        for count in [1, 8, 64, 1024] {
            let key = SealKey::new("3f9a01bc77de", &KEY, [0, 0, 0, 1]).expect("a key id");
            let fields = vec![Field { aad: &aad, plain: ID }; count];
            let (mut out, mut other_out) = (Vec::new(), Vec::new());
            let [ours, theirs] = self.measure([
                &mut || {
                    out.clear();
                    key.seal_batch(black_box(&fields), &mut out).expect("nonces");
                },
                &mut || {
                    other_out.clear();
                    for field in black_box(&fields) {
                        seal_plainly(&other, field, &mut other_out);
                    }
                },
            ]);
            let each = |time: f64| time / count as f64;
            let least = if count >= 8 { 8.0 } else { 1.0 };
            self.time_row(
                &format!("a field sealed, of {count} together (ns)"),
                [ours, theirs].map(each),
                least,
            );
        }
        let seal = SealKey::new("3f9a01bc77de", &KEY, [0, 0, 0, 1]).expect("a key id");
        let open = OpenKey::new("3f9a01bc77de", &KEY).expect("a key id");
        let mut text = Vec::new();
        seal.seal_into(&aad, ID, &mut text).expect("nonces");
        let text = String::from_utf8(text).expect("ASCII");
        let body = text.rsplit('.').next().expect("a body").to_owned();
        let [ours, theirs] = self.measure([
            &mut || {
                let envelope = parse(black_box(&text)).expect("an envelope");
                drop(black_box(open.open(&envelope, &aad).expect("genuine")));
            },
            &mut || {
                let mut body = BASE64_URL_SAFE_NO_PAD.decode(black_box(&body)).expect("base64");
                let (nonce, rest) = body.split_first_chunk_mut::<12>().expect("a nonce");
                let (sealed, tag) = rest.split_last_chunk_mut::<16>().expect("a tag");
                let (nonce, tag) = (Nonce::from(*nonce), (*tag).into());
                other.decrypt_inout_detached(&nonce, &aad, sealed.into(), &tag).expect("genuine");
            },
        ]);
        self.time_row("a field parsed and opened, alone (ns)", [ours, theirs], 1.0);
        let (texts, mut length) = (vec![text; 64], 0);
        let [together, _] = self.measure([
            &mut || {
                let envelopes: Vec<_> = texts.iter().map(|text| parse(text).expect("an envelope")).collect();
                let fields: Vec<_> = envelopes.iter().map(|envelope| (envelope, aad.as_slice())).collect();
                open.open_batch(&fields, |value| length += value.expect("genuine").len());
            },
            &mut || {},
        ]);
        black_box(length);
        self.time_row("a field parsed and opened, of 64 together (ns)", [together / 64.0, theirs], 2.0);
    }

    fn tokens(&mut self) {
        let key = TokenKey::new(&[7; 32], "identity.document", "risk-model");
        let mac = HmacSm3::new(&[7; 32]);
        let mut out = Vec::new();
        let [ours, bare] = self.measure([
            &mut || {
                for _ in 0..100 {
                    out.clear();
                    key.write(black_box(ID), &mut out);
                }
            },
            &mut || {
                for _ in 0..100 {
                    black_box(mac.tag(&[black_box(ID)]));
                }
            },
        ]);
        // At most 1.1 times the bare tag, whose key is made ready as well.
        self.time_row(
            "a token, against HMAC-SM3 alone (ns)",
            [ours, bare].map(|time| time / 100.0),
            1.0 / 1.1,
        );
    }

    fn formats(&mut self) {
        let ff1 = Ff1::new(&KEY);
        let other = fpe::ff1::FF1::<sm4::Sm4>::new(&KEY, 10).expect("radix 10");
        let digits = "6222021234567890128";
        let numerals: Vec<u16> = digits.bytes().map(|byte| u16::from(byte - b'0')).collect();
        let [ours, theirs] = self.measure([
            &mut || drop(black_box(ff1.encrypt(Format::Digits, AAD, black_box(digits)).expect("digits"))),
            &mut || {
                let numerals = fpe::ff1::FlexibleNumeralString::from(black_box(&numerals).clone());
                drop(black_box(other.encrypt(AAD, &numerals).expect("digits")));
            },
        ]);
        self.time_row("FF1-SM4 of 19 digits (ns)", [ours, theirs], 1.0);
        let id = std::str::from_utf8(ID).expect("ASCII");
        let [walked, _] = self.measure([
            &mut || drop(black_box(ff1.encrypt(Format::ResidentId, AAD, black_box(id)).expect("an id"))),
            &mut || {},
        ]);
        println!("{:<44} {walked:>12.0}", "FF1-SM4 of one identity number (ns)");
    }

    /// A row of rates: more is better.
    fn row(&mut self, name: &str, [ours, theirs]: [f64; 2], least: f64) {
        self.print(name, ours, theirs, ours / theirs, least);
    }

    /// A row of times: less is better.
    fn time_row(&mut self, name: &str, [ours, theirs]: [f64; 2], least: f64) {
        self.print(name, ours, theirs, theirs / ours, least);
    }

    fn print(&mut self, name: &str, ours: f64, theirs: f64, ratio: f64, least: f64) {
        let missed = if ratio < least { "  MISSED" } else { "" };
        self.missed += usize::from(ratio < least);
        println!("{name:<44} {ours:>12.0} {theirs:>12.0} {ratio:>7.2}x {least:>8.2}x{missed}");
    }

    /// Nanoseconds of each way: the median of rounds in which they take turns.
    fn measure<const N: usize>(&self, mut ways: [&mut dyn FnMut(); N]) -> [f64; N] {
        // Each round of a way takes some 200 µs, many times the clock's grain.
        let calls = ways.each_mut().map(|way| {
            way();
            let began = Instant::now();
            way();
            (Duration::from_micros(200).as_nanos() / began.elapsed().as_nanos().max(1)).clamp(1, 100_000)
        });
        let (mut rounds, began) = ([const { Vec::new() }; N], Instant::now());
        loop {
            for ((way, calls), rounds) in ways.iter_mut().zip(calls).zip(&mut rounds) {
                let began = Instant::now();
                for _ in 0..calls {
                    way();
                }
                rounds.push(began.elapsed().as_nanos() as f64 / calls as f64);
            }
            if began.elapsed() >= self.budget {
                break;
            }
        }
        rounds.map(|mut rounds| {
            rounds.sort_by(f64::total_cmp);
            rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
        })
    }
}

/// What a program does that takes the crates as they are: a nonce from the system, base64 of the whole.
fn seal_plainly(gcm: &RustCryptoGcm, field: &Field<'_>, out: &mut Vec<u8>) {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).expect("randomness");
    let mut body = Vec::with_capacity(field.plain.len() + 28);
    body.extend_from_slice(&nonce);
    body.extend_from_slice(field.plain);
    let (_, text) = body.split_at_mut(12);
    let tag = gcm.encrypt_inout_detached(&Nonce::from(nonce), field.aad, text.into()).expect("short");
    body.extend_from_slice(&tag);
    out.extend_from_slice(b"yb1.3f9a01bc77de.");
    out.extend_from_slice(BASE64_URL_SAFE_NO_PAD.encode(&body).as_bytes());
}

/// Megabytes a second of a bulk row.
fn rate(nanoseconds: f64) -> f64 {
    BULK as f64 * 1000.0 / nanoseconds
}

const BULK: usize = 64 << 10;
const KEY: [u8; 16] = [7; 16];
const AAD: &[u8] = b"identity.document";
/// An identity number that nobody has.
const ID: &[u8; 18] = b"11010519491231002X";
