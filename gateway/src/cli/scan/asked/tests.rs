use super::*;

#[test]
fn facts_are_said_in_words_or_as_json() {
    let in_words = facts("role=teller, role=lead,subject=8000,id=u1,stepped-up").unwrap();
    let as_json =
        facts(r#"{"roles":["teller","lead"],"subjects":["8000"],"id":"u1","stepped_up":true}"#).unwrap();
    assert_eq!(in_words, as_json);
    for wrong in
        ["", "teller", "role", "role=", "age=3", "unauthenticated,role=teller", "{", r#"{"rolle":"x"}"#]
    {
        assert!(facts(wrong).is_err(), "{wrong}");
    }
    let said = facts("13800138000").unwrap_err();
    assert!(!said.contains("13800138000"), "{said}");
}

#[test]
fn paths_are_matched_as_the_gateway_matches_them() {
    let asked = request("GET CRM.internal/customers/%7e42?x=1").unwrap();
    assert_eq!(
        asked,
        Asked { method: "GET".into(), host: "crm.internal".into(), path: "/customers/~42".into() }
    );
    for wrong in ["crm.internal/x", "get h/x", "GET /x", "GET crm.internal", "GET h/a/../b", "GET h/a;b"] {
        assert!(request(wrong).is_err(), "{wrong}");
    }
}
