//! P8: consent as a verifiable credential, through the running gateway: whose signature holds, for whom, to what, for how
//! long, in whose hands; and what becomes of a request whose consent is none.

use crate::rights::{ANNA, BO, FIRM, clear, code, consent, hidden, list, metric, now_ms, offices, record};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::time::{Duration, Instant};
use yingbi_crypto::{Algorithm, SigningKeys};
use yingbi_tests::stage::Asked;
use yingbi_tests::{Setup, Stage, Who, canary};

pub(crate) const GATEWAY: &str = "https://gateway.firm.internal";
const WALLET: &str = "did:web:wallet.example";
const LIST: &str = "https://wallet.example/statuslists/1";
const BITS: &str = "https://wallet.example/credentials/status/3";

/// Somebody with a key.
pub(crate) enum Signer {
    Ed25519(SigningKeys),
    P256(Box<p256::ecdsa::SigningKey>),
    Sm2(SigningKeys),
}

impl Signer {
    fn all(secret: u8) -> [Signer; 3] {
        let keys = || SigningKeys::from_secret(&[secret; 32]).unwrap();
        let p256 = p256::ecdsa::SigningKey::from_slice(&[secret; 32]).unwrap();
        [Signer::Ed25519(keys()), Signer::P256(Box::new(p256)), Signer::Sm2(keys())]
    }

    pub(crate) fn new(secret: u8) -> Signer {
        Signer::Ed25519(SigningKeys::from_secret(&[secret; 32]).unwrap())
    }

