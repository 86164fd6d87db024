//! Names of what a rule speaks of: a kind, a row of Appendix A, a level, the sensitive flag; and what level and row a
//! kind has where the rule is asked.

use crate::diagnostic::{Code, Sink, Text};
use crate::yaml::{Located, Node, Value, nearest};
use yingbi_taxonomy::{Category, Kind, KindSet, Level};

/// What a name in a rule covers, the narrower the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Level(Levels),
    Sensitive,
    Row(Category),
    Kind(Kind),
}

/// A set of levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Levels([bool; 4]);

/// What a kind counts as: by the standard, or in one service scene and record (T/TSAC 001 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grade {
    /// What it is taken for.
    pub kind: Kind,
    pub level: Level,
    pub sensitive: bool,
}

impl Grade {
    /// As the standard has it.
    pub(crate) fn standard(kind: Kind) -> Grade {
        Grade { kind, level: kind.level(), sensitive: kind.category().is_sensitive() }
    }

    /// At least of this level; what is of level 3 or above is sensitive (§6.3).
    pub(crate) fn raised(self, level: Level) -> Grade {
        let level = self.level.max(level);
        Grade { level, sensitive: self.sensitive || level >= Level::L3, ..self }
    }
}

/// What every kind counts as, by [`Kind::index`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grading(Box<[Grade]>);

impl Grading {
    pub(crate) fn standard() -> Grading {
        Grading(Kind::all().map(Grade::standard).collect())
    }

    pub(crate) fn of(&self, kind: Kind) -> Grade {
        self.0.get(kind.index()).copied().unwrap_or(Grade { level: Level::L4, ..Grade::standard(kind) })
    }

    /// Another grade for some kinds.
    pub(crate) fn with(&self, change: impl Fn(Kind, Grade) -> Grade) -> Grading {
        Grading(Kind::all().map(|kind| change(kind, self.of(kind))).collect())
    }
}

/// What `allow`, `deny` and the like speak of, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    wanted: Vec<Scope>,
    except: Vec<Scope>,
}

impl Selection {
    /// Everything.
    pub(crate) fn all() -> Selection {
        Selection { wanted: vec![Scope::All], except: Vec::new() }
    }

    pub(crate) fn contains(&self, grade: Grade) -> bool {
        self.wanted.iter().any(|scope| scope.holds(grade))
            && !self.except.iter().any(|scope| scope.holds(grade))
    }

    /// The kinds it holds by the standard's levels.
    pub(crate) fn kinds(&self) -> KindSet {
        Kind::all().filter(|kind| self.contains(Grade::standard(*kind))).collect()
    }
}

impl From<Vec<Scope>> for Selection {
    fn from(wanted: Vec<Scope>) -> Self {
        Selection { wanted, except: Vec::new() }
    }
}

impl Scope {
    /// Whether the standard counts the kind among what is named.
    pub(crate) fn contains(self, kind: Kind) -> bool {
        self.holds(Grade::standard(kind))
    }

    pub(crate) fn holds(self, grade: Grade) -> bool {
        match self {
            Scope::All => true,
            Scope::Level(levels) => levels.contains(grade.level),
            Scope::Sensitive => grade.sensitive,
            Scope::Row(category) => grade.kind.category() == category,
            Scope::Kind(own) => own == grade.kind,
        }
    }

    /// How narrow the name is: of two names for one kind, the narrower rules.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Scope::All => 0,
            Scope::Level(_) | Scope::Sensitive => 1,
            Scope::Row(_) => 2,
            Scope::Kind(_) => 3,
        }
    }

    fn parse(text: &str) -> Option<Scope> {
        match text {
            "all" => Some(Scope::All),
            "sensitive" => Some(Scope::Sensitive),
            _ => match text.strip_prefix("level:") {
                Some(levels) => Levels::parse(levels).map(Scope::Level),
                None => {
                    Category::from_id(text).map(Scope::Row).or_else(|| Kind::from_id(text).map(Scope::Kind))
                }
            },
        }
    }
}

impl Levels {
    fn contains(self, level: Level) -> bool {
        let [l1, l2, l3, l4] = self.0;
        match level {
            Level::L1 => l1,
            Level::L2 => l2,
            Level::L3 => l3,
            Level::L4 => l4,
        }
    }

    /// `3`, `<=3`, `>=2`, `<4`, `>1`.
    fn parse(text: &str) -> Option<Levels> {
        let text = text.trim();
        type Holds = fn(u8, u8) -> bool;
        let operators: [(&str, Holds); 5] = [
            ("<=", |level, bound| level <= bound),
            (">=", |level, bound| level >= bound),
            ("<", |level, bound| level < bound),
            (">", |level, bound| level > bound),
            ("", |level, bound| level == bound),
        ];
        let (rest, holds) = operators
            .into_iter()
            .find_map(|(operator, holds)| text.strip_prefix(operator).map(|rest| (rest.trim(), holds)))?;
        let bound = rest.parse::<u8>().ok().filter(|bound| Level::try_from(*bound).is_ok())?;
        Some(Levels([1, 2, 3, 4].map(|level| holds(level, bound))))
    }
}

