//! Masks and policies: what is written to what is decided by.

use super::{Layered, Names};
use crate::condition::{Name, Relation};
use crate::decide::{self, Direction, Effect, Given, Purpose, Rule, Words, Written};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::Spec;
use crate::document::exception::ExceptionSpec;
use crate::document::policy::{Action, PolicySpec, Table, Treat, Word};
use crate::document::scope::Selection;
use crate::yaml::{At, Located, nearest};
use crate::{Basis, Mask, Treatment};
use std::collections::BTreeMap;
use std::sync::Arc;
use yingbi_taxonomy::{Kind, KindSet, Level};

/// The masks by id, and each kind's own.
pub(crate) struct Templates {
    pub by_id: BTreeMap<String, Arc<Mask>>,
    /// By [`Kind::index`].
    pub own: Vec<Arc<Mask>>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(&self.by_id).finish()
    }
}

impl Templates {
    pub(crate) fn of(&self, kind: Kind) -> Treatment {
        self.own.get(kind.index()).map_or(Treatment::Drop, |mask| Treatment::Mask(mask.clone()))
    }
}

/// The template of every kind: the firm's before the shipped, the narrowest name first.
pub(super) fn templates(documents: &[Layered], sink: &mut Sink<'_>) -> Option<Templates> {
    let mut by_id = BTreeMap::new();
    let mut claims = Vec::new();
    for layered in documents {
        let Spec::Mask(spec) = &layered.document.spec else { continue };
        let mask = Arc::new(spec.mask);
        by_id.insert(layered.document.meta.id.value.clone(), mask.clone());
        for scope in &spec.of {
            claims.push((
                !layered.shipped,
                scope.value.rank(),
                scope.clone(),
                mask.clone(),
                &layered.document.meta,
            ));
        }
    }
    let mut own = Vec::with_capacity(Kind::COUNT);
    for kind in Kind::all() {
        let best =
            claims.iter().filter(|claim| claim.2.value.contains(kind)).max_by_key(|claim| (claim.0, claim.1));
        let Some((firm, rank, scope, mask, meta)) = best else {
            own.push(Arc::new(Mask::nothing()));
            continue;
        };
        let rival = claims.iter().find(|claim| {
            claim.2.value.contains(kind)
                && claim.0 == *firm
                && claim.1 == *rank
                && claim.4.id.value != meta.id.value
        });
        if let Some(rival) = rival {
            sink.report(
                Code::TwoTemplates,
                scope.at,
                Text::new(
                    format!(
                        "masks `{}` and `{}` are both the template of `{kind}`",
                        meta.id.value, rival.4.id.value
                    ),
                    format!("`{}` 与 `{}` 都是 `{kind}` 的模板", meta.id.value, rival.4.id.value),
                ),
                Text::new("remove the category from one of them", "请从其一中去掉该类别"),
            );
        }
        if kind.level() == Level::L4 && mask.shows_anything() {
            shows_level_four(scope.at, &meta.id.value, kind, sink);
        }
        own.push(mask.clone());
    }
    Some(Templates { by_id, own })
}

