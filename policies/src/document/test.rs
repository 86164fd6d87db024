//! `kind: PolicyTest`.

use crate::diagnostic::{Code, Sink, Text};
use crate::route;
use crate::yaml::{At, Located, Node, Value, entries};
use crate::{Asked, CallerFact, CallerFacts, Day, Possible, Reach, Standing, Subjects};
use std::collections::BTreeMap;
use std::sync::Arc;
use yingbi_taxonomy::Category;

#[derive(Debug)]
pub(crate) struct TestSpec {
    pub cases: Vec<(At, TestCase)>,
    /// Role and purpose names to be looked up.
    pub names: Vec<Located<String>>,
}

/// One case of a `PolicyTest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCase {
    /// The `PolicyTest`'s id.
    pub test: String,
    /// Name of the case.
    pub name: String,
    /// Who calls.
    pub caller: TestCaller,
    /// Method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path.
    pub path: String,
    /// Purpose named by the caller.
    pub purpose: Option<String>,
    /// What the caller sends.
    pub body: Option<String>,
    /// Its media type.
    pub body_type: String,
    /// The day of the access; 1 January 2026 unless the case says otherwise, so that nobody grows older in a test.
    pub today: Day,
    /// What is remembered of investors.
    pub remembered: Remembered,
    /// What the upstream answers.
    pub response: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// What must come of it.
    pub expect: Expectation,
}

/// The caller of a case, as the gateway would have resolved them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCaller {
    /// Identifier.
    pub id: String,
    /// Role ids.
    pub roles: Vec<String>,
    /// Investor identifiers that are the caller's own.
    pub subjects: Vec<String>,
    /// Whether anything was proven of them; `true` unless the case says `authenticated: false`.
    pub authenticated: bool,
    /// Whether they stepped up.
    pub stepped_up: bool,
    /// What the firm knows of the caller.
    pub facts: CallerFacts,
    /// Which of a hundred lots the request draws; 0 unless the case says otherwise, so that every `share` holds.
    pub lot: u8,
}

/// Investors of whom a case says that something is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The caller has an active grant for these.
    pub granted: Vec<String>,
    /// These have consented to the purpose.
    pub consented: Vec<String>,
    /// A guardian consented for these.
    pub consented_by_guardian: Vec<String>,
    /// The processing of these investors' data is restricted.
    pub restricted: Vec<String>,
}

impl Subjects for Remembered {
    fn possible(&self) -> Possible {
        Possible {
            grants: !self.granted.is_empty(),
            consents: !self.consented.is_empty() || !self.consented_by_guardian.is_empty(),
            restrictions: !self.restricted.is_empty(),
        }
    }

    fn standing(&self, subject: &str, _: &Asked<'_>) -> Standing {
        let among = |list: &[String]| list.iter().any(|own| own == subject);
        let reach = |is: bool| if is { Reach::All } else { Reach::Nothing };
        let by_guardian = among(&self.consented_by_guardian);
        Standing {
            granted: reach(among(&self.granted)),
            consented: reach(by_guardian || among(&self.consented)),
            by_guardian,
            restricted: among(&self.restricted),
        }
    }
}

impl TestCase {
    /// What is remembered of investors, where the case says anything.
    pub fn subjects(&self) -> Option<Arc<dyn Subjects>> {
        (self.remembered != Remembered::default()).then(|| Arc::new(self.remembered.clone()) as _)
    }
}

/// What a case expects; what it does not name is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// HTTP status; 200 when permitted.
    pub status: Option<u16>,
    /// Code of the refusal.
    pub code: Option<String>,
    /// The treated body.
    pub body: Option<String>,
    /// What the upstream gets.
    pub request_body: Option<String>,
    /// Rules that decided, in any order.
    pub rules: Option<Vec<String>>,
    /// What the access record counts.
    pub record: Option<ExpectedRecord>,
}

/// Figures of the access record; what is not named is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedRecord {
    /// Distinct investors.
    pub subjects: Option<u64>,
    /// Values shown in clear.
    pub shown: Option<BTreeMap<Category, u64>>,
    /// Values masked.
    pub masked: Option<BTreeMap<Category, u64>>,
    /// Values left out.
    pub dropped: Option<BTreeMap<Category, u64>>,
    /// Values that a `monitor` rule would have treated otherwise.
    pub monitored: Option<BTreeMap<Category, u64>>,
    /// Records that were raised, by the id of the combination.
    pub raised: Option<BTreeMap<String, u64>>,
}

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<TestSpec> {
    let fields = node.fields(sink)?;
    let nodes = fields.required("cases", sink).and_then(|node| node.list(sink)).unwrap_or_default();
    fields.finish(sink);
    let mut names = Vec::new();
    let cases = nodes.iter().filter_map(|node| Some((node.at, read_case(node, &mut names, sink)?))).collect();
    Some(TestSpec { cases, names })
}

