//! From bytes to a treated body, whatever its format.

use crate::classify::Classify;
use crate::crowd::{Crowd, SmallGroups};
use crate::form::Form;
use crate::json::{Json, looks_like_json};
use crate::meaning::Meaning;
use crate::plan::{Plan, Rules};
use crate::records::{Content, Framing, Release, Segment};
use crate::segments::{Engine, Torn};
use crate::tree::{Scan, Subject, Treat, Workspace, malformed};
use crate::{
    Finding, Format, Limits, Summary, Treated, Uninspectable, csv, events, html, lines, multipart, records,
    xml,
};
use std::collections::BTreeSet;
use std::mem;
use std::ops::Range;
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::SmallGroupAction;

/// What is read, and with what.
pub(crate) struct Input<'i, C> {
    pub(crate) classifier: &'i C,
    pub(crate) limits: Limits,
    pub(crate) format: Format,
    pub(crate) body: &'i [u8],
}

pub(crate) fn treat<C: Classify>(
    input: &Input<'_, C>,
    plan: Plan<'_>,
    pseudonyms: &PseudonymKey,
    workspace: &mut Workspace,
) -> Result<Treated, Uninspectable> {
    let Some(rule) = plan.small_groups() else {
        return treat_among(input, plan, pseudonyms, workspace, None).map(|(treated, _)| treated);
    };
    workspace.fields.log(true);
    let first = treat_among(input, plan, pseudonyms, workspace, Some(Crowd::default()));
    let small = |crowd: Option<Crowd>| crowd.and_then(|crowd| crowd.small(rule.below.into()));
    let done = first.and_then(|(mut treated, crowd)| {
        let Some((small, covered)) = small(crowd) else { return Ok(treated) };
        if rule.then == SmallGroupAction::Suppress {
            // It is found once, however often it is looked at.
            workspace.fields.take_back();
            workspace.edits.clear();
            workspace.sealing.clear();
            (treated, _) = treat_among(input, plan, pseudonyms, workspace, Some(covered))?;
        }
        let suppressed = rule.then == SmallGroupAction::Suppress;
        treated.summary.small_groups = Some(SmallGroups { suppressed, ..small });
        Ok(treated)
    });
    workspace.fields.log(false);
    done
}

/// Treats a body, and notes what is left of its records where there is a crowd to note it.
fn treat_among<C: Classify>(
    input: &Input<'_, C>,
    plan: Plan<'_>,
    pseudonyms: &PseudonymKey,
    workspace: &mut Workspace,
    crowd: Option<Crowd>,
) -> Result<(Treated, Option<Crowd>), Uninspectable> {
    workspace.fields.begin(plan.route());
    let mut treat = Treat::new(input.classifier, plan, input.limits, workspace);
    treat.crowd = crowd;
    let read = read(&mut treat, input);
    treat.note();
    let (mark, found) = read?;
    let mut summary = Summary { records: found.count, ..Summary::default() };
    summary.subjects = pseudonymous(plan.document_subject(), &found.subjects, pseudonyms);
    summary.sensitive = sensitive(&mut treat, &summary, pseudonyms);
    treat.seal();
    treat.counts.add_to(&mut summary);
    summary.raised = treat.survey.take_raised();
    let (before, rest) = input.body.split_at_checked(mark).unwrap_or((&[], input.body));
    let mut body = Vec::new();
    body.extend_from_slice(before);
    treat.edits.apply(rest, &mut body);
    let crowd = treat.crowd.take();
    treat.end();
    Ok((Treated { body, summary }, crowd))
}

/// Treats a segment of a document; whether something was seen outside of its records that may raise them. `names` is
/// what is known of its beginning by where that stands, if anything.
pub(crate) fn treat_torn<C: Classify>(
    engine: &Engine<'_, C>,
    format: Format,
    text: &[u8],
    torn: Torn,
    names: Option<&[(u32, Meaning)]>,
    workspace: &mut Workspace,
) -> Result<(Treated, Torn, bool), Uninspectable> {
    let text = utf8(text)?;
    workspace.fields.begin(engine.plan.route());
    let mut treat = Treat::new(engine.classifier, engine.plan, engine.limits, workspace);
    treat.torn = Some(torn);
    let read = match format {
        Format::Json => treat.document::<Json>(text),
        Format::Csv => treat.document::<csv::Commas>(text),
        Format::Tsv => treat.document::<csv::Tabs>(text),
        _ => Err(Uninspectable::Malformed { at: 0 }),
    };
    treat.note();
    let mut content = Content::default();
    content.add(read?);
    let torn = treat.torn.unwrap_or(torn);
    if names.is_some_and(|names| names != treat.names) {
        return Err(Uninspectable::Contradicted);
    }
    let has_outside = treat.survey.has_outside();
    let treated = finish(treat, &content, text, torn.range(), engine)?;
    Ok((treated, torn, has_outside))
}

