//! `yingbi audit verify`.

use super::certificate::Certificate;
use super::{Failure, Location, table, unless_closed};
use crate::config::Secret;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use yingbi_audit::bundle::{Bundle, Growth};
use yingbi_audit::checkpoint::Checkpoint;
use yingbi_audit::stamp::Authority;
use yingbi_audit::verify::{Anchor, Expected, MAX_FAILURES, Report, What, verify_against};
use yingbi_crypto::{SigningKeys, VerifyingKey, hex};
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi audit verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// A bundle of evidence, as `yingbi audit prove` makes it: needs `--public-key` and no log
    #[arg(value_name = "BUNDLE", requires = "public_keys", conflicts_with_all = ["dir", "config", "anchors", "head", "packages"])]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    location: Location,
    /// Chain hash of a record known to be in the log: the head an earlier run printed, kept elsewhere. Without it a cut
    /// tail can't be seen
    #[arg(long, value_name = "HEX")]
    head: Option<String>,
    /// File of public keys, as `yingbi keys public` prints them: every place must have checkpoints signed under them
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// File of authorities' certificates in PEM: a checkpoint must have a time stamp (RFC 3161) that one of them vouches for
    #[arg(long = "tsa-ca", value_name = "FILE")]
    authorities: Vec<PathBuf>,
    /// A package as an evidence chain's gateway has it, or a file of deliveries: against it a cut tail is seen
    #[arg(long = "package", value_name = "FILE")]
    packages: Vec<PathBuf>,
    /// Where checkpoints are kept outside the log: a file, or a directory of such files. Against it a cut tail is seen
    #[arg(long = "anchor", value_name = "PATH")]
    anchors: Vec<PathBuf>,
    /// Sequence of that record
    #[arg(long, value_name = "N", requires = "head")]
    sequence: Option<u64>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &VerifyArgs, language: Language) -> Result<ExitCode, Failure> {
    if let Some(bundle) = &args.bundle {
        return verify_bundle(bundle, args, language);
    }
    let anchor = match &args.head {
        None => None,
        Some(text) => {
            let hash = hex::decode(text.trim()).ok_or_else(|| {
                Failure::usage(
                    "`--head` is a hash of 64 hexadecimal digits",
                    "`--head` 应为 64 位十六进制杂凑值",
                )
            })?;
            Some(Anchor { hash, sequence: args.sequence })
        }
    };
    let dirs = args.location.dirs()?;
    let expected = expected(args, anchor)?;
    let mut is_good = true;
    for dir in &dirs {
        is_good &= verify_log(dir, dirs.len() > 1, &expected, args.format, language)?;
    }
    Ok(ExitCode::from(u8::from(!is_good)))
}

/// Verifies a log, alone or among others.
fn verify_log(
    dir: &std::path::Path,
    is_one_of_many: bool,
    expected: &Expected,
    format: Format,
    language: Language,
) -> Result<bool, Failure> {
    let report = verify_against(dir, expected).map_err(|error| Failure::unreadable(dir, &error))?;
    let is_anchored =
        expected.head.is_some() || !expected.anchors.is_empty() || !expected.packages.is_empty();
    let mut out = io::stdout().lock();
    let written = match format {
        Format::Text => {
            let named = if is_one_of_many { writeln!(out, "{}", dir.display()) } else { Ok(()) };
            named.and_then(|()| write_text(&mut out, &report, is_anchored, language))
        }
        Format::Json => writeln!(out, "{}", as_json(&report)),
    };
    unless_closed(written.and_then(|()| out.flush())).map_err(|error| Failure::unreadable(dir, &error))?;
    Ok(report.is_good())
}

