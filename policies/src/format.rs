//! Canonical layout of policy files: what no one should have to argue about, and nothing else.
//!
//! Lines are kept as their authors broke them, comments with them: no rewriting of what a person reviewed. Settled are
//! trailing blanks, tabs in blank lines, line ends (LF), document separators (`---` alone, no leading one, none
//! trailing), runs of blank lines (one at most, none at either end of a document), and the final newline. Block scalars
//! (`|`, `>`) are left as they are, since blanks are content there.

/// Lays a policy file out. Formatting what is formatted changes nothing.
///
/// ```
/// assert_eq!(yingbi_policies::format("---\nkind: Role  \n\n\n---\n---\na: 1"), "kind: Role\n---\na: 1\n");
/// ```
pub fn format(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut documents: Vec<Vec<Line>> = vec![Vec::new()];
    // The indentation of the line whose block scalar we are in.
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(parent) = block {
            if line.trim().is_empty() || indent > parent {
                push(&mut documents, Line { text: line.to_owned(), verbatim: true });
                continue;
            }
            block = None;
        }
        let line = line.trim_end();
        if line == "---" {
            documents.push(Vec::new());
            continue;
        }
        block = opens_block(line).then_some(indent);
        push(&mut documents, Line { text: line.to_owned(), verbatim: false });
    }
    let laid: Vec<String> = documents.into_iter().map(lay).filter(|document| !document.is_empty()).collect();
    laid.join("---\n")
}

struct Line {
    text: String,
    /// Part of a block scalar.
    verbatim: bool,
}

fn push(documents: &mut [Vec<Line>], line: Line) {
    if let Some(document) = documents.last_mut() {
        document.push(line);
    }
}

/// One document without outer blank lines, and with one blank line where there were more.
fn lay(lines: Vec<Line>) -> String {
    let mut document = String::new();
    let mut blank = false;
    for Line { text: line, verbatim } in lines {
        if line.is_empty() && !verbatim {
            blank = !document.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            document.push('\n');
        }
        document.push_str(&line);
        document.push('\n');
    }
    document
}

/// Whether a block scalar starts at the end of the line: `key: |`, `- >-`, with or without indicators and comment.
fn opens_block(line: &str) -> bool {
    let code = line.split(" #").next().unwrap_or(line).trim_end();
    let Some(word) = code.rsplit(' ').next() else { return false };
    let mut letters = word.chars();
    matches!(letters.next(), Some('|' | '>'))
        && letters.all(|c| c.is_ascii_digit() || c == '+' || c == '-')
        && (code.len() == word.len() || code.contains(": ") || code.trim_start().starts_with("- "))
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn layout_is_settled_and_stable() {
        let cases = [
            ("a: 1", "a: 1\n"),
            ("a: 1  \r\nb: 2\t\r\n", "a: 1\nb: 2\n"),
            ("\n\n# why\na: 1\n\n\n\nb: 2\n\n", "# why\na: 1\n\nb: 2\n"),
            ("---\na: 1\n---\n\n---\nb: 2\n---\n", "a: 1\n---\nb: 2\n"),
            ("a: |\n  text  \n\n\n  more\nb: 1 \n", "a: |\n  text  \n\n\n  more\nb: 1\n"),
            ("", ""),
        ];
        for (text, expect) in cases {
            let once = format(text);
            assert_eq!(once, expect, "{text:?}");
            assert_eq!(format(&once), once, "{text:?} is not stable");
        }
    }
}
