//! `kind: Policy`.

use super::binding::checked;
use super::one_of;
use super::scope::{self, Scope, Selection};
use crate::condition::{self, Condition};
use crate::diagnostic::{Code, Sink, Text};
use crate::route::RoutePattern;
use crate::yaml::{At, Fields, Located, Node, Value, entries};
use yingbi_taxonomy::{Kind, Level};

#[derive(Debug)]
pub(crate) struct PolicySpec {
    pub mode: Mode,
    /// Of how many requests in a hundred it rules; the others it only watches (T/SAC 003—2024 §6.2).
    pub share: u8,
    pub matching: Match,
    pub when: Located<Condition>,
    pub action: Action,
    /// It speaks of what comes in, not of what goes out.
    pub is_request: bool,
    /// What it lets be decrypted.
    pub opens: Vec<Located<Scope>>,
}

/// Whether a rule rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Enforce,
    Monitor,
    Off,
}

/// `match`: all parts that are given must hold.
#[derive(Debug, Default)]
pub(crate) struct Match {
    /// Any of these; empty: any caller.
    pub roles: Vec<Located<String>>,
    /// Any of these; empty: any purpose, none named included.
    pub purposes: Vec<Located<String>>,
    /// Any of these; empty: any route.
    pub routes: Vec<RoutePattern>,
    /// `authenticated: false`: also callers of whom nothing is known.
    pub public: bool,
}

#[derive(Debug)]
pub(crate) enum Action {
    Allow {
        allow: Located<Selection>,
        treat: Treat,
    },
    /// `of` is every kind for `deny: all`.
    Deny {
        of: Selection,
        all: bool,
    },
    /// No rule releases these more freely than this.
    Floor {
        of: Selection,
        word: Word,
        unless_grounded: bool,
    },
}

/// `treat`.
#[derive(Debug)]
pub(crate) struct Treat {
    pub base: Table,
    /// Under conditions: what then stands in place of the base.
    pub when: Vec<(Located<Condition>, Table)>,
}

/// What each kind gets, as written.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub default: Located<Word>,
    pub categories: Vec<(Located<Scope>, Located<Word>)>,
}

/// One treatment, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Clear,
    /// Each kind by its own template.
    Mask,
    Drop,
    /// A mask by id.
    Named(String),
}

/// What people write for a treatment that has several forms, or is none, and what to write instead.
const NEARLY: [(&str, &str); 5] = [
    ("generalise", GENERALISE),
    ("generalize", GENERALISE),
    ("tokenise", "hash-token"),
    ("tokenize", "hash-token"),
    ("decrypt", "decrypt: [category, …]` beside `treat"),
];
const GENERALISE: &str = "age-band`, `amount-band`, `region`, `year`, `quarter` or `month";

/// A rule without `share` rules all of a hundred requests.
const ALL: u8 = 100;

/// Most conditions under one `treat.when`: their outcomes are the bits of one word.
const BRANCHES: usize = 32;

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<PolicySpec> {
    let fields = node.fields(sink)?;
    let mode = fields.optional("mode").map_or(Some(Mode::Enforce), |node| read_mode(node, sink));
    let share = fields.optional("share").map_or(Some(ALL), |node| read_share(node, mode, sink));
    let matching = fields.optional("match").map_or(Some(Match::default()), |node| read_match(node, sink));
    let when = match fields.optional("when") {
        Some(node) => read_condition(node.text(sink), sink),
        None => Some(Located { value: Condition::Always(true), at: node.at }),
    };
    let is_request = fields.optional("direction").is_some_and(|node| read_direction(node, sink));
    let opens = fields.optional("decrypt").map(|node| read_opens(node, sink)).unwrap_or_default();
    let action = match is_request {
        true => read_request_action(&fields, sink),
        false => read_action(&fields, sink),
    };
    if !opens.is_empty() && (is_request || !matches!(action, Some(Action::Allow { .. }))) {
        sink.report(
            Code::Contradiction,
            fields.key_at("decrypt"),
            Text::new("`decrypt` in a rule that allows no answer", "`decrypt` 只能写在允许应答的规则中"),
            Text::new(
                "what is decrypted goes out in an answer: write it beside `allow`",
                "解密用于应答：请与 `allow` 同写",
            ),
        );
    }
    fields.finish(sink);
    let (mode, share, matching) = (mode?, share?, matching?);
    Some(PolicySpec { mode, share, matching, when: when?, action: action?, is_request, opens })
}