/// Treats a segment of a stream of documents or events; the body holds what may be released of it.
pub(crate) fn treat_stream<C: Classify>(
    engine: &Engine<'_, C>,
    format: Format,
    text: &[u8],
    segment: Segment,
    workspace: &mut Workspace,
) -> Result<(Treated, Release), Uninspectable> {
    let text = utf8(text)?;
    workspace.fields.begin(engine.plan.route());
    let mut treat = Treat::new(engine.classifier, engine.plan, engine.limits, workspace);
    let rules = engine.plan.rules(None);
    let read = match format {
        Format::Lines => records::treat(&mut treat, text, Framing::Lines, segment),
        Format::Sequence => records::treat(&mut treat, text, Framing::Sequence, segment),
        Format::Events => events::treat(&mut treat, text, rules, segment),
        _ => Err(Uninspectable::Malformed { at: 0 }),
    };
    treat.note();
    let (content, release) = read?;
    let treated = finish(treat, &content, text, segment.known..release.upto, engine)?;
    Ok((treated, release))
}

/// The treated bytes of a part of a text, and what was found in it.
fn finish<C: Classify>(
    mut treat: Treat<'_, '_, C>,
    content: &Content,
    text: &str,
    part: Range<usize>,
    engine: &Engine<'_, C>,
) -> Result<Treated, Uninspectable> {
    let mut summary = Summary { records: content.count, ..Summary::default() };
    summary.subjects = pseudonymous(engine.plan.document_subject(), &content.subjects, engine.pseudonyms);
    summary.sensitive = sensitive(&mut treat, &summary, engine.pseudonyms);
    treat.seal();
    treat.counts.add_to(&mut summary);
    summary.raised = treat.survey.take_raised();
    let mut body = Vec::new();
    let is_within = treat.edits.apply_within(text.as_bytes(), part.clone(), &mut body);
    treat.end();
    // A replacement that goes over the edge was made of what isn't here.
    if is_within { Ok(Treated { body, summary }) } else { Err(malformed(part.start)) }
}

/// Treats a body: the bytes of its mark, and the records in it.
fn read<C: Classify>(
    treat: &mut Treat<'_, '_, C>,
    input: &Input<'_, C>,
) -> Result<(usize, Content), Uninspectable> {
    match input.format {
        Format::Multipart(boundary) => Ok((0, multipart::treat(treat, input.body, &boundary, 0)?)),
        format => {
            let (mark, text) = decoded(input.body)?;
            let rules = treat.plan.rules(None);
            Ok((mark, content(treat, format, text, rules)?))
        }
    }
}

/// Each of the subjects once: a pseudonym costs more than all else about a record.
fn pseudonymous(
    document: Option<&str>,
    records: &[Subject],
    pseudonyms: &PseudonymKey,
) -> BTreeSet<Pseudonym> {
    let mut names: Vec<&str> = document.into_iter().chain(records.iter().flat_map(Subject::names)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| pseudonyms.pseudonym("subject", name)).collect()
}

/// Of whom something sensitive is released. What no document told apart is of all whom the body concerns.
fn sensitive<C: Classify>(
    treat: &mut Treat<'_, '_, C>,
    summary: &Summary,
    pseudonyms: &PseudonymKey,
) -> BTreeSet<Pseudonym> {
    if !treat.plan.counts_sensitive() {
        return BTreeSet::new();
    }
    let shown = treat.counts.sensitive();
    match treat.survey.people.of(shown) {
        None => summary.subjects.clone(),
        Some(names) => names.iter().map(|name| pseudonyms.pseudonym("subject", name)).collect(),
    }
}

