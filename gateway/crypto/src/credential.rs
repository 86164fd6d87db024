//! Public keys of those who sign credentials: Ed25519, P-256 (ES256) and SM2, each of one algorithm and no other, read
//! from raw bytes or from a Multikey (W3C Controlled Identifiers 1.0 §2.2.2), the name of a `did:key`.
//!
//! ```
//! use yingbi_crypto::PublicKey;
//!
//! let key = PublicKey::from_multikey("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
//! assert!(matches!(key, PublicKey::Ed25519(_)));
//! assert!(!key.verifies(b"message", &[0; 64]));
//! ```

use sm2::dsa::signature::Verifier as _;

/// A key that was checked to be one, and the only algorithm it may verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RFC 8032.
    Ed25519([u8; 32]),
    /// ECDSA over P-256 and SHA-256: a point in SEC1 form.
    P256(Vec<u8>),
    /// SM2 over SM3, GB/T 32918.2, with the identity of GM/T 0009: a point in SEC1 form.
    Sm2(Vec<u8>),
}

impl PublicKey {
    /// A key of Ed25519; none when it is no point or one of small order.
    pub fn ed25519(bytes: &[u8]) -> Option<PublicKey> {
        let bytes = <[u8; 32]>::try_from(bytes).ok()?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok()?;
        (!key.is_weak()).then_some(PublicKey::Ed25519(bytes))
    }

    /// A key of P-256 in SEC1 form, compressed or not.
    pub fn p256(point: &[u8]) -> Option<PublicKey> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
        Some(PublicKey::P256(point.to_vec()))
    }

    /// A key of SM2 in SEC1 form, compressed or not.
    pub fn sm2(point: &[u8]) -> Option<PublicKey> {
        sm2::dsa::VerifyingKey::from_sec1_bytes(crate::signing::SM2_IDENTITY, point).ok()?;
        Some(PublicKey::Sm2(point.to_vec()))
    }

    /// A key from its Multikey: `z`, and in base58 the code of its type and the key. Points are compressed there.
    pub fn from_multikey(text: &str) -> Option<PublicKey> {
        let bytes = base58(text.strip_prefix('z')?)?;
        let of =
            |prefix: [u8; 2], length: usize| bytes.strip_prefix(&prefix).filter(|key| key.len() == length);
        // Codes of the multicodec table as variable-length numbers: 0xed, 0x1200 and 0x1206.
        match (of([0xed, 0x01], 32), of([0x80, 0x24], 33), of([0x86, 0x24], 33)) {
            (Some(key), ..) => PublicKey::ed25519(key),
            (_, Some(point), _) => PublicKey::p256(point),
            (.., Some(point)) => PublicKey::sm2(point),
            _ => None,
        }
    }

    /// Whether a signature of this key stands under a message: 64 bytes, of the curves `r ‖ s`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::Ed25519(key) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(key).ok();
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                key.zip(signature)
                    .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
            }
            PublicKey::P256(point) => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok();
                let signature = p256::ecdsa::Signature::from_slice(signature).ok();
                key.zip(signature).is_some_and(|(key, signature)| {
                    p256::ecdsa::signature::Verifier::verify(&key, message, &signature).is_ok()
                })
            }
            PublicKey::Sm2(point) => {
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(crate::signing::SM2_IDENTITY, point).ok();
                let signature = sm2::dsa::Signature::from_slice(signature).ok();
                key.zip(signature).is_some_and(|(key, signature)| key.verify(message, &signature).is_ok())
            }
        }
    }
}

/// Base58 as Bitcoin writes it; none when a character is no digit of it or the text is longer than any key's.
fn base58(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut number: Vec<u8> = Vec::with_capacity(text.len());
    for character in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == character)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in &mut number {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            number.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    let zeros = text.bytes().take_while(|character| *character == b'1').count();
    number.extend(std::iter::repeat_n(0, zeros));
    number.reverse();
    Some(number)
}

const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// A code and a compressed point take 48.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests;
