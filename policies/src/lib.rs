//! The policy language: model, check, decide, explain. Free of I/O: sources come in as text, decisions go out.
//!
//! Meaning is order-free: no rule that allows → refused; an error while deciding → refused; deny > drop > strongest
//! mask > weaker mask > clear; level 4 never in clear.

mod decide;
mod diagnostic;
mod facts;
mod mask;
mod path;
mod permit;

pub use decide::PolicySet;
pub use diagnostic::{Diagnostic, Language, Place, Severity, Text};
pub use facts::{ApiToken, Certificate, Identity, Jwt, Request};
pub use mask::{Mask, NumberMask};
pub use path::{Path, Selector, Step};
pub use permit::{Basis, Binding, Decision, FieldBinding, Permit, Refusal, SubjectSelector, Treatment, View};