/// Treats a text of some format, whether it is all of a body or a part; the edits are relative to it.
pub(crate) fn content<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    format: Format,
    text: &str,
    rules: Rules<'p>,
) -> Result<Content, Uninspectable> {
    let mut content = Content::default();
    match format {
        Format::Json => content.add(treat.document::<Json>(text)?),
        Format::Xml => content.add(treat.document::<xml::Document>(text)?),
        Format::Csv => content.add(treat.document::<csv::Commas>(text)?),
        Format::Tsv => content.add(treat.document::<csv::Tabs>(text)?),
        Format::Form => content.add(treat.document::<Form>(text)?),
        Format::Text => {
            for part in lines::parts(text) {
                let whole = text.get(part.clone()).unwrap_or("");
                let read = if looks_like_json(whole) { treat.part(whole, part.start)? } else { None };
                match read {
                    Some(read) => content.add(read),
                    None => treat.as_record(rules, |treat, rules| {
                        let inner = treat.prose(whole, rules)?;
                        treat.edits.append(&inner, part.start);
                        Ok(())
                    })?,
                }
            }
            content.count = content.count.max(1);
        }
        Format::Html => {
            html::treat(treat, text, rules)?;
            content.count = 1;
        }
        Format::Lines => content = records::treat(treat, text, Framing::Lines, Segment::WHOLE)?.0,
        Format::Sequence => {
            content = records::treat(treat, text, Framing::Sequence, Segment::WHOLE)?.0;
        }
        Format::Events => content = events::treat(treat, text, rules, Segment::WHOLE)?.0,
        // Its bytes are no text, so it never comes here.
        Format::Multipart(_) => return Err(Uninspectable::Malformed { at: 0 }),
    }
    Ok(content)
}

pub(crate) fn scan<C: Classify>(
    input: &Input<'_, C>,
    workspace: &mut Workspace,
) -> Result<Vec<Finding>, Uninspectable> {
    let mut scan = Scan { classifier: input.classifier, limits: input.limits, workspace, findings: vec![] };
    if let Format::Multipart(boundary) = input.format {
        multipart::scan(&mut scan, input.body, &boundary, 0)?;
        return Ok(scan.findings);
    }
    let (mark, text) = decoded(input.body)?;
    findings(&mut scan, input.format, text)?;
    for finding in &mut scan.findings {
        finding.span = (finding.span.0 + mark, finding.span.1 + mark);
    }
    Ok(scan.findings)
}

/// Scans a text of some format, whether it is all of a body or a part; spans are relative to it.
pub(crate) fn findings<C: Classify>(
    scan: &mut Scan<'_, C>,
    format: Format,
    text: &str,
) -> Result<(), Uninspectable> {
    // Formats that sort their findings see none but their own.
    let outer = mem::take(&mut scan.findings);
    let done = match format {
        Format::Json => scan.document::<Json>(text),
        Format::Xml => scan.document::<xml::Document>(text),
        Format::Csv => scan.document::<csv::Commas>(text),
        Format::Tsv => scan.document::<csv::Tabs>(text),
        Format::Form => scan.document::<Form>(text),
        Format::Text => lines::parts(text).into_iter().try_for_each(|part| {
            let whole = text.get(part.clone()).unwrap_or("");
            let before = scan.findings.len();
            if !looks_like_json(whole) || !scan.part(whole)? {
                scan.prose(whole)?;
            }
            for finding in scan.findings.iter_mut().skip(before) {
                finding.span = (finding.span.0 + part.start, finding.span.1 + part.start);
            }
            Ok(())
        }),
        Format::Html => html::scan(scan, text),
        Format::Lines => records::scan(scan, text, Framing::Lines),
        Format::Sequence => records::scan(scan, text, Framing::Sequence),
        Format::Events => events::scan(scan, text),
        Format::Multipart(_) => Err(Uninspectable::Malformed { at: 0 }),
    };
    let inner = mem::replace(&mut scan.findings, outer);
    scan.findings.extend(inner);
    done
}

/// The text of a body, and the length of the byte order mark before it.
fn decoded(body: &[u8]) -> Result<(usize, &str), Uninspectable> {
    let text = utf8(body)?;
    let marked = text.strip_prefix('\u{feff}');
    Ok((if marked.is_some() { '\u{feff}'.len_utf8() } else { 0 }, marked.unwrap_or(text)))
}

fn utf8(bytes: &[u8]) -> Result<&str, Uninspectable> {
    simdutf8::compat::from_utf8(bytes).map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })
}
