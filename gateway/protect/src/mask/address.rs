//! Province, city, district.

use super::is_han;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let rest = value.trim_start();
    let rest = rest.strip_prefix("中国").unwrap_or(rest);
    let mut shown = 0;
    if let Some(province) = PROVINCES.iter().find(|province| rest.starts_with(**province)) {
        shown = province.len();
        let suffixes = ["特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"];
        let tail = rest.get(shown..).unwrap_or("");
        shown += suffixes.iter().find(|suffix| tail.starts_with(**suffix)).map_or(0, |suffix| suffix.len());
    }
    shown += part(rest.get(shown..)?, &["自治州", "地区", "市", "盟"]);
    if shown == 0 {
        return None;
    }
    shown += part(rest.get(shown..)?, &["自治县", "区", "县", "旗", "市"]);
    if rest.get(shown..)?.is_empty() {
        // All of it is a region: nothing was hidden, nor needs to be.
        out.push_str(rest);
        return Some(());
    }
    out.push_str(rest.get(..shown)?);
    super::nothing(3, out);
    Some(())
}

/// Bytes of the administrative part that `text` begins with; none when it begins with no such part.
fn part(text: &str, suffixes: &[&str]) -> usize {
    let text = text.trim_start_matches(' ');
    let longest = text.char_indices().take_while(|(_, character)| is_han(*character)).take(LONGEST);
    for (at, _) in longest.skip(1) {
        let Some((name, tail)) = text.split_at_checked(at) else { continue };
        if let Some(suffix) = suffixes.iter().find(|suffix| tail.starts_with(**suffix)) {
            let end = at + suffix.len();
            let is_region =
                !name.is_empty() && !NO_REGIONS.iter().any(|no| name.ends_with(*no) || tail.starts_with(*no));
            return if is_region { end } else { 0 };
        }
    }
    0
}

/// Longest name of a city or district in characters, its suffix counted in.
const LONGEST: usize = 9;

/// What stands before 区 or 市 where no region is meant: 小区, 社区, 超市 …
const NO_REGIONS: [&str; 20] = [
    "小", "社", "园", "校", "厂", "院", "库", "片", "街", "宅", "属", "活", "业", "超", "夜", "菜", "路",
    "号", "村", "栋",
];

/// Provinces, autonomous regions, municipalities and special administrative regions, without their suffix.
const PROVINCES: [&str; 34] = [
    "北京",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "上海",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "重庆",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
    "台湾",
    "香港",
    "澳门",
];
