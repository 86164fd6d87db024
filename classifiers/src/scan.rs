//! One pass over a text for values that show by themselves what they are.
//!
//! Cheap first: a table of byte classes says within a few nanoseconds that a short word holds nothing. What stays is
//! cut into tokens of letters and digits (Chinese, punctuation and spaces are borders, so a number glued to Chinese is
//! seen) and chains of digit groups (`138 0013 8000`), and each goes to the recognizers of its length.

use crate::cues::{Cues, mark};
use crate::recognize::{
    bank_card, coordinates, email, glued, luhn, mobile, moment, network, organisation, permit, phone,
    resident_id, secret, securities_account,
};
use crate::{Hit, How};
use yingbi_taxonomy::Kind;

/// How far the recognizers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only what cannot be an accident: the field's name says that its value is something else.
    Certain,
    /// Everything that shows by its form.
    Ordinary,
}

/// Appends what shows by itself; unsorted.
pub(crate) fn values(text: &str, cues: Cues, reach: Reach, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    if moment::is_moment(bytes) {
        return;
    }
    if text.len() >= 15 {
        let [has_point, has_space, has_hyphen] =
            [mark::DOT, mark::SPACE, mark::DASH].map(|mark| cues.has(mark));
        secret::find(bytes, has_point, has_space, has_hyphen, |start, end, kind| {
            hits.push(Hit { start, end, kind, how: How::Value, confidence: 95 });
        });
    }
    if may_hold_a_value(cues, text.len(), reach) {
        Pass { bytes, reach, hits, may_chain: cues.digits() >= 10 }.run();
    }
}

/// The shortest numbers have six digits, eleven where the field says that its value is something else; four are enough
/// for `1.2.3.4`, none for a MAC or IPv6 address.
fn may_hold_a_value(cues: Cues, length: usize, reach: Reach) -> bool {
    let fewest = if reach == Reach::Certain { 11 } else { 6 };
    cues.digits() >= fewest
        || cues.has(mark::AT)
        || (cues.digits() >= 4 && cues.has(mark::DOT) && length >= 7)
        || (cues.has(mark::COLON | mark::DASH) && length >= 15)
}

struct Pass<'a> {
    bytes: &'a [u8],
    reach: Reach,
    hits: &'a mut Vec<Hit>,
    /// Whether there are digits enough for a number in groups: a landline has ten.
    may_chain: bool,
}