pub(super) fn compile(
    documents: &[Layered],
    names: &Names,
    purposes: &[Purpose],
    templates: &Templates,
    sink: &mut Sink<'_>,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for layered in documents {
        let Spec::Policy(spec) = &layered.document.spec else { continue };
        let meta = &layered.document.meta;
        let roles: Vec<usize> =
            spec.matching.roles.iter().filter_map(|role| names.role(&role.value, role.at, sink)).collect();
        let purposes_matched: Vec<usize> = spec
            .matching
            .purposes
            .iter()
            .filter_map(|name| names.purpose(&name.value, name.at, sink))
            .collect();
        check_names(spec, names, sink);
        let of = Direction::of(spec.is_request);
        let opens = spec.opens.iter().flat_map(|scope| {
            let scope = scope.value;
            Kind::all().filter(move |kind| scope.contains(*kind) && kind.level() != Level::L4)
        });
        let opens: KindSet = opens.collect();
        let effect = match &spec.action {
            Action::Allow { allow, treat } => allow_effect(allow, treat, of, templates, sink),
            Action::Deny { of, all } => Effect::Deny { kinds: of.kinds(), all: *all, of: of.clone() },
            Action::Floor { of, word, unless_grounded } => Effect::Floor {
                least: floor(of.kinds(), word, templates, spec.when.at, sink),
                unless_grounded: *unless_grounded,
                of: of.clone(),
                word: looked_up(word, templates),
            },
        };
        let grounded = meta.clauses.iter().any(|clause| is_ground(clause))
            || (!purposes_matched.is_empty()
                && purposes_matched
                    .iter()
                    .all(|at| purposes.get(*at).is_some_and(|own| own.basis.is_ground())));
        let mentions = spec.when.value.mentions().with(effect.mentions(), true);
        let exceptions = exceptions(documents, &meta.id.value);
        let mut after = None;
        for (exception, own) in exceptions {
            let Action::Allow { allow, .. } = &spec.action else { continue };
            let effect = allow_effect(allow, &own.treat, of, templates, sink);
            let mentions = spec.when.value.mentions().with(effect.mentions(), true);
            // Of several, one at a time rules: the one that expires first.
            let days = decide::Days { after, until: Some(own.expires.value) };
            after = days.until;
            rules.push(Rule {
                id: exception.id(),
                title: exception.document.meta.title.clone().unwrap_or_default(),
                clauses: meta.clauses.clone(),
                shipped: layered.shipped,
                mode: spec.mode,
                share: spec.share,
                roles: Clone::clone(&roles),
                purposes: purposes_matched.clone(),
                routes: spec.matching.routes.clone(),
                public: spec.matching.public,
                days,
                when: spec.when.value.clone(),
                mentions,
                spread: Relation::spread(mentions),
                effect,
                grounded,
                of,
                opens,
                at: exception.document.meta.id.at,
            });
        }
        rules.push(Rule {
            id: layered.id(),
            title: meta.title.clone().unwrap_or_default(),
            clauses: meta.clauses.clone(),
            shipped: layered.shipped,
            mode: spec.mode,
            share: spec.share,
            roles,
            purposes: purposes_matched,
            routes: spec.matching.routes.clone(),
            public: spec.matching.public || matches!(effect, Effect::Floor { .. } | Effect::Deny { .. }),
            days: decide::Days { after, until: None },
            when: spec.when.value.clone(),
            mentions,
            spread: Relation::spread(mentions),
            effect,
            grounded,
            of,
            opens,
            at: meta.id.at,
        });
    }
    rules.sort_by(|a, b| (&a.id, a.days.until).cmp(&(&b.id, b.days.until)));
    unknown_policies(documents, sink);
    rules
}

/// The exceptions to a policy, the first to expire first.
fn exceptions<'d>(documents: &'d [Layered], policy: &str) -> Vec<(&'d Layered, &'d ExceptionSpec)> {
    let of_policy = |layered: &'d Layered| match &layered.document.spec {
        Spec::Exception(spec) if spec.policy.value == policy => Some((layered, &**spec)),
        _ => None,
    };
    let mut found: Vec<_> = documents.iter().filter_map(of_policy).collect();
    found.sort_by_key(|(_, spec)| spec.expires.value);
    found
}

/// An exception is to a policy of the firm that allows: the standard's own floors have none.
fn unknown_policies(documents: &[Layered], sink: &mut Sink<'_>) {
    for layered in documents {
        let Spec::Exception(spec) = &layered.document.spec else { continue };
        let allows = |other: &&Layered| {
            let is_allow = matches!(&other.document.spec, Spec::Policy(policy) if matches!(policy.action, Action::Allow { .. }));
            is_allow && !other.shipped && other.document.meta.id.value == spec.policy.value
        };
        if documents.iter().find(allows).is_none() {
            let name = &spec.policy.value;
            sink.report(
                Code::UnknownReference,
                spec.policy.at,
                Text::new(
                    format!("no policy `{name}` of the firm allows anything"),
                    format!("机构没有名为 `{name}` 的允许类策略"),
                ),
                Text::new("name a policy with `allow`", "请写带 `allow` 的策略标识"),
            );
        }
    }
}

