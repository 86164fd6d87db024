//! What the shipped binary makes of the documents: `yingbi scan --batch --redact-level 2`, judged against the labels.

use crate::align::align;
use crate::documents::Document;
use crate::marked::{Label, Tag};
use crate::{disguises, views, wellformed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use yingbi_taxonomy::Kind;

/// What the binary says of a document.
pub struct Answer {
    /// The body with every finding of level 2 and above masked, or why there is none.
    pub redacted: Result<String, String>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Pointer to it.
    pub path: String,
    /// Its bytes.
    pub span: (usize, usize),
    /// Its category's id.
    pub category: String,
    /// Its kind's id.
    pub kind: String,
    /// How it was found.
    pub how: String,
}

/// A value and what became of it.
pub struct Judged {
    /// The value.
    pub label: Rc<Label>,
    /// Its text in the document.
    pub text: String,
    /// Pointer to what was found there, if anything.
    pub path: Option<String>,
    /// What it was taken for.
    pub taken_for: Option<String>,
    /// Whether its row of Appendix A was told rightly.
    pub named: bool,
    /// Whether it can still be read in the redacted body.
    pub missed: bool,
}

/// A document and what became of it.
pub struct Outcome<'a> {
    /// The document.
    pub document: &'a Document,
    /// Why the binary refused it, if it did.
    pub refused: Option<String>,
    /// What is broken in the redacted body.
    pub broken: Option<&'static str>,
    /// Whether something of one record stands in another.
    pub mixed: bool,
    /// The values.
    pub values: Vec<Judged>,
    /// Findings on values.
    pub hits: Vec<Finding>,
    /// Findings where there is none, with what stands there.
    pub false_hits: Vec<(Finding, String)>,
    /// Class and text of what must not be touched, and whether it was.
    pub kept: Vec<(Rc<str>, String, bool)>,
}

/// Gives all documents to the binary at once.
pub fn scan(binary: &Path, documents: &[Document]) -> Vec<Answer> {
    let mut child = Command::new(binary)
        .args(["scan", "--batch", "--redact-level", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    let jobs: Vec<String> = documents.iter().map(job).collect();
    let writer = std::thread::spawn(move || {
        for job in jobs {
            stdin.write_all(job.as_bytes()).expect("the binary reads its input");
        }
    });
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("all was written");
    let answers: Vec<Answer> = String::from_utf8(output.stdout).expect("UTF-8").lines().map(answer).collect();
    assert_eq!(answers.len(), documents.len(), "one answer a document");
    answers
}

/// A document as a line of a batch.
pub fn job(document: &Document) -> String {
    let body = STANDARD.encode(&document.body);
    let job = json!({ "id": document.number, "content_type": document.content_type, "body_b64": body });
    format!("{job}\n")
}

fn answer(line: &str) -> Answer {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let findings = line["findings"].as_array().into_iter().flatten().map(|finding| {
        let bound = |place: usize| finding["span"][place].as_u64().unwrap_or_default() as usize;
        Finding {
            path: text(finding, "path"),
            span: (bound(0), bound(1)),
            category: text(finding, "category"),
            kind: text(finding, "kind"),
            how: text(finding, "how"),
        }
    });
    let findings = findings.collect();
    let redacted = match line["body_b64"].as_str() {
        Some(body) => {
            let bytes = STANDARD.decode(body).expect("base64");
            String::from_utf8(bytes).map_err(|_| "the redacted body is not UTF-8".to_owned())
        }
        None => Err(text(&line, "error")),
    };
    Answer { redacted, findings }
}

/// Judges one answer.
pub fn judge<'a>(document: &'a Document, answer: &Answer) -> Outcome<'a> {
    let mut outcome = Outcome {
        document,
        refused: None,
        broken: None,
        mixed: false,
        values: Vec::new(),
        hits: Vec::new(),
        false_hits: Vec::new(),
        kept: Vec::new(),
    };
    let redacted = match &answer.redacted {
        Ok(redacted) => redacted,
        Err(reason) => {
            outcome.refused = Some(reason.clone());
            return outcome;
        }
    };
    outcome.broken = wellformed::broken(document.format, document.shape, &document.body, redacted);
    let places = Alignments::of(document.body.as_bytes(), redacted.as_bytes());
    outcome.values = values(document, answer, &places, &views::all(document.format, redacted));
    outcome.mixed = is_mixed(document, redacted);
    for finding in &answer.findings {
        let on = |wanted: fn(&Tag) -> bool| {
            document
                .marks
                .iter()
                .any(|mark| wanted(&mark.tag) && overlap((mark.start, mark.end), finding.span))
        };
        if on(|tag| matches!(tag, Tag::Label(_))) {
            outcome.hits.push(finding.clone());
        } else if !on(|tag| matches!(tag, Tag::Neutral)) {
            let text = document.body.get(finding.span.0..finding.span.1).unwrap_or("?").to_owned();
            outcome.false_hits.push((finding.clone(), text));
        }
    }
    for mark in &document.marks {
        if let Tag::Keep(class) = &mark.tag {
            let stays = places.any(mark.start, mark.end, is_whole);
            outcome.kept.push((Rc::clone(class), document.body[mark.start..mark.end].to_owned(), !stays));
        }
    }
    outcome
}

