//! Random policies over the whole language: every kind of document and every word that a rule may say.

use super::chance::Chance;
use std::fmt::Write as _;
use yingbi_taxonomy::{Category, Kind};

pub const ROLES: [&str; 4] = ["teller", "investor", "vendor", "auditor"];
pub const PURPOSES: [&str; 4] = ["service", "marketing", "duty", "research"];
pub const HOSTS: [&str; 2] = ["a.internal", "b.internal"];
pub const ZONES: [&str; 2] = ["office", "remote"];
pub const KINDS: [&str; 2] = ["person", "robot"];

/// Of a hundred requests, how many a rule with a share rules.
pub const SHARE: u8 = 35;

/// A firm's documents.
#[derive(Clone, Debug)]
pub struct Firm {
    documents: Vec<String>,
    /// Ids of rules that allow.
    allowing: Vec<String>,
    /// What a floor of the firm's drops, whoever asks.
    dropped: Option<Category>,
}

/// A firm with one rule more, of which only the mode differs.
pub struct Halved {
    firm: Firm,
    rule: String,
}

/// What that rule does.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Shared,
    Ruling,
    Watching,
}

impl Firm {
    pub fn new(chance: &mut Chance) -> Firm {
        let mut firm = Firm { documents: Vec::new(), allowing: Vec::new(), dropped: None };
        for role in ROLES {
            firm.add("Role", role, "", &format!("{{any: [{{api_token: {{id: {role}}}}}]}}"));
        }
        for purpose in PURPOSES {
            let basis = match purpose {
                "marketing" => "{basis: consent, consent: {kind: separate, recipient: self}}",
                "duty" => "{basis: legal-duty}",
                "research" => {
                    chance.one(&["{basis: public-interest}", "{basis: consent}", "{basis: contract}"])
                }
                _ => "{basis: contract}",
            };
            firm.add("Purpose", purpose, "", basis);
        }
        firm.add("Mask", "shape", "", "{algorithm: keep, first: 1, last: 1}");
        firm.bindings(chance);
        for nth in 0..=chance.below(7) {
            firm.rule(chance, &format!("rule-{nth}"));
        }
        if chance.percent(50) {
            let category = chance.one(&Category::all().collect::<Vec<_>>());
            firm.dropped = Some(category);
            firm.add(
                "Policy",
                "own-floor",
                "",
                &format!("{{floor: {{categories: [{category}], treat: drop}}}}"),
            );
        }
        if chance.percent(40) {
            let parts = [0; 2].map(|_| chance.one(&ROWS));
            let level = chance.one(&["3", "3", "4"]);
            let mode = chance.one(&["enforce", "enforce", "monitor"]);
            if parts[0] != parts[1] {
                let spec = format!("{{mode: {mode}, all: [{}, {}], level: {level}}}", parts[0], parts[1]);
                firm.add("Combination", "own-combination", "", &spec);
            }
        }
        if chance.percent(40) {
            let who = chance.one(&ROLES);
            firm.add(
                "Limit",
                "own-limit",
                "",
                &format!("{{match: {{roles: [{who}]}}, distinct: investors, per: day, at: 9}}"),
            );
        }
        firm
    }

    fn bindings(&mut self, chance: &mut Chance) {
        for host in HOSTS {
            if chance.percent(70) {
                let purpose = chance.one(&PURPOSES);
                let header = chance.percent(80);
                let subject = chance.one(&[
                    "subject: {parameter: id}",
                    "subject: caller",
                    "records: $.data[*], subject: $.id",
                    "opaque: []",
                ]);
                let overrides = if chance.percent(30) {
                    let (row, level) = (chance.one(&ROWS), chance.one(&["1", "2", "3", "4"]));
                    format!(", overrides: [{{category: {row}, level: {level}, reason: r}}]")
                } else {
                    String::new()
                };
                let spec = format!(
                    "{{route: {{host: {host}, path: \"/c/{{id}}\"}}, purpose: {{header: {header}, default: {purpose}}}, {subject}{overrides}}}"
                );
                self.add("Binding", &format!("one-{host}"), "", &spec);
            }
            if chance.percent(60) {
                let spec = format!(
                    "{{route: {{host: {host}, method: GET, path: /list}}, records: \"$[*]\", subject: $.id}}"
                );
                self.add("Binding", &format!("list-{host}"), "", &spec);
            }
        }
    }

