use super::*;
use crate::plan::table::{Rules, Table as Plans};
use crate::tests::{at, fixed, keep, masks, path, scan_as, treat_as};
use crate::{Format, Treated};
use proptest::prelude::*;
use yingbi_policies::{Binding, Mask, NumberMask, SubjectSelector, Treatment};

fn treated(table: &Plans, body: &str) -> Treated {
    let treated = treat_as(Format::Csv, table, body.as_bytes());
    treated.unwrap_or_else(|error| panic!("{error} in {body}"))
}

fn csv(table: &Plans, body: &str) -> String {
    String::from_utf8(treated(table, body).body).expect("UTF-8")
}

#[test]
fn t1_cells_are_treated_by_their_columns() {
    let table = Plans::all(fixed());
    let cases = [
        ("x,mobile\na,1\nb,2\n", "x,mobile\na,****\nb,****\n"),
        // Byte order mark, CRLF, bare CR, no end of line, blank lines.
        ("\u{feff}x,mobile\r\na,1\r\n\r\nb,2", "\u{feff}x,mobile\r\na,****\r\n\r\nb,****"),
        ("mobile\r1\r2\r", "mobile\r****\r****\r"),
        // Quotes, doubled ones, delimiters and ends of lines in them.
        ("\"mobile\",x\n\"1\",\"13800138000\"\n", "\"mobile\",x\n\"****\",\"****\"\n"),
        (
            "x,\"mobile\"\n\"a \"\"b\"\",\n13800138000\",\"1\"\"\"\n",
            "x,\"mobile\"\n\"a \"\"b\"\",\n****\",\"****\"\n",
        ),
        (" mobile ,x\n1,y\n", " mobile ,x\n****,y\n"),
        // Formulas that keep digits.
        ("mobile,x\n=\"1\",=\"13800138000\"\n", "mobile,x\n=\"****\",=\"****\"\n"),
        ("mobile\n\"=\"\"13800138000\"\"\"\n", "mobile\n\"=\"\"****\"\"\"\n"),
        ("x\n=13800138000\n", "x\n=****\n"),
        // By value where the column's name says nothing, and by the record.
        ("x,y\na,13800138000\n", "x,y\na,****\n"),
        ("name,mobile\na,\n", "name,mobile\n****,\n"),
        ("name,x\na,\n", "name,x\na,\n"),
        ("stock_name,x\n13800138000,b\n", "stock_name,x\n13800138000,b\n"),
        // Duplicate names, short rows, long rows: what is too much goes with the last column.
        ("mobile,mobile\n1,2\n", "mobile,mobile\n****,****\n"),
        ("x,mobile\na\nb,1,2,13800138000\n", "x,mobile\na\nb,****,****,****\n"),
        ("mobile,x\n1,a,13800138000,\n", "mobile,x\n****,a,****,\n"),
        // Other separators, said or found out.
        ("x;mobile\na,b;1\n", "x;mobile\na,b;****\n"),
        ("x\tmobile\na;b\t1\n", "x\tmobile\na;b\t****\n"),
        ("x|mobile\na|1\n", "x|mobile\na|****\n"),
        ("sep=;\r\nx;mobile\r\na,b;1", "sep=;\r\nx;mobile\r\na,b;****"),
        ("x,y;mobile\n1,2;3\n", "x,y;mobile\n1,2;****\n"),
        // A title above the header.
        ("list of 13800138000,,\n\nx,mobile,y\na,1,b\n", "list of ****,,\n\nx,mobile,y\na,****,b\n"),
        // Names in the first column.
        ("mobile,1\naddress,b,c\nx,13800138000\n", "mobile,****\naddress,****,****\nx,****\n"),
        ("key,value\nmobile,1\npassword：,b\n", "key,value\nmobile,****\npassword：,****\n"),
        ("mobile,1\n", "mobile,****\n"),
        // Names and data in the first row; another header below.
        ("password,13800138000,13800138001\nb,c,d\n", "password,****,****\n****,c,d\n"),
        ("password,x\na,b\nname,mobile\nc,1\n", "password,x\n****,b\nname,mobile\n****,****\n"),
        // No header: by value.
        ("a,13800138000\nb,13800138001\n", "a,****\nb,****\n"),
        ("13800138000", "****"),
        ("", ""),
        ("\n\n", "\n\n"),
        // Information in a column's name is treated once.
        ("x,13800138000\na,1\nb,2\nc,3\n", "x,****\na,1\nb,2\nc,3\n"),
        ("mobile,k 13800138000\na\nb,2\nc,3\n", "mobile,k ****\n****\n****,2\n****,3\n"),
        // Documents in cells.
        (
            "x\n\"{\"\"mobile\"\":\"\"1\"\",\"\"a\"\":[13800138000]}\"\n",
            "x\n\"{\"\"mobile\"\":\"\"****\"\",\"\"a\"\":[0]}\"\n",
        ),
        ("x\n<a><mobile>1</mobile></a>\n", "x\n<a><mobile>****</mobile></a>\n"),
        ("x\nmobile=1&y=2\n", "x\nmobile=****&y=2\n"),
        ("x,y\nbW9iaWxlIDEzODAwMTM4MDAw,b\n", "x,y\nbW9iaWxlICoqKio=,b\n"),
    ];
    for (body, expect) in cases {
        assert_eq!(csv(&table, body), expect, "{body}");
    }
}

