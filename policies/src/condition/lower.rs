//! CEL to [`Condition`].

use super::{Condition, Relation, Test, Variable};
use crate::diagnostic::{Code, Text};
use crate::facts::CallerFact;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;
use std::sync::Arc;

/// Longest condition read, in bytes: a condition is one sentence.
const LONGEST: usize = 2048;

/// What is wrong with a condition, and which bytes of it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub code: Code,
    pub bytes: std::ops::Range<usize>,
    pub message: Text,
    pub help: Text,
}

/// Parses and checks one condition.
pub(crate) fn compile(text: &str) -> Result<Condition, Problem> {
    if text.len() > LONGEST {
        return Err(problem(
            Code::ConditionSyntax,
            0..LONGEST,
            Text::new("condition is longer than 2048 bytes", "条件长于2048字节"),
            Text::new("split the rule", "拆分该规则"),
        ));
    }
    let parser = Parser::new().max_recursion_depth(48).enable_optional_syntax(false);
    match parser.parse_with_source_info(text) {
        Ok((expression, source)) => Lower { text, source: &source }.condition(&expression),
        Err(errors) => {
            let first = errors.errors.first();
            let at = first.and_then(|error| byte_of(text, error.pos)).unwrap_or_default();
            let detail = first.map(|error| error.msg.as_str()).unwrap_or_default();
            Err(problem(
                Code::ConditionSyntax,
                at..text.len(),
                Text::new(format!("condition does not parse: {detail}"), format!("条件无法解析：{detail}")),
                Text::new(
                    "conditions are CEL, for example `subject == caller.subject && caller.stepped_up`",
                    "条件使用CEL，例如 `subject == caller.subject && caller.stepped_up`",
                ),
            ))
        }
    }
}

struct Lower<'t> {
    text: &'t str,
    source: &'t SourceInfo,
}

/// A value in a condition, by type.
enum Operand {
    Truth(Condition),
    Text(Variable),
    /// `caller.role`, `caller.roles`.
    Roles,
    Subject,
    /// `caller.subject`, `caller.subjects`.
    OwnSubjects,
    Literal(String),
    List(Vec<String>),
}

type Lowered<T> = Result<T, Problem>;

