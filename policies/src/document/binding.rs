//! `kind: Binding`.

use super::{one_of, scene};
use crate::diagnostic::{Code, Sink, Text};
use crate::route::{self, Host, RouteError, Segment};
use crate::yaml::{Located, Node, Value, nearest};
use crate::{
    FieldBinding, Override, Path, PathError, SmallGroupAction, SmallGroupRule, SubjectSelector, Validation,
};
use yingbi_taxonomy::{Category, Kind};

#[derive(Debug)]
pub(crate) struct BindingSpec {
    pub host: Host,
    /// `None`: any.
    pub method: Option<String>,
    pub path: Vec<Segment>,
    /// The path as written: the route's name in records and metrics.
    pub template: String,
    pub route_at: crate::yaml::At,
    /// Whether `Yingbi-Purpose` is listened to.
    pub purpose_header: bool,
    pub purpose_default: Option<Located<String>>,
    pub records: Option<Path>,
    pub subject: Option<Subject>,
    pub fields: Vec<FieldBinding>,
    pub opaque: Vec<Located<String>>,
    pub overrides: Vec<Override>,
    pub validation: Option<Validation>,
    pub small_groups: Option<SmallGroupRule>,
    pub watermark: bool,
    /// Refusals carry the business result codes of T/TSAC 002—2025 §6.1.1.
    pub result_codes: bool,
    pub request: Option<RequestSpec>,
}

/// `request`: what comes in.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestSpec {
    pub records: Option<Path>,
    pub subject: Option<SubjectSelector>,
    pub fields: Vec<FieldBinding>,
}

/// Whose the answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Selector(SubjectSelector),
    /// The upstream answers with the caller's own data and no other's.
    Caller,
}

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<BindingSpec> {
    let fields = node.fields(sink)?;
    let route = fields.required("route", sink).and_then(|node| read_route(node, sink));
    let (purpose_header, purpose_default) = match fields.optional("purpose") {
        Some(node) => read_purpose(node, sink)?,
        None => (true, None),
    };
    let records = fields.optional("records").and_then(|node| read_path(node, sink));
    let parameters: Vec<&str> = route.iter().flat_map(|route| parameters(&route.path)).collect();
    let subject = fields.optional("subject").and_then(|node| read_subject(node, &parameters, sink));
    let mut bound = Vec::new();
    for node in fields.optional("fields").and_then(|node| node.list(sink)).unwrap_or_default() {
        bound.extend(read_field(node, sink));
    }
    let opaque = fields.optional("opaque").map(|node| node.texts(sink)).unwrap_or_default();
    for media in &opaque {
        check_media_type(media, sink);
    }
    let overrides = fields.optional("overrides").map(|node| scene::read_overrides(node, sink));
    let validation =
        fields.optional("validate").and_then(|node| scene::read_validation(node, read_field, sink));
    let small_groups = fields.optional("small_groups").and_then(|node| read_small_groups(node, sink));
    let watermark = fields.optional("watermark").and_then(|node| node.boolean(sink));
    let result_codes = fields.optional("result_codes").and_then(|node| node.text(sink));
    if let Some(word) = result_codes.as_ref().filter(|word| word.value != "rpa") {
        one_of(&word.value, word.at, &["rpa"], sink);
    }
    let request = fields.optional("request").and_then(|node| read_request(node, &parameters, sink));
    fields.finish(sink);
    let Route { host, method, path, template, at } = route?;
    Some(BindingSpec {
        host,
        method,
        path,
        template,
        route_at: at,
        purpose_header,
        purpose_default,
        records,
        subject,
        fields: bound,
        opaque,
        overrides: overrides.unwrap_or_default(),
        validation,
        small_groups,
        watermark: watermark.is_some_and(|watermark| watermark.value),
        result_codes: result_codes.is_some(),
        request,
    })
}

