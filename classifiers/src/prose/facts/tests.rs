use super::*;

fn found(text: &str) -> Vec<(&str, &'static str)> {
    let mut hits = Vec::new();
    find(text, Cues::of(text), &mut hits);
    hits.iter().filter_map(|hit| Some((text.get(hit.start..hit.end)?, hit.kind.id()))).collect()
}

#[test]
fn c8_sentences_say_ages_sums_and_illnesses() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("老人今年78岁，视力不好", &[("78", "basic.age")]),
        ("单先生（男，67岁）来访", &[("67", "basic.age")]),
        ("梁敏，42岁，企业主", &[("42", "basic.age")]),
        ("我转了5万元到账户", &[("5万", "trade.bank-transfer")]),
        ("您的资金账户于今日转入100000.00元", &[("100000.00", "trade.bank-transfer")]),
        ("尾号3321的账户支出人民币20,000.00元", &[("20,000.00", "trade.bank-transfer")]),
        ("客户申请转出30000元到银行卡", &[("30000", "trade.bank-transfer")]),
        ("我卡里8万块没了", &[("8万", "wealth.cash.balance")]),
        ("近20日日均资产52.3万元", &[("52.3万", "wealth.cash.balance")]),
        ("持仓市值约863421.90元", &[("863421.90", "wealth.position")]),
        ("患有高血压，行动不便", &[("高血压", "health.status")]),
        ("顺便提到自己有高血压", &[("高血压", "health.status")]),
        ("该客户67岁，已退休", &[("67", "basic.age")]),
        ("您尾号8890的账户卖出，成交金额32,560.00元", &[("32,560.00", "trade.fill")]),
        ("客户糜贞资产净流出1200万元", &[("1200万", "wealth.cash.balance")]),
    ];
    for (text, expect) in cases {
        assert_eq!(found(text), *expect, "{text}");
    }
}

#[test]
fn c8_conditions_and_markets_are_nobodys() {
    for text in [
        "年满18岁方可开户",
        "18岁以上70岁以下投资者",
        "今年18岁以下客户不得开户",
        "两市成交额1.2万亿元，较上日放量1203亿元",
        "北向资金净流入86.3亿元",
        "客户单日转出限额20万元，单笔转账5万元",
        "每10股派现金45.53元",
        "起购金额10000元",
        "患者权益保护",
        "高血压概念股走强，糖尿病用药集采落地",
        "公司有糖尿病新药在研",
        "客户18岁方可开户",
        "两市成交金额12,560.00亿元",
        "营业部接待客户35人次，资产净流入1,203万元",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
