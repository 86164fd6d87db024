//! Data on its way in, where the route's binding asks for it to be checked (T/TSAC 001—2025 §8.2.2.1 c): the query, and
//! the body, held whole within the bound for answers. What is wrong is refused or noted by path and rule, never by
//! value; what is right goes on byte for byte. A route that asks for nothing streams as ever. What bodies hold is listed
//! in the inventory either way, once the exchange is over.

use super::charset::{Charset, MediaType, Text};
use super::forward::{Changed, ChangedHeader};
use super::front::Head;
use super::passing::Passing;
use super::problem::{self, Problem};
use super::record::Access;
use super::{Exchange, Stop, coding, headers};
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName};
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use serde::Serialize;
use yingbi_policies::Permit;
use yingbi_protect::{Fault, Format, Summary, Uninspectable, declared_encoding};

/// What is wrong with what came in, as the client is told of it.
#[derive(Debug, Serialize)]
pub struct InputError {
    /// RFC 6901 pointer into the body, its rows and parts counted in, or the name of a field of a form; a query's after
    /// `?`.
    path: String,
    /// What should stand there; nothing where it can't be read at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    /// What is wrong with it.
    rule: &'static str,
    /// Where reading ended, in bytes from the beginning of what `path` leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<usize>,
}

impl Exchange {
    /// Checks what comes in; the body as it goes on, held when it was read for that.
    pub(super) async fn check_input(
        &self,
        permit: &Permit,
        client: &mut Client,
        head: &Head,
        access: &mut Access,
    ) -> Result<Passing, Stop> {
        let is_listed = !client.is_body_empty() && format_of(&client.req_header().headers).is_ok();
        if permit.binding().is_none_or(|binding| binding.validation.is_none()) {
            return Ok(Passing::streamed(is_listed));
        }
        let mut faults = match head.target.query() {
            Some(query) => self.faults(permit, Format::Form, query.as_bytes(), "?", access)?,
            None => Vec::new(),
        };
        let mut passing = Passing::streamed(false);
        if !client.is_body_empty() {
            invite(client, head).await?;
            let body = whole_body(client, self.upstream.held_bytes()).await?;
            faults.extend(self.body_faults(permit, &client.req_header().headers, body.clone(), access)?);
            passing = Passing::held(body, is_listed);
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
        Ok(passing)
    }

    /// Changes what comes in as the rules for requests say (T/TSAC 001—2025 §8.3.3.2 d, §8.4.2.1): query and body, the body
    /// held whole for that. Where no rule speaks of it all goes on as it came.
    pub(super) async fn treat_input(
        &self,
        permit: &Permit,
        client: &mut Client,
        head: &Head,
        passing: Passing,
        access: &mut Access,
    ) -> Result<(Passing, Changed), Stop> {
        let mut changed = Changed::default();
        if permit.request_view().is_none() {
            return Ok((passing, changed));
        }
        if let Some(query) = head.target.query().filter(|query| !query.is_empty()) {
            let treated = self.treated_input(permit, Format::Form, query.as_bytes(), "?", access)?;
            // What stands on the request's line holds no space, nor anything that ends the line.
            let is_clean = treated.iter().all(|byte| byte.is_ascii_graphic());
            let treated = String::from_utf8(treated).ok().filter(|_| is_clean).ok_or(problem::INTERNAL)?;
            changed.query = (treated != query).then_some(treated);
        }
        changed.headers = self.treated_headers(permit, head, access)?;
        if client.is_body_empty() {
            return Ok((passing, changed));
        }
        let (passing, body) = match passing.all_held() {
            Some(body) => (passing, body),
            None => {
                invite(client, head).await?;
                let body = whole_body(client, self.upstream.held_bytes()).await?;
                let is_listed = format_of(&client.req_header().headers).is_ok();
                (Passing::held(body.clone(), is_listed), body)
            }
        };
        let headers = &client.req_header().headers;
        let Some(entered) = self.entered_as(headers, body)? else { return Ok((passing, changed)) };
        let treated = self.treated_input(permit, entered.format, &entered.utf8, "", access)?;
        if treated == entered.utf8 {
            return Ok((passing, changed));
        }
        let text = Text { utf8: Bytes::new(), charset: entered.charset, mark: entered.mark };
        let body = text.encode(treated.into()).map_err(|_| problem::INPUT_UNREADABLE)?;
        changed.body = Some(body.len());
        Ok((passing.replaced_by(body), changed))
    }

    /// Headers that go on otherwise than they came. Credentials and cookies are between the client and the API, and what
    /// HTTP itself says is no data; one that is no text can't be looked at and stays here.
    fn treated_headers(
        &self,
        permit: &Permit,
        head: &Head,
        access: &mut Access,
    ) -> Result<Vec<ChangedHeader>, Stop> {
        let mut summary = Summary::default();
        let mut changed = Vec::new();
        for (name, value) in headers::for_upstream(head, true) {
            let is_credential = [AUTHORIZATION, COOKIE].contains(name)
                || Some(name.as_str()) == self.identifier.token_header().map(HeaderName::as_str);
            if is_credential {
                continue;
            }
            let to = match std::str::from_utf8(value.as_bytes()) {
                Err(_) => None,
                Ok(text) => match self.protector.request_header(permit, name.as_str(), text, &mut summary) {
                    Ok(None) => continue,
                    Ok(treated) => treated,
                    Err(why) => {
                        let (problem, rule, at) = unreadable(why);
                        let path = format!("!header/{name}");
                        access.input_errors = vec![InputError { path, category: None, rule, at }];
                        return Err(problem.into());
                    }
                },
            };
            changed.push(ChangedHeader { name: name.clone(), from: value.clone(), to });
        }
        access.treated(&summary);
        self.metrics.request_treated(&summary);
        Ok(changed)
    }

    fn treated_input(
        &self,
        permit: &Permit,
        format: Format,
        text: &[u8],
        before: &str,
        access: &mut Access,
    ) -> Result<Vec<u8>, Stop> {
        match self.protector.request(permit, format, text) {
            None => Ok(text.to_vec()),
            Some(Ok(treated)) => {
                access.treated(&treated.summary);
                self.metrics.request_treated(&treated.summary);
                Ok(treated.body)
            }
            Some(Err(why)) => {
                let (problem, rule, at) = unreadable(why);
                access.input_errors = vec![InputError { path: before.to_owned(), category: None, rule, at }];
                Err(problem.into())
            }
        }
    }

    /// Lists what a body held, for the inventory, once it has gone its way. What can't be read holds no field.
    pub(super) fn list_input(&self, permit: &Permit, headers: &HeaderMap, passing: Passing) {
        let Some((mut body, is_cut)) = passing.kept().filter(|(body, _)| !body.is_empty()) else { return };
        if is_cut {
            // Of what stands in lines the whole ones are read; of all else nothing could be.
            let in_lines = matches!(format_of(headers), Ok((_, format)) if is_in_lines(format));
            let whole = memchr::memrchr(b'\n', &body).filter(|_| in_lines);
            body.truncate(whole.map_or(0, |end| end + 1));
        }
        let Ok(Some((format, text))) = self.entered(headers, body) else { return };
        if let Ok(findings) = self.protector.scan_with(permit.classifiers(), format, &text) {
            self.protector.accepts(permit, "", &findings);
        }
    }

    /// A body as it is read: its format, and its bytes, text as UTF-8; nothing when it is empty.
    fn entered(&self, headers: &HeaderMap, body: Bytes) -> Result<Option<(Format, Bytes)>, Problem> {
        Ok(self.entered_as(headers, body)?.map(|entered| (entered.format, entered.utf8)))
    }

    fn entered_as(&self, headers: &HeaderMap, body: Bytes) -> Result<Option<Entered>, Problem> {
        let codings: Option<Vec<&str>> =
            headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().ok()).collect();
        let plain = coding::decode(&codings.ok_or(problem::INPUT_UNREADABLE)?, body, &self.limits.decode)
            .map_err(|_| problem::INPUT_UNREADABLE)?;
        if plain.is_empty() {
            return Ok(None);
        }
        let (media_type, format) = format_of(headers)?;
        if matches!(format, Format::Multipart(_)) {
            // Each part says its own charset.
            return Ok(Some(Entered { format, utf8: plain, charset: Charset::Utf8, mark: false }));
        }
        let declared = declared_encoding(&plain).filter(|_| format == Format::Xml);
        let charset = Charset::of(media_type.charset(), declared).map_err(|_| problem::INPUT_UNREADABLE)?;
        let text = Text::decode(charset, plain).map_err(|_| problem::INPUT_UNREADABLE)?;
        let Text { utf8, charset, mark } = text;
        Ok(Some(Entered { format, utf8, charset, mark }))
    }

