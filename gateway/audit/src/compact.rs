//! Accesses and outcomes in few bytes: the payload of most records since version 3 of [`crate::format`].
//!
//! A payload that begins with `{` is a record in JSON; one that begins with `I` is an access, with `O` an outcome, and what
//! follows are fields. Both say the same: [`crate::Record`] reads either. Events are always JSON, and so is any record
//! with a control character in a text; so no payload holds a zero byte.
//!
//! A field is a tag of one byte and a value. Tags ascend; those of lists and counts stand once for each element. What is
//! empty or 0 is left out.
//!
//! | tag | value | access | outcome |
//! |---|---|---|---|
//! | 80 | number | time, microseconds since 1970-01-01T00:00:00Z | the same |
//! | 81, 82, 83, 84 | number | status, records, bytes, part | 83 bytes |
//! | a0 | text | decision id | the same |
//! | a1, a2, a3, a4 | text | caller, identified by, *roles*, source | |
//! | a5, a6, a7, a8 | text | method, route, purpose, basis | |
//! | a9, aa, ab, ac | text | *grants*, decision, code, *rules* | |
//! | ad, ae, af, b0 | text | policy, trace, *subjects*, *overrides* | |
//! | b1 | text | | result |
//! | b2, b3, b4 | text | *consents*, *marks*, recipient | |
//! | b5 | text | *limits*: of each its id, then its scope | |
//! | b6 | text | country | |
//! | c0 to c7 | text, number | counts: clear, masked, dropped, monitored, raised, input faults, keyed, request | |
//!
//! Later versions may add tags: 80 to 9f are numbers, a0 to bf texts, c0 to df texts with a number; readers pass over those
//! they don't know. A tag below 80 is none: spaces up to the end may follow the last field (see [`crate::format`]).
//!
//! A number *n* is *n* + 1 in LEB128: seven bits a byte, lowest first, the highest bit set in all but the last. A text
//! begins with a number *h*, in LEB128 as it is; its two lowest bits say what follows, the others *k* how much:
//!
//! | bits | text |
//! |---|---|
//! | 0 | *k* − 1 bytes of UTF-8 |
//! | 1 | nothing: word *k* of [`WORDS`], from 1 |
//! | 2 | a byte *m*, *k* bytes: each, exclusive or *m*, two lower-case hexadecimal digits |
//! | 3 | *k* is 0; a byte *m*, 8 bytes as in 2, a number: 16 digits, `-`, and the number as ten digits more, as decision ids are |
//!
//! *m* is the least byte from 1 on that is none of those it masks, so that none becomes zero.

mod read;
mod write;

pub(crate) use read::{Fields, Text, is_outcome, record};
pub(crate) use write::{access, ended, intent, outcome, text};

/// Words that stand for themselves by their number. Later versions may append.
pub const WORDS: [&str; 58] = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "permit",
    "refuse",
    "jwt",
    "api-token",
    "mtls",
    "none",
    "handed-to-socket",
    "aborted",
    "partial",
    "not-begun",
    "consent",
    "contract",
    "legal-duty",
    "emergency",
    "public-interest",
    "public-information",
    "other-law",
    "basic",
    "identity.document",
    "identity.special",
    "credential.account",
    "credential.biometric",
    "account.opening",
    "account.investor-code",
    "trade.fill",
    "trade.order",
    "trade.bank-transfer",
    "trade.parameters",
    "trade.log",
    "trade.other",
    "wealth.position",
    "wealth.bank",
    "wealth.cash",
    "credit",
    "behaviour",
    "derived",
    "device.resettable",
    "device.permanent",
    "device.apps",
    "location.coarse",
    "location.track",
    "health.status",
    "health.medical",
    "education-work",
    "other",
    "relationship",
    "service",
    "operation-analysis",
    "channel",
    "marketing",
    "service-staff",
];

/// First byte of an access.
const INTENT: u8 = b'I';
/// First byte of an outcome.
const OUTCOME: u8 = b'O';

/// Tags.
pub(crate) mod tag {
    pub const TIME: u8 = 0x80;
    pub const STATUS: u8 = 0x81;
    pub const RECORDS: u8 = 0x82;
    pub const BYTES: u8 = 0x83;
    pub const PART: u8 = 0x84;
    pub const DECISION_ID: u8 = 0xa0;
    pub const CALLER: u8 = 0xa1;
    pub const IDENTIFIED_BY: u8 = 0xa2;
    pub const ROLES: u8 = 0xa3;
    pub const SOURCE: u8 = 0xa4;
    pub const METHOD: u8 = 0xa5;
    pub const ROUTE: u8 = 0xa6;
    pub const PURPOSE: u8 = 0xa7;
    pub const BASIS: u8 = 0xa8;
    pub const GRANTS: u8 = 0xa9;
    pub const DECISION: u8 = 0xaa;
    pub const CODE: u8 = 0xab;
    pub const RULES: u8 = 0xac;
    pub const POLICY: u8 = 0xad;
    pub const TRACE: u8 = 0xae;
    pub const SUBJECTS: u8 = 0xaf;
    pub const OVERRIDES: u8 = 0xb0;
    pub const RESULT: u8 = 0xb1;
    pub const CONSENTS: u8 = 0xb2;
    pub const MARKS: u8 = 0xb3;
    pub const RECIPIENT: u8 = 0xb4;
    pub const LIMITS: u8 = 0xb5;
    pub const COUNTRY: u8 = 0xb6;
    pub const CLEAR: u8 = 0xc0;
    pub const MASKED: u8 = 0xc1;
    pub const DROPPED: u8 = 0xc2;
    pub const MONITORED: u8 = 0xc3;
    pub const RAISED: u8 = 0xc4;
    pub const INPUT_FAULTS: u8 = 0xc5;
    pub const KEYED: u8 = 0xc6;
    pub const REQUEST: u8 = 0xc7;
}

/// What the two low bits of a text's first number say.
mod form {
    pub const PLAIN: u64 = 0;
    pub const WORD: u64 = 1;
    pub const HEX: u64 = 2;
    pub const ID: u64 = 3;
}

/// Digits of a decision id behind its dash.
const ID_DIGITS: usize = 10;
/// Hexadecimal digits before it.
const INSTANCE_DIGITS: usize = 16;

#[cfg(test)]
mod tests;
