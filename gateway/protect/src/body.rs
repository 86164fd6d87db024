//! From bytes to a treated body, whatever its format.

use crate::classify::Classify;
use crate::form::Form;
use crate::json::{Json, looks_like_json};
use crate::plan::Plan;
use crate::tree::{Scan, Subject, Treat, Workspace};
use crate::{Finding, Format, Limits, Summary, Treated, Uninspectable, csv, html, lines, xml};
use std::collections::BTreeSet;
use yingbi_crypto::{Pseudonym, PseudonymKey};

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
    let (mark, text) = decoded(input.body)?;
    workspace.fields.begin(plan.route());
    let mut treat = Treat::new(input.classifier, plan, input.limits, workspace);
    let read = read(input.format, text, &mut treat);
    treat.note();
    let (records, subjects) = read?;
    let mut summary = Summary { records, ..Summary::default() };
    summary.subjects = pseudonymous(plan.document_subject(), &subjects, pseudonyms);
    treat.counts.add_to(&mut summary);
    let mut body = Vec::new();
    body.extend_from_slice(input.body.get(..mark).unwrap_or_default());
    treat.edits.apply(text.as_bytes(), &mut body);
    treat.end();
    Ok(Treated { body, summary })
}

/// How many records there are, and whose they are.
fn read<'p, C: Classify>(
    format: Format,
    text: &str,
    treat: &mut Treat<'_, 'p, C>,
) -> Result<(u64, Vec<Subject>), Uninspectable> {
    let rules = treat.plan.rules(None);
    let (mut records, mut subjects) = (1, vec![]);
    match format {
        Format::Json | Format::Xml | Format::Csv | Format::Tsv | Format::Form => {
            let read = match format {
                Format::Xml => treat.document::<xml::Document>(text)?,
                Format::Csv => treat.document::<csv::Commas>(text)?,
                Format::Tsv => treat.document::<csv::Tabs>(text)?,
                Format::Form => treat.document::<Form>(text)?,
                _ => treat.document::<Json>(text)?,
            };
            (records, subjects) = (read.count, read.subjects);
        }
        Format::Text => {
            let mut read_in = 0;
            for part in lines::parts(text) {
                let whole = text.get(part.clone()).unwrap_or("");
                let read = if looks_like_json(whole) { treat.part(whole, part.start)? } else { None };
                match read {
                    Some(mut read) => {
                        read_in += read.count;
                        subjects.append(&mut read.subjects);
                    }
                    None => treat.text(whole, part.start, rules)?,
                }
            }
            records = read_in.max(1);
        }
        Format::Html => html::treat(treat, text, rules)?,
    }
    Ok((records, subjects))
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

pub(crate) fn scan<C: Classify>(
    input: &Input<'_, C>,
    workspace: &mut Workspace,
) -> Result<Vec<Finding>, Uninspectable> {
    let (mark, text) = decoded(input.body)?;
    let mut scan = Scan { classifier: input.classifier, limits: input.limits, workspace, findings: vec![] };
    match input.format {
        Format::Json => scan.document::<Json>(text)?,
        Format::Xml => scan.document::<xml::Document>(text)?,
        Format::Csv => scan.document::<csv::Commas>(text)?,
        Format::Tsv => scan.document::<csv::Tabs>(text)?,
        Format::Form => scan.document::<Form>(text)?,
        Format::Text => {
            for part in lines::parts(text) {
                let whole = text.get(part.clone()).unwrap_or("");
                let before = scan.findings.len();
                if !looks_like_json(whole) || !scan.part(whole)? {
                    scan.text(whole);
                }
                for finding in scan.findings.iter_mut().skip(before) {
                    finding.span = (finding.span.0 + part.start, finding.span.1 + part.start);
                }
            }
        }
        Format::Html => html::scan(&mut scan, text)?,
    }
    for finding in &mut scan.findings {
        finding.span = (finding.span.0 + mark, finding.span.1 + mark);
    }
    Ok(scan.findings)
}

/// The text of a body, and the length of the byte order mark before it.
fn decoded(body: &[u8]) -> Result<(usize, &str), Uninspectable> {
    let text = simdutf8::compat::from_utf8(body)
        .map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })?;
    let marked = text.strip_prefix('\u{feff}');
    Ok((if marked.is_some() { '\u{feff}'.len_utf8() } else { 0 }, marked.unwrap_or(text)))
}
