//! People's names: by surname and length where a field or label announces one, by title or verb in running text.

mod dotted;
mod judge;
mod lists;

use super::{head, is_han, tail};
use crate::cues::{Cues, mark};
use crate::{Hit, How};
use judge::{Left, Right, judge, name_at};
use lists::{AHEAD_MARKS, AHEAD_WORDS, LISTS, role};
use memchr::memmem;
use yingbi_taxonomy::Kind;

/// Whether a whole value is a person's name: Chinese with a known surname, a minority's with `·`, or Latin words.
pub(crate) fn is_name(text: &str) -> bool {
    let text = text.trim();
    if text.is_ascii() {
        return is_latin_name(text);
    }
    if text.contains(['·', '•', '・']) {
        return text.split(['·', '•', '・']).all(|part| !part.is_empty() && part.chars().all(is_han))
            && text.chars().count() <= 24;
    }
    let bare = text.strip_suffix("先生").or_else(|| text.strip_suffix("女士")).unwrap_or(text);
    let count = bare.chars().count();
    if !bare.chars().all(|c| is_han(c) || c == '*' || c == '＊') {
        return false;
    }
    if LISTS.begins_as_no_name(bare) && count < 4 {
        return false;
    }
    match surname_length(bare) {
        Some(2) => (2..=4).contains(&count),
        Some(_) => (2..=3).contains(&count) || (bare.len() < text.len() && count == 1),
        None => false,
    }
}

/// Whether a text is a person's name though nothing around it says so, as an object's member is called
/// (`{"林超": {…}}`): a usual surname and a given name of usual characters, and no word of another meaning.
pub(crate) fn stands_alone(text: &str) -> bool {
    if let Some((first, last)) = text.split_once(['·', '•', '・']) {
        let is_part = |part: &str| part.chars().count() >= 2 && part.chars().all(is_foreign);
        return is_part(first) && last.split(['·', '•', '・']).all(is_part);
    }
    let count = text.chars().count();
    let Some(surname) = surname_length(text).filter(|_| text.chars().all(is_han)) else { return false };
    if !(surname + 1..=surname + 2).contains(&count) || LISTS.begins_as_no_name(text) || is_place(text) {
        return false;
    }
    // A given name of one character asks for a surname that opens no words.
    let (left, least) = if count == surname + 1 { (Left::Weak, 4) } else { (Left::Border, 5) };
    let is_usual = |judged: judge::Judged| judged.usual && judged.weight >= least;
    judge(text, text.len(), surname, left).is_some_and(is_usual) && !LISTS.is_no_name(text)
}

/// `宁波`, `海宁`: a town is no person.
fn is_place(text: &str) -> bool {
    PLACES.lines().flat_map(|line| line.split([' ', '\t'])).any(|place| {
        place
            .strip_prefix(text)
            .is_some_and(|rest| rest.is_empty() || matches!(rest, "市" | "省" | "区" | "县"))
    })
}

const PLACES: &str = include_str!("../../lexicon/prose/places.tsv");

/// Whether names in other tongues are written with the character.
fn is_foreign(c: char) -> bool {
    LISTS.is(c, role::FOREIGN) || LISTS.is(c, role::GIVEN)
}

/// Whether a whole value can be a name when the record around it is a person's: two to four Chinese characters, a
/// minority's name, or letters only.
pub(crate) fn may_be_name(text: &str) -> bool {
    let text = text.trim();
    let count = text.chars().count();
    let chinese = text.chars().all(|c| is_han(c) || matches!(c, '·' | '•' | '*'));
    let latin =
        text.chars().all(|c| c.is_alphabetic() && !is_han(c) || matches!(c, ' ' | '.' | '\'' | '-' | ','));
    (chinese && (2..=4).contains(&count) && !LISTS.begins_as_no_name(text))
        || (chinese && text.contains(['·', '•']) && count <= 24)
        || (latin && (2..=48).contains(&count))
}

/// `Zhang San`, `ZHANG SANFENG`, `John Q. Public`: two to four words with capitals.
fn is_latin_name(text: &str) -> bool {
    let words: usize = text.split([' ', ',']).filter(|word| !word.is_empty()).count();
    (2..=4).contains(&words)
        && text.len() <= 48
        && text.split([' ', ',']).filter(|word| !word.is_empty()).all(|word| {
            word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '\'' | '-'))
        })
}

