//! JSON text to a tree that remembers every character.

/// A value and the bytes it stands in.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Null,
    Bool,
    Number(String),
    Text(Text),
    Array(Vec<Value>),
    Object(Vec<Member>),
}

#[derive(Debug)]
pub(super) struct Member {
    /// Just after the brace or comma before it.
    pub(super) from: usize,
    pub(super) name: Text,
    pub(super) value: Value,
}

/// A string: each character with the bytes that spell it.
#[derive(Debug)]
pub(super) struct Text {
    /// The opening quote.
    pub(super) start: usize,
    pub(super) characters: Vec<(char, usize, usize)>,
    /// The closing quote.
    pub(super) close: usize,
}

impl Text {
    pub(super) fn decoded(&self) -> String {
        self.characters.iter().map(|(character, ..)| *character).collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Malformed,
    TooDeep,
}

/// Reads a whole text whose containers may nest `depth` deep.
pub(super) fn read(text: &str, depth: usize) -> Result<Value, Bad> {
    let mut reader = Reader { text, at: 0, too_deep: false };
    let read = reader.value(depth).filter(|_| {
        reader.space();
        reader.at == text.len()
    });
    match read {
        Some(value) => Ok(value),
        None if reader.too_deep && closes_strings(text) => Err(Bad::TooDeep),
        None => Err(Bad::Malformed),
    }
}

/// Whether every string is closed and holds no control character: what isn't so is malformed however deep it goes.
fn closes_strings(text: &str) -> bool {
    let (mut in_string, mut escaped) = (false, false);
    for character in text.chars() {
        match character {
            _ if in_string && character < ' ' => return false,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    !in_string
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    too_deep: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take(&mut self, expected: char) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += expected.len_utf8())
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|next| " \n\r\t".contains(next)) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        let start = self.at;
        let data = match self.peek()? {
            '{' | '[' if depth == 0 => {
                self.too_deep = true;
                return None;
            }
            '{' => Data::Object(self.items('{', '}', |reader, from| {
                reader.space();
                let name = reader.string()?;
                reader.space();
                reader.take(':')?;
                Some(Member { from, name, value: reader.value(depth - 1)? })
            })?),
            '[' => Data::Array(self.items('[', ']', |reader, _| reader.value(depth - 1))?),
            '"' => Data::Text(self.string()?),
            't' => self.word("true", Data::Bool)?,
            'f' => self.word("false", Data::Bool)?,
            'n' => self.word("null", Data::Null)?,
            _ => self.number()?,
        };
        Some(Value { start, end: self.at, data })
    }

    fn items<T>(
        &mut self,
        open: char,
        close: char,
        item: impl Fn(&mut Self, usize) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.take(open)?;
        let mut from = self.at;
        self.space();
        let mut items = vec![];
        if self.take(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self, from)?);
            self.space();
            if self.take(close).is_some() {
                return Some(items);
            }
            self.take(',')?;
            from = self.at;
        }
    }

    fn word(&mut self, word: &str, data: Data) -> Option<Data> {
        word.chars().try_for_each(|character| self.take(character))?;
        Some(data)
    }

    fn number(&mut self) -> Option<Data> {
        let start = self.at;
        while self.peek().is_some_and(|next| next.is_ascii_digit() || "+-.eE".contains(next)) {
            self.at += 1;
        }
        let spelt = self.text.get(start..self.at)?;
        // Serde's reader is the judge of the spelling, save for a range it can't hold.
        let is_number = serde_json::from_str::<&serde_json::value::RawValue>(spelt).is_ok();
        (is_number && !spelt.is_empty()).then(|| Data::Number(spelt.to_owned()))
    }

    fn string(&mut self) -> Option<Text> {
        let start = self.at;
        self.take('"')?;
        let mut characters = vec![];
        loop {
            let from = self.at;
            let character = match self.next()? {
                '"' => return Some(Text { start, characters, close: from }),
                '\\' => self.escape()?,
                control if control < ' ' => return None,
                other => other,
            };
            characters.push((character, from, self.at));
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            same @ ('"' | '\\' | '/') => same,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                let mut units = vec![unit];
                if (0xd800..0xdc00).contains(&unit) {
                    self.take('\\')?;
                    self.take('u')?;
                    units.push(self.unit()?);
                }
                char::decode_utf16(units).collect::<Result<Vec<char>, _>>().ok()?.pop()?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + self.next()?.to_digit(16)? as u16;
        }
        Some(unit)
    }
}
