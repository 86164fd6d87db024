//! Whether the gateway is ready, and if not, why.

use std::sync::atomic::{AtomicBool, Ordering};
use yingbi_crypto::hex;

/// Conditions of readiness, set by their owners. All start false: ready is what was shown to be.
pub struct Readiness {
    secret: [u8; 32],
    secret_text: String,
    audit_up: AtomicBool,
    policy_loaded: AtomicBool,
    keys_present: AtomicBool,
    draining: AtomicBool,
}

impl Readiness {
    /// Nothing ready yet; a new random probe secret.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> std::io::Result<Readiness> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| std::io::Error::other("no random numbers"))?;
        Ok(Readiness {
            secret,
            secret_text: hex::encode(&secret),
            audit_up: AtomicBool::new(false),
            policy_loaded: AtomicBool::new(false),
            keys_present: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        })
    }

    /// Whether the audit log accepts records.
    pub fn set_audit_up(&self, up: bool) {
        self.audit_up.store(up, Ordering::Release);
    }

    /// Whether a policy rules.
    pub fn set_policy_loaded(&self, loaded: bool) {
        self.policy_loaded.store(loaded, Ordering::Release);
    }

    /// Whether every issuer's keys and the gateway's own are there.
    pub fn set_keys_present(&self, present: bool) {
        self.keys_present.store(present, Ordering::Release);
    }

    /// The gateway is stopping: no new work, please.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the gateway is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Why the gateway is not ready; empty when nothing speaks against it.
    pub fn reasons(&self) -> Vec<&'static str> {
        let conditions = [
            (!self.is_draining(), "draining"),
            (self.audit_up.load(Ordering::Acquire), "audit-down"),
            (self.policy_loaded.load(Ordering::Acquire), "no-policy"),
            (self.keys_present.load(Ordering::Acquire), "no-keys"),
        ];
        conditions.into_iter().filter(|(holds, _)| !holds).map(|(_, reason)| reason).collect()
    }

    /// Value of the probe header: 64 hex digits, new in each process.
    pub fn probe_secret(&self) -> &str {
        &self.secret_text
    }

    /// Whether a header value is this process's probe secret, compared in constant time.
    pub fn is_probe(&self, value: &[u8]) -> bool {
        let presented = std::str::from_utf8(value).ok().and_then(hex::decode::<32>);
        let Some(presented) = presented else { return false };
        let difference = presented.iter().zip(&self.secret).fold(0, |seen, (l, r)| seen | (l ^ r));
        std::hint::black_box(difference) == 0
    }
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Readiness({:?})", self.reasons())
    }
}
