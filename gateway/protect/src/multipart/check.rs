//! Checking the parts of a body that comes in: fields by their names, files by their own types.

use super::{Boundary, Part, Reading, parts};
use crate::classify::Classify;
use crate::input::{Checking, Fault, Unchecked, is_shown, utf8};
use crate::{Format, Uninspectable};

/// Every wrong value of a body that stands at `path`.
pub(crate) fn check<C: Classify>(
    checking: &mut Checking<'_, C>,
    body: &[u8],
    boundary: &Boundary,
    depth: usize,
    path: &str,
) -> Result<Vec<Fault>, Unchecked> {
    let parts = parts(checking.classifier, None, body, boundary, depth)
        .map_err(|why| Unchecked { path: path.to_owned(), why })?;
    let mut faults = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let step = match is_shown(checking.classifier, &part.name) {
            true => part.step(checking.classifier, number),
            false => number.to_string(),
        };
        faults.extend(part.check(checking, &format!("{path}/{step}"))?);
    }
    Ok(faults)
}

impl Part<'_> {
    fn check<C: Classify>(
        &self,
        checking: &mut Checking<'_, C>,
        path: &str,
    ) -> Result<Vec<Fault>, Unchecked> {
        let unchecked = |why| Unchecked { path: path.to_owned(), why };
        match self.reading {
            Reading::Body(Format::Multipart(boundary)) => {
                check(checking, &self.content, &boundary, self.depth + 1, path)
            }
            // Read, but nothing in it has a name.
            Reading::Body(Format::Text | Format::Html | Format::Events) => {
                utf8(&self.content).map(|_| Vec::new()).map_err(unchecked)
            }
            Reading::Body(format) => {
                let text = utf8(&self.content).map_err(unchecked)?;
                checking.text(format, text, path)
            }
            Reading::Value => {
                let text = utf8(&self.content).map_err(unchecked)?;
                checking.value((&self.name, self.key, self.signals), text, path)
            }
            // Pictures, sound and scanned papers have no fields; only a file is taken at its word.
            Reading::Binary if self.is_file && has_no_fields(&self.essence) => Ok(Vec::new()),
            Reading::Binary | Reading::Opaque => Err(unchecked(Uninspectable::MediaType { at: 0 })),
        }
    }
}

fn has_no_fields(essence: &str) -> bool {
    essence == "application/pdf"
        || ["image/", "audio/", "video/"].iter().any(|kind| essence.starts_with(kind))
            && !essence.ends_with("+xml")
}
