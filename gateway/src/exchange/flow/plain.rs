//! From bytes as they come to UTF-8, piece by piece: content codings undone within bounds, the charset read.

use super::Problem;
use crate::exchange::charset::Charset;
use crate::exchange::coding::{self, DecodeLimits, Layers};
use crate::exchange::problem;
use encoding_rs::{Decoder, DecoderResult, GB18030, GBK};
use yingbi_protect::Segments;

/// What undoes the codings of one body.
pub(super) struct Plain {
    layers: Option<Layers>,
    text: Text,
}

enum Text {
    /// Its grammar is checked with the segments.
    Utf8,
    Ascii,
    Gb(Box<Gb>),
}

struct Gb {
    decoder: Decoder,
    /// Bytes so far, as long as all of it could be UTF-8 as well: readers of JSON would take it for that.
    as_utf8: Option<Vec<u8>>,
    is_begun: bool,
}

impl Plain {
    pub(super) fn new(codings: &[&str], charset: Charset, limits: &DecodeLimits) -> Result<Plain, Problem> {
        let codings = coding::parse(codings)?;
        // What flows has no size to keep within.
        let limits = DecodeLimits { output_bytes: usize::MAX, ..*limits };
        let layers = match codings.as_slice() {
            [] => None,
            codings => Some(Layers::new(codings, &limits)?),
        };
        let gb = |encoding: &'static encoding_rs::Encoding| {
            let decoder = encoding.new_decoder_without_bom_handling();
            Text::Gb(Box::new(Gb { decoder, as_utf8: Some(Vec::new()), is_begun: false }))
        };
        let text = match charset {
            Charset::Utf8 => Text::Utf8,
            Charset::Ascii => Text::Ascii,
            Charset::Gbk => gb(GBK),
            Charset::Gb18030 => gb(GB18030),
        };
        Ok(Plain { layers, text })
    }

    /// Takes what was held of the body.
    pub(super) fn begin(&mut self, body: Vec<u8>, segments: &mut Segments) -> Result<(), Problem> {
        match (&self.layers, &self.text) {
            (None, Text::Utf8) => {
                segments.begin(body);
                Ok(())
            }
            _ => self.push(&body, segments),
        }
    }

    /// Takes a piece.
    pub(super) fn push(&mut self, piece: &[u8], segments: &mut Segments) -> Result<(), Problem> {
        let Plain { layers, text } = self;
        match layers {
            None => text.push(piece, segments),
            Some(layers) => layers.push(piece, &mut |plain| text.push(plain, segments)),
        }
    }

    /// The body is whole.
    pub(super) fn end(&mut self, segments: &mut Segments) -> Result<(), Problem> {
        let Plain { layers, text } = self;
        if let Some(layers) = layers {
            layers.end()?;
        }
        if let Text::Gb(gb) = text {
            gb.read(&[], true, segments)?;
        }
        segments.end();
        Ok(())
    }
}

impl Text {
    fn push(&mut self, piece: &[u8], segments: &mut Segments) -> Result<(), Problem> {
        match self {
            Text::Ascii if !piece.is_ascii() => Err(problem::CHARSET),
            Text::Utf8 | Text::Ascii => {
                segments.push(piece);
                Ok(())
            }
            Text::Gb(gb) => gb.read(piece, false, segments),
        }
    }
}

impl Gb {
    fn read(&mut self, piece: &[u8], is_last: bool, segments: &mut Segments) -> Result<(), Problem> {
        self.tell(piece, is_last)?;
        let room = self.decoder.max_utf8_buffer_length_without_replacement(piece.len());
        let mut text = String::with_capacity(room.ok_or(problem::CHARSET)?);
        match self.decoder.decode_to_string_without_replacement(piece, &mut text, is_last) {
            (DecoderResult::InputEmpty, _) => {
                segments.push(text.as_bytes());
                Ok(())
            }
            _ => Err(problem::CHARSET),
        }
    }

    /// Refuses what could be read in two charsets: a mark of another, or UTF-8 with characters of three bytes.
    fn tell(&mut self, piece: &[u8], is_last: bool) -> Result<(), Problem> {
        let Some(all) = &mut self.as_utf8 else { return Ok(()) };
        all.extend_from_slice(piece);
        if !self.is_begun && (all.len() >= 3 || is_last) {
            self.is_begun = true;
            if [&b"\xef\xbb\xbf"[..], b"\xfe\xff", b"\xff\xfe"].iter().any(|mark| all.starts_with(mark)) {
                return Err(problem::CHARSET);
            }
        }
        let (is_open, read) = match simdutf8::compat::from_utf8(all) {
            Ok(text) => (true, text.len()),
            Err(error) => (error.error_len().is_none() && !is_last, error.valid_up_to()),
        };
        if !is_open {
            self.as_utf8 = None;
            return Ok(());
        }
        let text = all.get(..read).and_then(|read| std::str::from_utf8(read).ok()).unwrap_or_default();
        if text.chars().any(|c| c as u32 >= 0x800) {
            return Err(problem::CHARSET);
        }
        // All of it is short characters: only what comes may tell.
        if self.is_begun {
            all.drain(..read);
        }
        Ok(())
    }
}