/// Whether names begin with the character.
pub(crate) fn may_begin(c: char) -> bool {
    LISTS.is(c, role::SURNAME)
}

/// The length of the name at the start of `text`, behind a label that announces one.
pub(crate) fn announced(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_ascii_alphabetic() {
        let length = head(text, 48, |c| c.is_ascii_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'));
        let latin = text.get(..length)?.trim_end();
        return is_latin_name(latin).then_some(latin.len());
    }
    let run = head(text, 24, |c| is_han(c) || matches!(c, '·' | '•' | '*'));
    let run = text.get(..run)?;
    if run.contains(['·', '•']) {
        return Some(run.len());
    }
    let titled = LISTS.titles.iter().any(|title| run.ends_with(title));
    if (2..=4).contains(&run.chars().count()) && is_name(run) && !titled {
        return Some(run.len());
    }
    if let Some(judged) = name_at(run, Left::Labelled) {
        return Some(judged.length);
    }
    // `客户：陈怼怼经过`: who is announced is named, in whatever characters.
    let surname = surname_length(run)?;
    let given = run.char_indices().nth(surname).and_then(|(at, _)| run.get(at..)).unwrap_or_default();
    let titled = LISTS.titles.iter().any(|title| given.starts_with(title));
    if titled || LISTS.begins_as_no_name(run) || starts_doubtfully(run) {
        return None;
    }
    let end_of = |characters: usize| run.char_indices().nth(characters - 1).map(|(at, c)| at + c.len_utf8());
    end_of(surname + 2).or(end_of(surname + 1))
}

/// Appends the people that running text names.
pub(crate) fn find(text: &str, cues: Cues, hits: &mut Vec<Hit>) {
    let first = hits.len();
    once(text, hits);
    surnames(text, hits);
    if cues.has(mark::LINE) {
        answers(text, hits);
    }
    if cues.has(mark::LINE | mark::DASH) {
        signatures(text, hits);
    }
    if hits.len() > first {
        again(text, first, hits);
    }
}

/// `我姓呼延`: a surname that is said to be one.
fn surnames(text: &str, hits: &mut Vec<Hit>) {
    for at in memmem::find_iter(text.as_bytes(), "姓") {
        let Some((left, right)) = text.split_at_checked(at) else { continue };
        let rest = right.get("姓".len()..).unwrap_or_default();
        let is_said = ["我", "免贵", "本人", "敝", "她", "他"].iter().any(|word| left.ends_with(word));
        if let Some(length) = surname_length(rest)
            .filter(|_| is_said)
            .and_then(|count| rest.char_indices().nth(count).map(|(at, _)| at).or(Some(rest.len())))
        {
            push(at + "姓".len(), length, 70, hits);
        }
    }
}

/// `请问户名是？`, and on the next line whoever answers says it.
fn answers(text: &str, hits: &mut Vec<Hit>) {
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let (Some(asked), Some(answer)) = (text.get(..end), text.get(end + 1..)) else { continue };
        let asked = tail(asked, 24, |c| c != '\n').trim_end_matches(['？', '?', '。', ' ', '\r', '吗', '呢']);
        let asks =
            ["户名", "姓名", "名字", "贵姓", "称呼", "叫什么", "户名是", "姓名是", "名字是", "本人姓名"]
                .iter()
                .any(|word| asked.ends_with(word) || asked.ends_with("一下") && asked.contains(word));
        if !asks {
            continue;
        }
        let line = answer.get(..head(answer, 48, |c| c != '\n')).unwrap_or_default();
        let said = line.rsplit(['：', ':', '>', ']', ' ']).next().unwrap_or_default();
        let name = said.trim_matches(|c| is_border(c) || c == '我' || c == '叫' || c == '是');
        if is_name(name) {
            let start = end + 1 + line.len() - said.len() + said.find(name).unwrap_or_default();
            push(start, name.len(), 70, hits);
        }
    }
}

