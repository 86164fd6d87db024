//! Time stamp tokens (RFC 3161 §2.4.2 in RFC 5652), strictly read.

use super::certificate::{Authority, Certificate};
use super::der::{self, Reader, oid};
use super::signature::Digest;

/// A token.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// What it was made over.
    imprint: (Digest, &'a [u8]),
    /// When, in microseconds since 1970.
    pub time: i64,
    /// The request's nonce, content octets of its integer.
    pub(super) nonce: Option<&'a [u8]>,
    /// The statement, as it is signed.
    info: &'a [u8],
    certificates: Vec<&'a [u8]>,
    signer: Signer<'a>,
}

#[derive(Clone, Debug)]
struct Signer<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    digest: Digest,
    /// Content of the signed attributes.
    attributes: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It isn't one.
    #[error("this is no time stamp")]
    Shape,
    /// The authority refused.
    #[error("the time-stamping authority refused")]
    Refused,
    /// It is over something else.
    #[error("the time stamp is over something else")]
    Imprint,
    /// It answers another request.
    #[error("the time stamp answers another request")]
    Nonce,
    /// The signature is wrong, or not of a certificate in it.
    #[error("the time stamp's signature is wrong")]
    Signature,
    /// Its certificate may not stamp at that time, or leads to no trusted authority.
    #[error("the time stamp is of no authority that is trusted")]
    Untrusted,
}

impl<'a> Token<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadToken> {
        parse(bytes).ok_or(BadToken::Shape)
    }

    /// Whether it is over this text.
    ///
    /// # Errors
    /// It is over another.
    pub fn is_over(&self, text: &[u8]) -> Result<(), BadToken> {
        let (digest, imprint) = self.imprint;
        // A digest that can be forged imprints nothing.
        let is_over = digest != Digest::Sha1 && digest.of(&[text]) == imprint;
        if is_over { Ok(()) } else { Err(BadToken::Imprint) }
    }

    /// Whether one of these authorities vouches for it.
    ///
    /// # Errors
    /// None does.
    pub fn verify(&self, authorities: &[Authority]) -> Result<(), BadToken> {
        let trusted: Vec<Certificate<'_>> = authorities.iter().filter_map(Authority::certificate).collect();
        let own: Vec<Certificate<'_>> =
            self.certificates.iter().filter_map(|bytes| Certificate::parse(bytes)).collect();
        let signer = &self.signer;
        let mut candidates = own.iter().chain(&trusted);
        let certificate = candidates
            .find(|one| (one.issuer, one.serial) == (signer.issuer, signer.serial))
            .ok_or(BadToken::Signature)?;
        let message = der::write(0x31, &[signer.attributes]);
        let is_signed = self.attributes(certificate).is_some()
            && certificate.key.verifies(signer.algorithm, Some(signer.digest), &message, signer.signature);
        if !is_signed {
            return Err(BadToken::Signature);
        }
        let is_trusted = certificate.may_stamp(self.time) && certificate.leads_to(&trusted, &own, self.time);
        if is_trusted { Ok(()) } else { Err(BadToken::Untrusted) }
    }

    /// Whether the signed attributes are of this statement and of this certificate.
    fn attributes(&self, certificate: &Certificate<'_>) -> Option<()> {
        let mut attributes = Reader::new(self.signer.attributes);
        let (mut is_typed, mut is_digested, mut is_named) = (false, false, false);
        while attributes.end().is_none() {
            let mut attribute = attributes.sequence()?;
            let id = attribute.oid()?;
            let mut values = attribute.set()?;
            attribute.end()?;
            match id {
                oid::CONTENT_TYPE if !is_typed => {
                    (values.oid()? == oid::TST_INFO).then_some(())?;
                    is_typed = true;
                }
                oid::MESSAGE_DIGEST if !is_digested => {
                    let digest = self.signer.digest;
                    (digest != Digest::Sha1 && digest.of(&[self.info]) == values.octets()?).then_some(())?;
                    is_digested = true;
                }
                oid::SIGNING_CERTIFICATE | oid::SIGNING_CERTIFICATE_V2 if !is_named => {
                    let mut named = values.sequence()?.sequence()?.sequence()?;
                    let digest = match (id, named.optional(0x30)?) {
                        (oid::SIGNING_CERTIFICATE, None) => Digest::Sha1,
                        (_, None) => Digest::Sha256,
                        (_, Some(algorithm)) => Digest::of_oid(Reader::new(algorithm.content).oid()?)?,
                    };
                    (named.octets()? == digest.of(&[certificate.whole])).then_some(())?;
                    is_named = true;
                    // Further certificates, policies.
                    continue;
                }
                oid::CONTENT_TYPE | oid::MESSAGE_DIGEST => return None,
                _ => continue,
            }
            values.end()?;
        }
        (is_typed && is_digested && is_named).then_some(())
    }
}

