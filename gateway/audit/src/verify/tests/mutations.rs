//! A sealed log with an anchor, changed at random in every way that a file or a directory can be changed: nothing passes.

use super::witness::Sealed;
use super::*;
use crate::index;
use crate::slice;
use crate::tests::sim::Random;
use crate::walk::{Step, Walk};
use std::path::PathBuf;
use yingbi_crypto::sm3;

/// One way to harm a log; `None` when it would change nothing.
type Harm = fn(&mut Files, &mut Random) -> Option<()>;

/// Names and contents of a log's files.
struct Files(Vec<(PathBuf, Vec<u8>)>);

impl Files {
    fn segments(&self) -> Vec<usize> {
        let is_segment = |(path, _): &(PathBuf, Vec<u8>)| path.extension().is_some_and(|e| e == "ybl");
        (0..self.0.len()).filter(|at| is_segment(&self.0[*at])).collect()
    }

    /// The bytes of one segment.
    fn segment(&mut self, random: &mut Random) -> &mut Vec<u8> {
        let segments = self.segments();
        &mut self.0[segments[random.below(segments.len())]].1
    }

    /// The bytes of any file but the lock.
    fn any(&mut self, random: &mut Random) -> &mut Vec<u8> {
        let full: Vec<usize> = (0..self.0.len()).filter(|at| !self.0[*at].1.is_empty()).collect();
        &mut self.0[full[random.below(full.len())]].1
    }

    fn named(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        self.0
            .iter_mut()
            .find(|(path, _)| path.file_name().is_some_and(|own| own == name))
            .map(|(_, bytes)| bytes)
    }
}

const HARMS: [(&str, Harm); 17] = [
    ("a flipped bit", |files, random| {
        let bytes = files.any(random);
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        Some(())
    }),
    ("several changed bytes", |files, random| {
        let bytes = files.any(random);
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(40)).min(bytes.len());
        let before = bytes[at..end].to_vec();
        bytes[at..end].iter_mut().for_each(|byte| *byte = random.below(256) as u8);
        (bytes[at..end] != before).then_some(())
    }),
    ("zeros", |files, random| {
        let bytes = files.segment(random);
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(600)).min(bytes.len());
        let was = bytes[at..end].iter().any(|byte| *byte != 0);
        bytes[at..end].fill(0);
        was.then_some(())
    }),
    ("a cut file", |files, random| {
        let bytes = files.segment(random);
        bytes.truncate(random.below(bytes.len()));
        Some(())
    }),
    ("a tail cut between records", |files, random| {
        let last = *files.segments().last().unwrap();
        let bytes = &mut files.0[last].1;
        let frames = frames(bytes);
        bytes.truncate(frames[random.below(frames.len())].start);
        Some(())
    }),
    ("a longer file", |files, random| {
        let bytes = files.segment(random);
        let more = (0..1 + random.below(700)).map(|_| random.below(256) as u8);
        bytes.extend(more.chain([1]));
        Some(())
    }),
    ("a removed record", |files, random| {
        let bytes = files.segment(random);
        let frames = frames(bytes);
        bytes.drain(frames[random.below(frames.len())].clone());
        Some(())
    }),
    ("a repeated record", |files, random| {
        let bytes = files.segment(random);
        let frames = frames(bytes);
        let frame = frames[random.below(frames.len())].clone();
        let copy = bytes[frame.clone()].to_vec();
        bytes.splice(frame.end..frame.end, copy);
        Some(())
    }),
    ("swapped records", |files, random| {
        let bytes = files.segment(random);
        let frames = frames(bytes);
        let (one, other) = (random.below(frames.len()), random.below(frames.len()));
        let (one, other) = (&frames[one.min(other)], &frames[one.max(other)]);
        let swapped = [
            &bytes[..one.start],
            &bytes[other.clone()],
            &bytes[one.end..other.start.max(one.end)],
            &bytes[one.clone()],
            &bytes[other.end..],
        ]
        .concat();
        let is_other = one != other;
        *bytes = swapped;
        is_other.then_some(())
    }),
    ("inserted bytes", |files, random| {
        let bytes = files.segment(random);
        let at = random.below(bytes.len());
        bytes.insert(at, random.below(256) as u8);
        Some(())
    }),
    ("a record with its own hash made anew", |files, random| {
        let bytes = files.segment(random);
        let frames = frames(bytes);
        let at = random.below(frames.len());
        let frame = frames[at].clone();
        let before = match at {
            0 => format::HEADER_BYTES - 32,
            _ => frames[at - 1].end - 32,
        };
        bytes[frame.start + format::HEAD_BYTES + 9] ^= 1;
        let hash = sm3(&[
            b"yingbi/audit/record/1",
            &bytes[before..before + 32],
            &bytes[frame.start..frame.end - 32],
        ]);
        bytes[frame.end - 32..frame.end].copy_from_slice(&hash);
        Some(())
    }),
    ("a missing segment", |files, random| {
        let segments = files.segments();
        files.0.remove(segments[random.below(segments.len())]);
        Some(())
    }),
    ("all segments from one on missing", |files, random| {
        let segments = files.segments();
        let from = segments[random.below(segments.len())];
        let from = files.0[from].0.clone();
        files.0.retain(|(path, _)| path.extension().is_none_or(|e| e != "ybl") || *path < from);
        // Who does so takes what lies beside it, too.
        for name in [slice::FILE, crate::checkpoint::FILE] {
            files.0.retain(|(path, _)| path.file_name().is_none_or(|own| own != name));
        }
        Some(())
    }),
    ("swapped segments", |files, random| {
        let segments = files.segments();
        let (one, other) = (segments[random.below(segments.len())], segments[random.below(segments.len())]);
        let copy = files.0[one].1.clone();
        files.0[one].1 = files.0[other].1.clone();
        files.0[other].1 = copy;
        (one != other).then_some(())
    }),
    ("a segment again behind the last", |files, random| {
        let segments = files.segments();
        let (path, _) = files.0[*segments.last().unwrap()].clone();
        let copy = files.0[segments[random.below(segments.len())]].1.clone();
        files.0.push((path.with_file_name(format::name(segments.len() as u64)), copy));
        Some(())
    }),
    ("statements cut or gone", |files, random| {
        let bytes = files.named(slice::FILE)?;
        bytes.truncate(random.below(bytes.len()));
        Some(())
    }),
    ("an index gone or another's", |files, random| {
        let other = files.named(&index::name(1))?.clone();
        let own = files.named(&index::name(0))?;
        *own = if random.below(2) == 0 { other } else { Vec::new() };
        Some(())
    }),
];

