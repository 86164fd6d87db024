//! Whether an issuer took a credential back: Token Status List (`status.status_list`) and W3C Bitstring Status List
//! (`credentialStatus`), from files that somebody else fetches. Each list is signed by the issuer of the credentials it
//! is about, and good for a time; what it does not say for sure is not valid.

use super::claims::number;
use super::did::Resolver;
use super::jws::{Jws, decode};
use super::{Fault, claims};
use crate::config::Credentials;
use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::{Map, Value};
use std::io::Read as _;

/// A verified list.
pub struct StatusList {
    pub(super) issuer: String,
    pub(super) bits: usize,
    pub(super) statuses: Vec<u8>,
    /// Until when it says something.
    pub(super) until: i64,
    /// Of a bitstring: what a set bit says. A token list's statuses say it themselves.
    pub(super) is_bitstring: bool,
}

/// Where a credential's status stands.
pub(super) struct Entry<'p> {
    pub uri: &'p str,
    index: usize,
    is_bitstring: bool,
}

/// Where a credential's status stands, if it has one.
pub(super) fn entry(payload: &Map<String, Value>) -> Result<Option<Entry<'_>>, Fault> {
    let within = payload.get("vc").and_then(Value::as_object).unwrap_or(payload);
    match (payload.get("status"), within.get("credentialStatus")) {
        (None, None) => Ok(None),
        (Some(status), None) => {
            let list = status.get("status_list").ok_or(Fault::StatusUnknown)?;
            let index = list.get("idx").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
            let uri = list.get("uri").and_then(Value::as_str);
            let (Some(uri), Some(index)) = (uri, index) else { return Err(Fault::StatusUnknown) };
            Ok(Some(Entry { uri, index, is_bitstring: false }))
        }
        (None, Some(status)) => {
            let text = |name: &str| status.get(name).and_then(Value::as_str);
            let is_known = text("type") == Some("BitstringStatusListEntry")
                && ["revocation", "suspension"].contains(&text("statusPurpose").unwrap_or_default())
                && status.get("statusSize").is_none_or(|size| *size == 1);
            let index = text("statusListIndex").and_then(|index| index.parse().ok());
            match (text("statusListCredential"), index) {
                (Some(uri), Some(index)) if is_known => Ok(Some(Entry { uri, index, is_bitstring: true })),
                _ => Err(Fault::StatusUnknown),
            }
        }
        (Some(_), Some(_)) => Err(Fault::StatusUnknown),
    }
}

impl StatusList {
    /// Reads a list of a name: a `statuslist+jwt`, or a W3C credential as JWT.
    pub(super) fn read(
        text: &str,
        uri: &str,
        resolver: &Resolver<'_>,
        config: &Credentials,
        now: i64,
    ) -> Option<StatusList> {
        let jws = Jws::read(text).ok()?;
        let payload = &jws.payload;
        let is_bitstring = jws.expect_type(&["vc+jwt"]).is_ok();
        if !is_bitstring && jws.expect_type(&["statuslist+jwt"]).is_err() {
            return None;
        }
        let issuer = match (claims::issuer(payload), &jws.kid) {
            (Ok(issuer), _) => issuer,
            // A token list need not say who issued it but by its key.
            (Err(_), Some(kid)) if !is_bitstring => kid.split_once('#')?.0,
            _ => return None,
        };
        let names = config.issuers.iter().find(|trusted| trusted.id == issuer);
        let names = names.map_or(&config.sm2_names, |trusted| &trusted.sm2_names);
        jws.verify(&resolver.key(issuer, jws.kid.as_deref()).ok()?, names).ok()?;

        let seconds = |name: &str| payload.get(name).and_then(number);
        let date = |name: &str| {
            let text = payload.get(name).and_then(Value::as_str)?;
            text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
        };
        let given = seconds("iat").or_else(|| seconds("nbf")).or_else(|| date("validFrom"))?;
        let ends = [seconds("exp"), date("validUntil"), seconds("ttl").map(|ttl| given.saturating_add(ttl))];
        let until = ends.into_iter().flatten().min().unwrap_or(given.saturating_add(DAY));
        if until <= now || given > now.saturating_add(claims::LEEWAY) {
            return None;
        }
        let (bits, statuses) = match is_bitstring {
            false => {
                let list = payload
                    .get("status_list")
                    .filter(|_| payload.get("sub").is_some_and(|sub| *sub == *uri))?;
                let bits =
                    list.get("bits").and_then(Value::as_u64).filter(|bits| [1, 2, 4, 8].contains(bits))?;
                (
                    usize::try_from(bits).ok()?,
                    inflate(ZlibDecoder::new(&*decode(list.get("lst")?.as_str()?)?))?,
                )
            }
            true => {
                let id = payload
                    .get("id")
                    .and_then(Value::as_str)
                    .or_else(|| payload.get("jti").and_then(Value::as_str));
                let subject = payload.get("credentialSubject").filter(|_| id == Some(uri))?;
                let list = subject.get("encodedList").and_then(Value::as_str)?;
                let is_list = subject.get("type").is_some_and(|kind| *kind == "BitstringStatusList");
                let list = decode(list.strip_prefix('u').filter(|_| is_list)?)?;
                (1, inflate(GzDecoder::new(&*list))?)
            }
        };
        Some(StatusList { issuer: issuer.to_owned(), bits, statuses, until, is_bitstring })
    }

    /// Whether an entry is valid.
    pub(super) fn check(&self, entry: &Entry<'_>, issuer: &str, now: i64) -> Result<(), Fault> {
        if self.issuer != issuer || self.is_bitstring != entry.is_bitstring || self.until <= now {
            return Err(Fault::StatusUnknown);
        }
        match self.status(entry.index) {
            Some(0) => Ok(()),
            Some(_) => Err(Fault::Revoked),
            None => Err(Fault::StatusUnknown),
        }
    }

    /// The status at an index: of a token list the lowest bits of a byte come first, of a bitstring the highest.
    pub(super) fn status(&self, index: usize) -> Option<u8> {
        let per_byte = 8 / self.bits;
        let byte = *self.statuses.get(index / per_byte)?;
        let place = index % per_byte;
        let place = if self.is_bitstring { per_byte - 1 - place } else { place };
        let mask = if self.bits == 8 { u8::MAX } else { (1 << self.bits) - 1 };
        Some(byte >> (place * self.bits) & mask)
    }
}

fn inflate(reader: impl std::io::Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MOST && !bytes.is_empty()).then_some(bytes)
}

/// A hundred million holders.
const MOST: u64 = 16 << 20;
/// How long a list says something that does not tell how long.
const DAY: i64 = 86_400;
