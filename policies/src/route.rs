//! Routes: patterns that rules match, and templates that bindings are bound to.

use std::cmp::Ordering;
use std::fmt;

/// `GET,POST host.internal/path/**`: methods, host and path, each with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoutePattern {
    /// Upper-case; empty means any.
    pub methods: Vec<String>,
    pub host: Host,
    pub path: Vec<Segment>,
    /// As written, for records where no binding names the route.
    pub text: String,
}

/// A host pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Any,
    /// `*.firm.internal`: any name below; the text starts with the dot.
    Below(String),
    Exact(String),
}

/// One segment of a path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    /// `{id}`: one segment that is not empty.
    Parameter(String),
    /// `*` and `re*ts`: one segment that is not empty; the texts between the stars.
    Glob(Vec<String>),
    /// `**`: any number of segments, none included.
    Rest,
}

/// Why a text is no route: `(en, zh)`.
pub(crate) type RouteError = (String, String);

impl RoutePattern {
    /// Parses `[METHODS] HOST/PATH`.
    pub(crate) fn parse(text: &str) -> Result<Self, RouteError> {
        let trimmed = text.trim();
        let (methods, rest) = match trimmed.split_once(' ') {
            Some((methods, rest)) => (parse_methods(methods)?, rest.trim()),
            None => (Vec::new(), trimmed),
        };
        let (host, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => {
                return Err((
                    format!("`{rest}` has a host but no path"),
                    format!("`{rest}` 只有主机，没有路径"),
                ));
            }
        };
        Ok(RoutePattern { methods, host: Host::parse(host)?, path: parse_path(path)?, text: text.to_owned() })
    }

    pub(crate) fn matches(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|own| own == method))
            && self.host.matches(host)
            && path_matches(&self.path, segments)
    }

    /// Whether some request may match both, as far as method and host tell.
    pub(crate) fn may_meet(&self, other: &RoutePattern) -> bool {
        let methods = self.methods.is_empty()
            || other.methods.is_empty()
            || other.methods.iter().any(|method| self.methods.contains(method));
        methods && self.host.meets(&other.host)
    }

    /// Whether everything `other` matches is matched too, as far as can be told without search.
    pub(crate) fn covers(&self, other: &RoutePattern) -> bool {
        let methods = self.methods.is_empty()
            || (!other.methods.is_empty()
                && other.methods.iter().all(|method| self.methods.contains(method)));
        let host = match (&self.host, &other.host) {
            (Host::Any, _) => true,
            (Host::Below(own), Host::Below(other) | Host::Exact(other)) => other.ends_with(own.as_str()),
            (own, other) => own == other,
        };
        methods && host && path_covers(&self.path, &other.path)
    }
}

impl Host {
    pub(crate) fn parse(text: &str) -> Result<Host, RouteError> {
        let lower = text.to_ascii_lowercase();
        let legal = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| {
                    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']')
                })
        };
        let host = match lower.as_str() {
            "*" => Host::Any,
            below if below.starts_with("*.") => Host::Below(below.trim_start_matches('*').to_owned()),
            exact => Host::Exact(exact.to_owned()),
        };
        match &host {
            Host::Below(name) | Host::Exact(name) if !legal(name) => {
                Err((format!("`{text}` is not a host"), format!("`{text}` 不是主机名")))
            }
            _ => Ok(host),
        }
    }

    pub(crate) fn matches(&self, host: &str) -> bool {
        match self {
            Host::Any => true,
            Host::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Host::Exact(name) => name == host,
        }
    }

    /// Whether some host matches both.
    pub(crate) fn meets(&self, other: &Host) -> bool {
        match (self, other) {
            (Host::Any, _) | (_, Host::Any) => true,
            (Host::Exact(own), other) => other.matches(own),
            (own, Host::Exact(other)) => own.matches(other),
            (Host::Below(own), Host::Below(other)) => {
                own.ends_with(other.as_str()) || other.ends_with(own.as_str())
            }
        }
    }

    fn rank(&self) -> (u8, usize) {
        match self {
            Host::Any => (0, 0),
            Host::Below(suffix) => (1, suffix.len()),
            Host::Exact(_) => (2, 0),
        }
    }
}

