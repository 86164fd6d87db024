use crate::Classifier;

fn found(text: &str) -> Vec<&str> {
    let mut hits = Vec::new();
    Classifier::shipped().text(text, &mut hits);
    hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).collect()
}

#[test]
fn c8_spaced_names_are_found_whole() {
    for (text, name) in [
        ("客户何 志 强来电咨询", "何 志 强"),
        ("申请委托罗 勇代办", "罗 勇"),
        ("我叫欧 阳 玉 梅，想查余额", "欧 阳 玉 梅"),
        ("客户何　志　强，已核实身份", "何　志　强"),
        ("公司员工扎 西 · 次 仁，年收入不详", "扎 西 · 次 仁"),
    ] {
        assert_eq!(found(text), [name], "{text}");
    }
}

#[test]
fn c8_scans_space_their_labels_out() {
    let text = "姓 名 冯强\n性 别 女 民 族 满\n出 生 1997年11月28日\n住 址 湖北省武汉市洪山区解放路640号";
    assert_eq!(found(text), ["冯强", "女", "满", "1997年11月28日", "湖北省武汉市洪山区解放路640号"]);
}

#[test]
fn spaces_between_words_make_no_names() {
    for text in ["系统 升级 期间 暂停 服务", "高 风险 产品 单 笔 申购 上限", "产品名称 稳享 封闭 一年"]
    {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}