#[test]
fn tabs_separate_where_the_type_says_so() {
    let table = Plans::all(fixed());
    let body = "x\tmobile\na,mobile\t1\n";
    let treated = treat_as(Format::Tsv, &table, body.as_bytes()).expect("treatable");
    assert_eq!(String::from_utf8_lossy(&treated.body), "x\tmobile\na,mobile\t****\n");
}

#[test]
fn what_is_left_out_leaves_its_cell() {
    let table = Plans::all(Treatment::Drop);
    let cases = [
        ("x,mobile,y\na,1,b\n", "x,mobile,y\na,,b\n"),
        ("x,mobile\n\"a\",\"1\"\"2\"\n", "x,mobile\n\"a\",\"\"\n"),
        ("a,13800138000\nb,13800138001\n", "a,\nb,\n"),
        ("x,y\na 13800138000,b\n", "x,y\na ********,b\n"),
    ];
    for (body, expect) in cases {
        assert_eq!(csv(&table, body), expect, "{body}");
    }
}

#[test]
fn t4_each_row_is_treated_by_its_own_subject() {
    let table = Plans {
        own: Rules::all(Treatment::Clear),
        own_subjects: vec!["me".into()],
        binding: Some(Binding {
            records: Some(path("*")),
            subject: Some(SubjectSelector::Record(path("client no"))),
            ..Binding::default()
        }),
        ..Plans::all(fixed())
    };
    let body = "\"client no\",mobile\nme,1\n\"you\",2\nme,3\n\"m\"\"e\",4\n,5\n";
    let done = treated(&table, body);
    let expect = "\"client no\",mobile\nme,1\n\"you\",****\nme,3\n\"m\"\"e\",****\n,****\n";
    assert_eq!(String::from_utf8_lossy(&done.body), expect);
    assert_eq!(done.summary.records, 5);
    assert_eq!(done.summary.subjects.len(), 3);
}

