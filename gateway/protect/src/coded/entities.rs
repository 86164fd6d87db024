//! Character references of HTML and XML in a string: `&#49;38`, `&lt;`.

use super::plain::{Plain, Spelling};
use crate::html;

/// Reads a text that has character references; `None` when it has none.
pub(super) fn read(raw: &str) -> Option<Plain> {
    let mut plain: Option<Plain> = None;
    let (mut at, mut done) = (0, 0);
    while let Some(found) = raw.get(at..).and_then(|rest| rest.find('&')) {
        let begin = at + found;
        at = match html::reference(raw.get(begin..)?) {
            Some((character, length)) => {
                let plain = plain.get_or_insert_with(|| Plain::new(raw, Spelling::Entities));
                plain.push_plain(raw.get(done..begin)?, done);
                plain.push(character, begin);
                done = begin + length;
                done
            }
            None => begin + 1,
        };
    }
    let mut plain = plain?;
    plain.push_plain(raw.get(done..)?, done);
    Some(plain)
}

/// Appends a text with references for what would be markup.
pub(super) fn encode(text: &str, out: &mut String) {
    html::encode(text, out);
}