/// Checks a bundle of evidence with nothing but the public keys.
fn verify_bundle(file: &std::path::Path, args: &VerifyArgs, language: Language) -> Result<ExitCode, Failure> {
    let mut keys = Vec::new();
    for file in &args.public_keys {
        keys.extend(public_keys(file)?);
    }
    let text = std::fs::read_to_string(file).map_err(|error| Failure::unreadable(file, &error))?;
    if let Ok(growth) = Growth::parse(&text) {
        return verify_growth(&growth, &keys, args, language);
    }
    if let Some(certificate) = Certificate::parse(&text) {
        return verify_certificate(&certificate, &keys, args, language);
    }
    let proved = Bundle::parse(&text).and_then(|bundle| bundle.verify(&keys));
    let mut out = io::stdout().lock();
    let say = |en: &str, zh: &str| Text::new(en, zh).to(language).to_owned();
    let written = match (&proved, args.format) {
        (Ok(proved), Format::Json) => {
            let records: Vec<_> = proved
                .records
                .iter()
                .map(|(sequence, text)| {
                    let record = serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
                    json!({"sequence": sequence, "record": record})
                })
                .collect();
            let stream = hex::encode(&proved.stream);
            let json = json!({
                "good": true, "stream": stream, "time": proved.time, "signer": proved.signer, "records": records,
            });
            writeln!(out, "{json}")
        }
        (Err(why), Format::Json) => writeln!(out, "{}", json!({"good": false, "why": why.to_string()})),
        (Ok(proved), Format::Text) => {
            let mut rows = vec![
                vec![say("evidence", "证据"), say("good", "成立")],
                vec![say("stream", "流标识"), hex::encode(&proved.stream)],
                vec![say("witnessed at", "见证时间"), table::plain(&proved.time)],
                vec![say("signed by", "签名者"), table::plain(&proved.signer)],
            ];
            rows.extend(proved.records.iter().map(|(sequence, text)| {
                vec![format!("{} {sequence}", say("record", "记录")), table::plain(text)]
            }));
            table::write(&mut out, &rows)
        }
        (Err(why), Format::Text) => writeln!(out, "{}: {why}", say("this proves nothing", "证据不成立")),
    };
    unless_closed(written.and_then(|()| out.flush())).map_err(|error| Failure::unreadable(file, &error))?;
    Ok(ExitCode::from(u8::from(proved.is_err())))
}

/// Checks a certificate of evidence with the public keys, and authorities where they are given.
fn verify_certificate(
    certificate: &Certificate,
    keys: &[VerifyingKey],
    args: &VerifyArgs,
    language: Language,
) -> Result<ExitCode, Failure> {
    let shown = certificate.verify(keys, &authorities(&args.authorities)?);
    let say = |en: &str, zh: &str| Text::new(en, zh).to(language).to_owned();
    let time = |micros: &i64| {
        jiff::Timestamp::from_microsecond(*micros).map_or_else(|_| "-".to_owned(), |time| time.to_string())
    };
    let mut out = io::stdout().lock();
    let written = match (&shown, args.format) {
        (Ok(shown), Format::Json) => {
            let records = shown.proved.records.iter().map(|(sequence, text)| {
                let record = serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
                json!({"sequence": sequence, "record": record})
            });
            let json = json!({
                "good": true,
                "stream": hex::encode(&shown.proved.stream),
                "time": shown.proved.time,
                "signer": shown.proved.signer,
                "stamped_at": shown.stamped.iter().map(time).collect::<Vec<_>>(),
                "packages": shown.packages,
                "records": records.collect::<Vec<_>>(),
            });
            writeln!(out, "{json}")
        }
        (Ok(shown), Format::Text) => {
            let mut rows = vec![
                vec![say("evidence", "证据"), say("good", "成立")],
                vec![say("stream", "流标识"), hex::encode(&shown.proved.stream)],
                vec![say("witnessed at", "见证时间"), table::plain(&shown.proved.time)],
                vec![say("signed by", "签名者"), table::plain(&shown.proved.signer)],
                vec![say("packages on the chain", "链上存证包"), shown.packages.to_string()],
            ];
            rows.extend(shown.stamped.iter().map(|at| vec![say("stamped at", "可信时间"), time(at)]));
            rows.extend(shown.proved.records.iter().map(|(sequence, text)| {
                vec![format!("{} {sequence}", say("record", "记录")), table::plain(text)]
            }));
            table::write(&mut out, &rows)
        }
        (Err(why), Format::Json) => writeln!(out, "{}", json!({"good": false, "why": why})),
        (Err(why), Format::Text) => writeln!(out, "{}: {why}", say("this proves nothing", "证据不成立")),
    };
    unless_closed(written.and_then(|()| out.flush()))
        .map_err(|error| Failure::unreadable(std::path::Path::new("-"), &error))?;
    Ok(ExitCode::from(u8::from(shown.is_err())))
}

