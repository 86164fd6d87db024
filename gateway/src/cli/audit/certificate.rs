//! `yingbi audit export --evidence`: evidence of accesses with all that T/SAC 004—2024 §6.4.6 lists, in one file that
//! `yingbi audit verify FILE --public-key KEY [--tsa-ca CA]` checks offline.
//!
//! The file is one JSON object:
//!
//! | member | of §6.4.6 |
//! |---|---|
//! | `format` | `yingbi-certificate/1` |
//! | `on_chain` | 链上存证信息: the packages that an evidence chain took over these slices, and its receipts |
//! | `algorithms` | 存证信息加密算法 |
//! | `parties` | 存证各参与方身份信息: the firm's particulars, who signed, whom packages went to |
//! | `time_stamps` | 存证可信时间戳: RFC 3161 tokens, and the checkpoints they are over |
//! | `nodes` | 存证节点网络信息: the nodes' particulars |
//! | `conclusion` | 出证结论: what was verified when it was made |
//! | `evidence` | 其他必要信息: the records with their proofs and the signed checkpoint ([`yingbi_audit::bundle`]) |

use super::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use yingbi_audit::bundle::{Bundle, Proved, prove};
use yingbi_audit::checkpoint::{self, Note, Signed};
use yingbi_audit::package::{self, Delivery, Particulars};
use yingbi_audit::slice::Statement;
use yingbi_audit::stamp::{self, Authority, Stamp};
use yingbi_audit::verify::Report;
use yingbi_crypto::{VerifyingKey, hex};

/// What `format` says.
pub(super) const FORMAT: &str = "yingbi-certificate/1";

/// A certificate of evidence.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Certificate {
    format: String,
    on_chain: Vec<Delivery>,
    algorithms: Vec<String>,
    parties: Parties,
    time_stamps: Vec<Stamped>,
    nodes: Vec<Particulars>,
    conclusion: Value,
    evidence: Bundle,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parties {
    subjects: Vec<Particulars>,
    signer: Option<String>,
    chains: Vec<String>,
}

/// A stamp and the checkpoint that it is over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped {
    checkpoint: String,
    stamp: Stamp,
}

/// What a certificate proves.
pub(super) struct Shown {
    pub proved: Proved,
    /// Times, in microseconds since 1970, of stamps that hold.
    pub stamped: Vec<i64>,
    /// Packages that agree with the records' slices.
    pub packages: usize,
}