/// `此致⏎敬礼⏎闻一夕`, `……损失四千元——宓子贱`: whoever ends a letter with nothing but a name.
fn signatures(text: &str, hits: &mut Vec<Hit>) {
    let mut sign = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let skip = head(rest, 8, is_border);
        let line = rest.get(skip..).unwrap_or_default();
        let length = head(line, 5, is_han);
        let behind = line.get(length..).and_then(|rest| rest.chars().next());
        if behind.is_none_or(|c| matches!(c, '\n' | '\r' | ' ' | '。'))
            && !VALEDICTIONS.iter().any(|word| line.starts_with(word))
            && line.get(..length).is_some_and(|name| is_name(name) && !ends_in_role(name))
        {
            push(from + skip, length, 70, hits);
        }
    };
    for at in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let left =
            text.get(..at).unwrap_or_default().trim_end_matches(['\r', ' ', '。', '！', '，', '!', ',']);
        if VALEDICTIONS.iter().any(|word| left.ends_with(word)) {
            sign(at + 1);
        }
    }
    // The last line, behind a sentence.
    if let Some(end) = memchr::memrchr(b'\n', text.trim_end().as_bytes()) {
        let line = text.get(end + 1..).unwrap_or_default().trim();
        let given = line.chars().skip(1).all(|c| LISTS.is(c, role::GIVEN));
        let ends = text.get(..end).is_some_and(|left| left.trim_end().ends_with(['。', '！', '~', '，']));
        if ends
            && given
            && surname_length(line).is_some()
            && !starts_doubtfully(line)
            && !LISTS.ends_with_word(line)
        {
            sign(end + 1);
        }
    }
    // Two dashes of Chinese print are folded to one.
    let dash = memchr::memrchr(b'-', text.as_bytes()).filter(|at| text.len() - at <= 1 + 4 * 3);
    if let Some(at) = dash.filter(|at| text.get(..*at).is_some_and(|left| left.ends_with(is_han))) {
        sign(at + 1);
    }
}

/// What letters end with before the name.
const VALEDICTIONS: &[&str] = &[
    "敬礼", "谢谢", "祝好", "敬上", "商祺", "此致", "多谢", "感谢", "拜托", "台安", "顺祝", "秋安", "夏安",
    "冬安", "春安",
];

/// Whoever is named in one sentence is so in the next, though nothing there announces it.
fn again(text: &str, first: usize, hits: &mut Vec<Hit>) {
    let mut known: [&str; MOST_KNOWN] = [""; MOST_KNOWN];
    let mut count = 0;
    for hit in hits.get(first..).unwrap_or_default() {
        let name = text.get(hit.start..hit.end).unwrap_or_default();
        // Two characters may be a word elsewhere.
        let is_telling = name.chars().count() > 2 || !LISTS.ends_with_word(name);
        if name.chars().count() < 2 || !is_telling || known.contains(&name) {
            continue;
        }
        let Some(slot) = known.get_mut(count) else { break };
        *slot = name;
        count += 1;
    }
    let mut starts: Vec<usize> = hits.iter().skip(first).map(|hit| hit.start).collect();
    starts.sort_unstable();
    for name in known.iter().take(count) {
        for at in memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()) {
            if starts.binary_search(&at).is_err() {
                push(at, name.len(), 60, hits);
            }
        }
    }
}

/// How many names of one text are looked for again, so that a hostile text costs no more than its length.
const MOST_KNOWN: usize = 8;

/// Appends the people that something beside them shows to be such.
fn once(text: &str, hits: &mut Vec<Hit>) {
    let lists = &*LISTS;
    let mut done = at_border(text, 0, hits);
    let mut characters = text.char_indices().map(|(at, c)| (at, c, lists.roles(c))).peekable();
    while let Some((at, c, roles)) = characters.next() {
        if roles & role::TITLE != 0 && at >= done {
            titled(text, at, hits);
        } else if matches!(c, '·' | '•') {
            dotted::find(text, at, hits);
        }
        // Whatever stands before it, a name begins with a surname.
        let Some((next, _, ahead)) = characters.peek().copied() else { break };
        if ahead & (role::SURNAME | role::AHEAD) == 0 || next < done {
            continue;
        }
        let found = (roles & role::BEFORE != 0).then(|| announced_at(text, next, hits)).flatten();
        if let Some(end) = found {
            done = end;
            continue;
        }
        if ahead & role::SURNAME == 0 {
            continue;
        }
        if roles & role::PREPOSITION != 0 || is_border(c) {
            done = done.max(at_border(text, next, hits));
        }
        if next >= done && is_han(c) {
            done = done.max(after_word(text, next, hits));
        }
    }
}

