//! What a set may rule with, but a person should know; `yingbi policy check` refuses most of it.

use crate::PolicySet;
use crate::condition::{Condition, Relation};
use crate::decide::{Days, Direction, Effect, Given, Rule};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::policy::Mode;
use crate::{Caller, Request, TestCase, Treatment};
use std::sync::Arc;
use yingbi_taxonomy::{Kind, Level};

pub(super) fn lint(set: &PolicySet, sink: &mut Sink<'_>) {
    let coverage = set.coverage();
    let rules = [(&set.tables.rules, Direction::Answer), (&set.tables.requests, Direction::Request)];
    let each =
        rules.iter().flat_map(|(rules, of)| rules.iter().enumerate().map(move |(at, rule)| (at, rule, *of)));
    for (at, rule, of) in each.filter(|(_, rule, _)| !rule.shipped) {
        never_fires(rule, sink);
        if rule.mode == Mode::Off {
            continue;
        }
        if rule.of == Direction::Answer {
            no_ground(rule, sink);
            public_level(rule, sink);
            shadowed(set, rule, sink);
            only_denied(set, rule, sink);
        }
        if rule.clauses.is_empty() {
            sink.report(
                Code::NoClause,
                rule.at,
                Text::new(format!("`{}` names no clause", rule.id), format!("`{}` 未写条款", rule.id)),
                Text::new(
                    "add `clause: [\"T/TSAC001:7.5.a\"]`: explanations and reports cite it",
                    "请加上 `clause: [\"T/TSAC001:7.5.a\"]`，解释与报告会引用",
                ),
            );
        }
        let covered =
            coverage.rules.iter().filter(|own| (own.rule, own.of) == (at, of) && !own.cases.is_empty());
        for (nth, _) in
            covered.clone().flat_map(|own| own.branches.iter().enumerate()).filter(|(_, held)| !**held)
        {
            sink.report(
                Code::UntestedCondition,
                rule.at,
                Text::new(
                    format!("in no case does condition {} under `treat.when` of `{}` hold", nth + 1, rule.id),
                    format!("没有用例使 `{}` 的 `treat.when` 中第{}个条件成立", rule.id, nth + 1),
                ),
                Text::new("add a case in which it holds", "请添加使其成立的用例"),
            );
        }
        if covered.count() == 0 {
            sink.report(
                Code::Untested,
                rule.at,
                Text::new(
                    format!("no case of a `PolicyTest` makes `{}` apply", rule.id),
                    format!("没有任何 `PolicyTest` 用例使 `{}` 生效", rule.id),
                ),
                Text::new(
                    "add a `kind: PolicyTest` with a case for it",
                    "请为其添加 `kind: PolicyTest` 用例",
                ),
            );
        }
    }
}

impl TestCase {
    /// The request of the case.
    pub fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            host: &self.host,
            path: &self.path,
            purpose: self.purpose.as_deref(),
            today: self.today,
        }
    }
}

impl crate::TestCaller {
    /// The caller, as the decision takes them.
    pub fn resolved(&self) -> Caller {
        Caller {
            id: if self.authenticated { self.id.clone() } else { String::new() },
            roles: self.roles.iter().map(|role| Arc::from(role.as_str())).collect(),
            subjects: self.subjects.clone(),
            authenticated: self.authenticated,
            stepped_up: self.stepped_up,
            facts: self.facts.clone(),
            lot: self.lot,
        }
    }
}

fn never_fires(rule: &Rule, sink: &mut Sink<'_>) {
    let reached = reached(rule);
    let dead = if !Condition::All(reached.clone()).can_hold() {
        Some(Text::new(format!("`{}` can never fire", rule.id), format!("`{}` 永远不会生效", rule.id)))
    } else if let Effect::Allow { when, .. } = &rule.effect {
        let never = when.iter().any(|(branch, _)| {
            let with_branch = reached.iter().cloned().chain([branch.clone()]).collect();
            !Condition::All(with_branch).can_hold()
        });
        never.then(|| {
            Text::new(
                format!("a condition under `treat.when` of `{}` can never hold", rule.id),
                format!("`{}` 的 `treat.when` 中有永远不成立的条件", rule.id),
            )
        })
    } else {
        None
    };
    if let Some(message) = dead {
        let help = Text::new("its conditions contradict each other", "其条件自相矛盾");
        sink.report(Code::NeverFires, rule.at, message, help);
    }
}

/// What holds wherever the rule applies.
fn reached(rule: &Rule) -> Vec<Condition> {
    let authenticated = (!rule.public).then_some(Condition::Authenticated);
    std::iter::once(rule.when.clone()).chain(authenticated).collect()
}

