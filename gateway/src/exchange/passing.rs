//! The body of a request on its way to the API behind: held already, or piece by piece; and what is kept of it to be
//! listed in the inventory (T/TSAC 001—2025 §7.6 f). A body that is not listed is not copied.

use bytes::{Bytes, BytesMut};
use pingora_core::protocols::http::v1::server::HttpSession as Client;

/// A body that passes.
pub struct Passing {
    /// What was read of it before, and not sent yet.
    held: Option<Bytes>,
    kept: Kept,
}

/// What is kept of a body.
enum Kept {
    Nothing,
    /// All of it, which was held anyway.
    Whole(Bytes),
    /// Its beginning, and whether there is more.
    Copied(BytesMut, bool),
}

/// The client's body did not come whole, in time, and well framed.
#[derive(Debug)]
pub struct BrokenBody;

impl Passing {
    /// A body that comes from the client; `is_listed`: its beginning is kept.
    pub fn streamed(is_listed: bool) -> Self {
        let kept = if is_listed { Kept::Copied(BytesMut::new(), false) } else { Kept::Nothing };
        Passing { held: None, kept }
    }

    /// A body that was read whole.
    pub fn held(body: Bytes, is_listed: bool) -> Self {
        let kept = if is_listed { Kept::Whole(body.clone()) } else { Kept::Nothing };
        Passing { held: Some(body), kept }
    }

    /// Another body in place of the one that was read; what is listed is what came.
    pub fn replaced_by(self, body: Bytes) -> Self {
        Passing { held: Some(body), kept: self.kept }
    }

    /// All of a body that was read whole.
    pub fn all_held(&self) -> Option<Bytes> {
        self.held.clone()
    }

    /// Whether it was read whole.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The next piece to pass on.
    ///
    /// # Errors
    /// The client did not send it.
    pub async fn next(&mut self, client: &mut Client) -> Result<Option<Bytes>, BrokenBody> {
        match &mut self.held {
            Some(held) if held.is_empty() => Ok(None),
            Some(held) => Ok(Some(held.split_to(held.len().min(PIECE)))),
            None => {
                let piece = client.read_body_bytes().await.map_err(|_| BrokenBody)?;
                if let (Some(piece), Kept::Copied(kept, is_cut)) = (&piece, &mut self.kept) {
                    let room = MOST_KEPT.saturating_sub(kept.len()).min(piece.len());
                    kept.extend_from_slice(piece.get(..room).unwrap_or_default());
                    *is_cut |= room < piece.len();
                }
                Ok(piece)
            }
        }
    }

    /// What was kept, and whether there is more of it.
    pub fn kept(self) -> Option<(Bytes, bool)> {
        match self.kept {
            Kept::Nothing => None,
            Kept::Whole(mut body) => {
                let is_cut = body.len() > MOST_KEPT;
                body.truncate(MOST_KEPT);
                Some((body, is_cut))
            }
            Kept::Copied(body, is_cut) => Some((body.freeze(), is_cut)),
        }
    }
}

/// Pieces written at once of a body that was held: the API may answer before it has all.
const PIECE: usize = 64 << 10;

/// So much of a body is looked at for the inventory: it is done beside the exchange, and should not be felt.
const MOST_KEPT: usize = 256 << 10;
