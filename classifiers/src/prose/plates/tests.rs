use super::*;

fn found(text: &str) -> Vec<&str> {
    let mut hits = Vec::new();
    find(text, &mut hits);
    hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).collect()
}

#[test]
fn c8_plates_are_found_wherever_they_stand() {
    for (text, plate) in [
        ("车牌浙A8K2D3在地库", "浙A8K2D3"),
        ("沪C·D4567请放行", "沪C·D4567"),
        ("名下车辆粤BD12345已抵押", "粤BD12345"),
        ("京A12345", "京A12345"),
        ("苏E12345F到访", "苏E12345F"),
    ] {
        assert_eq!(found(text), [plate], "{text}");
    }
}

#[test]
fn c8_codes_behind_a_province_are_no_plates() {
    for text in [
        "沪A600519",
        "京ICP备12345678号",
        "沪A股",
        "浙ICP备",
        "新A12345678",
        "川投能源600674",
        "贵A1B",
        "粤B股2024",
    ] {
        assert!(found(text).is_empty(), "{text}");
    }
}
