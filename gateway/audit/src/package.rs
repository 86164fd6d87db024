//! What is handed to an evidence chain (T/SAC 004—2024 §6.4.4, App. B c, App. C): slices, their indexes and the log's end, as
//! hashes in the form that its gateways take. Nothing of any record is in it.
//!
//! ```json
//! {"transaction_info_array": [{"transaction_info": {"transaction_detail_info": {"biz_data": {
//!   "bizName": "个人信息访问日志存证",
//!   "businessData": [{"StageHash": "…", "StageName": "存证主体-主体基本信息"}, …],
//!   "necessaryData": {"CreateTime": "2026-11-20 14:00:00", "PackageHash": "…", "UploadTime": "2026-11-20 14:00:01"}}}}}]}
//! ```
//!
//! | `StageName` | `StageHash` |
//! |---|---|
//! | 存证主体-主体基本信息 | SM3 of the firm's particulars, as `subject` keeps them: lines `name=value`, in order of the names |
//! | 存证主体-主体区块链节点信息 | SM3 of the node's, as `node` keeps them |
//! | 流式数据-切片-STREAM-SLICE-FIRST-NEXT | leaf of the slice's statement ([`crate::slice`]): stream id, slice id, times, start and end are in it |
//! | 流式数据-索引-STREAM-SLICE | root over the slice's index of keywords |
//! | 流式数据-末条-STREAM-RECORDS | chain hash of the last of so many records |
//! | 流式数据-检查点-STREAM-RECORDS | SM3 of the checkpoint's text, signatures included |
//!
//! `PackageHash` is SM3 over, of each stage in order, the 32 bytes of its hash and its name. Times are those of Beijing.
//!
//! The file `deliveries` in a log's evidence directory holds one object a line: `format` (`yingbi-delivery/1`), `to`,
//! `subject`, `node`, `package`, the gateway's `receipt` and the `time` it came. Against any package, wherever it was kept,
//! [`crate::verify`] finds a log that was cut or rewritten.

use crate::checkpoint::{Checkpoint, Note};
use crate::slice::Statement;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use yingbi_crypto::{Digest, hex, sm3};

/// Name of the file of deliveries.
pub const FILE: &str = "deliveries";
/// What `format` says.
pub const FORMAT: &str = "yingbi-delivery/1";
const BUSINESS: &str = "个人信息访问日志存证";
const SUBJECT: &str = "存证主体-主体基本信息";
const NODE: &str = "存证主体-主体区块链节点信息";
const SLICE: &str = "流式数据-切片-";
const INDEX: &str = "流式数据-索引-";
const LAST: &str = "流式数据-末条-";
const CHECKPOINT: &str = "流式数据-检查点-";

/// Particulars by the English names of T/SAC 004—2024 tables B.3 and B.4.
pub type Particulars = BTreeMap<String, String>;

/// A package and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// [`FORMAT`].
    pub format: String,
    /// Whom it was handed to.
    pub to: String,
    /// The firm's particulars.
    pub subject: Particulars,
    /// The node's particulars.
    pub node: Particulars,
    /// The package as it was sent.
    pub package: Value,
    /// What the chain's gateway answered.
    pub receipt: String,
    /// When, RFC 3339.
    pub time: String,
}

/// What a package says of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Hashes of statements of slices, by stream and number.
    pub slices: Vec<([u8; 16], u64, Digest)>,
    /// Chain hashes by stream and number of records.
    pub ends: Vec<([u8; 16], u64, Digest)>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stage {
    name: String,
    hash: Digest,
}

