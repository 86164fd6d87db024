//! Checkpoints, statements and anchors against logs that were cut, rewritten or swapped for others.

use super::*;
use crate::checkpoint::Note;
use crate::index;
use crate::slice;
use crate::{Evidence, anchor_file};
use yingbi_crypto::SigningKeys;

/// A log of several slices with an anchor outside its directory.
pub(super) struct Sealed {
    pub log: Scratch,
    anchor: Scratch,
    keys: SigningKeys,
}

impl Sealed {
    pub fn new(name: &str) -> Self {
        let sealed = Sealed {
            log: Scratch::new(name),
            anchor: Scratch::new(&format!("{name}-anchor")),
            keys: SigningKeys::from_secret(&[7; 32]).unwrap(),
        };
        sealed.run("a", 6);
        sealed.run("b", 5);
        sealed
    }

    fn options(&self) -> Options {
        let evidence = Evidence {
            keys: Some(self.keys.clone()),
            anchors: vec![self.anchor.0.clone()],
            every: std::time::Duration::from_millis(1),
            ..Evidence::default()
        };
        Options { segment_bytes: 560, evidence, ..Options::default() }
    }

    /// One run of a gateway.
    fn run(&self, name: &str, accesses: u32) {
        let (log, _) = Log::open(&self.log.0, self.options()).unwrap();
        for i in 0..accesses {
            block_on(log.append(intent(&format!("{name}-{i}")))).unwrap();
            log.note(outcome(&format!("{name}-{i}")));
        }
        log.close().unwrap();
        let stats = log.evidence();
        assert!(stats.checkpoints > 0 && stats.failures == 0 && stats.behind == 0, "{stats:?}");
    }

    pub fn expected(&self) -> Expected {
        Expected {
            keys: self.keys.public().to_vec(),
            anchors: vec![self.anchor.0.clone()],
            ..Expected::default()
        }
    }

    fn verify(&self) -> Report {
        verify_against(&self.log.0, &self.expected()).unwrap()
    }

    fn local(&self, name: &str) -> std::path::PathBuf {
        self.log.beside().join(name)
    }

    /// The files of the log, to be put back.
    pub fn copy(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let dirs = [self.log.0.clone(), self.log.beside()];
        let paths =
            dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()));
        let mut files: Vec<_> = paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        files.sort();
        files
    }

    pub fn put_back(&self, files: &[(std::path::PathBuf, Vec<u8>)]) {
        for dir in [self.log.0.clone(), self.log.beside()] {
            for entry in std::fs::read_dir(dir).unwrap() {
                std::fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
        files.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    }
}

fn ids(report: &Report) -> Vec<&'static str> {
    report.failures.iter().map(|failure| failure.what.id()).collect()
}

#[test]
fn e4_a_log_is_witnessed_beside_itself_and_at_its_anchor() {
    let sealed = Sealed::new("witness");
    let report = sealed.verify();
    assert!(report.is_good(), "{:?}", report.failures);
    assert!(report.strangers.is_empty(), "{:?}", report.strangers);
    let witnessed = report.witnessed;
    assert!(witnessed.checkpoints >= 4 && witnessed.signed == witnessed.checkpoints, "{witnessed:?}");
    assert_eq!(witnessed.records, report.head.unwrap().sequence + 1, "closing signs the last record too");
    // Every closed slice has a statement and an index.
    let statements = std::fs::read(sealed.local(slice::FILE)).unwrap();
    assert_eq!(statements.len() as u64 / slice::STATEMENT_BYTES as u64, report.segments - 1);
    assert!((0..report.segments - 1).all(|number| sealed.local(&index::name(number)).exists()));
    let local = std::fs::read_to_string(sealed.local(crate::checkpoint::FILE)).unwrap();
    let anchored = std::fs::read_to_string(anchor_file(&sealed.anchor.0, &report.stream.unwrap())).unwrap();
    assert_eq!(local, anchored);
}

