//! Where a text stands that is put together from stretches of a body, such as the data lines of an event.

use std::ops::Range;

/// The way from a text back to the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Offset in the text.
    from: usize,
    length: usize,
    /// Offset in the body.
    body: usize,
}

impl Spread {
    /// All of it in one stretch.
    pub(crate) fn at(body: usize, length: usize) -> Spread {
        Spread { stretches: vec![Stretch { from: 0, length, body }] }
    }

    /// Appends a stretch that begins at an offset of the text. What lies between stretches stands nowhere.
    pub(crate) fn push(&mut self, from: usize, length: usize, body: usize) {
        self.stretches.push(Stretch { from, length, body });
    }

    /// The way from a part of the text.
    pub(crate) fn part(&self, part: Range<usize>) -> Spread {
        let cut = self.cut(part.start, part.end).map(|(from, body)| {
            let length = body.len();
            Stretch { from: from - part.start, length, body: body.start }
        });
        Spread { stretches: cut.collect() }
    }

    /// The bytes of the body from the first to the last of a part.
    pub(crate) fn span(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let mut ranges = self.cut(start, end).map(|(_, body)| body);
        let first = ranges.next()?;
        Some((first.start, ranges.last().map_or(first.end, |last| last.end)))
    }

    /// The stretches of the body.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.stretches.iter().map(|stretch| stretch.body..stretch.body + stretch.length)
    }

    /// Replaces a part: its first stretch by all of the replacement, the others by nothing.
    pub(crate) fn replace(
        &self,
        start: usize,
        end: usize,
        replacement: &str,
        mut replace: impl FnMut(usize, usize, &str),
    ) {
        // No line may begin where none began.
        let replacement = replacement.replace(['\r', '\n'], " ");
        let mut rest = Some(replacement.as_str());
        for (_, body) in self.cut(start, end) {
            replace(body.start, body.end, rest.take().unwrap_or(""));
        }
    }

    /// The stretches of a part: offsets in the text, and where in the body.
    fn cut(&self, start: usize, end: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let first = self.stretches.partition_point(|stretch| stretch.from + stretch.length <= start);
        let stretches = self.stretches.iter().skip(first).take_while(move |stretch| stretch.from < end);
        stretches.filter(|stretch| stretch.length > 0).map(move |stretch| {
            let from = start.max(stretch.from);
            let to = end.min(stretch.from + stretch.length);
            (from, stretch.body + from - stretch.from..stretch.body + to - stretch.from)
        })
    }
}
