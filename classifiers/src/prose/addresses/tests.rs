use super::*;

fn found(text: &str) -> Vec<&str> {
    let mut hits = Vec::new();
    find(text, &mut hits);
    hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).collect()
}

#[test]
fn addresses_are_cut_out() {
    let cases: &[(&str, &[&str])] = &[
        ("寄到上海市浦东新区世纪大道100号3楼", &["上海市浦东新区世纪大道100号3楼"]),
        ("客户住在广东省深圳市福田区深南大道2008号，请寄送", &["广东省深圳市福田区深南大道2008号"]),
        ("家住朝阳区建国路88号院3号楼502室", &["朝阳区建国路88号院3号楼502室"]),
        ("地址变更为杭州市西湖区文三路18号2单元301", &["杭州市西湖区文三路18号2单元301"]),
        ("现住幸福小区5栋1201室。", &["幸福小区5栋1201室"]),
    ];
    for (text, want) in cases {
        assert_eq!(&found(text), want, "{text}");
    }
}

#[test]
fn places_alone_are_no_addresses() {
    for text in [
        "上海市",
        "浙江省杭州市",
        "来自北京市朝阳区的客户",
        "第3号公告",
        "2026年第12号令",
        "路演活动于3号举行",
        "海南省自贸区建设",
        "上海证券交易所科创板",
        "合同编号第100号",
    ] {
        assert_eq!(found(text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn far_marks_are_not_one_address() {
    let filler = "客户表示对于本次业务办理的过程非常认可并且希望以后可以继续得到这样的服务".repeat(3);
    let text = format!("{filler}住在杭州市西湖区文三路18号{filler}青岛市的情况{filler}");
    assert_eq!(found(&text), ["杭州市西湖区文三路18号"]);
}
