//! Views of records of which a grant or a consent opens only some kinds: made of the views of both sides when first
//! needed, and kept with them.

use super::{Views, whole};
use crate::condition::Relation;
use crate::{Cause, Raise, Reach, Standing, Treatment, View};
use std::sync::{Arc, OnceLock};
use yingbi_taxonomy::{Kind, KindSet};

/// A list that only grows, so that what it gives out stays where it is.
#[derive(Debug, Default)]
pub(super) struct Mixed {
    first: OnceLock<Box<Node>>,
}

#[derive(Debug)]
struct Node {
    own: bool,
    standing: Standing,
    view: View,
    next: OnceLock<Box<Node>>,
}

impl Views {
    /// The view of a record whose subject stands so.
    pub(crate) fn standing(&self, own: bool, standing: Standing) -> &View {
        let needed = |part, reach: Reach| if self.asks.has(part) { reach } else { Reach::Nothing };
        let standing = Standing {
            granted: needed(Relation::GRANTED, standing.granted),
            consented: needed(Relation::CONSENTED, standing.consented),
            ..standing
        };
        let is_whole = |reach: Reach| matches!(reach, Reach::Nothing | Reach::All);
        let is_guarded = standing.consented == Reach::Nothing || standing.by_guardian;
        if is_whole(standing.granted) && is_whole(standing.consented) && is_guarded {
            return self.of(relation(own, standing, |reach| reach == Reach::All));
        }
        let mut slot = &self.mixed.first;
        for _ in 0..MOST {
            let node = slot.get_or_init(|| {
                Box::new(Node { own, standing, view: self.mix(own, standing), next: OnceLock::new() })
            });
            if node.own == own && node.standing == standing {
                return &node.view;
            }
            slot = &node.next;
        }
        self.of(relation(own, standing, |_| false))
    }

    /// Each kind as it is on the side that it is on.
    fn mix(&self, own: bool, standing: Standing) -> View {
        let side = |kind: Kind| self.of(relation(own, standing, |reach| reach.contains(kind)));
        let each = |of: &dyn Fn(Kind) -> Treatment| whole(Kind::all().map(of).collect());
        let treatments = each(&|kind| side(kind).treatment(kind).clone());
        let would = each(&|kind| {
            let view = side(kind);
            view.monitored(kind).unwrap_or_else(|| view.treatment(kind)).clone()
        });
        let opens: KindSet = Kind::all().filter(|kind| side(*kind).opens().contains(*kind)).collect();
        let mut raises: Vec<Raise> = Vec::new();
        for raise in Kind::all().flat_map(|kind| side(kind).raises()) {
            if raises.iter().any(|other| other.id == raise.id) {
                continue;
            }
            let stricter = |kind: Kind| {
                let view = side(kind);
                let same = view.raises().iter().find(|other| other.id == raise.id);
                same.map_or_else(|| view.treatment(kind), |raise| raise.treatment(kind)).clone()
            };
            raises.push(Raise { treatments: each(&stricter), ..raise.clone() });
        }
        if standing.consented.is_something() && !standing.by_guardian {
            // What a minor consents to without a guardian opens nothing.
            let alone = Standing { consented: Reach::Nothing, ..standing };
            let closed = |kind: Kind| self.of(relation(own, alone, |reach| reach.contains(kind)));
            let guarded = each(&|kind| {
                side(kind).treatment(kind).clone().stronger(closed(kind).treatment(kind).clone())
            });
            if raises.len() >= Raise::MOST {
                return View::new(guarded, None, raises.into()).opening(opens);
            }
            if guarded != treatments {
                raises.push(Raise {
                    id: Arc::from("baseline.guardian-consent"),
                    cause: Cause::Under { age: GUARDED_UNDER },
                    enforced: true,
                    treatments: guarded,
                });
            }
        }
        let monitored = (would != treatments).then_some(would);
        View::new(treatments, monitored, raises.into()).opening(opens)
    }
}

fn relation(own: bool, standing: Standing, holds: impl Fn(Reach) -> bool) -> Relation {
    Relation::OTHER
        .with(Relation::OWN, own)
        .with(Relation::GRANTED, holds(standing.granted))
        .with(Relation::CONSENTED, holds(standing.consented))
        .with(Relation::RESTRICTED, standing.restricted)
}

/// Age below which a guardian consents (T/TSAC 001—2025 §3.4, §8.2.1.5).
const GUARDED_UNDER: u8 = 14;

/// Most views that are kept; records beyond count as opened by nothing.
const MOST: usize = 64;