/// The authorities of some files.
fn authorities(files: &[PathBuf]) -> Result<Vec<Authority>, Failure> {
    let mut all = Vec::new();
    for file in files {
        let shown = file.display();
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let read = Authority::of_pem(&text).ok_or_else(|| {
            Failure::config(
                format!("`{shown}` holds no certificates that can be read"),
                format!("`{shown}` 中没有可识别的证书"),
            )
        })?;
        all.extend(read);
    }
    Ok(all)
}

/// Checks that a log only grew.
fn verify_growth(
    growth: &Growth,
    keys: &[VerifyingKey],
    args: &VerifyArgs,
    language: Language,
) -> Result<ExitCode, Failure> {
    let proved = growth.verify(keys);
    let mut out = io::stdout().lock();
    let written = match (&proved, args.format) {
        (Ok((old, new)), Format::Json) => {
            let of =
                |checkpoint: &Checkpoint| json!({"records": checkpoint.records, "time": checkpoint.time});
            let json =
                json!({"good": true, "stream": hex::encode(&new.stream), "old": of(old), "new": of(new)});
            writeln!(out, "{json}")
        }
        (Err(why), Format::Json) => writeln!(out, "{}", json!({"good": false, "why": why.to_string()})),
        (Ok((old, new)), Format::Text) => {
            let text = Text::new(
                format!("good: {} records at {}, {} at {}", old.records, old.time, new.records, new.time),
                format!("成立：{} 时 {} 条记录，{} 时 {} 条", old.time, old.records, new.time, new.records),
            );
            writeln!(out, "{}", text.to(language))
        }
        (Err(why), Format::Text) => {
            let start = Text::new("this proves nothing", "证据不成立");
            writeln!(out, "{}: {why}", start.to(language))
        }
    };
    unless_closed(written.and_then(|()| out.flush()))
        .map_err(|error| Failure::unreadable(std::path::Path::new("-"), &error))?;
    Ok(ExitCode::from(u8::from(proved.is_err())))
}

/// What is known of the log from elsewhere: by options, and by the gateway's configuration.
fn expected(args: &VerifyArgs, head: Option<Anchor>) -> Result<Expected, Failure> {
    let mut keys = Vec::new();
    for file in &args.public_keys {
        keys.extend(public_keys(file)?);
    }
    let mut anchors = args.anchors.clone();
    if let Some(places) = args.location.places()? {
        anchors.extend(places.anchors);
        // Whoever audits elsewhere has no secret key, nor needs it.
        if keys.is_empty()
            && let Ok(secret) = Secret::read(&places.checkpoint)
        {
            keys.extend(
                SigningKeys::from_secret(secret.expose()).iter().flat_map(|keys| keys.public().to_vec()),
            );
        }
    }
    let authorities = authorities(&args.authorities)?;
    Ok(Expected { head, keys, anchors, packages: args.packages.clone(), authorities })
}

/// The keys of a file: one a line, `#` begins a remark.
pub(super) fn public_keys(file: &std::path::Path) -> Result<Vec<VerifyingKey>, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::config(
            format!("can't read key file `{shown}`: {error}"),
            format!("无法读取密钥文件 `{shown}`：{error}"),
        )
    })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(str::parse).collect::<Result<Vec<VerifyingKey>, _>>();
    let keys = keys.map_err(|error| {
        Failure::config(
            format!("key file `{shown}`: {error}"),
            format!("密钥文件 `{shown}` 含无法识别的公钥"),
        )
    })?;
    if keys.is_empty() {
        return Err(Failure::config(
            format!("key file `{shown}` holds no key"),
            format!("密钥文件 `{shown}` 中没有公钥"),
        ));
    }
    Ok(keys)
}

