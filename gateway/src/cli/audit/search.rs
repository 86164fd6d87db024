//! `yingbi audit search` and `yingbi audit export`.

use super::certificate::Certificate;
use super::copies::search_all;
use super::filter::{FilterArgs, shown};
use super::{Failure, record_reading, rows, table, unless_closed, warn};
use crate::csv;
use serde_json::json;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use yingbi_audit::search::{Entry, Filter, Order, Searched, search};
use yingbi_crypto::{Sm3, hex};
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi audit search`.
#[derive(Debug, clap::Args)]
pub(super) struct SearchArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// At most so many; a table shows 50 unless told otherwise, the other formats all
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Oldest first instead of newest first
    #[arg(long)]
    oldest_first: bool,
    /// Go on behind the access with this sequence: the last one of the page before
    #[arg(long, value_name = "SEQUENCE")]
    cursor: Option<u64>,
    /// Wait for further accesses and print them as they come; oldest first
    #[arg(long, conflicts_with_all = ["limit", "to"])]
    follow: bool,
    /// How to print; json is one object a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Arguments of `yingbi audit export`.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// File to write; must not exist
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// How to write
    #[arg(long, value_enum, default_value_t = Export::Ndjson)]
    format: Export,
    /// Instead a certificate of evidence: the accesses with their proofs, time stamps and what an evidence chain has of them
    /// (T/SAC 004 6.4.6), for `audit verify FILE --public-key KEY`
    #[arg(long, conflicts_with = "format")]
    evidence: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Export {
    Ndjson,
    Csv,
}

pub(super) fn run(args: &SearchArgs, language: Language) -> Result<ExitCode, Failure> {
    let mut filter = args.filter.filter()?;
    let dirs = &args.filter.location.dirs()?;
    let Some(dir) = dirs.first() else { return Ok(ExitCode::SUCCESS) };
    if dirs.len() > 1 && (args.follow || args.cursor.is_some()) {
        return Err(Failure::usage(
            "of many logs there is no `--cursor` or `--follow`: narrow them by `--from` and `--to`",
            "查询多份日志时不可用 `--cursor` 或 `--follow`：请用 `--from` 与 `--to` 缩小范围",
        ));
    }
    let order = if args.oldest_first || args.follow { Order::Oldest } else { Order::Newest };
    match order {
        Order::Newest => filter.before = args.cursor,
        Order::Oldest => filter.after = args.cursor,
    }
    record_reading(dirs, "search", &shown(&filter), language);
    let limit = args.limit.or((args.format == Format::Table && !args.follow).then_some(TABLE_ROWS));
    let mut out = io::BufWriter::new(io::stdout().lock());
    if args.format == Format::Csv {
        let titles = csv::line(&rows::CSV_COLUMNS.map(str::to_owned));
        unless_closed(writeln!(out, "{titles}")).map_err(|error| Failure::unreadable(dir, &error))?;
    }
    let mut heading = Some(rows::heading(language));
    let searched = loop {
        let mut table: Vec<_> = heading.take().into_iter().collect();
        let mut print = |entry: Entry| match args.format {
            Format::Json => writeln!(out, "{}", rows::as_json(&entry)),
            Format::Csv => writeln!(out, "{}", csv::line(&rows::csv_cells(&entry))),
            Format::Table => {
                table.push(rows::cells(&entry, language));
                Ok(())
            }
        };
        let searched = search_all(dirs, &filter, order, limit, &mut print);
        let written = searched.and_then(|searched| {
            if args.format == Format::Table && !table.is_empty() {
                table::write(&mut out, &table)?;
            }
            out.flush()?;
            Ok(searched)
        });
        match written {
            Ok(searched) if args.follow => {
                filter.after = searched.last.or(filter.after);
                std::thread::sleep(FOLLOW);
            }
            Ok(searched) => break searched,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(Failure::unreadable(dir, &error)),
        }
    };
    if let (true, Some(last)) = (searched.more, searched.last) {
        let found = searched.found;
        let cursor = |or: &str| match dirs.len() {
            1 => format!("{or} `--cursor {last}`"),
            _ => String::new(),
        };
        let text = Text::new(
            format!("{found} shown, there are more: give `--limit`{}", cursor(", or")),
            format!("已列出 {found} 条，另有更多：请用 `--limit`{}", cursor(" 或")),
        );
        warn(text.to(language));
    }
    Ok(end(dir, &searched, language))
}

/// Writes exactly what the filter gives, with its count and digest.
pub(super) fn export(args: &ExportArgs, language: Language) -> Result<ExitCode, Failure> {
    let filter = args.filter.filter()?;
    let dirs = &args.filter.location.dirs()?;
    let Some(dir) = dirs.first() else { return Ok(ExitCode::SUCCESS) };
    record_reading(dirs, "export", &shown(&filter), language);
    if args.evidence {
        if dirs.len() > 1 {
            return Err(Failure::usage(
                "a certificate is of one log: name its directory",
                "证明书仅针对一份日志：请指定其目录",
            ));
        }
        return export_evidence(args, dir, &filter, language);
    }
    let failed = |error: io::Error| Failure::unreadable(&args.output, &error);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&args.output).map_err(failed)?;
    let mut out = Digesting { to: io::BufWriter::new(file), sm3: Sm3::new(), bytes: 0 };
    let searched =
        write_all(dirs, &filter, args.format, &mut out).map_err(|error| Failure::unreadable(dir, &error))?;
    out.flush().and_then(|()| out.to.get_ref().sync_all()).map_err(failed)?;
    let manifest = json!({
        "file": args.output.display().to_string(),
        "filter": shown(&filter),
        "order": "oldest-first",
        "count": searched.found,
        "bytes": out.bytes,
        "sm3": hex::encode(&out.sm3.finish()),
        "unreadable": searched.unreadable,
    });
    unless_closed(writeln!(io::stdout().lock(), "{manifest}")).map_err(failed)?;
    Ok(end(dir, &searched, language))
}

/// Writes a certificate of the accesses that the filter gives, and of how they ended.
fn export_evidence(
    args: &ExportArgs,
    dir: &Path,
    filter: &Filter,
    language: Language,
) -> Result<ExitCode, Failure> {
    let mut sequences = Vec::new();
    let searched = search(dir, filter, Order::Oldest, Some(EVIDENCE_MOST), &mut |entry| {
        sequences.push(entry.sequence);
        sequences.extend(entry.outcome_sequence);
        Ok(())
    });
    let searched = searched.map_err(|error| Failure::unreadable(dir, &error))?;
    if sequences.is_empty() {
        return Err(Failure::problem("no access meets these conditions", "没有符合条件的访问"));
    }
    if searched.more {
        return Err(Failure::problem(
            format!("more than {EVIDENCE_MOST} accesses meet these conditions: narrow them"),
            format!("符合条件的访问超过 {EVIDENCE_MOST} 条：请缩小范围"),
        ));
    }
    sequences.sort_unstable();
    sequences.dedup();
    let report = yingbi_audit::verify::verify(dir, None).map_err(|error| Failure::unreadable(dir, &error))?;
    let certificate = Certificate::make(dir, &sequences, &report)?;
    let failed = |error: io::Error| Failure::unreadable(&args.output, &error);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&args.output).map_err(failed)?;
    let text = certificate.to_json() + "\n";
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let manifest = json!({
        "file": args.output.display().to_string(),
        "filter": shown(filter),
        "count": searched.found,
        "records": sequences.len(),
        "good": report.is_good(),
        "sm3": hex::encode(&yingbi_crypto::sm3(&[text.as_bytes()])),
    });
    unless_closed(writeln!(io::stdout().lock(), "{manifest}")).map_err(failed)?;
    Ok(if report.is_good() { end(dir, &searched, language) } else { ExitCode::from(1) })
}

fn write_all(dirs: &[PathBuf], filter: &Filter, format: Export, out: &mut dyn Write) -> io::Result<Searched> {
    if format == Export::Csv {
        write!(out, "{}\r\n", csv::line(&rows::CSV_COLUMNS.map(str::to_owned)))?;
    }
    search_all(dirs, filter, Order::Oldest, None, &mut |entry| match format {
        Export::Ndjson => writeln!(out, "{}", rows::as_json(&entry)),
        Export::Csv => write!(out, "{}\r\n", csv::line(&rows::csv_cells(&entry))),
    })
}

/// The exit code, and a word on what couldn't be read.
pub(super) fn end(dir: &Path, searched: &Searched, language: Language) -> ExitCode {
    let is_live = yingbi_audit::verify::is_live(dir).unwrap_or(false);
    // The last record of a log in use may be half written.
    if searched.unreadable > u64::from(is_live) {
        let text = Text::new(
            "parts of the log can't be read: run `yingbi audit verify`",
            "日志有无法读取之处：请运行 `yingbi audit verify`",
        );
        warn(text.to(language));
        return ExitCode::from(1);
    }
    ExitCode::SUCCESS
}

/// Digests what passes.
struct Digesting<W> {
    to: W,
    sm3: Sm3,
    bytes: u64,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sm3.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A certificate is read by people, too.
const EVIDENCE_MOST: u64 = 1000;

const TABLE_ROWS: u64 = 50;

/// How often a log is looked at for further accesses.
const FOLLOW: Duration = Duration::from_millis(500);
