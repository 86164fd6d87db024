//! The worked scenes, each the policy set of `policies/scenes` before an API that is shaped as the source says.

#[path = "scenes/asset_proof.rs"]
mod asset_proof;
#[path = "scenes/desk.rs"]
mod desk;
#[path = "scenes/go_live.rs"]
mod go_live;
#[path = "scenes/investor_app.rs"]
mod investor_app;
#[path = "scenes/robots.rs"]
mod robots;
#[path = "scenes/third_parties.rs"]
mod third_parties;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yingbi_audit::search::Entry;
use yingbi_crypto::{hex, hmac_sm3};
use yingbi_sample_api::{Claims, IdentityProvider};
use yingbi_tests::{Answer, Client, Gateway, Origin, Response, Setup, canary, stage};

const ANNA: &str = "80001234";
const BO: &str = "80005678";
const CHEN: &str = "80009012";

/// Issuers of the scenes' tokens.
const APP: &str = "https://app.firm.internal";
const STAFF: &str = "https://sso.firm.internal";
const VENDOR: &str = "https://sso.vendor.example";

/// A scene: its policies rule, its API answers by path.
struct Scene {
    gateway: Gateway,
    origin: Origin,
    host: &'static str,
    answers: Arc<Mutex<BTreeMap<String, Value>>>,
    provider: IdentityProvider,
}

/// An answer, and under which trace it was asked for.
struct Asked {
    response: Response,
    trace: String,
}

impl Scene {
    fn start(policies: &str, host: &'static str, change: impl FnOnce(Setup) -> Setup) -> Scene {
        let answers: Arc<Mutex<BTreeMap<String, Value>>> = Arc::default();
        let told = Arc::clone(&answers);
        let origin = Origin::start(move |request| {
            let told = told.lock().expect("no test holds it");
            let path = request.target.split('?').next().unwrap_or_default();
            Answer::json(told.get(path).cloned().unwrap_or(json!({})).to_string())
        });
        let provider = IdentityProvider::generate().expect("the system has randomness");
        let mut identity = "  jwt:\n".to_owned();
        for issuer in [APP, STAFF, VENDOR] {
            let _ = write!(
                identity,
                "    - issuer: {issuer}\n      audience: yingbi\n      jwks: {{file: jwks.json}}\n      \
                 step_up: {{acr: [strong], max_age_s: 300}}\n"
            );
            if issuer == APP {
                identity.push_str("      subject_claim: client_id\n");
            }
        }
        let setup = Gateway::of(&origin)
            .policy(policies)
            .identity(&identity)
            .file("jwks.json", &provider.jwks().to_string());
        Scene { gateway: change(setup).start(), origin, host, answers, provider }
    }

    fn answers(&self, path: &str, body: Value) {
        self.answers.lock().expect("no test holds it").insert(path.to_owned(), body);
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Asked {
        let trace = stage::trace();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\ntraceparent: 00-{trace}-00000000000000aa-01\r\n{headers}{}\r\n{body}",
            self.host,
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) }
        );
        let mut client = Client::connect(self.gateway.address);
        client.send(request.as_bytes());
        let response = client.try_response(false, Duration::from_secs(20));
        let response = response.unwrap_or_else(|why| panic!("{why:?}: {}", client.shown()));
        Asked { response, trace }
    }

    fn get(&self, path: &str, headers: &str) -> Asked {
        self.ask("GET", path, headers, "")
    }

    /// A header line with a token of an issuer.
    fn bearer(&self, issuer: &str, login: &str, more: Value) -> String {
        let token = self.provider.issue(&Claims {
            issuer: issuer.to_owned(),
            audience: "yingbi".to_owned(),
            subject: login.to_owned(),
            more: more.as_object().cloned().unwrap_or_default(),
            lifetime: Duration::from_secs(600),
        });
        format!("Authorization: Bearer {token}\r\n")
    }

    /// A member of the firm's staff.
    fn staff(&self, login: &str, group: &str) -> String {
        self.bearer(STAFF, login, json!({ "groups": [group] }))
    }

    fn record(&self, asked: &Asked) -> Entry {
        let mut entries = self.gateway.entries_of(&asked.trace);
        assert_eq!(entries.len(), 1, "one record an access");
        entries.remove(0)
    }

    /// Nothing that the gateway has written tells of anybody in clear.
    fn hidden(&self) {
        for (path, bytes) in self.gateway.written() {
            canary::assert_hidden(&path.display().to_string(), &bytes);
            for client in [ANNA, BO, CHEN] {
                assert!(!canary::contains(&bytes, client.as_bytes()), "{client} in {}", path.display());
            }
        }
    }
}

/// An investor as a counter system answers.
fn person(client_id: &str) -> Value {
    json!({
        "client_id": client_id, "client_name": canary::NAME, "id_no": canary::ID, "mobile_tel": canary::MOBILE,
        "bank_account": canary::CARD, "e_mail": canary::EMAIL, "trade_pwd": canary::PASSWORD,
    })
}

fn refused(asked: &Asked) -> (u16, String) {
    let code = asked.response.json()["code"].as_str().unwrap_or_default().to_owned();
    (asked.response.status, code)
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A ticket system and its message, signed.
fn hook(scene: &Scene, message: &Value) -> u16 {
    static LAST: Mutex<u128> = Mutex::new(0);
    let mut last = LAST.lock().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    // Two messages of one time could be one told twice.
    *last = now.max(*last + 1);
    let text = message.to_string();
    let key: [u8; 32] = hex::decode(&"3c".repeat(32)).unwrap();
    let tag = hmac_sm3(&key, &[last.to_string().as_bytes(), b".", text.as_bytes()]);
    let header = format!("Yingbi-Signature: t={last},sm3={}\r\n", hex::encode(&tag));
    scene.gateway.admin_ask("POST", "/api/v1/webhooks/tickets", &header, &text).0
}

/// The officers of a firm, and its ticket system.
fn offices(setup: Setup, acts_as: [&str; 2]) -> Setup {
    let [asks, approves] = acts_as;
    setup
        .officer("dora", &["data-operator"], &[asks])
        .officer("otto", &["approver"], &[approves])
        .admin("  webhooks:\n    - {id: tickets, secret: hook.key}\n")
        .file("hook.key", &"3c".repeat(32))
}

/// Asks for a grant and has it approved by another.
fn granted(scene: &Scene, asked: &Value) -> String {
    let (status, grant) = scene.gateway.office("dora", "POST", "/api/v1/grants", asked);
    assert_eq!((status, &grant["state"]), (201, &json!("requested")), "{grant}");
    let id = grant["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/grants/{id}/approve");
    let (status, refused) = scene.gateway.office("dora", "POST", &path, &Value::Null);
    assert_eq!(status, 403, "nobody approves what they asked for: {refused}");
    let (status, grant) = scene.gateway.office("otto", "POST", &path, &Value::Null);
    assert_eq!((status, &grant["state"]), (200, &json!("active")), "{grant}");
    id
}
