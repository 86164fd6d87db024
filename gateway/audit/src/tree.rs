//! Merkle trees over SM3, shaped as in RFC 6962 §2.1 (T/SAC 004—2024 App. C.5): what a leaf or node is, trees that grow,
//! proofs that something is in one, and that one is the beginning of another.
//!
//! A leaf's hash is SM3(0 ‖ data), a node's SM3(1 ‖ left ‖ right), so that no node passes for a leaf. The root of
//! nothing is SM3 of nothing.
//!
//! ```
//! use yingbi_audit::tree::{self, Frontier};
//!
//! let leaves: Vec<_> = [b"a", b"b", b"c"].iter().map(|data| tree::leaf(*data)).collect();
//! let mut grown = Frontier::default();
//! leaves.iter().for_each(|leaf| grown.push(*leaf));
//! let path = tree::inclusion(&leaves, 1).unwrap();
//! assert_eq!(tree::root_by(1, 3, leaves[1], &path), Some(grown.root()));
//! ```

use yingbi_crypto::{Digest, sm3};

/// The hash of a leaf.
pub fn leaf(data: &[u8]) -> Digest {
    sm3(&[&[0], data])
}

/// The hash of a node.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    sm3(&[&[1], left, right])
}

/// A tree that grows at its right edge and keeps only that: the roots of its whole subtrees, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Digest>,
}

impl Frontier {
    /// Appends a leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    pub fn root(&self) -> Digest {
        let mut subtrees = self.subtrees.iter().rev();
        match subtrees.next() {
            None => sm3(&[]),
            Some(last) => subtrees.fold(*last, |right, left| node(left, &right)),
        }
    }
}

/// The root over these leaves.
pub fn root(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// What proves that the leaf of this index is among `leaves` (RFC 6962 §2.1.1), lowest first; `None` when there is no
/// such leaf.
pub fn inclusion(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    (index < leaves.len()).then(|| {
        let mut path = Vec::new();
        let (mut leaves, mut index) = (leaves, index);
        while leaves.len() > 1 {
            let (left, right) = split(leaves);
            if index < left.len() {
                path.push(root(right));
                leaves = left;
            } else {
                path.push(root(left));
                index -= left.len();
                leaves = right;
            }
        }
        path.reverse();
        path
    })
}

/// The root that a leaf and its path lead to; `None` when the path has another length than it must.
pub fn root_by(index: u64, size: u64, leaf: Digest, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    // RFC 9162 §2.1.3.2.
    let (mut node_index, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node_index & 1 == 1 || node_index == last {
            hash = node(sibling, &hash);
            while node_index & 1 == 0 && node_index != 0 {
                node_index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        node_index >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// What proves that the first `size` of `leaves` are what an earlier root stood for (RFC 6962 §2.1.2); `None` when there
/// are not so many.
pub fn consistency(leaves: &[Digest], size: usize) -> Option<Vec<Digest>> {
    if size > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    if size == 0 || size == leaves.len() {
        return Some(path);
    }
    let (mut leaves, mut size, mut is_whole) = (leaves, size, true);
    while size != leaves.len() {
        let (left, right) = split(leaves);
        if size <= left.len() {
            path.push(root(right));
            leaves = left;
        } else {
            path.push(root(left));
            size -= left.len();
            leaves = right;
            is_whole = false;
        }
    }
    if !is_whole {
        path.push(root(leaves));
    }
    path.reverse();
    Some(path)
}

/// Whether a path proves that the tree of root `new` begins with the one of root `old`.
pub fn is_consistent(old_size: u64, new_size: u64, old: &Digest, new: &Digest, path: &[Digest]) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return path.is_empty() && old == new;
    }
    if old_size == 0 {
        return path.is_empty() && *old == sm3(&[]);
    }
    // RFC 9162 §2.1.4.2.
    let mut rest = path.iter();
    let first = if old_size.is_power_of_two() { Some(old) } else { rest.next() };
    let Some(first) = first else { return false };
    let (mut node_index, mut last) = (old_size - 1, new_size - 1);
    while node_index & 1 == 1 {
        node_index >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if node_index & 1 == 1 || node_index == last {
            of_old = node(hash, &of_old);
            of_new = node(hash, &of_new);
            while node_index & 1 == 0 && node_index != 0 {
                node_index >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node(&of_new, hash);
        }
        node_index >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == *old && of_new == *new
}

/// Cuts where the largest whole subtree on the left ends; there are at least two leaves.
fn split(leaves: &[Digest]) -> (&[Digest], &[Digest]) {
    let half = leaves.len().next_power_of_two() / 2;
    leaves.split_at_checked(half).unwrap_or((leaves, &[]))
}

#[cfg(test)]
mod tests;
