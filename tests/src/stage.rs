//! A gateway between an origin whose next answer a test sets, and callers of every sort: nobody, holders of API tokens,
//! investors with a JWT, with and without a fresh strong authentication.

use crate::{Answer, Client, Gateway, Origin, Response, Setup, credentials};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yingbi_audit::search::Entry;
use yingbi_sample_api::{Claims, IdentityProvider};

/// Gateway, origin, and an identity provider that both believe.
pub struct Stage {
    /// The gateway.
    pub gateway: Gateway,
    /// The API behind it.
    pub origin: Origin,
    answer: Arc<Mutex<Answer>>,
    provider: IdentityProvider,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who<'a> {
    /// Presents nothing.
    Nobody,
    /// Holds the API token of this id.
    Token(&'a str),
    /// An investor with a JWT.
    Investor(&'a str),
    /// The same after a fresh strong authentication.
    SteppedUp(&'a str),
    /// Presents this `Authorization`.
    Says(&'a str),
}

/// An answer, and the trace id under which it was asked for.
pub struct Asked {
    /// The answer.
    pub response: Response,
    /// Trace id of the request's `traceparent`.
    pub trace: String,
    /// Every byte that came.
    pub received: Vec<u8>,
}

impl Stage {
    /// Under these policies, callers `teller` and `officer` with API tokens.
    pub fn start(policy: &str) -> Stage {
        Stage::with(policy, |setup| setup)
    }

    /// The same with a setup of the test's own.
    pub fn with(policy: &str, change: impl FnOnce(Setup) -> Setup) -> Stage {
        Stage::try_with(policy, change).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, which need not start.
    ///
    /// # Errors
    /// Why it doesn't start.
    pub fn try_with(policy: &str, change: impl FnOnce(Setup) -> Setup) -> Result<Stage, String> {
        let answer = Arc::new(Mutex::new(Answer::json("{}")));
        let told = Arc::clone(&answer);
        let origin = Origin::start(move |_| told.lock().expect("no test holds it").clone());
        let provider = IdentityProvider::generate().expect("the system has randomness");
        let setup = Gateway::of(&origin)
            .policy(policy)
            .caller("officer")
            .identity(IDENTITY)
            .file("jwks.json", &provider.jwks().to_string());
        Ok(Stage { gateway: change(setup).try_start()?, origin, answer, provider })
    }

    /// Sets what the origin answers from now on.
    pub fn answers(&self, answer: Answer) -> &Stage {
        *self.answer.lock().expect("no test holds it") = answer;
        self
    }

    /// The same with JSON.
    pub fn answers_json(&self, body: &Value) -> &Stage {
        self.answers(Answer::json(body.to_string()))
    }

    /// One request on a connection of its own, with further header lines.
    pub fn ask(&self, who: Who<'_>, method: &str, path: &str, headers: &str) -> Asked {
        self.ask_over(Client::connect(self.gateway.address), who, method, path, headers)
    }

    /// The same from a local address of its own.
    pub fn ask_from(&self, from: &str, who: Who<'_>, method: &str, path: &str, headers: &str) -> Asked {
        self.ask_over(Client::connect_from(from, self.gateway.address), who, method, path, headers)
    }

    fn ask_over(&self, mut client: Client, who: Who<'_>, method: &str, path: &str, headers: &str) -> Asked {
        let trace = trace();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\n{headers}\r\n",
            crate::HOST,
            self.credentials(who)
        );
        client.send(request.as_bytes());
        let response = client.try_response(method == "HEAD", Duration::from_secs(20));
        let response = response.unwrap_or_else(|why| panic!("{why:?}: {}", client.shown()));
        Asked { response, trace, received: client.received().to_vec() }
    }

    /// `GET`.
    pub fn get(&self, who: Who<'_>, path: &str) -> Asked {
        self.ask(who, "GET", path, "")
    }

    /// The one record of an access.
    ///
    /// # Panics
    /// There is none, or more than one.
    pub fn record(&self, asked: &Asked) -> Entry {
        let mut entries = self.gateway.entries_of(&asked.trace);
        assert_eq!(entries.len(), 1, "one record an access");
        entries.remove(0)
    }

    /// How a caller proves who it is.
    pub fn credentials(&self, who: Who<'_>) -> String {
        match who {
            Who::Nobody => String::new(),
            Who::Token(id) => credentials(id),
            Who::Investor(id) => self.bearer(id, json!({})),
            Who::SteppedUp(id) => self.bearer(id, json!({"acr": "strong", "auth_time": now()})),
            Who::Says(value) => format!("Authorization: {value}\r\n"),
        }
    }

    /// A JWT of an investor with further claims, as a header line.
    pub fn bearer(&self, client_id: &str, more: Value) -> String {
        format!("Authorization: Bearer {}\r\n", self.jwt(client_id, more))
    }

    /// A JWT of an investor with further claims.
    pub fn jwt(&self, client_id: &str, more: Value) -> String {
        let mut claims = Map::new();
        claims.insert("kind".into(), json!("investor"));
        claims.insert("client_id".into(), json!(client_id));
        claims.extend(more.as_object().cloned().unwrap_or_default());
        self.provider.issue(&Claims {
            issuer: ISSUER.to_owned(),
            audience: "yingbi".to_owned(),
            subject: format!("login-of-{client_id}"),
            more: claims,
            lifetime: Duration::from_secs(600),
        })
    }
}

/// A trace id that no other request of this process has.
pub fn trace() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "{:016x}{:016x}",
        0xa5a5_0000_0000_0000_u64 | u64::from(std::process::id()),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Issuer of the investors' tokens.
pub const ISSUER: &str = "https://sso.test.internal";

const IDENTITY: &str = "  jwt:
    - issuer: https://sso.test.internal
      audience: yingbi
      jwks: {file: jwks.json}
      subject_claim: client_id
      step_up: {acr: [strong], max_age_s: 300}
";