    /// One more rule, of whatever sort.
    fn rule(&mut self, chance: &mut Chance, id: &str) {
        let clause = match chance.below(4) {
            0 => ", clause: [\"T/TSAC001:8.4.4.d.1\"]",
            1 => ", clause: [\"T/TSAC001:7.5.k\"]",
            _ => "",
        };
        let mut spec = String::from("{");
        match chance.below(8) {
            0 => spec.push_str("mode: monitor, "),
            1 => spec.push_str("mode: off, "),
            2 => drop(write!(spec, "share: {}, ", 1 + chance.below(99))),
            _ => {}
        }
        spec.push_str(&matching(chance));
        if chance.percent(60) {
            let _ = write!(spec, "when: '{}', ", condition(chance, 2));
        }
        match chance.below(10) {
            0 => drop(write!(spec, "deny: {}", selection(chance))),
            1 => {
                let word = chance.one(&["mask", "drop", "nothing", "shape"]);
                let unless = chance.one(&["", ", unless: grounded"]);
                let _ = write!(
                    spec,
                    "floor: {{categories: [{}], treat: {word}{unless}}}",
                    chance.some(&NAMES).join(", ")
                );
            }
            _ => {
                self.allowing.push(id.to_owned());
                let _ = write!(spec, "allow: {}{}", selection(chance), treat(chance));
            }
        }
        spec.push('}');
        self.add("Policy", id, clause, &spec);
    }

    fn add(&mut self, kind: &str, id: &str, meta: &str, spec: &str) {
        self.documents.push(document(kind, id, meta, spec));
    }

    pub fn text(&self) -> String {
        self.documents.join("---\n")
    }

    /// A rule that denies and nothing else.
    pub fn denial(&self, chance: &mut Chance) -> String {
        let what = if chance.percent(30) { "all".to_owned() } else { selection(chance) };
        let when =
            if chance.percent(60) { format!("when: '{}', ", condition(chance, 2)) } else { String::new() };
        document("Policy", "one-more-denial", "", &format!("{{{}{when}deny: {what}}}", matching(chance)))
    }

    /// An exception to one of the rules.
    pub fn exception(&self, chance: &mut Chance) -> Option<String> {
        if self.allowing.is_empty() {
            return None;
        }
        let policy = &self.allowing[chance.below(self.allowing.len())];
        let word = chance.one(&["clear", "clear", "mask", "drop", "shape"]);
        let spec = format!(
            "{{owner: o, reason: r, expires: 2026-06-30, policy: {policy}, instead: {{treat: {word}}}}}"
        );
        Some(document("Exception", "one-exception", "", &spec))
    }

    /// A rule that only watches, of any sort.
    pub fn watched(&self, chance: &mut Chance) -> String {
        let what = match chance.below(3) {
            0 => format!("deny: {}", selection(chance)),
            1 => format!("floor: {{categories: [{}], treat: drop}}", chance.some(&NAMES).join(", ")),
            _ => format!("allow: {}{}", selection(chance), treat(chance)),
        };
        document("Policy", "one-that-watches", "", &format!("{{mode: monitor, {}{what}}}", matching(chance)))
    }

    pub fn with_share(&self, chance: &mut Chance) -> Option<Halved> {
        let rule = match chance.below(3) {
            0 => format!("{}deny: {}", matching(chance), selection(chance)),
            1 => format!(
                "{}floor: {{categories: [{}], treat: drop}}",
                matching(chance),
                chance.some(&NAMES).join(", ")
            ),
            _ => format!("{}allow: {}{}", matching(chance), selection(chance), treat(chance)),
        };
        Some(Halved { firm: self.clone(), rule })
    }

    /// The same documents in another order, in two files.
    pub fn shuffled(&self, chance: &mut Chance) -> (String, String) {
        let mut documents = self.documents.clone();
        for at in (1..documents.len()).rev() {
            documents.swap(at, chance.below(at + 1));
        }
        let right = documents.split_off(1 + chance.below(documents.len() - 1));
        (documents.join("---\n"), right.join("---\n"))
    }

    /// Whether a floor of the firm's drops a kind, whoever asks.
    pub fn always_dropped(&self, kind: Kind) -> bool {
        self.dropped == Some(kind.category())
    }
}

impl Halved {
    pub fn text(&self, part: Part) -> String {
        let mode = match part {
            Part::Shared => format!("share: {SHARE}, "),
            Part::Ruling => String::new(),
            Part::Watching => "mode: monitor, ".to_owned(),
        };
        let document = document("Policy", "one-with-a-share", "", &format!("{{{mode}{}}}", self.rule));
        format!("{}---\n{document}", self.firm.text())
    }
}

