//! The same request to the API and through the gateway, side by side, and checks of what the gateway made of it.

use serde_json::Value;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Status code.
    pub status: u16,
    /// Media type with parameters.
    pub content_type: String,
    /// Body, content coding undone.
    pub body: Vec<u8>,
}

impl Fetch {
    /// Asks `url` with `headers`; a `body` makes it a POST, else it is a GET.
    ///
    /// # Errors
    /// There is no answer.
    pub fn get(url: &str, headers: &[(String, String)], body: Option<&str>) -> io::Result<Fetch> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        let mut response = match body {
            None => headers
                .iter()
                .fold(agent.get(url), |request, (name, value)| request.header(name, value))
                .call(),
            Some(body) => headers
                .iter()
                .fold(agent.post(url), |request, (name, value)| request.header(name, value))
                .content_type("application/json")
                .send(body),
        }
        .map_err(io::Error::other)?;
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        Ok(Fetch {
            status: response.status().as_u16(),
            content_type: content_type.unwrap_or_default().to_owned(),
            body: response
                .body_mut()
                .with_config()
                .limit(64 << 20)
                .read_to_vec()
                .map_err(io::Error::other)?,
        })
    }

    /// The body as text; GB18030 when the answer says so.
    pub fn text(&self) -> String {
        let type_ = self.content_type.to_ascii_lowercase();
        if type_.contains("gb18030") || type_.contains("gbk") {
            return encoding_rs::GB18030.decode(&self.body).0.into_owned();
        }
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What must be true of the gateway's answer.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// Status of the gateway's answer.
    pub status: Option<u16>,
    /// Pointers (RFC 6901) whose value in the API's answer must not stand anywhere in the gateway's.
    pub hidden: Vec<String>,
    /// Pointers whose value must be the same on both sides.
    pub shown: Vec<String>,
    /// The two bodies are the same, byte for byte.
    pub same: bool,
    /// Texts that must not stand anywhere in the gateway's answer.
    pub absent: Vec<String>,
    /// Texts that must stand in the gateway's answer.
    pub present: Vec<String>,
}

/// The side-by-side print and what was not as expected.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// For a terminal.
    pub table: String,
    /// One line for each expectation that does not hold; it names pointers, never values.
    pub failures: Vec<String>,
}

/// Sets `before` (the API) beside `after` (through the gateway).
pub fn compare(
    before: &Fetch,
    after: &Fetch,
    expect: &Expectations,
    columns: usize,
    rows: usize,
) -> Comparison {
    let (left, right) = (lines(before), lines(after));
    let mut table = String::new();
    let width = (columns.saturating_sub(3)) / 2;
    let _ = writeln!(
        table,
        "{} │ {}",
        fit(&format!("API 直连 → {}", before.status), width),
        fit(&format!("经影壁 → {}", after.status), width)
    );
    let _ = writeln!(table, "{}─┼─{}", "─".repeat(width), "─".repeat(width));
    let alike = before.status == after.status && left.len() != right.len();
    let pairs = if alike { align(&left, &right) } else { beside(&left, &right) };
    for (before, after) in pairs.iter().take(rows) {
        let mark = if before == after { "│" } else { "┃" };
        let _ = writeln!(table, "{} {mark} {}", fit(before, width), fit(after, width).trim_end());
    }
    if pairs.len() > rows {
        let _ = writeln!(table, "… {} more lines", pairs.len() - rows);
    }
    Comparison { table, failures: check(before, after, expect) }
}

fn check(before: &Fetch, after: &Fetch, expect: &Expectations) -> Vec<String> {
    let mut failures = Vec::new();
    if let Some(status) = expect.status.filter(|status| *status != after.status) {
        failures.push(format!("status is {}, not {status}", after.status));
    }
    let (before_text, after_text) = (before.text(), after.text());
    let before_json: Value = serde_json::from_str(&before_text).unwrap_or_default();
    let after_json: Value = serde_json::from_str(&after_text).unwrap_or_default();
    for pointer in &expect.hidden {
        match before_json.pointer(pointer).map(plain).filter(|value| value.len() > 3) {
            None => failures.push(format!("`{pointer}` holds nothing to hide in the API's answer")),
            Some(value) if after_text.contains(&value) => failures.push(format!("`{pointer}` is not hidden")),
            Some(_) => {}
        }
    }
    for pointer in &expect.shown {
        let value = before_json.pointer(pointer);
        if value.is_none() || value != after_json.pointer(pointer) {
            failures.push(format!("`{pointer}` is not shown as it is"));
        }
    }
    if expect.same && before.body != after.body {
        failures.push("the body was changed".to_owned());
    }
    for (index, text) in expect.absent.iter().enumerate() {
        if !before_text.contains(text.as_str()) {
            failures.push(format!("text {index} that must be hidden is not in the API's answer"));
        }
        if after_text.contains(text.as_str()) {
            failures.push(format!("text {index} that must be hidden is shown"));
        }
    }
    for text in expect.present.iter().filter(|text| !after_text.contains(text.as_str())) {
        failures.push(format!("`{text}` is missing"));
    }
    failures
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn lines(fetch: &Fetch) -> Vec<String> {
    let text = fetch.text();
    let json: Result<Value, _> = serde_json::from_str(&text);
    let text = json.ok().and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or(text);
    text.lines().map(|line| line.replace('\t', "    ")).collect()
}

/// Pairs lines so that a member left out on one side leaves a blank: lines pair when their member names are the same.
fn align(left: &[String], right: &[String]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    for line in left {
        let ahead =
            right.get(at..).unwrap_or_default().iter().take(12).position(|other| label(other) == label(line));
        match ahead {
            Some(skipped) => {
                pairs.extend(right.iter().skip(at).take(skipped).map(|extra| (String::new(), extra.clone())));
                pairs.push((line.clone(), right.get(at + skipped).cloned().unwrap_or_default()));
                at += skipped + 1;
            }
            None => pairs.push((line.clone(), String::new())),
        }
    }
    pairs.extend(right.iter().skip(at).map(|extra| (String::new(), extra.clone())));
    pairs
}

/// Pairs lines as they come: a refusal has nothing in common with what was asked for.
fn beside(left: &[String], right: &[String]) -> Vec<(String, String)> {
    let line = |lines: &[String], at| lines.get(at).cloned().unwrap_or_default();
    (0..left.len().max(right.len())).map(|at| (line(left, at), line(right, at))).collect()
}

/// Member name of a pretty-printed line, or the whole of a line that has none.
fn label(line: &str) -> &str {
    let line = line.trim().trim_end_matches(',');
    line.split_once("\": ").map_or(if line.starts_with('"') { "\"" } else { line }, |(name, _)| name)
}

/// Cuts or pads to `width` columns of a terminal, where Chinese characters take two.
fn fit(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    let whole: usize = text.chars().map(columns_of).sum();
    let room = if whole > width { width.saturating_sub(1) } else { width };
    for c in text.chars() {
        if used + columns_of(c) > room {
            break;
        }
        out.push(c);
        used += columns_of(c);
    }
    if whole > width {
        out.push('…');
        used += 1;
    }
    out.push_str(&" ".repeat(width.saturating_sub(used)));
    out
}

fn columns_of(c: char) -> usize {
    match c {
        '\0'..='\u{1f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}
