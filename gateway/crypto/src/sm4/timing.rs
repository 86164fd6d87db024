//! Whether the time of sealing tells anything of text or key: a smoke test in the manner of dudect (Reparaz, Balasch,
//! Verbauwhede 2017). Two classes of input, one of them always the same, take turns by chance; Welch's t says how surely
//! their times differ. A busy machine makes noise, so only a gross t, three times over, is a failure.

use super::gcm::Gcm;
use super::{Engine, Sm4};
use std::hint::black_box;
use std::time::Instant;

#[test]
fn k1_no_engines_time_depends_on_the_text() {
    for engine in Engine::available() {
        let cipher = Sm4::on(engine, &[0x5a; 16]);
        let t = smallest_t(|input| {
            let mut blocks = [*input; BLOCKS];
            time(|| cipher.encrypt_each(black_box(&mut blocks)))
        });
        println!("{} t = {t:.1}", engine.name());
        assert!(t < GROSS, "{}: t = {t:.1}", engine.name());
    }
}

#[test]
fn k1_no_engines_time_depends_on_the_key() {
    for engine in Engine::available() {
        let t = smallest_t(|input| {
            let mut text = [0x33; 16 * BLOCKS];
            // Expansion, GHASH's powers, encryption and tag.
            time(|| {
                let sealed = Gcm::on(engine, black_box(input)).seal(&[1; 12], b"aad", black_box(&mut text));
                assert!(sealed.is_ok());
            })
        });
        println!("{} t = {t:.1}", engine.name());
        assert!(t < GROSS, "{}: t = {t:.1}", engine.name());
    }
}

/// A test that can't fail shows nothing: this leak of some hundred steps is found.
#[test]
fn a_leak_is_found() {
    let cipher = Sm4::on(Engine::PORTABLE, &[0x5a; 16]);
    let t = smallest_t(|input| {
        let mut blocks = [*input; BLOCKS];
        time(|| {
            cipher.encrypt_each(black_box(&mut blocks));
            if input == &[0; 16] {
                (0..500u32).for_each(|step| drop(black_box(step.to_string())));
            }
        })
    });
    println!("leak t = {t:.1}");
    assert!(t > GROSS, "t = {t:.1}");
}

/// The smallest |t| of three tries; the first that is not gross ends them.
fn smallest_t(mut measure: impl FnMut(&[u8; 16]) -> f64) -> f64 {
    let mut smallest = f64::INFINITY;
    for seed in [1, 2, 3] {
        smallest = smallest.min(t_of(&mut measure, seed).abs());
        if smallest < GROSS {
            break;
        }
    }
    smallest
}

fn t_of(measure: &mut impl FnMut(&[u8; 16]) -> f64, seed: u64) -> f64 {
    let mut state = seed;
    let mut random = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    let mut times: Vec<(bool, f64)> = Vec::with_capacity(MEASUREMENTS);
    for _ in 0..MEASUREMENTS {
        // Both classes are made by the same steps: random bytes that a mask clears or leaves.
        let fixed = random() & 1 == 0;
        let mask = if fixed { 0 } else { u128::MAX };
        let input = (u128::from(random()) << 64 | u128::from(random())) & mask;
        times.push((fixed, measure(&black_box(input.to_ne_bytes()))));
    }
    // What the system interrupted says nothing: the slowest fifth goes.
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted[MEASUREMENTS * 4 / 5];
    let [fixed, random] = [true, false].map(|class| {
        let of_class: Vec<f64> = times
            .iter()
            .filter(|(fixed, time)| *fixed == class && *time <= limit)
            .map(|(_, time)| *time)
            .collect();
        // A class that is all above the limit differs as grossly as can be.
        if of_class.len() < 10 { (f64::INFINITY, 1.0) } else { mean_and_error(&of_class) }
    });
    if fixed.0.is_infinite() || random.0.is_infinite() {
        return f64::INFINITY;
    }
    (fixed.0 - random.0) / (fixed.1 + random.1).sqrt().max(f64::MIN_POSITIVE)
}

/// The mean, and the square of its error.
fn mean_and_error(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance / count)
}

fn time(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_nanos() as f64
}

/// dudect speaks of a leak from 4.5 on, on a quiet machine.
const GROSS: f64 = 30.0;

const MEASUREMENTS: usize = 20_000;

const BLOCKS: usize = 16;
