//! The two halves of the corpus: `open`, whose misses may be looked at, and `held`, of which only figures are printed.
//! They share no field name, no template and no wrapper; a test says so.

use crate::records::{self, Field, Template};
use crate::values::Words;

/// One half: what its documents are made of.
pub struct Half {
    /// `open` or `held`.
    pub name: &'static str,
    /// Fields by family, families in the order of the file.
    pub families: Vec<(&'static str, Vec<Field>)>,
    /// Templates of free text.
    pub templates: Vec<Template>,
    /// Word lists.
    pub words: Words,
    /// Names around the content.
    pub wrappers: &'static Wrappers,
}

/// The names that documents wrap their content in.
pub struct Wrappers {
    /// Code, message and content of an answer.
    pub envelopes: &'static [[&'static str; 3]],
    /// Name and value of name–value lists.
    pub pairs: &'static [[&'static str; 2]],
    /// Header and rows of column/row tables.
    pub columns: &'static [[&'static str; 2]],
    /// Fields that hold free text.
    pub notes: &'static [&'static str],
    /// Fields that hold JSON, base64 or a query string.
    pub parcels: &'static [&'static str],
    /// Groups of fields within a record.
    pub groups: &'static [[&'static str; 2]],
    /// The pieces of a streamed text.
    pub deltas: &'static [&'static str],
    /// Objects that have a person's value as key.
    pub maps: &'static [&'static str],
    /// Words set before (`word_`) or after field names; `""` leaves a name to be spelt otherwise only.
    pub affixes: &'static [&'static str],
    /// The record's own number, which tells records apart.
    pub row: &'static str,
}

impl Half {
    /// The half that developers look at.
    pub fn open() -> Half {
        Half::read(
            "open",
            [
                include_str!("open/fields.tsv"),
                include_str!("open/texts.tsv"),
                include_str!("open/values.tsv"),
            ],
            &OPEN,
        )
    }

    /// The half that is held back.
    pub fn held() -> Half {
        Half::read(
            "held",
            [
                include_str!("held/fields.tsv"),
                include_str!("held/texts.tsv"),
                include_str!("held/values.tsv"),
            ],
            &HELD,
        )
    }

    fn read(name: &'static str, files: [&'static str; 3], wrappers: &'static Wrappers) -> Half {
        let [fields, texts, values] = files;
        let mut families: Vec<(&'static str, Vec<Field>)> = Vec::new();
        for field in records::fields(fields) {
            match families.iter_mut().find(|(family, _)| *family == field.family) {
                Some((_, fields)) => fields.push(field),
                None => families.push((field.family, vec![field])),
            }
        }
        Half { name, families, templates: records::templates(texts), words: Words::read(values), wrappers }
    }

    /// Families of people's fields, or of public ones.
    pub fn families(&self, public: bool) -> Vec<&(&'static str, Vec<Field>)> {
        self.families.iter().filter(|(family, _)| family.starts_with("public") == public).collect()
    }

    /// Templates about people, or public ones.
    pub fn templates(&self, public: bool) -> Vec<&Template> {
        self.templates.iter().filter(|template| (template.kind == "public") == public).collect()
    }
}

const OPEN: Wrappers = Wrappers {
    envelopes: &[
        ["code", "msg", "data"],
        ["error_no", "error_info", "result"],
        ["retCode", "retMsg", "body"],
    ],
    pairs: &[["name", "value"], ["key", "val"]],
    columns: &[["cols", "rows"], ["fields", "items"]],
    notes: &["remark", "备注", "content", "description", "detail_text"],
    parcels: &["payload", "ext_info", "biz_content"],
    groups: &[["basicInfo", "accountInfo"], ["client", "assets"]],
    deltas: &["delta", "content"],
    maps: &["customers", "byUser"],
    affixes: &["", "", "old_", "main_", "1", "2", "info"],
    row: "record_key",
};

const HELD: Wrappers = Wrappers {
    envelopes: &[
        ["status", "message", "payloadData"],
        ["fhm", "fhsm", "jgj"],
        ["ErrorID", "ErrorMsg", "Response"],
    ],
    pairs: &[["fieldName", "fieldValue"], ["k", "v"], ["label", "text"]],
    columns: &[["columns", "tuples"], ["header", "lines"]],
    notes: &["note_text", "内容", "comments", "bodyText", "说明"],
    parcels: &["reqBody", "rawMessage", "context"],
    groups: &[["personal", "holding"], ["jbxx", "zhxx"]],
    deltas: &["piece", "chunk"],
    maps: &["index", "lookup"],
    affixes: &["", "", "new_", "orig_", "t_", "3", "str"],
    row: "lineRef",
};
