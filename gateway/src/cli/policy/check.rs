//! `yingbi policy check DIR`.

use super::{BAD_POLICY, Format, Speech, as_json, load, print, print_problems};
use jiff::Timestamp;
use std::path::Path;
use std::process::ExitCode;
use yingbi_policies::{Day, Severity};

/// Code of an exception that is over: the gateway goes by the policy again, but the file says otherwise.
const EXPIRED: &str = "YB0606";

pub(super) fn run(directory: &Path, speech: Speech) -> ExitCode {
    let (set, mut problems) = match load(directory, speech) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    for (diagnostic, _) in &mut problems {
        if diagnostic.is_refused_by_check() {
            diagnostic.severity = Severity::Error;
        }
    }
    let today = Day::in_china(Timestamp::now().as_second());
    let expired: Vec<String> = set
        .exceptions()
        .filter(|(_, until)| *until < today)
        .map(|(id, until)| {
            let day = format!("{}-{:02}-{:02}", until.year(), until.month(), until.day());
            format!("`{id}` {} {day}", speech.say("expired after", "已过期，最后一日为"))
        })
        .collect();
    let refused = expired.len()
        + problems.iter().filter(|(diagnostic, _)| diagnostic.severity == Severity::Error).count();
    match speech.format {
        Format::Json => print(&serde_json::json!({
            "good": refused == 0,
            "version": set.version(),
            "diagnostics": as_json(&problems, speech.language),
            "expired": expired.iter().map(|text| format!("{EXPIRED} {text}")).collect::<Vec<_>>(),
        })),
        Format::Text => {
            print_problems(&problems, speech.language);
            for text in &expired {
                print(&format!("{}[{EXPIRED}]: {text}", speech.say("error", "错误")));
                let what_now =
                    speech.say("remove it, or agree on another last day", "请删除，或另行商定最后一日");
                print(&format!("  = {}: {what_now}\n", speech.say("help", "建议")));
            }
            if refused == 0 {
                print(&format!("{} {}", speech.say("good, version", "通过，版本"), set.version()));
            } else {
                print(&format!("{refused} {}", speech.say("refused", "处不通过")));
            }
        }
    }
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_POLICY) }
}
