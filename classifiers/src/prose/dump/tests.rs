use crate::Classifier;

fn found(text: &str) -> Vec<(String, &'static str)> {
    let mut hits = Vec::new();
    Classifier::shipped().text(text, &mut hits);
    hits.iter().map(|hit| (text.get(hit.start..hit.end).unwrap().to_owned(), hit.kind.id())).collect()
}

#[test]
fn t9_fields_of_printed_objects_are_classified() {
    let name = ("何霞", "basic.name");
    let password = "credential.account.password";
    let cases: &[(&str, &[(&str, &str)])] = &[
        (
            "Client(clientName=何霞, fundAccount=80001234, tradePwd=abc)",
            &[name, ("80001234", "account.opening.fund-account"), ("abc", password)],
        ),
        ("{client_name=何霞, trade_pwd=a(b)c}", &[name, ("a(b)c", password)]),
        (
            "User{name='迪丽热巴', mobile='13912345678'}",
            &[("迪丽热巴", "basic.name"), ("13912345678", "basic.mobile")],
        ),
        ("Client [clientName=何霞, tradePwd=p q, status=1]", &[name, ("p q", password)]),
        (
            "[Client(clientName=何霞, tradePwd=ab), Client(clientName=令狐冲, tradePwd=cd)]",
            &[name, ("ab", password), ("令狐冲", "basic.name"), ("cd", password)],
        ),
        ("Order(id=1, client=Client(clientName=何霞, tradePwd=x1), price=10.5)", &[name, ("x1", password)]),
        ("login failed (trade_pwd=abc)", &[("abc", password)]),
        ("Client(clientName=何霞, tradePwd=ab cd", &[name, ("ab cd", password)]),
    ];
    let mut wrong = Vec::new();
    for (text, want) in cases {
        let got = found(text);
        let got: Vec<(&str, &str)> = got.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        if &got != want {
            wrong.push(format!("{text}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn other_objects_stay_clean() {
    for text in [
        "Stock(stockCode=600519, stockName=贵州茅台, price=1680.50)",
        "Fund{fundCode=000001, name=华夏成长}",
        "Client(clientName=null, idNo=null, tradePwd=null)",
        "retry(count=3, timeout=5s)",
        "f(x)=y, {a=1, b=[2, 3]}",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