    fn body_faults(
        &self,
        permit: &Permit,
        headers: &HeaderMap,
        body: Bytes,
        access: &mut Access,
    ) -> Result<Vec<Fault>, Stop> {
        match self.entered(headers, body)? {
            Some((format, text)) => self.faults(permit, format, &text, "", access),
            None => Ok(Vec::new()),
        }
    }

    /// What is wrong with a text; `before` its paths stands where it came from.
    fn faults(
        &self,
        permit: &Permit,
        format: Format,
        text: &[u8],
        before: &str,
        access: &mut Access,
    ) -> Result<Vec<Fault>, Stop> {
        match self.protector.check_input(permit, format, text) {
            Ok(mut faults) => {
                faults.iter_mut().for_each(|fault| fault.path.insert_str(0, before));
                Ok(faults)
            }
            Err(unchecked) => {
                let (problem, rule, at) = unreadable(unchecked.why);
                let path = format!("{before}{}", unchecked.path);
                access.input_errors = vec![InputError { path, category: None, rule, at }];
                Err(problem.into())
            }
        }
    }
}

/// A body as it is read.
struct Entered {
    format: Format,
    utf8: Bytes,
    /// In which it came, and whether with a mark.
    charset: Charset,
    mark: bool,
}

/// What a body is said to be, and how that is read.
fn format_of(headers: &HeaderMap) -> Result<(MediaType, Format), Problem> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(media_type), None) = (types.next(), types.next()) else { return Err(problem::INPUT_TYPE) };
    let media_type = media_type.to_str().ok().and_then(|value| MediaType::parse(value).ok());
    let media_type = media_type.ok_or(problem::INPUT_TYPE)?;
    let format = Format::of(media_type.essence(), media_type.boundary()).ok_or(problem::INPUT_TYPE)?;
    Ok((media_type, format))
}

fn is_in_lines(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv | Format::Lines | Format::Events | Format::Text)
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

/// Why it can't be read: the problem, the rule it breaks, and at which byte.
fn unreadable(why: Uninspectable) -> (Problem, &'static str, Option<usize>) {
    match why {
        Uninspectable::Malformed { at } => (problem::INPUT_UNREADABLE, "malformed", Some(at)),
        Uninspectable::Charset { at } => (problem::INPUT_UNREADABLE, "charset", Some(at)),
        Uninspectable::TooDeep { .. } => (problem::INPUT_UNREADABLE, "depth", None),
        Uninspectable::MediaType { .. } => (problem::INPUT_TYPE, "media-type", None),
        Uninspectable::Blocked(_) => (problem::INPUT_BLOCKED, "denied", None),
        // Requests are held whole, so none of these is said of one.
        Uninspectable::TooLarge { .. } | Uninspectable::Contradicted | Uninspectable::Classifier => {
            (problem::INTERNAL, "internal", None)
        }
    }
}

fn told(fault: &Fault) -> InputError {
    let (category, rule) = (Some(fault.kind.id()), fault.wrong.name());
    InputError { path: fault.path.clone(), category, rule, at: None }
}

/// Most errors that are told at once.
const MOST: usize = 32;
