//! Texts that policies are compiled from.

/// One policy file: its name as the user knows it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name, shown in diagnostics.
    pub name: String,
    /// The text: YAML, or a data file's.
    pub text: String,
}

impl Source {
    /// A source of this name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// Whether it is a data file (`*.tsv`) that documents refer to, and no policy file.
    pub fn is_data(&self) -> bool {
        self.name.ends_with(".tsv")
    }

    /// The shipped baseline pack, which lies below whatever a firm writes.
    pub fn baseline() -> Vec<Source> {
        [
            ("baseline/floors.yaml", include_str!("../baseline/floors.yaml")),
            ("baseline/combinations.yaml", include_str!("../baseline/combinations.yaml")),
            ("baseline/masks.yaml", include_str!("../baseline/masks.yaml")),
        ]
        .into_iter()
        .map(|(name, text)| Source::new(name, text))
        .collect()
    }
}