/// `direction`: whether the rule speaks of requests.
fn read_direction(node: &Node, sink: &mut Sink<'_>) -> bool {
    let Some(word) = node.text(sink) else { return false };
    match word.value.as_str() {
        "answer" => false,
        "request" => true,
        other => {
            one_of(other, word.at, &["answer", "request"], sink);
            false
        }
    }
}

/// `decrypt`: what may be opened. Authentication data never is (T/TSAC 001 §8.3.3.2 d, §8.4.4 c).
fn read_opens(node: &Node, sink: &mut Sink<'_>) -> Vec<Located<Scope>> {
    let texts = node.texts(sink);
    let mut opens = Vec::new();
    for text in &texts {
        let Some(scope) = scope::scope(text, sink) else { continue };
        if Kind::all().any(|kind| scope.value.contains(kind) && kind.level() == Level::L4) {
            sink.report(
                Code::LevelFourOpened,
                text.at,
                Text::new(
                    format!("`{}` holds level 4, which is decrypted for nobody", text.value),
                    format!("`{}` 含4级信息，不得解密", text.value),
                ),
                Text::new("name categories of level 3 or below", "请只写3级及以下的类别"),
            );
            continue;
        }
        opens.push(scope);
    }
    opens
}

/// What a rule for requests does: it treats, or refuses single categories. What it doesn't name goes on as it is,
/// authentication data encrypted (T/TSAC 001 §8.3.3.2 d).
fn read_request_action(fields: &Fields<'_>, sink: &mut Sink<'_>) -> Option<Action> {
    let (treat, deny) = (fields.optional("treat"), fields.optional("deny"));
    for key in ["allow", "floor"] {
        if fields.optional(key).is_some() {
            sink.report(
                Code::RequestRule,
                fields.key_at(key),
                Text::new(format!("`{key}` in a rule for requests"), format!("请求方向的规则不能写 `{key}`")),
                Text::new(
                    "write `treat` or `deny: {categories: [...]}`; who may call is said by rules for answers",
                    "请写 `treat` 或 `deny: {categories: [...]}`；谁可访问由应答方向的规则规定",
                ),
            );
        }
    }
    match (treat, deny) {
        (Some(node), None) => {
            let allow = Located { value: Selection::all(), at: node.at };
            Some(Action::Allow { allow, treat: read_treat_of(node, Word::Clear, sink)? })
        }
        (None, Some(node)) if matches!(node.value, Value::Map(_)) => {
            Some(Action::Deny { of: scope::selection(node, sink)?.value, all: false })
        }
        _ => {
            sink.report(
                Code::RequestRule,
                fields.at,
                Text::new(
                    "a rule for requests has one of `treat` and `deny: {categories: [...]}`",
                    "请求方向的规则须有且仅有 `treat` 与 `deny: {categories: [...]}` 之一",
                ),
                Text::new("split the rule", "请拆分规则"),
            );
            None
        }
    }
}

pub(crate) fn read_mode(node: &Node, sink: &mut Sink<'_>) -> Option<Mode> {
    let word = node.text(sink)?;
    match word.value.as_str() {
        "enforce" => Some(Mode::Enforce),
        "monitor" => Some(Mode::Monitor),
        "off" => Some(Mode::Off),
        other => {
            one_of(other, word.at, &["enforce", "monitor", "off"], sink);
            None
        }
    }
}

/// A percentage; all of them is said by leaving it out, none by another mode.
fn read_share(node: &Node, mode: Option<Mode>, sink: &mut Sink<'_>) -> Option<u8> {
    let share = node.integer(sink)?;
    if mode.is_some_and(|mode| mode != Mode::Enforce) {
        sink.report(
            Code::Contradiction,
            share.at,
            Text::new("`share` of a rule that does not rule", "规则未生效却写了 `share`"),
            Text::new("remove `share`, or write `mode: enforce`", "去掉 `share`，或写 `mode: enforce`"),
        );
        return None;
    }
    let percent = u8::try_from(share.value).ok().filter(|percent| (1..ALL).contains(percent));
    if percent.is_none() {
        sink.report(
            Code::WrongValue,
            share.at,
            Text::new("`share` is a percentage from 1 to 99", "`share` 为1至99的百分数"),
            Text::new(
                "leave it out to rule all requests, write `mode: monitor` to rule none",
                "对全部请求生效时省略，全部仅监测时写 `mode: monitor`",
            ),
        );
    }
    percent
}

