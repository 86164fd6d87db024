//! The strings of a JSON text that is known to be one, with their paths.

use std::ops::Range;

/// A string that is a value.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) path: String,
    /// The innermost name above it.
    pub(super) name: String,
    /// Between its quotes.
    pub(super) span: Range<usize>,
}

/// What a record holds.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    pub(super) strings: Vec<Leaf>,
    /// Members that may tell one stream from another: path of the object, name, value.
    marks: Vec<(String, String, String)>,
}

impl Leaves {
    /// The indexes, and the indexes and ids, in the objects around a path.
    pub(super) fn marks_around(&self, path: &str) -> (String, String) {
        let (mut indexes, mut all) = (String::new(), String::new());
        for (object, name, value) in &self.marks {
            let is_around = path.strip_prefix(object.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if !is_around || path.strip_prefix(object.as_str()) == Some(&format!("/{name}")) {
                continue;
            }
            if is_index(name) {
                indexes.push_str(&format!("{object}/{name}={value};"));
            }
            all.push_str(&format!("{object}/{name}={value};"));
        }
        match all == indexes {
            true => (indexes, String::new()),
            false => (indexes, all),
        }
    }
}

/// An open container.
struct Open {
    is_object: bool,
    element: usize,
    path: usize,
    name: String,
}

/// Reads a text that the grammar has been checked of.
pub(super) fn of(text: &str) -> Leaves {
    let bytes = text.as_bytes();
    let mut leaves = Leaves::default();
    let mut open: Vec<Open> = vec![];
    let mut path = String::new();
    let mut name = String::new();
    // Whether the next string in an object is a name.
    let mut names = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let begins_value =
            matches!(byte, b'"' | b'{' | b'[') || byte.is_ascii_alphanumeric() || *byte == b'-';
        if begins_value && let Some(array) = open.last().filter(|last| !last.is_object) {
            path.truncate(array.path);
            path.push_str(&format!("/{}", array.element));
            name.clone_from(&array.name);
        }
        match byte {
            b'{' | b'[' => {
                let is_object = *byte == b'{';
                open.push(Open { is_object, element: 0, path: path.len(), name: name.clone() });
                names = is_object;
            }
            b'}' | b']' => {
                if let Some(closed) = open.pop() {
                    path.truncate(closed.path);
                }
                names = false;
            }
            b',' => {
                if let Some(last) = open.last_mut() {
                    last.element += 1;
                    names = last.is_object;
                }
            }
            b'"' => {
                let end = string_end(bytes, at + 1);
                let span = at + 1..end;
                let raw = text.get(span.clone()).unwrap_or("");
                match (names, open.last()) {
                    (true, Some(object)) => {
                        path.truncate(object.path);
                        path.push('/');
                        path.push_str(raw);
                        name = raw.to_owned();
                        names = false;
                    }
                    _ => {
                        leaves.mark(&open, &path, &name, raw);
                        leaves.strings.push(Leaf { path: path.clone(), name: name.clone(), span });
                    }
                }
                at = end;
            }
            _ if begins_value => {
                let length = bytes.get(at..).unwrap_or_default().iter();
                let is_more = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let end = at + length.take_while(is_more).count();
                leaves.mark(&open, &path, &name, text.get(at..end).unwrap_or(""));
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    leaves
}

impl Leaves {
    fn mark(&mut self, open: &[Open], path: &str, name: &str, value: &str) {
        let Some(object) = open.last().filter(|open| open.is_object) else { return };
        if (is_index(name) || is_id(name)) && value.len() <= LONGEST_MARK {
            let object = path.get(..object.path).unwrap_or("").to_owned();
            self.marks.push((object, name.to_owned(), value.to_owned()));
        }
    }
}

fn is_index(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("index") || name == "idx"
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id") || name.ends_with("Id") || name == "role"
}

/// Where the string that begins at `at` ends.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// Indexes and ids are short.
const LONGEST_MARK: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_with_their_paths() {
        let text =
            r#" {"id":"c1","a":["x",{"b\"":"y"},[1,"z"]],"n":null,"choices":[{"index":-1,"d":{"t":"u"}}]} "#;
        let leaves = of(text);
        let found: Vec<(&str, &str, &str)> = leaves
            .strings
            .iter()
            .map(|leaf| {
                (leaf.path.as_str(), leaf.name.as_str(), text.get(leaf.span.clone()).expect("a span"))
            })
            .collect();
        let expect = [
            ("/id", "id", "c1"),
            ("/a/0", "a", "x"),
            (r#"/a/1/b\""#, r#"b\""#, "y"),
            ("/a/2/1", "a", "z"),
            ("/choices/0/d/t", "t", "u"),
        ];
        assert_eq!(found, expect);
        let (indexes, all) = leaves.marks_around("/choices/0/d/t");
        assert_eq!(indexes, "/choices/0/index=-1;");
        assert_eq!(all, "/id=c1;/choices/0/index=-1;");
        assert_eq!(leaves.marks_around("/id").1, "");
        assert_eq!(of("\"x\"").strings.len(), 1);
    }
}