/// T/TSAC 001 §8.4.4 d.
fn no_ground(rule: &Rule, sink: &mut Sink<'_>) {
    let Effect::Allow { base, when, .. } = &rule.effect else { return };
    let shows = |given: &Given| {
        Kind::all().any(|kind| {
            kind.level() >= Level::L3
                && given.get(kind.index()).is_some_and(|own| *own == Some(Treatment::Clear))
        })
    };
    let to_others = |extra: Vec<Condition>| {
        let others = Condition::Not(Box::new(Condition::Subject(Relation::OWN)));
        Condition::All(reached(rule).into_iter().chain(extra).chain([others]).collect()).can_hold()
    };
    let no_branch = when.iter().map(|(branch, _)| Condition::Not(Box::new(branch.clone()))).collect();
    let shown = (shows(base) && to_others(no_branch))
        || when.iter().any(|(branch, given)| shows(given) && to_others(vec![branch.clone()]));
    if shown && !rule.grounded {
        sink.report(
            Code::NoGround,
            rule.at,
            Text::new(
                format!("`{}` would show other investors' level 3 in clear and states no ground; it is masked", rule.id),
                format!("`{}` 欲明文展示他人3级信息而未写依据，将按脱敏处理", rule.id),
            ),
            Text::new(
                "name the ground in `clause` (T/TSAC001:8.4.4.d.1, 8.4.4.d.2, 7.5.j, 7.5.k, 8.7) or match purposes of legal duty; or write `mask`",
                "请在 `clause` 中写明依据（T/TSAC001:8.4.4.d.1、8.4.4.d.2、7.5.j、7.5.k、8.7），或限定法定义务类目的；否则请写 `mask`",
            ),
        );
    }
}

/// T/TSAC 001 §8.4.4 b.
fn public_level(rule: &Rule, sink: &mut Sink<'_>) {
    let Effect::Allow { allow, .. } = &rule.effect else { return };
    if rule.public && allow.iter().any(|kind| kind.level() >= Level::L2) {
        sink.report(
            Code::PublicLevel,
            rule.at,
            Text::new(
                format!(
                    "`{}` allows level 2 or above to callers who are not authenticated; it is left out",
                    rule.id
                ),
                format!("`{}` 向未登录者允许二级及以上信息，将予略去", rule.id),
            ),
            Text::new("allow `level: 1`", "请写 `level: 1`"),
        );
    }
}

/// A rule that could be removed without any change.
fn shadowed(set: &PolicySet, rule: &Rule, sink: &mut Sink<'_>) {
    if rule.mode != Mode::Enforce || !rule.is_allow() {
        return;
    }
    let others = set.tables.rules.iter().filter(|other| {
        let as_long = other.days == rule.days || other.days == Days::default();
        other.id != rule.id && other.mode == Mode::Enforce && other.share >= rule.share && as_long
    });
    let by = others.into_iter().find(|other| {
        matches_all_of(other, rule)
            && covers(other, rule)
            && !(covers(rule, other) && matches_all_of(rule, other) && rule.id < other.id)
    });
    if let Some(by) = by {
        sink.report(
            Code::Shadowed,
            rule.at,
            Text::new(
                format!("`{}` changes nothing: `{}` covers all of it", rule.id, by.id),
                format!("`{}` 不起作用：已被 `{}` 完全覆盖", rule.id, by.id),
            ),
            Text::new("remove one of the two, or narrow the other", "请删除其一，或收窄另一条"),
        );
    }
}

/// A rule all of whose kinds another blocks wherever it applies: what it would show is never there.
fn only_denied(set: &PolicySet, rule: &Rule, sink: &mut Sink<'_>) {
    let Effect::Allow { allow, .. } = &rule.effect else { return };
    let by = set.tables.rules.iter().find(|other| {
        let all = match &other.effect {
            Effect::Deny { kinds, all: false, .. } => allow.iter().all(|kind| kinds.contains(kind)),
            _ => false,
        };
        all && other.mode == Mode::Enforce
            && other.share >= rule.share
            && other.days == Days::default()
            && matches_all_of(other, rule)
    });
    if let Some(by) = by.filter(|_| rule.mode == Mode::Enforce) {
        sink.report(
            Code::OnlyDenied,
            rule.at,
            Text::new(
                format!("`{}` allows nothing that `{}` does not deny", rule.id, by.id),
                format!("`{}` 所允许的均被 `{}` 禁止", rule.id, by.id),
            ),
            Text::new("narrow the denial, or remove the rule", "请收窄禁止规则，或删除此规则"),
        );
    }
}

fn matches_all_of(wide: &Rule, narrow: &Rule) -> bool {
    let within = |wide: &[usize], narrow: &[usize]| {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|at| wide.contains(at)))
    };
    within(&wide.roles, &narrow.roles)
        && within(&wide.purposes, &narrow.purposes)
        && (wide.public || !narrow.public)
        && (wide.routes.is_empty()
            || (!narrow.routes.is_empty()
                && narrow.routes.iter().all(|route| wide.routes.iter().any(|own| own.covers(route)))))
        && (wide.when == narrow.when
            || (wide.when == Condition::Always(true) && !narrow.when.mentions_subject()))
}

/// Whether `wide` gives every kind that `narrow` gives, never more freely; or denies them all.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    match (&wide.effect, &narrow.effect) {
        (Effect::Deny { all, .. }, _) => *all,
        (Effect::Allow { base, when, .. }, Effect::Allow { base: narrow, when: branches, .. }) => {
            let wide: Vec<&Given> =
                std::iter::once(base).chain(when.iter().map(|(_, given)| given)).collect();
            let narrow: Vec<&Given> =
                std::iter::once(narrow).chain(branches.iter().map(|(_, given)| given)).collect();
            wide.iter().all(|wide| {
                narrow.iter().all(|narrow| {
                    wide.iter().zip(narrow.iter()).all(|pair| match pair {
                        (_, None) => true,
                        (Some(wide), Some(narrow)) => wide.compare(narrow).is_ge(),
                        (None, Some(_)) => false,
                    })
                })
            })
        }
        _ => false,
    }
}