#[test]
fn e4_a_cut_tail_is_found_against_the_anchor_wherever_it_is_cut() {
    let sealed = Sealed::new("cut");
    let files = sealed.copy();
    let report = sealed.verify();
    let last = report.head.unwrap().sequence;
    for number in (0..report.segments).rev() {
        let path = segment(&sealed.log, number);
        let good = std::fs::read(&path).unwrap();
        let frames = frames(&good);
        let borders = std::iter::once(format::HEADER_BYTES).chain(frames.iter().map(|frame| frame.end));
        for border in borders.filter(|border| *border < good.len()) {
            std::fs::write(&path, &good[..border]).unwrap();
            // Who cuts the log cuts all that lies beside it.
            for name in [slice::FILE, crate::checkpoint::FILE] {
                let _ = std::fs::remove_file(sealed.local(name));
            }
            let found = sealed.verify();
            let cut = found.failures.iter().find(|failure| matches!(failure.what, What::Cut(_)));
            let cut = cut.unwrap_or_else(|| panic!("segment {number} at {border}: {found:?}"));
            assert!(cut.segment.ends_with(".checkpoints"), "{cut:?}");
            // Without what lies elsewhere nobody can tell.
            assert!(verify(&sealed.log.0, None).unwrap().is_good(), "segment {number} at {border}");
        }
        std::fs::remove_file(&path).unwrap();
    }
    sealed.put_back(&files);
    // When only the log is cut, what lies beside it tells, and names the place.
    let path = segment(&sealed.log, report.segments - 1);
    let good = std::fs::read(&path).unwrap();
    let last_frame = frames(&good).pop().unwrap();
    std::fs::write(&path, &good[..last_frame.start]).unwrap();
    let found = verify(&sealed.log.0, None).unwrap();
    assert_eq!(found.failures.len(), 1, "{found:?}");
    let failure = &found.failures[0];
    assert_eq!((failure.segment.as_str(), &failure.what), ("checkpoints", &What::Cut(last)));
    assert_eq!(failure.record, Some(last));
}

#[test]
fn e4_a_log_rewritten_from_any_record_on_is_found() {
    let sealed = Sealed::new("rewritten");
    let report = sealed.verify();
    let stream = report.stream.unwrap();
    for number in 0..report.segments {
        let rewritten = Scratch::new("forged");
        std::fs::create_dir_all(&rewritten.0).unwrap();
        // All before this segment is left as it was; the rest is written by a forger with the gateway's own code.
        for before in 0..number {
            std::fs::copy(segment(&sealed.log, before), segment(&rewritten, before)).unwrap();
        }
        let bytes = std::fs::read(segment(&sealed.log, number)).unwrap();
        let first = frames(&bytes).first().unwrap().end;
        std::fs::write(segment(&rewritten, number), &bytes[..first]).unwrap();
        let (log, _) =
            Log::open(&rewritten.0, Options { evidence: Evidence::default(), ..sealed.options() }).unwrap();
        for i in 0..30 {
            block_on(log.append(intent(&format!("forged-{i}")))).unwrap();
        }
        log.close().unwrap();
        assert!(verify(&rewritten.0, None).unwrap().is_good());
        let found = verify_against(&rewritten.0, &sealed.expected()).unwrap();
        assert_eq!(found.stream, Some(stream));
        let told = ids(&found);
        assert!(told.contains(&"rewritten") || told.contains(&"tree"), "from segment {number}: {told:?}");
    }
}

