//! Clause by clause: what is promised, what the figures say, what is open.

use super::figures::Figures;
use super::{Proof, Registers, say};
use serde::Serialize;
use yingbi_policies::Language;

/// A clause of T/TSAC 001—2025, or of another where that is said.
#[derive(Debug, Serialize)]
pub(super) struct Clause {
    pub clause: &'static str,
    pub promise: String,
    pub figures: String,
    /// What somebody has to look after; none is good.
    pub findings: Vec<String>,
}

/// A row of the table: clause, promise and figures in both languages; findings, each with whether it is open.
struct Row {
    clause: &'static str,
    promise: (&'static str, &'static str),
    figures: (String, String),
    findings: Vec<(bool, (String, String))>,
}

/// All clauses that the log has figures for.
pub(super) fn all(
    figures: &Figures,
    proof: &Proof,
    registers: &Registers,
    language: Language,
) -> Vec<Clause> {
    let sum = |counts: &std::collections::BTreeMap<String, u64>| counts.values().sum::<u64>();
    let both = |en: String, zh: String| (en, zh);
    let count = |event| figures.count(event);
    let Figures { permitted, refused, outcome_unknown, investors, callers, .. } = figures;
    let (clear, masked, dropped) = (sum(&figures.clear), sum(&figures.masked), sum(&figures.dropped));
    let unreviewed = count("break-glass").saturating_sub(count("break-glass-reviewed"));
    let trouble = ["break", "disk-low", "notes-lost", "checkpoint-contradicted", "recovered"];
    let troubles: u64 = trouble.iter().map(|event| count(event)).sum();
    let provided: u64 = registers.third_parties.iter().map(|one| one.accesses).sum();
    let abroad: u64 = registers.abroad.iter().map(|one| one.accesses).sum();
    let published: u64 = registers.publications.iter().map(|one| one.accesses).sum();
    let baseless = registers.third_parties.iter().filter(|one| one.basis.is_empty()).count();
    let published_raw: u64 = registers.publications.iter().map(|one| sum(&one.clear)).sum();
    let rows = vec![
        Row {
            clause: "7.5 b)",
            promise: (
                "Who is allowed nothing gets nothing; refusals are recorded.",
                "未经授权不予访问，拒绝亦有记录。",
            ),
            figures: both(
                format!("{permitted} accesses permitted, {refused} refused, by {callers} callers"),
                format!("准许 {permitted} 次，拒绝 {refused} 次，调用方 {callers} 个"),
            ),
            findings: vec![],
        },
        Row {
            clause: "7.5 f) · 7.7 a) · 8.5.3 e)",
            promise: (
                "Every access has a record before a byte leaves, and a record of how it ended.",
                "每次访问先有记录后有输出，并记录结果。",
            ),
            figures: both(
                format!(
                    "{investors} investors concerned; {} answers broken off; {outcome_unknown} outcomes unknown",
                    figures.partial
                ),
                format!(
                    "涉及投资者 {investors} 人；中断应答 {} 次；结果未知 {outcome_unknown} 次",
                    figures.partial
                ),
            ),
            findings: vec![
                (
                    *outcome_unknown > 0,
                    both(
                        format!(
                            "{outcome_unknown} accesses have no outcome: a process ended in the middle of them"
                        ),
                        format!("{outcome_unknown} 次访问没有结果记录：进程中途结束"),
                    ),
                ),
                (
                    figures.unreadable > 0,
                    both(
                        format!("{} places of the log can't be read", figures.unreadable),
                        format!("日志有 {} 处无法读取", figures.unreadable),
                    ),
                ),
            ],
        },
        Row {
            clause: "7.5 f) · 8.3.3.2 e) · T/SAC 004 C",
            promise: (
                "Nothing in the log was changed, removed, added or moved.",
                "日志未被改动、删除、增添或调换。",
            ),
            figures: both(
                format!(
                    "{} records, {} checkpoints, {} of them with signatures that were checked",
                    proof.records, proof.checkpoints, proof.signed
                ),
                format!(
                    "记录 {} 条，检查点 {} 个，其中已验签 {} 个",
                    proof.records, proof.checkpoints, proof.signed
                ),
            ),
            findings: proof
                .failures
                .iter()
                .map(|failure| (true, both(failure.clone(), format!("核验发现：{failure}"))))
                .chain([
                    (
                        !proof.good && proof.failures.is_empty(),
                        both(
                            "the log ends in the middle of a record".to_owned(),
                            "日志止于记录中间".to_owned(),
                        ),
                    ),
                    (
                        proof.checkpoints == 0,
                        both(
                            "no checkpoint bears witness to the log".to_owned(),
                            "没有检查点见证日志".to_owned(),
                        ),
                    ),
                ])
                .collect(),
        },
        Row {
            clause: "7.5 g) · 7.11",
            promise: (
                "Reading the log is limited to auditors, and recorded.",
                "日志仅审计员可查阅，查阅亦有记录。",
            ),
            figures: both(
                format!(
                    "{} readings, {} attempts of officers without the role",
                    count("audit-read"),
                    count("officer-refused")
                ),
                format!("查阅 {} 次，越权尝试 {} 次", count("audit-read"), count("officer-refused")),
            ),
            findings: vec![(
                count("officer-refused") > 0,
                both(
                    format!(
                        "{} attempts of officers to do what their role may not",
                        count("officer-refused")
                    ),
                    format!("人员越权尝试 {} 次", count("officer-refused")),
                ),
            )],
        },
        Row {
            clause: "7.5 c) h) j)",
            promise: (
                "Rights beyond the role are asked for, approved by somebody else and end; what was taken in an emergency is reviewed.",
                "超出角色的权限须申请、由他人审批并有期限；紧急取得的须复核。",
            ),
            figures: both(
                format!(
                    "{} grants asked for, {} approved, {} refused, {} revoked; break-glass {}, reviewed {}",
                    count("grant-requested"),
                    count("grant-approved"),
                    count("grant-refused"),
                    count("grant-revoked"),
                    count("break-glass"),
                    count("break-glass-reviewed")
                ),
                format!(
                    "申请 {} 次，批准 {} 次，驳回 {} 次，撤销 {} 次；紧急取权 {} 次，已复核 {} 次",
                    count("grant-requested"),
                    count("grant-approved"),
                    count("grant-refused"),
                    count("grant-revoked"),
                    count("break-glass"),
                    count("break-glass-reviewed")
                ),
            ),
            findings: vec![(
                unreviewed > 0,
                both(
                    format!("{unreviewed} cases of break-glass were not reviewed"),
                    format!("{unreviewed} 次紧急取权尚未复核"),
                ),
            )],
        },
        Row {
            clause: "7.7 d) · 7.8",
            promise: (
                "What goes wrong with the evidence is noticed and recorded.",
                "证据设施的异常得到发现与记录。",
            ),
            figures: both(format!("{troubles} events of trouble"), format!("异常事件 {troubles} 次")),
            findings: trouble
                .iter()
                .map(|event| {
                    let times = count(event);
                    (times > 0, both(format!("`{event}`: {times}"), format!("`{event}`：{times} 次")))
                })
                .collect(),
        },
        Row {
            clause: "7.10 c) · 7.3 b)",
            promise: (
                "Callers, recipients and routes can be stopped at once.",
                "可即时切断调用方、接收方或路由。",
            ),
            figures: both(
                format!("{} switches thrown, {} reset", count("switch-thrown"), count("switch-reset")),
                format!("切断 {} 次，恢复 {} 次", count("switch-thrown"), count("switch-reset")),
            ),
            findings: vec![],
        },
        Row {
            clause: "8.1",
            promise: ("Every use has a purpose and a lawful basis.", "每次使用均有目的与合法性基础。"),
            figures: both(
                format!(
                    "by basis: {}; consents recorded {}, withdrawn {}",
                    listed(&figures.bases),
                    count("consent-recorded"),
                    count("consent-withdrawn")
                ),
                format!(
                    "按基础：{}；记录同意 {} 次，撤回 {} 次",
                    listed(&figures.bases),
                    count("consent-recorded"),
                    count("consent-withdrawn")
                ),
            ),
            findings: vec![(
                figures.without_basis > 0,
                both(
                    format!(
                        "{} accesses released something of level 2 or above in clear without a lawful basis",
                        figures.without_basis
                    ),
                    format!("{} 次访问在无合法性基础记录时明文输出 2 级及以上信息", figures.without_basis),
                ),
            )],
        },
        Row {
            clause: "8.2.2.2",
            promise: ("Data that comes in is checked.", "收集的信息须校验质量。"),
            figures: both(
                format!("{} wrong values", figures.input_faults),
                format!("不合规取值 {} 个", figures.input_faults),
            ),
            findings: vec![],
        },
        Row {
            clause: "8.3.2",
            promise: (
                "Records are kept as long as their kind must be, then removed with proof.",
                "记录按类别保存，期满凭证删除。",
            ),
            figures: both(
                format!("{} removals of expired slices", count("expired")),
                format!("到期切片删除 {} 次", count("expired")),
            ),
            findings: vec![],
        },
        Row {
            clause: "8.4.4 b)",
            promise: (
                "Who is not authenticated sees nothing of level 2 or above.",
                "未鉴别者不得见 2 级及以上信息。",
            ),
            figures: both(
                format!("{} such values in clear", figures.clear_unauthenticated),
                format!("此类明文取值 {} 个", figures.clear_unauthenticated),
            ),
            findings: vec![(
                figures.clear_unauthenticated > 0,
                both(
                    format!(
                        "{} values of level 2 or above left in clear to callers nobody knows",
                        figures.clear_unauthenticated
                    ),
                    format!("{} 个 2 级及以上取值明文输出给未鉴别者", figures.clear_unauthenticated),
                ),
            )],
        },
        Row {
            clause: "8.4.4 c) · 8.3.3.2 d)",
            promise: ("Level 4 never leaves in clear; the rest by need.", "4 级信息从不明文输出；其余按需。"),
            figures: both(
                format!(
                    "{clear} values in clear (level 4: {}, level 3: {}, level 2: {}), {masked} masked, {dropped} left out",
                    figures.clear_of(4),
                    figures.clear_of(3),
                    figures.clear_of(2)
                ),
                format!(
                    "明文 {clear} 个（4 级 {}，3 级 {}，2 级 {}），脱敏 {masked} 个，删除 {dropped} 个",
                    figures.clear_of(4),
                    figures.clear_of(3),
                    figures.clear_of(2)
                ),
            ),
            findings: vec![
                (
                    figures.clear_of(4) > 0,
                    both(
                        format!("{} values of level 4 left in clear", figures.clear_of(4)),
                        format!("{} 个 4 级取值明文输出", figures.clear_of(4)),
                    ),
                ),
                (
                    !figures.monitored.is_empty(),
                    both(
                        format!(
                            "rules in monitor mode let {} values pass that they would have treated",
                            sum(&figures.monitored)
                        ),
                        format!("观察模式的规则放行了本应处置的 {} 个取值", sum(&figures.monitored)),
                    ),
                ),
            ],
        },
        Row {
            clause: "8.7.2 e)",
            promise: ("What third parties are provided with is registered.", "向第三方提供须登记。"),
            figures: both(
                format!(
                    "{provided} times to {} recipients and purposes; see the register",
                    registers.third_parties.len()
                ),
                format!("提供 {provided} 次，接收方与目的 {} 组，见登记簿", registers.third_parties.len()),
            ),
            findings: vec![(
                baseless > 0,
                both(
                    format!("{baseless} recipients and purposes without a lawful basis"),
                    format!("{baseless} 组提供没有合法性基础记录"),
                ),
            )],
        },
        Row {
            clause: "8.7.3 · 8.6.2",
            promise: ("What goes abroad is registered by itself.", "出境须单独登记。"),
            figures: both(
                format!("{abroad} times to {} recipients and purposes", registers.abroad.len()),
                format!("出境 {abroad} 次，{} 组", registers.abroad.len()),
            ),
            findings: vec![],
        },
        Row {
            clause: "8.8.1.2 f)",
            promise: ("Publications are registered.", "公开须登记。"),
            figures: both(format!("{published} publications"), format!("公开 {published} 次")),
            findings: vec![(
                published_raw > 0,
                both(
                    format!(
                        "{published_raw} values were published in clear: each needs a consent or a law of its own"
                    ),
                    format!("公开中有 {published_raw} 个明文取值：须逐项有同意或法律依据"),
                ),
            )],
        },
    ];
    let pick = |(en, zh): (&str, &str)| say(language, en, zh);
    rows.into_iter()
        .map(|row| Clause {
            clause: row.clause,
            promise: pick(row.promise),
            figures: pick((&row.figures.0, &row.figures.1)),
            findings: row
                .findings
                .iter()
                .filter(|(is_open, _)| *is_open)
                .map(|(_, (en, zh))| pick((en, zh)))
                .collect(),
        })
        .collect()
}

/// Counts on one line.
pub(super) fn listed(counts: &std::collections::BTreeMap<String, u64>) -> String {
    match counts.is_empty() {
        true => "–".to_owned(),
        false => counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", "),
    }
}
