//! `kind: Combination`: what raises levels within one record (T/TSAC 001 §6.3: items of low level that together say what
//! an item of a high level says; §3.4: a person under fourteen).

use super::binding::checked;
use super::policy::{Mode, read_mode};
use super::scope::{self, Scope, Selection};
use crate::Cause;
use crate::diagnostic::{Code, Sink, Text};
use crate::route::RoutePattern;
use crate::yaml::{At, Node, Value};
use yingbi_taxonomy::{Kind, KindSet, Level};

#[derive(Debug)]
pub(crate) struct CombinationSpec {
    pub mode: Mode,
    pub cause: Cause,
    pub raises: KindSet,
    pub level: Level,
    /// Any of these; empty: any route.
    pub routes: Vec<RoutePattern>,
}

/// Nobody is a minor at this age (Civil Code, article 17), so no rule about minors asks for more.
const OF_AGE: i128 = 18;

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<CombinationSpec> {
    let fields = node.fields(sink)?;
    let mode = fields.optional("mode").map_or(Some(Mode::Enforce), |node| read_mode(node, sink));
    let all = fields.optional("all");
    let least = fields.optional("least").and_then(|node| Some((node.at, node.integer(sink)?.value)));
    let under_age = fields.optional("under_age");
    let level = fields.optional("level").map_or(Some(Level::L3), |node| scope::one_level(node, sink));
    let raises = fields.optional("raises").map(|node| Selection::from(scope::scopes(node, sink)).kinds());
    let routes = fields.optional("routes").map(|node| node.texts(sink)).unwrap_or_default();
    let routes =
        routes.iter().filter_map(|text| checked(RoutePattern::parse(&text.value), text.at, sink)).collect();
    fields.finish(sink);
    let cause = match (all, under_age) {
        (Some(all), None) => together(all, least, sink)?,
        (None, Some(age)) => {
            let years = age.integer(sink)?.value;
            let fits = u8::try_from(years).ok().filter(|_| (1..=OF_AGE).contains(&years));
            if fits.is_none() {
                let message = Text::new(
                    format!("`{years}` is no age of a minor"),
                    format!("`{years}` 不是未成年人的年龄"),
                );
                let help = Text::new("write 1 to 18", "请写1至18");
                sink.report(Code::WrongValue, age.at, message, help);
            }
            Cause::Under { age: fits? }
        }
        _ => {
            sink.report(
                Code::Contradiction,
                node.at,
                Text::new(
                    "a combination has one of `all` and `under_age`",
                    "组合须有且仅有 `all`、`under_age` 之一",
                ),
                Text::new(
                    "write `all: [basic.name, location.coarse]` or `under_age: 14`",
                    "请写 `all: [basic.name, location.coarse]` 或 `under_age: 14`",
                ),
            );
            return None;
        }
    };
    let raises = raises.unwrap_or_else(|| match &cause {
        Cause::Together { parts, .. } => parts.iter().flat_map(|part| part.iter()).collect(),
        Cause::Under { .. } => Kind::all().collect(),
    });
    Some(CombinationSpec { mode: mode?, cause, raises, level: level?, routes })
}

/// `all`: parts that must be there, each a name or a list of names of which one is enough.
fn together(node: &Node, least: Option<(At, i128)>, sink: &mut Sink<'_>) -> Option<Cause> {
    let mut parts: Vec<KindSet> = Vec::new();
    for part in node.list(sink)? {
        let scopes = match &part.value {
            Value::List(_) => scope::scopes(part, sink),
            _ => scope::scope(&part.text(sink)?, sink).map(|scope| scope.value).into_iter().collect(),
        };
        parts.push(named(part.at, &scopes, &parts, sink)?);
    }
    let count = parts.len();
    let least_at = least.map_or(node.at, |(at, _)| at);
    let least = least.map_or(count, |(_, least)| usize::try_from(least).unwrap_or(0));
    if least < 2 || least > count {
        sink.report(
            Code::WrongValue,
            least_at,
            Text::new("a combination is of two parts at least", "组合至少由两项构成"),
            Text::new(
                "list two parts or more under `all`; `least` is from 2 to their number",
                "请在 `all` 下列出两项以上；`least` 为2至其项数",
            ),
        );
        return None;
    }
    Some(Cause::Together { parts, least })
}

fn named(at: At, scopes: &[Scope], before: &[KindSet], sink: &mut Sink<'_>) -> Option<KindSet> {
    let kinds: KindSet =
        Kind::all().filter(|kind| scopes.iter().any(|scope| scope.contains(*kind))).collect();
    if let Some(twice) = kinds.iter().find(|kind| before.iter().any(|part| part.contains(*kind))) {
        sink.report(
            Code::Contradiction,
            at,
            Text::new(
                format!("`{twice}` is in two parts, so one value would be both"),
                format!("`{twice}` 同属两项，同一取值会被计两次"),
            ),
            Text::new("let each category stand in one part", "每个类别只应出现在一项中"),
        );
        return None;
    }
    (!kinds.is_empty()).then_some(kinds)
}