impl Certificate {
    /// Of these records.
    pub fn make(dir: &Path, sequences: &[u64], report: &Report) -> Result<Self, Failure> {
        let evidence = prove(dir, sequences).map_err(super::prove::unproved)?;
        let unreadable = |error: std::io::Error| Failure::unreadable(dir, &error);
        let beside = yingbi_audit::evidence_dir(dir);
        let text = |name: &str| match std::fs::read_to_string(beside.join(name)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            other => other,
        };
        let numbers: BTreeSet<u64> = statements(&evidence).map(|statement| statement.number).collect();
        let deliveries = text(package::FILE).map_err(unreadable)?;
        let deliveries: Vec<Delivery> =
            deliveries.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let last = deliveries.len().saturating_sub(1);
        // Those over the records' slices, and the last.
        let on_chain: Vec<Delivery> = deliveries
            .into_iter()
            .enumerate()
            .filter(|(place, delivery)| {
                let claims = package::read(&delivery.package).unwrap_or_default();
                *place == last || claims.slices.iter().any(|(_, number, _)| numbers.contains(number))
            })
            .map(|(_, delivery)| delivery)
            .collect();
        let notes = text(checkpoint::FILE).map_err(unreadable)?;
        let notes: Vec<Note> = Note::read_all(&notes).into_iter().filter_map(|(_, note)| note.ok()).collect();
        let stamps = text(stamp::FILE).map_err(unreadable)?;
        let stamps: Vec<Stamp> = stamps.lines().filter_map(Stamp::parse).collect();
        let after = sequences.iter().max().map_or(0, |last| last.saturating_add(1));
        // The earliest stamp that covers all the records tells most; the last is the freshest.
        let mut chosen: Vec<&Stamp> =
            stamps.iter().find(|stamp| stamp.records >= after).into_iter().collect();
        chosen.extend(stamps.last());
        chosen.dedup();
        let time_stamps: Vec<Stamped> = chosen
            .into_iter()
            .filter_map(|stamp| {
                let note = notes.iter().map(Note::to_string).find(|note| stamp.is_over(note))?;
                Some(Stamped { checkpoint: note, stamp: stamp.clone() })
            })
            .collect();
        let distinct = |of: fn(&Delivery) -> &Particulars| -> Vec<Particulars> {
            on_chain
                .iter()
                .map(of)
                .filter(|one| !one.is_empty())
                .cloned()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect()
        };
        let signer = Note::parse(&evidence.checkpoint)
            .ok()
            .and_then(|note| Some(note.signatures.first()?.name.clone()));
        let chains = on_chain.iter().map(|delivery| delivery.to.clone()).collect::<BTreeSet<_>>();
        Ok(Certificate {
            format: FORMAT.to_owned(),
            algorithms: ALGORITHMS.map(str::to_owned).to_vec(),
            parties: Parties {
                subjects: distinct(|delivery| &delivery.subject),
                signer,
                chains: chains.into_iter().collect(),
            },
            nodes: distinct(|delivery| &delivery.node),
            conclusion: conclusion(report, sequences),
            on_chain,
            time_stamps,
            evidence,
        })
    }

    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|one: &Certificate| one.format == FORMAT)
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What it proves to who believes these keys and authorities: everything in it must agree.
    pub fn verify(&self, keys: &[VerifyingKey], authorities: &[Authority]) -> Result<Shown, String> {
        let proved = self.evidence.verify(keys).map_err(|why| why.to_string())?;
        let checkpoint = Note::parse(&self.evidence.checkpoint).map_err(|why| why.to_string())?.checkpoint;
        let mut stamped = Vec::new();
        for one in &self.time_stamps {
            let note = Note::parse(&one.checkpoint).map_err(|why| why.to_string())?;
            if note.signed(keys) != Signed::Good || note.checkpoint.stream != proved.stream {
                return Err("a time stamp is over no checkpoint of this log's signer".to_owned());
            }
            if !authorities.is_empty() {
                stamped.push(one.stamp.verify(&one.checkpoint, authorities).map_err(|why| why.to_string())?);
            }
        }
        if !authorities.is_empty() && stamped.is_empty() {
            return Err("no checkpoint is stamped by an authority that is trusted".to_owned());
        }
        for delivery in &self.on_chain {
            let claims = package::read(&delivery.package).filter(|_| delivery.is_of_its_subject());
            let claims = claims.ok_or("a package can't be read, or was changed")?;
            let is_of = |statement: &Statement| {
                let own = claims.slices.iter().filter(|(_, number, _)| *number == statement.number);
                own.into_iter()
                    .all(|(stream, _, leaf)| *stream != statement.stream || *leaf == statement.leaf())
            };
            let is_of_end = claims.ends.iter().all(|(stream, records, chain)| {
                *stream != checkpoint.stream || *records != checkpoint.records || *chain == checkpoint.chain
            });
            if !statements(&self.evidence).all(|statement| is_of(&statement)) || !is_of_end {
                return Err("a package tells of other slices than the records'".to_owned());
            }
        }
        let is_told = |told: &[Particulars], of: fn(&Delivery) -> &Particulars| {
            told.iter().all(|one| self.on_chain.iter().any(|delivery| of(delivery) == one))
        };
        if !is_told(&self.parties.subjects, |delivery| &delivery.subject)
            || !is_told(&self.nodes, |delivery| &delivery.node)
        {
            return Err("a party or node is not one whose particulars were handed to the chain".to_owned());
        }
        Ok(Shown { proved, stamped, packages: self.on_chain.len() })
    }
}

/// Statements of the records' closed slices.
fn statements(bundle: &Bundle) -> impl Iterator<Item = Statement> {
    let statements = bundle.records.iter().filter_map(|proof| proof.statement.as_deref());
    statements.filter_map(|text| {
        let bytes: [u8; yingbi_audit::slice::STATEMENT_BYTES] = hex::decode(text)?;
        Statement::decode(&bytes).ok()
    })
}

fn conclusion(report: &Report, sequences: &[u64]) -> Value {
    let is_good = report.is_good();
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    json!({
        "good": is_good,
        "text_zh": if is_good { "经核验，所列记录自写入后未被改动，所在日志完整。" } else { "核验发现日志存在问题，见所列各项。" },
        "text_en": if is_good { "The records listed were not changed since they were written; the log they are in is whole." }
            else { "The log is not whole; see what was found." },
        "made": format!("{:.6}", jiff::Timestamp::now()),
        "records": sequences,
        "log_records": report.records,
        "failures": failures,
    })
}

const ALGORITHMS: [&str; 6] = [
    "SM3 (GB/T 32905): chain of records, Merkle trees of records, slices and keywords, packages",
    "HMAC-SM3: pseudonyms of investors and callers, tags of keywords",
    "SM2 with SM3 (GB/T 32918.2): checkpoints",
    "Ed25519 (RFC 8032): checkpoints",
    "RFC 3161: time stamps, by the authority's own algorithm",
    "CRC-32: frames, against accidents only",
];