#[test]
fn e3_no_mutation_of_any_kind_passes() {
    let sealed = Sealed::new("mutations");
    let good = sealed.copy();
    // Signatures hold the anchor, which nobody touches here; without them a trial takes a tenth of the time.
    let expected = Expected { keys: Vec::new(), ..sealed.expected() };
    let is_good = || verify_against(&sealed.log.0, &expected).unwrap().is_good();
    assert!(is_good());
    let mut random = Random::new(20_261_120);
    let mut tried = [0; HARMS.len()];
    let trials = std::env::var("YINGBI_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(3400);
    for trial in 0..trials {
        let kind = trial % HARMS.len();
        let (name, harm) = HARMS[kind];
        let mut files = Files(good.clone());
        // The checkpoints beside the log may be changed in ways that only their signatures tell.
        files.0.retain(|(path, _)| {
            path.file_name().is_some_and(|own| own != crate::checkpoint::FILE && own != format::LOCK)
        });
        if harm(&mut files, &mut random).is_none() {
            continue;
        }
        sealed.put_back(&files.0);
        assert!(!is_good(), "trial {trial}: {name}");
        tried[kind] += 1;
    }
    sealed.put_back(&good);
    assert!(is_good());
    assert!(tried.iter().all(|tried| *tried > 10), "{tried:?}");
    let all: usize = tried.iter().sum();
    println!("{all} mutations of {} kinds over a sealed log with an anchor: 0 undetected", HARMS.len());
}

#[test]
fn e3_every_flipped_bit_of_a_segment_of_64_kib_is_detected() {
    let scratch = crate::tests::Scratch::new("bits");
    let options = crate::Options { segment_bytes: 64 << 10, ..crate::Options::default() };
    let (log, _) = crate::Log::open(&scratch.0, options).unwrap();
    while !scratch.0.join(format::name(1)).exists() {
        for number in 0..20 {
            log.note(crate::tests::intent(&format!("{number:016x}-{number:010x}")));
            log.note(crate::tests::outcome(&format!("{number:016x}-{number:010x}")));
        }
        log.flush().unwrap();
    }
    log.close().unwrap();
    let mut bytes = std::fs::read(scratch.0.join(format::name(0))).unwrap();
    assert!(bytes.len() >= 64 << 10);
    let (header, hash) = format::Header::decode(&bytes).unwrap();
    let mut flipped = 0;
    let mut each_bit =
        |bytes: &mut Vec<u8>, range: std::ops::Range<usize>, is_seen: &dyn Fn(&[u8]) -> bool| {
            for at in range {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    assert!(is_seen(bytes), "bit {bit} of byte {at}");
                    bytes[at] ^= 1 << bit;
                    flipped += 1;
                }
            }
        };
    each_bit(&mut bytes, 0..format::HEADER_BYTES, &|bytes| format::Header::decode(bytes).is_err());
    // A walk that came to a frame has read nothing behind it: whatever is changed in a frame, it stops there. That the
    // verifier reports every stop is shown above and by whole files.
    let (mut chain, mut next, mut at) = (hash, header.first, format::HEADER_BYTES);
    while at < bytes.len() {
        let mut walk = Walk::at(&bytes, at, chain, next);
        assert!(matches!(walk.step(), Step::Frame(_)));
        let end = walk.at;
        let after = (walk.chain, walk.next);
        each_bit(&mut bytes, at..end, &|bytes| {
            matches!(Walk::at(bytes, at, chain, next).step(), Step::Flaw(_))
        });
        (chain, next, at) = (after.0, after.1, end);
    }
    assert_eq!(flipped, bytes.len() * 8);
    println!("{flipped} bits flipped one by one in a sealed segment: 0 undetected");
}