fn write_text(out: &mut dyn Write, report: &Report, is_anchored: bool, language: Language) -> io::Result<()> {
    let say = |en: &str, zh: &str| Text::new(en, zh).to(language).to_owned();
    let verdict = match (report.is_good(), report.live) {
        (false, _) => say("BROKEN", "日志已损坏"),
        (true, false) => say("good", "完好"),
        (true, true) => say("good so far (a gateway is writing it)", "截至目前完好（网关正在写入）"),
    };
    let mut rows = vec![vec![say("log", "日志"), verdict]];
    let say_signed = Text::new("signed", "已验签").to(language).to_owned();
    let mut row = |en: &str, zh: &str, value: String| rows.push(vec![say(en, zh), value]);
    if let Some(stream) = report.stream {
        row("stream", "流标识", hex::encode(&stream));
    }
    row("segments", "分段", report.segments.to_string());
    row("records", "记录", report.records.to_string());
    row("permitted", "准许", report.permitted.to_string());
    row("refused", "拒绝", report.refused.to_string());
    row("outcomes", "结果", report.outcomes.to_string());
    row("outcome unknown", "结果未知", report.unknown_outcomes.to_string());
    row("events", "事件", report.events.to_string());
    if report.others > 0 {
        row("other", "其他", report.others.to_string());
    }
    if report.superseded > 0 {
        row("superseded", "已重写", report.superseded.to_string());
    }
    if let Some(head) = report.head {
        row("head sequence", "末条序号", head.sequence.to_string());
        row("head hash", "末条杂凑", hex::encode(&head.hash));
    }
    let witnessed = &report.witnessed;
    if let Some(time) = &witnessed.time {
        row(
            "checkpoints",
            "检查点",
            format!("{} ({} {})", witnessed.checkpoints, witnessed.signed, say_signed),
        );
        row("witnessed records", "已见证记录", witnessed.records.to_string());
        row("witnessed at", "见证时间", table::plain(time));
    }
    if let Some(at) = &witnessed.stamped_at {
        row("time stamps", "时间戳", witnessed.stamps.to_string());
        row("stamped records", "已加时间戳记录", witnessed.stamped.to_string());
        row("stamped at", "可信时间", table::plain(at));
    }
    table::write(out, &rows)?;
    if let Some(torn) = &report.torn {
        let place = format!("{}:{}", torn.segment, torn.byte);
        let text = match report.live {
            true => say("bytes still being written", "字节正在写入"),
            false => say(
                "bytes of a torn tail, as a crash leaves it; opening the log cuts it and records that",
                "字节残尾，系崩溃所致；打开日志时将截去并记录",
            ),
        };
        writeln!(out, "{place}: {} {text}", torn.bytes)?;
    }
    for stranger in &report.strangers {
        let text = say("is no part of the log", "不属于日志");
        writeln!(out, "{}: {text}", table::plain(stranger))?;
    }
    for failure in &report.failures {
        write!(out, "{}:{}: ", table::plain(&failure.segment), failure.byte)?;
        if let Some(record) = failure.record {
            write!(out, "{} {record}: ", say("record", "记录"))?;
        }
        writeln!(out, "{}", what(&failure.what).to(language))?;
    }
    if report.failures.len() >= MAX_FAILURES {
        writeln!(out, "{}", say("there are more", "其余从略"))?;
    }
    if !is_anchored && report.is_good() {
        let text = say(
            "note: without `--anchor` or `--head` a cut tail can't be seen; keep checkpoints elsewhere",
            "提示：未给出 `--anchor` 或 `--head` 时无法发现尾部截断；请将检查点另行保存",
        );
        writeln!(out, "{text}")?;
    }
    Ok(())
}

