//! Records of named fields and free text, filled with people.

use crate::disguises;
use crate::marked::{Label, Mark, Marked, Tag};
use crate::rng::Rng;
use crate::values::{self, Person, Words};
use std::rc::Rc;
use yingbi_taxonomy::Kind;

/// A field of the data files.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The system it is known from.
    pub family: &'static str,
    /// Its name.
    pub name: &'static str,
    tag: &'static str,
    way: Option<&'static str>,
}

/// A field as a document writes it.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// What it is.
    pub field: &'a Field,
    /// Its name there.
    pub name: String,
}

impl<'a> Column<'a> {
    /// A field under its own name, or one time in four in another spelling or with one of these words before or after it.
    pub fn draw(rng: &mut Rng, field: &'a Field, affixes: &[&str]) -> Column<'a> {
        let own = Column { field, name: field.name.to_owned() };
        if !rng.chance(25) || !field.name.is_ascii() {
            return own;
        }
        let mut words = words_of(field.name);
        match *rng.pick(affixes) {
            "" => {}
            before if before.ends_with('_') => words.insert(0, before.trim_end_matches('_').to_owned()),
            after => words.push(after.to_owned()),
        }
        let capital = |word: &String| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        };
        let name = match rng.below(4) {
            0 => words.join("_"),
            1 => words.join("-"),
            2 => words.join("_").to_uppercase(),
            _ => words[0].clone() + &words[1..].iter().map(capital).collect::<String>(),
        };
        Column { field, name }
    }
}

/// The words of a name in camel case, snake case or capitals, in small letters.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for character in name.chars() {
        let starts = character == '_' || character.is_ascii_uppercase() && before.is_ascii_lowercase();
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character != '_') {
            word.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    words
}

/// A template of the data files.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Kind of text.
    pub kind: &'static str,
    text: &'static str,
}

/// Reads a file of fields.
pub fn fields(file: &'static str) -> Vec<Field> {
    let fields = rows(file).map(|row| {
        let mut columns = row.split('\t');
        let mut column = || columns.next().unwrap_or_else(|| panic!("a field needs three columns: `{row}`"));
        Field { family: column(), name: column(), tag: column(), way: columns.next() }
    });
    fields.collect()
}

/// Reads a file of templates.
pub fn templates(file: &'static str) -> Vec<Template> {
    let templates = rows(file).map(|row| {
        let (kind, text) = row.split_once('\t').unwrap_or_else(|| panic!("a template needs a kind: `{row}`"));
        Template { kind, text }
    });
    templates.collect()
}

fn rows(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

impl Field {
    /// Whether its values are a person's.
    pub fn is_personal(&self) -> bool {
        self.tag != "?" && !self.tag.starts_with("keep:")
    }

    /// Whether its values can be looked for anywhere, in any coding.
    pub fn is_strong(&self) -> bool {
        self.is_personal() && is_strong(self.tag)
    }

    /// The kind of its values, for those of a person.
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_id(self.tag)
    }
}

/// A value of a record.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The field's name.
    pub name: Marked,
    /// The value.
    pub value: Marked,
    /// Written without quotes where a format has numbers.
    pub bare: bool,
}

/// Makes the content of one document.
pub struct Maker<'a> {
    /// Chance of this document.
    pub rng: Rng,
    /// Word lists of the half.
    pub words: &'a Words,
    /// Which record is being made.
    pub record: usize,
    people: Vec<Person>,
    labels: usize,
}