impl Lower<'_> {
    fn condition(&self, node: &IdedExpr) -> Lowered<Condition> {
        match self.operand(node)? {
            Operand::Truth(condition) => Ok(condition),
            other => Err(self.mistyped(node, &format!("{} is not true or false", other.sort()))),
        }
    }

    fn operand(&self, node: &IdedExpr) -> Lowered<Operand> {
        match &node.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => {
                Ok(Operand::Truth(Condition::Always(*value.inner())))
            }
            Expr::Literal(LiteralValue::String(text)) => Ok(Operand::Literal(text.inner().to_owned())),
            Expr::Literal(_) => Err(self.mistyped(node, "only texts and truth values can be compared")),
            Expr::List(list) => list
                .elements
                .iter()
                .map(|element| match self.operand(element)? {
                    Operand::Literal(text) => Ok(text),
                    other => {
                        Err(self.mistyped(element, &format!("a list holds texts, not {}", other.sort())))
                    }
                })
                .collect::<Lowered<Vec<String>>>()
                .map(Operand::List),
            Expr::Ident(_) | Expr::Select(_) => self.name(node),
            Expr::Call(call) => self.call(node, call).map(Operand::Truth),
            _ => Err(self.unknown(node, "this part of CEL")),
        }
    }

    fn name(&self, node: &IdedExpr) -> Lowered<Operand> {
        let Some(name) = qualified(&node.expr) else { return Err(self.unknown(node, "this part of CEL")) };
        match name.as_str() {
            "subject" => Ok(Operand::Subject),
            "caller.subject" | "caller.subjects" => Ok(Operand::OwnSubjects),
            "caller.role" | "caller.roles" => Ok(Operand::Roles),
            "caller.authenticated" => Ok(Operand::Truth(Condition::Authenticated)),
            "caller.stepped_up" => Ok(Operand::Truth(Condition::SteppedUp)),
            "caller.id" => Ok(Operand::Text(Variable::CallerId)),
            "request.method" => Ok(Operand::Text(Variable::Method)),
            "request.host" => Ok(Operand::Text(Variable::Host)),
            "request.path" => Ok(Operand::Text(Variable::Path)),
            "request.purpose" | "purpose" => Ok(Operand::Text(Variable::Purpose)),
            "purpose.basis" => Ok(Operand::Text(Variable::Basis)),
            "subject.restricted" => Ok(Operand::Truth(Condition::Subject(Relation::RESTRICTED))),
            other => match other.strip_prefix("caller.").and_then(CallerFact::from_name) {
                Some(fact) => Ok(Operand::Text(Variable::Fact(fact))),
                None => Err(self.unknown(node, &name)),
            },
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr) -> Lowered<Condition> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND, None, parts) => {
                Ok(Condition::All(parts.iter().map(|part| self.condition(part)).collect::<Lowered<_>>()?))
            }
            (operators::LOGICAL_OR, None, parts) => {
                Ok(Condition::Any(parts.iter().map(|part| self.condition(part)).collect::<Lowered<_>>()?))
            }
            (operators::LOGICAL_NOT, None, [inner]) => Ok(negated(self.condition(inner)?)),
            (operators::CONDITIONAL, None, [test, then, otherwise]) => {
                let test = self.condition(test)?;
                Ok(Condition::Any(vec![
                    Condition::All(vec![test.clone(), self.condition(then)?]),
                    Condition::All(vec![negated(test), self.condition(otherwise)?]),
                ]))
            }
            (operators::EQUALS, None, [left, right]) => self.equals(node, left, right),
            (operators::NOT_EQUALS, None, [left, right]) => {
                if matches!(self.operand(left)?, Operand::Roles)
                    || matches!(self.operand(right)?, Operand::Roles)
                {
                    return Err(problem(
                        Code::ConditionType,
                        self.bytes(node),
                        Text::new(
                            "`!=` is ambiguous for a caller with several roles",
                            "来访者可有多个角色，`!=` 含义不明",
                        ),
                        Text::new("write `!(caller.role == \"...\")`", "请写 `!(caller.role == \"...\")`"),
                    ));
                }
                self.equals(node, left, right).map(negated)
            }
            (operators::IN, None, [left, right]) => self.within(node, left, right),
            ("startsWith" | "endsWith" | "contains", Some(target), [argument]) => {
                match (self.operand(target)?, self.operand(argument)?) {
                    (Operand::Text(variable), Operand::Literal(text)) => {
                        let test = match call.func_name.as_str() {
                            "startsWith" => Test::StartsWith(text),
                            "endsWith" => Test::EndsWith(text),
                            _ => Test::Contains(text),
                        };
                        Ok(Condition::Text(variable, test))
                    }
                    (target, argument) => {
                        let sorts =
                            format!("`{}` of {} and {}", call.func_name, target.sort(), argument.sort());
                        Err(self.mistyped(node, &sorts))
                    }
                }
            }
            (function, target, arguments) => {
                let target = target.and_then(|target| qualified(&target.expr));
                let name = target.map_or(function.to_owned(), |target| format!("{target}.{function}"));
                let of = |argument: &IdedExpr| qualified(&argument.expr);
                match (name.as_str(), arguments) {
                    ("grant.active", [subject]) if of(subject).as_deref() == Some("subject") => {
                        Ok(Condition::Subject(Relation::GRANTED))
                    }
                    ("consent.covers", [purpose]) if of(purpose).as_deref() == Some("purpose") => {
                        Ok(Condition::Subject(Relation::CONSENTED))
                    }
                    ("grant.active" | "consent.covers", _) => Err(self.mistyped(
                        node,
                        "grants are asked of a subject, consent of a purpose: `grant.active(subject)`, `consent.covers(purpose)`",
                    )),
                    _ => Err(self.unknown(node, &name)),
                }
            }
        }
    }

    fn equals(&self, node: &IdedExpr, left: &IdedExpr, right: &IdedExpr) -> Lowered<Condition> {
        match (self.operand(left)?, self.operand(right)?) {
            (Operand::Subject, Operand::OwnSubjects) | (Operand::OwnSubjects, Operand::Subject) => {
                Ok(Condition::Subject(Relation::OWN))
            }
            (Operand::Roles, Operand::Literal(role)) | (Operand::Literal(role), Operand::Roles) => {
                Ok(Condition::Role(vec![Arc::from(role)]))
            }
            (Operand::Text(variable), Operand::Literal(text))
            | (Operand::Literal(text), Operand::Text(variable)) => {
                Ok(Condition::Text(variable, Test::OneOf(vec![text])))
            }
            (Operand::Truth(left), Operand::Truth(right)) => Ok(Condition::Any(vec![
                Condition::All(vec![left.clone(), right.clone()]),
                Condition::All(vec![negated(left), negated(right)]),
            ])),
            (left, right) => Err(self.incomparable(node, &left, &right)),
        }
    }

    fn within(&self, node: &IdedExpr, left: &IdedExpr, right: &IdedExpr) -> Lowered<Condition> {
        match (self.operand(left)?, self.operand(right)?) {
            (Operand::Subject, Operand::OwnSubjects) => Ok(Condition::Subject(Relation::OWN)),
            (Operand::Roles, Operand::List(roles)) => {
                Ok(Condition::Role(roles.into_iter().map(Arc::from).collect()))
            }
            (Operand::Literal(role), Operand::Roles) => Ok(Condition::Role(vec![Arc::from(role)])),
            (Operand::Text(variable), Operand::List(texts)) => {
                Ok(Condition::Text(variable, Test::OneOf(texts)))
            }
            (left, right) => Err(self.incomparable(node, &left, &right)),
        }
    }

    fn incomparable(&self, node: &IdedExpr, left: &Operand, right: &Operand) -> Problem {
        if matches!(left, Operand::Subject) || matches!(right, Operand::Subject) {
            return problem(
                Code::ConditionType,
                self.bytes(node),
                Text::new(
                    "`subject` can only be compared with `caller.subject`",
                    "`subject` 只能与 `caller.subject` 比较",
                ),
                Text::new("write `subject == caller.subject`", "请写 `subject == caller.subject`"),
            );
        }
        self.mistyped(node, &format!("{} can't be compared with {}", left.sort(), right.sort()))
    }

    fn mistyped(&self, node: &IdedExpr, what: &str) -> Problem {
        problem(
            Code::ConditionType,
            self.bytes(node),
            Text::new(format!("type mismatch: {what}"), format!("类型不匹配：{what}")),
            Text::new(
                "compare texts with texts, `caller.role` with role names, `subject` with `caller.subject`",
                "文本与文本比较，`caller.role` 与角色名比较，`subject` 与 `caller.subject` 比较",
            ),
        )
    }

    fn unknown(&self, node: &IdedExpr, name: &str) -> Problem {
        const KNOWN: &str = "`subject`, `subject.restricted`, `grant.active(subject)`, `consent.covers(purpose)`, `caller.id`, \
             `caller.role`, `caller.subject`, `caller.authenticated`, `caller.stepped_up`, `caller.kind`, `caller.department`, \
             `caller.owner`, `caller.licence`, `caller.zone`, `caller.environment`, `request.method`, `request.host`, `request.path`, \
             `request.purpose`, `purpose.basis`";
        problem(
            Code::ConditionName,
            self.bytes(node),
            Text::new(format!("unknown in a condition: `{name}`"), format!("条件中有未知的名称：`{name}`")),
            Text::new(format!("known here: {KNOWN}"), format!("此处可用：{KNOWN}")),
        )
    }

    /// The bytes a node was written in: CEL gives, in characters, the first and last of a node's own token only.
    fn bytes(&self, node: &IdedExpr) -> std::ops::Range<usize> {
        let byte = |character: u32| {
            let nth = usize::try_from(character).unwrap_or(usize::MAX);
            self.text.char_indices().nth(nth).map_or(self.text.len(), |(at, _)| at)
        };
        let own = match self.source.offset_for(node.id) {
            Some((start, stop)) => byte(start)..byte(stop.saturating_add(1)).max(byte(start)),
            None => 0..self.text.len(),
        };
        let parts: Vec<&IdedExpr> = match &node.expr {
            Expr::Select(select) => vec![&select.operand],
            Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
            _ => Vec::new(),
        };
        let all = parts
            .into_iter()
            .map(|part| self.bytes(part))
            .fold(own, |all, part| all.start.min(part.start)..all.end.max(part.end));
        match &node.expr {
            Expr::Select(select) => all.start..(all.end + select.field.len()).min(self.text.len()),
            _ => all,
        }
    }
}

impl Operand {
    fn sort(&self) -> &'static str {
        match self {
            Operand::Truth(_) => "a truth value",
            Operand::Text(_) | Operand::Literal(_) => "a text",
            Operand::Roles => "the caller's roles",
            Operand::Subject => "`subject`",
            Operand::OwnSubjects => "`caller.subject`",
            Operand::List(_) => "a list",
        }
    }
}

fn negated(condition: Condition) -> Condition {
    match condition {
        Condition::Always(value) => Condition::Always(!value),
        Condition::Not(inner) => *inner,
        other => Condition::Not(Box::new(other)),
    }
}

fn qualified(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand.expr)?, select.field))
        }
        _ => None,
    }
}

fn problem(code: Code, bytes: std::ops::Range<usize>, message: Text, help: Text) -> Problem {
    Problem { code, bytes, message, help }
}

/// CEL's line (from 1) and column (from 1) as a byte.
fn byte_of(text: &str, (line, column): (isize, isize)) -> Option<usize> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let rest = text.get(start..)?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
}