/// The package of slices not handed over yet and of a checkpoint.
pub fn make(
    subject: &Particulars,
    node: &Particulars,
    slices: &[Statement],
    note: &Note,
    upload: jiff::Timestamp,
) -> Value {
    let checkpoint = &note.checkpoint;
    let Checkpoint { records, chain, .. } = checkpoint;
    let stream = hex::encode(&checkpoint.stream);
    let mut stages = vec![
        Stage { name: SUBJECT.to_owned(), hash: digest(subject) },
        Stage { name: NODE.to_owned(), hash: digest(node) },
    ];
    for slice in slices {
        let Statement { number, first, next, .. } = slice;
        let name = format!("{SLICE}{stream}-{number}-{first}-{next}");
        stages.push(Stage { name, hash: slice.leaf() });
        stages.push(Stage { name: format!("{INDEX}{stream}-{number}"), hash: slice.index });
    }
    stages.push(Stage { name: format!("{LAST}{stream}-{records}"), hash: *chain });
    let text = sm3(&[note.to_string().as_bytes()]);
    stages.push(Stage { name: format!("{CHECKPOINT}{stream}-{records}"), hash: text });
    let business: Vec<Value> = stages
        .iter()
        .map(|stage| json!({"StageHash": hex::encode(&stage.hash), "StageName": stage.name}))
        .collect();
    let made = checkpoint.time.parse().unwrap_or(upload);
    let necessary = json!({
        "CreateTime": beijing(made),
        "PackageHash": hex::encode(&package_hash(&stages)),
        "UploadTime": beijing(upload),
    });
    let data = json!({"bizName": BUSINESS, "businessData": business, "necessaryData": necessary});
    let detail = json!({"transaction_detail_info": {"biz_data": data}});
    json!({"transaction_info_array": [{"transaction_info": detail}]})
}

/// What a package says, if all of it is one; `None` when any of it was changed.
pub fn read(package: &Value) -> Option<Claims> {
    let mut claims = Claims::default();
    let transactions = package.get("transaction_info_array")?.as_array()?;
    for transaction in transactions {
        let data = transaction.pointer("/transaction_info/transaction_detail_info/biz_data")?;
        let stages = stages(data)?;
        let hash: Digest = hex::decode(data.pointer("/necessaryData/PackageHash")?.as_str()?)?;
        (hash == package_hash(&stages)).then_some(())?;
        for Stage { name, hash } in stages {
            let part = |prefix: &str| -> Option<([u8; 16], Vec<u64>)> {
                let mut parts = name.strip_prefix(prefix)?.split('-');
                let stream = hex::decode(parts.next()?)?;
                Some((stream, parts.map(|part| part.parse().ok()).collect::<Option<_>>()?))
            };
            match (part(SLICE), part(LAST)) {
                (Some((stream, numbers)), _) => claims.slices.push((stream, *numbers.first()?, hash)),
                (_, Some((stream, numbers))) => claims.ends.push((stream, *numbers.first()?, hash)),
                (None, None) => {}
            }
        }
    }
    (!transactions.is_empty()).then_some(claims)
}

impl Delivery {
    /// Whether the particulars are those whose hashes were handed over.
    pub fn is_of_its_subject(&self) -> bool {
        let transactions = self.package.get("transaction_info_array").and_then(Value::as_array);
        transactions.into_iter().flatten().all(|transaction| {
            let data = transaction.pointer("/transaction_info/transaction_detail_info/biz_data");
            let stages = data.and_then(stages).unwrap_or_default();
            let has = |name: &str, hash: Digest| {
                stages.iter().any(|stage| stage.name == name && stage.hash == hash)
            };
            has(SUBJECT, digest(&self.subject)) && has(NODE, digest(&self.node))
        })
    }

    /// The last slice that it hands over, and records that its checkpoint covers.
    pub fn reach(&self) -> Option<(Option<u64>, u64)> {
        let claims = read(&self.package)?;
        let slice = claims.slices.iter().map(|(_, number, _)| *number).max();
        Some((slice, claims.ends.iter().map(|(_, records, _)| *records).max()?))
    }
}

fn stages(data: &Value) -> Option<Vec<Stage>> {
    let stage = |stage: &Value| {
        let name = stage.get("StageName")?.as_str()?.to_owned();
        Some(Stage { name, hash: hex::decode(stage.get("StageHash")?.as_str()?)? })
    };
    data.get("businessData")?.as_array()?.iter().map(stage).collect()
}

fn package_hash(stages: &[Stage]) -> Digest {
    let bytes: Vec<u8> =
        stages.iter().flat_map(|stage| [&stage.hash[..], stage.name.as_bytes()].concat()).collect();
    sm3(&[&bytes])
}

/// Of particulars: SM3 of `name=value` lines in order of the names.
fn digest(particulars: &Particulars) -> Digest {
    let lines: String = particulars.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    sm3(&[lines.as_bytes()])
}

fn beijing(time: jiff::Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    time.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests;
