//! Commercial cryptography to the national standards, free of I/O.
//!
//! Now: SM4 (GB/T 32907) without look-up tables with GCM, CCM and counter mode, fields sealed by it, FF1 where a schema
//! forces the format, SM3 (GB/T 32905), HMAC-SM3, HKDF-SM3 and tokens, shifts of dates, signatures by SM2 (GB/T 32918.2)
//! and Ed25519, keys of those who sign credentials, pseudonyms of persons, the hierarchy of data keys, and the hexadecimal
//! they are written in. Yingbi is not itself a certified cryptographic module.
//!
//! ```
//! use yingbi_crypto::{PseudonymKey, hex, sm3};
//!
//! let digest = sm3(&[b"a", b"bc"]);
//! assert_eq!(hex::encode(&digest), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
//!
//! let key = PseudonymKey::new([7; 32]);
//! assert_ne!(key.pseudonym("subject", "80001234"), key.pseudonym("caller", "80001234"));
//! ```

mod credential;
pub mod date;
pub mod envelope;
mod equal;
pub mod fpe;
pub mod hex;
pub mod hkdf;
mod hmac_sm3;
pub mod keys;
mod pseudonym;
mod signing;
mod simd;
mod sm3;
pub mod sm4;
pub mod token;

pub use credential::PublicKey;
pub use equal::constant_time_eq;
pub use hmac_sm3::{HmacSm3, hmac_sm3};
pub use pseudonym::{InvalidKey, Pseudonym, PseudonymKey};
pub use signing::{Algorithm, InvalidPublicKey, Signature, SigningKeys, VerifyingKey};
pub use sm3::{Digest, Sm3, sm3};

#[cfg(test)]
mod tests;
