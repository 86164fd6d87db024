//! X1: an investor's app, a branch, a page of quotes (T/TSAC 001—2025 §8.4.4).

use super::{ANNA, APP, BO, Scene, person, refused, seconds};
use serde_json::json;
use yingbi_tests::canary;

const POLICIES: &str = include_str!("../../../../policies/scenes/investor-app/policies.yaml");

#[test]
fn x1_own_data_in_full_after_step_up_and_others_never() {
    let scene = Scene::start(POLICIES, "app.internal", |setup| setup);
    let own = format!("/customers/{ANNA}");
    scene.answers(&own, person(ANNA));
    let investor = |client: &str, more: serde_json::Value| {
        let mut claims = json!({"kind": "investor", "client_id": client});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.bearer(APP, &format!("login-{client}"), claims)
    };
    let fresh = json!({"acr": "strong", "auth_time": seconds()});

    // Logged in: direct identifiers under a mask.
    let shown = scene.get(&own, &investor(ANNA, json!({})));
    assert_eq!(shown.response.status, 200);
    canary::assert_hidden("own data without step-up", &shown.response.body);
    assert_eq!(shown.response.json()["mobile_tel"], "139****5678");

    // Stepped up: in full but the password; and the record says that it was shown.
    let asked = scene.get(&own, &investor(ANNA, fresh.clone()));
    let got = asked.response.json();
    for (field, value) in [
        ("client_id", ANNA),
        ("client_name", canary::NAME),
        ("id_no", canary::ID),
        ("mobile_tel", canary::MOBILE),
        ("bank_account", canary::CARD),
        ("e_mail", canary::EMAIL),
        ("trade_pwd", "********"),
    ] {
        assert_eq!(got[field], value, "{field}");
    }
    let intent = scene.record(&asked).intent;
    assert_eq!((intent.clear["basic"], intent.subjects.len()), (3, 1), "{intent:?}");
    assert_eq!(intent.masked.get("credential.account"), Some(&1), "{intent:?}");

    // An authentication of an hour ago, or a weak one, is none.
    for stale in [
        json!({"acr": "strong", "auth_time": seconds() - 3600}),
        json!({"acr": "weak", "auth_time": seconds()}),
        json!({"acr": "strong"}),
    ] {
        let shown = scene.get(&own, &investor(ANNA, stale));
        canary::assert_hidden("without fresh strong authentication", &shown.response.body);
    }

    // Another's never, stepped up or not; the API behind does not hear of it.
    scene.origin.forget();
    for claims in [json!({}), fresh] {
        assert_eq!(refused(&scene.get(&own, &investor(BO, claims))), (403, "YB2001".to_owned()));
    }
    assert!(scene.origin.seen().is_empty(), "the API behind was asked");
    scene.hidden();
}

#[test]
fn x1_a_teller_sees_masks_and_a_stranger_only_quotes() {
    let scene = Scene::start(POLICIES, "app.internal", |setup| setup);
    let path = format!("/customers/{ANNA}");
    scene.answers(&path, person(ANNA));
    let quotes = json!({"symbol": "600000", "name": "浦发银行", "last": 8.42, "volume": 120_034_500});
    scene.answers("/quotes", quotes.clone());

    let seen = scene.get(&path, &scene.staff("e1001", "branch-teller"));
    canary::assert_hidden("a teller", &seen.response.body);
    let got = seen.response.json();
    assert_eq!((&got["client_id"], &got["client_name"]), (&json!("****1234"), &json!("司马**")), "{got}");
    assert_eq!(scene.record(&seen).intent.rules, ["teller-sees-masked"]);

    // Quotes to whoever asks, byte for byte; customers to nobody unknown.
    let page = scene.get("/quotes", "");
    assert_eq!((page.response.status, page.response.json()), (200, quotes.clone()));
    assert_eq!(page.response.body, quotes.to_string().into_bytes());
    assert_eq!(refused(&scene.get(&path, "")), (401, "YB2005".to_owned()));
    assert_eq!(refused(&scene.get(&path, &scene.staff("e1002", "canteen"))), (403, "YB2001".to_owned()));
    // A page of quotes that suddenly holds a customer leaks nothing of them.
    scene.answers("/quotes", json!({"symbol": "600000", "watched_by": person(ANNA)}));
    canary::assert_hidden("quotes", &scene.get("/quotes", "").response.body);
    scene.hidden();
}
