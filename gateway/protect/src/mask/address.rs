//! Province, city, district.

use super::{Hidden, is_han};

/// What may stay of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    Province,
    City,
    District,
}

pub(super) fn hidden(value: &str, parts: Parts) -> Option<Hidden> {
    let rest = value.trim_start();
    let rest = rest.strip_prefix("中国").unwrap_or(rest);
    let mut province_end = 0;
    if let Some(province) = province(rest) {
        province_end = province + suffix(rest.get(province..).unwrap_or(""));
    }
    let city_end = province_end
        + part(
            rest.get(province_end..)?,
            |end| matches!(end, '市' | '州' | '盟'),
            |stop| matches!(stop, '区' | '县' | '路' | '街' | '号'),
        );
    if city_end == 0 {
        return None;
    }
    let district_end = city_end
        + part(
            rest.get(city_end..)?,
            |end| matches!(end, '区' | '县' | '旗' | '市'),
            |stop| matches!(stop, '路' | '街' | '号' | '乡' | '镇' | '村'),
        );
    // Where all of it is a region, its finest part is what it tells; something always hides.
    let mut ends = [district_end, city_end, province_end];
    match parts {
        Parts::District => {}
        Parts::City => ends[0] = city_end,
        // Where no province is named, what is named is finer.
        Parts::Province => ends = [province_end; 3],
    }
    let shown = ends.into_iter().find(|end| *end < rest.len()).filter(|end| *end > 0)?;
    Some(Hidden { from: value.len() - rest.len() + shown, to: value.len(), fill: 3 })
}

/// Bytes of the province's name that `text` begins with. The first two characters tell all provinces apart.
fn province(text: &str) -> Option<usize> {
    let first = text.as_bytes().first_chunk::<6>()?;
    let (provinces, _) = PROVINCES.as_bytes().as_chunks::<6>();
    provinces.iter().find(|province| *province == first)?;
    let longer = ["内蒙古", "黑龙江"].iter().find(|province| text.starts_with(**province));
    Some(longer.map_or(first.len(), |province| province.len()))
}

/// Bytes of what stands behind a province's name to say that it is one.
fn suffix(text: &str) -> usize {
    let longer = ["自治区", "特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区"];
    match text.chars().next() {
        Some(one @ ('省' | '市')) => one.len_utf8(),
        Some('自' | '特' | '维' | '壮' | '回') => {
            longer.iter().find(|suffix| text.starts_with(**suffix)).map_or(0, |suffix| suffix.len())
        }
        _ => 0,
    }
}

/// Bytes of the administrative part that `text` begins with; none when it begins with no such part. `ends` are the
/// characters it may end with, `stops` those with which something finer ends.
fn part(text: &str, ends: impl Fn(char) -> bool, stops: impl Fn(char) -> bool) -> usize {
    let mut before = None;
    for (count, (at, character)) in text.char_indices().take(LONGEST).enumerate() {
        if !is_han(character) {
            return 0;
        }
        // 市辖区 and 市中区 begin with what else ends a part, so one character is no name.
        if count > 0 && ends(character) {
            let is_region = !before.is_some_and(|before| NO_REGIONS.contains(&before));
            let end = at + character.len_utf8();
            // 杭州市 ends behind its 市.
            let more = text.get(end..).filter(|rest| character == '州' && rest.starts_with('市'));
            return if is_region { end + more.map_or(0, |_| '市'.len_utf8()) } else { 0 };
        }
        if count > 0 && stops(character) {
            return 0;
        }
        before = Some(character);
    }
    0
}

/// Longest name of a city or district in characters, its suffix counted in.
const LONGEST: usize = 9;

/// What stands before 区, 市 or 州 where no region is meant: 小区, 社区, 超市 …
const NO_REGIONS: [char; 20] = [
    '小', '社', '园', '校', '厂', '院', '库', '片', '街', '宅', '属', '活', '业', '超', '夜', '菜', '路',
    '号', '村', '栋',
];

/// The first two characters of each province, autonomous region, municipality and special administrative region.
const PROVINCES: &str = "北京天津河北山西内蒙辽宁吉林黑龙上海江苏浙江安徽福建江西山东河南湖北湖南广东广西海南重庆四川贵州\
云南西藏陕西甘肃青海宁夏新疆台湾香港澳门";
