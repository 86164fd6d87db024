//! Surname of a Chinese name, first letter of any other.

use super::{FILL, is_han};

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let characters = || value.chars().filter(|character| !character.is_whitespace());
    let count = characters().count();
    let first = characters().next()?;
    if characters().all(is_han) {
        let compound = count > 2 && SURNAMES.iter().any(|surname| characters().take(2).eq(surname.chars()));
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

/// Surnames of two characters.
const SURNAMES: [&str; 58] = [
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟",
    "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离",
    "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷",
    "公良", "漆雕", "乐正", "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里", "呼延", "东郭",
    "南门", "羊舌", "微生", "梁丘", "左丘", "西门",
];
