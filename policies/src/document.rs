//! One document of a policy file: YAML to a typed form, with every problem reported at its place.

pub(crate) mod binding;
pub(crate) mod classifier;
pub(crate) mod combination;
pub(crate) mod exception;
pub(crate) mod grant;
pub(crate) mod limit;
pub(crate) mod mask;
pub(crate) mod policy;
pub(crate) mod role;
mod scene;
pub(crate) mod scope;
pub(crate) mod test;

use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{At, Fields, Located, Node, nearest};

/// A document, as written.
#[derive(Debug)]
pub(crate) struct Document {
    pub meta: Metadata,
    pub spec: Spec,
}

/// `metadata`.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub id: Located<String>,
    pub title: Option<String>,
    pub clauses: Vec<String>,
    pub layering: Option<Located<Layering>>,
    /// The policy a `PolicyTest` is about.
    pub policy: Option<Located<String>>,
}

/// `override`: how a firm's document stands to the shipped one of the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layering {
    Replace,
    Disable,
}

#[derive(Debug)]
pub(crate) enum Spec {
    Mask(mask::MaskSpec),
    Role(role::RoleSpec),
    Purpose(role::PurposeSpec),
    Binding(Box<binding::BindingSpec>),
    Policy(Box<policy::PolicySpec>),
    Combination(Box<combination::CombinationSpec>),
    Classifier(Box<classifier::ClassifierSpec>),
    Limit(Box<limit::LimitSpec>),
    Exception(Box<exception::ExceptionSpec>),
    Grant(Box<grant::GrantSpec>),
    Test(test::TestSpec),
    /// `override: disable`: nothing but the id, of this kind.
    Disabled(&'static str),
}

impl Spec {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Spec::Mask(_) => "Mask",
            Spec::Role(_) => "Role",
            Spec::Purpose(_) => "Purpose",
            Spec::Binding(_) => "Binding",
            Spec::Policy(_) => "Policy",
            Spec::Combination(_) => "Combination",
            Spec::Classifier(_) => "Classifier",
            Spec::Limit(_) => "Limit",
            Spec::Exception(_) => "Exception",
            Spec::Grant(_) => "GrantTemplate",
            Spec::Test(_) => "PolicyTest",
            Spec::Disabled(kind) => kind,
        }
    }
}

/// Kinds this version knows.
pub(crate) const KINDS: [&str; 11] = [
    "Mask",
    "Binding",
    "Role",
    "Purpose",
    "Policy",
    "Combination",
    "Classifier",
    "Limit",
    "GrantTemplate",
    "Exception",
    "PolicyTest",
];

/// Reads one document; `None` when it is too broken to go on with.
pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<Document> {
    let fields = node.fields(sink)?;
    let version = fields.required("apiVersion", sink).and_then(|node| node.text(sink));
    if let Some(version) = version.filter(|version| version.value != "yingbi/v1") {
        sink.report(
            Code::ApiVersion,
            version.at,
            Text::new(
                format!("unknown `apiVersion` `{}`", version.value),
                format!("未知的 `apiVersion` `{}`", version.value),
            ),
            Text::new("this version reads `yingbi/v1`", "本版本读取 `yingbi/v1`"),
        );
    }
    let kind = fields.required("kind", sink).and_then(|node| node.text(sink));
    let metadata = fields.required("metadata", sink);
    let kind = kind.and_then(|kind| known_kind(kind, sink))?;
    let meta = read_metadata(metadata?, kind, sink)?;
    if meta.layering.as_ref().is_some_and(|layering| layering.value == Layering::Disable) {
        let _ = fields.optional("spec");
        fields.finish(sink);
        return Some(Document { meta, spec: Spec::Disabled(kind) });
    }
    let body = fields.required("spec", sink);
    fields.finish(sink);
    let body = body?;
    let spec = match kind {
        "Mask" => Spec::Mask(mask::read(body, sink)?),
        "Role" => Spec::Role(role::read_role(body, sink)?),
        "Purpose" => Spec::Purpose(role::read_purpose(body, sink)?),
        "Binding" => Spec::Binding(Box::new(binding::read(body, sink)?)),
        "Policy" => Spec::Policy(Box::new(policy::read(body, sink)?)),
        "Combination" => Spec::Combination(Box::new(combination::read(body, sink)?)),
        "Classifier" => Spec::Classifier(Box::new(classifier::read(body, sink)?)),
        "Exception" => Spec::Exception(Box::new(exception::read(body, sink)?)),
        "Limit" => Spec::Limit(Box::new(limit::read(body, sink)?)),
        "GrantTemplate" => Spec::Grant(Box::new(grant::read(body, sink)?)),
        _ => Spec::Test(test::read(body, sink)?),
    };
    Some(Document { meta, spec })
}

