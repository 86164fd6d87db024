//! The policy language: model, check, decide, explain. Free of I/O: sources come in as text, decisions go out.
//!
//! Meaning is order-free. No rule that allows → refused; deny > drop > stronger mask > weaker mask > clear; rules bound to
//! the subject before general ones; floors last, which no rule goes below: level 4 never in clear, nothing of level 2 or
//! above to the unauthenticated, others' level 3 masked unless a rule states its ground. `LANGUAGE.md` beside this crate
//! says all of it, with every key and code.
//!
//! What this crate refuses to do: guess. An unknown key, a name that is not declared, a condition that compares what
//! can't be compared, a part of the language this version does not carry out: each stops the set, with its place.
//!
//! ```
//! use yingbi_policies::{Caller, Day, Decision, PolicySet, Request, Source, Treatment};
//! use yingbi_taxonomy::Kind;
//!
//! let source = Source::new("firm.yaml", r#"
//! apiVersion: yingbi/v1
//! kind: Policy
//! metadata: {id: staff-see-masks, title: 员工只见脱敏信息, clause: ["T/TSAC001:8.4.4.a"]}
//! spec:
//!   match: {routes: ["GET crm.internal/customers/**"]}
//!   allow: {level: "<=3"}
//!   treat: mask
//! "#);
//! let (set, _warnings) = PolicySet::compile(&[source], "v1".into()).expect("a good policy");
//! let caller = Caller { id: "u1".into(), authenticated: true, ..Caller::default() };
//! let today = Day::new(2026, 1, 1).expect("a day");
//! let request = Request { method: "GET", host: "crm.internal", path: "/customers/42", purpose: None, today };
//! let Decision::Permit(permit) = set.decide_caller(&caller, &request) else { panic!("refused") };
//! assert!(matches!(permit.view(None).treatment(Kind::Mobile), Treatment::Mask(_)));
//! ```

mod classifier;
mod compile;
mod condition;
mod coverage;
mod day;
mod decide;
mod diagnostic;
mod diff;
mod document;
mod explain;
mod facts;
mod few;
mod format;
mod grid;
mod limit;
mod mask;
mod matrix;
mod path;
mod permit;
mod replay;
mod route;
mod schema;
mod source;
#[cfg(test)]
mod testing;
mod yaml;

pub use classifier::{ClassifierTest, FirmClassifier, FirmClassifiers, NameRule, Pattern, Strength};
pub use coverage::{Coverage, RuleCoverage};
pub use day::{Day, NoDay};
pub use decide::{Caller, PolicySet, REFUSALS, RefusalRow};
pub use diagnostic::{
    CODES, CodeRow, Diagnostic, Language, Place, Severity, SignatureFault, Text, render, render_with,
};
pub use diff::{Change, Diff, Outcome, Whose};
pub use document::test::{Expectation, ExpectedRecord, Remembered, TestCaller, TestCase, parse_request_line};
pub use explain::{Explanation, KindWord, RaiseWord, RuleWord, Verdict};
pub use facts::{
    ApiToken, Asked, CallerFact, CallerFacts, Certificate, ConsentNeeded, Identity, Jwt, Possible, Reach,
    Request, Standing, Subjects,
};
pub use format::format;
pub use grid::{Endpoint, Login};
pub use limit::{CountedBy, Distinct, GrantTemplate, Limit, Period};
pub use mask::{Keyed, Mask, NumberMask, Region};
pub use path::{Path, PathError, Selector, Step};
pub use permit::{
    Basis, Binding, Cause, Check, Decision, FieldBinding, Override, Permit, Raise, Refusal, SmallGroupAction,
    SmallGroupRule, SubjectSelector, Treatment, Validation, View,
};
pub use replay::{Past, Replayed};
pub use schema::schema;
pub use source::Source;
