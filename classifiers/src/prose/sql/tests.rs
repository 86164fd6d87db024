use crate::Classifier;
use proptest::prelude::*;

fn found(text: &str) -> Vec<(String, &'static str)> {
    let mut hits = Vec::new();
    Classifier::shipped().text(text, &mut hits);
    hits.iter().map(|hit| (text.get(hit.start..hit.end).unwrap().to_owned(), hit.kind.id())).collect()
}

const NAME: (&str, &str) = ("何霞", "basic.name");
const ID: (&str, &str) = ("370297199003071239", "identity.document.number");
const PASSWORD: (&str, &str) = ("Zx9-qW81p", "credential.account.password");
const MOBILE: (&str, &str) = ("13912345678", "basic.mobile");
const ACCOUNT: (&str, &str) = ("646989952389", "account.opening.fund-account");

#[test]
fn t9_values_are_classified_by_their_columns() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        (
            "INSERT INTO client (client_name, id_no, trade_pwd) VALUES ('何霞', '370297199003071239', 'Zx9-qW81p')",
            &[NAME, ID, PASSWORD],
        ),
        (
            "insert into `client`(`client_name`,`status`,`trade_pwd`) values ('何霞',1,'Zx9-qW81p'),('迪丽热巴',0,'a,b) c')",
            &[NAME, PASSWORD, ("迪丽热巴", "basic.name"), ("a,b) c", "credential.account.password")],
        ),
        (
            "INSERT INTO [dbo].[client] ([client_name], [fund_account]) VALUES (N'何霞', 646989952389)",
            &[NAME, ACCOUNT],
        ),
        (
            "INSERT INTO \"client\" (\"client_name\", \"trade_pwd\")\n  VALUES ('何霞', 'it''s \\'x');",
            &[NAME, ("it''s \\'x", "credential.account.password")],
        ),
        (
            "UPDATE client SET trade_pwd='x', mobile_tel = '13912345678' WHERE id_no='370297199003071239'",
            &[("x", "credential.account.password"), MOBILE, ID],
        ),
        ("select * from t where fund_account = 646989952389 and status = 1", &[ACCOUNT]),
        ("WHERE c.client_name LIKE '%何霞%' OR `id_no` IN ('370297199003071239')", &[NAME, ID]),
        (
            "INSERT INTO client (birthday, client_name) VALUES (TO_DATE('1990-03-07', 'YYYY-MM-DD'), '何霞')",
            &[("1990-03-07", "basic.birth-date"), NAME],
        ),
        (
            "You have an error, can't use near 'INSERT INTO client (client_name) VALUES ('何霞')' at line 1",
            &[NAME],
        ),
        (
            "### SQL: INSERT INTO client (client_name, trade_pwd) VALUES ('何霞', 'Zx9-q",
            &[NAME, ("Zx9-q", PASSWORD.1)],
        ),
        ("INSERT INTO client (name, id_no) VALUES ('迪丽热巴', NULL)", &[("迪丽热巴", "basic.name")]),
        (
            "==>  Preparing: INSERT INTO client (client_name, status, trade_pwd, id_no) VALUES (?, ?, ?, ?)\n\
             ==> Parameters: 何霞(String), 1(Integer), a, (b)(String), 370297199003071239(String)\n<==    Updates: 1",
            &[NAME, ("a, (b)", "credential.account.password"), ID],
        ),
        (
            "Preparing: UPDATE client SET trade_pwd = ? WHERE fund_account = ?\nParameters: Zx9-qW81p(String), 646989952389(Long)",
            &[PASSWORD, ACCOUNT],
        ),
        (
            "(SQL: insert into `client` (`client_name`, `trade_pwd`, `created`) values (何霞, Zx9-qW81p, now()))",
            &[NAME, PASSWORD],
        ),
        (
            "UPDATE a SET client_name = N'何霞' WHERE a.x = b.y AND b.trade_pwd = md5('Zx9-qW81p') AND fund_account BETWEEN 646989952389 AND 646989952389",
            &[NAME, PASSWORD, ACCOUNT, ACCOUNT],
        ),
        (
            "INSERT INTO client (client_name) VALUES ('何霞') ON DUPLICATE KEY UPDATE client_name = VALUES(client_name)",
            &[NAME],
        ),
        (
            "sql: insert into client (client_name, trade_pwd) values ($1, $2) params: [\"何霞\", \"Zx9-qW81p\"]",
            &[NAME, PASSWORD],
        ),
    ];
    let mut wrong = Vec::new();
    for (text, want) in cases {
        let got = found(text);
        let got: Vec<(&str, &str)> = got.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        // A check digit may say more of a number than its column.
        let same = got.len() == want.len()
            && got.iter().zip(*want).all(|(got, want)| got.0 == want.0 && (got.1 == want.1 || want == &ID));
        if !same {
            wrong.push(format!("{text}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn statements_on_products_stay_clean() {
    for text in [
        "INSERT INTO stock (stock_code, stock_name, last_price) VALUES ('600519', '贵州茅台', 1680.50), ('000001', '平安银行', 11.2)",
        "INSERT INTO fund (fund_code, name, manager_company) VALUES ('000001', '华夏成长', '华夏基金')",
        "UPDATE product SET product_name = '金鹰元丰', risk_level = 'R3' WHERE product_id = 10023",
        "SELECT * FROM quote WHERE stock_code IN ('600519', '000001') AND trade_date >= '2026-11-20'",
        "INSERT INTO client (client_name, id_no, trade_pwd) VALUES (?, ?, ?)",
        "INSERT INTO client (client_name, id_no) VALUES (NULL, NULL)",
        "SELECT client_name, id_no FROM client WHERE status = 1",
        "where the set of values (client_name, id_no) is described",
        "CREATE TABLE client (client_name VARCHAR(64) NOT NULL, id_no CHAR(18))",
        "==>  Preparing: SELECT * FROM stock WHERE stock_code = ?\n==> Parameters: 600519(String)",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn long_statements_take_linear_time() {
    let row = "('何霞', '370297199003071239'), ";
    let rows = |count: usize| format!("INSERT INTO client (client_name, id_no) VALUES {}", row.repeat(count));
    assert_eq!(found(&rows(2000)).len(), 4000);
    for hostile in ["VALUES (", "'", "where a = '", "(a=", "[", "Parameters: ("] {
        let text = format!("insert into t (a) values (?) {}", hostile.repeat(60_000));
        let started = std::time::Instant::now();
        found(&text);
        assert!(started.elapsed().as_secs() < 20, "{hostile}");
    }
}

proptest! {
    #[test]
    fn any_text_has_sorted_hits_on_borders(text in "(insert into|values|where|set |[a-z_]{1,4}|['\"`\\[\\](),=?%;\n 何霞1-3]|Parameters:){0,40}") {
        let mut hits = Vec::new();
        Classifier::shipped().text(&format!("{text} where "), &mut hits);
        let text = format!("{text} where ");
        prop_assert!(hits.iter().all(|hit| text.get(hit.start..hit.end).is_some_and(|found| !found.is_empty())));
        prop_assert!(hits.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
