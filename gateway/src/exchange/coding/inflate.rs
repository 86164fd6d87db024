//! One layer at a time, output bounded while it grows.

use super::{Coding, CodingError};
use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::{ErrorKind, Read};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Undoes one coding.
pub(super) fn layer(coding: Coding, body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    match coding {
        Coding::Gzip => gzip(body, limit),
        Coding::Deflate => deflate(body, limit),
        Coding::Brotli => brotli(body, limit),
        Coding::Zstd => zstd(body, limit),
    }
}

fn gzip(body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut out = output_for(body, limit);
    let mut rest = body;
    while !rest.is_empty() {
        // A second member is a body's continuation; anything else after the first is not.
        if !rest.starts_with(&GZIP_MAGIC) {
            let error =
                if GZIP_MAGIC.starts_with(rest) { CodingError::Truncated } else { CodingError::TrailingData };
            return Err(if rest.len() == body.len() { CodingError::Corrupt } else { error });
        }
        let mut decoder = GzDecoder::new(rest);
        read_bounded(&mut decoder, &mut out, limit)?;
        rest = decoder.into_inner();
    }
    Ok(out)
}

fn deflate(body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut out = output_for(body, limit);
    let rest = if has_zlib_header(body) {
        let mut decoder = ZlibDecoder::new(body);
        read_bounded(&mut decoder, &mut out, limit)?;
        if decoder.total_in() < 6 {
            return Err(CodingError::Truncated);
        }
        decoder.into_inner()
    } else {
        let mut decoder = DeflateDecoder::new(body);
        read_bounded(&mut decoder, &mut out, limit)?;
        decoder.into_inner()
    };
    if rest.is_empty() { Ok(out) } else { Err(CodingError::TrailingData) }
}

fn brotli(body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut out = output_for(body, limit);
    let mut state =
        BrotliState::new_strict(StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
    let mut piece = vec![0; PIECE_BYTES];
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
            &mut state,
        );
        push_bounded(&mut out, piece.get(..written).unwrap_or(&[]), limit)?;
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Err(CodingError::Truncated),
            BrotliResult::ResultFailure => return Err(CodingError::Corrupt),
            BrotliResult::ResultSuccess if available_in > 0 => return Err(CodingError::TrailingData),
            BrotliResult::ResultSuccess => return Ok(out),
        }
    }
}

fn zstd(body: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut decoder = Decoder::new().map_err(|_| CodingError::Corrupt)?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).map_err(|_| CodingError::Corrupt)?;
    let mut out = output_for(body, limit);
    let mut piece = vec![0; PIECE_BYTES];
    let mut input = InBuffer::around(body);
    let mut frames = 0;
    loop {
        let mut output = OutBuffer::around(piece.as_mut_slice());
        let failure = if frames == 0 { CodingError::Corrupt } else { CodingError::TrailingData };
        let remaining = decoder.run(&mut input, &mut output).map_err(|_| failure)?;
        let written = output.pos();
        push_bounded(&mut out, piece.get(..written).unwrap_or(&[]), limit)?;
        let consumed = input.pos() == body.len();
        match remaining {
            // Several frames are one body.
            0 if consumed => return Ok(out),
            0 => frames += 1,
            _ if consumed && written < PIECE_BYTES => return Err(CodingError::Truncated),
            _ => {}
        }
    }
}

fn read_bounded(reader: &mut impl Read, out: &mut Vec<u8>, limit: usize) -> Result<(), CodingError> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => push_bounded(out, piece.get(..read).unwrap_or(&[]), limit)?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(CodingError::Truncated),
            Err(_) => return Err(CodingError::Corrupt),
        }
    }
}

fn push_bounded(out: &mut Vec<u8>, piece: &[u8], limit: usize) -> Result<(), CodingError> {
    if piece.len() > limit.saturating_sub(out.len()) {
        return Err(CodingError::TooLarge);
    }
    out.extend_from_slice(piece);
    Ok(())
}

fn output_for(body: &[u8], limit: usize) -> Vec<u8> {
    Vec::with_capacity(body.len().saturating_mul(4).min(limit))
}

/// RFC 1950 §2.2: method 8 and a header that is a multiple of 31.
pub(super) fn has_zlib_header(body: &[u8]) -> bool {
    match body {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    }
}

pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const PIECE_BYTES: usize = 32 * 1024;

/// 8 MiB, RFC 9659 §3.
pub(super) const ZSTD_WINDOW_LOG: u32 = 23;