    fn alg(&self) -> &'static str {
        match self {
            Signer::Ed25519(_) => "EdDSA",
            Signer::P256(_) => "ES256",
            Signer::Sm2(_) => "SM2-SM3",
        }
    }

    fn jwk(&self) -> Value {
        let public = |keys: &SigningKeys, algorithm| {
            let key = keys.public().iter().find(|key| key.algorithm() == algorithm).unwrap().to_string();
            STANDARD.decode(key.splitn(3, '+').nth(2).unwrap()).unwrap()
        };
        let point = |crv: &str, point: &[u8]| {
            let [x, y] = [&point[..32], &point[32..]].map(|part| URL_SAFE_NO_PAD.encode(part));
            json!({"kty": "EC", "crv": crv, "x": x, "y": y})
        };
        match self {
            Signer::Ed25519(keys) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(&public(keys, Algorithm::Ed25519)[1..])})
            }
            Signer::P256(key) => point("P-256", &key.verifying_key().to_encoded_point(false).as_bytes()[1..]),
            Signer::Sm2(keys) => {
                let bytes = public(keys, Algorithm::Sm2);
                point("SM2", &bytes[bytes.len() - 64..])
            }
        }
    }

    pub(crate) fn did(&self) -> String {
        format!("did:jwk:{}", URL_SAFE_NO_PAD.encode(self.jwk().to_string()))
    }

    pub(crate) fn sign(&self, typ: &str, payload: &Value) -> String {
        let header = json!({"alg": self.alg(), "typ": typ}).to_string();
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload.to_string()));
        let signature = match self {
            Signer::Ed25519(keys) => keys.sign(signed.as_bytes())[0].bytes.clone(),
            Signer::Sm2(keys) => keys.sign(signed.as_bytes())[1].bytes.clone(),
            Signer::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
                signature.to_bytes().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Their own consent as a W3C credential.
    fn consents(&self, purpose: &str) -> String {
        let (did, now) = (self.did(), now_ms() / 1000);
        self.sign(
            "vc+jwt",
            &json!({
                "iss": did, "sub": did, "iat": now - 60, "exp": now + 3600,
                "vc": {
                    "type": ["VerifiableCredential", "InvestorConsent"],
                    "credentialSubject": {"id": did, "purpose": purpose, "notice": "v3"},
                },
            }),
        )
    }

    /// Shows a credential to the gateway, with a proof of now.
    pub(crate) fn shows(&self, credential: &str, nonce: &str) -> String {
        self.shows_at(credential, nonce, now_ms() / 1000, GATEWAY)
    }

    pub(crate) fn shows_at(&self, credential: &str, nonce: &str, at: i64, audience: &str) -> String {
        let signed = if credential.contains('~') { credential.to_owned() } else { format!("{credential}~") };
        let hash = URL_SAFE_NO_PAD.encode(sha256(signed.as_bytes()));
        let proof = json!({"iat": at, "aud": audience, "nonce": nonce, "sd_hash": hash});
        format!("{signed}{}", self.sign("kb+jwt", &proof))
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The wallet's consent for an investor of the firm, with a disclosure, bound to the holder's key.
fn vouched(wallet: &Signer, holder: &Signer, client: &str, status: Value) -> String {
    let now = now_ms() / 1000;
    let hidden = URL_SAFE_NO_PAD.encode(json!(["2GLC42sKQveCfGfryNRN9w", "client_no", client]).to_string());
    let mut payload = json!({
        "iss": WALLET, "iat": now - 60, "exp": now + 3600, "vct": "urn:wallet:consent", "_sd_alg": "sha-256",
        "purpose": "urn:wallet:marketing", "notice": "v4",
        "cnf": {"jwk": holder.jwk()}, "_sd": [URL_SAFE_NO_PAD.encode(sha256(hidden.as_bytes()))],
    });
    payload.as_object_mut().unwrap().extend(status.as_object().unwrap().clone());
    format!("{}~{hidden}~", wallet.sign("dc+sd-jwt", &payload))
}

fn token_list(wallet: &Signer, statuses: &[u8]) -> String {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(statuses).unwrap();
    let list = URL_SAFE_NO_PAD.encode(zlib.finish().unwrap());
    let now = now_ms() / 1000;
    let payload = json!({"iss": WALLET, "sub": LIST, "iat": now - 5, "ttl": 3600, "status_list": {"bits": 1, "lst": list}});
    wallet.sign("statuslist+jwt", &payload)
}

fn bit_list(wallet: &Signer, bits: &[u8]) -> String {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bits).unwrap();
    let list = format!("u{}", URL_SAFE_NO_PAD.encode(gzip.finish().unwrap()));
    let now = now_ms() / 1000;
    let payload = json!({
        "issuer": WALLET, "id": BITS, "iat": now - 5, "exp": now + 3600,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": list},
    });
    wallet.sign("vc+jwt", &payload)
}

fn stage(wallet: &Signer) -> Stage {
    stage_on(wallet, None)
}

/// The same on a store that gateways share.
fn stage_on(wallet: &Signer, database: Option<&str>) -> Stage {
    let registry = json!({WALLET: {"id": WALLET, "verificationMethod": [
        {"id": format!("{WALLET}#key-1"), "type": "JsonWebKey", "controller": WALLET, "publicKeyJwk": wallet.jwk()},
    ]}});
    let config = format!(
        "credentials:\n  audience: {GATEWAY}\n  registry: did.json\n  sm2_names: [SM2-SM3]\n  status_lists:\n    \
         \"{LIST}\": list.jwt\n    \"{BITS}\": bits.jwt\n  issuers:\n    - id: {WALLET}\n      subject_claim: client_no\n      \
         types: [urn:wallet:consent]\n      purposes: {{\"urn:wallet:marketing\": marketing}}\n      sm2_names: [SM2-SM3]\n"
    );
    let setup = |setup: Setup| {
        let setup = match database {
            Some(database) => {
                setup.config("stores:\n  postgres: {url: store.url}\n").file("store.url", database)
            }
            None => setup,
        };
        offices(setup)
            .config(&config)
            .file("did.json", &registry.to_string())
            .file("list.jwt", &token_list(wallet, &[0, 0]))
            .file("bits.jwt", &bit_list(wallet, &[0, 0]))
    };
    let stage = Stage::with(FIRM, setup);
    stage.answers_json(&list(&[ANNA, BO]));
    stage
}

fn market(stage: &Stage, path: &str, shown: &str) -> Asked {
    market_as(stage, "officer", path, shown)
}

fn market_as(stage: &Stage, who: &str, path: &str, shown: &str) -> Asked {
    let header = format!("Yingbi-Purpose: marketing\r\nYingbi-Consent: {shown}\r\n");
    stage.ask(Who::Token(who), "GET", path, &header)
}

/// Which records are clear, and what is said of the consent.
fn shown(asked: &Asked) -> (Vec<bool>, Option<String>) {
    assert_eq!(asked.response.status, 200, "{:?}", asked.response);
    let got = asked.response.json();
    let rows = got["data"].as_array().unwrap();
    let clear = rows.iter().map(|row| row["mobile_tel"] == canary::MOBILE).collect();
    (clear, asked.response.header("yingbi-consent-problem").map(str::to_owned))
}

fn enrol(stage: &Stage, client: &str, did: &str) -> String {
    let (status, holder) =
        stage.gateway.office("dora", "POST", "/api/v1/holders", &json!({"subject": client, "did": did}));
    assert_eq!(status, 201, "{holder}");
    holder["id"].as_str().unwrap().to_owned()
}

#[test]
fn p8_an_investors_own_credential_opens_their_record_alone() {
    let stage = stage(&Signer::new(40));
    for (nth, anna) in Signer::all(7).into_iter().enumerate() {
        let text = anna.shows(&anna.consents("marketing"), &format!("n-{nth}-one-nonce"));
        let asked = market(&stage, "/customers", &text);
        assert_eq!(
            shown(&asked),
            (vec![false, false], Some("YB0625".to_owned())),
            "{}: not on record",
            anna.alg()
        );
        let id = enrol(&stage, ANNA, &anna.did());
        let asked = market(&stage, "/customers", &text);
        assert_eq!(shown(&asked), (vec![true, false], None), "{}", anna.alg());
        let got = asked.response.json();
        assert_eq!(got["data"][0]["trade_pwd"], "********");
        let intent = stage.record(&asked).intent;
        assert_eq!((intent.basis.as_deref(), intent.consents.len()), (Some("consent"), 1));
        assert!(intent.consents[0].starts_with("vc-"), "{intent:?}");
        // One investor's record: refused without, with the code of what is wrong; shown with.
        stage.answers_json(&record(ANNA));
        let path = format!("/customers/{ANNA}");
        assert_eq!(market(&stage, &path, &text).response.json()["mobile_tel"], canary::MOBILE);
        let broken = text.replacen('~', "~WyJhIiwiYiIsMV0~", 1);
        assert_eq!(code(&market(&stage, &path, &broken)), (403, "YB0621".to_owned()));
        assert_eq!(code(&market(&stage, &format!("/customers/{BO}"), &text)), (403, "YB2008".to_owned()));
        stage.answers_json(&list(&[ANNA, BO]));
        // The header stays here.
        let heads: Vec<String> = stage.origin.seen().iter().map(|seen| format!("{seen:?}")).collect();
        assert!(!heads.iter().any(|head| head.to_ascii_lowercase().contains("yingbi-consent")));
        assert_eq!(
            stage.gateway.office("dora", "DELETE", &format!("/api/v1/holders/{id}"), &Value::Null).0,
            200
        );
        assert_eq!(shown(&market(&stage, "/customers", &text)).1.as_deref(), Some("YB0625"));
    }
    assert!(metric(&stage, "yingbi_consent_credentials_total{result=\"accepted\"}") >= 6.0);
    hidden(&stage);
    let logs = stage.gateway.logs();
    assert!(!logs.contains("did:jwk"), "{logs}");
}

#[test]
fn p8_a_wrong_credential_is_no_consent_and_says_by_code_what_is_missing() {
    let stage = stage(&Signer::new(40));
    let [anna, thief] = [7, 8].map(Signer::new);
    enrol(&stage, ANNA, &anna.did());
    let now = now_ms() / 1000;
    let own = anna.consents("marketing");
    let cases: Vec<(&str, String, &str)> = vec![
        ("nonsense", "hello".to_owned(), "YB0622"),
        ("nonsense with a tilde", "hello~".to_owned(), "YB0611"),
        ("without proof", format!("{own}~"), "YB0622"),
        ("another's proof", thief.shows(&own, "n-thief-0001"), "YB0623"),
        ("for another gateway", anna.shows_at(&own, "n-other-0001", now, "https://other"), "YB0623"),
        ("of yesterday", anna.shows_at(&own, "n-old-000001", now - 86_400, GATEWAY), "YB0623"),
        ("to another purpose", anna.shows(&anna.consents("reporting"), "n-purpose-01"), ""),
        ("an investor nobody knows", thief.shows(&thief.consents("marketing"), "n-thief-0002"), "YB0625"),
    ];
    for (what, text, expect) in cases {
        let asked = market(&stage, "/customers", &text);
        let (clear, told) = shown(&asked);
        assert_eq!((clear, told.unwrap_or_default().as_str()), (vec![false, false], expect), "{what}");
        let intent = stage.record(&asked).intent;
        assert!(intent.consents.is_empty() || expect.is_empty(), "{what}");
        assert_eq!(intent.marks.iter().any(|mark| mark == expect), !expect.is_empty(), "{what} {intent:?}");
        canary::assert_hidden(what, &asked.received);
    }
    // A proof is for one caller: whoever else got hold of it has nothing.
    let text = anna.shows(&own, "n-callers-001");
    assert_eq!(shown(&market(&stage, "/customers", &text)).0, [true, false]);
    let other = market_as(&stage, "teller", "/customers", &text);
    assert_eq!(code(&other).0, 403, "no marketing for tellers");
    // Restricted by the investor: no consent opens that.
    let restricted = json!({"subject": ANNA, "state": "restricted", "reason": "本人申请"});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/restrictions", &restricted).0, 201);
    let asked = market(&stage, "/customers", &anna.shows(&own, "n-restricted-1"));
    assert_eq!(asked.response.json()["data"][0], json!({}));
    hidden(&stage);
}

#[test]
fn p8_a_withdrawal_rules_over_what_was_signed_before() {
    let stage = stage(&Signer::new(40));
    let anna = Signer::new(7);
    enrol(&stage, ANNA, &anna.did());
    let own = anna.consents("marketing");
    assert_eq!(shown(&market(&stage, "/customers", &anna.shows(&own, "n-withdraw-1"))).0, [true, false]);
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, json!({}))).0, 201);
    let withdrawn = json!({"subject": ANNA, "purpose": "marketing"});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 200);
    assert_eq!(clear(&stage), [false, false]);
    let asked = market(&stage, "/customers", &anna.shows(&own, "n-withdraw-2"));
    assert_eq!(shown(&asked), (vec![false, false], Some("YB0627".to_owned())));
}