/// The name behind a word that announces one and ends here, and the names joined to it; says where they end.
fn announced_at(text: &str, at: usize, hits: &mut Vec<Hit>) -> Option<usize> {
    let (left, right) = text.split_at_checked(at)?;
    let (word, weak) = LISTS.announcing(left)?;
    // `共和国`: the word is the beginning of another.
    let mut meets = word.chars().chain(right.chars().next());
    if let (Some(first), Some(second), None) = (meets.next(), meets.next(), meets.next())
        && LISTS.is_word(first, second)
    {
        return None;
    }
    // `汇款人为全智慧`, `联系人是李四`; `客户是…` announces nobody.
    let is_mark = |c: char| AHEAD_MARKS.contains(c);
    let skip = head(right, 3, |c| is_mark(c) || (!weak && AHEAD_WORDS.contains(c)));
    let colon = right.get(..skip).is_some_and(|mark| mark.contains([':', '：']));
    let strength = match (weak, colon) {
        (_, true) => Left::Labelled,
        (true, false) => Left::Weak,
        (false, false) => Left::Strong,
    };
    let found = |skip: usize| Some((skip, name_at(right.get(skip..)?, strength)?));
    let Some((skip, judged)) = found(skip).or_else(|| found(head(right, 3, is_mark)).filter(|_| skip > 0))
    else {
        let length = right.get(skip..).and_then(alone).filter(|_| strength > Left::Weak)?;
        return Some(joined(text, push(at + skip, length, 70, hits), hits));
    };
    // `发现金红利`: the first character of the name ends a word that begins in what announces it.
    let crosses = || {
        let (last, first) = (word.chars().next_back(), right.chars().next());
        skip == 0 && matches!((last, first), (Some(last), Some(first)) if LISTS.is_word(last, first))
    };
    if weak && judged.right < Right::Deed && crosses() {
        return None;
    }
    Some(joined(text, push(at + skip, judged.length, 75, hits), hits))
}

/// `委托人褚时健康，`: who is announced and named between marks bears a name, though it is an unusual one.
fn alone(text: &str) -> Option<usize> {
    let length = head(text, 5, is_han);
    let (name, rest) = text.split_at_checked(length)?;
    let ends = rest.chars().next().is_none_or(is_border);
    let mut chars = name.chars();
    let (first, second) = (chars.next()?, chars.next()?);
    let surname = surname_length(name)?;
    let given = name.chars().count().checked_sub(surname)?;
    let is_plain = !name.chars().skip(surname).any(|c| LISTS.is(c, role::NEVER));
    let is_none = LISTS.is_word(first, second) && surname == 1
        || LISTS.begins_as_no_name(name)
        || LISTS.titles.iter().any(|title| name.ends_with(title))
        || LISTS.is(first, role::SMALL | role::DOUBTFUL)
        || ends_in_role(name);
    (ends && is_plain && !is_none && (1..=3).contains(&given)).then_some(length)
}