#[test]
fn e4_every_flipped_bit_of_what_bears_witness_is_found() {
    let sealed = Sealed::new("flip-witness");
    let stream = sealed.verify().stream.unwrap();
    let anchor = anchor_file(&sealed.anchor.0, &stream);
    for path in [
        sealed.local(crate::checkpoint::FILE),
        anchor,
        sealed.local(slice::FILE),
        sealed.local(&index::name(0)),
    ] {
        let good = std::fs::read(&path).unwrap();
        // Signatures are slow to check: of the places with many, every eleventh byte.
        let step = if path.extension().is_none_or(|extension| extension == "checkpoints") { 11 } else { 1 };
        for at in (0..good.len()).step_by(step) {
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            std::fs::write(&path, &changed).unwrap();
            let report = sealed.verify();
            let name = path.file_name().unwrap().to_string_lossy();
            assert!(!report.is_good(), "{name} byte {at}");
            let is_named =
                |failure: &Failure| failure.segment.ends_with(&*name) || failure.what.id() == "tree";
            assert!(report.failures.iter().any(is_named), "{name} byte {at}: {:?}", report.failures);
            // The log itself says whose signatures are under its checkpoints: no key need be given to see a changed one.
            let alone = verify(&sealed.log.0, None).unwrap();
            assert!(path.starts_with(&sealed.anchor.0) || !alone.is_good(), "{name} byte {at}, no key given");
        }
        std::fs::write(&path, &good).unwrap();
    }
    assert!(sealed.verify().is_good());
}

#[test]
fn e4_missing_reordered_foreign_and_unsigned_witnesses_are_found() {
    let sealed = Sealed::new("foreign");
    let files = sealed.copy();
    let checkpoints = sealed.local(crate::checkpoint::FILE);
    let text = std::fs::read_to_string(&checkpoints).unwrap();
    let notes: Vec<String> =
        Note::read_all(&text).into_iter().map(|(_, note)| note.unwrap().to_string()).collect();
    let mut reversed = notes.clone();
    reversed.reverse();
    let unsigned: String =
        notes.iter().map(|note| note.split("\n\n").next().unwrap().to_owned() + "\n\n").collect();
    let other = Sealed::new("other-log");
    let of_other = std::fs::read_to_string(other.local(crate::checkpoint::FILE)).unwrap();
    let trials = [
        ("reversed", reversed.concat(), "order"),
        ("unsigned", unsigned, "no-checkpoint"),
        ("empty", String::new(), "no-checkpoint"),
        ("another log's", of_other.clone(), "misplaced"),
        ("one of another log", text.clone() + &of_other, "misplaced"),
        ("rubbish", text.clone() + "rubbish\n", "checkpoint"),
        ("cut", text.chars().take(text.chars().count() - 9).collect(), "checkpoint"),
    ];
    for (trial, text, what) in trials {
        std::fs::write(&checkpoints, text).unwrap();
        assert!(ids(&sealed.verify()).contains(&what), "{trial}: {:?}", sealed.verify().failures);
    }
    sealed.put_back(&files);
    let strangers = SigningKeys::from_secret(&[8; 32]).unwrap();
    let expected = Expected { keys: strangers.public().to_vec(), ..sealed.expected() };
    assert!(ids(&verify_against(&sealed.log.0, &expected).unwrap()).contains(&"no-checkpoint"));
    let expected = Expected { anchors: vec![sealed.local("none")], ..sealed.expected() };
    assert!(ids(&verify_against(&sealed.log.0, &expected).unwrap()).contains(&"no-checkpoint"));

    // Statements cut, swapped, gone.
    let statements = std::fs::read(sealed.local(slice::FILE)).unwrap();
    let (first, rest) = statements.split_at(slice::STATEMENT_BYTES);
    let (second, rest) = rest.split_at(slice::STATEMENT_BYTES);
    for changed in [&statements[..300], &[second, first, rest].concat(), &[first, first, rest].concat(), &[]]
    {
        std::fs::write(sealed.local(slice::FILE), changed).unwrap();
        assert!(!sealed.verify().is_good());
    }
    sealed.put_back(&files);
    std::fs::remove_file(sealed.local(&index::name(1))).unwrap();
    assert_eq!(ids(&sealed.verify()), ["index"]);
    sealed.put_back(&files);
    assert!(sealed.verify().is_good());
}

