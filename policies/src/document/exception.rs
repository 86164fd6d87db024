//! `kind: Exception`.

use super::policy::{Treat, read_treat};
use crate::Day;
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Located, Node};

/// Another treatment under one policy, for a while.
#[derive(Debug)]
pub(crate) struct ExceptionSpec {
    /// The last day on which it rules.
    pub expires: Located<Day>,
    pub policy: Located<String>,
    pub treat: Treat,
}

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<ExceptionSpec> {
    let fields = node.fields(sink)?;
    for key in ["owner", "reason"] {
        let text = fields.required(key, sink).and_then(|node| node.text(sink));
        if let Some(text) = text.filter(|text| text.value.trim().is_empty()) {
            sink.report(
                Code::WrongValue,
                text.at,
                Text::new(format!("`{key}` is empty"), format!("`{key}` 为空")),
                Text::new("an exception says who answers for it, and why", "例外须写明责任人与理由"),
            );
        }
    }
    let expires = fields.required("expires", sink).and_then(|node| node.text(sink));
    let policy = fields.required("policy", sink).and_then(|node| node.text(sink));
    let instead = fields.required("instead", sink).and_then(|node| {
        let fields = node.fields(sink)?;
        let treat = fields.required("treat", sink).and_then(|node| read_treat(node, sink));
        fields.finish(sink);
        treat
    });
    fields.finish(sink);
    let expires = expires?;
    let Ok(day) = expires.value.parse::<Day>() else {
        sink.report(
            Code::WrongValue,
            expires.at,
            Text::new(format!("`{}` is no day", expires.value), format!("`{}` 不是日期", expires.value)),
            Text::new("write the last day, such as `2026-12-31`", "请写最后一日，如 `2026-12-31`"),
        );
        return None;
    };
    Some(ExceptionSpec { expires: Located { value: day, at: expires.at }, policy: policy?, treat: instead? })
}
