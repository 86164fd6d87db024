//! Release: the only place from which a treated answer reaches a client. It takes the evidence; forgetting the record
//! does not compile.

use bytes::Bytes;
use jiff::Timestamp;
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use pingora_http::ResponseHeader;
use std::sync::Arc;
use yingbi_audit::{Ended, Log, Receipt};
use yingbi_protect::Summary;
use yingbi_taxonomy::Level;

/// Pieces written at once: a write deadline then measures progress, not size.
const PIECE: usize = 64 * 1024;

/// Why an answer may leave.
pub enum Evidence {
    /// The record of the access is durable (T/TSAC 001 §7.5 f).
    Recorded(Receipt),
    /// The answer holds nothing of level 2 or above, so no record is owed.
    NothingPersonal(NothingPersonal),
}

/// Proof that a summary counts nothing of level 2 or above.
pub struct NothingPersonal(());

impl NothingPersonal {
    /// The proof, if it holds.
    pub fn of(summary: &Summary) -> Option<NothingPersonal> {
        let found = [&summary.clear, &summary.masked, &summary.dropped];
        let personal = found.into_iter().flatten().any(|(category, _)| category.level() >= Level::L2);
        (!personal && summary.subjects.is_empty()).then_some(NothingPersonal(()))
    }
}

/// A treated answer: head and body as the client may see them.
pub struct Treated {
    /// Head, framing included.
    pub head: ResponseHeader,
    /// Body.
    pub body: Bytes,
}

/// Hands a treated answer to the client's socket. The evidence is used up by being handed in.
///
/// # Errors
/// The client did not take it all.
pub async fn release(
    client: &mut Client,
    treated: Treated,
    evidence: Evidence,
    ending: Ending,
) -> Result<u64, Unwritten> {
    begin(client, treated, evidence, ending).await?.end(client).await
}

/// Hands the head and the first part of a treated answer over.
///
/// # Errors
/// The client did not take it all.
pub async fn begin(
    client: &mut Client,
    treated: Treated,
    _: Evidence,
    mut ending: Ending,
) -> Result<Begun, Unwritten> {
    ending.begun = true;
    let Treated { head, body } = treated;
    let bodiless =
        client.req_header().method == http::Method::HEAD || head.status == 204 || head.status == 304;
    client.write_response_header(Box::new(head)).await.map_err(|_| Unwritten)?;
    let mut begun = Begun { ending };
    if !bodiless {
        begun.write(client, body).await?;
    }
    Ok(begun)
}

/// An answer of which a part has been handed over. Until it is ended the client knows that it is none.
pub struct Begun {
    ending: Ending,
}

impl Begun {
    /// Hands a further part over, on evidence of its own.
    ///
    /// # Errors
    /// The client did not take it all.
    pub async fn part(
        &mut self,
        client: &mut Client,
        body: Bytes,
        evidence: Evidence,
        log: &Arc<Log>,
    ) -> Result<(), Unwritten> {
        if matches!(evidence, Evidence::Recorded(_)) {
            self.ending.log.get_or_insert_with(|| log.clone());
        }
        self.write(client, body).await
    }

    async fn write(&mut self, client: &mut Client, mut body: Bytes) -> Result<(), Unwritten> {
        while !body.is_empty() {
            let piece = body.split_to(body.len().min(PIECE));
            client.write_body(&piece).await.map_err(|_| Unwritten)?;
            self.ending.bytes += piece.len() as u64;
        }
        Ok(())
    }

    /// Tells the client that the answer is whole.
    ///
    /// # Errors
    /// The client has left.
    pub async fn end(self, client: &mut Client) -> Result<u64, Unwritten> {
        client.finish_body().await.map_err(|_| Unwritten)?;
        Ok(self.ending.handed_over())
    }

    /// Leaves the answer a torso.
    pub fn cut_off(mut self) {
        self.ending.note("partial");
    }
}

/// The client did not take the whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritten;

/// Records how a release ended, also when the exchange is cancelled on the way.
pub struct Ending {
    log: Option<Arc<Log>>,
    decision_id: Arc<str>,
    bytes: u64,
    begun: bool,
}

impl Ending {
    /// An ending for the access with this id; `log` is none when no record was owed.
    pub fn new(log: Option<Arc<Log>>, decision_id: Arc<str>) -> Self {
        Ending { log, decision_id, bytes: 0, begun: false }
    }

    fn handed_over(mut self) -> u64 {
        self.note("handed-to-socket");
        self.bytes
    }

    fn note(&mut self, result: &str) {
        if let Some(log) = self.log.take() {
            let (decision_id, bytes) = (&*self.decision_id, self.bytes);
            log.note(Ended { time: Timestamp::now(), decision_id, result, bytes });
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.note(if self.begun { "aborted" } else { "not-begun" });
    }
}