/// The name, or list of names, at a border; says where it ends.
fn at_border(text: &str, at: usize, hits: &mut Vec<Hit>) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let before = text.get(..at).and_then(|left| left.chars().next_back()).unwrap_or_default();
    // `中高端`, `将军`: the preposition and the surname are one word.
    if !rest
        .chars()
        .next()
        .is_some_and(|first| LISTS.is(first, role::SURNAME) && !LISTS.is_word(before, first))
    {
        return at;
    }
    let before = text.get(..at).unwrap_or_default();
    // `、` behind something that was no name.
    let listed = before.ends_with('、') && hits.last().is_none_or(|last| last.end + '、'.len_utf8() != at);
    let side = if is_labelled(before) || before.ends_with('@') || is_users_field(before) {
        Left::Labelled
    } else {
        Left::Border
    };
    if let Some(judged) = name_at(rest, side) {
        // `常青科技、金海通`: what one other thing of a list is, all are.
        let goes_on = rest.get(judged.length..).unwrap_or_default();
        let others =
            goes_on.starts_with('、') && name_at(goes_on.trim_start_matches('、'), Left::Weak).is_none();
        if judged.right >= Right::Deed || !(listed || others) {
            return joined(text, push(at, judged.length, 66, hits), hits);
        }
        return at;
    }
    let first = hits.len();
    let mut end = at;
    let mut weight = 0;
    // Whether what the last mark of the list joins is a name as well.
    let mut ends_well = true;
    while let Some(judged) = text.get(end..).and_then(|rest| name_at(rest, Left::Weak)) {
        let behind = end + judged.length;
        // What a list needs: given names that are such, behind surnames of which most are nothing else.
        weight += judged.weight;
        push(end, judged.length, 64, hits);
        end = behind;
        let Some(join) = join(text.get(behind..).unwrap_or_default()) else { break };
        ends_well = text.get(behind + join..).is_some_and(|next| name_at(next, Left::Weak).is_some());
        if hits.len() - first >= LONGEST_LIST {
            break;
        }
        end += join;
    }
    let count = hits.len() - first;
    let named = i32::try_from(count).unwrap_or(i32::MAX);
    if count < 2 || weight < 4 * named - 1 || listed || !(ends_well || count >= LONGEST_LIST) {
        hits.truncate(first);
        return at;
    }
    hits.last().map_or(at, |last| last.end)
}

/// `login failed user=杨超`: whether the text ends with a field that says who did it.
fn is_users_field(text: &str) -> bool {
    let Some(left) = text.strip_suffix(['=', ':', '"', '\'']) else { return false };
    let name = tail(left.trim_end_matches(['=', ':', '"', '\'', ' ']), 16, |c| {
        c.is_ascii_alphanumeric() || c == '_'
    });
    ["user", "operator", "customer", "client", "investor", "owner", "payee", "payer", "teller"]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether the text ends with a colon behind a word for a person: `预约人：`, `复核员：`.
fn is_labelled(text: &str) -> bool {
    let Some(label) = text.trim_end().strip_suffix([':', '：']) else { return false };
    let mut last = label.trim_end_matches([')', '）']).chars().rev();
    matches!(last.next(), Some('人' | '员' | '者' | '师')) && last.next().is_some_and(is_han)
}

/// The name behind a word that announces nobody: `冒用楼南光身份证`. Says where it ends.
fn after_word(text: &str, at: usize, hits: &mut Vec<Hit>) -> usize {
    let Some((left, rest)) = text.split_at_checked(at) else { return at };
    let (Some(before), Some(first)) = (left.chars().next_back(), rest.chars().next()) else { return at };
    let ends = || {
        LISTS.ends_with_word(left)
            || (matches!(before, '人' | '者' | '员') && tail(left, 2, is_han).len() == 6)
    };
    if !LISTS.is(first, role::SURNAME) || !ends() || LISTS.is_word(before, first) {
        return at;
    }
    match name_at(rest, Left::AfterWord) {
        Some(judged) => joined(text, push(at, judged.length, 62, hits), hits),
        None => at,
    }
}

/// A list is judged by its first names; the others are read from where those end.
const LONGEST_LIST: usize = 8;

/// Appends the names that 和 or a comma of lists joins to the one that ends here; says where they end.
fn joined(text: &str, mut end: usize, hits: &mut Vec<Hit>) -> usize {
    let mut count = 1;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let Some(skip) = join(rest) else { return end };
        let Some(next) = rest.get(skip..) else { return end };
        let judged = name_at(next, Left::Weak).map(|judged| judged.length);
        let in_list = |length: &usize| rest.starts_with('、') && (count > 1 || *length >= 9);
        let Some(length) = judged.or_else(|| item(next).filter(in_list)) else {
            return end;
        };
        end = push(end + skip, length, 70, hits);
        count += 1;
    }
}

/// Among names, an item of two or three characters that begins with a surname is another.
fn item(text: &str) -> Option<usize> {
    let length = head(text, 5, is_han);
    let (item, rest) = text.split_at_checked(length)?;
    let ends = rest.chars().next().is_none_or(is_border);
    let surname = surname_length(item)?;
    let is_name = (surname + 1..=surname + 2).contains(&item.chars().count());
    (ends && is_name && !LISTS.is_anothers(item)).then_some(length)
}