/// A credential is in the investor's hands and on no record: what they withdraw rules all the same.
#[test]
fn p4_p8_a_consent_that_exists_only_as_a_credential_is_withdrawn() {
    let mut stage = stage(&Signer::new(40));
    let [anna, bo] = [7, 8].map(Signer::new);
    enrol(&stage, ANNA, &anna.did());
    enrol(&stage, BO, &bo.did());
    let (annas, bos) = (anna.consents("marketing"), bo.consents("marketing"));
    let ask = |stage: &Stage, signer: &Signer, credential: &str, nonce: &str| {
        let asked = market(stage, "/customers", &signer.shows(credential, nonce));
        (shown(&asked), asked)
    };
    let withdraw = |stage: &Stage, who: &str, what: Value| {
        stage.gateway.office(who, "POST", "/api/v1/consents/withdraw", &what)
    };
    let (told, asked) = ask(&stage, &anna, &annas, "n-only-000001");
    assert_eq!(told, (vec![true, false], None));
    let reference = stage.record(&asked).intent.consents[0].clone();
    assert_eq!(ask(&stage, &bo, &bos, "n-only-000002").0, (vec![false, true], None));
    // By the purpose, with nothing on record; nobody else's.
    let gone = Some("YB0627".to_owned());
    for wrong in [
        json!({}),
        json!({"purpose": "marketing"}),
        json!({"id": "c-1"}),
        json!({"id": reference, "purpose": "marketing"}),
        json!({"id": canary::MOBILE}),
        json!({"subject": ""}),
    ] {
        assert_eq!(withdraw(&stage, "dora", wrong.clone()).0, 400, "{wrong}");
    }
    assert_eq!(withdraw(&stage, "alan", json!({"subject": ANNA})).0, 403);
    let (status, told) = withdraw(&stage, "dora", json!({"subject": ANNA, "purpose": "marketing"}));
    assert_eq!((status, &told["withdrawn"]), (200, &json!([])), "{told}");
    assert_eq!(ask(&stage, &anna, &annas, "n-only-000003").0, (vec![false, false], gone.clone()));
    assert_eq!(ask(&stage, &bo, &bos, "n-only-000004").0, (vec![false, true], None));
    // One investor's record alone is refused, and says why.
    stage.answers_json(&record(ANNA));
    let asked = market(&stage, &format!("/customers/{ANNA}"), &anna.shows(&annas, "n-only-000005"));
    assert_eq!(code(&asked), (403, "YB0627".to_owned()));
    stage.answers_json(&list(&[ANNA, BO]));
    // By what records name it, at the command line, without saying whose it is.
    let (_, asked) = ask(&stage, &bo, &bos, "n-only-000006");
    let reference = stage.record(&asked).intent.consents[0].clone();
    let run = |arguments: &[&str]| {
        std::fs::write(stage.gateway.directory().join("dora.token"), yingbi_tests::token("dora")).unwrap();
        let desk = ["--config", "yingbi.yaml", "--token-file", "dora.token"];
        let all: Vec<&str> = arguments.iter().copied().chain(desk).collect();
        let output = stage.gateway.run(&all);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(&["consent", "withdraw", "--id", &reference]).0, Some(0));
    assert_eq!(ask(&stage, &bo, &bos, "n-only-000007").0, (vec![false, false], gone.clone()));
    let another = bo.sign("vc+jwt", &{
        let (did, now) = (bo.did(), now_ms() / 1000);
        json!({"iss": did, "sub": did, "iat": now - 30, "exp": now + 3600, "vc": {
            "type": ["VerifiableCredential", "InvestorConsent"],
            "credentialSubject": {"id": did, "purpose": "marketing", "notice": "v4"},
        }})
    });
    assert_eq!(ask(&stage, &bo, &another, "n-only-000008").0, (vec![false, true], None), "another one");
    let (code, listed) = run(&["consent", "list", "--subject", ANNA]);
    assert!(code == Some(0) && listed.contains("marketing") && listed.contains("dora"), "{listed}");
    let told = stage.gateway.events("consent-withdrawn");
    assert_eq!((told.len(), &told[1]["id"]), (2, &json!(reference)), "{told:?}");
    // The next run knows it.
    stage.gateway.kill();
    stage.gateway.start_again();
    assert_eq!(ask(&stage, &anna, &annas, "n-only-000009").0, (vec![false, false], gone.clone()));
    assert_eq!(ask(&stage, &bo, &bos, "n-only-000010").0, (vec![false, false], gone));
    hidden(&stage);
}

