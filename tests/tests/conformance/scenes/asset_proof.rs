//! X8: proof of assets by decentralised identity: another broker learns that an investor's assets reach the threshold of
//! a qualified investor, by the investor's own credential, and never a figure.

use super::{ANNA, Asked, BO, Scene, offices, person, refused, seconds};
use crate::credentials::{GATEWAY, Signer};
use serde_json::{Value, json};
use yingbi_tests::{canary, credentials};

const POLICIES: &str = include_str!("../../../../policies/scenes/asset-proof/policies.yaml");

/// The figures that nobody may learn.
const ASSETS: f64 = 7_372_452.01;
const INCOME: u64 = 623_451;

const HERS: &str = "/asset-proofs/A-1";
const HIS: &str = "/asset-proofs/A-2";

/// Anna and Bo have applied; their DIDs are on record.
fn scene(anna: &Signer, bo: &Signer) -> Scene {
    let scene = Scene::start(POLICIES, "assets.internal", |setup| {
        let setup = offices(setup, ["broker-b", "broker-b"]);
        setup
            .caller("broker-b")
            .caller("broker-b-branch")
            .caller("broker-c")
            .config(&format!("credentials: {{audience: {GATEWAY}, max_age_s: 60, lifetime_s: 3600}}\n"))
    });
    for (client, holder, path) in [(ANNA, anna, HERS), (BO, bo, HIS)] {
        scene.answers(path, assets(client, json!(ASSETS)));
        let on_record = json!({"subject": client, "did": holder.did()});
        let (status, answer) = scene.gateway.office("dora", "POST", "/api/v1/holders", &on_record);
        assert_eq!(status, 201, "{answer}");
    }
    scene
}

fn assets(client: &str, assets: Value) -> Value {
    let mut told = person(client);
    told["financial_assets"] = assets;
    told["annual_income"] = json!(INCOME);
    told["market_value"] = json!(7_000_000.5);
    told
}

/// An investor's consent, given a minute ago.
fn consent(holder: &Signer, change: impl FnOnce(&mut Value)) -> String {
    let (did, now) = (holder.did(), seconds());
    let mut payload = json!({
        "iss": did, "sub": did, "iat": now - 60, "exp": now + 600,
        "vc": {
            "type": ["VerifiableCredential", "InvestorConsent"],
            "credentialSubject": {"id": did, "purpose": "asset-proof", "recipient": "broker-b", "notice": "v1"},
        },
    });
    change(&mut payload);
    holder.sign("vc+jwt", &payload)
}

fn ask(scene: &Scene, who: &str, path: &str, (purpose, shown): (&str, &str)) -> Asked {
    let consent = if shown.is_empty() { String::new() } else { format!("Yingbi-Consent: {shown}\r\n") };
    let asked = scene.get(path, &format!("{}Yingbi-Purpose: {purpose}\r\n{consent}", credentials(who)));
    // Whatever is answered, nobody is named and no figure told.
    canary::assert_hidden(who, &asked.response.body);
    for figure in ["7372452", "623451", "7000000", ANNA, BO] {
        assert!(!canary::contains(&asked.response.body, figure.as_bytes()), "{figure}: {:?}", asked.response);
    }
    asked
}

#[test]
fn x8_a_credential_proves_that_the_threshold_is_reached_and_no_figure() {
    let [anna, bo] = [7, 8].map(Signer::new);
    let scene = scene(&anna, &bo);
    let text = anna.shows(&consent(&anna, |_| ()), "n-proof-0001");
    let asked = ask(&scene, "broker-b", HERS, ("asset-proof", &text));
    let told = |reaches: &str| json!({"financial_assets": reaches, "annual_income": "500000.."});
    assert_eq!((asked.response.status, asked.response.json()), (200, told("3000000..")));
    let intent = scene.record(&asked).intent;
    assert_eq!((intent.purpose.as_deref(), intent.basis.as_deref()), (Some("asset-proof"), Some("consent")));
    assert_eq!((intent.subjects.len(), intent.consents.len()), (1, 1), "{intent:?}");
    assert!(intent.clear.is_empty() && intent.consents[0].starts_with("vc-"), "{intent:?}");
    // To the cent, however it is written; what is no amount is no proof.
    for (assets_told, expect) in [
        (json!(3_000_000), "3000000.."),
        (json!(2_999_999.99), "..3000000"),
        (json!("2999999.999999999999999999"), "..3000000"),
        (json!("300万元"), "3000000..元"),
        (json!(-7_372_452.01), "..3000000"),
        (json!("HK$7372452.01"), "********"),
    ] {
        scene.answers(HERS, assets(ANNA, assets_told.clone()));
        let asked = ask(&scene, "broker-b", HERS, ("asset-proof", &text));
        assert_eq!(asked.response.json(), told(expect), "{assets_told}");
    }
    // Nor do words tell of it.
    let mut wordy = assets(ANNA, json!(ASSETS));
    wordy["remark"] = json!("客户持仓市值7000000.50元，总资产7372452.01元");
    scene.answers(HERS, wordy);
    let asked = ask(&scene, "broker-b", HERS, ("asset-proof", &text));
    assert_eq!(asked.response.json()["remark"], "客户持仓市值********元，总资产3000000..元");
    scene.hidden();
}

