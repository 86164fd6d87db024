//! Refusals: which code, which status.

use super::{PolicySet, PurposeNamed, Situation, Views};
use crate::Refusal;
use crate::condition::Relation;

/// One row of the table of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// Stable code.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// English title.
    pub en: &'static str,
    /// Chinese title.
    pub zh: &'static str,
    /// What the caller can do, English.
    pub help_en: &'static str,
    /// What the caller can do, Chinese.
    pub help_zh: &'static str,
}

/// Every refusal of the decision. Nothing in them depends on data.
pub const REFUSALS: &[RefusalRow] = &[
    NOTHING_ALLOWS,
    PURPOSE_UNKNOWN,
    PURPOSE_NOT_ALLOWED,
    DENIED,
    UNAUTHENTICATED,
    STEP_UP,
    GRANT_NEEDED,
    CONSENT_NEEDED,
];

const NOTHING_ALLOWS: RefusalRow = RefusalRow {
    code: "YB2001",
    status: 403,
    en: "no policy allows this access",
    zh: "没有策略允许此访问",
    help_en: "ask the security team for a policy that allows it",
    help_zh: "请联系安全团队配置允许的策略",
};

const PURPOSE_UNKNOWN: RefusalRow = RefusalRow {
    code: "YB2002",
    status: 403,
    en: "the purpose is not declared",
    zh: "访问目的未声明",
    help_en: "name a declared purpose in `Yingbi-Purpose`",
    help_zh: "请在 `Yingbi-Purpose` 中写已声明的目的",
};

const PURPOSE_NOT_ALLOWED: RefusalRow = RefusalRow {
    code: "YB2003",
    status: 403,
    en: "the purpose is not allowed to this caller on this route",
    zh: "此来访者在此路由上不可用此目的",
    help_en: "name a purpose that is allowed here",
    help_zh: "请使用此处允许的目的",
};

const DENIED: RefusalRow = RefusalRow {
    code: "YB2004",
    status: 403,
    en: "a policy denies this access",
    zh: "有策略明确禁止此访问",
    help_en: "no other policy can allow it; ask the security team",
    help_zh: "其他策略无法放行，请联系安全团队",
};

const UNAUTHENTICATED: RefusalRow = RefusalRow {
    code: "YB2005",
    status: 401,
    en: "authentication is needed",
    zh: "需要登录",
    help_en: "authenticate and try again",
    help_zh: "请登录后重试",
};

const STEP_UP: RefusalRow = RefusalRow {
    code: "YB2006",
    status: 401,
    en: "a fresh strong authentication is needed",
    zh: "需要再次身份鉴别",
    help_en: "step up and try again",
    help_zh: "请完成再次鉴别后重试",
};

const GRANT_NEEDED: RefusalRow = RefusalRow {
    code: "YB2007",
    status: 403,
    en: "an active grant is needed",
    zh: "需要有效的授权",
    help_en: "ask for a grant for this investor, and name its ticket in `Yingbi-Ticket`",
    help_zh: "请为该投资者申请授权，并在 `Yingbi-Ticket` 中写明工单号",
};

const CONSENT_NEEDED: RefusalRow = RefusalRow {
    code: "YB2008",
    status: 403,
    en: "the investor's consent to this purpose is needed",
    zh: "需要投资者对此目的的同意",
    help_en: "obtain the consent, record it, and try again",
    help_zh: "请取得并登记投资者的同意后重试",
};

impl PolicySet {
    pub(crate) fn refusal(&self, situation: &Situation<'_>, views: &Views) -> Option<Refusal> {
        let purpose_taken = matches!(situation.purpose, PurposeNamed::Taken(_));
        if views.permitted && purpose_taken {
            return None;
        }
        let row = self.row(situation, views);
        Some(Refusal {
            status: row.status,
            code: row.code,
            rules: if views.denied { views.rules.to_vec() } else { Vec::new() },
            route: situation.bound.map(|bound| bound.template.clone()),
            roles: situation.caller.roles.clone(),
            purpose: views.purpose.clone(),
        })
    }

    fn row(&self, situation: &Situation<'_>, views: &Views) -> &'static RefusalRow {
        if views.denied {
            return &DENIED;
        }
        if !situation.facts.authenticated && self.could(situation, Hope::Authenticate) {
            return &UNAUTHENTICATED;
        }
        match situation.purpose {
            PurposeNamed::Unknown => return &PURPOSE_UNKNOWN,
            PurposeNamed::NotHeard => return &PURPOSE_NOT_ALLOWED,
            PurposeNamed::Taken(_) => {}
        }
        if !situation.facts.stepped_up && situation.facts.authenticated && self.could(situation, Hope::StepUp)
        {
            return &STEP_UP;
        }
        if self.could(situation, Hope::Subject(Relation::GRANTED)) {
            return &GRANT_NEEDED;
        }
        if self.could(situation, Hope::Subject(Relation::CONSENTED)) {
            return &CONSENT_NEEDED;
        }
        if self.could(situation, Hope::Purpose) {
            return &PURPOSE_NOT_ALLOWED;
        }
        &NOTHING_ALLOWS
    }

    /// Whether some rule would allow, were one thing otherwise.
    fn could(&self, situation: &Situation<'_>, hope: Hope) -> bool {
        let mut facts = situation.facts;
        facts.stepped_up |= hope == Hope::StepUp;
        let applies = |rule: &super::Rule| {
            situation.relevant.iter().any(|relation| match hope {
                Hope::Subject(part) => {
                    rule.mentions.has(part) && rule.when.holds(&facts, relation.with(part, true))
                }
                _ => rule.when.holds(&facts, relation),
            })
        };
        self.tables.rules.iter().filter(|rule| rule.is_allow() && rule.rules(situation.caller.lot)).any(
            |rule| {
                self.matches_route(rule, situation)
                    && match hope {
                        // Who they would turn out to be is unknown: their conditions are not judged.
                        Hope::Authenticate => true,
                        _ => {
                            self.matches_caller(rule, situation)
                                && (hope == Hope::Purpose || self.matches_purpose(rule, situation))
                                && applies(rule)
                        }
                    }
            },
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hope {
    Authenticate,
    StepUp,
    Purpose,
    /// This were true of the subject.
    Subject(Relation),
}