impl Pass<'_> {
    fn run(mut self) {
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at).copied() {
            if !byte.is_ascii_alphanumeric() {
                if byte == b'+'
                    && self.may_chain
                    && let Some(end) = self.international(at)
                {
                    at = end;
                    continue;
                }
                if byte == b'@'
                    && let Some((start, end)) = email::around(self.bytes, at)
                {
                    self.push(start, end, Kind::Email, 95);
                    at = end;
                } else {
                    at += 1;
                }
                continue;
            }
            let (end, digits) = self.token_from(at);
            at = self.token(at, end, digits);
        }
    }

    fn token_from(&self, start: usize) -> (usize, usize) {
        let mut digits = 0;
        let mut end = start;
        while let Some(byte) = self.bytes.get(end).filter(|byte| byte.is_ascii_alphanumeric()) {
            digits += usize::from(byte.is_ascii_digit());
            end += 1;
        }
        (end, digits)
    }

    /// Looks at one token and says where to go on.
    fn token(&mut self, start: usize, end: usize, digits: usize) -> usize {
        let length = end - start;
        let next = self.bytes.get(end).copied();
        // `IP192.0.2.218`: a label in letters without a separator.
        if next == Some(b'.')
            && (3..=16).contains(&length)
            && let Some(letters) = self.bytes.get(start..end).and_then(network::label_letters)
            && let Some(after) = self.network(start + letters)
        {
            return after;
        }
        if next == Some(b'.')
            && length <= 3
            && digits == length
            && let Some(after) = self.point(start)
        {
            return after;
        }
        if length <= 4
            && matches!(next, Some(b':' | b'.' | b'-'))
            && let Some(after) = self.network(start)
        {
            return after;
        }
        if self.may_chain && digits == length && length <= 8 && next.is_some_and(is_joint) {
            if length == 1
                && let Some(after) = self.spelled(start)
            {
                return after;
            }
            return self.chain(start);
        }
        // `FAX021-83528666`: a label in letters before a number in groups.
        if self.may_chain
            && digits < length
            && next.is_some_and(is_joint)
            && let Some(letters) = self.bytes.get(start..end).and_then(label_letters)
            && letters + digits == length
            && digits >= 3
        {
            return self.chain(start + letters);
        }
        if digits >= 6 && (7..=40).contains(&length) {
            self.whole(start, end, digits);
        }
        if digits + 4 >= length && (22..=glued::LONGEST).contains(&length) {
            self.glued(start, end);
        }
        end
    }

    /// Latitude and longitude side by side; says where they end.
    fn point(&mut self, start: usize) -> Option<usize> {
        let before = start.checked_sub(1).and_then(|at| self.bytes.get(at));
        if self.reach == Reach::Certain || before.is_some_and(|byte| matches!(byte, b'.' | b'_')) {
            return None;
        }
        let length = coordinates::pair_length(self.bytes.get(start..)?)?;
        self.push(start, start + length, Kind::Coordinates, 75);
        Some(start + length)
    }

    /// Several numbers of people back to back.
    fn glued(&mut self, start: usize, end: usize) {
        let parts = self.bytes.get(start..end).and_then(glued::parts);
        for (from, to, kind) in parts.into_iter().flatten().filter(|(from, to, _)| from < to) {
            self.push(start + from, start + to, kind, 85);
        }
    }

    /// One token by itself.
    fn whole(&mut self, start: usize, end: usize, digits: usize) {
        let Some(token) = self.bytes.get(start..end) else { return };
        if self.is_part_of_a_decimal(start, end) {
            return;
        }
        let before = start.checked_sub(1).and_then(|at| self.bytes.get(at)).copied();
        let ordinary = self.reach == Reach::Ordinary;
        // `order_no` may be eleven digits that look like a mobile; with a Chinese label before it, it is one.
        let labelled = ordinary || before.is_some_and(|byte| byte >= 0x80);
        if digits == token.len() {
            match token.len() {
                11 if labelled && mobile::is_mobile(token) => self.push(start, end, Kind::Mobile, 90),
                11 | 12 if ordinary && phone::is_joined_landline(token) => {
                    self.push(start, end, Kind::Phone, 70)
                }
                13..=15 if labelled && mobile::country_prefix(token).is_some() => {
                    let skip = mobile::country_prefix(token).unwrap_or(0);
                    self.push(start + skip, end, Kind::Mobile, 85);
                }
                15 if ordinary && is_imei(token) => self.push(start, end, Kind::Imei, 60),
                15 if ordinary && resident_id::is_15(token) => {
                    self.push(start, end, Kind::ResidentId, 70);
                }
                18 => self.eighteen(start, end, token),
                16..=19 if ordinary && bank_card::is_bank_card(token) => {
                    self.push(start, end, Kind::BankCard, 85)
                }
                _ => {}
            }
            return;
        }
        if ordinary
            && matches!(token.len(), 11 | 18)
            && let Some(read) = glued::read_letters_as_digits(token)
            && let Some(number) = read.get(..token.len())
        {
            if mobile::is_mobile(number) && label_letters(token).is_none_or(|letters| letters <= 1) {
                self.push(start, end, Kind::Mobile, 60);
            } else if resident_id::is_18(number) {
                self.push(start, end, Kind::ResidentId, 90);
            }
        }
        match token.len() {
            18 => self.eighteen(start, end, token),
            15 if permit::is_residence_card_15(token) => self.push(start, end, Kind::Permit, 80),
            10 if ordinary && securities_account::is_shanghai(token) => {
                self.push(start, end, Kind::SecuritiesAccount, 75);
            }
            10 if ordinary && permit::is_taiwan_id(token) => self.push(start, end, Kind::IdNumber, 75),
            9 if ordinary && permit::is_passport(token) => self.push(start, end, Kind::Passport, 70),
            9 | 11 if ordinary && permit::is_home_return_permit(token) => {
                self.push(start, end, Kind::Permit, 70)
            }
            9 if ordinary && permit::is_exit_permit(token) => self.push(start, end, Kind::Permit, 60),
            7 | 8 => self.hong_kong(start, end, token),
            _ => {}
        }
        // `tel13800138000`, `ID11010519491231002X`: a label in letters without a separator.
        if let Some(letters) = label_letters(token)
            && letters + 7 <= token.len()
        {
            self.whole(start + letters, end, digits);
        }
    }

    fn eighteen(&mut self, start: usize, end: usize, token: &[u8]) {
        if resident_id::is_18(token) {
            self.push(start, end, Kind::ResidentId, 99);
        } else if resident_id::is_residence_card_18(token) && !organisation::is_credit_code(token) {
            self.push(start, end, Kind::Permit, 95);
        } else if self.reach == Reach::Ordinary && bank_card::is_bank_card(token) {
            self.push(start, end, Kind::BankCard, 85);
        }
    }

    fn hong_kong(&mut self, start: usize, end: usize, token: &[u8]) {
        if let Some([b'(', check, b')']) = self.bytes.get(end..end + 3)
            && permit::is_hong_kong_id(token, *check)
        {
            self.push(start, end + 3, Kind::IdNumber, 85);
        }
    }

    /// IP and MAC addresses start like a short token; says where the address ends.
    fn network(&mut self, start: usize) -> Option<usize> {
        let rest = self.bytes.get(start..)?;
        let before = start.checked_sub(1).and_then(|at| self.bytes.get(at)).copied();
        // `from:192.0.2.1` has a label before its colon, `::ffff:192.0.2.1` a part of an address.
        let labelled = before == Some(b':')
            && start
                .checked_sub(2)
                .and_then(|at| self.bytes.get(at))
                .is_some_and(|byte| byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit() || *byte >= 0x80);
        if !labelled && before.is_some_and(|byte| matches!(byte, b'.' | b':' | b'-' | b'_')) {
            return None;
        }
        let is_border = |at: usize, more: &[u8]| {
            !rest.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || more.contains(byte))
        };
        if rest.get(..14).is_some_and(network::is_dotted_mac) && is_border(14, b".") {
            self.push(start, start + 14, Kind::Mac, 85);
            return Some(start + 14);
        }
        if rest.get(..17).is_some_and(network::is_mac) && is_border(17, b":-") {
            self.push(start, start + 17, Kind::Mac, 90);
            return Some(start + 17);
        }
        if self.reach == Reach::Certain {
            return None;
        }
        if let Some(length) = network::ipv4_length(rest) {
            let goes_on =
                rest.get(length) == Some(&b'.') && rest.get(length + 1).is_some_and(u8::is_ascii_digit);
            let address = rest.get(..length).unwrap_or_default();
            let is_section = self.bytes.get(..start).is_some_and(|left| left.ends_with("第".as_bytes()))
                || ["节", "章", "条", "款"]
                    .iter()
                    .any(|part| rest.get(length..).is_some_and(|rest| rest.starts_with(part.as_bytes())));
            if is_border(length, b"_")
                && !is_section
                && !goes_on
                && network::is_hosts(address)
                && !self.follows_version(start)
            {
                self.push(start, start + length, Kind::IpAddress, 60);
            }
            return Some(start + length);
        }
        let length =
            rest.iter().take(40).take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':').count();
        if rest.get(..length).is_some_and(network::is_ipv6) && is_border(length, b"") {
            self.push(start, start + length, Kind::IpAddress, 70);
            return Some(start + length);
        }
        None
    }

    /// `版本：10.20.30.40`, `version 1.2.3.4`.
    fn follows_version(&self, start: usize) -> bool {
        let before = self.bytes.get(..start).unwrap_or_default();
        let mark = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b':' | b'=' | b'"')).count();
        let mut before = before.get(..start - mark).unwrap_or_default();
        before = before.strip_suffix("：".as_bytes()).unwrap_or(before);
        ["版本", "版本号", "ersion", "ERSION", "ver", "Ver"]
            .iter()
            .any(|word| before.ends_with(word.as_bytes()))
    }

    /// `+852 9123 4567`: a number abroad; says where it ends. Those of the mainland are told by their form.
    fn international(&mut self, plus: usize) -> Option<usize> {
        let before = plus.checked_sub(1).and_then(|at| self.bytes.get(at));
        let rest = self.bytes.get(plus + 1..)?;
        if self.reach == Reach::Certain
            || before.is_some_and(u8::is_ascii_alphanumeric)
            || rest.starts_with(b"86")
        {
            return None;
        }
        let mut digits = 0;
        let mut length = 0;
        for (at, byte) in rest.iter().enumerate().take(24) {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    length = at + 1;
                }
                b' ' | b'-' | b'(' | b')'
                    if rest.get(at + 1).is_some_and(|next| next.is_ascii_digit() || *next == b'(') => {}
                _ => break,
            }
        }
        let ends =
            !rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'.'));
        let is_code = rest.first().is_some_and(|first| (b'1'..=b'9').contains(first));
        if !(10..=15).contains(&digits) || !ends || !is_code {
            return None;
        }
        self.push(plus + 1, plus + 1 + length, Kind::Phone, 70);
        Some(plus + 1 + length)
    }

    /// `1 3 8 0 0 1 3 8 0 0 0`: a number whose digits stand apart; says where it ends.
    fn spelled(&mut self, start: usize) -> Option<usize> {
        let joint = *self.bytes.get(start + 1)?;
        let mut number = [0u8; 20];
        let mut length = 0;
        let mut at = start;
        loop {
            let digit = self.bytes.get(at).copied()?;
            let is_last = length == 17 && matches!(digit, b'X' | b'x');
            if !digit.is_ascii_digit() && !is_last {
                return None;
            }
            *number.get_mut(length)? = digit;
            length += 1;
            let alone = !self.bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
            if !alone {
                return None;
            }
            let goes_on = self.bytes.get(at + 1) == Some(&joint)
                && self.bytes.get(at + 2).is_some_and(u8::is_ascii_alphanumeric);
            if !goes_on {
                break;
            }
            at += 2;
        }
        let number = number.get(..length)?;
        let kind = match length {
            11 if mobile::is_mobile(number) => Kind::Mobile,
            18 if resident_id::is_18(number) => Kind::ResidentId,
            16..=19 if bank_card::is_bank_card(number) => Kind::BankCard,
            _ => return None,
        };
        self.push(start, at + 1, kind, 85);
        Some(at + 1)
    }

    /// Groups of digits parted by one space, hyphen, point or closing bracket each; says where the chain ends.
    fn chain(&mut self, start: usize) -> usize {
        let mut chain = Chain::default();
        let mut at = start;
        loop {
            let (end, digits) = self.token_from(at);
            let ends_in_x =
                digits + 1 == end - at && matches!(self.bytes.get(end - 1), Some(b'X' | b'x')) && digits >= 3;
            if end == at || (digits != end - at && !ends_in_x) {
                break;
            }
            let joint = self.bytes.get(end).copied().filter(|byte| is_joint(*byte));
            let full = !chain.push(Group { start: at, end, joint });
            if full || joint.is_none() {
                break;
            }
            at = end + 1;
        }
        let groups = chain.groups();
        let mut index = 0;
        // `+86-10-88886666`: behind the country's code the area's has no 0.
        if groups.len() >= 3
            && let [country, area, rest @ ..] = groups
            && self.is_country(country)
            && let Some(end) = self.abroad(area, rest)
        {
            self.push(area.start, end, Kind::Phone, 80);
            return groups.last().map_or(start + 1, |last| last.end);
        }
        while index < groups.len() {
            let used = self.window(groups, index);
            if used == 0
                && let Some(group) = groups.get(index)
                && group.len() >= 7
            {
                self.whole(group.start, group.end, group.len());
            }
            index += used.max(1);
        }
        groups.last().map_or(start + 1, |last| last.end)
    }

    /// The number that begins at this group, if any; says of how many groups it is made.
    fn window(&mut self, groups: &[Group], index: usize) -> usize {
        let Some(first) = groups.get(index) else { return 0 };
        let free_before = index == 0
            || groups.get(index - 1).is_some_and(|before| {
                before.joint == Some(b' ') || (before.len() <= 4 && self.is_country(before))
            });
        if !free_before {
            return 0;
        }
        let mut joined = [0u8; 24];
        let mut length = 0;
        let mut best = 0;
        let mut found = None;
        for (offset, group) in groups.iter().skip(index).take(6).enumerate() {
            let Some(bytes) = self.bytes.get(group.start..group.end) else { break };
            let Some(slot) = joined.get_mut(length..length + bytes.len()) else { break };
            slot.copy_from_slice(bytes);
            length += bytes.len();
            let free_after = !matches!(group.joint, Some(b'-' | b'.')) || groups.len() == index + offset + 1;
            if offset == 0 || !free_after {
                continue;
            }
            let number = joined.get(..length).unwrap_or_default();
            let shape = Shape { number, first: first.len(), last: group.len(), groups: offset + 1 };
            if let Some((kind, confidence)) = shape.kind(self.reach) {
                best = offset + 1;
                found = Some((first.start, group.end, kind, confidence));
            }
        }
        if let Some((start, end, kind, confidence)) = found {
            self.push(start, end, kind, confidence);
        }
        best
    }

    /// Where a landline ends whose area code has lost its 0 behind a country's code.
    fn abroad(&self, area: &Group, rest: &[Group]) -> Option<usize> {
        let mut number = [0u8; 8];
        let mut length = 0;
        for group in rest.iter().take(2) {
            let part = self.bytes.get(group.start..group.end)?;
            number.get_mut(length..length + part.len())?.copy_from_slice(part);
            length += part.len();
            let mut code = [b'0'; 4];
            let digits = self.bytes.get(area.start..area.end)?;
            code.get_mut(1..=digits.len())?.copy_from_slice(digits);
            let code = code.get(..=digits.len())?;
            if phone::is_landline(code, number.get(..length)?) {
                return Some(group.end);
            }
        }
        None
    }

    fn is_country(&self, group: &Group) -> bool {
        matches!(self.bytes.get(group.start..group.end), Some(b"86" | b"0086" | b"086"))
    }

    /// `0.13800138000` and `13800138000.00` are amounts; `13800138001.0` is what a spreadsheet makes of a number.
    fn is_part_of_a_decimal(&self, start: usize, end: usize) -> bool {
        let digit_at =
            |at: Option<usize>| at.and_then(|at| self.bytes.get(at)).is_some_and(u8::is_ascii_digit);
        let is_point = |at: Option<usize>| at.and_then(|at| self.bytes.get(at)) == Some(&b'.');
        (is_point(start.checked_sub(1)) && digit_at(start.checked_sub(2)))
            || (is_point(Some(end))
                && digit_at(Some(end + 1))
                && (self.bytes.get(end + 1) != Some(&b'0') || digit_at(Some(end + 2))))
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, confidence: u8) {
        self.hits.push(Hit { start, end, kind, how: How::Value, confidence });
    }
}

