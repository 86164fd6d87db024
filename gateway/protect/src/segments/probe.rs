//! Whether a text may be cut in a list, told by what stands around it and by its first element.

use super::Engine;
use super::skeleton::Around;
use crate::classify::Classify;
use crate::csv::{Commas, Tabs};
use crate::json::Json;
use crate::meaning::Meaning;
use crate::plan::Plan;
use crate::tree::{Grammar, Level, Named, Node, Role, Shape, Workspace, bind, has_pair};
use crate::{Format, Uninspectable};
use std::sync::Arc;
use yingbi_policies::SubjectSelector;

/// What was found out.
pub(crate) struct Probe {
    /// Bytes of the skeleton that was looked at.
    pub(super) known: usize,
    pub(super) verdict: Verdict,
    /// What nodes in it are called by others, by where they begin.
    pub(super) names: Arc<[(u32, Meaning)]>,
}

/// Whether a text may be cut there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Each segment is as good as the whole.
    Free,
    /// What is still to come may say something of what was before.
    Doubtful,
    /// A cut would go through what must be read as one.
    Never,
}

/// What nodes are called by others, by where they begin: those that begin before an offset.
pub(crate) fn named_before(named: &[Named], nodes: &[Node], known: u32) -> Vec<(u32, Meaning)> {
    let start = |named: &Named| nodes.get(named.node as usize).map(|node| node.start);
    let named = named.iter().filter_map(|named| Some((start(named)?, named.meaning?)));
    named.filter(|(start, _)| *start < known).collect()
}

/// Looks at a skeleton.
pub(super) fn json<C: Classify>(
    skeleton: &[u8],
    around: &Around,
    engine: &Engine<'_, C>,
    workspace: &mut Workspace,
) -> Result<Probe, Uninspectable> {
    let known = skeleton.get(..around.known).unwrap_or_default();
    let row = known.get(around.list + 1..).filter(|first| first.starts_with(b"["));
    // A row is named by the one above it, so there must be two.
    let (comma, again) = row.map_or((&b""[..], &b""[..]), |row| (b",", row));
    let text = [known, comma, again, &around.closers].concat();
    let text =
        std::str::from_utf8(&text).map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })?;
    let (mut level, depth) = (Level::default(), (engine.limits.depth, engine.limits.depth));
    let spelling = Json::parse(&mut level, text, &mut workspace.keys, engine.classifier, depth)?;
    let named = level.named(text, spelling, &workspace.keys, engine.classifier);
    let nodes = &level.nodes;
    let Some(list) = nodes.iter().position(|node| node.start as usize == around.list) else {
        return Ok(Probe { known: around.known, verdict: Verdict::Never, names: Arc::default() });
    };
    let first = nodes.get(list + 1).filter(|first| (first.end as usize) <= known.len());
    let shape = first.map_or(Shape::Null, |first| first.shape);
    let is_open = |node: &Node| (node.start as usize) < known.len() && node.end as usize > known.len();
    let is_named = |at: usize| named.iter().any(|named| named.node as usize == at && named.meaning.is_some());
    // A list may be called what a neighbour of it says, and that may be still to come.
    let may_be_called = nodes.iter().enumerate().filter(|(_, node)| is_open(node)).any(|(at, node)| {
        workspace.keys.key(node.key).role == Some(Role::Holds) && !node.key.is_none() && !is_named(at)
    });
    let after = nodes.get(list).map_or(0, |list| list.after as usize);
    let are_rows_named = (list + 1..after).any(is_named);
    let width = children(nodes, list + 1);
    let is_outermost = around.closers.len() == 1;
    let is_torn = bind(engine.plan.binding(), spelling, text, (nodes, false), None)
        .unwrap_or_default()
        .records
        .iter()
        .filter_map(|record| nodes.get(record.node as usize))
        .any(is_open);
    let verdict = match shape {
        _ if is_torn && has_subject(engine.plan) => Verdict::Never,
        // Rows of two may be names with their values; how many are tells.
        Shape::Array if width == 2 || (!are_rows_named && !is_outermost) => Verdict::Never,
        Shape::Object => match is_outermost && !first.is_some_and(|first| has_pair(first.signals)) {
            true => Verdict::Free,
            false => Verdict::Doubtful,
        },
        _ if may_be_called => Verdict::Never,
        _ if is_outermost => Verdict::Free,
        _ => Verdict::Doubtful,
    };
    Ok(Probe { known: around.known, verdict, names: named_before(&named, nodes, around.known as u32).into() })
}

/// Looks at the first rows of a table.
pub(super) fn cells<C: Classify>(
    format: Format,
    head: &[u8],
    engine: &Engine<'_, C>,
    workspace: &mut Workspace,
) -> Result<Verdict, Uninspectable> {
    match format {
        Format::Tsv => table::<Tabs, C>(head, engine, workspace),
        _ => table::<Commas, C>(head, engine, workspace),
    }
}

fn table<G: Grammar, C: Classify>(
    head: &[u8],
    engine: &Engine<'_, C>,
    workspace: &mut Workspace,
) -> Result<Verdict, Uninspectable> {
    let text =
        std::str::from_utf8(head).map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })?;
    let (mut level, depth) = (Level::default(), (engine.limits.depth, engine.limits.depth));
    let spelling = G::parse(&mut level, text, &mut workspace.keys, engine.classifier, depth)?;
    let bound = bind(engine.plan.binding(), spelling, text, (&level.nodes, false), None).unwrap_or_default();
    let is_torn = bound.records.iter().any(|record| record.node == 0) && has_subject(engine.plan);
    Ok(if is_torn { Verdict::Never } else { Verdict::Free })
}

/// Whether records say whose they are.
fn has_subject(plan: Plan<'_>) -> bool {
    plan.binding().is_some_and(|binding| matches!(binding.subject, Some(SubjectSelector::Record(_))))
}

/// How many nodes stand right inside a container.
fn children(nodes: &[Node], at: usize) -> usize {
    let after = nodes.get(at).map_or(0, |node| node.after as usize);
    let mut next = at + 1;
    let mut count = 0;
    while let Some(node) = nodes.get(next).filter(|_| next < after) {
        (next, count) = (node.after as usize, count + 1);
    }
    count
}
