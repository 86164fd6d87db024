//! Codings undone while the body comes, within the same bounds.

use super::{Coding, CodingError, DecodeLimits};
use crate::exchange::problem::{self, Problem};
use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::Write;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The codings of one body, the last applied first.
pub struct Layers {
    layers: Vec<Layer>,
    received: usize,
    ratio: usize,
}

/// Where plain bytes go.
type Sink<'s> = &'s mut dyn FnMut(&[u8]) -> Result<(), Problem>;

impl Layers {
    /// Ready for the first byte.
    ///
    /// # Errors
    /// There are too many layers.
    pub fn new(codings: &[Coding], limits: &DecodeLimits) -> Result<Layers, CodingError> {
        if codings.len() > limits.layers {
            return Err(CodingError::TooManyLayers);
        }
        let layers = codings.iter().rev().map(|coding| Layer::new(*coding)).collect::<Result<_, _>>()?;
        Ok(Layers { layers, received: 0, ratio: limits.ratio })
    }

    /// Decodes a piece and hands on what comes of it.
    ///
    /// # Errors
    /// It is not of its coding, or too dense.
    pub fn push(&mut self, piece: &[u8], sink: Sink<'_>) -> Result<(), Problem> {
        self.received = self.received.saturating_add(piece.len());
        let most = self.received.saturating_mul(self.ratio).max(64 * 1024);
        // Little at a time: what comes of it is held.
        piece.chunks(STEP).try_for_each(|step| through(&mut self.layers, step, most, sink))
    }

    /// The body is whole.
    ///
    /// # Errors
    /// It is cut short, or its check sum is wrong.
    pub fn end(&mut self, sink: Sink<'_>) -> Result<(), Problem> {
        let most = self.received.saturating_mul(self.ratio).max(64 * 1024);
        for at in 0..self.layers.len() {
            let (first, inner) = self.layers.split_at_mut(at + 1);
            if let Some(layer) = first.last_mut() {
                let left = layer.end().map_err(refused)?;
                left.chunks(STEP).try_for_each(|step| through(inner, step, most, sink))?;
            }
        }
        Ok(())
    }
}

fn through(layers: &mut [Layer], piece: &[u8], most: usize, sink: Sink<'_>) -> Result<(), Problem> {
    let Some((layer, inner)) = layers.split_first_mut() else { return sink(piece) };
    let plain = layer.push(piece).map_err(refused)?;
    layer.yielded = layer.yielded.saturating_add(plain.len());
    if layer.yielded > most {
        return Err(refused(CodingError::TooLarge));
    }
    plain.chunks(STEP).try_for_each(|step| through(inner, step, most, sink))
}

fn refused(_: CodingError) -> Problem {
    problem::CONTENT_CODING
}

/// One coding being undone.
struct Layer {
    coding: Coding,
    state: State,
    yielded: usize,
    /// Bytes at the beginning, until it is known how they are to be read.
    head: Vec<u8>,
}

