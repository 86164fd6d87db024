//! Whether a redacted document still has the form it had.

use serde_json::Value;

/// What is broken in `after`, which was made from `before`.
pub fn broken(format: &str, shape: &str, before: &str, after: &str) -> Option<&'static str> {
    match format {
        "JSON" | "GraphQL" => json(before, after),
        "NDJSON" => lines(before.lines(), after.lines()),
        "JSON sequence" => lines(before.split('\u{1e}'), after.split('\u{1e}')),
        "SSE" => events(before, after),
        "form" => same(before.split('&').count(), after.split('&').count(), "another number of fields")
            .or_else(|| same(names(before), names(after), "other names of fields")),
        "multipart" => same(parts(before), parts(after), "other parts or heads"),
        "XML" => xml(after).or_else(|| same(tags(before), tags(after), "other tags")),
        "HTML" => same(tags(before), tags(after), "other tags"),
        "CSV" => {
            let separator = if shape == "TSV" { '\t' } else { ',' };
            same(widths(before, separator), widths(after, separator), "other columns or rows")
        }
        _ => None,
    }
}

fn same<T: PartialEq>(before: T, after: T, otherwise: &'static str) -> Option<&'static str> {
    (before != after).then_some(otherwise)
}

fn json(before: &str, after: &str) -> Option<&'static str> {
    let read = |text: &str| serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'));
    let (Ok(before), Ok(after)) = (read(before), read(after)) else {
        return Some("no JSON");
    };
    same(form_of(&before), form_of(&after), "another shape")
}

/// Brackets and counts; strings, which may hold anything, and names, which may be a person's, are left out.
fn form_of(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(form_of).collect::<String>()),
        Value::Object(members) => format!("{{{}}}", members.values().map(form_of).collect::<String>()),
        _ => ".".to_owned(),
    }
}

fn lines<'a>(
    before: impl Iterator<Item = &'a str>,
    after: impl Iterator<Item = &'a str>,
) -> Option<&'static str> {
    let full = |line: &&str| !line.trim().is_empty();
    let (before, after): (Vec<_>, Vec<_>) = (before.filter(full).collect(), after.filter(full).collect());
    same(before.len(), after.len(), "another number of records")
        .or_else(|| before.iter().zip(&after).find_map(|(before, after)| json(before, after)))
}

fn events(before: &str, after: &str) -> Option<&'static str> {
    let fields = |body: &str| {
        let names: Vec<String> =
            body.lines().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect();
        names
    };
    same(fields(before), fields(after), "other events").or_else(|| {
        let data = |body: &str| {
            let data: Vec<String> = body
                .lines()
                .filter_map(|line| line.strip_prefix("data: "))
                .filter(|data| *data != "[DONE]")
                .map(str::to_owned)
                .collect();
            data
        };
        data(before).iter().zip(&data(after)).find_map(|(before, after)| json(before, after))
    })
}

fn names(form: &str) -> Vec<&str> {
    form.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect()
}

/// The lines of boundaries and heads.
fn parts(body: &str) -> Vec<&str> {
    body.split("\r\n").filter(|line| line.starts_with("--") || line.starts_with("Content-")).collect()
}

/// Names of tags in order.
fn tags(body: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = body;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(data) = after.strip_prefix("![CDATA[") {
            names.push("![CDATA[");
            rest = data.split_once("]]>").map_or("", |(_, after)| after);
            continue;
        }
        let end = after.find(|one: char| one.is_whitespace() || one == '>').unwrap_or(after.len());
        names.push(&after[..end]);
        rest = &after[end..];
    }
    names
}

/// Tags that don't close one another, or an `&` that starts no reference.
fn xml(body: &str) -> Option<&'static str> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find(['<', '&']) {
        rest = &rest[at..];
        if rest.starts_with('&') {
            let Some(end) = rest.find(';') else { return Some("a bare ampersand") };
            let name = &rest[1..end];
            let known = ["amp", "lt", "gt", "quot", "apos"].contains(&name);
            if !known && !name.starts_with('#') {
                return Some("a bare ampersand");
            }
            rest = &rest[end..];
        } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let Some((_, after)) = data.split_once("]]>") else { return Some("open CDATA") };
            rest = after;
        } else {
            let Some((tag, after)) = rest[1..].split_once('>') else { return Some("an open tag") };
            rest = after;
            let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
            match tag.strip_prefix('/') {
                Some(name) if open.pop() != Some(name) => return Some("tags that don't match"),
                Some(_) => {}
                None if tag.ends_with('/') || tag.starts_with('?') => {}
                None => open.push(name),
            }
        }
    }
    (!open.is_empty()).then_some("tags that don't close")
}

/// Columns of each row, quotes read (RFC 4180).
fn widths(body: &str, separator: char) -> Vec<usize> {
    let mut widths = Vec::new();
    let mut width = 1;
    let mut quoted = false;
    for character in body.chars() {
        match character {
            '"' => quoted = !quoted,
            '\n' if !quoted => {
                widths.push(width);
                width = 1;
            }
            other if other == separator && !quoted => width += 1,
            _ => {}
        }
    }
    widths
}