/// A number made of several groups.
struct Shape<'a> {
    number: &'a [u8],
    first: usize,
    last: usize,
    groups: usize,
}

impl Shape<'_> {
    fn kind(&self, reach: Reach) -> Option<(Kind, u8)> {
        let number = self.number;
        match number.len() {
            11 if matches!(self.first, 3 | 4 | 7) && self.groups <= 3 && mobile::is_mobile(number) => {
                Some((Kind::Mobile, 88))
            }
            18 if self.first == 6 && resident_id::is_18(number) => Some((Kind::ResidentId, 97)),
            _ if reach == Reach::Certain => None,
            16..=19
                if matches!(self.first, 4 | 6)
                    && (self.groups >= 4 || self.first == 6)
                    && self.last <= 13
                    && bank_card::is_bank_card(number) =>
            {
                Some((Kind::BankCard, 85))
            }
            10..=12 if matches!(self.first, 3 | 4) && self.groups <= 3 && self.last >= 4 => {
                let (area, rest) = number.split_at_checked(self.first)?;
                phone::is_landline(area, rest).then_some((Kind::Phone, 80))
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    start: usize,
    end: usize,
    joint: Option<u8>,
}

impl Group {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

#[derive(Debug, Default)]
struct Chain {
    groups: [Group; 12],
    length: usize,
}

impl Chain {
    /// False when the chain is full.
    fn push(&mut self, group: Group) -> bool {
        let Some(slot) = self.groups.get_mut(self.length) else { return false };
        *slot = group;
        self.length += 1;
        self.length < self.groups.len()
    }

    fn groups(&self) -> &[Group] {
        self.groups.get(..self.length).unwrap_or_default()
    }
}

/// What may stand between the groups of a number.
fn is_joint(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b')' | b'.' | b'_')
}

/// An IMEI begins with its body's code and passes Luhn; 35… would else be read as a region of Fujian.
fn is_imei(token: &[u8]) -> bool {
    matches!(token.get(..2), Some(b"86" | b"35" | b"01" | b"99")) && luhn(token)
}

fn label_letters(token: &[u8]) -> Option<usize> {
    let letters = token.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    const LABELS: &[&[u8]] = &[
        b"tel", b"mobile", b"phone", b"mob", b"id", b"idno", b"idcard", b"no", b"sfz", b"sj", b"sjh",
        b"card", b"fax", b"wx", b"qq", b"vx", b"v", b"cell", b"call", b"dh", b"lxdh", b"sjhm", b"sfzh",
        b"zjhm", b"m", b"t",
    ];
    let label = token.get(..letters).filter(|label| !label.is_empty())?;
    LABELS.iter().any(|known| label.eq_ignore_ascii_case(known)).then_some(letters)
}

#[cfg(test)]
mod tests;
