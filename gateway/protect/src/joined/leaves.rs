//! The strings of a JSON text that is known to be one, with their paths.

use std::fmt::Write as _;
use std::ops::Range;

/// A string that is a value.
#[derive(Debug)]
pub(super) struct Leaf<N> {
    pub(super) path: String,
    /// What was said of the innermost name above it.
    pub(super) nature: N,
    /// Between its quotes.
    pub(super) span: Range<usize>,
}

/// What a record holds.
#[derive(Debug)]
pub(super) struct Leaves<'t, N> {
    pub(super) strings: Vec<Leaf<N>>,
    /// Members that may tell one stream from another: path of the object, name, value.
    marks: Vec<(String, &'t str, &'t str)>,
}

impl<N> Leaves<'_, N> {
    /// The indexes, and the indexes and ids, in the objects around a path.
    pub(super) fn marks_around(&self, path: &str) -> (String, String) {
        let (mut indexes, mut all) = (String::new(), String::new());
        for (object, name, value) in &self.marks {
            let Some(rest) = path.strip_prefix(object.as_str()).and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            if rest == *name {
                continue;
            }
            let mark = format!("{object}/{name}={value};");
            if is_index(name) {
                indexes.push_str(&mark);
            }
            all.push_str(&mark);
        }
        match all == indexes {
            true => (indexes, String::new()),
            false => (indexes, all),
        }
    }
}

/// Reads records; the room that one needs serves the next.
#[derive(Default)]
pub(super) struct Reader {
    open: Vec<Open>,
    path: String,
}

/// An open container.
struct Open {
    is_object: bool,
    element: usize,
    path: usize,
    /// Where the name stands.
    name: (usize, usize),
}

/// A scalar, and where it is.
struct Value<'r, 't> {
    open: &'r [Open],
    path: &'r str,
    name: &'t str,
    span: Range<usize>,
    is_string: bool,
}

impl Reader {
    /// The strings of a text that the grammar has been checked of, as far as something is to be said of their names.
    pub(super) fn read<'t, N>(
        &mut self,
        text: &'t str,
        mut nature: impl FnMut(&str) -> Option<N>,
    ) -> Leaves<'t, N> {
        let mut leaves = Leaves { strings: vec![], marks: vec![] };
        self.each(text, |Value { path, name, span, is_string, .. }| {
            if is_string && let Some(nature) = nature(name) {
                leaves.strings.push(Leaf { path: path.to_owned(), nature, span });
            }
        });
        if !leaves.strings.is_empty() {
            self.each(text, |Value { open, path, name, span, .. }| {
                let Some(object) = open.last().filter(|open| open.is_object) else { return };
                if (is_index(name) || is_id(name)) && span.len() <= LONGEST_MARK {
                    let object = path.get(..object.path).unwrap_or("").to_owned();
                    leaves.marks.push((object, name, text.get(span).unwrap_or("")));
                }
            });
        }
        leaves
    }

    fn each<'t>(&mut self, text: &'t str, mut visit: impl FnMut(Value<'_, 't>)) {
        let bytes = text.as_bytes();
        let Reader { open, path } = self;
        open.clear();
        path.clear();
        let named = |(from, to): (usize, usize)| text.get(from..to).unwrap_or("");
        let mut name = (0, 0);
        // Whether the next string in an object is a name.
        let mut names = false;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let begins_value =
                matches!(byte, b'"' | b'{' | b'[') || byte.is_ascii_alphanumeric() || *byte == b'-';
            if begins_value && let Some(array) = open.last().filter(|last| !last.is_object) {
                path.truncate(array.path);
                // Writing to a string can't fail.
                let _ = write!(path, "/{}", array.element);
                name = array.name;
            }
            match byte {
                b'{' | b'[' => {
                    let is_object = *byte == b'{';
                    open.push(Open { is_object, element: 0, path: path.len(), name });
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
                    match (names, open.last()) {
                        (true, Some(object)) => {
                            path.truncate(object.path);
                            path.push('/');
                            name = (at + 1, end);
                            path.push_str(named(name));
                            names = false;
                        }
                        _ => {
                            let span = at + 1..end;
                            visit(Value { open, path, name: named(name), span, is_string: true });
                        }
                    }
                    at = end;
                }
                _ if begins_value => {
                    let length = bytes.get(at..).unwrap_or_default().iter();
                    let is_more = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                    let end = at + length.take_while(is_more).count();
                    visit(Value { open, path, name: named(name), span: at..end, is_string: false });
                    at = end - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_index(name: &str) -> bool {
    name.as_bytes().last_chunk::<5>().is_some_and(|end| end.eq_ignore_ascii_case(b"index")) || name == "idx"
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
        let mut reader = Reader::default();
        let leaves = reader.read(text, |name| Some(name.to_owned()));
        let found: Vec<(&str, &str, &str)> = leaves
            .strings
            .iter()
            .map(|leaf| {
                (leaf.path.as_str(), leaf.nature.as_str(), text.get(leaf.span.clone()).expect("a span"))
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
        assert_eq!(reader.read("\"x\"", |_| Some(())).strings.len(), 1);
        // What is not asked for is not kept.
        let some = reader.read(text, |name| (name == "t").then_some(()));
        assert_eq!(
            some.strings.iter().map(|leaf| leaf.path.as_str()).collect::<Vec<_>>(),
            ["/choices/0/d/t"]
        );
        assert_eq!(some.marks_around("/choices/0/d/t").1, "/id=c1;/choices/0/index=-1;");
    }
}