enum State {
    /// Nothing has come.
    Fresh,
    Gzip(Box<GzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Raw(Box<DeflateDecoder<Vec<u8>>>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    /// Whether a frame has begun that has not ended.
    Zstd(Box<Decoder<'static>>, bool),
    /// Nothing may follow.
    Ended,
}

impl Layer {
    fn new(coding: Coding) -> Result<Layer, CodingError> {
        let state = match coding {
            Coding::Gzip | Coding::Deflate => State::Fresh,
            Coding::Brotli => State::Brotli(Box::new(BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ))),
            Coding::Zstd => {
                let mut decoder = Decoder::new().map_err(|_| CodingError::Corrupt)?;
                decoder
                    .set_parameter(DParameter::WindowLogMax(super::inflate::ZSTD_WINDOW_LOG))
                    .map_err(|_| CodingError::Corrupt)?;
                State::Zstd(Box::new(decoder), false)
            }
        };
        Ok(Layer { coding, state, yielded: 0, head: Vec::new() })
    }

    fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, CodingError> {
        let mut out = Vec::new();
        let mut rest = piece;
        while !rest.is_empty() {
            let read = match &mut self.state {
                State::Fresh => self.open(rest)?,
                State::Gzip(decoder) => {
                    let read = decoder.write(rest).map_err(|_| CodingError::Corrupt)?;
                    out.append(decoder.get_mut());
                    if read == 0 {
                        // A member has ended; another is its continuation.
                        decoder.try_finish().map_err(|_| CodingError::Truncated)?;
                        out.append(decoder.get_mut());
                        self.state = State::Fresh;
                    }
                    read
                }
                State::Zlib(decoder) => {
                    let read = decoder.write(rest).map_err(|_| CodingError::Corrupt)?;
                    out.append(decoder.get_mut());
                    if read == 0 {
                        return Err(CodingError::TrailingData);
                    }
                    read
                }
                State::Raw(decoder) => {
                    let read = decoder.write(rest).map_err(|_| CodingError::Corrupt)?;
                    out.append(decoder.get_mut());
                    if read == 0 {
                        return Err(CodingError::TrailingData);
                    }
                    read
                }
                State::Brotli(state) => {
                    let (read, is_end) = brotli(state, rest, &mut out)?;
                    if is_end {
                        self.state = State::Ended;
                    }
                    read
                }
                State::Zstd(decoder, is_open) => {
                    let mut piece = vec![0; PIECE];
                    let mut input = InBuffer::around(rest);
                    let mut output = OutBuffer::around(piece.as_mut_slice());
                    let left = decoder.run(&mut input, &mut output).map_err(|_| CodingError::Corrupt)?;
                    let (read, written) = (input.pos(), output.pos());
                    *is_open = left > 0;
                    out.extend_from_slice(piece.get(..written).unwrap_or_default());
                    if read == 0 && written == 0 {
                        return Err(CodingError::Corrupt);
                    }
                    // What the last bytes yield may be more than fits.
                    if read == rest.len() && written == PIECE {
                        drain(decoder, &mut out)?;
                    }
                    read
                }
                State::Ended => return Err(CodingError::TrailingData),
            };
            rest = rest.get(read..).unwrap_or_default();
        }
        Ok(out)
    }

    /// Begins a member; how many bytes were needed for that.
    fn open(&mut self, piece: &[u8]) -> Result<usize, CodingError> {
        let missing = 2usize.saturating_sub(self.head.len());
        let taken = piece.len().min(missing);
        self.head.extend_from_slice(piece.get(..taken).unwrap_or_default());
        let Some(head) = self.head.first_chunk::<2>().copied() else { return Ok(taken) };
        let is_first = self.yielded == 0;
        self.head.clear();
        let mut head: &[u8] = &head;
        let state = match self.coding {
            Coding::Gzip if head == super::inflate::GZIP_MAGIC => {
                let mut decoder = GzDecoder::new(Vec::new());
                decoder.write_all(head).map_err(|_| CodingError::Corrupt)?;
                State::Gzip(Box::new(decoder))
            }
            Coding::Gzip if is_first => return Err(CodingError::Corrupt),
            Coding::Gzip => return Err(CodingError::TrailingData),
            _ if super::inflate::has_zlib_header(head) => {
                let mut decoder = ZlibDecoder::new(Vec::new());
                decoder.write_all(head).map_err(|_| CodingError::Corrupt)?;
                State::Zlib(Box::new(decoder))
            }
            _ => {
                let mut decoder = DeflateDecoder::new(Vec::new());
                while !head.is_empty() {
                    let read = decoder.write(head).map_err(|_| CodingError::Corrupt)?;
                    if read == 0 {
                        return Err(CodingError::TrailingData);
                    }
                    head = head.get(read..).unwrap_or_default();
                }
                State::Raw(Box::new(decoder))
            }
        };
        self.state = state;
        Ok(taken)
    }

    /// What is left when nothing comes any more.
    fn end(&mut self) -> Result<Vec<u8>, CodingError> {
        let mut out = Vec::new();
        match &mut self.state {
            // Between members nothing is missing.
            State::Fresh if self.head.is_empty() => {}
            State::Gzip(decoder) => {
                decoder.try_finish().map_err(|_| CodingError::Truncated)?;
                out.append(decoder.get_mut());
            }
            State::Zlib(decoder) => {
                decoder.try_finish().map_err(|_| CodingError::Truncated)?;
                out.append(decoder.get_mut());
            }
            State::Raw(decoder) => {
                decoder.try_finish().map_err(|_| CodingError::Truncated)?;
                out.append(decoder.get_mut());
            }
            State::Zstd(_, false) | State::Ended => {}
            State::Zstd(_, true) | State::Brotli(_) | State::Fresh => return Err(CodingError::Truncated),
        }
        Ok(out)
    }
}

/// Feeds a decoder of brotli; how much it took, and whether the body has ended.
fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(usize, bool), CodingError> {
    let mut piece = vec![0; PIECE];
    let (mut available_in, mut read) = (body.len(), 0);
    loop {
        let (mut available_out, mut written, mut total) = (piece.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut read,
            body,
            &mut available_out,
            &mut written,
            &mut piece,
            &mut total,
            state,
        );
        out.extend_from_slice(piece.get(..written).unwrap_or_default());
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Ok((body.len(), false)),
            BrotliResult::ResultFailure => return Err(CodingError::Corrupt),
            BrotliResult::ResultSuccess => return Ok((read, true)),
        }
    }
}

/// Takes what a decoder still holds.
fn drain(decoder: &mut Decoder<'static>, out: &mut Vec<u8>) -> Result<(), CodingError> {
    loop {
        let mut piece = vec![0; PIECE];
        let mut output = OutBuffer::around(piece.as_mut_slice());
        decoder.run(&mut InBuffer::around(&[]), &mut output).map_err(|_| CodingError::Corrupt)?;
        let written = output.pos();
        out.extend_from_slice(piece.get(..written).unwrap_or_default());
        if written < PIECE {
            return Ok(());
        }
    }
}

/// Bytes decoded at a time: even at the highest density of any coding, what comes of them fits.
const STEP: usize = 4 * 1024;
const PIECE: usize = 32 * 1024;
