//! How the body of an answer is delimited (RFC 9112 §6.3), and what of the bytes read is body.

use bytes::{Buf, BytesMut};
use http::{HeaderMap, StatusCode, header};

/// How a body goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// It is over, or there is none.
    None,
    /// So many bytes more.
    Length(u64),
    /// By chunks.
    Chunked(Chunk),
    /// As long as the connection is open.
    UntilClose,
}

/// Where in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// Before the line of a size.
    Size,
    /// Within a chunk of which so much is to come.
    Data(u64),
    /// Before the line's end behind a chunk.
    DataEnd,
    /// Within trailers, which nobody gets; so many bytes of them were read.
    Trailers(usize),
}

/// Why a body is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It ended too early.
    Cut,
    /// No length or no chunks.
    Malformed,
}

impl Framing {
    /// How the body behind this head is delimited, and whether nobody can take its end for another: after a body that
    /// ends with the connection, or that has both chunks and a length, no other answer is read.
    pub fn of(
        status: StatusCode,
        headers: &HeaderMap,
        is_head: bool,
        version_11: bool,
    ) -> Result<(Framing, bool), Broken> {
        let length = content_length(headers);
        let chunked = is_chunked(headers, version_11)?;
        if is_head || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            return Ok((Framing::None, true));
        }
        match (chunked, length?) {
            (true, length) => Ok((Framing::Chunked(Chunk::Size), length.is_none())),
            (false, Some(0)) => Ok((Framing::None, true)),
            (false, Some(length)) => Ok((Framing::Length(length), true)),
            (false, None) => Ok((Framing::UntilClose, false)),
        }
    }

    /// How much of what comes next is body and nothing else; `None` when it must be looked at.
    pub fn plain(self) -> Option<u64> {
        match self {
            Framing::Length(left) | Framing::Chunked(Chunk::Data(left)) => Some(left),
            Framing::UntilClose => Some(u64::MAX),
            Framing::None | Framing::Chunked(_) => None,
        }
    }

    /// So much was read as body past [`Framing::take`].
    pub fn passed(&mut self, bytes: usize) {
        if let Framing::Length(left) | Framing::Chunked(Chunk::Data(left)) = self {
            *left = left.saturating_sub(bytes as u64);
        }
        match self {
            Framing::Length(0) => *self = Framing::None,
            Framing::Chunked(chunk @ Chunk::Data(0)) => *chunk = Chunk::DataEnd,
            _ => {}
        }
    }

    /// The connection was closed by the other side.
    pub fn closed(&mut self) -> Result<(), Broken> {
        match std::mem::replace(self, Framing::None) {
            Framing::UntilClose | Framing::None => Ok(()),
            Framing::Length(_) | Framing::Chunked(_) => Err(Broken::Cut),
        }
    }

    /// Moves the body's bytes from what was read.
    pub fn take(&mut self, read: &mut BytesMut, into: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Framing::None => {}
            Framing::UntilClose => drop(move_bytes(read, into, u64::MAX)),
            Framing::Length(left) => {
                let taken = move_bytes(read, into, *left);
                self.passed(taken);
            }
            Framing::Chunked(chunk) => {
                if !chunk.take(read, into)? {
                    *self = Framing::None;
                }
            }
        }
        Ok(())
    }
}

impl Chunk {
    /// Moves the data of all chunks that were read; false behind the last one and its trailers.
    fn take(&mut self, read: &mut BytesMut, into: &mut Vec<u8>) -> Result<bool, Broken> {
        loop {
            match self {
                Chunk::Size => {
                    let Some(line) = line(read, SIZE_LINE)? else { return Ok(true) };
                    let size = chunk_size(read.get(..line).unwrap_or_default())?;
                    read.advance(line + 2);
                    *self = if size == 0 { Chunk::Trailers(0) } else { Chunk::Data(size) };
                }
                Chunk::Data(left) => {
                    *left -= move_bytes(read, into, *left) as u64;
                    if *left > 0 {
                        return Ok(true);
                    }
                    *self = Chunk::DataEnd;
                }
                Chunk::DataEnd => {
                    let Some(end) = read.first_chunk::<2>() else {
                        return if b"\r\n".starts_with(read) { Ok(true) } else { Err(Broken::Malformed) };
                    };
                    if end != b"\r\n" {
                        return Err(Broken::Malformed);
                    }
                    read.advance(2);
                    *self = Chunk::Size;
                }
                Chunk::Trailers(before) => {
                    let Some(line) = line(read, TRAILERS - *before)? else { return Ok(true) };
                    read.advance(line + 2);
                    *before = (*before + line + 2).min(TRAILERS);
                    if line == 0 {
                        return Ok(false);
                    }
                }
            }
        }
    }
}

/// The one length, however often it is said.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Broken> {
    let mut length = None;
    for value in headers.get_all(header::CONTENT_LENGTH) {
        let one = digits(value.as_bytes()).ok_or(Broken::Malformed)?;
        if length.is_some_and(|before| before != one) {
            return Err(Broken::Malformed);
        }
        length = Some(one);
    }
    Ok(length)
}

/// Digits only, and no more than any reader counts.
fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length: u64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    i64::try_from(length).is_ok().then_some(length)
}

/// Chunked and nothing else, or not at all. No other coding was asked for.
fn is_chunked(headers: &HeaderMap, version_11: bool) -> Result<bool, Broken> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(false),
        (Some(coding), None) if version_11 && coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(Broken::Malformed),
    }
}

/// Length of the line at the start, without its end; `None` when the end has not come.
fn line(read: &[u8], most: usize) -> Result<Option<usize>, Broken> {
    match memchr::memchr(b'\n', read.get(..most).unwrap_or(read)) {
        Some(newline) => match newline.checked_sub(1) {
            Some(length) if read.get(length) == Some(&b'\r') => Ok(Some(length)),
            _ => Err(Broken::Malformed),
        },
        None if read.len() >= most => Err(Broken::Malformed),
        None => Ok(None),
    }
}

/// Hexadecimal digits; an extension behind them says nothing to us.
fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    let length = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (size, rest) = line.split_at_checked(length).ok_or(Broken::Malformed)?;
    let is_extension = matches!(rest.trim_ascii_start(), [] | [b';', ..]);
    if !is_extension || size.len() > 15 || rest.contains(&b'\r') {
        return Err(Broken::Malformed);
    }
    let size = std::str::from_utf8(size).map_err(|_| Broken::Malformed)?;
    u64::from_str_radix(size, 16).map_err(|_| Broken::Malformed)
}

fn move_bytes(read: &mut BytesMut, into: &mut Vec<u8>, most: u64) -> usize {
    let taken = read.len().min(usize::try_from(most).unwrap_or(usize::MAX));
    into.extend_from_slice(read.get(..taken).unwrap_or_default());
    read.advance(taken);
    taken
}

/// The line of a chunk's size with its extension.
const SIZE_LINE: usize = 1 << 10;

/// All trailers.
const TRAILERS: usize = 16 << 10;

#[cfg(test)]
mod tests;
