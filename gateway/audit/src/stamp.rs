//! Trusted time: RFC 3161 time stamps over checkpoints (T/SAC 004—2024 §3.14, §3.15). A checkpoint says what a log was; a
//! stamp says that it was so before a time which neither the gateway nor who signs its checkpoints can choose.
//!
//! The file `stamps` in a log's evidence directory holds one object in JSON a line:
//!
//! ```json
//! {"format": "yingbi-stamp/1",
//!  "checkpoint": "66c7…",     SM3 of the checkpoint, its signatures and last line feed included, as `checkpoints` has it
//!  "records": 123456,         as the checkpoint says
//!  "token": "MIIC…"}          the TimeStampToken in DER, base64
//! ```
//!
//! A token's imprint is the digest of the same text, by SHA-256 or SM3 as the authority was asked. Tokens are made by
//! others' authorities with RSA, ECDSA or SM2, and verified here offline under certificates that the auditor trusts; any
//! other tool can do that too (`openssl ts -verify -data CHECKPOINT -token_in -in TOKEN -CAfile CA`).

mod certificate;
mod der;
mod signature;
mod token;

pub use certificate::Authority;
pub use token::{BadToken, Token};

use crate::notary::{evidence_dir, make_dir};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use yingbi_crypto::{hex, sm3};

/// Name of the file of stamps.
pub const FILE: &str = "stamps";
/// What `format` says.
const FORMAT: &str = "yingbi-stamp/1";

/// What an imprint is made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Imprint {
    /// SHA-256, which every authority takes.
    #[default]
    Sha256,
    /// SM3 (GB/T 32905).
    Sm3,
}

/// A stamp as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    format: String,
    /// SM3 of the checkpoint, in hexadecimal.
    pub checkpoint: String,
    /// Records that the checkpoint covers.
    pub records: u64,
    token: String,
}

impl Stamp {
    /// Of a checkpoint's text.
    pub fn new(checkpoint: &str, records: u64, token: &[u8]) -> Self {
        Stamp {
            format: FORMAT.to_owned(),
            checkpoint: hex::encode(&sm3(&[checkpoint.as_bytes()])),
            records,
            token: BASE64.encode(token),
        }
    }

    /// Reads a line.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().filter(|stamp: &Stamp| stamp.format == FORMAT)
    }

    /// The token in DER; empty when it can't be read.
    pub fn token(&self) -> Vec<u8> {
        BASE64.decode(&self.token).unwrap_or_default()
    }

    /// Whether it is over this checkpoint.
    pub fn is_over(&self, checkpoint: &str) -> bool {
        self.checkpoint == hex::encode(&sm3(&[checkpoint.as_bytes()]))
    }

    /// What it proves of a checkpoint to who trusts these authorities: its time, in microseconds since 1970.
    ///
    /// # Errors
    /// Nothing.
    pub fn verify(&self, checkpoint: &str, authorities: &[Authority]) -> Result<i64, BadToken> {
        if !self.is_over(checkpoint) {
            return Err(BadToken::Imprint);
        }
        let bytes = self.token();
        let token = Token::parse(&bytes)?;
        token.is_over(checkpoint.as_bytes())?;
        token.verify(authorities)?;
        Ok(token.time)
    }

    /// Puts it behind the others; it is on the disk when this returns.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep(&self, dir: &Path) -> io::Result<()> {
        append_line(dir, FILE, &serde_json::to_string(self)?)
    }
}

/// Puts a line behind the others of a file in a log's evidence directory; a half line that a crash left is ended first.
pub fn append_line(dir: &Path, name: &str, line: &str) -> io::Result<()> {
    let beside = evidence_dir(dir);
    make_dir(&beside)?;
    let path = beside.join(name);
    let is_whole = std::fs::read(&path).map_or(true, |bytes| bytes.last().is_none_or(|byte| *byte == b'\n'));
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let start = if is_whole { "" } else { "\n" };
    file.write_all(format!("{start}{line}\n").as_bytes())?;
    file.sync_data()
}

/// A request for a stamp over `text`, in DER, with this nonce.
pub fn request(text: &[u8], imprint: Imprint, nonce: u64) -> Vec<u8> {
    let (algorithm, digest) = match imprint {
        Imprint::Sha256 => (der::oid::SHA256, signature::Digest::Sha256.of(&[text])),
        Imprint::Sm3 => (der::oid::SM3, signature::Digest::Sm3.of(&[text])),
    };
    let algorithm = der::write(0x30, &[&der::write(0x06, &[algorithm]), &der::write(0x05, &[])]);
    let imprint = der::write(0x30, &[&algorithm, &der::write(0x04, &[&digest])]);
    // A leading zero keeps it positive.
    let nonce = der::write(0x02, &[&[0x01], &nonce.to_be_bytes()]);
    let version = der::write(0x02, &[&[1]]);
    let certificates = der::write(0x01, &[&[0xff]]);
    der::write(0x30, &[&version, &imprint, &nonce, &certificates])
}

/// The token of an authority's answer to [`request`] of the same text, imprint and nonce. Who signed it is not asked here.
///
/// # Errors
/// It is a refusal, or no answer to this.
pub fn accept(answer: &[u8], text: &[u8], nonce: u64) -> Result<Vec<u8>, BadToken> {
    let mut reader = der::Reader::new(answer);
    let mut response = reader.sequence().ok_or(BadToken::Shape)?;
    reader.end().ok_or(BadToken::Shape)?;
    let mut status = response.sequence().ok_or(BadToken::Shape)?;
    match status.integer().ok_or(BadToken::Shape)? {
        // Granted, with or without modifications.
        [0 | 1] => {}
        _ => return Err(BadToken::Refused),
    }
    let token = response.rest().to_vec();
    let read = Token::parse(&token)?;
    read.is_over(text)?;
    let expect = [&[0x01][..], &nonce.to_be_bytes()].concat();
    if read.nonce != Some(expect.as_slice()) {
        return Err(BadToken::Nonce);
    }
    Ok(token)
}

#[cfg(test)]
mod tests;