fn parse(bytes: &[u8]) -> Option<Token<'_>> {
    let mut reader = Reader::new(bytes);
    let mut content = reader.sequence()?;
    reader.end()?;
    let kind = content.oid()?;
    matches!(kind, oid::SIGNED_DATA | oid::SM_SIGNED_DATA).then_some(())?;
    let mut data = Reader::new(content.value(0xa0)?.content).sequence()?;
    content.end()?;
    data.integer()?;
    data.set()?;
    let mut encapsulated = data.sequence()?;
    (encapsulated.oid()? == oid::TST_INFO).then_some(())?;
    let mut explicit = Reader::new(encapsulated.value(0xa0)?.content);
    encapsulated.end()?;
    let info = explicit.octets()?;
    explicit.end()?;
    let mut certificates = Vec::new();
    if let Some(set) = data.optional(0xa0)? {
        let mut set = Reader::new(set.content);
        while set.end().is_none() {
            certificates.push(set.any()?.whole);
        }
    }
    data.optional(0xa1)?;
    let mut signers = data.set()?;
    data.end()?;
    let signer = signer(signers.sequence()?)?;
    // RFC 3161: one signer only.
    signers.end()?;
    let (imprint, time, nonce) = statement(info)?;
    Some(Token { imprint, time, nonce, info, certificates, signer })
}

fn signer(mut signer: Reader<'_>) -> Option<Signer<'_>> {
    signer.integer()?;
    let mut id = signer.sequence()?;
    let issuer = id.value(0x30)?.whole;
    let serial = id.integer()?;
    id.end()?;
    let digest = Digest::of_oid(signer.algorithm()?.0)?;
    let attributes = signer.value(0xa0)?.content;
    let (algorithm, _) = signer.algorithm()?;
    let signature = signer.octets()?;
    signer.optional(0xa1)?;
    signer.end()?;
    Some(Signer { issuer, serial, digest, attributes, algorithm, signature })
}

type Statement<'a> = ((Digest, &'a [u8]), i64, Option<&'a [u8]>);

fn statement(info: &[u8]) -> Option<Statement<'_>> {
    let mut reader = Reader::new(info);
    let mut info = reader.sequence()?;
    reader.end()?;
    (info.integer()? == [1]).then_some(())?;
    info.oid()?;
    let mut imprint = info.sequence()?;
    let digest = Digest::of_oid(imprint.algorithm()?.0)?;
    let imprinted = imprint.octets()?;
    imprint.end()?;
    info.integer()?;
    let time = der::time(info.value(0x18)?)?;
    // Accuracy, ordering.
    info.optional(0x30)?;
    info.optional(0x01)?;
    let nonce = match info.rest().first() {
        Some(0x02) => Some(info.integer()?),
        _ => None,
    };
    info.optional(0xa0)?;
    info.optional(0xa1)?;
    info.end()?;
    Some(((digest, imprinted), time, nonce))
}
