//! `kind: Classifier`: what a firm knows of its own data, by name, by pattern, by word list, without code (T/TSAC 001
//! §6.2). Tests stand inside.

use super::scope;
use crate::classifier::{ClassifierTest, FirmClassifier, NameRule, Pattern, PatternProblem, Strength};
use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{At, Located, Node};
use yingbi_taxonomy::Kind;

/// A `Classifier`, its files still to be looked up.
#[derive(Debug)]
pub(crate) struct ClassifierSpec {
    pub kind: Option<Kind>,
    pub keys: Vec<NameRule>,
    pub patterns: Vec<Pattern>,
    pub words: Vec<String>,
    /// A data file with one word a line.
    pub words_file: Option<Located<String>>,
    /// A data file with names, their kinds and strengths.
    pub lexicon: Option<Located<String>>,
    pub confidence: u8,
    pub tests: Vec<ClassifierTest>,
}

/// How sure a firm's pattern is of what it finds, where the firm says nothing.
const CONFIDENCE: u8 = 80;

/// Shortest text that is looked for where the field's name says nothing, in bytes: shorter values under such names are
/// not looked at.
const SHORTEST: usize = 6;

pub(crate) fn read(node: &Node, sink: &mut Sink<'_>) -> Option<ClassifierSpec> {
    let fields = node.fields(sink)?;
    let category = fields.optional("category").and_then(|node| node.text(sink));
    let named = category.is_some();
    let kind = category.and_then(|category| scope::kind(&category, sink));
    let keys_node = fields.optional("keys");
    let keys = keys_node.map(|node| node.texts(sink)).unwrap_or_default();
    let patterns_node = fields.optional("patterns");
    let patterns: Vec<Pattern> = patterns_node
        .map(|node| node.texts(sink))
        .unwrap_or_default()
        .iter()
        .filter_map(|text| pattern(text, sink))
        .collect();
    let words_node = fields.optional("words");
    let (mut words, mut words_file) = (Vec::new(), None);
    if let Some(node) = words_node {
        match &node.value {
            crate::yaml::Value::Text(_) => words_file = node.text(sink),
            _ => words = node.texts(sink),
        }
    }
    let lexicon = fields.optional("lexicon").and_then(|node| node.text(sink));
    let confidence = fields.optional("confidence").and_then(|node| node.integer(sink));
    let tests_node = fields.optional("tests").and_then(|node| node.list(sink)).unwrap_or_default();
    let (keys_at, patterns_at) = (fields.key_at("keys"), fields.key_at("patterns"));
    fields.finish(sink);
    let looks_at_values = patterns_node.is_some() || words_node.is_some();
    let own = keys_node.is_some() || looks_at_values;
    if own == lexicon.is_some() {
        sink.report(
            Code::Contradiction,
            node.at,
            Text::new(
                "a classifier has `keys`, `patterns` or `words`, or else `lexicon`",
                "分类器须有 `keys`、`patterns` 或 `words`，或者仅有 `lexicon`",
            ),
            Text::new("a lexicon file names the category of each name itself", "词表文件逐名写明类别"),
        );
        return None;
    }
    if own && !named {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new("key `category` is missing", "缺少键 `category`"),
            Text::new("add `category:` here", "在此处加上 `category:`"),
        );
    }
    let kind = match own {
        true => Some(kind?),
        false => None,
    };
    for word in words.iter().filter(|word| keys.is_empty() && word.value.len() < SHORTEST) {
        too_short(word.at, sink);
    }
    if keys.is_empty() && patterns.iter().any(|pattern| pattern.shortest < SHORTEST) {
        too_short(patterns_at, sink);
    }
    let named_keys = keys.len();
    let strength = if looks_at_values { Strength::Value } else { Strength::Decides };
    let keys = keys.iter().filter_map(|key| name(key, kind, strength, sink)).collect::<Vec<_>>();
    if keys_node.is_some() && named_keys == 0 {
        let message = Text::new("`keys` is empty", "`keys` 为空");
        sink.report(Code::WrongValue, keys_at, message, Text::new("name one at least", "请至少写一个"));
    }
    let confidence = confidence.map_or(Some(CONFIDENCE), |number| {
        let fits = u8::try_from(number.value).ok().filter(|confidence| (50..=100).contains(confidence));
        if fits.is_none() {
            sink.report(
                Code::WrongValue,
                number.at,
                Text::new("`confidence` is not 50 to 100", "`confidence` 不在50至100之间"),
                Text::new("what is less sure is not treated", "更低的置信度不会被处理"),
            );
        }
        fits
    });
    let tests = tests_node.iter().filter_map(|node| test(node, kind, sink)).collect();
    Some(ClassifierSpec {
        kind,
        keys,
        patterns,
        words: words.into_iter().map(|word| word.value).collect(),
        words_file,
        lexicon,
        confidence: confidence?,
        tests,
    })
}

