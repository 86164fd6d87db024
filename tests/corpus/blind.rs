//! Field names written down blind, before the lexicon was read or changed for them: how much of them is found.
//!
//! Each field is asked twice: alone in its document, where only its name and value speak, and in records of eight,
//! where neighbours do too. A value counts as found when all of it is a finding of its row's level or above.

use crate::documents::Document;
use crate::measure;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::Path;
use yingbi_taxonomy::{Category, Kind};

/// The sets, in the order they were written.
pub const SETS: &[(&str, &str)] = &[
    ("first", include_str!("blind/first.txt")),
    ("second", include_str!("blind/second.txt")),
    ("third", include_str!("blind/third.txt")),
    ("fourth", include_str!("blind/fourth.txt")),
    ("fifth", include_str!("blind/fifth.txt")),
    ("sixth", include_str!("blind/sixth.txt")),
    ("seventh", include_str!("blind/seventh.txt")),
];

/// One field: where it stands, what it holds, and its row of Appendix A; none is public.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its name, with the objects it stands in before it.
    pub path: &'a str,
    value: &'a str,
    row: Option<Category>,
}

/// Fields in one document: one, or a record.
const RECORD: usize = 8;

/// The fields of a set.
pub fn fields(set: &str) -> Vec<Field<'_>> {
    let mut row = None;
    let mut fields = Vec::new();
    for line in set.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(id) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            row = Category::from_id(id);
            assert!(row.is_some() || id == "none", "`{id}` is no row");
            continue;
        }
        let (value, names) = line.split_once(": ").unwrap_or_else(|| panic!("a colon in `{line}`"));
        fields.extend(names.split_whitespace().map(|path| Field { path, value, row }));
    }
    fields
}

/// The figures of a set, and with `misses` each field that is missed, falsely found or taken for another row.
pub fn text(set: &str, binary: &Path, misses: bool) -> String {
    let fields = fields(set);
    let mut out = String::new();
    for (name, size) in [("alone", 1), ("records", RECORD)] {
        let judged = judge(&records(&fields, size), binary);
        let of =
            |wanted: &dyn Fn(&Field<'_>) -> bool| Count::of(judged.iter().filter(|(field, _)| wanted(field)));
        let all = of(&|_| true);
        let _ = writeln!(
            out,
            "{name:<8} {:<26} fields {:>5}  recall {:>6.2}  named {:>6.2}  precision {:>6.2}  public found {}/{}",
            "all",
            all.fields,
            all.recall(),
            all.naming(),
            all.precision(),
            all.public_found,
            all.public
        );
        for level in 2..=4 {
            let count = of(&|field| field.row.is_some_and(|row| row.level().number() == level));
            let _ = writeln!(out, "{name:<8} {:<26} {count}", format!("level {level}"));
        }
        for category in Category::all() {
            let count = of(&|field| field.row == Some(category));
            let _ = writeln!(out, "{name:<8} {:<26} {count}", category.id());
        }
        if misses {
            for (field, found) in &judged {
                let row = field.row.map_or("none", Category::id);
                let found = found.map_or("none", Kind::id);
                if !found.starts_with(row) {
                    let _ = writeln!(out, "{name}\t{row}\t{found}\t{}\t{}", field.path, field.value);
                }
            }
        }
    }
    out
}

/// Neighbours far apart in the file, so that a record is of many rows; public fields among themselves.
fn records<'a>(fields: &[Field<'a>], size: usize) -> Vec<Vec<Field<'a>>> {
    let mut records = Vec::new();
    for public in [false, true] {
        let side: Vec<Field<'_>> =
            fields.iter().copied().filter(|field| field.row.is_none() == public).collect();
        let stride = side.len().div_ceil(size);
        records.extend((0..stride).map(|first| side.iter().skip(first).step_by(stride).copied().collect()));
    }
    records
}

/// What each field was found as.
fn judge<'a>(records: &[Vec<Field<'a>>], binary: &Path) -> Vec<(Field<'a>, Option<Kind>)> {
    let documents: Vec<Document> =
        records.iter().enumerate().map(|(number, record)| document(number, record)).collect();
    let answers = measure::scan(binary, &documents);
    let mut judged = Vec::new();
    for (record, answer) in records.iter().zip(&answers) {
        assert!(answer.redacted.is_ok(), "refused: {:?}", answer.redacted);
        for field in record {
            let path = format!("/data/{}", field.path.replace('/', "~1").replace('.', "/"));
            let kinds = answer.findings.iter().filter(|finding| is_at(&finding.path, &path));
            let kinds = kinds.filter_map(|finding| Kind::from_id(&finding.kind));
            judged.push((*field, kinds.max_by_key(|kind| kind.level().number())));
        }
    }
    judged
}

/// Whether a finding is at a field, or in what its string holds.
fn is_at(found: &str, path: &str) -> bool {
    found.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("/!"))
}

fn document(number: usize, record: &[Field<'_>]) -> Document {
    let mut data = Map::new();
    for field in record {
        let mut names: Vec<&str> = field.path.split('.').collect();
        let last = names.pop().unwrap_or_default();
        let object = names.iter().fold(&mut data, |object, name| {
            let inner = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().unwrap_or_else(|| panic!("`{name}` is a field and an object"))
        });
        let value = match field.value.strip_prefix('=') {
            Some(bare) => serde_json::from_str(bare).expect("a bare value is JSON"),
            None => Value::String(field.value.to_owned()),
        };
        object.insert(last.to_owned(), value);
    }
    Document {
        number,
        format: "JSON",
        shape: "object",
        content_type: "application/json".to_owned(),
        body: json!({ "code": 0, "msg": "ok", "data": data }).to_string(),
        marks: Vec::new(),
    }
}

/// Counts of some of the fields.
#[derive(Clone, Copy, Default)]
struct Count {
    fields: usize,
    found: usize,
    named: usize,
    public: usize,
    public_found: usize,
}

impl Count {
    fn of<'a>(judged: impl Iterator<Item = &'a (Field<'a>, Option<Kind>)>) -> Count {
        judged.fold(Count::default(), |mut count, (field, found)| {
            match field.row {
                Some(row) => {
                    count.fields += 1;
                    count.found += usize::from(found.is_some_and(|found| found.level() >= row.level()));
                    count.named += usize::from(found.is_some_and(|found| found.category() == row));
                }
                None => {
                    count.public += 1;
                    count.public_found += usize::from(found.is_some());
                }
            }
            count
        })
    }

    fn recall(self) -> f64 {
        percent(self.found, self.fields)
    }

    fn naming(self) -> f64 {
        percent(self.named, self.fields)
    }

    /// Share of the fields found that are personal; an answer of the public fields counts as much as one of the others.
    fn precision(self) -> f64 {
        percent(self.found, self.found + self.public_found)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "fields {:>5}  recall {:>6.2}  named {:>6.2}", self.fields, self.recall(), self.naming())
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}
