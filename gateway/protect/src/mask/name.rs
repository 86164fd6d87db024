//! Surname of a Chinese name, first letter of any other.

use super::{FILL, is_han};

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let characters = || value.chars().filter(|character| !character.is_whitespace());
    let count = characters().count();
    let first = characters().next()?;
    if characters().all(is_han) {
        let compound = count > 2 && is_compound(characters());
        let shown = 1 + usize::from(compound);
        // One character is no surname and given name; a long text is no name.
        if count <= shown || count > LONGEST {
            return None;
        }
        out.extend(characters().take(shown));
        out.extend(std::iter::repeat_n(FILL, count - shown));
        return Some(());
    }
    let is_name = |character: char| character.is_alphabetic() || "·•.'’-,".contains(character);
    if count < 2 || count > LONGEST_LATIN || !characters().all(is_name) || !first.is_alphabetic() {
        return None;
    }
    // The parts of the name and their lengths would tell more than the letter should.
    out.push(first);
    super::nothing(3, out);
    Some(())
}

/// Longest name written in Chinese characters alone, a compound surname and a married one counted in.
const LONGEST: usize = 6;
const LONGEST_LATIN: usize = 64;

/// Whether a name begins with a surname of two characters.
fn is_compound(mut characters: impl Iterator<Item = char>) -> bool {
    let (first, second) = (characters.next(), characters.next());
    let mut surnames = SURNAMES.chars();
    while let Some(surname) = surnames.next() {
        let given = surnames.next();
        if Some(surname) == first && given == second {
            return true;
        }
    }
    false
}

/// Surnames of two characters, end to end.
const SURNAMES: &str = "\
    欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊\
    赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文\
    司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正\
    宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘\
    左丘西门";
