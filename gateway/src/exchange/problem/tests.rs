use super::*;

fn challenge(problem: Problem) -> Option<String> {
    let head = problem.head(Form::Problem, 0).unwrap();
    head.headers.get("www-authenticate").map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn who_is_refused_is_told_what_would_authenticate() {
    let refused = |code| {
        let row = yingbi_policies::REFUSALS.iter().find(|row| row.code == code).unwrap();
        let refusal = Refusal {
            status: row.status,
            code: row.code,
            rules: vec![],
            route: None,
            roles: vec![],
            purpose: None,
        };
        challenge(Problem::from(&refusal))
    };
    let presented = |reason: Reason| challenge(Problem::from(IdentityError::from(reason)));
    // Who presented nothing is told no error (RFC 6750 §3.1).
    assert_eq!(refused("YB2005").unwrap(), r#"Bearer realm="yingbi""#);
    assert!(refused("YB2006").unwrap().contains(r#"error="insufficient_user_authentication""#));
    assert_eq!(refused("YB2001"), None);
    for reason in Reason::ALL {
        match (reason, presented(*reason)) {
            (Reason::KeysUnavailable, challenge) => {
                assert_eq!(challenge, None, "the gateway's own trouble is a 503")
            }
            (Reason::Scheme, challenge) => assert_eq!(challenge.unwrap(), r#"Bearer realm="yingbi""#),
            (Reason::Repeated, challenge) => {
                assert!(challenge.unwrap().ends_with(r#"error="invalid_request""#))
            }
            (_, challenge) => assert!(challenge.unwrap().contains(r#"error="invalid_token""#), "{reason:?}"),
        }
    }
}
