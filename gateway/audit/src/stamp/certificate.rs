//! Certificates (RFC 5280), as much of them as says who may stamp.

use super::der::{self, Reader, oid};
use super::signature::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A certificate that an auditor trusts, in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(Vec<u8>);

impl Authority {
    /// Every certificate of a PEM text; `None` when one of them is none, or there is none.
    pub fn of_pem(text: &str) -> Option<Vec<Authority>> {
        let mut all = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
            let (body, after) = after.split_once("-----END CERTIFICATE-----")?;
            let body: String = body.split_ascii_whitespace().collect();
            let bytes = BASE64.decode(body).ok()?;
            Certificate::parse(&bytes)?;
            all.push(Authority(bytes));
            rest = after;
        }
        (!all.is_empty()).then_some(all)
    }

    #[cfg(test)]
    pub(super) fn of_der(bytes: &[u8]) -> Authority {
        Authority(bytes.to_vec())
    }

    pub(super) fn certificate(&self) -> Option<Certificate<'_>> {
        Certificate::parse(&self.0)
    }
}

/// A certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Certificate<'a> {
    /// All of it.
    pub whole: &'a [u8],
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    pub serial: &'a [u8],
    /// Who issued it, in DER.
    pub issuer: &'a [u8],
    subject: &'a [u8],
    not_before: i64,
    not_after: i64,
    pub key: Key<'a>,
    is_authority: bool,
    may_sign_certificates: bool,
    may_stamp: bool,
}

impl<'a> Certificate<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let value = reader.value(0x30)?;
        reader.end()?;
        let mut certificate = Reader::new(value.content);
        let signed = certificate.value(0x30)?;
        let (algorithm, _) = certificate.algorithm()?;
        let signature = certificate.bits()?;
        certificate.end()?;
        let mut body = Reader::new(signed.content);
        body.optional(0xa0)?;
        let serial = body.integer()?;
        (body.algorithm()?.0 == algorithm).then_some(())?;
        let issuer = body.value(0x30)?.whole;
        let mut validity = body.sequence()?;
        let (not_before, not_after) = (der::time(validity.any()?)?, der::time(validity.any()?)?);
        let subject = body.value(0x30)?.whole;
        let key = Key::parse(body.sequence()?)?;
        body.optional(0x81)?;
        body.optional(0x82)?;
        let mut found = Certificate {
            whole: value.whole,
            signed: signed.whole,
            algorithm,
            signature,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key,
            is_authority: false,
            may_sign_certificates: true,
            may_stamp: false,
        };
        if let Some(extensions) = body.optional(0xa3)? {
            let mut extensions = Reader::new(extensions.content).sequence()?;
            while extensions.end().is_none() {
                found.extension(extensions.sequence()?)?;
            }
        }
        body.end()?;
        Some(found)
    }

    fn extension(&mut self, mut extension: Reader<'a>) -> Option<()> {
        let id = extension.oid()?;
        let is_critical = extension.optional(0x01)?.is_some_and(|value| value.content == [0xff]);
        let content = extension.octets()?;
        extension.end()?;
        let mut content = Reader::new(content);
        match id {
            oid::BASIC_CONSTRAINTS => {
                let mut constraints = content.sequence()?;
                self.is_authority = constraints.optional(0x01)?.is_some_and(|value| value.content == [0xff]);
            }
            oid::KEY_USAGE => {
                let bits = content.value(0x03)?.content;
                self.may_sign_certificates = bits.get(1).is_some_and(|bits| bits & 0x04 != 0);
            }
            oid::EXTENDED_KEY_USAGE => {
                let mut usages = content.sequence()?;
                let only = usages.oid()?;
                // RFC 3161 §2.3: this and nothing else, and critical.
                self.may_stamp = only == oid::TIME_STAMPING && usages.end().is_some() && is_critical;
            }
            _ => {}
        }
        Some(())
    }

    /// Whether a time stamp may be signed under it at this time.
    pub fn may_stamp(&self, time: i64) -> bool {
        self.may_stamp && self.is_valid(time)
    }

    /// Whether it leads, over some of `between`, to one of those trusted; all valid at this time.
    pub fn leads_to(&self, trusted: &[Certificate<'_>], between: &[Certificate<'_>], time: i64) -> bool {
        self.leads(trusted, between, time, LONGEST_CHAIN)
    }

    fn leads(&self, trusted: &[Certificate<'_>], between: &[Certificate<'_>], time: i64, most: u32) -> bool {
        if !self.is_valid(time) {
            return false;
        }
        // Trusted itself, as an auditor may who trusts no more than one signer.
        trusted.iter().any(|one| one.whole == self.whole || (one.is_valid(time) && self.is_issued_by(one)))
            || (most > 0
                && between.iter().any(|one| {
                    one.whole != self.whole
                        && self.is_issued_by(one)
                        && one.leads(trusted, between, time, most - 1)
                }))
    }

    fn is_issued_by(&self, issuer: &Certificate<'_>) -> bool {
        issuer.subject == self.issuer
            && issuer.is_authority
            && issuer.may_sign_certificates
            && issuer.key.verifies(self.algorithm, None, self.signed, self.signature)
    }

    fn is_valid(&self, time: i64) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }
}

/// Authorities have few levels, and nobody shall make us try many.
const LONGEST_CHAIN: u32 = 3;