/// `small_groups: {below: 5, then: warn}`.
fn read_small_groups(node: &Node, sink: &mut Sink<'_>) -> Option<SmallGroupRule> {
    let fields = node.fields(sink)?;
    let below = fields.required("below", sink).and_then(|node| node.integer(sink));
    let then = fields.optional("then").and_then(|node| node.text(sink));
    fields.finish(sink);
    let below = below?;
    let Some(count) = u32::try_from(below.value).ok().filter(|count| (2..=1000).contains(count)) else {
        sink.report(
            Code::WrongValue,
            below.at,
            Text::new("`below` is not 2 to 1000", "`below` 不在2至1000之间"),
            Text::new("it counts records that look alike; 5 is customary", "以相同记录数计，通常为5"),
        );
        return None;
    };
    let names = SmallGroupAction::ALL.map(SmallGroupAction::name);
    let then = match then {
        None => SmallGroupAction::Warn,
        Some(word) => {
            let known = SmallGroupAction::ALL.into_iter().find(|action| action.name() == word.value);
            if known.is_none() {
                one_of(&word.value, word.at, &names, sink);
            }
            known?
        }
    };
    Some(SmallGroupRule { below: count, then })
}

fn read_request(node: &Node, parameters: &[&str], sink: &mut Sink<'_>) -> Option<RequestSpec> {
    let fields = node.fields(sink)?;
    let records = fields.optional("records").and_then(|node| read_path(node, sink));
    let subject = match fields.optional("subject").and_then(|node| read_subject(node, parameters, sink)) {
        Some(Subject::Selector(selector)) => Some(selector),
        // Whose it is, the request itself must say.
        Some(Subject::Caller) | None => None,
    };
    let mut bound = Vec::new();
    for node in fields.optional("fields").and_then(|node| node.list(sink)).unwrap_or_default() {
        bound.extend(read_field(node, sink));
    }
    fields.finish(sink);
    Some(RequestSpec { records, subject, fields: bound })
}

struct Route {
    host: Host,
    method: Option<String>,
    path: Vec<Segment>,
    template: String,
    at: crate::yaml::At,
}

fn read_route(node: &Node, sink: &mut Sink<'_>) -> Option<Route> {
    let fields = node.fields(sink)?;
    let host = fields.required("host", sink).and_then(|node| node.text(sink));
    let method = fields.optional("method").and_then(|node| node.text(sink));
    let path = fields.required("path", sink).and_then(|node| node.text(sink));
    fields.finish(sink);
    let (host, path) = (host?, path?);
    let template = path.value.clone();
    let at = path.at;
    let host = checked(Host::parse(&host.value), host.at, sink);
    let method = match method {
        Some(method) if method.value != "*" => {
            Some(checked(route::parse_method(&method.value), method.at, sink)?)
        }
        _ => None,
    };
    let path = checked(route::parse_path(&path.value), path.at, sink);
    Some(Route { host: host?, method, path: path?, template, at })
}

fn read_purpose(node: &Node, sink: &mut Sink<'_>) -> Option<(bool, Option<Located<String>>)> {
    let fields = node.fields(sink)?;
    let header =
        fields.optional("header").and_then(|node| node.boolean(sink)).is_none_or(|header| header.value);
    let default = fields.optional("default").and_then(|node| node.text(sink));
    fields.finish(sink);
    Some((header, default))
}

fn read_subject(node: &Node, parameters: &[&str], sink: &mut Sink<'_>) -> Option<Subject> {
    match &node.value {
        Value::Text(word) if word == "caller" => Some(Subject::Caller),
        Value::Text(_) => Some(Subject::Selector(SubjectSelector::Record(read_path(node, sink)?))),
        _ => {
            let fields = node.fields(sink)?;
            let name = fields.required("parameter", sink).and_then(|node| node.text(sink));
            fields.finish(sink);
            let name = name?;
            if !parameters.contains(&name.value.as_str()) {
                let help = match nearest(&name.value, parameters.iter().copied()) {
                    Some(near) => {
                        Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？"))
                    }
                    None => Text::new(
                        format!("write `{{{}}}` in the route's path", name.value),
                        format!("请在路由的路径中写 `{{{}}}`", name.value),
                    ),
                };
                sink.report(
                    Code::UnknownReference,
                    name.at,
                    Text::new(
                        format!("the path has no parameter `{}`", name.value),
                        format!("路径中没有参数 `{}`", name.value),
                    ),
                    help,
                );
                return None;
            }
            Some(Subject::Selector(SubjectSelector::Parameter(name.value)))
        }
    }
}

