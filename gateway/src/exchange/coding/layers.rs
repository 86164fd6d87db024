//! Codings undone piece by piece, output bounded while it grows.

use super::{Coding, CodingError, DecodeLimits};
use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The codings of one body, the last applied first.
pub struct Layers {
    layers: Vec<Layer>,
    received: usize,
    limits: DecodeLimits,
}

/// Where plain bytes go.
type Sink<'s, E> = &'s mut dyn FnMut(&[u8]) -> Result<(), E>;

impl Layers {
    /// Ready for the first byte.
    ///
    /// # Errors
    /// There are too many layers.
    pub fn new(codings: &[Coding], limits: &DecodeLimits) -> Result<Layers, CodingError> {
        if codings.len() > limits.layers {
            return Err(CodingError::TooManyLayers);
        }
        let layers = codings.iter().rev().map(|coding| Layer::new(*coding)).collect();
        Ok(Layers { layers, received: 0, limits: *limits })
    }

    /// Decodes a piece and hands on what comes of it, a little at a time.
    ///
    /// # Errors
    /// It is not of its coding, or yields too much; what the sink refuses.
    pub fn push<E: From<CodingError>>(&mut self, piece: &[u8], sink: Sink<'_, E>) -> Result<(), E> {
        self.received = self.received.saturating_add(piece.len());
        // The ratio is taken to what was received: two layers of 100 would be 10 000.
        through(&mut self.layers, piece, self.limits.output_of(self.received), sink)
    }

    /// The body is whole. One without a byte is empty in any coding.
    ///
    /// # Errors
    /// It is cut short.
    pub fn end(&self) -> Result<(), CodingError> {
        match self.received == 0 || self.layers.iter().all(Layer::is_whole) {
            true => Ok(()),
            false => Err(CodingError::Truncated),
        }
    }
}

fn through<E: From<CodingError>>(
    layers: &mut [Layer],
    piece: &[u8],
    most: usize,
    sink: Sink<'_, E>,
) -> Result<(), E> {
    match layers.split_first_mut() {
        Some((layer, inner)) => layer.push(piece, most, &mut |plain| through(inner, plain, most, sink)),
        None => sink(piece),
    }
}

/// One coding being undone.
struct Layer {
    coding: Coding,
    state: State,
    /// The first of the bytes that tell how those behind are to be read.
    head: Vec<u8>,
    /// Members or frames that have ended.
    members: usize,
    yielded: usize,
    room: Vec<u8>,
}

enum State {
    /// A member or frame begins with the next byte.
    Fresh,
    Flate(Decompress),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(Box<Decoder<'static>>),
    /// Nothing may follow.
    Ended,
}

/// What a decoder did with a piece.
struct Step {
    read: usize,
    written: usize,
    is_end: bool,
}

impl Layer {
    fn new(coding: Coding) -> Layer {
        let (head, room) = (Vec::new(), vec![0; ROOM]);
        Layer { coding, state: State::Fresh, head, members: 0, yielded: 0, room }
    }

    fn push<E: From<CodingError>>(&mut self, piece: &[u8], most: usize, sink: Sink<'_, E>) -> Result<(), E> {
        if piece.is_empty() {
            return Ok(());
        }
        let joined;
        let mut rest = piece;
        if matches!(self.state, State::Fresh) {
            self.head.extend_from_slice(piece);
            if self.head.len() < self.tells() {
                return Ok(());
            }
            joined = std::mem::take(&mut self.head);
            rest = &joined;
        }
        loop {
            match self.state {
                State::Fresh if rest.is_empty() => return Ok(()),
                State::Fresh if rest.len() < self.tells() => {
                    self.head = rest.to_vec();
                    return Ok(());
                }
                State::Fresh => self.state = self.open(rest)?,
                State::Ended if rest.is_empty() => return Ok(()),
                State::Ended => return Err(CodingError::TrailingData.into()),
                _ => {
                    let Step { read, written, is_end } = self.step(rest)?;
                    self.yielded = self.yielded.saturating_add(written);
                    if self.yielded > most {
                        return Err(CodingError::TooLarge.into());
                    }
                    if written > 0 {
                        sink(self.room.get(..written).unwrap_or_default())?;
                    }
                    rest = rest.get(read..).unwrap_or_default();
                    if is_end {
                        self.close();
                    } else if rest.is_empty() && written < ROOM {
                        return Ok(());
                    } else if read == 0 && written == 0 {
                        return Err(CodingError::Corrupt.into());
                    }
                }
            }
        }
    }