pub(crate) fn read_match(node: &Node, sink: &mut Sink<'_>) -> Option<Match> {
    let fields = node.fields(sink)?;
    let list = |key: &'static str, sink: &mut Sink<'_>| {
        let node = fields.optional(key)?;
        let texts = node.texts(sink);
        if texts.is_empty() {
            sink.report(
                Code::WrongValue,
                node.at,
                Text::new(format!("`{key}` is empty"), format!("`{key}` 为空")),
                Text::new("leave the key out to match any", "不限时请省略该键"),
            );
        }
        Some(texts)
    };
    let roles = list("roles", sink).unwrap_or_default();
    let purposes = list("purposes", sink).unwrap_or_default();
    let routes = list("routes", sink).unwrap_or_default();
    let routes =
        routes.iter().filter_map(|text| checked(RoutePattern::parse(&text.value), text.at, sink)).collect();
    let authenticated = fields.optional("authenticated").and_then(|node| node.boolean(sink));
    fields.finish(sink);
    let public = authenticated.as_ref().is_some_and(|authenticated| !authenticated.value);
    if let Some(authenticated) = authenticated.filter(|_| public && !roles.is_empty()) {
        sink.report(
            Code::Contradiction,
            authenticated.at,
            Text::new(
                "`authenticated: false` with `roles`: who has a role is authenticated",
                "`authenticated: false` 与 `roles` 矛盾：有角色者必已登录",
            ),
            Text::new("remove one of the two", "去掉其中之一"),
        );
    }
    Some(Match { roles, purposes, routes, public })
}

/// Reads a condition; the place of a problem is its own words.
pub(crate) fn read_condition(
    text: Option<Located<String>>,
    sink: &mut Sink<'_>,
) -> Option<Located<Condition>> {
    let text = text?;
    match condition::compile(&text.value) {
        Ok(value) => Some(Located { value, at: text.at }),
        Err(problem) => {
            let at = sink.inside(text.at, &text.value, problem.bytes);
            sink.report(problem.code, at, problem.message, problem.help);
            None
        }
    }
}

fn read_action(fields: &Fields<'_>, sink: &mut Sink<'_>) -> Option<Action> {
    let allow = fields.optional("allow");
    let deny = fields.optional("deny");
    let floor = fields.optional("floor");
    let treat = fields.optional("treat");
    if [allow, deny, floor].into_iter().flatten().count() != 1 {
        sink.report(
            Code::Contradiction,
            fields.at,
            Text::new(
                "a rule has one of `allow`, `deny`, `floor`",
                "规则须有且仅有 `allow`、`deny`、`floor` 之一",
            ),
            Text::new("split the rule", "请拆分规则"),
        );
        return None;
    }
    if treat.is_some() && allow.is_none() {
        sink.report(
            Code::Contradiction,
            fields.key_at("treat"),
            Text::new("`treat` without `allow`", "有 `treat` 而无 `allow`"),
            Text::new("only what is allowed is treated", "只有被允许的信息才需处理"),
        );
    }
    if let Some(node) = allow {
        let allow = scope::selection(node, sink);
        let treat = match treat {
            Some(node) => read_treat(node, sink),
            None => Some(Treat {
                base: Table { default: node.located(Word::Mask), categories: Vec::new() },
                when: Vec::new(),
            }),
        };
        return Some(Action::Allow { allow: allow?, treat: treat? });
    }
    if let Some(node) = deny {
        return match &node.value {
            Value::Text(word) if word == "all" => Some(Action::Deny { of: Selection::all(), all: true }),
            Value::Text(word) => {
                one_of(word, node.at, &["all"], sink);
                None
            }
            _ => Some(Action::Deny { of: scope::selection(node, sink)?.value, all: false }),
        };
    }
    read_floor(floor?, sink)
}