impl<'a> Maker<'a> {
    /// A document's.
    pub fn new(mut rng: Rng, words: &'a Words) -> Maker<'a> {
        let people = (0..2).map(|_| Person::draw(&mut rng, words)).collect();
        Maker { rng, words, record: 0, people, labels: 0 }
    }

    /// Goes on to the next record, of somebody else.
    pub fn next_record(&mut self) {
        self.record += 1;
        self.people = (0..2).map(|_| Person::draw(&mut self.rng, self.words)).collect();
    }

    /// The value of a field.
    pub fn cell(&mut self, column: &Column) -> Cell {
        let Column { field, name } = column;
        let place = if name == field.name { name.clone() } else { format!("{} respelt", field.name) };
        let value = self.value(field.tag, field.way, &place, true, 0);
        let numeric =
            ["amount", "price", "quantity", "balance", "income", "count", "age", "epoch", "epoch-ms"];
        let way = field.way.unwrap_or_else(|| way(field.tag));
        let is_number = value.text.parse::<f64>().is_ok() && !value.text.starts_with(['0', '+']);
        let bare = is_number && if numeric.contains(&way) { self.rng.chance(65) } else { self.rng.chance(6) };
        Cell { name: Marked::plain(name), value, bare }
    }

    /// A value of a field, written so that it tells what it is without the field's name.
    pub fn telling_cell(&mut self, column: &Column) -> Cell {
        loop {
            let cell = self.cell(column);
            let is_plain = |mark: &Mark| !matches!(&mark.tag, Tag::Label(label) if label.disguise != "none");
            if cell.value.marks.iter().all(is_plain) {
                return cell;
            }
        }
    }

    /// A filled template.
    pub fn text(&mut self, template: &Template) -> Marked {
        let mut text = Marked::default();
        let mut rest = template.text;
        while let Some((before, after)) = rest.split_once('{') {
            text.push(&before.replace("\\n", "\n"));
            let (slot, after) =
                after.split_once('}').unwrap_or_else(|| panic!("open slot: `{}`", template.text));
            rest = after;
            let value = self.slot(slot, template.kind);
            text.append(&value);
        }
        text.push(&rest.replace("\\n", "\n"));
        text
    }

    fn slot(&mut self, slot: &str, place: &str) -> Marked {
        if let Some(class) = slot.strip_prefix('!') {
            return self.value(&format!("keep:{class}"), None, place, false, 0);
        }
        if let Some(way) = slot.strip_prefix('?') {
            return self.value("?", Some(way), place, false, 0);
        }
        let (person, slot) = match slot.strip_prefix("2.") {
            Some(rest) => (1, rest),
            None => (0, slot),
        };
        match slot.split_once(':') {
            Some((kind, way)) => self.value(kind, Some(way), place, false, person),
            None => self.value(slot, None, place, false, person),
        }
    }

    fn value(&mut self, tag: &str, made: Option<&str>, place: &str, keyed: bool, person: usize) -> Marked {
        let made = made.unwrap_or_else(|| way(tag));
        // A way that ends in `-` is written as it is; `amount-` and the like keep their own name.
        let (made, plainly) = match made.strip_suffix('-') {
            Some(bare) => (bare, true),
            None => (made, false),
        };
        let drawn = values::draw(&mut self.rng, self.words, &self.people[person], made);
        if let Some(class) = tag.strip_prefix("keep:") {
            return Marked::tagged(&drawn.text, Tag::Keep(class.into()));
        }
        if tag == "?" {
            return Marked::tagged(&drawn.text, Tag::Neutral);
        }
        let kind = Kind::from_id(tag).unwrap_or_else(|| panic!("`{tag}` is no kind of the taxonomy"));
        let written = if plainly {
            disguises::Written { text: drawn.text.clone(), value: drawn.text, disguise: "none" }
        } else {
            disguises::write(&mut self.rng, tag, &drawn.text, keyed)
        };
        let said = made.ends_with("-cn").then_some("chinese numerals");
        self.labels += 1;
        let label = Label {
            id: self.labels,
            kind,
            needle: needle(tag, &written.value),
            disguise: said.unwrap_or(written.disguise),
            place: place.into(),
            record: self.record,
        };
        let mut value = Marked::default();
        if !drawn.before.is_empty() {
            value.append(&Marked::tagged(&drawn.before, Tag::Neutral));
        }
        value.append(&Marked::tagged(&written.text, Tag::Label(Rc::new(label))));
        if !drawn.after.is_empty() {
            let after = disguises::like(&written.text, &drawn.after);
            value.append(&Marked::tagged(&after, Tag::Neutral));
        }
        value
    }
}

fn way(tag: &str) -> &str {
    values::way_of(tag.strip_prefix("keep:").unwrap_or(tag))
}

/// What must not be readable anywhere of a value, when it is long enough to tell.
pub fn needle(kind: &str, value: &str) -> Option<String> {
    let needle = disguises::read(value);
    let telling = match kind {
        "basic.name" | "basic.address" => needle.chars().count() >= 2,
        "credential.account.password" => {
            needle.len() >= 6 && needle.bytes().any(|byte| byte.is_ascii_alphabetic())
        }
        _ => needle.len() >= 8,
    };
    (telling && is_strong(kind)).then_some(needle)
}

fn is_strong(kind: &str) -> bool {
    const STRONG: &[&str] = &[
        "basic.name",
        "basic.mobile",
        "basic.phone",
        "basic.email",
        "basic.address",
        "identity.document.resident-id",
        "identity.document.number",
        "identity.document.tax-id",
        "identity.document.passport",
        "identity.document.permit",
        "identity.document.image",
        "account.opening.fund-account",
        "account.opening.securities-account",
        "account.opening.unified-account",
        "account.opening.trading-account",
        "wealth.bank.card",
        "wealth.bank.account",
        "credential.account.password",
        "credential.account.token",
        "credential.account.certificate",
        "credential.biometric.face",
        "credential.biometric.fingerprint",
        "device.permanent.mac",
        "device.permanent.imei",
    ];
    STRONG.contains(&kind)
}
