//! Text that knows which of its bytes are personal information, which must not be touched and which may be.

use std::rc::Rc;
use yingbi_taxonomy::Kind;

/// A value of a person, wherever it stands in a document.
#[derive(Clone, Debug)]
pub struct Label {
    /// Tells labels of one document apart; two marks of one label are one value written in two places.
    pub id: usize,
    /// What the value is.
    pub kind: Kind,
    /// Its text without disguise, when that is long enough to be looked for anywhere.
    pub needle: Option<String>,
    /// How it is written.
    pub disguise: &'static str,
    /// The field's name or the kind of text it stands in.
    pub place: Rc<str>,
    /// Which record of the document it belongs to.
    pub record: usize,
}

/// What a span of bytes is.
#[derive(Clone, Debug)]
pub enum Tag {
    /// Personal information: must not survive.
    Label(Rc<Label>),
    /// Looks like it and is not: must survive; the class of such things.
    Keep(Rc<str>),
    /// May be argued either way: not counted.
    Neutral,
}

/// A tagged span of bytes.
#[derive(Clone, Debug)]
pub struct Mark {
    /// First byte.
    pub start: usize,
    /// After the last byte.
    pub end: usize,
    /// What stands there.
    pub tag: Tag,
}

/// Text and its marks.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    /// The text.
    pub text: String,
    /// In no order that matters; inside the text.
    pub marks: Vec<Mark>,
}

impl Marked {
    /// Text without marks.
    pub fn plain(text: &str) -> Marked {
        Marked { text: text.to_owned(), marks: Vec::new() }
    }

    /// Text that is one thing.
    pub fn tagged(text: &str, tag: Tag) -> Marked {
        let mark = Mark { start: 0, end: text.len(), tag };
        Marked { text: text.to_owned(), marks: vec![mark] }
    }

    /// Appends text without marks.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends text with its marks.
    pub fn append(&mut self, other: &Marked) {
        let base = self.text.len();
        self.text.push_str(&other.text);
        let moved = other.marks.iter().map(|mark| Mark {
            start: base + mark.start,
            end: base + mark.end,
            tag: mark.tag.clone(),
        });
        self.marks.extend(moved);
    }

    /// Every character written as `escape` says; marks stay around what they marked.
    pub fn escaped(&self, escape: impl Fn(char, &mut String)) -> Marked {
        let mut text = String::with_capacity(self.text.len());
        let mut at = vec![0; self.text.len() + 1];
        for (offset, character) in self.text.char_indices() {
            at[offset] = text.len();
            escape(character, &mut text);
        }
        at[self.text.len()] = text.len();
        let marks = self.marks.iter().map(|mark| Mark {
            start: at[mark.start],
            end: at[mark.end],
            tag: mark.tag.clone(),
        });
        Marked { marks: marks.collect(), text }
    }

    /// The same marks around the whole of another text, which carries this one in a coding.
    pub fn coded(&self, text: String) -> Marked {
        let end = text.len();
        let marks = self.marks.iter().map(|mark| Mark { start: 0, end, tag: mark.tag.clone() });
        Marked { marks: marks.collect(), text }
    }

    /// The labels' way of writing named anew where they have none of their own.
    pub fn disguised(&self, disguise: &'static str) -> Marked {
        let mut marks = self.marks.clone();
        for mark in &mut marks {
            if let Tag::Label(label) = &mut mark.tag
                && label.disguise == "none"
            {
                *label = Rc::new(Label { disguise, ..Label::clone(label) });
            }
        }
        Marked { text: self.text.clone(), marks }
    }

    /// Cut at these characters, in order; a mark over a cut is marked in both parts.
    pub fn cut(&self, offsets: &[usize]) -> Vec<Marked> {
        let mut bounds = vec![0];
        bounds.extend(offsets);
        bounds.push(self.text.len());
        let parts = bounds.windows(2).map(|pair| {
            let (from, to) = (pair[0], pair[1]);
            let inside = self.marks.iter().filter(|mark| mark.start < to && mark.end > from);
            let marks = inside.map(|mark| Mark {
                start: mark.start.max(from) - from,
                end: mark.end.min(to) - from,
                tag: mark.tag.clone(),
            });
            Marked { text: self.text[from..to].to_owned(), marks: marks.collect() }
        });
        parts.collect()
    }
}
