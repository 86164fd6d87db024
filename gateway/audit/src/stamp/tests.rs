use super::der::{oid, write};
use super::*;
use std::path::PathBuf;
use std::process::Command;
use yingbi_crypto::SigningKeys;

const TEXT: &[u8] = b"a checkpoint";
const NONCE: u64 = 0x0102_0304_0506_0708;

/// OpenSSL's authority, with a key of this kind; its directory is removed with it.
struct OpenSsl(PathBuf);

impl OpenSsl {
    fn new(name: &str, key: &[&str]) -> Self {
        let dir = std::env::temp_dir().join(format!("yingbi-tsa-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("serial"), "01\n").unwrap();
        std::fs::write(dir.join("tsa.cnf"), CONFIG).unwrap();
        let authority = OpenSsl(dir);
        authority.run(&[&["genpkey", "-out", "ca.key"], key].concat());
        authority.run(&[&["genpkey", "-out", "tsa.key"], key].concat());
        let subject = |name| format!("/CN={name}");
        authority.run(&[
            "req",
            "-x509",
            "-new",
            "-key",
            "ca.key",
            "-subj",
            &subject("Root"),
            "-days",
            "30",
            "-out",
            "ca.pem",
        ]);
        authority.run(&["req", "-new", "-key", "tsa.key", "-subj", &subject("TSA"), "-out", "tsa.csr"]);
        authority.run(&[
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-set_serial",
            "7",
            "-days",
            "20",
            "-extfile",
            "tsa.cnf",
            "-extensions",
            "tsa",
            "-out",
            "tsa.pem",
        ]);
        authority
    }

    fn run(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        std::fs::write(self.0.join("request"), request).unwrap();
        self.run(&[
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-section",
            "one",
            "-queryfile",
            "request",
            "-out",
            "answer",
        ]);
        std::fs::read(self.0.join("answer")).unwrap()
    }

    fn authorities(&self) -> Vec<Authority> {
        Authority::of_pem(&std::fs::read_to_string(self.0.join("ca.pem")).unwrap()).unwrap()
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const CONFIG: &str = "[tsa]
extendedKeyUsage = critical,timeStamping
[tsa_config]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
";

#[test]
fn e5_tokens_of_openssl_are_believed_under_its_root_only() {
    for (name, key) in [
        ("rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..]),
        ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ] {
        let authority = OpenSsl::new(name, key);
        let answer = authority.answer(&request(TEXT, Imprint::Sha256, NONCE));
        let token = accept(&answer, TEXT, NONCE).unwrap();
        let stamp = Stamp::new("a checkpoint", 7, &token);
        let authorities = authority.authorities();
        let time = stamp.verify("a checkpoint", &authorities).unwrap();
        let now = jiff::Timestamp::now().as_microsecond();
        assert!((now - 60_000_000..=now + 1_000_000).contains(&time), "{name}: {time} of {now}");
        // Another tool says the same.
        std::fs::write(authority.0.join("token"), &token).unwrap();
        std::fs::write(authority.0.join("text"), TEXT).unwrap();
        authority.run(&["ts", "-verify", "-data", "text", "-in", "token", "-token_in", "-CAfile", "ca.pem"]);
        // Nothing else of it holds.
        assert_eq!(stamp.verify("another", &authorities), Err(BadToken::Imprint));
        assert_eq!(stamp.verify("a checkpoint", &[]), Err(BadToken::Untrusted));
        let strangers = OpenSsl::new(&format!("{name}-other"), key).authorities();
        assert_eq!(stamp.verify("a checkpoint", &strangers), Err(BadToken::Untrusted));
        assert_eq!(accept(&answer, TEXT, NONCE + 1), Err(BadToken::Nonce));
        assert_eq!(accept(&answer, b"another", NONCE), Err(BadToken::Imprint));
        let line = serde_json::to_string(&stamp).unwrap();
        assert_eq!(Stamp::parse(&line), Some(stamp));
        // No changed byte passes: of a token's every third, for signatures take time.
        for at in (0..token.len()).step_by(3) {
            let mut changed = token.clone();
            changed[at] ^= 0x10;
            let verdict = Stamp::new("a checkpoint", 7, &changed).verify("a checkpoint", &authorities);
            // What isn't signed says nothing: the root's own certificate, which comes along.
            if verdict.is_ok() {
                assert_eq!(verdict, Ok(time), "{name}: byte {at}");
                assert!(Token::parse(&changed).unwrap().time == time);
            }
        }
        assert!(token.len() > 500);
    }
}

#[test]
fn e5_what_is_no_token_is_refused_without_panic() {
    for bad in [&b""[..], b"0", &[0x30, 0x80], &[0x30, 3, 2, 1, 0], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(accept(bad, TEXT, NONCE).unwrap_err(), BadToken::Shape, "{bad:x?}");
        assert_eq!(Token::parse(bad).unwrap_err(), BadToken::Shape);
    }
    // Status 2: rejection.
    let refusal = write(0x30, &[&write(0x30, &[&write(0x02, &[&[2]])])]);
    assert_eq!(accept(&refusal, TEXT, NONCE), Err(BadToken::Refused));
    assert_eq!(Authority::of_pem("none"), None);
    assert_eq!(Authority::of_pem("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"), None);
}

/// An authority of our own, for SM2 and SM3: no common tool is one.
struct Sm {
    keys: SigningKeys,
    certificate: Vec<u8>,
}

impl Sm {
    fn new(usage: &[u8]) -> Self {
        let keys = SigningKeys::from_secret(&[0x5a; 32]).unwrap();
        let line = keys.public()[1].to_string();
        let key = BASE64.decode(line.rsplit('+').next().unwrap()).or_else(|_| {
            // The text may hold `+` itself.
            BASE64.decode(line.splitn(3, '+').nth(2).unwrap())
        });
        let key = key.unwrap();
        let point = &key[key.len() - 65..];
        let algorithm = write(0x30, &[&write(0x06, &[oid::SM2_SM3])]);
        let common_name = write(0x30, &[&write(0x06, &[&[0x55, 4, 3]]), &write(0x0c, &[b"SM TSA"])]);
        let name = write(0x30, &[&write(0x31, &[&common_name])]);
        let times = write(0x30, &[&write(0x17, &[b"240101000000Z"]), &write(0x18, &[b"20991231235959Z"])]);
        let curve = write(0x30, &[&write(0x06, &[oid::EC_KEY]), &write(0x06, &[oid::SM2_CURVE])]);
        let info = write(0x30, &[&curve, &write(0x03, &[&[0], point])]);
        let yes = write(0x01, &[&[0xff]]);
        let usages = write(0x04, &[&write(0x30, &[&write(0x06, &[usage])])]);
        let usage = write(0x30, &[&write(0x06, &[oid::EXTENDED_KEY_USAGE]), &yes, &usages]);
        let extensions = write(0xa3, &[&write(0x30, &[&usage])]);
        let version = write(0xa0, &[&write(0x02, &[&[2]])]);
        let body = write(
            0x30,
            &[&version, &write(0x02, &[&[9]]), &algorithm, &name, &times, &name, &info, &extensions],
        );
        let signature = write(0x03, &[&[0], &signed(&keys, &body)]);
        let certificate = write(0x30, &[&body, &algorithm, &signature]);
        Sm { keys, certificate }
    }

    fn token(&self, request: &[u8], time: &[u8]) -> Vec<u8> {
        let mut asked = der::Reader::new(request).sequence().unwrap();
        asked.integer().unwrap();
        let imprint = asked.value(0x30).unwrap().whole;
        let nonce = asked.value(0x02).unwrap().whole;
        let info = write(
            0x30,
            &[
                &write(0x02, &[&[1]]),
                &write(0x06, &[&[0x2a, 3]]),
                imprint,
                &write(0x02, &[&[5]]),
                &write(0x18, &[time]),
                nonce,
            ],
        );
        let digest = |bytes: &[u8]| write(0x04, &[&sm3(&[bytes])]);
        let attribute = |id: &[u8], value: &[u8]| write(0x30, &[&write(0x06, &[id]), &write(0x31, &[value])]);
        let algorithm = write(0x30, &[&write(0x06, &[oid::SM3])]);
        let named = write(0x30, &[&write(0x30, &[&write(0x30, &[&algorithm, &digest(&self.certificate)])])]);
        let attributes = [
            attribute(oid::CONTENT_TYPE, &write(0x06, &[oid::TST_INFO])),
            attribute(oid::MESSAGE_DIGEST, &digest(&info)),
            attribute(oid::SIGNING_CERTIFICATE_V2, &named),
        ]
        .concat();
        let signature = signed(&self.keys, &write(0x31, &[&attributes]));
        let certificate = super::certificate::Certificate::parse(&self.certificate).unwrap();
        let id = write(0x30, &[certificate.issuer, &write(0x02, &[certificate.serial])]);
        let by = write(0x30, &[&write(0x06, &[oid::SM2_SM3])]);
        let signer = write(
            0x30,
            &[
                &write(0x02, &[&[1]]),
                &id,
                &algorithm,
                &write(0xa0, &[&attributes]),
                &by,
                &write(0x04, &[&signature]),
            ],
        );
        let content = write(0x30, &[&write(0x06, &[oid::TST_INFO]), &write(0xa0, &[&write(0x04, &[&info])])]);
        let data = write(
            0x30,
            &[
                &write(0x02, &[&[3]]),
                &write(0x31, &[&algorithm]),
                &content,
                &write(0xa0, &[&self.certificate]),
                &write(0x31, &[&signer]),
            ],
        );
        write(0x30, &[&write(0x06, &[oid::SM_SIGNED_DATA]), &write(0xa0, &[&data])])
    }
}

/// A signature as GM/T 0009 writes it.
fn signed(keys: &SigningKeys, message: &[u8]) -> Vec<u8> {
    let signature = keys.sign(message).pop().unwrap().bytes;
    let number = |half: &[u8]| {
        let digits = &half[half.iter().take_while(|byte| **byte == 0).count()..];
        let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
        write(0x02, &[sign, digits])
    };
    write(0x30, &[&number(&signature[..32]), &number(&signature[32..])])
}

#[test]
fn e5_tokens_by_sm2_and_sm3_are_believed() {
    let authority = Sm::new(oid::TIME_STAMPING);
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        BASE64.encode(&authority.certificate)
    );
    let trusted = Authority::of_pem(&pem).unwrap();
    let asked = request(TEXT, Imprint::Sm3, NONCE);
    let token = authority.token(&asked, b"20261120060000.25Z");
    let answer = write(0x30, &[&write(0x30, &[&write(0x02, &[&[0]])]), &token]);
    assert_eq!(accept(&answer, TEXT, NONCE).as_ref(), Ok(&token));
    let stamp = |token: &[u8]| Stamp::new("a checkpoint", 1, token);
    assert_eq!(stamp(&token).verify("a checkpoint", &trusted), Ok(1_795_154_400_250_000));
    assert_eq!(stamp(&token).verify("a checkpoint", &[]), Err(BadToken::Untrusted));
    // Before its certificate was valid; by one that may not stamp; with any changed byte.
    let early = authority.token(&asked, b"20231120060000Z");
    assert_eq!(stamp(&early).verify("a checkpoint", &trusted), Err(BadToken::Untrusted));
    let other = Sm::new(&[0x2b, 6, 1, 5, 5, 7, 3, 1]);
    let token_of_other = other.token(&asked, b"20261120060000Z");
    assert_eq!(
        stamp(&token_of_other).verify("a checkpoint", &[Authority::of_der(&other.certificate)]),
        Err(BadToken::Untrusted)
    );
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        let verdict = stamp(&changed).verify("a checkpoint", &trusted);
        // Version numbers and the outer type tell nothing that is believed.
        assert!(verdict.is_err() || verdict == Ok(1_795_154_400_250_000), "byte {at}");
    }
}
