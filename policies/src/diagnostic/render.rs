//! Diagnostics as people read them.

use super::{Diagnostic, Language, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One diagnostic with the lines of the file it speaks of, without colour.
pub fn render(diagnostic: &Diagnostic, source_text: &str, language: Language) -> String {
    render_with(diagnostic, source_text, language, false)
}

/// As [`render`], in colour when `colour` is set (a terminal).
pub fn render_with(diagnostic: &Diagnostic, source_text: &str, language: Language, colour: bool) -> String {
    let level = match (diagnostic.severity, language) {
        (Severity::Error, Language::English) => Level::ERROR,
        (Severity::Error, Language::Chinese) => Level::ERROR.with_name("错误"),
        (Severity::Warning, Language::English) => Level::WARNING,
        (Severity::Warning, Language::Chinese) => Level::WARNING.with_name("警告"),
    };
    let help = match language {
        Language::English => Level::HELP,
        Language::Chinese => Level::HELP.with_name("建议"),
    };
    let title = level.primary_title(diagnostic.message.to(language)).id(diagnostic.code);
    let mut group: Group<'_> = if diagnostic.place.line == 0 {
        title.element(annotate_snippets::Origin::path(diagnostic.place.file.as_str()))
    } else {
        title.element(
            Snippet::source(source_text)
                .path(diagnostic.place.file.as_str())
                .annotation(AnnotationKind::Primary.span(within(source_text, diagnostic))),
        )
    };
    let text = diagnostic.help.to(language);
    if !text.is_empty() {
        group = group.element(help.message(text));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The marked bytes: inside the text, on character boundaries, one line at most.
fn within(text: &str, diagnostic: &Diagnostic) -> std::ops::Range<usize> {
    let floor = |at: usize| {
        let at = at.min(text.len());
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
    };
    let ceil = |at: usize| {
        let at = at.min(text.len());
        (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    };
    let start = floor(diagnostic.place.bytes.start);
    let end = ceil(diagnostic.place.bytes.end.max(start));
    let line_end = text.get(start..end).and_then(|marked| marked.find('\n')).map_or(end, |at| start + at);
    start..line_end.max(start)
}