#[test]
fn p4_p8_a_withdrawn_credential_opens_nothing_on_any_gateway_within_a_second() {
    let postgres = yingbi_tests::postgres::Postgres::start();
    let database = postgres.database();
    let [one, two] = [(); 2].map(|()| stage_on(&Signer::new(40), Some(&database)));
    let anna = Signer::new(7);
    enrol(&one, ANNA, &anna.did());
    let own = anna.consents("marketing");
    let is_open =
        |stage: &Stage, nonce: &str| shown(&market(stage, "/customers", &anna.shows(&own, nonce))).0[0];
    let within = |what: &str, nonce: &str, expect: bool| {
        let begun = Instant::now();
        let mut nth = 0;
        while is_open(&two, &format!("{nonce}-{nth}")) != expect {
            assert!(begun.elapsed() < Duration::from_secs(1), "{what}");
            nth += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    within("enrolled", "n-shared-one", true);
    let withdrawn = json!({"subject": ANNA, "purpose": "marketing"});
    assert_eq!(one.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 200);
    within("withdrawn", "n-shared-two", false);
    // Who joins later knows it too; and all of it is pseudonyms.
    let three = stage_on(&Signer::new(40), Some(&database));
    assert!(!is_open(&three, "n-shared-three"));
    let name = database.rsplit('=').next().unwrap();
    let all = postgres.sql(name, "SELECT string_agg(document, ' ') FROM withdrawals");
    assert!(all.contains("marketing") && !all.contains(ANNA), "{all}");
}

#[test]
fn p8_a_trusted_issuers_sd_jwt_is_revoked_by_its_status_lists_within_a_second() {
    for (nth, wallet) in Signer::all(40).into_iter().enumerate() {
        let stage = stage(&wallet);
        let holder = Signer::new(9);
        let token = |index: u64| json!({"status": {"status_list": {"idx": index, "uri": LIST}}});
        let bits = |index: u64| {
            json!({"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                "statusListIndex": index.to_string(), "statusListCredential": BITS}})
        };
        let ask = |status: Value, nonce: &str| {
            let text = holder.shows(&vouched(&wallet, &holder, BO, status), &format!("{nonce}-{nth}-nonce"));
            shown(&market(&stage, "/customers", &text))
        };
        let good = (vec![false, true], None);
        assert_eq!(ask(json!({}), "plain"), good, "{}", wallet.alg());
        assert_eq!((ask(token(9), "token"), ask(bits(9), "bits")), (good.clone(), good.clone()));
        assert_eq!(ask(token(99), "far").1.as_deref(), Some("YB0619"), "beyond the list");
        let unknown = json!({"status": {"status_list": {"idx": 0, "uri": "https://elsewhere"}}});
        assert_eq!(ask(unknown, "elsewhere").1.as_deref(), Some("YB0619"));
        // Signed by somebody else, named as the wallet's.
        let forged = holder.shows(&vouched(&holder, &holder, BO, json!({})), "n-forged-0001");
        let told = shown(&market(&stage, "/customers", &forged)).1.unwrap();
        assert!(["YB0613", "YB0616"].contains(&told.as_str()), "{told}");
        // Without the disclosure that says whose it is.
        let credential = vouched(&wallet, &holder, BO, json!({}));
        let bare = format!("{}~", credential.split('~').next().unwrap());
        let told = shown(&market(&stage, "/customers", &holder.shows(&bare, "n-bare-00001"))).1;
        assert_eq!(told.as_deref(), Some("YB0625"));

        let directory = stage.gateway.directory();
        let begun = Instant::now();
        // A list that nobody signed changes nothing; then index 9 is revoked in both.
        std::fs::write(directory.join("list.jwt"), token_list(&holder, &[0, 2])).unwrap();
        std::thread::sleep(Duration::from_millis(900));
        assert_eq!(ask(token(9), "unsigned"), good);
        std::fs::write(directory.join("list.jwt"), token_list(&wallet, &[0, 2])).unwrap();
        std::fs::write(directory.join("bits.jwt"), bit_list(&wallet, &[0, 0b0100_0000])).unwrap();
        std::thread::sleep(Duration::from_millis(1000));
        let revoked = (vec![false, false], Some("YB0618".to_owned()));
        assert_eq!((ask(token(9), "after"), ask(bits(9), "after-b")), (revoked.clone(), revoked));
        assert_eq!((ask(token(8), "others"), ask(bits(8), "others-b")), (good.clone(), good));
        assert!(begun.elapsed() < Duration::from_secs(20));
        hidden(&stage);
    }
}

#[test]
fn p8_a_configuration_that_could_deceive_does_not_start() {
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json("{}"));
    for (code, lines) in [
        ("YB1561", "audience: \"\""),
        ("YB1562", "audience: x\n  max_age_s: 86400"),
        ("YB1562", "audience: x\n  lifetime_s: 0"),
        ("YB1563", "audience: x\n  sm2_names: [ES256]"),
        ("YB1563", "audience: x\n  sm2_names: [none]"),
        ("YB1564", "audience: x\n  issuers: [{id: a}, {id: a}]"),
        ("YB1565", "audience: x\n  registry: nowhere.json"),
        ("YB1565", "audience: x\n  registry: twice.json"),
        ("YB1565", "audience: x\n  status_lists: {\"https://x\": twice.json}"),
    ] {
        let setup = yingbi_tests::Gateway::of(&origin)
            .config(&format!("credentials:\n  {lines}\n"))
            .file("twice.json", r#"{"did:web:a": {"keys": []}, "did:web:a": {"keys": []}}"#);
        let problem = setup.try_start().err().unwrap_or_else(|| panic!("{lines}"));
        assert!(problem.contains("exit status: 78") && problem.contains(code), "{lines}: {problem}");
    }
}
