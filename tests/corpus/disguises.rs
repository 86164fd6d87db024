//! The ways the same value is written so that a plain pattern misses it.

use crate::rng::Rng;

/// A value as it will be written.
pub struct Written {
    /// Its text.
    pub text: String,
    /// The number behind the writing: what a reader who sees through the disguise would note down.
    pub value: String,
    /// The disguise's name, `none` without one.
    pub disguise: &'static str,
}

/// Writes `value`, one time in four in a disguise that its kind can have; `keyed` when a field's name tells what it is.
pub fn write(rng: &mut Rng, kind: &str, value: &str, keyed: bool) -> Written {
    let plain = Written { text: value.to_owned(), value: value.to_owned(), disguise: "none" };
    if !rng.chance(25) {
        return plain;
    }
    let family = match kind {
        "basic.mobile" => Family::Mobile,
        "identity.document.resident-id" => Family::ResidentId,
        "wealth.bank.card" | "wealth.bank.account" => Family::Card,
        "account.opening.fund-account" | "account.opening.unified-account" | "basic.phone" => Family::Number,
        "account.opening.securities-account"
        | "identity.document.passport"
        | "device.permanent.mac"
        | "identity.document.permit" => Family::Code,
        "basic.name" if value.chars().all(|one| !one.is_ascii()) => Family::Name,
        "basic.email" => Family::Code,
        _ => return plain,
    };
    let disguise = *rng.pick(family.disguises(keyed, value));
    let (text, value) = dress(rng, disguise, value);
    Written { text, value, disguise }
}

/// Which disguises a value can have.
enum Family {
    Mobile,
    ResidentId,
    Card,
    Number,
    Code,
    Name,
}

impl Family {
    fn disguises(&self, keyed: bool, value: &str) -> &'static [&'static str] {
        let ends_in_x = value.ends_with('X');
        match self {
            Family::Mobile => &[
                "full-width",
                "chinese numerals",
                "spaces",
                "dashes",
                "zero-width",
                "+86",
                "0086",
                "(+86)",
                "full-width spaces",
            ],
            Family::ResidentId if ends_in_x => &["lower-case x", "homoglyph X", "full-width", "zero-width"],
            Family::ResidentId if keyed => &[
                "full-width",
                "zero-width",
                "spaces in an ID",
                "fifteen digits",
                "wrong check digit",
                "chinese numerals",
            ],
            Family::ResidentId => &["full-width", "zero-width", "spaces in an ID", "chinese numerals"],
            Family::Card => &["spaces", "dashes", "full-width", "zero-width"],
            Family::Number => &["full-width", "zero-width"],
            Family::Code => &["full-width", "lower case"],
            Family::Name => &["spaced name", "full-width spaced name", "zero-width"],
        }
    }
}

fn dress(rng: &mut Rng, disguise: &str, value: &str) -> (String, String) {
    let grouped = |groups: &[usize], between: &str| {
        let mut characters = value.chars();
        let mut parts = Vec::new();
        for size in groups {
            let part: String = characters.by_ref().take(*size).collect();
            parts.push(part);
        }
        let rest: String = characters.collect();
        parts.push(rest);
        parts.retain(|part| !part.is_empty());
        parts.join(between)
    };
    let silent = *rng.pick(&["\u{200b}", "\u{200d}", "\u{feff}", "\u{2060}"]);
    let like_x = *rng.pick(&["Х", "×", "Χ", "ⅹ"]);
    let groups: &[usize] = match value.chars().count() {
        11 => &[3, 4, 4],
        ..=4 => &[1, 1, 1],
        _ => &[4, 4, 4, 4, 4],
    };
    let text = match disguise {
        "full-width" => value.chars().map(full_width).collect(),
        "chinese numerals" => crate::values::chinese(value, rng.chance(50)),
        "spaces" => grouped(groups, " "),
        "full-width spaces" => grouped(groups, "\u{3000}"),
        "dashes" => grouped(groups, "-"),
        "spaces in an ID" => grouped(&[6, 8, 4], " "),
        "zero-width" => grouped(groups, silent),
        "+86" => format!("+86{}{value}", rng.pick(&["", " ", "-"])),
        "0086" => format!("0086{}{value}", rng.pick(&["", "-"])),
        "(+86)" => format!("(+86){value}"),
        "lower-case x" | "lower case" => value.to_lowercase(),
        "homoglyph X" => value.replace('X', like_x),
        "spaced name" | "full-width spaced name" => {
            let space = if disguise == "spaced name" { " " } else { "\u{3000}" };
            let characters: Vec<String> = value.chars().map(String::from).collect();
            characters.join(space)
        }
        "fifteen digits" => format!("{}{}", &value[..6], &value[8..17]),
        "wrong check digit" => {
            let (first, check) = value.split_at(17);
            format!("{first}{}", check.parse::<u32>().map_or(1, |digit| (digit + 1) % 10))
        }
        _ => value.to_owned(),
    };
    let changes_value = matches!(disguise, "fifteen digits" | "wrong check digit");
    let value = if changes_value { text.clone() } else { value.to_owned() };
    (text, value)
}

fn full_width(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(character as u32 + 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// `text` in full-width characters when its neighbour is: the domain of a mailbox is written as its local part.
pub fn like(neighbour: &str, text: &str) -> String {
    let is_wide = neighbour.chars().any(|one| ('！'..='～').contains(&one));
    if is_wide { text.chars().map(full_width).collect() } else { text.to_owned() }
}

/// Text as somebody reads it who sees through every disguise.
pub fn read(text: &str) -> String {
    let characters = text.chars().filter_map(|character| {
        let character = match character {
            '！'..='～' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
            '零' | '〇' => '0',
            '一' | '幺' => '1',
            '二' => '2',
            '三' => '3',
            '四' => '4',
            '五' => '5',
            '六' => '6',
            '七' => '7',
            '八' => '8',
            '九' => '9',
            'Х' | 'х' | '×' | 'Χ' | 'ⅹ' => 'x',
            other => other,
        };
        let silent = character.is_whitespace()
            || matches!(
                character,
                '-' | '+' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{3000}'
            );
        (!silent).then(|| character.to_ascii_lowercase())
    });
    characters.collect()
}
