//! A3 to A7, A11, P2 to P7: grants and tickets, limits in investors, kill switches, consents and restrictions, and who
//! may change them, in one firm.

#[path = "rights/callers.rs"]
mod callers;
#[path = "rights/consents.rs"]
mod consents;
#[path = "rights/grants.rs"]
mod grants;
#[path = "rights/limits.rs"]
mod limits;
#[path = "rights/officers.rs"]
mod officers;
#[path = "rights/switches.rs"]
mod switches;

use serde_json::{Value, json};
use yingbi_tests::stage::Asked;
use yingbi_tests::{Setup, Stage, Who, canary};

pub(crate) const ANNA: &str = "80001234";
pub(crate) const BO: &str = "80005678";
pub(crate) const CHEN: &str = "80009012";

/// A firm with a complaints desk, a marketing team and a branch.
pub(crate) const FIRM: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: complaint-handler}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: marketer}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: supervisor}
spec: {any: [{api_token: {id: supervisor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: complaint, clause: ["T/TSAC001:8.1.b"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: marketing, clause: ["T/TSAC001:8.4.2"]}
spec: {basis: consent, consent: {kind: separate, recipient: self, notices: [v3, v4]}}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: reporting, clause: ["T/TSAC001:8.1.c"]}
spec: {basis: legal-duty, recipient: regulator}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: one}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: complaint}
  subject: {parameter: id}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: "/customers"}
  purpose: {header: true, default: complaint}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: complaint-opens-one-investor, title: 投诉处理人仅见投诉人信息, clause: ["T/TSAC001:7.5.k"]}
spec:
  match: {roles: [complaint-handler], purposes: [complaint], routes: ["GET crm.internal/customers/*", "GET crm.internal/customers"]}
  when: grant.active(subject)
  allow: {categories: [basic, account.opening]}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: lists-are-masked, title: 名单脱敏, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [complaint-handler, supervisor], purposes: [complaint], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: marketing-with-consent, title: 经单独同意的营销, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [marketer], purposes: [marketing], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: marketing-one-with-consent, title: 经单独同意方可营销, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [marketer], purposes: [marketing], routes: ["GET crm.internal/customers/*"]}
  when: consent.covers(purpose)
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: reporting-in-clear, title: 监管报送, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [marketer], purposes: [reporting], routes: ["GET crm.internal/customers", "GET crm.internal/customers/*"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: complaint, title: 投诉处理授权, clause: ["T/TSAC001:7.5.k"]}
spec:
  {asked_by: [complaint-handler], approved_by: [supervisor], not: self, purposes: [complaint], lasts: 2h, by_ticket: true, break_glass: true}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: phone-only, title: 仅电话, clause: ["T/TSAC001:7.5.k"]}
spec: {asked_by: [complaint-handler], approved_by: [supervisor], categories: [basic.mobile], lasts: 2h}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: bulk-read, title: 批量查询审批, clause: ["T/TSAC001:7.5.h"]}
spec: {asked_by: [complaint-handler], approved_by: [supervisor], lasts: 2h, once: true}
"#;

pub(crate) fn offices(setup: Setup) -> Setup {
    setup
        .caller("supervisor")
        .officer("dora", &["data-operator"], &["complaint-handler"])
        .officer("otto", &["approver"], &["supervisor"])
        .officer("paul", &["approver"], &[])
        .officer("sara", &["security-admin"], &[])
        .officer("alan", &["auditor"], &[])
        .officer("petra", &["platform"], &[])
        .admin("  webhooks:\n    - {id: complaints, secret: hook.key}\n")
        .file("hook.key", &"3c".repeat(32))
}

pub(crate) fn stage() -> Stage {
    let stage = Stage::with(FIRM, offices);
    stage.answers_json(&record(ANNA));
    stage
}

pub(crate) fn record(client_id: &str) -> Value {
    json!({
        "client_id": client_id, "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID,
        "trade_pwd": canary::PASSWORD,
    })
}

pub(crate) fn list(clients: &[&str]) -> Value {
    json!({ "data": clients.iter().map(|id| record(id)).collect::<Vec<_>>() })
}

pub(crate) fn get(stage: &Stage, path: &str, ticket: &str) -> Asked {
    let header = if ticket.is_empty() { String::new() } else { format!("Yingbi-Ticket: {ticket}\r\n") };
    stage.ask(Who::Token("teller"), "GET", path, &header)
}

pub(crate) fn code(asked: &Asked) -> (u16, String) {
    (asked.response.status, asked.response.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// Asks for a grant and has it approved; its id.
pub(crate) fn granted(stage: &Stage, asked: Value) -> String {
    let (status, grant) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!((status, &grant["state"]), (201, &json!("requested")), "{grant}");
    let id = grant["id"].as_str().unwrap().to_owned();
    let (status, grant) =
        stage.gateway.office("otto", "POST", &format!("/api/v1/grants/{id}/approve"), &Value::Null);
    assert_eq!((status, &grant["state"]), (200, &json!("active")), "{grant}");
    id
}

pub(crate) fn consent(subject: &str, more: Value) -> Value {
    let mut consent = json!({
        "subject": subject, "purpose": "marketing", "notice": "v3", "channel": "app", "kind": "separate",
        "evidence": format!("sm3:{}", "ab".repeat(32)),
    });
    consent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    consent
}

/// Which records of the list a marketer sees in clear.
pub(crate) fn clear(stage: &Stage) -> Vec<bool> {
    let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
    let got = asked.response.json();
    let rows = got["data"].as_array().unwrap_or_else(|| panic!("{got}"));
    rows.iter().map(|row| row["mobile_tel"] == canary::MOBILE).collect()
}

/// Nothing that the gateway has written tells of anybody in clear.
pub(crate) fn hidden(stage: &Stage) {
    for (path, bytes) in stage.gateway.written() {
        canary::assert_hidden(&path.display().to_string(), &bytes);
        for client in [ANNA, BO, CHEN] {
            let found = bytes.windows(client.len()).any(|window| window == client.as_bytes());
            assert!(!found, "{client} in {}", path.display());
        }
    }
}

pub(crate) fn metric(stage: &Stage, name: &str) -> f64 {
    let (_, text) = stage.gateway.admin_get("/metrics").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}
