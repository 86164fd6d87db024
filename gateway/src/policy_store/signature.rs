//! Signed policies: who may let a version rule is decided by who holds a key, not by who can write to a directory
//! (T/TSAC 001—2025 §7.5 i).
//!
//! The signature stands beside the policies in `policies.sig`: a text that names the version (SM3 of names and contents),
//! an empty line, and a line for each signature. It covers every file that rules, so a file changed, added, left out or
//! renamed makes it void.

use super::Problems;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;
use std::path::Path;
use yingbi_crypto::{SigningKeys, VerifyingKey};
use yingbi_policies::{Diagnostic, SignatureFault};

/// Name of the file in the policy directory.
pub const SIGNATURE_FILE: &str = "policies.sig";

/// Largest signature file, in bytes.
pub(super) const LARGEST: u64 = 64 << 10;

/// The contents of a signature file for a version.
pub fn sign(version: &str, keys: &SigningKeys) -> String {
    let message = message(version);
    let mut text = format!("{message}\n");
    for signature in keys.sign(message.as_bytes()) {
        let bytes = BASE64.encode([signature.id.as_slice(), &signature.bytes].concat());
        let _ = writeln!(text, "— {} {bytes}", signature.name);
    }
    text
}

/// Whether a signer stands for a version: with every key of theirs that is configured, so that neither of two algorithms
/// alone is enough to be broken.
///
/// # Errors
/// There is no signature, none of a configured signer, or it is for something else.
pub fn verify(
    directory: &Path,
    version: &str,
    note: Option<&str>,
    signers: &[VerifyingKey],
) -> Result<(), Problems> {
    if signers.is_empty() {
        return Ok(());
    }
    let fault = match note {
        None => SignatureFault::Missing,
        Some(note) => match note.split_once("\n\n") {
            None => SignatureFault::Malformed,
            Some((head, _)) if format!("{head}\n") != message(version) => SignatureFault::OtherVersion,
            Some((_, lines)) if is_signed(&message(version), lines, signers) => return Ok(()),
            Some(_) => SignatureFault::NoSigner,
        },
    };
    let file = directory.join(SIGNATURE_FILE).display().to_string();
    Err(vec![(Diagnostic::unsigned(file, fault), String::new())])
}

fn is_signed(message: &str, lines: &str, signers: &[VerifyingKey]) -> bool {
    let given: Vec<(&str, Vec<u8>)> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("— ")?.split_once(' '))
        .filter_map(|(name, bytes)| Some((name, BASE64.decode(bytes).ok()?)))
        .collect();
    let holds = |key: &VerifyingKey| {
        given.iter().filter(|(name, _)| *name == key.name()).any(|(_, bytes)| {
            bytes
                .split_at_checked(4)
                .is_some_and(|(id, signature)| id == key.id() && key.verifies(message.as_bytes(), signature))
        })
    };
    signers.iter().any(|signer| signers.iter().filter(|key| key.name() == signer.name()).all(holds))
}

/// What is signed: nothing else that this project signs begins so.
fn message(version: &str) -> String {
    format!("yingbi policies v1\n{version}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_keys_of_one_signer_stand_for_a_version() {
        let [ours, theirs] = [[1; 32], [2; 32]].map(|secret| SigningKeys::from_secret(&secret).unwrap());
        let both = ours.public().to_vec();
        let directory = Path::new("policies");
        let code = |note: Option<&str>, signers: &[VerifyingKey]| {
            verify(directory, "ab", note, signers).err().map(|problems| problems[0].0.code)
        };
        let good = sign("ab", &ours);
        assert_eq!(code(Some(&good), &both), None);
        assert_eq!(code(Some(&good), &both[..1]), None, "one algorithm where one is configured");
        assert_eq!(code(Some(&good), &[theirs.public(), ours.public()].concat()), None, "one of two signers");
        assert_eq!(code(None, &[]), None, "nobody asked for signatures");

        assert_eq!(code(None, &both), Some("YB2301"));
        assert_eq!(code(Some("nonsense"), &both), Some("YB2302"));
        assert_eq!(code(Some(&sign("abc", &ours)), &both), Some("YB2303"), "of another version");
        assert_eq!(code(Some(&good), theirs.public()), Some("YB2304"), "of somebody else");
        // One of two keys is not enough, whichever it is; nor two times one.
        let (head, lines) = good.split_once("\n\n").unwrap();
        for keep in 0..2 {
            let line = lines.lines().nth(keep).unwrap();
            assert_eq!(code(Some(&format!("{head}\n\n{line}\n")), &both), Some("YB2304"));
            assert_eq!(code(Some(&format!("{head}\n\n{line}\n{line}\n")), &both), Some("YB2304"));
        }
        // Any byte changed makes it void.
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(text) = String::from_utf8(bytes) {
                assert_ne!(code(Some(&text), &both), None, "byte {at}");
            }
        }
    }
}