impl Basis {
    /// Whether the basis by itself lets others' level 3 be shown in clear: what the law orders or the public already
    /// knows. A contract or consent does not (T/TSAC 001 §8.4.4 d).
    pub(crate) fn is_ground(self) -> bool {
        !matches!(self, Basis::Consent | Basis::Contract)
    }
}

/// Clauses that let others' level 3 be shown in clear: the two exceptions of §8.4.4 d, access triggered by the business
/// (§7.5 k), by approval beyond one's rights (§7.5 j), and provision to third parties on a lawful basis (§8.7).
fn is_ground(clause: &str) -> bool {
    let Some((standard, clause)) = clause.split_once(':') else { return false };
    let standard: String = standard.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = ["TTSAC001", "TTSAC0012025", "001"].contains(&standard.as_str());
    let under = |parent: &str| {
        clause == parent || clause.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
    };
    known && ["8.4.4.d", "7.5.k", "7.5.j", "8.7"].into_iter().any(under)
}

/// Roles and purposes named inside conditions must exist, else the condition never means what it says.
fn check_names(spec: &PolicySpec, names: &Names, sink: &mut Sink<'_>) {
    let mut conditions = vec![&spec.when];
    if let Action::Allow { treat, .. } = &spec.action {
        conditions.extend(treat.when.iter().map(|(condition, _)| condition));
    }
    for condition in conditions {
        let mut used = Vec::new();
        condition.value.names(&mut used);
        for name in used {
            match name {
                Name::Role(name) => names.role(&name, condition.at, sink),
                Name::Purpose(name) => names.purpose(&name, condition.at, sink),
            };
        }
    }
}

fn allow_effect(
    allow: &Located<Selection>,
    treat: &Treat,
    of: Direction,
    templates: &Templates,
    sink: &mut Sink<'_>,
) -> Effect {
    let kinds = Located { value: allow.value.kinds(), at: allow.at };
    let base = given(&kinds, &treat.base, of, templates, sink);
    let when = treat
        .when
        .iter()
        .map(|(condition, table)| (condition.value.clone(), given(&kinds, table, of, templates, sink)))
        .collect();
    let written = Written {
        allow: allow.value.clone(),
        base: words(&treat.base, templates),
        when: treat.when.iter().map(|(_, table)| words(table, templates)).collect(),
    };
    Effect::Allow { allow: kinds.value, base, when, written }
}

fn words(table: &Table, templates: &Templates) -> Words {
    let categories =
        table.categories.iter().map(|(scope, word)| (scope.value, looked_up(&word.value, templates)));
    Words { default: looked_up(&table.default.value, templates), categories: categories.collect() }
}

/// A mask that is not defined has been reported where it stands, and hides everything.
fn looked_up(word: &Word, templates: &Templates) -> decide::Word {
    match word {
        Word::Clear => decide::Word::Clear,
        Word::Mask => decide::Word::Own,
        Word::Drop => decide::Word::Drop,
        Word::Named(id) => match templates.by_id.get(id) {
            Some(mask) => decide::Word::Mask(mask.clone()),
            None => decide::Word::Drop,
        },
    }
}

