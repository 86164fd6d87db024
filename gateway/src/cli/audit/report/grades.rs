//! Grades of data and personal-information protection by the gateway's own figures, as material for a firm's
//! self-assessment: each area has five criteria that the log bears out or does not, and as many grades as are met. The
//! criteria are the gateway's own and their order is no ladder; they are not those of T/SAC 005, whose text they were not
//! drawn from, and the report says so. What people and papers must show besides is not in a log, and not in a grade.

use super::figures::Figures;
use super::{Proof, Registers, say};
use serde::Serialize;
use yingbi_policies::Language;

/// An area's grade.
#[derive(Debug, Serialize)]
pub(super) struct Grade {
    pub area: String,
    /// 0 to 5.
    pub grade: usize,
    pub criteria: Vec<Criterion>,
}

/// A criterion, and whether the figures meet it.
#[derive(Debug, Serialize)]
pub(super) struct Criterion {
    pub text: String,
    pub met: bool,
}

type Criteria = [(bool, &'static str, &'static str); 5];

/// What must be read with the grades.
pub(super) fn note(language: Language) -> String {
    say(
        language,
        "A grade counts how many of the five criteria listed the log bears out. The criteria are the gateway's own: they are \
         not the maturity grades of T/SAC 005 and no assessment against that guideline, only material for one.",
        "等级为日志可证实的准则项数（共五项）。准则由本网关自定，并非 T/SAC 005 的成熟度等级，不构成依该指引的评估，仅可作为评估素材。",
    )
}

/// All areas.
pub(super) fn all(figures: &Figures, proof: &Proof, registers: &Registers, language: Language) -> Vec<Grade> {
    let count = |event| figures.count(event);
    let treated: u64 = figures.masked.values().chain(figures.dropped.values()).sum();
    let has_accesses = figures.permitted + figures.refused > 0;
    let provided = registers.third_parties.iter().chain(&registers.publications);
    let areas: [(&str, &str, Criteria); 4] = [
        (
            "Control of access",
            "访问控制",
            [
                (
                    has_accesses,
                    "accesses are recorded with who, what and why",
                    "访问记录载明何人、何事、何由",
                ),
                (
                    figures.clear_unauthenticated == 0,
                    "nobody unknown saw level 2 or above",
                    "未鉴别者未见 2 级及以上信息",
                ),
                (figures.without_basis == 0, "every release had a lawful basis", "每次输出均有合法性基础"),
                (figures.monitored.is_empty(), "all rules are enforced", "规则全部强制执行"),
                (
                    count("break-glass") <= count("break-glass-reviewed"),
                    "what was taken in an emergency was reviewed",
                    "紧急取权均已复核",
                ),
            ],
        ),
        (
            "De-identification",
            "去标识化",
            [
                (has_accesses, "values are counted by category and level", "取值按类别与级别统计"),
                (treated > 0, "values are masked or left out", "取值经脱敏或删除"),
                (figures.clear_of(4) == 0, "level 4 never left in clear", "4 级信息从未明文输出"),
                (figures.clear_unauthenticated == 0, "nothing in clear to nobody", "未向未鉴别者明文输出"),
                (
                    registers.publications.iter().all(|one| one.clear.is_empty()),
                    "nothing personal was published in clear",
                    "公开内容不含明文个人信息",
                ),
            ],
        ),
        (
            "Audit and evidence",
            "审计与证据",
            [
                (proof.records > 0, "there is a log", "有日志"),
                (proof.good, "the log is whole", "日志完整"),
                (proof.checkpoints > 0, "checkpoints bear witness to it", "有检查点见证"),
                (proof.signed > 0, "their signatures were checked", "已验检查点签名"),
                (
                    figures.outcome_unknown == 0 && figures.unreadable == 0,
                    "every access has its outcome",
                    "每次访问均有结果记录",
                ),
            ],
        ),
        (
            "Provision to others",
            "对外提供",
            [
                (has_accesses, "what leaves is recorded", "输出均有记录"),
                (
                    provided.clone().all(|one| !one.purpose.is_empty()),
                    "each provision has a purpose",
                    "每项提供均有目的",
                ),
                (
                    provided.clone().all(|one| !one.basis.is_empty()),
                    "each has a lawful basis",
                    "每项提供均有合法性基础",
                ),
                (
                    provided.clone().all(|one| one.accesses == 0 || !one.first.is_empty()),
                    "each is registered with date, scale and scope",
                    "均登记日期、规模与范围",
                ),
                (
                    registers.abroad.iter().all(|one| one.basis == "consent" || one.basis == "legal-duty"),
                    "what goes abroad has separate consent or a legal duty",
                    "出境有单独同意或法定义务",
                ),
            ],
        ),
    ];
    let grade = |(en, zh, criteria): (&str, &str, Criteria)| {
        let criteria = criteria.map(|(met, en, zh)| Criterion { text: say(language, en, zh), met });
        Grade {
            area: say(language, en, zh),
            grade: criteria.iter().filter(|criterion| criterion.met).count(),
            criteria: criteria.into(),
        }
    };
    areas.map(grade).into()
}
