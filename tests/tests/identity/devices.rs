//! A8: an account bound to devices, each of which proves itself by its own certificate (T/TSAC 001—2025 §7.5 d, e).

use super::{Authority, Issued, over_tls};
use rcgen::{DnType, SanType};
use yingbi_tests::{Answer, Gateway, Origin, canary, credentials};

const POLICY: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: on-bound-devices, title: 仅限绑定设备, clause: ["T/TSAC001:7.5.e"]}
spec:
  match: {roles: [teller], routes: ["*/**"]}
  when: caller.device == "laptop-7.firm.internal" || caller.device == "spiffe://firm/device/8"
  allow: {level: "<=3"}
  treat: mask
"#;

const STAFF: &str = "- {id: teller, state: active, devices: [laptop-7.firm.internal, \"spiffe://firm/device/8\", till-9, laptop-7]}\n";

#[test]
fn a8_a_bound_device_proves_itself_by_its_certificate() {
    let [servers, devices, strangers] = ["servers", "devices", "devices"].map(Authority::new);
    let server = servers.issue(|params| {
        params.subject_alt_names = vec![SanType::DnsName("gateway.test".try_into().unwrap())];
    });
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let gateway = Gateway::of(&origin)
        .policy(POLICY)
        .identity("  directory: {file: staff.yaml}\n")
        .file("staff.yaml", STAFF)
        .file("server.pem", &server.certificate_pem)
        .file("server.key", &server.key.serialize_pem())
        .file("clients.pem", &devices.issuer.pem())
        .listen("    tls:\n      certificate: server.pem\n      key: server.key\n      client_ca: {file: clients.pem, mode: optional}\n")
        .start();
    let named = |authority: &Authority, name: SanType| {
        authority.issue(|params| params.subject_alt_names = vec![name])
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let token = credentials("teller");
    let ask = |device: Option<&Issued>| over_tls(gateway.address, &servers, device, &token);
    for (what, own) in [
        ("a DNS name", named(&devices, dns("laptop-7.firm.internal"))),
        ("a URI", named(&devices, SanType::URI("spiffe://firm/device/8".try_into().unwrap()))),
    ] {
        let answer = ask(Some(&own)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
        canary::assert_hidden(what, answer.as_bytes());
    }
    // Bound, and refused by the rule that asks for other devices.
    let till = devices.issue(|params| params.distinguished_name.push(DnType::CommonName, "till-9"));
    let answer = ask(Some(&till)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("YB2001"), "{answer}");
    // Another's device, a name that begins like one's own, and none at all.
    let others = [
        named(&devices, dns("laptop-8.firm.internal")),
        named(&devices, dns("laptop-7.firm.internal.evil")),
        devices.issue(|params| {
            params.distinguished_name.push(DnType::OrganizationalUnitName, "laptop-7.firm.internal")
        }),
    ];
    for device in others.iter().map(Some).chain([None]) {
        let answer = ask(device).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("YB0631"), "{answer}");
    }
    // The right name from an authority that the firm does not know.
    let forged = named(&strangers, dns("laptop-7.firm.internal"));
    let answered = ask(Some(&forged));
    assert!(answered.as_ref().map_or(true, |answer| answer.starts_with("HTTP/1.1 401")), "{answered:?}");
    // A header that claims a device is none.
    let claims = format!("{token}X-Client-Cert: laptop-7.firm.internal\r\n");
    let answer = over_tls(gateway.address, &servers, None, &claims).unwrap();
    assert!(answer.contains("YB0631"), "{answer}");
    assert_eq!(origin.seen().len(), 2, "nobody else got through");
    // Without a token a device is a device, and nobody who may see anything.
    let own = named(&devices, dns("laptop-7.firm.internal"));
    assert!(over_tls(gateway.address, &servers, Some(&own), "").unwrap().starts_with("HTTP/1.1 40"));
}
