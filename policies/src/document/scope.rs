//! Names of what a rule speaks of: a kind, a row of Appendix A, a level, the sensitive flag.

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

impl Scope {
    pub(crate) fn contains(self, kind: Kind) -> bool {
        match self {
            Scope::All => true,
            Scope::Level(levels) => levels.contains(kind.level()),
            Scope::Sensitive => kind.category().is_sensitive(),
            Scope::Row(category) => kind.category() == category,
            Scope::Kind(own) => own == kind,
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
pub(crate) fn selection(node: &Node, sink: &mut Sink<'_>) -> Option<Located<KindSet>> {
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
    let kinds = Kind::all().filter(|kind| {
        wanted.iter().any(|scope| scope.contains(*kind)) && !except.iter().any(|scope| scope.contains(*kind))
    });
    Some(node.located(kinds.collect()))
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