impl Segment {
    fn matches(&self, segment: &str) -> bool {
        match self {
            Segment::Literal(literal) => literal == segment,
            Segment::Parameter(_) => !segment.is_empty(),
            // `/customers/` is the list of customers, not a customer whose name is empty.
            Segment::Glob(parts) => !segment.is_empty() && glob_matches(parts, segment),
            Segment::Rest => true,
        }
    }

    /// `*` and `{x}`: any one segment that is not empty.
    fn is_any_one(&self) -> bool {
        match self {
            Segment::Glob(parts) => parts.iter().all(String::is_empty),
            Segment::Parameter(_) => true,
            Segment::Literal(_) | Segment::Rest => false,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Segment::Rest => 0,
            Segment::Parameter(_) => 1,
            Segment::Glob(_) if self.is_any_one() => 1,
            Segment::Glob(_) => 2,
            Segment::Literal(_) => 3,
        }
    }
}

/// Parses a path pattern; it starts with `/`.
pub(crate) fn parse_path(text: &str) -> Result<Vec<Segment>, RouteError> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err((
            format!("path `{text}` does not start with `/`"),
            format!("路径 `{text}` 不以 `/` 开头"),
        ));
    };
    if text.contains(['?', '#']) {
        return Err((
            format!("path `{text}` holds a query or fragment"),
            format!("路径 `{text}` 含有查询串或片段"),
        ));
    }
    rest.split('/').map(parse_segment).collect()
}

fn parse_segment(text: &str) -> Result<Segment, RouteError> {
    if text == "**" {
        return Ok(Segment::Rest);
    }
    if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        let legal =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        return if legal {
            Ok(Segment::Parameter(name.to_owned()))
        } else {
            Err((format!("`{text}` is not a parameter"), format!("`{text}` 不是路径参数")))
        };
    }
    if text.contains(['{', '}']) || text.contains("**") {
        return Err((
            format!("`{text}` mixes text with a parameter or `**`"),
            format!("`{text}` 把文字与参数或 `**` 混写在一段里"),
        ));
    }
    if text.contains('*') {
        return Ok(Segment::Glob(text.split('*').map(canonical).collect()));
    }
    Ok(Segment::Literal(canonical(text)))
}

/// A stretch of a path as requests arrive (RFC 3986 §6.2.2): unreserved characters as they are, hexadecimal digits in
/// upper case, and what a path can't hold percent-encoded, so that a pattern may be written in Chinese.
fn canonical(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut canonical = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'%').then(|| bytes.clone().take(2).collect::<Vec<u8>>());
        let decoded = escaped
            .filter(|digits| digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok());
        match decoded {
            Some(decoded) => {
                bytes.nth(1);
                match plain(decoded) {
                    true => canonical.push(char::from(decoded)),
                    false => canonical.push_str(&format!("%{decoded:02X}")),
                }
            }
            None if plain(byte) || b"!$&'()*+,;=:@".contains(&byte) => canonical.push(char::from(byte)),
            None => canonical.push_str(&format!("%{byte:02X}")),
        }
    }
    canonical
}

/// A path without the slash at its end, where it has one: most servers take both for the same, so whatever restricts
/// or describes a route holds for both, and only what allows is exact.
pub(crate) fn without_last_slash<'p, 's>(segments: &'p [&'s str]) -> Option<&'p [&'s str]> {
    segments.split_last().filter(|(last, rest)| last.is_empty() && !rest.is_empty()).map(|(_, rest)| rest)
}

fn parse_methods(text: &str) -> Result<Vec<String>, RouteError> {
    if text == "*" {
        return Ok(Vec::new());
    }
    text.split(',').map(parse_method).collect()
}

/// An HTTP method, upper-case.
pub(crate) fn parse_method(text: &str) -> Result<String, RouteError> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        Ok(text.to_owned())
    } else {
        Err((
            format!("`{text}` is not a method, methods are upper-case"),
            format!("`{text}` 不是方法，方法用大写"),
        ))
    }
}

/// The segments of a request's path.
pub(crate) fn split_path(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

pub(crate) fn path_matches(pattern: &[Segment], segments: &[&str]) -> bool {
    // Greedy with one point of return, as for `*` in a glob: `**` needs no more than the last one met.
    let (mut p, mut s) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), segments.get(s)) {
            (None, None) => return true,
            (Some(Segment::Rest), _) => {
                retry = Some((p, s));
                p += 1;
                continue;
            }
            (Some(own), Some(segment)) if own.matches(segment) => {
                p += 1;
                s += 1;
                continue;
            }
            _ => {}
        }
        match &mut retry {
            Some((rest, taken)) if *taken < segments.len() => {
                *taken += 1;
                p = *rest + 1;
                s = *taken;
            }
            _ => return false,
        }
    }
}