fn document(kind: &str, id: &str, meta: &str, spec: &str) -> String {
    format!("apiVersion: yingbi/v1\nkind: {kind}\nmetadata: {{id: {id}{meta}}}\nspec: {spec}\n")
}

fn matching(chance: &mut Chance) -> String {
    let mut parts = Vec::new();
    let public = chance.percent(10);
    if public {
        parts.push("authenticated: false".to_owned());
    } else if chance.percent(60) {
        parts.push(format!("roles: [{}]", chance.some(&ROLES).join(", ")));
    }
    if chance.percent(40) {
        parts.push(format!("purposes: [{}]", chance.some(&PURPOSES).join(", ")));
    }
    if chance.percent(70) {
        let route = |chance: &mut Chance| {
            let host = chance.one(&["a.internal", "b.internal", "*.internal", "*"]);
            let path = chance.one(&["/c/*", "/c/**", "/**", "/list", "/l*t", "/c/{id}"]);
            format!("\"{}{host}{path}\"", chance.one(&["", "GET ", "GET,POST "]))
        };
        let routes: Vec<String> = (0..=chance.below(2)).map(|_| route(chance)).collect();
        parts.push(format!("routes: [{}]", routes.join(", ")));
    }
    if parts.is_empty() { String::new() } else { format!("match: {{{}}}, ", parts.join(", ")) }
}

fn condition(chance: &mut Chance, depth: usize) -> String {
    if depth > 0 && chance.percent(50) {
        let (left, right) = (condition(chance, depth - 1), condition(chance, depth - 1));
        return match chance.below(3) {
            0 => format!("({left} && {right})"),
            1 => format!("({left} || {right})"),
            _ => format!("!({left})"),
        };
    }
    let atom = chance.one(&[
        "subject == caller.subject",
        "subject != caller.subject",
        "grant.active(subject)",
        "consent.covers(purpose)",
        "subject.restricted",
        "caller.stepped_up",
        "caller.authenticated",
        "caller.role in [\"teller\", \"vendor\"]",
        "caller.zone == \"office\"",
        "caller.kind != \"robot\"",
        "request.method == \"GET\"",
        "request.path.startsWith(\"/c\")",
        "purpose.basis == \"contract\"",
        "request.purpose in [\"duty\", \"service\"]",
        "true",
    ]);
    atom.to_owned()
}

/// Level 4 may stand in it: what would show it must be refused when it is read, or hidden when it rules.
fn selection(chance: &mut Chance) -> String {
    let except = if chance.percent(20) {
        format!(", except: [{}]", chance.some(&NAMES).join(", "))
    } else {
        String::new()
    };
    match chance.below(3) {
        0 => format!("{{categories: [{}]{except}}}", chance.some(&NAMES).join(", ")),
        1 => format!("{{level: \"<=2\"{except}}}"),
        _ => format!("{{level: \"<=3\"{except}}}"),
    }
}

fn treat(chance: &mut Chance) -> String {
    let word = |chance: &mut Chance| chance.one(&["mask", "clear", "clear", "drop", "nothing", "shape"]);
    let table = |chance: &mut Chance| -> String {
        let named: Vec<String> = chance
            .some(&["basic.name", "\"level:2\"", "wealth.position", "trade.order"])
            .into_iter()
            .map(|name| format!("{name}: {}", chance.one(&["mask", "drop", "nothing"])))
            .collect();
        format!("default: {}, categories: {{{}}}", word(chance), named.join(", "))
    };
    match chance.below(4) {
        0 => String::new(),
        1 => format!(", treat: {}", word(chance)),
        2 => format!(", treat: {{{}}}", table(chance)),
        _ => {
            let branches: Vec<String> = (0..=chance.below(2))
                .map(|nth| {
                    // Two branches of one condition would be one key twice.
                    let condition = format!("{} && request.host != \"x{nth}\"", condition(chance, 1));
                    let then = if chance.percent(70) {
                        word(chance).to_owned()
                    } else {
                        format!("{{{}}}", table(chance))
                    };
                    format!("'{condition}': {then}")
                })
                .collect();
            format!(", treat: {{default: {}, when: {{{}}}}}", word(chance), branches.join(", "))
        }
    }
}

const ROWS: [&str; 6] = ["basic", "wealth.cash", "derived", "trade.order", "behaviour", "channel"];

/// Rows, kinds, levels and the flag.
const NAMES: [&str; 12] = [
    "basic",
    "basic.name",
    "basic.mobile",
    "identity.document",
    "wealth.position",
    "trade.order",
    "\"level:2\"",
    "\"level:>=3\"",
    "sensitive",
    "credential.biometric",
    "derived",
    "account.opening",
];
