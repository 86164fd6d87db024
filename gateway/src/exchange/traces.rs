//! Traces that an answer carries: who got it and when (T/TSAC 001—2025 §7.4 f), and that some of it singles people out
//! (§8.5.3 b).
//!
//! The mark is `time.decision.caller`: the caller by pseudonym, so that it tells nobody but auditors who that was. Pages show
//! it; tables have it in a last row; every answer of the route has it in a header. It is made of characters that every
//! charset spells alike and that no markup or table reads as its own.

use super::problem::{self, Problem};
use super::record::Access;
use super::{Exchange, Stop};
use bytes::Bytes;
use pingora_http::ResponseHeader;
use yingbi_policies::{Permit, SmallGroupAction};
use yingbi_protect::{Format, Summary};

/// The mark of one answer.
pub(super) struct Trace {
    mark: String,
}

impl Exchange {
    /// The mark of an answer, where the route asks for one.
    pub(super) fn trace(&self, permit: &Permit, access: &mut Access) -> Option<Trace> {
        if !permit.binding().is_some_and(|binding| binding.watermark) {
            return None;
        }
        access.marks.push(WATERMARKED);
        let caller = access.caller.map(|caller| caller.to_string()).unwrap_or_default();
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        Some(Trace { mark: format!("{time}.{}.{caller}", access.decision_id) })
    }

    /// Tells of records that look like too few others; refuses the answer where the route says so.
    pub(super) fn warn_of_small_groups(
        &self,
        permit: &Permit,
        head: &mut ResponseHeader,
        summary: &Summary,
        access: &mut Access,
    ) -> Result<(), Stop> {
        let rule = permit.binding().and_then(|binding| binding.small_groups);
        let (Some(small), Some(rule)) = (summary.small_groups, rule) else { return Ok(()) };
        self.metrics.small_groups(rule.then);
        tracing::warn!(
            route = &*access.route,
            smallest = small.smallest,
            records = small.records,
            action = rule.then.name(),
            "records of an answer look like too few others"
        );
        access.marks.push(match rule.then {
            SmallGroupAction::Warn => "small-groups",
            SmallGroupAction::Suppress => "small-groups-suppressed",
            SmallGroupAction::Refuse => "small-groups-refused",
        });
        if rule.then == SmallGroupAction::Refuse {
            return Err(Stop::Refused(problem::SMALL_GROUPS));
        }
        let told = format!(
            "small-groups; below={}; smallest={}; records={}; action={}",
            rule.below,
            small.smallest,
            small.records,
            rule.then.name()
        );
        head.insert_header(WARNING, told).map_err(|_| Stop::Refused(problem::INTERNAL))
    }
}

impl Trace {
    /// Says it in the head.
    pub(super) fn tell(&self, head: &mut ResponseHeader) -> Result<(), Problem> {
        head.insert_header(HEADER, self.mark.as_str()).map_err(|_| problem::INTERNAL)
    }

    /// A page or table with its mark; `None`: the format has no place for one.
    pub(super) fn mark(&self, format: Format, body: &Bytes) -> Option<Bytes> {
        let mark = &self.mark;
        match format {
            Format::Csv | Format::Tsv => {
                let is_ended = body.is_empty() || body.ends_with(b"\n");
                let row = format!("{}#{mark}\r\n", if is_ended { "" } else { "\r\n" });
                Some([body, row.as_bytes()].concat().into())
            }
            Format::Html => {
                let page = format!(
                    "<div class=\"yingbi-watermark\" aria-hidden=\"true\" style=\"{STYLE}\">{mark}</div>"
                );
                // A script may hold the end tag in a string; the last one is the page's.
                let at = rposition(body, b"</body").unwrap_or(body.len());
                let (before, behind) = body.split_at_checked(at)?;
                Some([before, page.as_bytes(), behind].concat().into())
            }
            _ => None,
        }
    }
}

/// Where a tag stands last, whatever the case of its letters.
fn rposition(body: &[u8], tag: &[u8]) -> Option<usize> {
    body.windows(tag.len()).rposition(|window| window.eq_ignore_ascii_case(tag))
}

const WATERMARKED: &str = "watermark";
const HEADER: &str = "yingbi-watermark";
const WARNING: &str = "yingbi-warning";

/// Over all of the page, faint, and in nobody's way; without styles it stands at the page's end.
const STYLE: &str = "position:fixed;inset:0;z-index:2147483647;pointer-events:none;opacity:.16;font:700 20px monospace;\
display:flex;align-items:center;justify-content:center;transform:rotate(-24deg);word-break:break-all";
