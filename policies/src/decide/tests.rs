use crate::{Caller, Decision, Permit, PolicySet, Request, Source, Treatment};
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

fn set(yaml: &str) -> PolicySet {
    match PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()) {
        Ok((set, _)) => set,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

fn caller(roles: &[&str]) -> Caller {
    Caller {
        id: "u".into(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        authenticated: true,
        ..Caller::default()
    }
}

fn request<'a>(path: &'a str, purpose: Option<&'a str>) -> Request<'a> {
    Request { method: "GET", host: "crm.internal", path, purpose }
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

#[test]
fn a1_what_no_policy_allows_is_refused() {
    let set = set(FIRM);
    let customer = request("/customers/42", Some("account-service"));
    assert_eq!(code(&set, &caller(&[]), &customer), (403, "YB2001"));
    assert_eq!(code(&set, &Caller::default(), &customer), (401, "YB2005"));
    assert_eq!(code(&set, &caller(&["teller"]), &request("/customers/42", Some("fishing"))), (403, "YB2002"));
    assert_eq!(
        code(&set, &caller(&["teller"]), &request("/customers/42", Some("marketing"))),
        (403, "YB2003")
    );
    assert_eq!(
        code(&set, &caller(&["teller"]), &request("/accounts/42", Some("account-service"))),
        (403, "YB2001")
    );
}

#[test]
fn a2_a_teller_sees_masks() {
    let set = set(FIRM);
    let permit = permit(&set, &caller(&["teller"]), &request("/customers/42", None));
    let view = permit.view(Some("80001234"));
    assert!(matches!(view.treatment(Kind::Mobile), Treatment::Mask(_)));
    assert!(matches!(view.treatment(Kind::Password), Treatment::Mask(mask) if !mask.shows_anything()));
    assert_eq!(permit.rules(), ["teller-sees-masked".into()]);
    assert_eq!((&**permit.route(), permit.purpose()), ("/customers/{id}", Some("account-service")));
}
