//! Hands slices and checkpoints to an evidence chain's gateway.

use super::{ANSWER_BYTES, Courier, Undelivered, agent};
use crate::config::Chain;
use std::path::{Path, PathBuf};
use std::time::Duration;
use yingbi_audit::checkpoint::Note;
use yingbi_audit::package::{self, Delivery};
use yingbi_audit::{slice, stamp};

pub(super) struct ChainCourier {
    config: Chain,
    agent: ureq::Agent,
    dir: PathBuf,
    /// Slices before this one are delivered.
    slices: u64,
    reached: u64,
}

impl ChainCourier {
    pub fn new(config: Chain, dir: &Path) -> Self {
        let kept = std::fs::read_to_string(yingbi_audit::evidence_dir(dir).join(package::FILE));
        let (mut slices, mut reached) = (0, 0);
        for line in kept.unwrap_or_default().lines() {
            let delivery: Option<Delivery> = serde_json::from_str(line).ok();
            if let Some((slice, records)) = delivery.as_ref().and_then(Delivery::reach) {
                slices = slices.max(slice.map_or(0, |slice| slice.saturating_add(1)));
                reached = records;
            }
        }
        ChainCourier { agent: agent(config.ca.as_deref()), config, dir: dir.to_owned(), slices, reached }
    }
}

impl Courier for ChainCourier {
    fn reached(&self) -> u64 {
        self.reached
    }

    fn interval(&self) -> Duration {
        self.config.interval
    }

    fn deliver(&mut self, note: &Note) -> Result<(), Undelivered> {
        let unkept = |error: std::io::Error| Undelivered::Unkept(error.kind());
        let statements = slice::statements(&self.dir).map_err(unkept)?;
        let covered = self.slices..note.checkpoint.slices;
        let mut new = statements.into_iter().filter(|slice| covered.contains(&slice.number)).peekable();
        // At least one package, for the checkpoint itself.
        loop {
            let part: Vec<_> = new.by_ref().take(SLICES_MOST).collect();
            let Chain { subject, node, url, token, .. } = &self.config;
            let sent = jiff::Timestamp::now();
            let package = package::make(subject, node, &part, note, sent);
            let mut request = self.agent.post(url).header("content-type", "application/json; charset=utf-8");
            if let Some(token) = token {
                let token = std::fs::read_to_string(token).map_err(unkept)?;
                request = request.header("authorization", format!("Bearer {}", token.trim()));
            }
            let mut answer =
                request.send(package.to_string().as_bytes()).map_err(|_| Undelivered::Unreachable)?;
            if !answer.status().is_success() {
                return Err(Undelivered::Status(answer.status().as_u16()));
            }
            let receipt = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
            let receipt = receipt.map_err(|_| Undelivered::Unreachable)?;
            let delivery = Delivery {
                format: package::FORMAT.to_owned(),
                // Without the query: it may hold a secret.
                to: url.split('?').next().unwrap_or_default().to_owned(),
                subject: subject.clone(),
                node: node.clone(),
                package,
                receipt: String::from_utf8_lossy(&receipt).chars().take(RECEIPT_CHARS).collect(),
                time: format!("{:.6}", jiff::Timestamp::now()),
            };
            let line = serde_json::to_string(&delivery).map_err(|error| unkept(error.into()))?;
            stamp::append_line(&self.dir, package::FILE, &line).map_err(unkept)?;
            self.slices = part.last().map_or(self.slices, |slice| slice.number.saturating_add(1));
            if new.peek().is_none() {
                break;
            }
        }
        self.reached = note.checkpoint.records;
        Ok(())
    }
}

/// Slices in a package: some tens of kilobytes.
const SLICES_MOST: usize = 200;

/// A receipt is an id or two.
const RECEIPT_CHARS: usize = 4096;