#[test]
fn e4_an_older_copy_of_the_whole_log_is_found_and_recorded_when_it_is_opened() {
    let sealed = Sealed::new("rollback");
    let old = sealed.copy();
    sealed.run("c", 4);
    sealed.put_back(&old);
    let report = sealed.verify();
    assert!(ids(&report).contains(&"cut"), "{report:?}");
    let (log, _) = Log::open(&sealed.log.0, sealed.options()).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while log.evidence().contradicted == 0 {
        assert!(std::time::Instant::now() < deadline, "not noticed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    log.close().unwrap();
    let says = |number| {
        let bytes = std::fs::read(segment(&sealed.log, number)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains("checkpoint-contradicted")
    };
    assert!((report.segments - 1..report.segments + 3).any(says));
    // Going on doesn't hide it.
    assert!(!sealed.verify().is_good());
}

#[test]
fn e4_statements_lost_or_half_written_are_made_anew_from_the_segments() {
    let sealed = Sealed::new("anew");
    let statements = std::fs::read(sealed.local(slice::FILE)).unwrap();
    for kept in [0, 100, slice::STATEMENT_BYTES, slice::STATEMENT_BYTES + 1] {
        let files = sealed.copy();
        // As after a crash: never witnessed, so nothing contradicts.
        std::fs::remove_file(sealed.local(crate::checkpoint::FILE)).unwrap();
        std::fs::remove_dir_all(&sealed.anchor.0).unwrap();
        std::fs::write(sealed.local(slice::FILE), &statements[..kept]).unwrap();
        sealed.run("again", 1);
        let report = sealed.verify();
        assert!(report.is_good(), "{kept} bytes kept: {:?}", report.failures);
        sealed.put_back(&files);
    }
}

#[test]
fn f5_an_anchor_that_is_down_gets_everything_when_it_is_back() {
    let sealed = Sealed::new("down");
    let stream = sealed.verify().stream.unwrap();
    let before = std::fs::read_to_string(anchor_file(&sealed.anchor.0, &stream)).unwrap();
    // A file in the directory's place: nothing can be written there.
    let away = sealed.anchor.0.with_extension("away");
    std::fs::rename(&sealed.anchor.0, &away).unwrap();
    std::fs::write(&sealed.anchor.0, "").unwrap();
    let (log, _) = Log::open(&sealed.log.0, sealed.options()).unwrap();
    block_on(log.append(intent("while-down"))).unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while log.evidence().behind == 0 || log.evidence().failures == 0 {
        assert!(std::time::Instant::now() < deadline, "{:?}", log.evidence());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(log.evidence().behind_since > 0);
    std::fs::remove_file(&sealed.anchor.0).unwrap();
    std::fs::rename(&away, &sealed.anchor.0).unwrap();
    log.close().unwrap();
    assert_eq!((log.evidence().behind, log.evidence().behind_since), (0, 0));
    let after = std::fs::read_to_string(anchor_file(&sealed.anchor.0, &stream)).unwrap();
    assert!(after.len() > before.len() && after.starts_with(&before));
    assert_eq!(after, std::fs::read_to_string(sealed.local(crate::checkpoint::FILE)).unwrap());
    assert!(sealed.verify().is_good());
}

#[test]
fn f7_a_checkpoint_torn_by_a_crash_is_cut_and_a_changed_one_is_not() {
    let sealed = Sealed::new("torn-note");
    let path = sealed.local(crate::checkpoint::FILE);
    let good = std::fs::read(&path).unwrap();
    let text = std::str::from_utf8(&good).unwrap();
    let (last, _) = Note::read_all(text).pop().unwrap();
    // Also within and behind the dash before a signature, which is three bytes.
    let dashes = text.match_indices('\u{2014}').filter(|(at, _)| *at > last);
    let dashes = dashes.flat_map(|(at, _)| [at, at + 1, at + 3]);
    for kept in (last + 1..good.len()).step_by(61).chain(dashes).chain([good.len() - 1]) {
        std::fs::write(&path, &good[..kept]).unwrap();
        sealed.run("again", 1);
        let report = sealed.verify();
        assert!(report.is_good(), "{kept} bytes kept: {:?}", report.failures);
    }
    let mut changed = std::fs::read(&path).unwrap();
    let at = changed.len() - 300;
    changed[at] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    sealed.run("after", 1);
    assert!(!sealed.verify().is_good(), "going on doesn't hide it");
    assert!(std::fs::read(&path).unwrap().starts_with(&changed));
}
