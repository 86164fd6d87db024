//! `yingbi policy check DIR`.

use super::{BAD_POLICY, Format, Speech, as_json, load, print, print_problems};
use std::path::Path;
use std::process::ExitCode;
use yingbi_policies::Severity;

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
    let refused = problems.iter().filter(|(diagnostic, _)| diagnostic.severity == Severity::Error).count();
    match speech.format {
        Format::Json => print(&serde_json::json!({
            "good": refused == 0,
            "version": set.version(),
            "diagnostics": as_json(&problems, speech.language),
        })),
        Format::Text => {
            print_problems(&problems, speech.language);
            if refused == 0 {
                print(&format!("{} {}", speech.say("good, version", "通过，版本"), set.version()));
            } else {
                print(&format!("{refused} {}", speech.say("refused", "处不通过")));
            }
        }
    }
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_POLICY) }
}
