//! One segment: its header, its frames, its end.

use super::{Check, Torn, What, is_break};
use crate::format::{self, Begun, FrameKind, HASH_BYTES, Header};
use crate::walk::{self, Flaw, Frame, Step, Walk};
use yingbi_crypto::Digest;

/// A segment to check.
pub(super) struct Segment<'a> {
    pub name: &'a str,
    pub number: u64,
    /// The header of the segment that follows, if it can be read.
    pub next: Option<&'a Header>,
    pub is_last: bool,
}

/// How a segment ended.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    /// With a seal of this hash, before this record.
    Sealed(Digest, u64),
    /// Without: it was abandoned here, after this hash and before this record.
    Abandoned(Digest, u64),
    /// Nothing can be said.
    Unknown,
}

impl Segment<'_> {
    /// Checks the segment and how it follows the one before.
    pub fn check(&self, check: &mut Check<'_>, bytes: &[u8], before: Option<&Ending>) -> Ending {
        let (mut walk, header) = match Header::decode(bytes) {
            Ok((header, hash)) => {
                self.follows(check, &header, before);
                (Walk::new(bytes, hash, header.first), Some(header))
            }
            Err(bad) => {
                check.fail(self.name, 0, None, What::Header(bad.to_string()));
                let next = match before {
                    Some(Ending::Sealed(_, next) | Ending::Abandoned(_, next)) => *next,
                    _ => 0,
                };
                // Its stored hash may be good all the same; if not, the first record will be reported too.
                (Walk::new(bytes, format::field(bytes, format::HEADER_BYTES - HASH_BYTES), next), None)
            }
        };
        let first = walk.next;
        // What a break leaves behind counts only up to where the next segment starts.
        let cut = self.next.filter(|next| next.begun == Begun::Break);
        if let (Some(header), Some(cut)) = (&header, cut)
            && (cut.first, cut.previous) == (header.first, header.previous)
        {
            self.supersede(check, &mut walk);
            return Ending::Abandoned(header.previous, header.first);
        }
        let ending = self.records(check, &mut walk, first, cut);
        // A writer that can't read a header doesn't know what to follow.
        if header.is_some() { ending } else { Ending::Unknown }
    }

    fn follows(&self, check: &mut Check<'_>, header: &Header, before: Option<&Ending>) {
        let stream = *check.report.stream.get_or_insert(header.stream);
        if header.number != self.number || header.stream != stream {
            check.fail(self.name, 16, None, What::Misplaced);
        }
        let follows = match before {
            None if self.number == 0 => {
                header.begun == Begun::First && header.first == 0 && header.previous == [0; HASH_BYTES]
            }
            // What stood before is missing, which has been said.
            None | Some(Ending::Unknown) => true,
            Some(Ending::Sealed(hash, next)) => {
                header.begun == Begun::Continued && header.first == *next && header.previous == *hash
            }
            Some(Ending::Abandoned(hash, next)) => {
                let in_sequence = match header.begun {
                    Begun::Damage => header.first >= *next,
                    _ => header.first == *next,
                };
                is_break(header) && in_sequence && header.previous == *hash
            }
        };
        if !follows {
            check.fail(self.name, 12, Some(header.first), What::Link);
        }
    }

    /// Walks all frames, reporting and passing what is wrong.
    fn records(
        &self,
        check: &mut Check<'_>,
        walk: &mut Walk<'_>,
        first: u64,
        cut: Option<&Header>,
    ) -> Ending {
        // The chain hash that a changed record should have had: when what follows agrees with it, only the stored hash
        // was changed.
        let mut instead: Option<Digest> = None;
        // Where the writer that found damage left off.
        let mut damaged: Option<(Digest, u64)> = None;
        loop {
            if let Some(cut) = cut
                && walk.next >= cut.first
            {
                let ending = damaged.unwrap_or((walk.chain, walk.next));
                self.supersede(check, walk);
                return Ending::Abandoned(ending.0, ending.1);
            }
            let here = (walk.chain, walk.next);
            let mut step = walk.step();
            if let (Step::Flaw(Flaw::Hash { .. }), Some(chain)) = (&step, instead) {
                walk.chain = chain;
                step = walk.step();
            }
            instead = None;
            match step {
                Step::Frame(frame) if frame.head.kind == FrameKind::Seal => {
                    return self.seal(check, walk, &frame, here.1 - first, &here.0);
                }
                Step::Frame(frame) => self.count(check, &frame),
                Step::End => {
                    let ending = damaged.unwrap_or((walk.chain, walk.next));
                    if !self.is_last && !self.next.is_some_and(is_break) {
                        check.fail(self.name, walk.at, Some(walk.next), What::Unsealed);
                    }
                    return Ending::Abandoned(ending.0, ending.1);
                }
                Step::Flaw(flaw) => {
                    if let Some(torn) = walk.torn().filter(|_| self.is_last) {
                        let (byte, bytes) = (walk.at as u64, torn.len() as u64);
                        check.report.torn = Some(Torn { segment: self.name.to_owned(), byte, bytes });
                        return Ending::Abandoned(walk.chain, walk.next);
                    }
                    damaged.get_or_insert(here);
                    if !self.pass(check, walk, flaw, &mut instead) {
                        return match (damaged, self.next) {
                            (Some((hash, next)), Some(header)) if is_break(header) => {
                                Ending::Abandoned(hash, next)
                            }
                            _ => Ending::Unknown,
                        };
                    }
                }
            }
        }
    }

    /// Reports a flaw and goes behind it, if anything can be read behind it.
    fn pass<'a>(
        &self,
        check: &mut Check<'_>,
        walk: &mut Walk<'a>,
        flaw: Flaw<'a>,
        instead: &mut Option<Digest>,
    ) -> bool {
        match flaw {
            Flaw::Sequence(frame) => {
                let (found, expected) = (frame.head.sequence, walk.next);
                let what = if found > expected { What::MissingRecords(expected) } else { What::Repeated };
                check.fail(self.name, frame.at, Some(found), what);
                if found > expected {
                    self.count(check, &frame);
                }
                walk.pass(&frame);
            }
            Flaw::Hash { found, expected } => {
                check.fail(self.name, found.at, Some(found.head.sequence), What::Changed);
                if found.head.kind == FrameKind::Record {
                    // Counted as far as it can be read; that it can't is no second failure.
                    check.count((self.name, found.at), found.head.sequence, &found.hash, found.payload);
                }
                walk.pass(&found);
                *instead = Some(expected);
            }
            Flaw::Short | Flaw::Head => {
                let what = if matches!(flaw, Flaw::Short) { What::CutShort } else { What::NoRecord };
                check.fail(self.name, walk.at, Some(walk.next), what);
                let Some((skip, head)) = walk::heads(walk.rest()).find(|(at, _)| *at > 0) else {
                    return false;
                };
                // The bytes before a head are the hash of the frame before it, whatever became of the rest of that.
                walk.chain = walk
                    .rest()
                    .get(skip.saturating_sub(HASH_BYTES)..skip)
                    .map_or([0; HASH_BYTES], |hash| format::field(hash, 0));
                walk.at += skip;
                // The unreadable record has been reported under its sequence.
                if head.sequence == walk.next.saturating_add(1) {
                    walk.next = head.sequence;
                }
            }
        }
        true
    }

    fn seal(
        &self,
        check: &mut Check<'_>,
        walk: &Walk<'_>,
        frame: &Frame<'_>,
        records: u64,
        last: &Digest,
    ) -> Ending {
        if !format::is_seal(frame.payload, records, last) {
            check.fail(self.name, frame.at, None, What::Seal);
        }
        // Power may have gone between the seal and the cutting of the reserve; what goes on behind is cut before.
        let is_clean = walk.rest().is_empty() || (self.is_last && walk.is_at_reserve());
        if !is_clean {
            check.fail(self.name, walk.at, None, What::AfterSeal);
        }
        // A writer that found something behind the seal went on as after damage.
        if self.next.is_some_and(|next| next.begun == Begun::Damage) {
            return Ending::Abandoned(walk.chain, walk.next);
        }
        Ending::Sealed(walk.chain, walk.next)
    }

    /// The rest after a break: frames never acknowledged, whole or torn, but nothing else.
    fn supersede(&self, check: &mut Check<'_>, walk: &mut Walk<'_>) {
        loop {
            match walk.step() {
                Step::Frame(_) => check.report.superseded += 1,
                Step::End => return,
                Step::Flaw(_) if walk.torn().is_some() => return,
                Step::Flaw(_) => return check.fail(self.name, walk.at, None, What::NoRecord),
            }
        }
    }

    fn count(&self, check: &mut Check<'_>, frame: &Frame<'_>) {
        if frame.head.kind == FrameKind::Record
            && !check.count((self.name, frame.at), frame.head.sequence, &frame.hash, frame.payload)
        {
            check.fail(self.name, frame.at, Some(frame.head.sequence), What::Payload);
        }
    }
}
