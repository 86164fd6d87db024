//! Combinations, service scenes and the firm's own classifiers: documents to tables.

use super::Layered;
use crate::classifier::{FirmClassifiers, NameRule};
use crate::decide::Combination;
use crate::diagnostic::{Code, Sink, Text};
use crate::document::Spec;
use crate::document::classifier::ClassifierSpec;
use crate::document::policy::Mode;
use crate::document::scope::{Grade, Grading};
use crate::yaml::{At, Located, nearest};
use crate::{Cause, ClassifierTest, Override, Raise, Source};
use std::sync::Arc;
use yingbi_taxonomy::Level;

pub(super) fn combinations(documents: &[Layered], sink: &mut Sink<'_>) -> Vec<Combination> {
    let mut combinations: Vec<Combination> = Vec::new();
    for layered in documents {
        let Spec::Combination(spec) = &layered.document.spec else { continue };
        let meta = &layered.document.meta;
        if spec.mode == Mode::Off {
            continue;
        }
        combinations.push(Combination {
            id: layered.id(),
            title: meta.title.clone().unwrap_or_default(),
            clauses: meta.clauses.clone(),
            shipped: layered.shipped,
            enforced: spec.mode == Mode::Enforce,
            cause: spec.cause.clone(),
            raises: spec.raises,
            level: spec.level,
            routes: spec.routes.clone(),
            at: meta.id.at,
        });
    }
    if let Some(beyond) = combinations.get(Raise::MOST) {
        sink.report(
            Code::TooManyCombinations,
            beyond.at,
            Text::new(
                format!("more than {} combinations, shipped ones included", Raise::MOST),
                format!("组合（含随附）多于{}个", Raise::MOST),
            ),
            Text::new("join some: a part may list several categories", "请合并：一项中可列多个类别"),
        );
    }
    combinations
}

/// What a person should know of combinations.
pub(super) fn lint(combinations: &[Combination], scenes: &[Grading], sink: &mut Sink<'_>) {
    for combination in combinations.iter().filter(|combination| !combination.shipped) {
        let useless = scenes.iter().all(|scene| combination.grading(scene) == *scene);
        if useless && matches!(combination.cause, Cause::Together { .. }) {
            sink.report(
                Code::RaisesNothing,
                combination.at,
                Text::new(
                    format!("`{}` raises nothing: all it names is of its level already", combination.id),
                    format!("`{}` 未提升任何级别：所列类别已达该级别", combination.id),
                ),
                Text::new(
                    "raise to a higher `level`, or name lower categories under `raises`",
                    "请提高 `level`，或在 `raises` 中写更低级别的类别",
                ),
            );
        }
        if combination.clauses.is_empty() {
            sink.report(
                Code::NoClause,
                combination.at,
                Text::new(
                    format!("`{}` names no clause", combination.id),
                    format!("`{}` 未写条款", combination.id),
                ),
                Text::new("add `clause: [\"T/TSAC001:6.3\"]`", "请加上 `clause: [\"T/TSAC001:6.3\"]`"),
            );
        }
    }
}

/// What kinds count as where these overrides rule.
pub(super) fn scene(overrides: &[Override]) -> Grading {
    overrides.iter().fold(Grading::standard(), |scene, one| {
        scene.with(|kind, grade| {
            if !one.kinds.contains(kind) {
                return grade;
            }
            // Taken for another category, it has that one's level and flag; the standard's flag stays beside.
            let taken = one.taken_for.map_or(grade, Grade::standard);
            let level = one.level.unwrap_or(taken.level);
            let sensitive = taken.sensitive || grade.sensitive || level > kind.level().max(Level::L2);
            Grade { level, sensitive, ..taken }
        })
    })
}