/// The length of what joins the names of a list.
fn join(rest: &str) -> Option<usize> {
    ["以及", "、", "和", "与", "及", "跟", " → ", "→"]
        .iter()
        .find(|word| rest.starts_with(**word))
        .map(|word| word.len())
}

fn push(start: usize, length: usize, confidence: u8, hits: &mut Vec<Hit>) -> usize {
    hits.push(Hit { start, end: start + length, kind: Kind::Name, how: How::Text, confidence });
    start + length
}

/// What is no letter: a name may begin behind it.
fn is_border(c: char) -> bool {
    !is_han(c) && !c.is_ascii_alphanumeric() && !matches!(c, '·' | '•' | '*')
}

/// Appends the name that stands right before a personal number (`张三13800138000`, `'何霞', '139…'`).
pub(crate) fn before_number(text: &str, number: usize, hits: &mut Vec<Hit>) {
    let Some(left) = text.get(..number) else { return };
    let left = left.trim_end_matches(is_between);
    let run = tail(left, 8, is_han);
    let cut = left.len() - run.len();
    let cell = text.get(..cut).and_then(|before| before.chars().next_back()).is_none_or(is_border);
    let mut best: Option<(i32, usize)> = None;
    for (at, _) in run.char_indices() {
        let candidate = run.get(at..).unwrap_or_default();
        let Some(surname) = surname_length(candidate) else { continue };
        let given = candidate.chars().count().saturating_sub(surname);
        if !(1..=2).contains(&given) || LISTS.begins_as_no_name(candidate) || ends_in_role(candidate) {
            continue;
        }
        let before = left.get(..cut + at).unwrap_or_default();
        // With other Chinese before it, a name must show more of itself.
        let (side, more) = match at {
            0 if cell => (Left::Labelled, 0),
            _ if LISTS.announcing(before).is_some() => (Left::Weak, 0),
            _ => (Left::Weak, 1),
        };
        let margin = judge(candidate, candidate.len(), surname, side).map(|judged| judged.margin - more);
        if let Some(margin) = margin.filter(|margin| *margin >= 0)
            && best.is_none_or(|(so_far, _)| margin > so_far)
        {
            best = Some((margin, candidate.len()));
        }
    }
    if let Some((_, length)) = best {
        push(left.len() - length, length, 70, hits);
    }
}

/// Appends the name that fills the cell right behind a personal number (`13800138000,张三,`).
pub(crate) fn after_number(text: &str, number: usize, hits: &mut Vec<Hit>) {
    let Some(rest) = text.get(number..) else { return };
    let skip = head(rest, 4, is_between);
    let Some(judged) = rest.get(skip..).and_then(|cell| name_at(cell, Left::Weak)) else { return };
    let name = rest.get(skip..skip + judged.length).unwrap_or_default();
    let three_given = name.chars().count() == 3 && name.chars().skip(1).all(|c| LISTS.is(c, role::GIVEN));
    // Right behind the number anything may go on; a whole given name and an end are no accident.
    let is_apart = skip > 0 || judged.usual && judged.weight > 4;
    if judged.right >= Right::End && is_apart && (judged.margin > 0 || three_given) && !ends_in_role(name) {
        push(number + skip, judged.length, 65, hits);
    }
}

/// Appends the name before a mail address in angle brackets: `车晓 <chexiao@…>`, `"Zhang Wei" <…>`.
pub(crate) fn before_address(text: &str, address: usize, hits: &mut Vec<Hit>) {
    let Some(left) = text.get(..address).and_then(|left| left.strip_suffix('<')) else { return };
    let left = left.trim_end_matches([' ', '"', '\'', '”']);
    let shown =
        tail(left, 32, |c| is_han(c) || c.is_ascii_alphabetic() || matches!(c, '·' | ' ' | '.' | '-'));
    let shown = shown.trim_start();
    let count = shown.chars().count();
    let is_chinese = shown.chars().all(|c| is_han(c) || matches!(c, '·' | ' ')) && (2..=5).contains(&count);
    let is_shown = is_name(shown) || is_chinese && surname_length(shown).is_some() && !ends_in_role(shown);
    if is_shown && !LISTS.is_anothers(tail(shown, 2, is_han)) {
        push(left.len() - shown.len(), shown.len(), 72, hits);
    }
}

