//! `kind: Role` and `kind: Purpose`.

use super::one_of;
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Fields, Located, Node, Value};
use crate::{Basis, ConsentNeeded};

#[derive(Debug)]
pub(crate) struct RoleSpec {
    /// Any of these gives the role.
    pub any: Vec<Proof>,
}

/// What must be proven; every part that is given must hold.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    Jwt { issuer: String, claim: String, test: ClaimTest },
    Certificate { spiffe: Option<String>, common_name: Option<String>, organisational_unit: Option<String> },
    ApiToken { id: String },
    Authenticated,
}

#[derive(Clone, Debug)]
pub(crate) enum ClaimTest {
    Equals(serde_json::Value),
    Contains(String),
    Present,
}

#[derive(Debug)]
pub(crate) struct PurposeSpec {
    pub basis: Basis,
    /// There when the basis is consent.
    pub consent: Option<ConsentNeeded>,
    pub recipient: Option<String>,
    /// Where the recipient is, when it is abroad, and the place of that key.
    pub country: Option<Located<String>>,
}

/// The words for T/TSAC 001 §8.1 a–g.
const BASES: [(&str, Basis); 7] = [
    ("consent", Basis::Consent),
    ("contract", Basis::Contract),
    ("legal-duty", Basis::LegalDuty),
    ("emergency", Basis::Emergency),
    ("public-interest", Basis::PublicInterest),
    ("public-information", Basis::PublicInformation),
    ("other-law", Basis::OtherLaw),
];

impl Basis {
    /// The word policies use.
    pub fn id(self) -> &'static str {
        BASES.iter().find(|(_, basis)| *basis == self).map_or("", |(word, _)| word)
    }
}

pub(crate) fn read_role(node: &Node, sink: &mut Sink<'_>) -> Option<RoleSpec> {
    let fields = node.fields(sink)?;
    let nodes = fields.required("any", sink).and_then(|node| node.list(sink));
    let any: Vec<Proof> = nodes.into_iter().flatten().filter_map(|node| read_proof(node, sink)).collect();
    fields.finish(sink);
    if nodes.is_some_and(<[Node]>::is_empty) {
        sink.report(
            Code::WrongValue,
            node.at,
            Text::new("nothing gives this role", "没有任何凭证可得到此角色"),
            Text::new("list at least one proof under `any`", "在 `any` 下至少列出一种凭证"),
        );
    }
    Some(RoleSpec { any })
}

fn read_proof(node: &Node, sink: &mut Sink<'_>) -> Option<Proof> {
    let fields = node.fields(sink)?;
    let jwt = fields.optional("jwt");
    let certificate = fields.optional("certificate");
    let token = fields.optional("api_token");
    let authenticated = fields.optional("authenticated");
    let given = [jwt, certificate, token, authenticated].into_iter().flatten().count();
    fields.finish(sink);
    if given != 1 {
        sink.report(
            Code::WrongValue,
            node.at,
            Text::new(
                "each proof is one of `jwt`, `certificate`, `api_token`, `authenticated`",
                "每条凭证须为 `jwt`、`certificate`、`api_token`、`authenticated` 之一",
            ),
            Text::new("write them as separate list items", "请分列为多个列表项"),
        );
        return None;
    }
    if let Some(node) = jwt {
        return read_jwt(node.fields(sink)?, sink);
    }
    if let Some(node) = certificate {
        return read_certificate(node.fields(sink)?, sink);
    }
    if let Some(node) = token {
        let fields = node.fields(sink)?;
        let id = fields.required("id", sink).and_then(|node| node.text(sink));
        fields.finish(sink);
        return Some(Proof::ApiToken { id: id?.value });
    }
    let wanted = authenticated?.boolean(sink)?;
    if !wanted.value {
        sink.report(
            Code::WrongValue,
            wanted.at,
            Text::new("a role can't be given for lack of proof", "不能因缺少凭证而获得角色"),
            Text::new(
                "use `match: {authenticated: false}` in a policy",
                "请在策略中写 `match: {authenticated: false}`",
            ),
        );
        return None;
    }
    Some(Proof::Authenticated)
}

fn read_jwt(fields: Fields<'_>, sink: &mut Sink<'_>) -> Option<Proof> {
    let issuer = fields.required("issuer", sink).and_then(|node| node.text(sink));
    let claim = fields.required("claim", sink).and_then(|node| node.text(sink));
    let equals = fields.optional("equals");
    let contains = fields.optional("contains").and_then(|node| node.text(sink));
    let at = fields.at;
    fields.finish(sink);
    let test = match (equals, contains) {
        (Some(node), None) => ClaimTest::Equals(match &node.value {
            Value::Text(text) => text.as_str().into(),
            Value::Bool(value) => (*value).into(),
            Value::Integer(number) => i64::try_from(*number).ok()?.into(),
            _ => {
                let _ = node.text(sink);
                return None;
            }
        }),
        (None, Some(text)) => ClaimTest::Contains(text.value),
        (None, None) => ClaimTest::Present,
        (Some(_), Some(_)) => {
            sink.report(
                Code::Contradiction,
                at,
                Text::new("both `equals` and `contains`", "同时写了 `equals` 与 `contains`"),
                Text::new("say one", "只写其一"),
            );
            return None;
        }
    };
    Some(Proof::Jwt { issuer: issuer?.value, claim: claim?.value, test })
}

