mod meaning;
mod requests;
mod standing;

use crate::testing::set;
use crate::{Caller, Decision, Permit, PolicySet, Request, Treatment};
use yingbi_taxonomy::Kind;

/// The small firm of the language's introduction.
const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 营业部柜员}
spec:
  any:
    - jwt: {issuer: "https://sso.firm.internal", claim: groups, contains: branch-teller}
    - certificate: {spiffe: "spiffe://firm/branch/*"}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{jwt: {issuer: "https://app.firm.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: account-service, title: 账户服务, clause: ["T/TSAC001:8.1.a"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: marketing, title: 营销推送, clause: ["T/TSAC001:8.4.2"]}
spec: {basis: consent, consent: {kind: separate, recipient: self}}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: crm-customer}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: account-service}
  records: $.data[*]
  subject: $.client_id
  fields:
    - {path: $.tier, category: derived}
    - {path: $.memo, category: service}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, title: 柜员办理业务只见脱敏信息, clause: ["T/TSAC001:7.5.a", "T/TSAC001:8.4.4.a"]}
spec:
  mode: enforce
  match: {roles: [teller], purposes: [account-service], routes: ["crm.internal/customers/**"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own-data-after-step-up, title: 本人经再次鉴别可看全, clause: ["T/TSAC001:8.4.4.c"]}
spec:
  mode: enforce
  match: {roles: [investor]}
  when: subject == caller.subject
  allow: {level: "<=3"}
  treat: {default: mask, when: {caller.stepped_up: clear}}
"#;

fn caller(roles: &[&str]) -> Caller {
    Caller {
        id: "u".into(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        authenticated: true,
        ..Caller::default()
    }
}

fn request<'a>(path: &'a str, purpose: Option<&'a str>) -> Request<'a> {
    Request { method: "GET", host: "crm.internal", path, purpose, today: crate::Day::default() }
}

fn permit(set: &PolicySet, caller: &Caller, request: &Request<'_>) -> Permit {
    match set.decide_caller(caller, request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

fn code(set: &PolicySet, caller: &Caller, request: &Request<'_>) -> (u16, &'static str) {
    match set.decide_caller(caller, request) {
        Decision::Permit(permit) => panic!("{:?}", permit.rules()),
        Decision::Refuse(refusal) => (refusal.status, refusal.code),
    }
}

/// Policies over one binding that names each record's subject, for roles `staff`, `lead` and `investor`.
fn people(policies: &str) -> PolicySet {
    people_under("x", policies)
}

/// The same under a clause.
fn people_under(clause: &str, policies: &str) -> PolicySet {
    let role = |id: &str| {
        format!(
            "apiVersion: yingbi/v1\nkind: Role\nmetadata: {{id: {id}}}\nspec: {{any: [{{api_token: {{id: {id}}}}}]}}\n---\n"
        )
    };
    let purposes = "apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: service}\nspec: {basis: contract}\n---\n\
        apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: campaign}\nspec: {basis: consent}\n---\n\
        apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: duty}\nspec: {basis: legal-duty}\n---\n\
        apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: last-two}\nspec: {algorithm: keep, last: 2}\n---\n\
        apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: crm.internal, path: \"/people\"}, records: \"$[*]\", subject: $.id}\n";
    let documents: Vec<String> = policies
        .split("---\n")
        .enumerate()
        .map(|(at, spec)| {
            format!("---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p{at}, clause: [\"{clause}\"]}}\nspec:\n{spec}")
        })
        .collect();
    set(&format!("{}{}{}{purposes}{}", role("staff"), role("lead"), role("investor"), documents.concat()))
}

/// One view in words: `clear`, `mask:1` (how much stays), `drop`, `block`.
fn word(treatment: &Treatment) -> String {
    match treatment {
        Treatment::Clear => "clear".into(),
        Treatment::Mask(mask) => format!("mask:{}", mask.weakness().0),
        Treatment::Drop => "drop".into(),
        Treatment::Block => "block".into(),
    }
}

/// What comes of a mobile, a balance, an investor code and a password, in the caller's own record and in another's.
fn table(set: &PolicySet, caller: &Caller, purpose: Option<&str>) -> [String; 2] {
    let permit = permit(set, caller, &request("/people", purpose));
    [Some("me"), Some("you")].map(|subject| {
        let view = permit.view(subject);
        [Kind::Mobile, Kind::Balance, Kind::InvestorCode, Kind::Password]
            .map(|kind| word(view.treatment(kind)))
            .join(" ")
    })
}

fn investor(stepped_up: bool) -> Caller {
    Caller { subjects: vec!["me".into()], stepped_up, ..caller(&["investor"]) }
}

const NOTHING: &str = "drop drop drop drop";
