//! Documents to a [`PolicySet`]: layers, references, and the checks that need more than one document.

mod checks;
mod firm;
mod grants;
mod layers;
mod lint;
mod rules;
mod unused;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;

pub(crate) use rules::Templates;

use crate::decide::{BoundRoute, Direction, Purpose, Role, Rule, Tables};
use crate::diagnostic::{Code, Sink, Text};
use crate::document::scope::Grading;
use crate::document::{self, Document, Spec};
use crate::yaml::{At, Located, documents, nearest};
use crate::{Diagnostic, PolicySet, Source, SubjectSelector};
use std::sync::Arc;

impl PolicySet {
    /// Compiles the firm's sources over the shipped baseline pack. `version` names the result in every record.
    ///
    /// The order of sources, and of documents within them, means nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the sources, not just the first: the set may not rule.
    ///
    /// ```
    /// use yingbi_policies::{PolicySet, Source};
    /// let source = Source::new("firm.yaml", "apiVersion: yingbi/v1\nkind: Rolle\nmetadata: {id: x}\nspec: {}\n");
    /// let diagnostics = PolicySet::compile(&[source], "v1".into()).unwrap_err();
    /// assert_eq!(diagnostics[0].code, "YB0107");
    /// ```
    pub fn compile(
        sources: &[Source],
        version: String,
    ) -> Result<(PolicySet, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut all = sources.to_vec();
        let firm = all.len();
        all.extend(Source::baseline());
        let mut sink = Sink::new(&all);
        let mut read = Vec::new();
        for (file, source) in all.iter().enumerate().filter(|(_, source)| !source.is_data()) {
            for node in documents(file, &source.text, &mut sink) {
                read.extend(document::read(&node, &mut sink).map(|document| (file >= firm, document)));
            }
        }
        let documents = layers::merge(read, &mut sink);
        let set = build(&documents, sources, version, &mut sink);
        if let Some(set) = set.as_ref().filter(|_| !sink.has_errors()) {
            lint::lint(set, &mut sink);
        }
        let failed = sink.has_errors();
        let diagnostics = sink.finish();
        match set {
            Some(set) if !failed => Ok((set, diagnostics)),
            _ => Err(diagnostics),
        }
    }
}

/// A document that rules, and whether it is shipped.
pub(crate) struct Layered {
    pub shipped: bool,
    pub document: Document,
}

impl Layered {
    fn id(&self) -> Arc<str> {
        Arc::from(self.document.meta.id.value.as_str())
    }
}

fn build(
    documents: &[Layered],
    sources: &[Source],
    version: String,
    sink: &mut Sink<'_>,
) -> Option<PolicySet> {
    let roles: Vec<Role> = documents
        .iter()
        .filter_map(|layered| match &layered.document.spec {
            Spec::Role(spec) => Some(Role { id: layered.id(), any: spec.any.clone() }),
            _ => None,
        })
        .collect();
    let purposes: Vec<Purpose> = documents
        .iter()
        .filter_map(|layered| match &layered.document.spec {
            Spec::Purpose(spec) => Some(Purpose {
                id: layered.id(),
                basis: spec.basis,
                consent: spec.consent.clone().map(Arc::new),
                recipient: spec.recipient.as_deref().map(Arc::from),
                country: spec.country.as_ref().map(|country| Arc::from(country.value.as_str())),
            }),
            _ => None,
        })
        .collect();
    let templates = rules::templates(documents, sink)?;
    let names = Names {
        roles: roles.iter().map(|role| role.id.clone()).collect(),
        purposes: purposes.iter().map(|purpose| purpose.id.clone()).collect(),
    };
    let compiled = rules::compile(documents, &names, &purposes, &templates, sink);
    let is_request = |rule: &Rule| rule.of == Direction::Request;
    let (requests, compiled): (Vec<Rule>, Vec<Rule>) = compiled.into_iter().partition(is_request);
    let (bindings, scenes) = bindings(documents, &names, sink);
    let combinations = firm::combinations(documents, sink);
    let (classifiers, classifier_tests) = firm::classifiers(documents, sources, sink);
    let tests = tests(documents, &names, sink);
    let grant_templates = grants::templates(documents, &names, sink);
    let limits = grants::limits(documents, &names, &grant_templates, sink);
    grants::check_abroad(documents, &names, &limits, sink);
    checks::check(&compiled, &bindings, sink);
    firm::lint(&combinations, &scenes, sink);
    let used = unused::Used {
        names: &names,
        rules: &compiled,
        requests: &requests,
        limits: &limits,
        templates: &grant_templates,
        tests: &tests,
    };
    unused::lint(documents, &used, sink);
    let tables = Tables {
        roles,
        purposes,
        bindings,
        rules: compiled,
        requests,
        combinations,
        limits,
        grant_templates,
        scenes,
        classifiers,
        classifier_tests,
        templates,
        tests,
    };
    Some(PolicySet::new(version, tables))
}

