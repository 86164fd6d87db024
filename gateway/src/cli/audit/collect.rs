//! `yingbi audit collect`: copies of every gateway's log from the central store, byte by byte as each wrote it.
//!
//! What is collected is searched, verified, proved and reported on as a gateway's own log is: `--dir` names the directory of
//! the copies. Each run goes on where the last one ended; what the store holds now, from the first byte, a run into an
//! empty directory tells.

use super::{Failure, Location, unless_closed, warn};
use crate::evidence::store::{Address, Store, StoreFault};
use serde_json::json;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_audit::journal::{Collected, Cursor, Gap};
use yingbi_crypto::hex;
use yingbi_policies::{Language, Text};
use zeroize::Zeroizing;

/// Arguments of `yingbi audit collect`.
#[derive(Debug, clap::Args)]
pub(super) struct CollectArgs {
    /// A file with the address of the store, as `audit.ship.store` names it; or, where it holds no password, the address
    /// itself: `postgres://…`, `nats://…`, `tls://…`
    #[arg(long, value_name = "FILE|URL", required_unless_present = "config")]
    from: Option<String>,
    /// Authorities of the certificate of a `tls://` store
    #[arg(long, value_name = "FILE", requires = "from")]
    ca: Option<PathBuf>,
    /// The gateway's configuration file, whose store it is
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the copies
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What came of a log.
struct Done {
    log: String,
    pieces: u64,
    cursor: Cursor,
    gaps: Vec<Gap>,
    /// How far the store says it is, when it says otherwise.
    told: Option<u64>,
}

pub(super) fn run(args: &CollectArgs, language: Language) -> Result<ExitCode, Failure> {
    let mut store = address(args)?.open().map_err(fault)?;
    let mut is_good = true;
    let mut out = io::stdout().lock();
    for stream in store.streams().map_err(fault)? {
        let done = collect(&mut *store, &stream, &args.into)?;
        is_good &= done.gaps.is_empty() && done.told.is_none();
        let written = match args.format {
            Format::Json => writeln!(out, "{}", as_json(&done)),
            Format::Text => {
                let Done { log, pieces, cursor, .. } = &done;
                let text = Text::new(
                    format!("{log}: {pieces} pieces, records before {}", cursor.next),
                    format!("{log}：{pieces} 件，记录至 {} 号之前", cursor.next),
                );
                writeln!(out, "{}", text.to(language))
            }
        };
        unless_closed(written).map_err(|error| Failure::unreadable(&args.into, &error))?;
        for gap in &done.gaps {
            let log = &done.log;
            let text = Text::new(
                format!("{log}: {gap}"),
                format!("{log}：第 {} 件缺失或错位（{}）", gap.place, gap.file),
            );
            warn(text.to(language));
        }
        if let Some(told) = done.told {
            let (log, have) = (&done.log, done.cursor.places);
            let text = Text::new(
                format!("{log}: the store names {told} pieces and gives {have}: its tail was cut"),
                format!("{log}：存储称有 {told} 件，实得 {have} 件：尾部被截断"),
            );
            warn(text.to(language));
        }
    }
    Ok(ExitCode::from(u8::from(!is_good)))
}

fn collect(store: &mut dyn Store, stream: &[u8; 16], into: &Path) -> Result<Done, Failure> {
    let failed = |error: io::Error| Failure::unreadable(into, &error);
    // Before the pieces: more may come in between, never less.
    let told = store.cursor(stream).map_err(fault)?;
    let mut copy = Collected::open(into, stream).map_err(failed)?;
    let began = copy.cursor().places;
    let mut gaps = Vec::new();
    loop {
        let pieces = store.pieces(stream, copy.cursor().places).map_err(fault)?;
        if pieces.is_empty() {
            break;
        }
        for (place, piece) in &pieces {
            let gap = copy.take(*place, piece).map_err(failed)?;
            gaps.extend(gap.filter(|_| gaps.len() < GAPS_MOST));
        }
        copy.keep().map_err(failed)?;
    }
    let cursor = copy.cursor().clone();
    let told = (cursor.places < told.places || told.places == 0).then_some(told.places);
    Ok(Done { log: hex::encode(stream), pieces: cursor.places.saturating_sub(began), cursor, gaps, told })
}

fn address(args: &CollectArgs) -> Result<Address, Failure> {
    let wrong = || {
        Failure::usage(
            "this is no store: it must be on this host, or reached by TLS",
            "不是可用的存储：须在本机，或经 TLS 访问",
        )
    };
    let (text, ca) = match (&args.from, Location { dir: None, config: args.config.clone() }.places()?) {
        (Some(from), _) if from.contains("://") => (Zeroizing::new(from.clone()), args.ca.clone()),
        (Some(file), _) => (read(Path::new(file))?, args.ca.clone()),
        (None, Some(places)) => {
            let ship = places.ship.ok_or_else(|| {
                Failure::config("the configuration names no `audit.ship`", "配置中没有 `audit.ship`")
            })?;
            (read(&ship.0)?, ship.1)
        }
        (None, None) => return Err(wrong()),
    };
    Address::parse(&text, ca.as_deref()).ok_or_else(wrong)
}

fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    std::fs::read_to_string(file).map(Zeroizing::new).map_err(|error| Failure::unreadable(file, &error))
}

fn fault(fault: StoreFault) -> Failure {
    let zh = match &fault {
        StoreFault::Unreachable => "无法连接存储".to_owned(),
        StoreFault::Refused(code) => format!("存储拒绝：{code}"),
        StoreFault::Moved => "存储在此期间有变".to_owned(),
        StoreFault::Unreadable => "存储中的内容无法识别".to_owned(),
    };
    Failure::problem(fault.to_string(), zh)
}

fn as_json(done: &Done) -> serde_json::Value {
    let gaps: Vec<_> = done
        .gaps
        .iter()
        .map(|gap| json!({"place": gap.place, "file": gap.file, "byte": gap.byte, "expected": gap.expected}))
        .collect();
    json!({
        "log": done.log,
        "pieces": done.pieces,
        "places": done.cursor.places,
        "records": done.cursor.next,
        "gaps": gaps,
        "store_names": done.told,
    })
}

/// Gaps that are named.
const GAPS_MOST: usize = 1000;