/// What one table gives each kind; nothing to what is neither allowed nor named.
fn given(
    allow: &Located<KindSet>,
    table: &Table,
    of: Direction,
    templates: &Templates,
    sink: &mut Sink<'_>,
) -> Given {
    for (scope, word) in &table.categories {
        let outside = !allow.value.iter().any(|kind| scope.value.contains(kind));
        let level_four =
            Kind::all().filter(|kind| scope.value.contains(*kind)).all(|kind| kind.level() == Level::L4);
        if word.value == Word::Clear && outside && !level_four {
            sink.report(
                Code::ClearNotAllowed,
                word.at,
                Text::new("treated in clear, but not allowed", "以明文处理，却未被允许"),
                Text::new("add the category to `allow`, or mask it", "请把该类别加入 `allow`，或改为脱敏"),
            );
        }
    }
    let mut given: Vec<Option<Treatment>> = Vec::with_capacity(Kind::COUNT);
    for kind in Kind::all() {
        let named = table.categories.iter().filter(|(scope, _)| scope.value.contains(kind));
        let narrowest = named.clone().map(|(scope, _)| scope.value.rank()).max();
        let words: Vec<&Located<Word>> =
            named.filter(|(scope, _)| Some(scope.value.rank()) == narrowest).map(|(_, word)| word).collect();
        let allowed = allow.value.contains(kind);
        // What a rule for requests doesn't name goes on, and level 4 is encrypted then.
        let is_rest = words.is_empty() && of == Direction::Request;
        let words = if words.is_empty() && allowed { vec![&table.default] } else { words };
        let treatments = words.into_iter().filter_map(|word| {
            let treatment = treatment(kind, word, templates, sink)?;
            if !(is_rest && treatment == Treatment::Clear) {
                check_level_four(kind, &treatment, word, sink);
            }
            (allowed || treatment != Treatment::Clear).then_some(treatment)
        });
        given.push(treatments.reduce(Treatment::stronger));
    }
    given.into_boxed_slice()
}

fn treatment(
    kind: Kind,
    word: &Located<Word>,
    templates: &Templates,
    sink: &mut Sink<'_>,
) -> Option<Treatment> {
    match &word.value {
        Word::Clear => Some(Treatment::Clear),
        Word::Drop => Some(Treatment::Drop),
        Word::Mask => Some(templates.of(kind)),
        Word::Named(id) => match templates.by_id.get(id) {
            Some(mask) => Some(Treatment::Mask(mask.clone())),
            None => {
                let known = templates.by_id.keys().map(String::as_str).chain(["mask", "clear", "drop"]);
                let help = match nearest(id, known) {
                    Some(near) => {
                        Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？"))
                    }
                    None => Text::new(
                        "write `mask`, `clear`, `drop` or the id of a `kind: Mask`",
                        "请写 `mask`、`clear`、`drop` 或 `kind: Mask` 的标识",
                    ),
                };
                let message =
                    Text::new(format!("no mask `{id}` is defined"), format!("未定义脱敏模板 `{id}`"));
                sink.report(Code::UnknownReference, word.at, message, help);
                None
            }
        },
    }
}

/// T/TSAC 001 §8.4.4 c: level 4 never in clear, by no rule.
fn check_level_four(kind: Kind, treatment: &Treatment, word: &Located<Word>, sink: &mut Sink<'_>) {
    if kind.level() != Level::L4 {
        return;
    }
    match treatment {
        Treatment::Clear => sink.report(
            Code::LevelFourClear,
            word.at,
            Text::new(
                "level 4 would be shown in clear (T/TSAC 001 §8.4.4 c)",
                "将以明文展示4级信息（T/TSAC 001 8.4.4 c）",
            ),
            Text::new(
                "allow `level: \"<=3\"`, or treat `level:4` with `mask`",
                "请写 `level: \"<=3\"`，或对 `level:4` 脱敏",
            ),
        ),
        Treatment::Mask(mask) if mask.shows_anything() => {
            let id = match &word.value {
                Word::Named(id) => id.as_str(),
                _ => "mask",
            };
            shows_level_four(word.at, id, kind, sink);
        }
        _ => {}
    }
}

fn shows_level_four(at: At, id: &str, kind: Kind, sink: &mut Sink<'_>) {
    sink.report(
        Code::LevelFourShown,
        at,
        Text::new(
            format!("mask `{id}` shows part of `{}`, which is level 4", kind.category()),
            format!("模板 `{id}` 会露出4级信息 `{}` 的一部分", kind.category()),
        ),
        Text::new("only `algorithm: nothing` may mask level 4", "4级信息只可用 `algorithm: nothing` 脱敏"),
    );
}

fn floor(kinds: KindSet, word: &Word, templates: &Templates, at: At, sink: &mut Sink<'_>) -> Given {
    let word = Located { value: word.clone(), at };
    Kind::all()
        .map(|kind| kinds.contains(kind).then(|| treatment(kind, &word, templates, sink)).flatten())
        .collect()
}
