//! The clauses that version one promises, each shown through the running gateway: the real binary between a scripted
//! origin and clients on raw sockets. Tests are named after the rows of the requirements.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "conformance/abroad.rs"]
mod abroad;
#[path = "conformance/access.rs"]
mod access;
#[path = "conformance/auditors.rs"]
mod auditors;
#[path = "conformance/callers.rs"]
mod callers;
#[path = "conformance/central.rs"]
mod central;
#[path = "conformance/channels.rs"]
mod channels;
#[path = "conformance/classification.rs"]
mod classification;
#[path = "conformance/credentials.rs"]
mod credentials;
#[path = "conformance/cryptography.rs"]
mod cryptography;
#[path = "conformance/deidentify.rs"]
mod deidentify;
#[path = "conformance/detoken.rs"]
mod detoken;
#[path = "conformance/disk_faults.rs"]
mod disk_faults;
#[path = "conformance/errors.rs"]
mod errors;
#[path = "conformance/evidence.rs"]
mod evidence;
#[path = "conformance/exports.rs"]
mod exports;
#[path = "conformance/firm.rs"]
mod firm;
#[path = "conformance/formats.rs"]
mod formats;
#[path = "conformance/integrity.rs"]
mod integrity;
#[path = "conformance/inventory.rs"]
mod inventory;
#[path = "conformance/keys.rs"]
mod keys;
#[path = "conformance/keys_services.rs"]
mod keys_services;
#[path = "conformance/masks.rs"]
mod masks;
#[path = "conformance/monitoring.rs"]
mod monitoring;
#[path = "conformance/reports.rs"]
mod reports;
#[path = "conformance/retention.rs"]
mod retention;
#[path = "conformance/rights.rs"]
mod rights;
#[path = "conformance/scenes.rs"]
mod scenes;
#[path = "conformance/shipping.rs"]
mod shipping;
#[path = "conformance/siem.rs"]
mod siem;
#[path = "conformance/stores.rs"]
mod stores;
#[path = "conformance/streams.rs"]
mod streams;
#[path = "conformance/treatments.rs"]
mod treatments;
#[path = "conformance/views.rs"]
mod views;
#[path = "conformance/witness.rs"]
mod witness;
#[path = "conformance/workbench.rs"]
mod workbench;

/// A firm: tellers see masks, officers report to the supervisor in clear, investors see their own in full once stepped
/// up and others' masked, anybody asks for notices.
const FIRM: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: officer}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{jwt: {issuer: "https://sso.test.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: account-service}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: reporting}
spec: {basis: legal-duty}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: marketing}
spec: {basis: consent, consent: {kind: separate, recipient: self}}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: /customers}
  purpose: {header: true, default: account-service}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: one}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{client_id}"}
  purpose: {header: true, default: account-service}
  subject: {parameter: client_id}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: report}
spec:
  route: {host: crm.internal, path: /report}
  purpose: {header: true}
  records: $[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, title: 柜员只见脱敏信息, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], purposes: [account-service], routes: ["GET,HEAD crm.internal/customers", "GET,HEAD crm.internal/customers/*"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-markets, title: 营销只用已脱敏信息, clause: ["T/TSAC001:8.4.2"]}
spec:
  match: {roles: [teller], purposes: [marketing], routes: ["GET crm.internal/customers"]}
  allow: {categories: [basic.name, derived]}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own-after-step-up, title: 本人经再次鉴别可看全, clause: ["T/TSAC001:8.4.4.c"]}
spec:
  match: {roles: [investor], routes: ["GET crm.internal/customers", "GET crm.internal/customers/*"]}
  when: subject == caller.subject
  allow: {level: "<=3"}
  treat: {default: mask, when: {caller.stepped_up: clear}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: others-as-asked, title: 名单中他人信息, clause: ["T/TSAC001:8.4.4.d"]}
spec:
  match: {roles: [investor], routes: ["GET crm.internal/customers"]}
  when: subject != caller.subject
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-reports, title: 监管报送, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [officer], purposes: [reporting], routes: ["POST,GET crm.internal/report"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: notices-are-public, title: 试图向未登录者明文展示, clause: ["T/TSAC001:8.4.4.b"]}
spec:
  match: {authenticated: false, routes: ["GET crm.internal/notices"]}
  allow: {level: "<=3"}
  treat: clear
"#;
