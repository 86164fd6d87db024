//! The policy language: model, check, decide, explain. Free of I/O: sources come in as text, decisions go out.
//!
//! Meaning is order-free: no rule that allows → refused; an error while deciding → refused; deny > drop > strongest
//! mask > weaker mask > clear; level 4 never in clear.

mod compile;
mod condition;
mod decide;
mod diagnostic;
mod document;
mod explain;
mod facts;
mod format;
mod mask;
mod path;
mod permit;
mod route;
mod source;
mod yaml;

pub use decide::{Caller, PolicySet, REFUSALS, RefusalRow};
pub use diagnostic::{CODES, CodeRow, Diagnostic, Language, Place, Severity, Text, render, render_with};
pub use document::test::{Expectation, ExpectedRecord, TestCaller, TestCase, parse_request_line};
pub use explain::{Explanation, KindWord, RuleWord, Verdict};
pub use facts::{ApiToken, Certificate, Identity, Jwt, Request};
pub use format::format;
pub use mask::{Mask, NumberMask};
pub use path::{Path, PathError, Selector, Step};
pub use permit::{Basis, Binding, Decision, FieldBinding, Permit, Refusal, SubjectSelector, Treatment, View};
pub use source::Source;
