//! Secrets whose label is parted from them by something else than a colon: a verb, a tag, an arrow, an option's space.

use super::{Labels, hit, label_before, opens, value_length};
use crate::cues::{Cues, mark};
use crate::prose::{head, tail};
use crate::{Hit, Strength};
use yingbi_taxonomy::{Category, Kind};

/// Appends the secrets that a text names in such ways.
pub(super) fn find<'t>(labels: &mut Labels<'_, 't>, text: &'t str, cues: Cues, hits: &mut Vec<Hit>) {
    let in_words = cues.has(mark::LETTER) && cues.has(mark::SPACE);
    if in_words {
        spoken(labels, text, hits);
    }
    if cues.has(mark::COLON) && cues.has(mark::AT) {
        userinfo(text, hits);
    }
    if in_words && cues.has(mark::DASH) {
        glued_option(text, hits);
    }
    if cues.has(mark::ARROW | mark::DASH) {
        pointed(labels, text, hits);
    }
}

/// `https://ops:p4ssw0rd@host/`: the password in an address.
fn userinfo(text: &str, hits: &mut Vec<Hit>) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let start = at + "://".len();
        let rest = text.get(start..).unwrap_or_default();
        let authority =
            head(rest, 256, |c| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '"' | '\'' | '<'));
        let Some((user, _)) = rest.get(..authority).and_then(|authority| authority.rsplit_once('@')) else {
            continue;
        };
        if let Some((name, password)) = user.split_once(':').filter(|(_, password)| !password.is_empty()) {
            hits.push(hit(start + name.len() + 1, password.len(), Kind::Password));
        }
    }
}

/// `mysql -uops -pRoot@123`: the one client that glues it to its option.
fn glued_option(text: &str, hits: &mut Vec<Hit>) {
    if memchr::memmem::find(text.as_bytes(), b"mysql").is_some() {
        for at in memchr::memmem::find_iter(text.as_bytes(), b" -p") {
            let length = text.get(at + 3..).map_or(0, |rest| head(rest, 64, |c| c.is_ascii_graphic()));
            if length > 0 {
                hits.push(hit(at + 3, length, Kind::Password));
            }
        }
    }
}

/// `<tradePassword>246810</tradePassword>`, `password -> tiger123`, `密码→246813`, `--password hunter2`.
fn pointed<'t>(labels: &mut Labels<'_, 't>, text: &'t str, hits: &mut Vec<Hit>) {
    let arrows = memchr::memmem::find_iter(text.as_bytes(), "→").map(|at| (at, "→".len()));
    let angles = memchr::memchr_iter(b'>', text.as_bytes()).map(|at| (at, 1));
    let options = memchr::memmem::find_iter(text.as_bytes(), b"--").map(|at| (at + 2, 0));
    for (at, mark) in angles.chain(arrows).chain(options) {
        let (Some(left), Some(right)) = (text.get(..at), text.get(at + mark..)) else { continue };
        let (label, skip) = if mark == 0 {
            let name = head(right, 40, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            let spaces = right.get(name..).map_or(0, |rest| head(rest, 2, opens));
            (right.get(..name).filter(|name| !name.is_empty() && spaces > 0), name + spaces)
        } else {
            let is_arrow = mark > 1 || left.ends_with(['-', '=']);
            let label = label_before(left.trim_end_matches(['-', '=']));
            let before = label.and_then(|label| left.strip_suffix(label));
            let is_tag = before.is_some_and(|before| before.ends_with('<'));
            (label.filter(|_| is_arrow || is_tag), head(right, 4, opens))
        };
        let Some((kind, _)) = label.and_then(|label| labels.kind(label)) else { continue };
        let Some(value) = right.get(skip..).filter(|_| kind.category() == Category::CredentialAccount) else {
            continue;
        };
        if let Some(length) = value_length(kind, Strength::Decides, value, true) {
            hits.push(hit(at + mark + skip, length, kind));
        }
    }
}

/// `password is S3cure!pw`, `your verification code is 403921`: a label in English, a verb, and what is no word.
fn spoken<'t>(labels: &mut Labels<'_, 't>, text: &'t str, hits: &mut Vec<Hit>) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b" is ") {
        let (Some(left), Some(right)) = (text.get(..at), text.get(at + " is ".len()..)) else { continue };
        let phrase = tail(left, 32, |c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-'));
        let last = phrase.rsplit(' ').next().unwrap_or_default();
        let two = phrase.rsplitn(3, ' ').take(2).map(|word| word.len() + 1).sum::<usize>();
        let two = phrase.get(phrase.len().saturating_sub(two)..).unwrap_or_default().trim_start();
        let Some((kind, _)) = labels.kind(two).or_else(|| labels.kind(last)) else { continue };
        let skip = head(right, 3, |c| opens(c) || c == ':');
        let Some(value) = right.get(skip..).filter(|_| kind.category() == Category::CredentialAccount) else {
            continue;
        };
        if let Some(length) = value_length(kind, Strength::Decides, value, false) {
            let bare = value.get(..length).unwrap_or_default().trim_end_matches(['.', ')', '!', '?']);
            if bare.bytes().any(|byte| byte.is_ascii_digit()) && bare.len() >= 3 {
                hits.push(hit(at + " is ".len() + skip, bare.len(), kind));
            }
        }
    }
}
