//! Data on its way in, where the route's binding asks for it to be checked (T/TSAC 001—2025 §8.2.2.1 c): the query, and
//! the body, held whole within the bound for answers. What is wrong is refused or noted by path and rule, never by
//! value; what is right goes on byte for byte. A route that asks for nothing streams as ever.

use super::charset::{Charset, MediaType, Text};
use super::front::Head;
use super::problem::{self, Problem};
use super::record::Access;
use super::{Exchange, Stop, coding};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use serde::Serialize;
use yingbi_policies::Permit;
use yingbi_protect::{Entered, Fault, Format, Uninspectable};

/// A wrong value as the client is told of it.
#[derive(Debug, Serialize)]
pub struct InputError {
    /// RFC 6901 pointer into the body, or the name of a field of a form; a query's after `?`.
    path: String,
    /// What should stand there.
    category: &'static str,
    /// What is wrong with it.
    rule: &'static str,
}

impl Exchange {
    /// Checks what comes in; the body, when it was read for that.
    pub(super) async fn check_input(
        &self,
        permit: &Permit,
        client: &mut Client,
        head: &Head,
        access: &mut Access,
    ) -> Result<Option<Bytes>, Stop> {
        if permit.binding().is_none_or(|binding| binding.validation.is_none()) {
            return Ok(None);
        }
        let mut faults = match head.target.query() {
            Some(query) => self.faults(permit, Entered::Form(query.as_bytes()))?,
            None => Vec::new(),
        };
        for fault in &mut faults {
            fault.path.insert(0, '?');
        }
        let mut held = None;
        if !client.is_body_empty() {
            invite(client, head).await?;
            let body = whole_body(client, self.upstream.held_bytes()).await?;
            faults.extend(self.body_faults(permit, &client.req_header().headers, body.clone())?);
            held = Some(body);
        }
        for fault in &faults {
            self.metrics.input_fault(fault.kind.category(), fault.wrong, fault.is_rejected);
        }
        access.checked(&faults);
        if faults.iter().any(|fault| fault.is_rejected) {
            access.input_errors =
                faults.iter().filter(|fault| fault.is_rejected).take(MOST).map(told).collect();
            return Err(Stop::Refused(problem::INPUT_WRONG));
        }
        Ok(held)
    }

    fn body_faults(&self, permit: &Permit, headers: &HeaderMap, body: Bytes) -> Result<Vec<Fault>, Stop> {
        let codings: Option<Vec<&str>> =
            headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().ok()).collect();
        let plain = coding::decode(&codings.ok_or(problem::INPUT_UNREADABLE)?, body, &self.limits.decode)
            .map_err(|_| problem::INPUT_UNREADABLE)?;
        if plain.is_empty() {
            return Ok(Vec::new());
        }
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (Some(media_type), None) = (types.next(), types.next()) else {
            return Err(problem::INPUT_TYPE.into());
        };
        let media_type = media_type.to_str().ok().and_then(|value| MediaType::parse(value).ok());
        let media_type = media_type.ok_or(problem::INPUT_TYPE)?;
        let charset = Charset::of(media_type.charset(), None).map_err(|_| problem::INPUT_UNREADABLE)?;
        let text = Text::decode(charset, plain).map_err(|_| problem::INPUT_UNREADABLE)?;
        match Format::of_media_type(media_type.essence()) {
            Some(Format::Json) => self.faults(permit, Entered::Json(&text.utf8)),
            Some(Format::Form) => self.faults(permit, Entered::Form(&text.utf8)),
            _ => Err(problem::INPUT_TYPE.into()),
        }
    }

    fn faults(&self, permit: &Permit, entered: Entered<'_>) -> Result<Vec<Fault>, Stop> {
        self.protector.check_input(permit, entered).map_err(|why| Stop::Refused(unreadable(why)))
    }
}

/// Tells a client that waits for it to send the body.
pub(super) async fn invite(client: &mut Client, head: &Head) -> Result<(), Stop> {
    if head.expect_continue && !client.is_body_empty() {
        // The interim answer makes the session forget keep-alive, because the body is still unread.
        let keep_alive = client.get_keepalive_timeout();
        client.write_continue_response().await.map_err(|_| Stop::ClientGone)?;
        client.set_server_keepalive(keep_alive);
    }
    Ok(())
}

async fn whole_body(client: &mut Client, most: usize) -> Result<Bytes, Stop> {
    let mut body = BytesMut::new();
    while let Some(piece) = client.read_body_bytes().await.map_err(|_| problem::REQUEST_BODY)? {
        if body.len() + piece.len() > most {
            return Err(problem::REQUEST_TOO_LARGE.into());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

fn unreadable(why: Uninspectable) -> Problem {
    match why {
        Uninspectable::Classifier => problem::INTERNAL,
        _ => problem::INPUT_UNREADABLE,
    }
}

fn told(fault: &Fault) -> InputError {
    InputError { path: fault.path.clone(), category: fault.kind.id(), rule: fault.wrong.name() }
}

/// Most errors that are told at once.
const MOST: usize = 32;