/// The firm's classifiers with what their data files hold; `None` where there are none.
pub(super) fn classifiers(
    documents: &[Layered],
    sources: &[Source],
    sink: &mut Sink<'_>,
) -> (Option<Arc<FirmClassifiers>>, Vec<ClassifierTest>) {
    let (mut all, mut tests) = (Vec::new(), Vec::new());
    for layered in documents {
        let Spec::Classifier(spec) = &layered.document.spec else { continue };
        let id = &layered.document.meta.id;
        let spec: &ClassifierSpec = spec;
        let names = spec.lexicon.as_ref().map(|file| lexicon(file, sources, sink)).unwrap_or_default();
        let words = spec.words_file.as_ref().map(|file| words(file, sources, sink)).unwrap_or_default();
        all.push(spec.with_files(names, words));
        tests.extend(spec.tests.iter().map(|test| ClassifierTest { id: id.value.clone(), ..test.clone() }));
        if spec.tests.is_empty() {
            sink.report(
                Code::Untested,
                id.at,
                Text::new(
                    format!("classifier `{}` has no test", id.value),
                    format!("分类器 `{}` 没有测试", id.value),
                ),
                Text::new(
                    "add `tests:` with values that must be found, and near misses with `found: false`",
                    "请添加 `tests:`：应命中的取值，以及 `found: false` 的近似取值",
                ),
            );
        }
    }
    ((!all.is_empty()).then(|| Arc::new(FirmClassifiers { all })), tests)
}

fn lexicon(file: &Located<String>, sources: &[Source], sink: &mut Sink<'_>) -> Vec<NameRule> {
    let mut names = Vec::new();
    for (at, line) in lines(file, sources, sink) {
        match NameRule::of_line(line) {
            Some(name) => names.push(name),
            None => sink.report(
                Code::DataFile,
                at,
                Text::new("not a line of a lexicon", "不是词表行"),
                Text::new(
                    "write name, category or `-`, and `decides`, `shape`, `record` or `prose`, parted by tabs",
                    "以制表符分隔写：名称、类别或 `-`、`decides`/`shape`/`record`/`prose`",
                ),
            ),
        }
    }
    names
}

fn words(file: &Located<String>, sources: &[Source], sink: &mut Sink<'_>) -> Vec<String> {
    let mut words = Vec::new();
    for (at, line) in lines(file, sources, sink) {
        let word = line.split('\t').next().unwrap_or_default().trim();
        if word.len() < SHORTEST_WORD {
            sink.report(
                Code::DataFile,
                at,
                Text::new("the word is too short", "词过短"),
                Text::new(
                    "list words of two Chinese characters or six letters at least",
                    "请列至少两个汉字或六个字母的词",
                ),
            );
            continue;
        }
        words.push(word.to_owned());
    }
    words
}

/// The lines of a data file that say something, with their places.
fn lines<'s>(file: &Located<String>, sources: &'s [Source], sink: &mut Sink<'_>) -> Vec<(At, &'s str)> {
    let Some((number, source)) =
        sources.iter().enumerate().find(|(_, source)| source.is_data() && source.name == file.value)
    else {
        let known = sources.iter().filter(|source| source.is_data()).map(|source| source.name.as_str());
        let help = match nearest(&file.value, known) {
            Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
            None => Text::new(
                "name a `*.tsv` file by its path from the policy directory",
                "请写 `*.tsv` 文件相对策略目录的路径",
            ),
        };
        let message =
            Text::new(format!("no data file `{}`", file.value), format!("没有数据文件 `{}`", file.value));
        sink.report(Code::UnknownReference, file.at, message, help);
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut start = 0;
    for (line, whole) in (1..).zip(source.text.split_inclusive('\n')) {
        let text = whole.trim_end_matches(['\n', '\r']);
        if !text.trim().is_empty() && !text.starts_with('#') {
            found.push((At { file: number, line, column: 1, start, end: start + text.len() }, text));
        }
        start += whole.len();
    }
    found
}

/// Six letters, two Chinese characters: less is not looked for in values of any name.
const SHORTEST_WORD: usize = 6;

#[cfg(test)]
mod tests;
