//! A redacted body as a reader with every decoder sees it.

use crate::disguises;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// All that can be read out of a body, without disguises: what a value must not be found in.
pub fn all(format: &str, body: &str) -> String {
    let mut seen = vec![body.to_owned()];
    for _ in 0..3 {
        let latest = seen[seen.len() - 1].clone();
        let decoded = unescape(&latest);
        if decoded == latest {
            break;
        }
        seen.push(decoded);
    }
    let blobs: Vec<String> = base64_texts(&seen.join("\n"));
    seen.extend(blobs);
    if format == "SSE" {
        seen.push(streamed(body));
    }
    disguises::read(&seen.join("\n"))
}

/// One layer of JSON escapes, percent signs and character references read.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let step = match first {
            '\\' => json_escape(rest),
            '%' => {
                rest.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok()).map(|byte| (vec![byte], 3))
            }
            '&' => reference(rest),
            _ => None,
        };
        match step {
            Some((decoded, length)) => {
                bytes.extend(decoded);
                rest = &rest[length..];
            }
            None => {
                bytes.extend(first.encode_utf8(&mut [0; 4]).bytes());
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn json_escape(text: &str) -> Option<(Vec<u8>, usize)> {
    if let Some(quoted) = text.get(1..2).filter(|next| ["\"", "\\", "/"].contains(next)) {
        return Some((quoted.as_bytes().to_vec(), 2));
    }
    let unit = |from: usize| {
        let hex = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    let first = unit(0)?;
    if let Some(Ok(character)) = char::decode_utf16([first]).next() {
        return Some((character.to_string().into_bytes(), 6));
    }
    let pair = [first, unit(6)?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character.to_string().into_bytes(), 12))
}

fn reference(text: &str) -> Option<(Vec<u8>, usize)> {
    let end = text.char_indices().take(12).find(|(_, one)| *one == ';')?.0;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character.to_string().into_bytes(), end + 1))
}

fn base64_texts(text: &str) -> Vec<String> {
    let is_code = |one: char| one.is_ascii_alphanumeric() || matches!(one, '+' | '/' | '=');
    let runs = text.split(|one| !is_code(one)).filter(|run| run.len() >= 8);
    runs.filter_map(|run| String::from_utf8(STANDARD.decode(run).ok()?).ok()).collect()
}

/// The strings of all events, one after another.
fn streamed(body: &str) -> String {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
    let values = data.filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok());
    let mut text = String::new();
    for value in values {
        strings(&value, &mut text);
    }
    text
}

fn strings(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, out)),
        Value::Object(members) => members.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}
