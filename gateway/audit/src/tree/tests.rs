use super::*;

fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|number| leaf(&number.to_be_bytes())).collect()
}

/// The definition of RFC 6962 §2.1, word by word.
fn defined(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => sm3(&[]),
        [one] => *one,
        more => {
            let mut half = 1;
            while half * 2 < more.len() {
                half *= 2;
            }
            node(&defined(&more[..half]), &defined(&more[half..]))
        }
    }
}

#[test]
fn e4_a_grown_tree_has_the_defined_root_at_every_size() {
    let all = leaves(130);
    let mut grown = Frontier::default();
    for size in 0..all.len() {
        assert_eq!(grown.root(), defined(&all[..size]), "{size}");
        assert_eq!((grown.size(), root(&all[..size])), (size as u64, grown.root()));
        grown.push(all[size]);
    }
}

#[test]
fn e4_inclusion_is_proved_for_the_right_leaf_place_and_size_only() {
    let all = leaves(70);
    for size in 1..all.len() {
        let root = defined(&all[..size]);
        for index in 0..size {
            let path = inclusion(&all[..size], index).unwrap();
            assert!(path.len() <= size.next_power_of_two().ilog2() as usize, "O(log n)");
            let by = |index: usize, size: usize, leaf, path: &[Digest]| {
                root_by(index as u64, size as u64, leaf, path) == Some(root)
            };
            assert!(by(index, size, all[index], &path), "{index} of {size}");
            assert!(!by(index, size, all[index + 1], &path));
            assert!(size == 1 || !by((index + 1) % size, size, all[index], &path));
            for at in 0..path.len() {
                let mut changed = path.clone();
                changed[at][0] ^= 1;
                assert!(!by(index, size, all[index], &changed));
                let mut cut = path.clone();
                cut.remove(at);
                assert!(!by(index, size, all[index], &cut));
            }
            assert!(!by(index, size, all[index], &[&path[..], &[root]].concat()));
        }
        assert_eq!(
            (inclusion(&all[..size], size), root_by(size as u64, size as u64, root, &[])),
            (None, None)
        );
    }
}

#[test]
fn e4_consistency_is_proved_between_the_right_trees_only() {
    let all = leaves(40);
    for new in 0..all.len() {
        let new_root = defined(&all[..new]);
        for old in 0..=new {
            let old_root = defined(&all[..old]);
            let path = consistency(&all[..new], old).unwrap();
            let holds = |old: usize, new: usize, old_root: &Digest, new_root: &Digest, path: &[Digest]| {
                is_consistent(old as u64, new as u64, old_root, new_root, path)
            };
            assert!(holds(old, new, &old_root, &new_root, &path), "{old} of {new}");
            let other = leaf(b"other");
            assert!(!holds(old, new, &other, &new_root, &path));
            // Whatever grows from nothing is consistent with it.
            assert!(old == 0 || !holds(old, new, &old_root, &other, &path));
            assert!(old == 0 || !holds(old, new, &old_root, &new_root, &[&path[..], &[other]].concat()));
            for at in 0..path.len() {
                let mut changed = path.clone();
                changed[at][5] ^= 4;
                assert!(!holds(old, new, &old_root, &new_root, &changed), "{old} of {new}, hash {at}");
                let mut cut = path.clone();
                cut.remove(at);
                assert!(!holds(old, new, &old_root, &new_root, &cut));
            }
        }
        assert_eq!(consistency(&all[..new], new + 1), None);
        assert!(!is_consistent(new as u64 + 1, new as u64, &new_root, &new_root, &[]));
    }
}