/// Reads one name.
pub(crate) fn scope(text: &Located<String>, sink: &mut Sink<'_>) -> Option<Located<Scope>> {
    let found = Scope::parse(&text.value);
    if found.is_none() {
        let ids = Kind::all().map(Kind::id).chain(Category::all().map(Category::id));
        let help = match nearest(&text.value, ids) {
            Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
            None => Text::new(
                "name a row of Appendix A (`basic`), a kind (`basic.mobile`), a level (`level:3`, `level:>=3`) or `sensitive`",
                "写附录A的行（`basic`）、更细的种类（`basic.mobile`）、级别（`level:3`、`level:>=3`）或 `sensitive`",
            ),
        };
        let message =
            Text::new(format!("`{}` is no category", text.value), format!("`{}` 不是已知的类别", text.value));
        sink.report(Code::UnknownReference, text.at, message, help);
    }
    found.map(|value| Located { value, at: text.at })
}

/// Reads `{level: "<=3"}` or `{categories: [...]}`, either with `except: [...]`.
pub(crate) fn selection(node: &Node, sink: &mut Sink<'_>) -> Option<Located<Selection>> {
    let fields = node.fields(sink)?;
    let level = fields.optional("level");
    let categories = fields.optional("categories");
    let except = fields.optional("except").map(|node| scopes(node, sink)).unwrap_or_default();
    let wanted: Vec<Scope> = match (level, categories) {
        (Some(level), None) => vec![Scope::Level(levels(level, sink)?)],
        (None, Some(categories)) => scopes(categories, sink),
        (Some(_), Some(_)) => {
            sink.report(
                Code::Contradiction,
                fields.key_at("level"),
                Text::new("both `level` and `categories`", "同时写了 `level` 与 `categories`"),
                Text::new(
                    "say one; a level can be a category: `\"level:2\"`",
                    "只写其一；级别也可写作类别：`\"level:2\"`",
                ),
            );
            Vec::new()
        }
        (None, None) => {
            sink.report(
                Code::MissingKey,
                node.at,
                Text::new("neither `level` nor `categories`", "`level` 与 `categories` 均未写"),
                Text::new(
                    "write `level: \"<=3\"` or `categories: [basic]`",
                    "请写 `level: \"<=3\"` 或 `categories: [basic]`",
                ),
            );
            Vec::new()
        }
    };
    fields.finish(sink);
    Some(node.located(Selection { wanted, except }))
}

/// Reads a level, 1 to 4.
pub(crate) fn one_level(node: &Node, sink: &mut Sink<'_>) -> Option<Level> {
    let number = node.integer(sink)?;
    let level = u8::try_from(number.value).ok().and_then(|number| Level::try_from(number).ok());
    if level.is_none() {
        sink.report(
            Code::WrongValue,
            node.at,
            Text::new(format!("`{}` is no level", number.value), format!("`{}` 不是级别", number.value)),
            Text::new("levels are 1 to 4", "级别为1至4"),
        );
    }
    level
}

/// Reads the name of a row or a kind.
pub(crate) fn kind(text: &Located<String>, sink: &mut Sink<'_>) -> Option<Kind> {
    match scope(text, sink)?.value {
        Scope::Row(category) => Some(Kind::general(category)),
        Scope::Kind(kind) => Some(kind),
        _ => {
            sink.report(
                Code::WrongValue,
                text.at,
                Text::new(
                    format!("`{}` is not one category", text.value),
                    format!("`{}` 不是单一类别", text.value),
                ),
                Text::new(
                    "name a row of Appendix A (`basic`) or a kind (`basic.mobile`)",
                    "写附录A的行（`basic`）或更细的种类（`basic.mobile`）",
                ),
            );
            None
        }
    }
}

/// Reads a list of names.
pub(crate) fn scopes(node: &Node, sink: &mut Sink<'_>) -> Vec<Scope> {
    let texts = node.texts(sink);
    texts.iter().filter_map(|text| scope(text, sink)).map(|scope| scope.value).collect()
}

fn levels(node: &Node, sink: &mut Sink<'_>) -> Option<Levels> {
    let text = match &node.value {
        Value::Integer(number) => number.to_string(),
        _ => node.text(sink)?.value,
    };
    let levels = Levels::parse(&text);
    if levels.is_none() {
        sink.report(
            Code::WrongValue,
            node.at,
            Text::new(format!("`{text}` is no level"), format!("`{text}` 不是级别")),
            Text::new(
                "levels are 1 to 4: `3`, `\"<=3\"`, `\">=2\"`",
                "级别为1至4：`3`、`\"<=3\"`、`\">=2\"`",
            ),
        );
    }
    levels
}