fn read_certificate(fields: Fields<'_>, sink: &mut Sink<'_>) -> Option<Proof> {
    let mut text =
        |key: &'static str| fields.optional(key).and_then(|node| node.text(sink)).map(|text| text.value);
    let (spiffe, common_name, unit) = (text("spiffe"), text("common_name"), text("organisational_unit"));
    let at = fields.at;
    fields.finish(sink);
    if spiffe.is_none() && common_name.is_none() && unit.is_none() {
        sink.report(
            Code::MissingKey,
            at,
            Text::new("a certificate of what name?", "未写明证书的名称"),
            Text::new(
                "give `spiffe`, `common_name` or `organisational_unit`",
                "请写 `spiffe`、`common_name` 或 `organisational_unit`",
            ),
        );
        return None;
    }
    Some(Proof::Certificate { spiffe, common_name, organisational_unit: unit })
}

pub(crate) fn read_purpose(node: &Node, sink: &mut Sink<'_>) -> Option<PurposeSpec> {
    let fields = node.fields(sink)?;
    let word = fields.required("basis", sink).and_then(|node| node.text(sink));
    let recipient = fields.optional("recipient").and_then(|node| node.text(sink)).map(|text| text.value);
    let consent = fields.optional("consent");
    let needed = consent.and_then(|consent| read_consent(consent, recipient.as_deref(), sink));
    let consent_at = fields.key_at("consent");
    let country = fields.optional("country").and_then(|node| node.text(sink));
    fields.finish(sink);
    let word = word?;
    let Some((_, basis)) = BASES.into_iter().find(|(name, _)| *name == word.value) else {
        one_of(&word.value, word.at, &BASES.map(|(name, _)| name), sink);
        return None;
    };
    if consent.is_some() && basis != Basis::Consent {
        sink.report(
            Code::Contradiction,
            consent_at,
            Text::new("`consent` though the basis is another", "依据并非同意，却写了 `consent`"),
            Text::new("T/TSAC 001 §8.1 b to g need no consent", "T/TSAC 001 8.1 b）至 g）无需同意"),
        );
    }
    let consent = (basis == Basis::Consent).then(|| {
        let recipient = recipient.clone().unwrap_or_else(|| SELF.to_owned());
        needed.unwrap_or(ConsentNeeded { separate: true, recipient, notices: Vec::new() })
    });
    let recipient = recipient.or_else(|| consent.as_ref().map(|consent| consent.recipient.clone()));
    let recipient = recipient.filter(|recipient| recipient != SELF);
    let country =
        country.filter(|country| check_abroad(country, recipient.as_deref(), consent.as_ref(), sink));
    Some(PurposeSpec { basis, consent, recipient, country })
}

/// Whether a recipient abroad is named as T/TSAC 001 §8.6.2 and §8.7.3 ask; whether it is abroad at all.
fn check_abroad(
    country: &Located<String>,
    recipient: Option<&str>,
    consent: Option<&ConsentNeeded>,
    sink: &mut Sink<'_>,
) -> bool {
    let is_code = country.value.len() == 2 && country.value.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_code {
        sink.report(
            Code::WrongValue,
            country.at,
            Text::new(
                format!("`{}` is no country", country.value),
                format!("`{}` 不是国家或地区", country.value),
            ),
            Text::new(
                "write two capital letters of ISO 3166, such as `SG`",
                "请写 ISO 3166 两位大写代码，如 `SG`",
            ),
        );
    }
    if recipient.is_none() {
        sink.report(
            Code::Contradiction,
            country.at,
            Text::new("a country, and no recipient there", "写了国家或地区，却未写接收方"),
            Text::new("name the `recipient` (T/TSAC 001 §8.7.3 a)", "请写 `recipient`（T/TSAC 001 8.7.3 a）"),
        );
    }
    if consent.is_some_and(|consent| !consent.separate) {
        sink.report(
            Code::Contradiction,
            country.at,
            Text::new("data goes abroad on a bundled consent", "以概括同意向境外提供"),
            Text::new(
                "it takes a separate one: `kind: separate` (T/TSAC 001 §8.7.3 a)",
                "须取得单独同意：`kind: separate`（T/TSAC 001 8.7.3 a）",
            ),
        );
    }
    is_code && country.value != HOME
}

/// The country the standard is of; nothing that stays there goes abroad.
const HOME: &str = "CN";

/// Which consent a purpose rests on. One that is not known to be general is separate: the stricter of the two.
fn read_consent(node: &Node, recipient: Option<&str>, sink: &mut Sink<'_>) -> Option<ConsentNeeded> {
    let fields = node.fields(sink)?;
    let kind = fields.optional("kind").and_then(|node| node.text(sink));
    if let Some(kind) = kind.as_ref().filter(|kind| !["separate", "general"].contains(&kind.value.as_str())) {
        one_of(&kind.value, kind.at, &["separate", "general"], sink);
    }
    let own = fields.optional("recipient").and_then(|node| node.text(sink));
    if let Some(own) = own.as_ref().filter(|own| recipient.is_some_and(|recipient| recipient != own.value)) {
        sink.report(
            Code::Contradiction,
            own.at,
            Text::new("two recipients of one purpose", "同一目的写了两个接收方"),
            Text::new("name the recipient once", "接收方只写一次"),
        );
    }
    let notices = fields.optional("notices").map(|node| node.texts(sink)).unwrap_or_default();
    fields.finish(sink);
    Some(ConsentNeeded {
        separate: kind.is_none_or(|kind| kind.value != "general"),
        recipient: own
            .map(|own| own.value)
            .or(recipient.map(str::to_owned))
            .unwrap_or_else(|| SELF.to_owned()),
        notices: notices.into_iter().map(|notice| notice.value).collect(),
    })
}

/// The firm itself as a recipient.
const SELF: &str = "self";
