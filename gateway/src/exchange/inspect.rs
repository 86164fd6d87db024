//! From the answer of the API behind to what its client may see: undo codings, read the charset, treat the body, treat
//! every header. What can't be read is refused (T/TSAC 001—2025 §8.4.4; promise: what can't be parsed is not passed).

use super::charset::{Charset, MediaType, Text};
use super::headers::{self, NO_STORE};
use super::problem::{self, Problem};
use super::release::Treated;
use super::traces::Trace;
use super::upstream::Answer;
use super::{Exchange, coding};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use pingora_http::ResponseHeader;
use yingbi_policies::Permit;
use yingbi_protect::{Format, Summary, declared_encoding};
use yingbi_taxonomy::Level;

impl Exchange {
    /// Treats a whole answer under a permit.
    ///
    /// # Errors
    /// It can't be read or the policy blocks it; nothing of it is released.
    pub(super) fn inspect(
        &self,
        permit: &Permit,
        request: &HeaderMap,
        answer: Answer,
        trace: Option<&Trace>,
    ) -> Result<(Treated, Summary), Problem> {
        let Answer { status, headers, body, rest: _ } = answer;
        if status == StatusCode::PARTIAL_CONTENT {
            return Err(problem::PARTIAL_CONTENT);
        }
        let media_type = media_type(&headers)?;
        let opaque = media_type.as_ref().is_some_and(|media_type| is_opaque(permit, media_type));
        let mut summary = Summary::default();
        let mut body = Body { bytes: Bytes::from(body), coding: None };
        if opaque {
            // Passed as it is, so it stays coded as it is.
            body.coding = one(&headers, &CONTENT_ENCODING)?.map(str::to_owned);
        } else if !body.bytes.is_empty() {
            let format = media_type.as_ref().and_then(format).ok_or(problem::CONTENT_TYPE)?;
            let trace = trace.filter(|_| status.is_success());
            let read = (format, media_type.as_ref());
            (body, summary) = self.treat_body(permit, request, &headers, read, body.bytes, trace)?;
        }
        let kept = headers::Answer { may_change: !opaque, no_store: false };
        let mut head =
            self.outgoing_head(permit, status, &headers, media_type.as_ref(), kept, &mut summary)?;
        if let Some(trace) = trace {
            trace.tell(&mut head)?;
        }
        if let Some(coding) = body.coding {
            head.insert_header(CONTENT_ENCODING, coding).map_err(|_| INTERNAL)?;
            head.append_header("vary", "accept-encoding").map_err(|_| INTERNAL)?;
        }
        if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
            head.insert_header("content-length", body.bytes.len()).map_err(|_| INTERNAL)?;
        }
        Ok((Treated { head, body: body.bytes }, summary))
    }

    /// The head for a client, but for what says how the body is framed and coded.
    pub(super) fn outgoing_head(
        &self,
        permit: &Permit,
        status: StatusCode,
        headers: &HeaderMap,
        media_type: Option<&MediaType>,
        kept: headers::Answer,
        summary: &mut Summary,
    ) -> Result<ResponseHeader, Problem> {
        let mut head =
            ResponseHeader::build_no_case(status, Some(headers.len() + 4)).map_err(|_| INTERNAL)?;
        self.treat_headers(permit, headers, kept, &mut head, summary)?;
        if let Some(media_type) = media_type {
            head.insert_header(CONTENT_TYPE, content_type(media_type)).map_err(|_| INTERNAL)?;
        }
        Ok(head)
    }

    fn treat_body(
        &self,
        permit: &Permit,
        request: &HeaderMap,
        headers: &HeaderMap,
        (format, media_type): (Format, Option<&MediaType>),
        body: Bytes,
        trace: Option<&Trace>,
    ) -> Result<(Body, Summary), Problem> {
        let codings = texts(headers, &CONTENT_ENCODING).ok_or(problem::CONTENT_CODING)?;
        let plain = coding::decode(&codings, body, &self.limits.decode)?;
        let (mut bytes, found) = match format {
            // Each part says its own charset, and may be no text.
            Format::Multipart(_) => {
                let treated = self.protector.body(permit, format, &plain)?;
                (Bytes::from(treated.body), treated.summary)
            }
            _ => {
                // Readers of XML go by what it says itself, too.
                let declared = declared_encoding(&plain).filter(|_| format == Format::Xml);
                let charset = Charset::of(media_type.and_then(MediaType::charset), declared);
                match charset.map_err(|_| problem::CHARSET)? {
                    // That it is UTF-8, the protector finds out itself: it reads nothing else.
                    Charset::Utf8 => {
                        let treated = self.protector.body(permit, format, &plain)?;
                        (Bytes::from(treated.body), treated.summary)
                    }
                    charset => {
                        let text = Text::decode(charset, plain).map_err(|_| problem::CHARSET)?;
                        let treated = self.protector.body(permit, format, &text.utf8)?;
                        (text.encode(treated.body.into()).map_err(|_| problem::CHARSET)?, treated.summary)
                    }
                }
            }
        };
        if let Some(marked) = trace.and_then(|trace| trace.mark(format, &bytes)) {
            bytes = marked;
        }
        let accepted = texts(request, &ACCEPT_ENCODING).unwrap_or_default();
        // The local hop was asked for identity; only an upstream that codes all the same is worth coding for again,
        // or a client that rules identity out.
        let coded = if !codings.is_empty() || coding::negotiate(&accepted, 0) != Ok(None) {
            let coded = coding::encode(&accepted, bytes).map_err(|_| problem::NOT_ACCEPTABLE)?;
            Body { coding: coded.coding.map(|coding| coding.name().to_owned()), bytes: coded.body }
        } else {
            Body { bytes, coding: None }
        };
        Ok((coded, found))
    }

    fn treat_headers(
        &self,
        permit: &Permit,
        headers: &HeaderMap,
        answer: headers::Answer,
        head: &mut ResponseHeader,
        summary: &mut Summary,
    ) -> Result<(), Problem> {
        // What a header holds counts as well, so all are treated before it is known whether caches may keep the answer.
        let mut kept = Vec::new();
        for (name, value) in headers::for_client(headers, headers::Answer { no_store: false, ..answer }) {
            kept.push((name, value, self.protector.header(permit, name.as_str(), value, summary)?));
        }
        let found = [&summary.clear, &summary.masked, &summary.dropped];
        let highest: Option<Level> = found.into_iter().flatten().map(|(category, _)| category.level()).max();
        let no_store = answer.no_store || headers::no_store(highest, highest.is_some());
        for (name, value, treated) in kept {
            if !headers::goes_to_client(name.as_str(), headers::Answer { no_store, ..answer }) {
                continue;
            }
            match treated {
                Some(treated) => {
                    head.append_header(name.clone(), treated).map_err(|_| problem::BODY_MALFORMED)?
                }
                None => head.append_header(name.clone(), value).map_err(|_| problem::BODY_MALFORMED)?,
            };
        }
        if no_store {
            head.insert_header("cache-control", NO_STORE).map_err(|_| INTERNAL)?;
        }
        Ok(())
    }
}

