//! Why a body is neither scanned nor treated: a code, a place, what to do; never a value.

use crate::cli::Exit;
use crate::exchange::problem::{self, Problem};
use yingbi_policies::{Diagnostic, Place, Severity, Text};
use yingbi_protect::Uninspectable;

/// What is wrong, and how the command ends.
pub(super) struct Trouble {
    pub(super) problems: Vec<Diagnostic>,
    pub(super) exit: Exit,
}

impl Trouble {
    pub(super) fn one(problem: Diagnostic, exit: Exit) -> Trouble {
        Trouble { problems: vec![problem], exit }
    }
}

/// A body that can't be read, or that the policy blocks; `file` names it.
pub(super) fn uninspectable(file: &str, body: &[u8], why: Uninspectable) -> Trouble {
    let at = match why {
        Uninspectable::Malformed { at } | Uninspectable::Charset { at } | Uninspectable::MediaType { at } => {
            Some(at)
        }
        Uninspectable::TooDeep { .. }
        | Uninspectable::TooLarge { .. }
        | Uninspectable::Contradicted
        | Uninspectable::Classifier
        | Uninspectable::Blocked(_) => None,
    };
    let exit = if matches!(why, Uninspectable::Blocked(_)) { Exit::Refused } else { Exit::Problem };
    Trouble::one(said(Problem::from(why), &why.to_string(), (file, body, at)), exit)
}

/// A media type that is not read: wrong usage, for it was said.
pub(super) fn media_type(file: &str, content_type: &str) -> Trouble {
    let what = format!("content type `{content_type}` is not read");
    Trouble::one(said(problem::CONTENT_TYPE, &what, (file, &[], None)), Exit::Usage)
}

/// A charset that is not read.
pub(super) fn charset(file: &str, why: &str) -> Trouble {
    Trouble::one(said(problem::CHARSET, why, (file, &[], None)), Exit::Problem)
}

/// A defect of this program.
pub(super) fn internal(place: &str) -> Trouble {
    Trouble::one(said(problem::INTERNAL, problem::INTERNAL.en.title, (place, &[], None)), Exit::Problem)
}

fn said(problem: Problem, what: &str, (file, body, at): (&str, &[u8], Option<usize>)) -> Diagnostic {
    let says = Text::new(format!("can't be inspected: {what}"), format!("{}：{what}", problem.zh.title));
    at_byte(file, body, at, problem.code, says, Text::new(problem.en.help, problem.zh.help))
}

/// A problem at a byte of a file, if it has one.
pub(super) fn at_byte(
    file: &str,
    body: &[u8],
    at: Option<usize>,
    code: &'static str,
    message: Text,
    help: Text,
) -> Diagnostic {
    let mut place = Place { file: file.to_owned(), ..Place::default() };
    if let Some(at) = at {
        let before = body.get(..at).unwrap_or(body);
        let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        place.line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        place.column = String::from_utf8_lossy(line).chars().count() + 1;
        place.bytes = at..at;
    }
    Diagnostic { code, severity: Severity::Error, place, message, help }
}