#[test]
fn x8_without_the_investors_own_fresh_credential_to_this_purpose_nothing_is_told() {
    let [anna, bo] = [7, 8].map(Signer::new);
    let scene = scene(&anna, &bo);
    let own = consent(&anna, |_| ());
    let now = i64::try_from(seconds()).unwrap();
    let subject = |name: &'static str, value: &'static str| {
        let credential = consent(&anna, |payload| payload["vc"]["credentialSubject"][name] = json!(value));
        anna.shows(&credential, "n-subject-001")
    };
    let lasting = consent(&anna, |payload| payload["exp"] = json!(now + 86_400));
    let over = consent(&anna, |payload| {
        payload["iat"] = json!(now - 3000);
        payload["exp"] = json!(now - 60);
    });
    let cases: Vec<(&str, String, &str)> = vec![
        ("no credential", String::new(), "YB2008"),
        ("without proof", format!("{own}~"), "YB0622"),
        ("another holder's proof", bo.shows(&own, "n-thief-0001"), "YB0623"),
        ("a proof of before", anna.shows_at(&own, "n-before-001", now - 120, GATEWAY), "YB0623"),
        ("a proof for another", anna.shows_at(&own, "n-other-0001", now, "https://broker-c"), "YB0623"),
        ("over", anna.shows(&over, "n-over-00001"), "YB0617"),
        ("for too long", anna.shows(&lasting, "n-long-00001"), "YB0617"),
        ("to marketing", subject("purpose", "marketing"), ""),
        ("to another recipient", subject("recipient", "broker-c"), ""),
        ("by another notice", subject("notice", "v0"), ""),
        (
            "on an investor whom nobody knows",
            Signer::new(9).shows(&consent(&Signer::new(9), |_| ()), "n-nobody-001"),
            "YB0625",
        ),
    ];
    for (what, shown, expect) in cases {
        let asked = ask(&scene, "broker-b", HERS, ("asset-proof", &shown));
        nothing(what, &asked, expect);
    }
    // Bo's consent is one, but the application is Anna's, and the other way round.
    let his = bo.shows(&consent(&bo, |_| ()), "n-bo-0000001");
    nothing("another's credential", &ask(&scene, "broker-b", HERS, ("asset-proof", &his)), "");
    let hers = anna.shows(&own, "n-anna-00001");
    nothing("another's application", &ask(&scene, "broker-b", HIS, ("asset-proof", &hers)), "");
    // A proof is one caller's.
    let got = ask(&scene, "broker-b", HERS, ("asset-proof", &hers)).response.json();
    assert_eq!(got["financial_assets"], "3000000..");
    let replayed = ask(&scene, "broker-b-branch", HERS, ("asset-proof", &hers));
    nothing("replayed", &replayed, "YB0624");
    assert_eq!(refused(&ask(&scene, "broker-c", HERS, ("asset-proof", &hers))).0, 403);
    // Neither is it one to marketing, whatever the investor consented to.
    for shown in [hers.as_str(), &subject("purpose", "marketing")] {
        let asked = ask(&scene, "broker-b", HERS, ("marketing", shown));
        assert_eq!(refused(&asked), (403, "YB2004".to_owned()));
    }
    // Restricted by the investor: not even their own consent opens it.
    let restricted = json!({"subject": ANNA, "state": "restricted", "reason": "本人申请"});
    assert_eq!(scene.gateway.office("dora", "POST", "/api/v1/restrictions", &restricted).0, 201);
    let fresh = anna.shows(&own, "n-restricted1");
    nothing("restricted", &ask(&scene, "broker-b", HERS, ("asset-proof", &fresh)), "");
    scene.hidden();
}

/// Refused by that code; without one, for want of consent, or answered with nothing in it.
fn nothing(what: &str, asked: &Asked, code: &str) {
    if code.is_empty() && asked.response.status == 200 {
        assert_eq!(asked.response.json(), json!({}), "{what}");
    } else {
        let code = if code.is_empty() { "YB2008" } else { code };
        assert_eq!(refused(asked), (403, code.to_owned()), "{what}");
    }
}