/// Declared names, to be referred to by position.
pub(crate) struct Names {
    pub roles: Vec<Arc<str>>,
    pub purposes: Vec<Arc<str>>,
}

impl Names {
    pub(crate) fn role(&self, name: &str, at: At, sink: &mut Sink<'_>) -> Option<usize> {
        position(&self.roles, name, at, ("role", "角色", "Role"), sink)
    }

    pub(crate) fn purpose(&self, name: &str, at: At, sink: &mut Sink<'_>) -> Option<usize> {
        position(&self.purposes, name, at, ("purpose", "目的", "Purpose"), sink)
    }
}

fn position(
    known: &[Arc<str>],
    name: &str,
    at: At,
    (en, zh, kind): (&str, &str, &str),
    sink: &mut Sink<'_>,
) -> Option<usize> {
    let found = known.iter().position(|own| &**own == name);
    if found.is_none() {
        let help = match nearest(name, known.iter().map(|own| &**own)) {
            Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
            None => Text::new(
                format!("add a `kind: {kind}` of this id"),
                format!("请添加此标识的 `kind: {kind}` 文档"),
            ),
        };
        let message = Text::new(format!("no {en} `{name}` is defined"), format!("未定义{zh} `{name}`"));
        sink.report(Code::UnknownReference, at, message, help);
    }
    found
}

/// The bindings, and what kinds count as: by the standard first, then in each scene that bindings declare.
fn bindings(documents: &[Layered], names: &Names, sink: &mut Sink<'_>) -> (Vec<BoundRoute>, Vec<Grading>) {
    let mut bound = Vec::new();
    let mut scenes = vec![Grading::standard()];
    for layered in documents {
        let Spec::Binding(spec) = &layered.document.spec else { continue };
        let default = spec.purpose_default.as_ref();
        let purpose = default.and_then(|Located { value, at }| names.purpose(value, *at, sink));
        let (subject, of_caller) = match &spec.subject {
            Some(document::binding::Subject::Selector(selector)) => (Some(selector.clone()), false),
            Some(document::binding::Subject::Caller) => (None, true),
            None => (None, false),
        };
        let parameter = match &subject {
            Some(SubjectSelector::Parameter(name)) => Some(name.clone()),
            _ => None,
        };
        let own = firm::scene(&spec.overrides);
        let scene = scenes.iter().position(|scene| *scene == own).unwrap_or_else(|| {
            scenes.push(own);
            scenes.len() - 1
        });
        let id = &layered.document.meta.id.value;
        let of_requests = spec.request.clone().unwrap_or_default();
        let validated = spec.validation.iter().flat_map(|validation| &validation.fields);
        bound.push(BoundRoute {
            request: Arc::new(crate::Binding {
                id: id.clone(),
                records: of_requests.records,
                subject: of_requests.subject.or_else(|| subject.clone().filter(is_parameter)),
                fields: of_requests.fields.into_iter().chain(validated.cloned()).collect(),
                overrides: spec.overrides.clone(),
                ..crate::Binding::default()
            }),
            scene,
            host: spec.host.clone(),
            method: spec.method.clone(),
            path: spec.path.clone(),
            template: Arc::from(spec.template.as_str()),
            purpose_header: spec.purpose_header,
            purpose_default: purpose,
            parameter,
            of_caller,
            at: spec.route_at,
            binding: Arc::new(crate::Binding {
                id: id.clone(),
                records: spec.records.clone(),
                subject,
                fields: spec.fields.clone(),
                opaque: spec.opaque.iter().map(|media| media.value.clone()).collect(),
                overrides: spec.overrides.clone(),
                validation: spec.validation.clone(),
                small_groups: spec.small_groups,
                watermark: spec.watermark,
                result_codes: spec.result_codes,
            }),
        });
    }
    (bound, scenes)
}

fn is_parameter(selector: &SubjectSelector) -> bool {
    matches!(selector, SubjectSelector::Parameter(_))
}

fn tests(documents: &[Layered], names: &Names, sink: &mut Sink<'_>) -> Vec<crate::TestCase> {
    let mut cases = Vec::new();
    for layered in documents {
        let Spec::Test(spec) = &layered.document.spec else { continue };
        for name in &spec.names {
            names.role(&name.value, name.at, sink);
        }
        let is_policy = |id: &str| {
            documents
                .iter()
                .any(|other| other.document.spec.kind() == "Policy" && other.document.meta.id.value == id)
        };
        if let Some(policy) = layered.document.meta.policy.as_ref().filter(|policy| !is_policy(&policy.value))
        {
            sink.report(
                Code::UnknownReference,
                policy.at,
                Text::new(
                    format!("no policy `{}` is defined", policy.value),
                    format!("未定义策略 `{}`", policy.value),
                ),
                Text::new("a test names the policy it shows", "测试须指明所验证的策略"),
            );
        }
        let test = layered.document.meta.id.value.clone();
        cases.extend(
            spec.cases.iter().map(|(_, case)| crate::TestCase { test: test.clone(), ..case.clone() }),
        );
    }
    cases
}