/// The document against its redaction, read from either end: where two ways of seeing what changed are equally short, the
/// kinder one counts.
struct Alignments([Vec<Option<usize>>; 2]);

impl Alignments {
    fn of(before: &[u8], after: &[u8]) -> Alignments {
        let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
        let mut backward = align(&reversed(before), &reversed(after));
        backward.reverse();
        for place in backward.iter_mut().flatten() {
            *place = after.len() - 1 - *place;
        }
        Alignments([align(before, after), backward])
    }

    fn any(&self, start: usize, end: usize, is: impl Fn(&[Option<usize>]) -> bool) -> bool {
        self.0.iter().any(|places| is(&places[start..end]))
    }

    fn all(&self, start: usize, end: usize, is: impl Fn(&[Option<usize>]) -> bool) -> bool {
        self.0.iter().all(|places| is(&places[start..end]))
    }
}

fn values(document: &Document, answer: &Answer, places: &Alignments, seen: &str) -> Vec<Judged> {
    type Spans = Vec<(usize, usize)>;
    let mut labels: BTreeMap<usize, (Rc<Label>, Spans)> = BTreeMap::new();
    for mark in &document.marks {
        if let Tag::Label(label) = &mark.tag {
            let (_, spans) = labels.entry(label.id).or_insert_with(|| (Rc::clone(label), Vec::new()));
            spans.push((mark.start, mark.end));
        }
    }
    let stays = |label: &Label, spans: &[(usize, usize)]| {
        spans.iter().all(|(start, end)| places.all(*start, *end, |places| is_readable(label, places)))
    };
    // A value that is still there explains why it is found, wherever else it was masked.
    let explained: Vec<&str> = labels
        .values()
        .filter(|(label, spans)| stays(label, spans))
        .filter_map(|(label, _)| label.needle.as_deref())
        .collect();
    let judged = labels.values().map(|(label, spans)| {
        let leaks = label.needle.as_deref().is_some_and(|needle| {
            seen.contains(needle) && !explained.iter().any(|explained| explained.contains(needle))
        });
        let found: Vec<&Finding> = answer
            .findings
            .iter()
            .filter(|finding| spans.iter().any(|span| overlap(*span, finding.span)))
            .collect();
        let right = found.iter().find(|finding| finding.category == label.kind.category().id());
        let text: String = spans.iter().map(|(start, end)| &document.body[*start..*end]).collect();
        Judged {
            label: Rc::clone(label),
            text,
            path: found.first().map(|finding| finding.path.clone()),
            taken_for: found.first().map(|finding| format!("{} by {}", finding.kind, finding.how)),
            named: right.is_some(),
            missed: match label.kind {
                // Their customary masks may leave all there is: the region, the tens of an age.
                Kind::LocationCoarse | Kind::Age => found.is_empty() && stays(label, spans),
                _ => leaks || stays(label, spans),
            },
        }
    });
    judged.collect()
}

/// Whether so much of a value stands unbroken that it is not masked: of level 4 half, of others four fifths.
fn is_readable(label: &Label, places: &[Option<usize>]) -> bool {
    let mut longest = 0;
    let mut run = 0;
    let mut last = None;
    for place in places {
        run = match (place, last) {
            (Some(place), Some(before)) if *place == before + 1 => run + 1,
            (Some(_), _) => 1,
            (None, _) => 0,
        };
        last = *place;
        longest = longest.max(run);
    }
    if label.kind.level().number() == 4 {
        longest * 2 >= places.len()
    } else {
        longest * 5 >= places.len() * 4
    }
}

fn is_whole(places: &[Option<usize>]) -> bool {
    places.iter().all(Option::is_some)
        && places.windows(2).all(|pair| pair[0].map(|place| place + 1) == pair[1])
}

fn overlap(left: (usize, usize), right: (usize, usize)) -> bool {
    left.0 < right.1 && right.0 < left.1
}

/// Whether a masked number stands in another record than its own. Records begin with their own number.
fn is_mixed(document: &Document, redacted: &str) -> bool {
    let rows: Vec<usize> = document
        .marks
        .iter()
        .filter(|mark| matches!(&mark.tag, Tag::Keep(class) if class.as_ref() == "row"))
        .filter_map(|mark| redacted.find(&document.body[mark.start..mark.end]))
        .collect();
    if rows.len() < 2 {
        return false;
    }
    if !rows.is_sorted() {
        return true;
    }
    let slices: Vec<&str> = rows
        .iter()
        .zip(rows.iter().skip(1).chain([&redacted.len()]))
        .map(|(from, to)| &redacted[*from..*to])
        .collect();
    document.marks.iter().any(|mark| {
        let Tag::Label(label) = &mark.tag else { return false };
        let is_mobile = label.kind == Kind::Mobile;
        let Some(needle) = label.needle.as_deref().filter(|needle| is_mobile && needle.len() == 11) else {
            return false;
        };
        let masked = format!("{}****{}", &needle[..3], &needle[7..]);
        slices.iter().enumerate().any(|(record, slice)| {
            record != label.record && (slice.contains(&masked) || disguises::read(slice).contains(needle))
        })
    })
}
