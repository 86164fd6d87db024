//! How bodies are read, by their media type.

use crate::multipart::Boundary;

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// Free text; what of it is JSON is read as JSON: the whole, or single lines (NDJSON, server-sent events, logs).
    Text,
    /// HTML: text and attribute values, markup kept.
    Html,
    /// XML: text, attributes and names.
    Xml,
    /// Comma-separated values (RFC 4180), or separated by something else.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// JSON documents, one a line (NDJSON).
    Lines,
    /// A JSON text sequence: each document behind a record separator (RFC 7464).
    Sequence,
    /// Server-sent events, JSON or text; what comes in pieces over several is read as one.
    Events,
    /// Parts with their own types (RFC 2046, RFC 7578).
    Multipart(Boundary),
}

impl Format {
    /// How a media type is read, given as `type/subtype` in lower case; `None`: not at all, or not without its
    /// parameters.
    pub fn of_media_type(essence: &str) -> Option<Format> {
        let (_, subtype) = essence.split_once('/')?;
        Some(match essence {
            "application/json" | "text/json" => Format::Json,
            "text/html" | "application/xhtml+xml" => Format::Html,
            "application/xml" | "text/xml" => Format::Xml,
            "text/csv" | "application/csv" | "text/comma-separated-values" => Format::Csv,
            "text/tab-separated-values" | "text/tsv" => Format::Tsv,
            "application/x-www-form-urlencoded" => Format::Form,
            "text/plain" | "text/markdown" | "text/css" | "text/javascript" | "application/javascript" => {
                Format::Text
            }
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "text/x-ndjson" => Format::Lines,
            "application/json-seq" => Format::Sequence,
            "text/event-stream" => Format::Events,
            _ if subtype.ends_with("+json") => Format::Json,
            _ if subtype.ends_with("+xml") => Format::Xml,
            _ if subtype.ends_with("+json-seq") => Format::Sequence,
            _ => return None,
        })
    }

    /// The same for a type that may have a `boundary`.
    pub fn of(essence: &str, boundary: Option<&str>) -> Option<Format> {
        match essence {
            "multipart/form-data" | "multipart/mixed" | "multipart/related" | "multipart/alternative" => {
                Boundary::parse(boundary?).map(Format::Multipart)
            }
            _ => Format::of_media_type(essence),
        }
    }
}
