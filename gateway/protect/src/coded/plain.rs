//! Text whose characters are spelt in another way, decoded, with the way back to where each stands.

use super::{entities, escapes, percent};

/// Decoded text, with the way back to where it stood.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) text: String,
    /// For each byte where it is spelt; empty when the text stands as it is.
    spelt: Vec<u32>,
    /// Bytes of the spelling.
    length: usize,
    spelling: Spelling,
}

/// How characters are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `%E5%BC%A0`, in UTF-8.
    Percent,
    /// `%D5%C5`, in GB18030.
    PercentGb,
    /// `&#24352;`
    Entities,
    /// `\u5f20`
    Escapes,
}

impl Plain {
    /// A text that stands as it is.
    pub(super) fn unchanged(raw: &str) -> Plain {
        Plain { text: raw.to_owned(), spelt: Vec::new(), length: raw.len(), spelling: Spelling::Percent }
    }

    pub(super) fn new(raw: &str, spelling: Spelling) -> Plain {
        let text = String::with_capacity(raw.len());
        Plain { text, spelt: Vec::with_capacity(raw.len()), length: raw.len(), spelling }
    }

    /// Replacements are spelt in this way from now on.
    pub(super) fn spell(&mut self, spelling: Spelling) {
        self.spelling = spelling;
    }

    /// Appends a character that is spelt from a byte on.
    pub(super) fn push(&mut self, character: char, at: usize) {
        self.text.push(character);
        self.spelt.resize(self.text.len(), narrow(at));
    }

    /// Appends a stretch of plain text that stands at a byte.
    pub(super) fn push_plain(&mut self, text: &str, at: usize) {
        self.text.push_str(text);
        self.spelt.extend(narrow(at)..narrow(at + text.len()));
    }

    /// Where the byte at an offset of the text is spelt.
    pub(crate) fn place(&self, at: usize) -> usize {
        match self.spelt.is_empty() {
            true => at,
            false => self.spelt.get(at).map_or(self.length, |at| *at as usize),
        }
    }

    /// The step that undoes the spelling, in a finding's path.
    pub(crate) fn step(&self) -> &'static str {
        match self.spelling {
            Spelling::Percent | Spelling::PercentGb => "url",
            Spelling::Entities => "html",
            Spelling::Escapes => "esc",
        }
    }

    /// Appends a replacement as it must be spelt; `keeps_script` leaves characters that aren't ASCII.
    pub(crate) fn encode(&self, text: &str, keeps_script: bool, out: &mut String) {
        match self.spelling {
            Spelling::Percent => percent::encode(text, keeps_script, out),
            Spelling::PercentGb => percent::encode_gb(text, keeps_script, out),
            Spelling::Entities => entities::encode(text, out),
            Spelling::Escapes => escapes::encode(text, out),
        }
    }
}

/// Offsets as they are kept; no body is as long as they go.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