/// A body on its way out, and the coding it stands in.
struct Body {
    bytes: Bytes,
    coding: Option<String>,
}

const INTERNAL: Problem = problem::INTERNAL;

/// How a media type is read; `None`: not at all.
pub(super) fn format(media_type: &MediaType) -> Option<Format> {
    Format::of(media_type.essence(), media_type.boundary())
}

pub(super) fn is_opaque(permit: &Permit, media_type: &MediaType) -> bool {
    permit.binding().is_some_and(|binding| binding.opaque.iter().any(|opaque| opaque == media_type.essence()))
}

pub(super) fn media_type(headers: &HeaderMap) -> Result<Option<MediaType>, Problem> {
    match one(headers, &CONTENT_TYPE)? {
        Some(value) => MediaType::parse(value).map(Some).map_err(|_| problem::CONTENT_TYPE),
        None => Ok(None),
    }
}

/// The media type with its charset, and the boundary of one that is read by it: other parameters (a file's name) may
/// hold anything.
fn content_type(media_type: &MediaType) -> String {
    match media_type.charset() {
        _ if media_type.kind() == "multipart" => media_type.to_string(),
        Some(charset) => format!("{}; charset={charset}", media_type.essence()),
        None => media_type.essence().to_owned(),
    }
}

/// The only value of a header that may not be repeated.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let values = texts(headers, name).ok_or(problem::CONTENT_TYPE)?;
    match values.as_slice() {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(problem::CONTENT_TYPE),
    }
}

/// All values of a header; `None` when one is no ASCII text.
pub(super) fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    headers.get_all(name).iter().map(|value| value.to_str().ok()).collect()
}
