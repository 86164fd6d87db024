//! The demo's identity provider: one P-256 key, its JWKS, and tokens signed with it (ES256). For demos and tests only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One signing key.
pub struct IdentityProvider {
    key: SigningKey,
}

/// What a token says.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// `sub`.
    pub subject: String,
    /// Any further claims.
    pub more: Map<String, Value>,
    /// Lifetime.
    pub lifetime: Duration,
}

impl IdentityProvider {
    /// A provider with a fresh key.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> io::Result<IdentityProvider> {
        loop {
            let mut scalar = [0; 32];
            getrandom::fill(&mut scalar).map_err(io::Error::other)?;
            // A scalar beyond the group's order is refused; the next one will do.
            if let Ok(key) = SigningKey::from_slice(&scalar) {
                return Ok(IdentityProvider { key });
            }
        }
    }

    /// The provider whose key is in `file` (64 hexadecimal digits); a missing file is made, readable by its owner only.
    ///
    /// # Errors
    /// The file can't be read or written, or holds no key.
    pub fn open(file: &Path) -> io::Result<IdentityProvider> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let bytes = from_hex(text.trim()).ok_or_else(|| invalid("the key file holds no key"))?;
                let key = SigningKey::from_slice(&bytes).map_err(|_| invalid("the key file holds no key"))?;
                Ok(IdentityProvider { key })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let provider = IdentityProvider::generate()?;
                provider.save(file)?;
                Ok(provider)
            }
            Err(error) => Err(error),
        }
    }

    fn save(&self, file: &Path) -> io::Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let hex: String = self.key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?
            .write_all(hex.as_bytes())
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }]})
    }

    /// A signed token (RFC 7519, ES256).
    pub fn issue(&self, claims: &Claims) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut body = Map::new();
        body.insert("iss".into(), json!(claims.issuer));
        body.insert("aud".into(), json!(claims.audience));
        body.insert("sub".into(), json!(claims.subject));
        body.insert("iat".into(), json!(now));
        body.insert("exp".into(), json!(now + claims.lifetime.as_secs()));
        body.extend(claims.more.clone());
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID});
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(Value::Object(body).to_string())
        );
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

const KEY_ID: &str = "demo-1";
