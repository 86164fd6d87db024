//! `yingbi audit verify`.

use super::{Failure, Location, table, unless_closed};
use serde_json::json;
use std::io::{self, Write};
use std::process::ExitCode;
use yingbi_audit::verify::{Anchor, MAX_FAILURES, Report, What, verify};
use yingbi_crypto::hex;
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi audit verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    location: Location,
    /// Chain hash of a record known to be in the log: the head an earlier run printed, kept elsewhere. Without it a cut
    /// tail can't be seen
    #[arg(long, value_name = "HEX")]
    head: Option<String>,
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
    let dir = args.location.dir()?;
    let report = verify(dir, anchor.as_ref()).map_err(|error| Failure::unreadable(dir, &error))?;
    let mut out = io::stdout().lock();
    let written = match args.format {
        Format::Text => write_text(&mut out, &report, anchor.is_some(), language),
        Format::Json => writeln!(out, "{}", as_json(&report)),
    };
    unless_closed(written.and_then(|()| out.flush())).map_err(|error| Failure::unreadable(dir, &error))?;
    Ok(ExitCode::from(u8::from(!report.is_good())))
}

fn write_text(out: &mut dyn Write, report: &Report, is_anchored: bool, language: Language) -> io::Result<()> {
    let say = |en: &str, zh: &str| Text::new(en, zh).to(language).to_owned();
    let verdict = match (report.is_good(), report.live) {
        (false, _) => say("BROKEN", "日志已损坏"),
        (true, false) => say("good", "完好"),
        (true, true) => say("good so far (a gateway is writing it)", "截至目前完好（网关正在写入）"),
    };
    let mut rows = vec![vec![say("log", "日志"), verdict]];
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
            "note: without `--head` a cut tail can't be seen; keep the head elsewhere and give it next time",
            "提示：未给出 `--head` 时无法发现尾部截断；请将末条杂凑另行保存，下次核验时给出",
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
    };
    Text::new(what.to_string(), zh)
}