fn known_kind(kind: Located<String>, sink: &mut Sink<'_>) -> Option<&'static str> {
    let name = kind.value.as_str();
    if let Some(known) = KINDS.into_iter().find(|known| *known == name) {
        return Some(known);
    }
    let help = match nearest(name, KINDS.into_iter()) {
        Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
        None => {
            let list = KINDS.join("`, `");
            Text::new(format!("known kinds: `{list}`"), format!("可用的种类：`{list}`"))
        }
    };
    let message = Text::new(format!("unknown kind `{name}`"), format!("未知的种类 `{name}`"));
    sink.report(Code::UnknownKind, kind.at, message, help);
    None
}

fn read_metadata(node: &Node, kind: &str, sink: &mut Sink<'_>) -> Option<Metadata> {
    let fields = node.fields(sink)?;
    let id = fields.required("id", sink).and_then(|node| node.text(sink)).filter(|id| legal_id(id, sink));
    let title = fields.optional("title").and_then(|node| node.text(sink)).map(|title| title.value);
    let clauses = fields.optional("clause").map(|node| node.texts(sink)).unwrap_or_default();
    let layering = fields.optional("override").and_then(|node| read_layering(node, &fields, sink));
    let reason = fields.optional("reason").and_then(|node| node.text(sink));
    if layering.is_none() && fields.key_at("override") == fields.at && reason.is_some() {
        sink.report(
            Code::BadOverride,
            fields.key_at("reason"),
            Text::new("`reason` without `override`", "有 `reason` 而无 `override`"),
            Text::new("a reason is given for an override only", "仅覆盖时填写理由"),
        );
    }
    let policy = match kind {
        "PolicyTest" => fields.optional("policy").and_then(|node| node.text(sink)),
        _ => None,
    };
    fields.finish(sink);
    Some(Metadata {
        id: id?,
        title,
        clauses: clauses.into_iter().map(|clause| clause.value).collect(),
        layering,
        policy,
    })
}

fn read_layering(node: &Node, fields: &Fields<'_>, sink: &mut Sink<'_>) -> Option<Located<Layering>> {
    let word = node.text(sink)?;
    let reason = fields.optional("reason").and_then(|node| node.text(sink));
    if reason.is_none_or(|reason| reason.value.trim().is_empty()) {
        sink.report(
            Code::BadOverride,
            word.at,
            Text::new("an override needs a `reason`", "覆盖必须写明 `reason`"),
            Text::new("add `reason:` beside `override:`", "在 `override:` 旁加上 `reason:`"),
        );
    }
    let layering = match word.value.as_str() {
        "replace" => Layering::Replace,
        "disable" => Layering::Disable,
        other => {
            one_of(other, word.at, &["replace", "disable"], sink);
            return None;
        }
    };
    Some(Located { value: layering, at: word.at })
}

fn legal_id(id: &Located<String>, sink: &mut Sink<'_>) -> bool {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = !id.value.is_empty() && id.value.chars().count() <= 128 && id.value.chars().all(legal);
    if !good {
        sink.report(
            Code::WrongValue,
            id.at,
            Text::new(format!("`{}` is not an id", id.value), format!("`{}` 不是标识", id.value)),
            Text::new(
                "ids are letters, digits, `-`, `_` and `.`, at most 128",
                "标识由字母、数字、`-`、`_`、`.` 组成，至多128个",
            ),
        );
    }
    good
}

/// Reports a word that is not one of the known ones.
pub(crate) fn one_of(word: &str, at: At, known: &[&str], sink: &mut Sink<'_>) {
    let help = match nearest(word, known.iter().copied()) {
        Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
        None => {
            let list = known.join("`, `");
            Text::new(format!("known here: `{list}`"), format!("此处可用：`{list}`"))
        }
    };
    let message = Text::new(format!("`{word}` is not known here"), format!("此处不认识 `{word}`"));
    sink.report(Code::WrongValue, at, message, help);
}