fn read_floor(node: &Node, sink: &mut Sink<'_>) -> Option<Action> {
    let fields = node.fields(sink)?;
    let categories =
        fields.required("categories", sink).map(|node| scope::scopes(node, sink)).unwrap_or_default();
    let word = fields.required("treat", sink).and_then(|node| read_word(node, sink));
    let unless = fields.optional("unless").and_then(|node| node.text(sink));
    fields.finish(sink);
    if let Some(unless) = unless.as_ref().filter(|unless| unless.value != "grounded") {
        one_of(&unless.value, unless.at, &["grounded"], sink);
    }
    let word = word?;
    if word.value == Word::Clear {
        sink.report(
            Code::WrongValue,
            word.at,
            Text::new("a floor of `clear` is none", "以 `clear` 为底线等于没有底线"),
            Text::new("write `mask`, `drop` or a mask's id", "请写 `mask`、`drop` 或模板标识"),
        );
    }
    Some(Action::Floor { of: categories.into(), word: word.value, unless_grounded: unless.is_some() })
}

pub(crate) fn read_treat(node: &Node, sink: &mut Sink<'_>) -> Option<Treat> {
    read_treat_of(node, Word::Mask, sink)
}

/// `treat`, with what is done by default where it doesn't say.
fn read_treat_of(node: &Node, otherwise: Word, sink: &mut Sink<'_>) -> Option<Treat> {
    if !matches!(node.value, Value::Map(_)) {
        return Some(Treat {
            base: Table { default: read_word(node, sink)?, categories: Vec::new() },
            when: Vec::new(),
        });
    }
    let fields = node.fields(sink)?;
    let base = read_table(&fields, &otherwise, node.at, sink);
    let mut when = Vec::new();
    for (text, branch) in fields.optional("when").map(|node| entries(node, sink)).unwrap_or_default() {
        let condition = read_condition(Some(text.clone()), sink);
        let table = read_branch(branch, base.as_ref(), &otherwise, sink);
        if let (Some(condition), Some(table)) = (condition, table) {
            when.push((condition, table));
        }
    }
    if when.len() > BRANCHES {
        sink.report(
            Code::WrongValue,
            fields.key_at("when"),
            Text::new(format!("more than {BRANCHES} conditions"), format!("条件多于{BRANCHES}个")),
            Text::new("split the rule", "请拆分规则"),
        );
    }
    fields.finish(sink);
    Some(Treat { base: base?, when })
}

fn read_table(fields: &Fields<'_>, otherwise: &Word, at: At, sink: &mut Sink<'_>) -> Option<Table> {
    let default = match fields.optional("default") {
        Some(node) => read_word(node, sink)?,
        None => Located { value: otherwise.clone(), at },
    };
    let mut categories = Vec::new();
    for (name, node) in fields.optional("categories").map(|node| entries(node, sink)).unwrap_or_default() {
        let scope = scope::scope(name, sink);
        let word = read_word(node, sink);
        categories.extend(scope.zip(word));
    }
    Some(Table { default, categories })
}

/// What stands under a condition: a word replaces the base's default and leaves the categories it names; a mapping
/// replaces both.
fn read_branch(node: &Node, base: Option<&Table>, otherwise: &Word, sink: &mut Sink<'_>) -> Option<Table> {
    if matches!(node.value, Value::Map(_)) {
        let fields = node.fields(sink)?;
        let table = read_table(&fields, otherwise, node.at, sink);
        fields.finish(sink);
        return table;
    }
    let default = read_word(node, sink)?;
    Some(Table { default, categories: base.map(|base| base.categories.clone()).unwrap_or_default() })
}

fn read_word(node: &Node, sink: &mut Sink<'_>) -> Option<Located<Word>> {
    let text = node.text(sink)?;
    let word = match text.value.as_str() {
        "clear" => Word::Clear,
        "mask" => Word::Mask,
        "drop" => Word::Drop,
        "block" => {
            sink.report(
                Code::WrongValue,
                text.at,
                Text::new("`block` is no treatment", "`block` 不是处理方式"),
                Text::new(
                    "write a policy with `deny: {categories: [...]}`",
                    "请写带 `deny: {categories: [...]}` 的策略",
                ),
            );
            return None;
        }
        id => {
            if let Some((nearly, instead)) = NEARLY.iter().find(|(nearly, _)| *nearly == id) {
                sink.report(
                    Code::NotSupported,
                    text.at,
                    Text::new(format!("`{nearly}` is no treatment"), format!("`{nearly}` 不是处理方式")),
                    Text::new(format!("write `{instead}`"), format!("请写 `{instead}`")),
                );
                return None;
            }
            Word::Named(id.to_owned())
        }
    };
    Some(Located { value: word, at: text.at })
}
