//! C6, C8, T1, T4, T9 in other formats than JSON: XML and SOAP, CSV, forms.

use crate::FIRM;
use yingbi_tests::{Answer, Stage, Who, canary};

const TELLER: Who<'_> = Who::Token("teller");
const ANNA: &str = "80001234";

/// A SOAP answer with customers, of whom only the client code is given.
fn soap(clients: &[&str]) -> String {
    let customer = |client: &&str| {
        format!(
            "<ns:data xsi:type=\"ns:Customer\"><ns:client_id>{client}</ns:client_id>\
             <ns:clientName>{}</ns:clientName><ns:mobileTel>{}</ns:mobileTel><ns:idNo kind=\"0\"><![CDATA[{}]]></ns:idNo>\
             <ns:tradePwd>{}</ns:tradePwd><ns:ext><ns:field name=\"bank_account\" value=\"{}\"/></ns:ext></ns:data>",
            canary::NAME,
            canary::MOBILE,
            canary::ID,
            canary::PASSWORD,
            canary::CARD
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ns:queryResponse xmlns:ns=\"urn:crm\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><ns:code>0</ns:code>{}</ns:queryResponse>\n",
        clients.iter().map(customer).collect::<String>()
    )
}

fn csv(clients: &[&str]) -> String {
    let row = |client: &&str| {
        format!(
            "{client},{},\"{}\",=\"{}\",{}\r\n",
            canary::NAME,
            canary::MOBILE,
            canary::ID,
            canary::PASSWORD
        )
    };
    format!(
        "client_id,客户姓名,手机号码,证件号码,交易密码\r\n{}",
        clients.iter().map(row).collect::<String>()
    )
}

#[test]
fn c8_elements_columns_and_pairs_are_known_by_their_names() {
    let stage = Stage::start(FIRM);
    let xml = soap(&[ANNA]);
    let form = format!(
        "client_name=%E5%8F%B8%E9%A9%AC%E5%85%89%E8%80%80&mobile_tel={}&trade_pwd={}&branch_no=0101",
        canary::MOBILE,
        canary::PASSWORD
    );
    let tsv = csv(&[ANNA]).replace(',', "\t");
    let semicolons = csv(&[ANNA]).replace(',', ";");
    let cases = [
        ("application/xml", xml.clone()),
        ("text/xml; charset=utf-8", xml.clone()),
        ("application/soap+xml", xml.clone()),
        ("application/vnd.crm+xml", xml),
        ("text/csv", csv(&[ANNA])),
        ("text/csv; header=present", semicolons),
        ("text/csv; charset=utf-8", format!("\u{feff}{}", csv(&[ANNA]))),
        ("text/tab-separated-values", tsv),
        ("application/x-www-form-urlencoded", form),
    ];
    for (content_type, body) in cases {
        let asked =
            stage.answers(Answer::of_type(content_type, body.clone())).get(TELLER, "/customers/80001234");
        let text = asked.response.text();
        assert_eq!(asked.response.status, 200, "{content_type}: {text}");
        canary::assert_hidden(content_type, &asked.received);
        assert!(text.contains("139****5678") && text.contains("********"), "{content_type}: {text}");
        let intent = stage.record(&asked).intent;
        assert!(intent.masked.contains_key("basic") && !intent.clear.contains_key("basic"), "{intent:?}");
        assert_eq!(intent.masked.get("credential.account"), Some(&1), "{content_type}: {intent:?}");
        // What is not replaced stands as it stood.
        let kept = |text: &str| text.matches(['<', ',', ';', '\t', '&', '=']).count();
        assert_eq!(kept(&text), kept(&body), "{content_type}: {text}");
    }
}

#[test]
fn t4_in_a_list_of_elements_own_is_clear_and_others_are_masked() {
    let stage = Stage::start(FIRM);
    for clients in [&[ANNA, "80005678", ANNA][..], &[ANNA], &["80005678"]] {
        let asked = stage
            .answers(Answer::of_type("application/soap+xml; charset=utf-8", soap(clients)))
            .get(Who::SteppedUp(ANNA), "/customers");
        let text = asked.response.text();
        assert_eq!(asked.response.status, 200, "{text}");
        let records: Vec<&str> = text.split("<ns:data").skip(1).collect();
        let clear: Vec<bool> = records.iter().map(|record| record.contains(canary::MOBILE)).collect();
        let own: Vec<bool> = clients.iter().map(|client| *client == ANNA).collect();
        assert_eq!(clear, own, "{text}");
        for (record, _) in records.iter().zip(&own).filter(|(_, own)| !**own) {
            canary::assert_hidden("another's", record.as_bytes());
        }
        assert!(!text.contains(canary::PASSWORD), "{text}");
        let intent = stage.record(&asked).intent;
        let distinct = clients.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!((intent.records as usize, intent.subjects.len()), (clients.len(), distinct), "{intent:?}");
    }
}

#[test]
fn t4_in_a_table_own_rows_are_clear_and_others_are_masked() {
    let stage = Stage::start(&FIRM.replace("records: $.data[*]", "records: $[*]"));
    let clients = [ANNA, "80005678", ""];
    let asked =
        stage.answers(Answer::of_type("text/csv", csv(&clients))).get(Who::SteppedUp(ANNA), "/customers");
    let text = asked.response.text();
    let clear: Vec<bool> = text.lines().skip(1).map(|row| row.contains(canary::MOBILE)).collect();
    assert_eq!(clear, [true, false, false], "{text}");
    assert!(!text.contains(canary::PASSWORD), "{text}");
    let intent = stage.record(&asked).intent;
    assert_eq!((intent.records, intent.subjects.len()), (3, 2), "{intent:?}");
}

#[test]
fn t9_faults_and_comments_in_xml_are_scrubbed() {
    let stage = Stage::start(FIRM);
    let fault = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultstring>客户 {} \
         不存在</faultstring><detail>at q({}) &lt;mobile&gt;{}&lt;/mobile&gt;</detail></s:Fault></s:Body>\
         <!-- <password>{}</password> --><?trace {}?></s:Envelope>",
        canary::MOBILE,
        canary::ID,
        canary::MOBILE,
        canary::PASSWORD,
        canary::EMAIL
    );
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{fault}",
        fault.len()
    );
    let asked = stage.answers(Answer::bytes(answer)).get(TELLER, "/customers/80001234");
    canary::assert_hidden("a fault", &asked.received);
}