fn read_field(node: &Node, sink: &mut Sink<'_>) -> Option<FieldBinding> {
    let fields = node.fields(sink)?;
    let path = fields.required("path", sink).and_then(|node| read_path(node, sink));
    let category = fields.required("category", sink).and_then(|node| node.text(sink));
    fields.finish(sink);
    let category = category?;
    let kind = match category.value.as_str() {
        "none" => None,
        id => match Kind::from_id(id).or_else(|| Category::from_id(id).map(Kind::general)) {
            Some(kind) => Some(kind),
            None => {
                let ids: Vec<&str> = Kind::all().map(Kind::id).chain(["none"]).collect();
                match nearest(id, ids.iter().copied()) {
                    Some(_) => one_of(id, category.at, &ids, sink),
                    None => sink.report(
                        Code::UnknownReference,
                        category.at,
                        Text::new(format!("`{id}` is no category"), format!("`{id}` 不是已知的类别")),
                        Text::new(
                            "name a row of Appendix A, a kind, or `none`",
                            "写附录A的行、更细的种类，或 `none`",
                        ),
                    ),
                }
                return None;
            }
        },
    };
    Some(FieldBinding { path: path?, kind })
}

fn read_path(node: &Node, sink: &mut Sink<'_>) -> Option<Path> {
    let text = node.text(sink)?;
    let error = match text.value.parse::<Path>() {
        Ok(path) => return Some(path),
        Err(error) => error,
    };
    let (code, message, help, offset) = match error {
        PathError::Invalid { at, expected } => (
            Code::PathInvalid,
            Text::new(
                format!("not a JSONPath: expected {expected}"),
                format!("不是JSONPath：此处应为 {expected}"),
            ),
            Text::new(
                "paths are JSONPath (RFC 9535), such as `$.data[*].id`",
                "路径为JSONPath（RFC 9535），如 `$.data[*].id`",
            ),
            at,
        ),
        PathError::NotSupported { at, what } => (
            Code::PathNotSupported,
            Text::new(format!("{what} is not supported in bindings"), format!("绑定中不支持：{what}")),
            Text::new(
                "use names, `*`, `..`, indexes from 0 and slices with bounds from 0",
                "请用名称、`*`、`..`、从0起的下标与切片",
            ),
            at,
        ),
    };
    sink.report(code, sink.inside(text.at, &text.value, offset..text.value.len()), message, help);
    None
}

fn check_media_type(media: &Located<String>, sink: &mut Sink<'_>) {
    let legal = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-+.".contains(&b))
    };
    let good =
        media.value.split_once('/').is_some_and(|(sort, sub)| legal(sort) && (legal(sub) || sub == "*"));
    let readable = ["application/json", "text/"].iter().any(|known| media.value.starts_with(known))
        || media.value.ends_with("+json")
        || media.value == "*/*";
    if !good || readable {
        sink.report(
            Code::WrongValue,
            media.at,
            Text::new(format!("`{}` can't be opaque", media.value), format!("`{}` 不能作为不可检内容", media.value)),
            Text::new(
                "opaque are binary media types in lower case, such as `image/png`; text and JSON are always inspected",
                "不可检内容须为小写的二进制媒体类型，如 `image/png`；文本与JSON总要检查",
            ),
        );
    }
}

fn parameters(path: &[Segment]) -> impl Iterator<Item = &str> {
    path.iter().filter_map(|segment| match segment {
        Segment::Parameter(name) => Some(name.as_str()),
        _ => None,
    })
}

/// A route's part, or its problem reported.
pub(crate) fn checked<T>(
    parsed: Result<T, RouteError>,
    at: crate::yaml::At,
    sink: &mut Sink<'_>,
) -> Option<T> {
    parsed
        .map_err(|(en, zh)| {
            sink.report(
                Code::RoutePattern,
                at,
                Text::new(en, zh),
                Text::new(
                    "a route is `GET host.internal/path/{id}`, with `*` for one segment and `**` for the rest",
                    "路由写作 `GET host.internal/path/{id}`，`*` 代表一段，`**` 代表其余",
                ),
            );
        })
        .ok()
}
