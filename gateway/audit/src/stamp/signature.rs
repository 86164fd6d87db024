//! Digests and signatures that authorities use.

use super::der::{Reader, oid};
use ring::signature as ring_signature;
use yingbi_crypto::VerifyingKey;

/// What a digest is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// Only to say which certificate signed, as RFC 3161 first had it; nothing rests on it.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

/// A public key as a certificate has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Rsa(&'a [u8]),
    P256(&'a [u8]),
    P384(&'a [u8]),
    Sm2(&'a [u8]),
}

impl Digest {
    pub fn of_oid(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            oid::SHA1 => Digest::Sha1,
            oid::SHA256 => Digest::Sha256,
            oid::SHA384 => Digest::Sha384,
            oid::SHA512 => Digest::Sha512,
            oid::SM3 => Digest::Sm3,
            _ => return None,
        })
    }

    pub fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Digest::Sm3 => return yingbi_crypto::sm3(parts).to_vec(),
            Digest::Sha1 => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            Digest::Sha256 => &ring::digest::SHA256,
            Digest::Sha384 => &ring::digest::SHA384,
            Digest::Sha512 => &ring::digest::SHA512,
        };
        let mut context = ring::digest::Context::new(algorithm);
        parts.iter().for_each(|part| context.update(part));
        context.finish().as_ref().to_vec()
    }
}

impl<'a> Key<'a> {
    /// Of a `SubjectPublicKeyInfo`.
    pub fn parse(mut info: Reader<'a>) -> Option<Self> {
        let (algorithm, parameters) = info.algorithm()?;
        let bits = info.bits()?;
        info.end()?;
        match algorithm {
            oid::RSA => Some(Key::Rsa(bits)),
            oid::EC_KEY => match Reader::new(parameters).oid()? {
                oid::P256 => Some(Key::P256(bits)),
                oid::P384 => Some(Key::P384(bits)),
                oid::SM2_CURVE => Some(Key::Sm2(bits)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a signature by this algorithm stands under a message. Where the algorithm names no digest, it is `digest`.
    pub fn verifies(
        &self,
        algorithm: &[u8],
        digest: Option<Digest>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let digest = match algorithm {
            oid::RSA_SHA256 | oid::ECDSA_SHA256 => Some(Digest::Sha256),
            oid::RSA_SHA384 | oid::ECDSA_SHA384 => Some(Digest::Sha384),
            oid::RSA_SHA512 => Some(Digest::Sha512),
            oid::SM2_SM3 | oid::SM2 | oid::SM2_CURVE => Some(Digest::Sm3),
            oid::RSA | oid::EC_KEY => digest,
            _ => None,
        };
        let is_rsa = matches!(algorithm, oid::RSA | oid::RSA_SHA256 | oid::RSA_SHA384 | oid::RSA_SHA512);
        let (verifier, key): (&dyn ring_signature::VerificationAlgorithm, _) = match (self, digest) {
            (Key::Rsa(key), Some(Digest::Sha256)) if is_rsa => {
                (&ring_signature::RSA_PKCS1_2048_8192_SHA256, key)
            }
            (Key::Rsa(key), Some(Digest::Sha384)) if is_rsa => {
                (&ring_signature::RSA_PKCS1_2048_8192_SHA384, key)
            }
            (Key::Rsa(key), Some(Digest::Sha512)) if is_rsa => {
                (&ring_signature::RSA_PKCS1_2048_8192_SHA512, key)
            }
            (Key::P256(key), Some(Digest::Sha256)) if !is_rsa => {
                (&ring_signature::ECDSA_P256_SHA256_ASN1, key)
            }
            (Key::P256(key), Some(Digest::Sha384)) if !is_rsa => {
                (&ring_signature::ECDSA_P256_SHA384_ASN1, key)
            }
            (Key::P384(key), Some(Digest::Sha256)) if !is_rsa => {
                (&ring_signature::ECDSA_P384_SHA256_ASN1, key)
            }
            (Key::P384(key), Some(Digest::Sha384)) if !is_rsa => {
                (&ring_signature::ECDSA_P384_SHA384_ASN1, key)
            }
            (Key::Sm2(key), Some(Digest::Sm3)) if !is_rsa => return sm2_verifies(key, message, signature),
            _ => return false,
        };
        ring_signature::UnparsedPublicKey::new(verifier, key).verify(message, signature).is_ok()
    }
}

/// GM/T 0009: the signature is a sequence of two integers.
fn sm2_verifies(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let numbers = || {
        let mut reader = Reader::new(signature);
        let mut sequence = reader.sequence()?;
        reader.end()?;
        let (r, s) = (sequence.integer()?, sequence.integer()?);
        sequence.end()?;
        Some([fixed(r)?, fixed(s)?].concat())
    };
    let key = VerifyingKey::of_sm2(point);
    key.zip(numbers()).is_some_and(|(key, signature)| key.verifies(message, &signature))
}

/// A positive integer in 32 bytes.
fn fixed(integer: &[u8]) -> Option<[u8; 32]> {
    let digits = match integer {
        [0, digits @ ..] => digits,
        [first, ..] if first & 0x80 != 0 => return None,
        digits => digits,
    };
    let mut bytes = [0; 32];
    bytes.get_mut(32_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(bytes)
}
