//! Has checkpoints stamped.

use super::{ANSWER_BYTES, Courier, Undelivered, agent};
use crate::config::{ImprintName, TimeStamps};
use std::path::{Path, PathBuf};
use std::time::Duration;
use yingbi_audit::checkpoint::Note;
use yingbi_audit::stamp::{self, Authority, BadToken, Imprint, Stamp};

pub(super) struct StampCourier {
    config: TimeStamps,
    agent: ureq::Agent,
    dir: PathBuf,
    /// Those believed; `None`: that is for the auditor to say.
    authorities: Option<Vec<Authority>>,
    reached: u64,
}

impl StampCourier {
    pub fn new(config: TimeStamps, dir: &Path) -> Self {
        let kept = std::fs::read_to_string(yingbi_audit::evidence_dir(dir).join(stamp::FILE));
        let last = kept.unwrap_or_default().lines().rev().find_map(Stamp::parse);
        let authorities = config.authorities.as_ref().map(|file| {
            // A file that vanished since it was checked trusts nobody.
            Authority::of_pem(&std::fs::read_to_string(file).unwrap_or_default()).unwrap_or_default()
        });
        StampCourier {
            agent: agent(config.ca.as_deref()),
            config,
            dir: dir.to_owned(),
            authorities,
            reached: last.map_or(0, |stamp| stamp.records),
        }
    }

    fn ask(&self, text: &str) -> Result<Vec<u8>, Undelivered> {
        let imprint = match self.config.imprint {
            ImprintName::Sha256 => Imprint::Sha256,
            ImprintName::Sm3 => Imprint::Sm3,
        };
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).map_err(|_| Undelivered::Unreachable)?;
        let nonce = u64::from_be_bytes(nonce);
        let request = stamp::request(text.as_bytes(), imprint, nonce);
        let mut answer = self
            .agent
            .post(&self.config.url)
            .header("content-type", "application/timestamp-query")
            .send(&request)
            .map_err(|_| Undelivered::Unreachable)?;
        if answer.status() != 200 {
            return Err(Undelivered::Status(answer.status().as_u16()));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|_| Undelivered::Unreachable)?;
        stamp::accept(&body, text.as_bytes(), nonce).map_err(Undelivered::Answer)
    }
}

impl Courier for StampCourier {
    fn reached(&self) -> u64 {
        self.reached
    }

    fn interval(&self) -> Duration {
        self.config.interval
    }

    fn deliver(&mut self, note: &Note) -> Result<(), Undelivered> {
        let text = note.to_string();
        let records = note.checkpoint.records;
        let stamp = Stamp::new(&text, records, &self.ask(&text)?);
        if let Some(authorities) = &self.authorities {
            let believed = stamp.verify(&text, authorities);
            believed.map_err(|bad: BadToken| Undelivered::Answer(bad))?;
        }
        stamp.keep(&self.dir).map_err(|error| Undelivered::Unkept(error.kind()))?;
        self.reached = records;
        Ok(())
    }
}
