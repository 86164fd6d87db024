//! `yingbi policy coverage DIR`: which rules the cases of the tests exercise.

use super::{Format, Speech, load, print};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use yingbi_policies::{Coverage, Language, RuleCoverage};

pub(super) fn run(directory: &Path, speech: Speech) -> ExitCode {
    let set = match load(directory, speech) {
        Ok((set, _)) => set,
        Err(exit) => return exit,
    };
    let coverage = set.coverage();
    match speech.format {
        Format::Json => print(&as_json(&coverage)),
        Format::Text => as_text(&coverage, speech),
    }
    ExitCode::from(u8::from(!coverage.is_whole()))
}

fn as_json(coverage: &Coverage) -> Value {
    let rule = |rule: &RuleCoverage| {
        json!({
            "id": &*rule.id,
            "covered": rule.is_whole(),
            "cases": rule.cases,
            "counter_case": rule.counter_case,
            "conditions": rule.branches,
        })
    };
    let counted = |id: &str, cases: usize| json!({ "id": id, "cases": cases });
    json!({
        "good": coverage.is_whole(),
        "rules": coverage.rules.iter().map(rule).collect::<Vec<_>>(),
        "roles": coverage.roles.iter().map(|(id, cases)| counted(id, *cases)).collect::<Vec<_>>(),
        "purposes": coverage.purposes.iter().map(|(id, cases)| counted(id, *cases)).collect::<Vec<_>>(),
        "bindings": coverage.bindings.iter().map(|(id, cases)| counted(id, *cases)).collect::<Vec<_>>(),
    })
}

fn as_text(coverage: &Coverage, speech: Speech) {
    for rule in &coverage.rules {
        let word =
            if rule.is_whole() { speech.say("ok", "已覆盖") } else { speech.say("NOT", "未覆盖") };
        print(&format!("{word} {} ({})", rule.id, rule.cases.len()));
        for (nth, _) in rule.branches.iter().enumerate().filter(|(_, held)| !**held) {
            let condition = speech.say(
                "no case in which condition holds, of `treat.when` number",
                "没有用例使 `treat.when` 中此条件成立，序号",
            );
            print(&format!("    {condition} {}", nth + 1));
        }
        if !rule.counter_case {
            print(&format!(
                "    {}",
                speech
                    .say("no case on its routes in which it does not apply", "其路由上没有使其不生效的用例")
            ));
        }
    }
    let idle = |what: &str, ids: Vec<&str>| {
        if !ids.is_empty() {
            print(&format!("{what}: {}", ids.join(" ")));
        }
    };
    let unused = |list: &'_ [(std::sync::Arc<str>, usize)]| -> Vec<String> {
        list.iter().filter(|(_, cases)| *cases == 0).map(|(id, _)| id.to_string()).collect()
    };
    let (roles, purposes) = (unused(&coverage.roles), unused(&coverage.purposes));
    let bindings = coverage.bindings.iter().filter(|(_, cases)| *cases == 0).map(|(id, _)| id.as_str());
    idle(speech.say("roles in no case", "无用例的角色"), roles.iter().map(String::as_str).collect());
    idle(speech.say("purposes in no case", "无用例的目的"), purposes.iter().map(String::as_str).collect());
    idle(speech.say("bindings in no case", "无用例的绑定"), bindings.collect());
    let (whole, all) = (coverage.rules.iter().filter(|rule| rule.is_whole()).count(), coverage.rules.len());
    print(&match speech.language {
        Language::English => format!("{whole} of {all} rules exercised"),
        Language::Chinese => format!("{all} 条规则中已覆盖 {whole} 条"),
    });
}
