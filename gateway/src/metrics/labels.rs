//! Closed sets of label values.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// A label value from a closed set.
pub(super) trait Label: Copy + 'static {
    fn all() -> &'static [Self];
    fn name(self) -> &'static str;
}

macro_rules! label {
    ($(#[$doc:meta])* $label:ident { $($(#[$value_doc:meta])* $value:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $label {
            $($(#[$value_doc])* $value,)*
        }

        impl $label {
            /// How many there are.
            pub const COUNT: usize = [$($name),*].len();
            /// All of them.
            pub const ALL: [$label; $label::COUNT] = [$($label::$value),*];

            /// Name in metrics.
            pub const fn name(self) -> &'static str {
                match self {
                    $($label::$value => $name,)*
                }
            }

            /// Position in [`Self::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }
        }

        impl Label for $label {
            fn all() -> &'static [Self] {
                &Self::ALL
            }

            fn name(self) -> &'static str {
                $label::name(self)
            }
        }
    };
}

label! {
    /// What was decided about a request.
    Decided {
        /// It went on.
        Permit "permit",
        /// It was stopped, by policy or because it was no proper request.
        Refuse "refuse",
    }
}

label! {
    /// What became of a value.
    Shown {
        /// Released as it is.
        Clear "clear",
        /// Released under a mask.
        Mask "mask",
        /// Left out.
        Drop "drop",
        /// The answer was refused because of it.
        Block "block",
        /// Encrypted.
        Encrypt "encrypt",
        /// A keyed token stands for it.
        HashToken "hash-token",
        /// Replaced by one of its form.
        Ff1 "ff1",
        /// A date that was moved.
        DateShift "date-shift",
    }
}

label! {
    /// How the upstream failed.
    UpstreamFailure {
        /// No connection.
        Connect "connect",
        /// No proper TLS.
        Tls "tls",
        /// Connected, but no answer in time.
        Timeout "timeout",
        /// Closed or reset before the answer was whole.
        Truncated "truncated",
        /// Not proper HTTP.
        Protocol "protocol",
        /// Any other way.
        Other "other",
    }
}

label! {
    /// Why a body could not be inspected.
    InspectFailure {
        /// Not the format it claims to be.
        Malformed "malformed",
        /// Not in a character set that is read.
        Charset "charset",
        /// Nested too deep.
        Depth "depth",
        /// Too large.
        Size "size",
        /// Inflates too much.
        Ratio "ratio",
        /// A content coding that is not read.
        Coding "coding",
        /// A media type that is not read.
        MediaType "media-type",
        /// Holds what the policy blocks.
        Blocked "blocked",
        /// Took too long, or the inspector failed.
        Internal "internal",
    }
}

label! {
    /// Type of an audit record.
    RecordType {
        /// An access about to be released, or a refusal.
        Intent "intent",
        /// How a release ended.
        Outcome "outcome",
        /// Something about the log or the policies.
        Event "event",
    }
}

label! {
    /// Why work was turned away.
    ShedReason {
        /// Too many connections.
        Connections "connections",
        /// Too many exchanges in flight.
        Exchanges "exchanges",
        /// The audit log can't keep up.
        Audit "audit",
    }
}

label! {
    /// How something differs from the inventory that a person accepted.
    Drift {
        /// A route that nobody accepted.
        NewRoute "new-route",
        /// A field of a category that is new on its route.
        NewCategory "new-category",
        /// A field of a category that its route is known to have.
        NewField "new-field",
        /// A field whose level is another now.
        ChangedLevel "changed-level",
    }
}

/// `2xx` and so on; `none` when no status was sent.
pub fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => "none",
    }
}

/// A method of RFC 9110 and 5789, or `other`.
pub(crate) fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// A code if it looks like one; codes are literals of the program, so there are as many as it has.
pub(super) fn code_label(code: &'static str) -> &'static str {
    let is_code =
        code.strip_prefix("YB").is_some_and(|n| n.len() == 4 && n.bytes().all(|b| b.is_ascii_digit()));
    if is_code { code } else { NO_CODE }
}

/// Route templates up to a bound: policies may be reloaded for months, and each template costs series for ever.
#[derive(Default)]
pub struct RouteLabels {
    known: RwLock<HashMap<Box<str>, Arc<str>>>,
}

impl RouteLabels {
    /// Label of requests that no route matched.
    pub const UNMATCHED: &'static str = "unmatched";
    /// Label of routes beyond the bound.
    pub const OTHER: &'static str = "other";
    /// How many templates get a label of their own.
    pub const MOST: usize = 256;

    /// The label of a template.
    pub(super) fn label(&self, route: Option<&str>) -> Arc<str> {
        let Some(route) = route else { return Arc::from(Self::UNMATCHED) };
        if let Ok(known) = self.known.read()
            && let Some(label) = known.get(route)
        {
            return Arc::clone(label);
        }
        let Ok(mut known) = self.known.write() else { return Arc::from(Self::OTHER) };
        if known.len() >= Self::MOST || route.len() > ROUTE_BYTES {
            return Arc::from(Self::OTHER);
        }
        Arc::clone(known.entry(route.into()).or_insert_with(|| Arc::from(route)))
    }
}

/// Label of refusals without a code.
pub(super) const NO_CODE: &str = "none";
/// Templates are far shorter; a longer one is no template.
const ROUTE_BYTES: usize = 256;