fn as_json(report: &Report) -> serde_json::Value {
    let failures: Vec<_> = report
        .failures
        .iter()
        .map(|failure| {
            json!({
                "segment": failure.segment,
                "byte": failure.byte,
                "record": failure.record,
                "what": failure.what.id(),
                "text": failure.what.to_string(),
            })
        })
        .collect();
    json!({
        "good": report.is_good(),
        "live": report.live,
        "stream": report.stream.map(|stream| hex::encode(&stream)),
        "segments": report.segments,
        "records": report.records,
        "permitted": report.permitted,
        "refused": report.refused,
        "outcomes": report.outcomes,
        "unknown_outcomes": report.unknown_outcomes,
        "unknown_ids": report.unknown_ids,
        "events": report.events,
        "others": report.others,
        "superseded": report.superseded,
        "head": report.head.map(|head| json!({"sequence": head.sequence, "hash": hex::encode(&head.hash)})),
        "torn": report.torn.as_ref().map(|torn| {
            json!({"segment": torn.segment, "byte": torn.byte, "bytes": torn.bytes})
        }),
        "time_stamps": {
            "good": report.witnessed.stamps,
            "records": report.witnessed.stamped,
            "time": report.witnessed.stamped_at,
        },
        "witnessed": {
            "checkpoints": report.witnessed.checkpoints,
            "signed": report.witnessed.signed,
            "records": report.witnessed.records,
            "time": report.witnessed.time,
        },
        "failures": failures,
        "strangers": report.strangers,
    })
}

fn what(what: &What) -> Text {
    let zh = match what {
        What::Empty => "没有任何分段".to_owned(),
        What::MissingSegments(from) => format!("自 {from} 号起至此的分段缺失"),
        What::Stranger => "名称像分段，但不属于本日志".to_owned(),
        What::Unreadable(why) => format!("文件无法读取：{why}"),
        What::Header(_) => "分段头被改动或无法识别".to_owned(),
        What::Misplaced => "分段属于另一日志或另一位置".to_owned(),
        What::Link => "分段与前一分段不相接".to_owned(),
        What::NoRecord => "此处字节不是记录".to_owned(),
        What::MissingRecords(from) => format!("自 {from} 号起至此的记录缺失"),
        What::Repeated => "记录重复或次序颠倒".to_owned(),
        What::Changed => "记录被改动".to_owned(),
        What::Payload => "内容不是记录".to_owned(),
        What::CutShort => "分段在记录中间截断".to_owned(),
        What::Unsealed => "分段未封存，其后却另有分段".to_owned(),
        What::Seal => "封存信息与分段不符".to_owned(),
        What::AfterSeal => "封存之后另有内容".to_owned(),
        What::Anchor => "日志中没有所给的记录：尾部被截断或日志被重写".to_owned(),
        What::Cut(next) => format!("检查点见证过此记录，而日志止于 {next} 号之前：尾部被截断"),
        What::Rewritten(file) => format!("此记录与 `{file}` 中检查点所见证的不符：日志被重写"),
        What::Tree(_) => "检查点所见证的切片与日志不符".to_owned(),
        What::Slice => "分段与其切片声明不符".to_owned(),
        What::Index => "索引缺失，或与切片中的记录不符".to_owned(),
        What::Statement(_) => "切片声明被改动或无法识别".to_owned(),
        What::Note(_) => "检查点被改动或无法识别".to_owned(),
        What::Signature => "检查点的签名有误或缺失".to_owned(),
        What::Order => "检查点少于其前一检查点".to_owned(),
        What::NoCheckpoint(_) => "缺少有效签名的检查点".to_owned(),
        What::Package(_) => "存证包被改动或无法识别".to_owned(),
        What::Stamp(_) => "时间戳无效，或与检查点不符".to_owned(),
        What::NoStamp => "没有可信机构的时间戳".to_owned(),
    };
    Text::new(what.to_string(), zh)
}