fn read_case(node: &Node, names: &mut Vec<Located<String>>, sink: &mut Sink<'_>) -> Option<TestCase> {
    let fields = node.fields(sink)?;
    let name = fields.required("name", sink).and_then(|node| node.text(sink));
    let request = fields.required("request", sink);
    let response = fields.optional("response").and_then(|node| node.text(sink)).map(|text| text.value);
    let content_type =
        fields.optional("content_type").and_then(|node| node.text(sink)).map(|text| text.value);
    let expect = fields.required("expect", sink).and_then(|node| read_expectation(node, names, sink));
    fields.finish(sink);
    let fields = request?.fields(sink)?;
    let caller = match fields.required("caller", sink) {
        Some(node) => read_caller(node, names, sink),
        None => None,
    };
    let route = fields.required("route", sink).and_then(|node| node.text(sink));
    let purpose = fields.optional("purpose").and_then(|node| node.text(sink)).map(|text| text.value);
    let remembered = fields.optional("remembered").and_then(|node| read_remembered(node, sink));
    let today = fields.optional("date").and_then(|node| node.text(sink)).map(|text| read_day(&text, sink));
    let body = fields.optional("body").and_then(|node| node.text(sink)).map(|text| text.value);
    let body_type = fields.optional("content_type").and_then(|node| node.text(sink)).map(|text| text.value);
    fields.finish(sink);
    let (method, host, path) = read_route(&route?, sink)?;
    let expect = expect?;
    if expect.request_body.is_some() && body.is_none() {
        sink.report(
            Code::Contradiction,
            node.at,
            Text::new(
                "a `request_body` is expected of a request without `body`",
                "请求没有 `body` 却期望 `request_body`",
            ),
            Text::new("add the `body` of the request", "请写请求的 `body`"),
        );
    }
    if expect.body.is_some() && response.is_none() {
        sink.report(
            Code::Contradiction,
            node.at,
            Text::new("a `body` is expected of no `response`", "没有 `response` 却期望 `body`"),
            Text::new("add the `response` of the upstream", "请写上游的 `response`"),
        );
    }
    Some(TestCase {
        test: String::new(),
        name: name?.value,
        caller: caller?,
        method,
        host,
        path,
        purpose,
        body,
        body_type: body_type.unwrap_or_else(|| "application/json".to_owned()),
        today: today.unwrap_or_default(),
        remembered: remembered.unwrap_or_default(),
        response,
        content_type: content_type.unwrap_or_else(|| "application/json".to_owned()),
        expect,
    })
}

fn read_caller(node: &Node, names: &mut Vec<Located<String>>, sink: &mut Sink<'_>) -> Option<TestCaller> {
    let fields = node.fields(sink)?;
    let id = fields.optional("id").and_then(|node| node.text(sink)).map(|text| text.value);
    let roles = fields.optional("roles").map(|node| node.texts(sink)).unwrap_or_default();
    let mut subjects: Vec<String> = match fields.optional("subjects") {
        Some(node) => node.texts(sink).into_iter().map(|text| text.value).collect(),
        None => Vec::new(),
    };
    subjects.extend(fields.optional("subject").and_then(|node| node.text(sink)).map(|text| text.value));
    let flag = |key: &'static str, sink: &mut Sink<'_>| {
        fields.optional(key).and_then(|node| node.boolean(sink)).map(|flag| flag.value)
    };
    let authenticated = flag("authenticated", sink).unwrap_or(true);
    let stepped_up = flag("stepped_up", sink).unwrap_or(false);
    let mut facts = CallerFacts::UNKNOWN;
    for fact in CallerFact::ALL {
        if let Some(value) = fields.optional(fact.name()).and_then(|node| node.text(sink)) {
            facts.set(fact, value.value);
        }
    }
    let lot = fields.optional("lot").and_then(|node| read_lot(node, sink)).unwrap_or_default();
    let at = fields.at;
    fields.finish(sink);
    if !authenticated && (stepped_up || !roles.is_empty() || !subjects.is_empty()) {
        sink.report(
            Code::Contradiction,
            at,
            Text::new(
                "an unauthenticated caller has neither role, subject nor step-up",
                "未登录者没有角色、主体与再次鉴别",
            ),
            Text::new("remove `authenticated: false` or the rest", "去掉 `authenticated: false` 或其余各项"),
        );
    }
    names.extend(roles.iter().cloned());
    Some(TestCaller {
        id: id.unwrap_or_else(|| "policy-test".to_owned()),
        roles: roles.into_iter().map(|role| role.value).collect(),
        subjects,
        authenticated,
        stepped_up,
        facts,
        lot,
    })
}

fn read_lot(node: &Node, sink: &mut Sink<'_>) -> Option<u8> {
    let lot = node.integer(sink)?;
    let drawn = u8::try_from(lot.value).ok().filter(|lot| *lot < 100);
    if drawn.is_none() {
        sink.report(
            Code::WrongValue,
            lot.at,
            Text::new("`lot` is one of a hundred, from 0 to 99", "`lot` 为0至99之一"),
            Text::new("a rule with `share: 25` rules lots 0 to 24", "`share: 25` 的规则对0至24生效"),
        );
    }
    drawn
}