#[test]
fn what_readers_disagree_on_is_refused() {
    let table = Plans::all(fixed());
    let cases = [
        ("x,y\n\"a,1\n", 4),
        ("x,y\n\"a\"b,1\n", 7),
        ("x,y\n\"a\" ,1\n", 7),
        ("x,y\na\"b,1\n", 5),
        ("x,y\n \"a\",1\n", 5),
        ("x,y\n=\"a,b\",1\n", 4),
        ("x,y\n=\"a\"\"b\",1\n", 4),
        ("x,y\n=\"a\"&\"b\",1\n", 8),
        // A name that is somebody's over no cell.
        ("mobile,k 13800138000\na\n", 7),
    ];
    for (body, expect) in cases {
        let treated = treat_as(Format::Csv, &table, body.as_bytes()).map(|_| ());
        assert_eq!(treated, Err(Uninspectable::Malformed { at: expect }), "{body}");
        assert!(scan_as(Format::Csv, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn masks_can_not_end_a_cell() {
    let table = Plans::all(keep(3, 3));
    let cases = [
        ("mobile,x\n\"\"\"a34567b,\"\"\",y\n", "mobile,x\n\"\"\"a3******b,\"\"\",y\n"),
        ("mobile,x\n\"a,3456,b\",y\n", "mobile,x\n\"a,3******\",y\n"),
    ];
    for (body, _) in cases {
        let masked = csv(&table, body);
        let rows = Table::read(&masked, 0, b',', usize::MAX).expect("readable");
        assert_eq!(rows.rows().map(<[Cell]>::len).collect::<Vec<_>>(), [2, 2], "{masked}");
    }
    let texts = Plans::all(masks(Mask::Keep { first: 0, last: 0, width: None, number: NumberMask::Text }));
    assert_eq!(csv(&texts, "x\n[13800138000]\n"), "x\n['***********']\n");
}

#[test]
fn scan_says_where_it_stands() {
    let body = "x,\"mob\"\"ile\",mobile\n13800138000,b,1\n,,\"2\"\"3\"\n";
    let findings = scan_as(Format::Csv, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(body, finding))).collect();
    assert_eq!(found, [("/0/x", "13800138000"), ("/0/mobile", "1"), ("/1/mobile", "2\"\"3")]);
    let findings = scan_as(Format::Csv, b"mobile,1\naddress,2\n").expect("readable");
    assert_eq!(findings.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["/0/1", "/1/1"]);
}

const CANARY: &str = "13912345678";

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(CANARY.to_owned()),
        Just(format!("\"{CANARY}\"")),
        Just(format!("\"a,\"\"{CANARY}\"\"\r\n{CANARY}\"")),
        Just(format!("=\"{CANARY}\"")),
        Just(format!("\"{{\"\"a\"\":\"\"{CANARY}\"\"}}\"")),
        Just(format!("<a b='{CANARY}'/>")),
        Just("mobile".to_owned()),
        Just("x".to_owned()),
        Just(String::new()),
        Just("\"\"".to_owned()),
        Just("\"1 \"\",; 2\"".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn t1_no_canary_survives_and_the_table_stays(
        rows in prop::collection::vec(prop::collection::vec(cell(), 1..4), 0..5),
        separator in prop_oneof![Just(","), Just(";"), Just("\t")],
        end in prop_oneof![Just("\n"), Just("\r\n")],
        treatment in 0..4,
    ) {
        let treatment = match treatment {
            0 => fixed(),
            1 => keep(3, 4),
            2 => Treatment::Drop,
            _ => Treatment::Clear,
        };
        let is_clear = treatment == Treatment::Clear;
        let table = Plans::all(treatment);
        let lines: Vec<String> = rows.iter().map(|row| row.join(separator)).collect();
        let body = lines.join(end);
        let Ok(treated) = treat_as(Format::Csv, &table, body.as_bytes()) else { return Ok(()) };
        let treated = String::from_utf8(treated.body).expect("UTF-8");
        if is_clear {
            prop_assert_eq!(&treated, &body);
            return Ok(());
        }
        prop_assert!(!treated.contains(CANARY), "{} became {}", body, treated);
        // Under whatever separator it was read, there are as many cells as before in every row, or the reading of
        // another one can't be told from it.
        let (delimiter, from) = layout::delimiter(&Labels::new(&body, &crate::reference::Fake));
        let shape = |text: &str| -> Vec<usize> {
            let table = Table::read(text, from, delimiter, usize::MAX).expect("readable");
            table.rows().map(<[Cell]>::len).collect()
        };
        let (before, after) = (shape(&body), shape(&treated));
        // A row of one cell that was emptied is no row any more.
        if !before.contains(&1) {
            prop_assert_eq!(before, after, "{} became {}", body, treated);
        }
    }

    #[test]
    fn whatever_is_read_is_written_as_it_stood(body in "[a1,;\"\r\n= \t|]{0,24}") {
        let table = Plans::all(Treatment::Clear);
        if let Ok(treated) = treat_as(Format::Csv, &table, body.as_bytes()) {
            prop_assert_eq!(treated.body, body.as_bytes());
        }
    }
}