/// The value of a parameter in a path the template matches.
pub(crate) fn parameter<'s>(pattern: &[Segment], name: &str, segments: &[&'s str]) -> Option<&'s str> {
    let wanted = |segment: &Segment| matches!(segment, Segment::Parameter(own) if own == name);
    let at = pattern.iter().position(wanted)?;
    let before = pattern.get(..at)?;
    if !before.contains(&Segment::Rest) {
        return segments.get(at).copied();
    }
    let after = pattern.get(at + 1..)?;
    if after.contains(&Segment::Rest) {
        return None;
    }
    segments.get(segments.len().checked_sub(after.len() + 1)?).copied()
}

fn path_covers(own: &[Segment], other: &[Segment]) -> bool {
    match (own.split_first(), other.split_first()) {
        (Some((Segment::Rest, [])), _) => true,
        (None, None) => true,
        (Some((left, own)), Some((right, other))) => {
            let segment = match (left, right) {
                (Segment::Rest, _) => return false,
                (left, Segment::Literal(literal)) if left.is_any_one() => !literal.is_empty(),
                (left, right) if left.is_any_one() => *right != Segment::Rest,
                (left, right) => left == right,
            };
            segment && path_covers(own, other)
        }
        _ => false,
    }
}

/// Whether some path matches both; in doubt yes.
pub(crate) fn paths_meet(a: &[Segment], b: &[Segment]) -> bool {
    match (a.split_first(), b.split_first()) {
        (None, None) => true,
        (Some((Segment::Rest, _)), _) | (_, Some((Segment::Rest, _))) => true,
        (Some((left, a)), Some((right, b))) => {
            let segment = match (left, right) {
                (Segment::Literal(left), right) => right.matches(left),
                (left, Segment::Literal(right)) => left.matches(right),
                _ => true,
            };
            segment && paths_meet(a, b)
        }
        _ => false,
    }
}

/// Which of two templates is more specific: the later in this order. Equal: they match the same.
pub(crate) fn specificity(a: (&Host, &[Segment], bool), b: (&Host, &[Segment], bool)) -> Ordering {
    let ranks = |path: &[Segment]| -> Vec<(u8, String)> {
        let mut ranks: Vec<(u8, String)> = path
            .iter()
            .map(|segment| match segment {
                Segment::Glob(parts) => (segment.rank(), parts.join("*")),
                _ => (segment.rank(), String::new()),
            })
            .collect();
        // The end of a path is more specific than `**` and less than any segment.
        ranks.push((0, String::from("end")));
        ranks
    };
    let host = a.0.rank().cmp(&b.0.rank());
    host.then_with(|| ranks(a.1).cmp(&ranks(b.1))).then_with(|| a.2.cmp(&b.2))
}

/// Whether `text` is what the pieces between stars describe.
pub(crate) fn glob_matches(parts: &[String], text: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    let Some((last, middle)) = rest.split_last() else { return text == first };
    let Some(mut text) = text.strip_prefix(first.as_str()).and_then(|text| text.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for part in middle {
        match text.split_once(part.as_str()) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    true
}

/// A glob over a name with `separator` between its parts: `*` stays within a part and an empty part is never matched by
/// it (`spiffe://firm//x` is not `spiffe://firm/*/x`), `**` goes across.
pub(crate) fn name_matches(pattern: &str, name: &str, separator: char) -> bool {
    let pieces = |part: &str| -> Segment {
        match part {
            "**" => Segment::Rest,
            part if part.contains('*') => Segment::Glob(part.split('*').map(str::to_owned).collect()),
            part => Segment::Literal(part.to_owned()),
        }
    };
    let pattern: Vec<Segment> = pattern.split(separator).map(pieces).collect();
    let name: Vec<&str> = name.split(separator).collect();
    path_matches(&pattern, &name)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Any => f.write_str("*"),
            Host::Below(suffix) => write!(f, "*{suffix}"),
            Host::Exact(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests;
