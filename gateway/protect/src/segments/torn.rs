//! A document of which only a segment is here, with what is known of the rest.

use crate::Uninspectable;
use crate::tree::{Node, Shape, malformed};
use std::ops::Range;
use yingbi_classifiers::Signals;

/// What the walks must know of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Torn {
    /// Where the segment begins and ends in the text; before it stands what is known, behind it what closes it.
    known: u32,
    until: u32,
    /// Where the list that was cut before begins, and how many of its elements are behind.
    list: Option<(u32, u64)>,
    /// The worst is supposed of what is still to come.
    pub(crate) is_doubtful: bool,
    /// Rows of the segment, where they are counted.
    rows: Option<u64>,
}

impl Torn {
    pub(super) fn new(is_doubtful: bool) -> Torn {
        Torn { is_doubtful, ..Torn::default() }
    }

    pub(super) fn list_at(&mut self, list: usize, elements: u64) {
        self.list = u32::try_from(list).ok().map(|list| (list, elements));
    }

    pub(super) fn count_rows(&mut self) {
        self.rows = Some(0);
    }

    pub(super) fn real(&mut self, real: Range<usize>) -> Result<(), Uninspectable> {
        let offset = |at: usize| u32::try_from(at).map_err(|_| malformed(u32::MAX as usize));
        (self.known, self.until) = (offset(real.start)?, offset(real.end)?);
        Ok(())
    }

    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// The segment in the text.
    pub(crate) fn range(&self) -> Range<usize> {
        self.known as usize..self.until as usize
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows.unwrap_or_default()
    }

    /// Takes note of what was read, and says how much of it was known.
    pub(crate) fn read(&mut self, nodes: &mut [Node]) -> u32 {
        if self.is_doubtful {
            let (known, until) = (self.known, self.until);
            let is_open = |node: &&mut Node| node.end > until || (node.start < known && node.end > known);
            // A name that is still to come may say that all of it is about people.
            let open = nodes.iter_mut().filter(|node| node.shape == Shape::Object).filter(is_open);
            open.for_each(|node| node.signals = node.signals.union(Signals::PERSON));
        }
        if let Some(rows) = &mut self.rows {
            let mut at = 1;
            while let Some(node) = nodes.get(at) {
                *rows += u64::from(node.start >= self.known);
                at = node.after as usize;
            }
        }
        self.known
    }

    /// What is supposed outside of the document.
    pub(crate) fn signals(&self) -> Signals {
        if self.is_doubtful { Signals::PERSON } else { Signals::default() }
    }

    /// The position of an element of a container, given what it would be were nothing before.
    pub(crate) fn index(&self, nodes: &[Node], container: u32, element: &Node, index: u64) -> u64 {
        match self.list {
            Some((list, elements))
                if element.start >= self.known
                    && nodes.get(container as usize).is_some_and(|node| node.start == list) =>
            {
                index.max(elements)
            }
            _ => index,
        }
    }
}