/// The investor's code in brackets behind a name: `糜竺（630626116）`.
pub(crate) fn code_behind(text: &str, end: usize) -> Option<Hit> {
    let rest = text.get(end..)?;
    let open = rest.chars().next().filter(|c| matches!(c, '（' | '('))?.len_utf8();
    let code = rest.get(open..)?;
    let digits = head(code, 13, |c| c.is_ascii_digit());
    let closes = code.get(digits..)?.starts_with(['）', ')', '，', ',', '；']);
    ((7..=12).contains(&digits) && closes).then_some(Hit {
        start: end + open,
        end: end + open + digits,
        kind: Kind::InvestorCode,
        how: How::Text,
        confidence: 60,
    })
}

/// Whether the text ends with a word that announces a person; and whether it is a weak one.
pub(crate) fn announces(text: &str) -> Option<bool> {
    LISTS.announcing(text).map(|(_, weak)| weak)
}

/// Whether the text begins with what often stands behind a person's name.
pub(crate) fn follows(text: &str) -> bool {
    LISTS.behind(text).is_some()
}

/// Marks that stand between the cells of a row.
fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '('
            | '（'
            | ':'
            | '：'
            | '-'
            | ','
            | '，'
            | '"'
            | '\''
            | '“'
            | '”'
            | '‘'
            | '’'
            | '|'
            | '\t'
            | ';'
            | '；'
            | '、'
            | '['
            | '【'
            | '<'
    )
}

/// `张经理13800138000` names nobody in full.
fn ends_in_role(name: &str) -> bool {
    ["经理", "主任", "老师", "总监", "律师", "师傅", "医生", "热线", "先生", "女士"]
        .iter()
        .any(|role| name.ends_with(role))
}

/// `张先生`, `欧阳锋女士`: the name before a title.
fn titled(text: &str, at: usize, hits: &mut Vec<Hit>) {
    let Some((left, right)) = text.split_at_checked(at) else { return };
    if LISTS.behind(right) != Some(Right::Title) {
        return;
    }
    let run = tail(left, 4, is_han);
    let cut = left.len() - run.len();
    if text.get(..cut).is_some_and(|before| before.ends_with(['·', '•'])) {
        return;
    }
    let mut best: Option<(i32, usize)> = None;
    let mut alone = None;
    for (at, _) in run.char_indices() {
        let candidate = run.get(at..).unwrap_or_default();
        let Some(surname) = surname_length(candidate) else { continue };
        if LISTS.begins_as_no_name(candidate) {
            continue;
        }
        let before = left.get(..cut + at).unwrap_or_default();
        match candidate.chars().count() - surname {
            0 => {
                // `取决于老师`: a small word is nobody's surname inside a sentence.
                let small = candidate.chars().all(|c| LISTS.is(c, role::SMALL));
                let free = before.chars().next_back().is_none_or(is_border);
                if !small || free || LISTS.announcing(before).is_some() {
                    alone = alone.max(Some(candidate.len()));
                }
            }
            1 | 2 => {
                let side = match before.chars().next_back() {
                    None => Left::Border,
                    Some(c) if is_border(c) || LISTS.is(c, role::PREPOSITION) => Left::Border,
                    _ if LISTS.announcing(before).is_some() => Left::Weak,
                    _ => Left::Nothing,
                };
                if let Some(judged) =
                    text.get(cut + at..).and_then(|text| judge(text, candidate.len(), surname, side))
                    && best.is_none_or(|(margin, _)| judged.margin > margin)
                {
                    best = Some((judged.margin, candidate.len()));
                }
            }
            _ => {}
        }
    }
    if let Some(length) = best.map(|(_, length)| length).or(alone) {
        push(left.len() - length, length, 75, hits);
    }
}

/// How many characters of the text are a surname.
fn surname_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let roles = LISTS.roles(first);
    if roles & role::COMPOUND != 0
        && text.get(..head(text, 2, is_han)).is_some_and(|two| LISTS.compound.contains(two))
    {
        return Some(2);
    }
    (roles & role::SINGLE != 0).then_some(1)
}

/// Surnames that open common words more often than names.
fn starts_doubtfully(text: &str) -> bool {
    text.chars().next().is_some_and(|first| LISTS.is(first, role::DOUBTFUL))
        && surname_length(text) != Some(2)
}

#[cfg(test)]
mod tests;