    /// How many bytes tell how those behind are to be read.
    fn tells(&self) -> usize {
        match self.coding {
            Coding::Gzip | Coding::Deflate => 2,
            Coding::Brotli | Coding::Zstd => 1,
        }
    }

    /// How what begins with these bytes is decoded.
    fn open(&self, head: &[u8]) -> Result<State, CodingError> {
        Ok(match self.coding {
            Coding::Gzip if head.starts_with(&GZIP_MAGIC) => State::Flate(Decompress::new_gzip(15)),
            Coding::Gzip if self.members == 0 => return Err(CodingError::Corrupt),
            Coding::Gzip => return Err(CodingError::TrailingData),
            Coding::Deflate => State::Flate(Decompress::new(has_zlib_header(head))),
            Coding::Brotli => State::Brotli(Box::new(BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ))),
            Coding::Zstd => {
                let mut decoder = Decoder::new().map_err(|_| CodingError::Corrupt)?;
                let window = DParameter::WindowLogMax(ZSTD_WINDOW_LOG);
                decoder.set_parameter(window).map_err(|_| CodingError::Corrupt)?;
                State::Zstd(Box::new(decoder))
            }
        })
    }

    fn step(&mut self, rest: &[u8]) -> Result<Step, CodingError> {
        match &mut self.state {
            State::Flate(decoder) => flate(decoder, rest, &mut self.room),
            State::Brotli(state) => brotli(state, rest, &mut self.room),
            State::Zstd(decoder) => {
                let error = if self.members == 0 { CodingError::Corrupt } else { CodingError::TrailingData };
                zstd(decoder, rest, &mut self.room).map_err(|_| error)
            }
            State::Fresh | State::Ended => Ok(Step { read: 0, written: 0, is_end: false }),
        }
    }

    /// A member has ended. Several of them are one body where the coding says so.
    fn close(&mut self) {
        self.members += 1;
        self.state = match self.coding {
            Coding::Gzip | Coding::Zstd => State::Fresh,
            Coding::Deflate | Coding::Brotli => State::Ended,
        };
    }

    fn is_whole(&self) -> bool {
        self.members > 0 && self.head.is_empty() && matches!(self.state, State::Fresh | State::Ended)
    }
}

fn flate(decoder: &mut Decompress, body: &[u8], room: &mut [u8]) -> Result<Step, CodingError> {
    let before = (decoder.total_in(), decoder.total_out());
    let status = decoder.decompress(body, room, FlushDecompress::None);
    let is_end = match status.map_err(|_| CodingError::Corrupt)? {
        Status::StreamEnd => true,
        Status::Ok | Status::BufError => false,
    };
    let (read, written) = (decoder.total_in() - before.0, decoder.total_out() - before.1);
    Ok(Step { read: read as usize, written: written as usize, is_end })
}

fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    body: &[u8],
    room: &mut [u8],
) -> Result<Step, CodingError> {
    let (mut available_in, mut read) = (body.len(), 0);
    let (mut available_out, mut written, mut total) = (room.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut available_in,
        &mut read,
        body,
        &mut available_out,
        &mut written,
        room,
        &mut total,
        state,
    );
    match result {
        BrotliResult::ResultFailure => Err(CodingError::Corrupt),
        BrotliResult::ResultSuccess => Ok(Step { read, written, is_end: true }),
        BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {
            Ok(Step { read, written, is_end: false })
        }
    }
}

fn zstd(decoder: &mut Decoder<'static>, body: &[u8], room: &mut [u8]) -> std::io::Result<Step> {
    let mut input = InBuffer::around(body);
    let mut output = OutBuffer::around(room);
    let left = decoder.run(&mut input, &mut output)?;
    Ok(Step { read: input.pos(), written: output.pos(), is_end: left == 0 })
}

/// RFC 1950 §2.2: method 8 and a header that is a multiple of 31.
fn has_zlib_header(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// 8 MiB, RFC 9659 §3.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Bytes decoded at a time.
const ROOM: usize = 32 * 1024;