fn read_remembered(node: &Node, sink: &mut Sink<'_>) -> Option<Remembered> {
    let fields = node.fields(sink)?;
    let mut list = |key: &'static str| -> Vec<String> {
        let texts = fields.optional(key).map(|node| node.texts(sink)).unwrap_or_default();
        texts.into_iter().map(|text| text.value).collect()
    };
    let remembered = Remembered {
        granted: list("granted"),
        consented: list("consented"),
        consented_by_guardian: list("consented_by_guardian"),
        restricted: list("restricted"),
    };
    fields.finish(sink);
    Some(remembered)
}

fn read_route(text: &Located<String>, sink: &mut Sink<'_>) -> Option<(String, String, String)> {
    let parsed = parse_request_line(&text.value);
    if parsed.is_none() {
        sink.report(
            Code::RoutePattern,
            text.at,
            Text::new(format!("`{}` is no request", text.value), format!("`{}` 不是请求", text.value)),
            Text::new("write `GET host.internal/path`", "请写 `GET host.internal/path`"),
        );
    }
    parsed
}

fn read_day(text: &Located<String>, sink: &mut Sink<'_>) -> Day {
    text.value.parse().unwrap_or_else(|_| {
        sink.report(
            Code::WrongValue,
            text.at,
            Text::new(format!("`{}` is no day", text.value), format!("`{}` 不是日期", text.value)),
            Text::new("write `\"2026-12-31\"`", "请写 `\"2026-12-31\"`"),
        );
        Day::default()
    })
}

/// `GET host/path` taken apart: method, host, path.
pub fn parse_request_line(text: &str) -> Option<(String, String, String)> {
    let (method, rest) = text.trim().split_once(' ')?;
    let method = route::parse_method(method).ok()?;
    let rest = rest.trim();
    let (host, path) = rest.split_at(rest.find('/')?);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    (!host.is_empty()).then(|| (method, host.to_ascii_lowercase(), path.to_owned()))
}

fn read_expectation(
    node: &Node,
    names: &mut Vec<Located<String>>,
    sink: &mut Sink<'_>,
) -> Option<Expectation> {
    let _ = names;
    let fields = node.fields(sink)?;
    let status = fields.optional("status").and_then(|node| node.integer(sink));
    let status = status.and_then(|status| u16::try_from(status.value).ok());
    let mut text =
        |key: &'static str| fields.optional(key).and_then(|node| node.text(sink)).map(|text| text.value);
    let (code, body, request_body) = (text("code"), text("body"), text("request_body"));
    let rules = fields.optional("rules").map(|node| node.texts(sink));
    let rules = rules.map(|rules| rules.into_iter().map(|rule| rule.value).collect());
    let record = fields.optional("record").and_then(|node| read_record(node, sink));
    fields.finish(sink);
    let expect = Expectation { status, code, body, request_body, rules, record };
    if expect == Expectation::default() {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new("the case expects nothing", "该用例没有任何期望"),
            Text::new(
                "give `status`, `code`, `body`, `rules` or `record`",
                "请写 `status`、`code`、`body`、`rules` 或 `record`",
            ),
        );
    }
    Some(expect)
}

fn read_record(node: &Node, sink: &mut Sink<'_>) -> Option<ExpectedRecord> {
    let fields = node.fields(sink)?;
    let subjects = fields.optional("subjects").and_then(|node| node.integer(sink));
    let raised = fields.optional("raised").map(|node| {
        let one = |(name, node): &(Located<String>, Node), sink: &mut Sink<'_>| {
            Some((name.value.clone(), u64::try_from(node.integer(sink)?.value).ok()?))
        };
        entries(node, sink).iter().filter_map(|entry| one(entry, sink)).collect()
    });
    let mut counts = |key: &'static str| {
        let node = fields.optional(key)?;
        Some(entries(node, sink).iter().filter_map(|(name, node)| count(name, node, sink)).collect())
    };
    let record = ExpectedRecord {
        raised,
        subjects: subjects.and_then(|subjects| u64::try_from(subjects.value).ok()),
        shown: counts("shown"),
        masked: counts("masked"),
        dropped: counts("dropped"),
        monitored: counts("monitored"),
    };
    fields.finish(sink);
    Some(record)
}

fn count(name: &Located<String>, node: &Node, sink: &mut Sink<'_>) -> Option<(Category, u64)> {
    let Some(category) = Category::from_id(&name.value) else {
        sink.report(
            Code::UnknownReference,
            name.at,
            Text::new(
                format!("`{}` is no row of Appendix A", name.value),
                format!("`{}` 不是附录A的行", name.value),
            ),
            Text::new("records count by row", "访问记录按附录A的行计数"),
        );
        return None;
    };
    match &node.value {
        Value::Integer(number) => Some((category, u64::try_from(*number).ok()?)),
        _ => {
            let _ = node.integer(sink);
            None
        }
    }
}
