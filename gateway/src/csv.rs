//! Lines of CSV (RFC 4180) that no spreadsheet takes for formulas.

/// One line. A cell that a spreadsheet would take for a formula is made text.
pub(crate) fn line(cells: &[String]) -> String {
    cells.iter().map(|cell| self::cell(cell)).collect::<Vec<_>>().join(",")
}

fn cell(cell: &str) -> String {
    let formula = cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{cell}") } else { cell.to_owned() };
    let quoted = text.contains([',', '"', '\n', '\r']);
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_made_text() {
        for (given, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
            (" =1+1", "' =1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("=1,2", "\"'=1,2\""),
            ("", ""),
        ] {
            assert_eq!(line(&[given.to_owned()]), expected, "{given:?}");
        }
        assert_eq!(line(&["a".to_owned(), "b".to_owned()]), "a,b");
    }
}