#[test]
fn c8_xml_is_read_in_the_charset_it_declares() {
    let stage = Stage::start(FIRM);
    let text = soap(&[ANNA]).replace("UTF-8", "GBK").replace("<ns:code>0", "<ns:code>成功");
    let gbk = encoding_rs::GBK.encode(&text).0.into_owned();
    for content_type in ["text/xml", "text/xml; charset=gbk"] {
        let asked =
            stage.answers(Answer::of_type(content_type, gbk.clone())).get(TELLER, "/customers/80001234");
        assert_eq!(asked.response.status, 200, "{content_type}");
        canary::assert_hidden(content_type, &asked.received);
        let body = encoding_rs::GBK.decode(&asked.response.body).0.into_owned();
        assert!(body.contains("成功") && body.contains("139****5678"), "{body}");
    }
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content_type, body) in [
        ("text/xml; charset=utf-8", text.clone().into_bytes()),
        ("text/xml; charset=gbk", encoding_rs::GBK.encode(&soap(&[ANNA])).0.into_owned()),
        ("text/xml", soap(&[ANNA]).replace("UTF-8", "UTF-7").into_bytes()),
        ("text/xml", utf16),
    ] {
        let asked = stage.answers(Answer::of_type(content_type, body)).get(TELLER, "/customers/80001234");
        assert_eq!(asked.response.status, 502, "{content_type}");
        canary::assert_hidden(content_type, &asked.received);
    }
}

#[test]
fn t9_what_can_not_be_read_is_refused() {
    let stage = Stage::start(FIRM);
    let entity = format!("<!DOCTYPE a [<!ENTITY m \"{}\">]><a>&m;</a>", canary::MOBILE);
    let laughs =
        "<!DOCTYPE a [<!ENTITY b \"xx\"><!ENTITY c \"&b;&b;\"><!ENTITY d \"&c;&c;\">]><a>&d;</a>".to_owned();
    let cases = [
        ("application/xml", entity),
        ("application/xml", laughs),
        ("application/xml", format!("<!DOCTYPE a SYSTEM \"http://127.0.0.1/{}\"><a/>", canary::MOBILE)),
        ("application/xml", format!("<a><mobile>{}</a></mobile>", canary::MOBILE)),
        ("application/xml", format!("<a><mobile>{}</mobile>", canary::MOBILE)),
        ("application/xml", format!("<a b='{}' b=''/>", canary::MOBILE)),
        ("application/xml", canary::person_json()),
        ("text/csv", format!("name,mobile\n\"{},{}\n", canary::NAME, canary::MOBILE)),
        ("text/csv", format!("name,mobile\n\"{}\"x,{}\n", canary::NAME, canary::MOBILE)),
        ("application/x-www-form-urlencoded", format!("name=%D5%C5&mobile={}", canary::MOBILE)),
    ];
    for (content_type, body) in cases {
        let asked =
            stage.answers(Answer::of_type(content_type, body.clone())).get(TELLER, "/customers/80001234");
        assert_eq!(asked.response.status, 502, "{content_type}: {body}");
        asked.response.problem_code();
        canary::assert_hidden(content_type, &asked.received);
    }
}