impl ClassifierSpec {
    /// The classifier, what its files hold included.
    pub(crate) fn with_files(&self, names: Vec<NameRule>, words: Vec<String>) -> FirmClassifier {
        FirmClassifier {
            kind: self.kind,
            names: self.keys.iter().cloned().chain(names).collect(),
            patterns: self.patterns.clone(),
            words: self.words.iter().cloned().chain(words).collect(),
            confidence: self.confidence,
        }
    }
}

fn too_short(at: At, sink: &mut Sink<'_>) {
    sink.report(
        Code::PatternBounds,
        at,
        Text::new(
            format!("finds texts of less than {SHORTEST} bytes in values of any name"),
            format!("会在任意名称的取值中匹配少于{SHORTEST}字节的文本"),
        ),
        Text::new("make it longer, or name the `keys` it is for", "请写得更长，或以 `keys` 限定名称"),
    );
}

fn pattern(text: &Located<String>, sink: &mut Sink<'_>) -> Option<Pattern> {
    let problem = match Pattern::parse(&text.value) {
        Ok(pattern) => return Some(pattern),
        Err(problem) => problem,
    };
    let PatternProblem { is_syntax, bytes, message, help } = problem;
    let code = if is_syntax { Code::PatternSyntax } else { Code::PatternBounds };
    sink.report(code, sink.inside(text.at, &text.value, bytes), message, help);
    None
}

/// A field name: letter by letter with `=` before it, without case and separators else; `*` at either end.
fn name(
    key: &Located<String>,
    kind: Option<Kind>,
    strength: Strength,
    sink: &mut Sink<'_>,
) -> Option<NameRule> {
    let rule = NameRule::parse(&key.value, kind, strength);
    if rule.is_none() {
        sink.report(
            Code::WrongValue,
            key.at,
            Text::new(format!("`{}` is no field name", key.value), format!("`{}` 不是字段名", key.value)),
            Text::new(
                "letters, digits and separators; `=` before it for this spelling alone, `*` at either end for any beginning or end",
                "由字母、数字与分隔符组成；前置 `=` 表示仅此写法，两端 `*` 表示任意开头或结尾",
            ),
        );
    }
    rule
}

fn test(node: &Node, kind: Option<Kind>, sink: &mut Sink<'_>) -> Option<ClassifierTest> {
    let fields = node.fields(sink)?;
    let key = fields.optional("key").and_then(|node| node.text(sink)).map(|text| text.value);
    let value = fields.optional("value").and_then(|node| node.text(sink)).map(|text| text.value);
    let found = fields.optional("found").and_then(|node| node.boolean(sink)).is_none_or(|found| found.value);
    let category = fields.optional("category").and_then(|node| node.text(sink));
    fields.finish(sink);
    let kind = category.map_or(kind, |category| scope::kind(&category, sink));
    if kind.is_none() || (key.is_none() && value.is_none()) {
        sink.report(
            Code::MissingKey,
            node.at,
            Text::new(
                "a test has a `key` or a `value`, and a `category`",
                "测试须有 `key` 或 `value`，并有 `category`",
            ),
            Text::new(
                "write `{key: zzh, value: \"…\", category: …}`; `found: false` for a near miss",
                "请写 `{key: zzh, value: \"…\", category: …}`；近似但不应命中者写 `found: false`",
            ),
        );
        return None;
    }
    Some(ClassifierTest { id: String::new(), key, value, kind: kind?, found, place: sink.place(node.at) })
}
