use super::*;
use proptest::prelude::*;
use yingbi_policies::Region;

fn masked(mask: &Mask, value: &str) -> String {
    let mut out = String::new();
    text(mask, value, &mut out);
    out
}

fn keep(first: u8, last: u8) -> Mask {
    Mask::Keep { first, last, width: None, number: NumberMask::Text }
}

/// Of a qualified investor: three million.
fn at_least(number: NumberMask) -> Mask {
    Mask::AtLeast { least: 3_000_000, number }
}

fn wide(first: u8, last: u8, width: u8) -> Mask {
    Mask::Keep { first, last, width: Some(width), number: NumberMask::Text }
}

#[test]
fn t1_masks_have_the_customary_form() {
    struct Case {
        mask: Mask,
        value: &'static str,
        expect: &'static str,
    }
    let case = |mask: Mask, value, expect| Case { mask, value, expect };
    let cases = [
        case(Mask::Fixed { width: 6, number: NumberMask::Zero }, "x", "******"),
        case(keep(3, 4), "13800138000", "138****8000"),
        case(keep(3, 4), "138 0013 8000", "138 **** 8000"),
        case(keep(3, 4), "１３８００１３８０００", "１３８****８０００"),
        case(keep(0, 4), "80001234", "****1234"),
        case(keep(3, 2), "110101199003078515", "110*************15"),
        case(wide(4, 4, 4), "6222021234567890123", "6222****0123"),
        case(wide(4, 4, 4), "6222 0212 3456 7890", "6222 ****7890"),
        // Short values show their end only, up to half, and never all.
        case(keep(3, 4), "1234567", "****567"),
        case(keep(3, 4), "1234", "**34"),
        case(keep(3, 4), "12", "*2"),
        case(keep(3, 4), "1", "*"),
        case(keep(3, 0), "1234", "****"),
        case(keep(3, 4), " - ", "********"),
        case(Mask::Name, "张三丰", "张**"),
        case(Mask::Name, "张三", "张*"),
        case(Mask::Name, "欧阳锋", "欧阳*"),
        case(Mask::Name, "欧阳", "欧*"),
        case(Mask::Name, "张 三", "张*"),
        case(Mask::Name, "买买提·吐尔逊", "买***"),
        case(Mask::Name, "John Smith", "J***"),
        case(Mask::Name, "张", "********"),
        case(Mask::Name, "北京某某科技有限公司", "********"),
        case(Mask::Name, "13800138000", "********"),
        case(Mask::Phone, "010-88886666", "010-******66"),
        case(Mask::Phone, "0755-8888666", "0755-*****66"),
        case(Mask::Phone, "(021)88886666", "(021)******66"),
        case(Mask::Phone, "88886666", "******66"),
        case(Mask::Phone, "110", "********"),
        case(Mask::Phone, "0108888666", "010*****66"),
        case(Mask::Phone, "call me", "********"),
        case(Mask::Email, "zhangsan@example.com.cn", "z***@example.com.cn"),
        case(Mask::Email, "z@example.com", "***@example.com"),
        case(Mask::Email, "13800138000@13800138000.com", "********"),
        case(Mask::Email, "a@b@c.com", "********"),
        case(Mask::Email, "no mail", "********"),
        case(Mask::Address, "上海市浦东新区世纪大道100号", "上海市浦东新区***"),
        case(Mask::Address, "广东省深圳市南山区科技园1栋", "广东省深圳市南山区***"),
        case(Mask::Address, "广西壮族自治区南宁市青秀区民族大道1号", "广西壮族自治区南宁市青秀区***"),
        case(Mask::Address, "浙江杭州市西湖区文三路", "浙江杭州市西湖区***"),
        case(Mask::Address, "四川省凉山彝族自治州西昌市航天大道", "四川省凉山彝族自治州西昌市***"),
        case(Mask::Address, "北京市幸福小区5号楼", "北京市***"),
        case(Mask::Address, "北京海淀区学府市场路3号", "北京海淀区***"),
        case(Mask::Address, "幸福路1号", "********"),
        case(Mask::Address, "12 Main Street", "********"),
        // Of what is a region altogether, the finest part hides.
        case(Mask::Address, "江苏省", "********"),
        case(Mask::Address, "上海市浦东新区", "上海市***"),
        case(Mask::Address, "浙江省杭州市西湖区", "浙江省杭州市***"),
        case(Mask::Year, "1990-01-02", "1990-**-**"),
        case(Mask::Year, "19900102", "1990****"),
        case(Mask::Year, "1990年1月2日", "1990年*月*日"),
        case(Mask::Year, "02/01/1990", "**/**/1990"),
        case(Mask::Year, "1990-01-02T03:04:05Z", "1990-**-**T**:**:**Z"),
        case(Mask::Year, "1990", "1990"),
        case(Mask::Year, "1990010", "********"),
        case(Mask::Year, "1999123456789", "********"),
        case(Mask::Year, "yesterday", "********"),
        case(Mask::Month, "1990-01-02", "1990-01-**"),
        case(Mask::Month, "19900102", "199001**"),
        case(Mask::Month, "1990年1月2日", "1990年1月*日"),
        case(Mask::Month, "1990-01-02T03:04:05Z", "1990-01-**T**:**:**Z"),
        case(Mask::Month, "1990-13-02", "1990-**-**"),
        case(Mask::Month, "02/01/1990", "**/**/1990"),
        case(Mask::Month, "1990", "1990"),
        case(Mask::Month, "yesterday", "********"),
        case(Mask::Quarter, "1990-01-02", "1990-Q1"),
        case(Mask::Quarter, "19901231", "1990-Q4"),
        case(Mask::Quarter, "1990/4/2", "1990-Q2"),
        case(Mask::Quarter, "1990年10月2日", "1990-Q4"),
        case(Mask::Quarter, "02/01/1990", "**/**/1990"),
        case(Mask::Quarter, "1999123456789", "********"),
        case(Mask::AmountBand, "7372452.01", "1000000..10000000"),
        case(Mask::AmountBand, "7,372,452.01", "1000000..10000000"),
        case(Mask::AmountBand, "¥ 52", "********"),
        case(Mask::AmountBand, "¥52", "10..100"),
        case(Mask::AmountBand, "-52.5", "-100..-10"),
        case(Mask::AmountBand, "0.05", "0..1"),
        case(Mask::AmountBand, "-0.05", "0..1"),
        case(Mask::AmountBand, "737.2万元", "100..1000万元"),
        case(Mask::AmountBand, "7,37", "********"),
        case(Mask::AmountBand, "1e9", "********"),
        case(Mask::AmountBand, ".", "********"),
        case(Mask::AmountBand, "6222021234567890123", "********"),
        case(Mask::AmountBand, "about 5", "********"),
        case(at_least(NumberMask::Text), "7372452.01", "3000000.."),
        case(at_least(NumberMask::Text), "3000000", "3000000.."),
        case(at_least(NumberMask::Text), "2999999.99999999999999999999", "..3000000"),
        case(at_least(NumberMask::Text), "0002999999", "..3000000"),
        case(at_least(NumberMask::Text), "-7372452.01", "..3000000"),
        case(at_least(NumberMask::Text), "0", "..3000000"),
        case(at_least(NumberMask::Text), "¥7,372,452.01", "3000000.."),
        case(at_least(NumberMask::Text), "737.2万元", "3000000..元"),
        case(at_least(NumberMask::Text), "299.99999万元", "..3000000元"),
        case(at_least(NumberMask::Text), "0.03亿", "3000000.."),
        case(at_least(NumberMask::Text), "7.37245201E6", "3000000.."),
        case(at_least(NumberMask::Text), "3000000e-1", "..3000000"),
        case(at_least(NumberMask::Text), "1e-30", "..3000000"),
        // What can't be compared is not answered, either way.
        case(at_least(NumberMask::Text), "1e99", "********"),
        case(at_least(NumberMask::Text), "1e15", "********"),
        case(at_least(NumberMask::Text), "3e--6", "********"),
        case(at_least(NumberMask::Text), "HK$7372452", "********"),
        case(at_least(NumberMask::Text), "7372452%", "********"),
        case(at_least(NumberMask::Text), "7,37", "********"),
        case(at_least(NumberMask::Text), "about 5", "********"),
        case(at_least(NumberMask::Text), "6222021234567890123", "********"),
        case(at_least(NumberMask::Text), "", "********"),
        case(Mask::Region(Region::City), "浙江省杭州市西湖区文三路1号", "浙江省杭州市***"),
        case(Mask::Region(Region::City), "上海市浦东新区世纪大道100号", "上海市***"),
        case(Mask::Region(Region::Province), "浙江省杭州市西湖区文三路1号", "浙江省***"),
        case(Mask::Region(Region::Province), "杭州市西湖区文三路1号", "********"),
        case(Mask::Region(Region::Province), "浙江省", "********"),
        case(Mask::Region(Region::City), "330106", "330100"),
        case(Mask::Region(Region::Province), "330106", "330000"),
        case(Mask::Region(Region::City), "990106", "********"),
        case(Mask::AgeBand, "37", "30-39"),
        case(Mask::AgeBand, "37岁", "30-39岁"),
        case(Mask::AgeBand, "8周岁", "0-9周岁"),
        case(Mask::AgeBand, "+37", "********"),
        case(Mask::AgeBand, "370", "********"),
        case(Mask::Mac, "00:1A:2b:3C:4D:5E", "00:1A:2b:**:**:**"),
        case(Mask::Mac, "001A2b3C4D5E", "001A2b******"),
        case(Mask::Mac, "00:1A", "********"),
        case(Mask::Ip, "10.20.30.40", "10.20.*.*"),
        case(Mask::Ip, "10.20.30.40:443", "10.20.*.*"),
        case(Mask::Ip, "2001:db8::1", "2001:db8:*:*:*:*:*:*"),
        case(Mask::Ip, "10.20.30", "********"),
    ];
    for Case { mask, value, expect } in cases {
        assert_eq!(masked(&mask, value), expect, "{mask:?} of {value}");
    }
}

#[test]
fn numbers_stay_json() {
    let all = [
        keep(3, 4),
        wide(1, 1, 3),
        Mask::Fixed { width: 3, number: NumberMask::Null },
        Mask::Name,
        Mask::Phone,
        Mask::Email,
        Mask::Address,
        Mask::Year,
        Mask::Quarter,
        Mask::Month,
        Mask::AmountBand,
        at_least(NumberMask::Text),
        at_least(NumberMask::Null),
        Mask::Region(Region::City),
        Mask::Encrypt { to_subject: false, to_path: false, number: NumberMask::Text },
        Mask::HashToken { number: NumberMask::Null },
        Mask::Ff1,
        Mask::DateShift,
        Mask::AgeBand,
        Mask::Mac,
        Mask::Ip,
    ];
    for mask in all {
        for spelt in
            ["0", "-1", "19900102", "19901302", "37", "1e5", "3.7", "13800138000", "1234567890123456789012"]
        {
            let mut out = String::new();
            number(&mask, spelt, &mut out);
            assert!(
                serde_json::from_str::<serde::de::IgnoredAny>(&out).is_ok(),
                "{mask:?} of {spelt}: {out}"
            );
        }
    }
}

#[test]
fn t6_numbers_are_generalised_to_numbers() {
    let cases = [
        (Mask::AmountBand, "7372452.01", "1000000"),
        (Mask::AmountBand, "-52", "-10"),
        (Mask::AmountBand, "0.5", "0"),
        (Mask::AmountBand, "1e9", "0"),
        (Mask::AmountBand, "1234567890123456", "0"),
        (at_least(NumberMask::Text), "7372452.01", "\"3000000..\""),
        (at_least(NumberMask::Text), "2999999.99", "\"..3000000\""),
        (at_least(NumberMask::Text), "12345678901234567", "\"********\""),
        (at_least(NumberMask::Zero), "7372452.01", "0"),
        (at_least(NumberMask::Null), "7372452.01", "null"),
        (Mask::Month, "19900802", "199008"),
        (Mask::Quarter, "19900802", "199007"),
        (Mask::Year, "19900802", "1990"),
        (Mask::Month, "19901302", "0"),
        (Mask::Region(Region::City), "330106", "330100"),
        (Mask::Region(Region::Province), "330106", "330000"),
        (Mask::Region(Region::Province), "3301061", "0"),
    ];
    for (mask, spelt, expect) in cases {
        let mut out = String::new();
        number(&mask, spelt, &mut out);
        assert_eq!(out, expect, "{mask:?} of {spelt}");
    }
}

proptest! {
    /// At least half of a short value and a third of any is hidden, whatever the template asks for.
    #[test]
    fn kept_characters_never_show_the_value(value in "[0-9a-z张三]{1,24}", first in 0u8..12, last in 0u8..12, width in prop::option::of(0u8..9)) {
        let mask = Mask::Keep { first, last, width, number: NumberMask::Zero };
        let shown = masked(&mask, &value).chars().filter(|character| *character != FILL).count();
        let count = value.chars().count();
        prop_assert!(shown * 3 <= count * 2, "{shown} of {count}");
        prop_assert!(shown <= usize::from(first) + usize::from(last));
        prop_assert!(shown < count);
    }

    /// No four characters in a row from the part that a template hides ever show.
    #[test]
    fn hidden_parts_stay_hidden(
        given in "[一二三四五六七八九]{2,3}",
        local in "[a-z][b-z]{5,12}",
        street in "[甲乙丙丁戊己庚辛]{4,10}",
        date in "19[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])",
        digits in "[1-9]{8}",
    ) {
        let cases = [
            (Mask::Name, format!("张{given}"), given.clone()),
            (Mask::Email, format!("{local}@example.com"), local.chars().skip(1).collect()),
            (Mask::Address, format!("上海市黄浦区{street}路{digits}号"), format!("{street}路{digits}号")),
            (Mask::Year, date.clone(), date.chars().skip(4).collect()),
            (Mask::Phone, format!("010-{digits}"), digits.chars().take(6).collect()),
            (Mask::Mac, format!("0a0b0c{}", digits.chars().take(6).collect::<String>()), digits.chars().take(6).collect()),
        ];
        for (mask, value, hidden) in cases {
            let masked = masked(&mask, &value);
            let hidden: Vec<char> = hidden.chars().collect();
            for window in hidden.windows(4.min(hidden.len())) {
                let window: String = window.iter().collect();
                prop_assert!(!masked.contains(&window), "{mask:?} of {value}: {masked}");
            }
        }
    }

    #[test]
    fn anything_can_be_masked(value in "\\PC{0,40}") {
        for mask in [keep(3, 4), Mask::Name, Mask::Phone, Mask::Email, Mask::Address, Mask::Year, Mask::Quarter, Mask::Month, Mask::AmountBand, at_least(NumberMask::Text), Mask::Region(Region::Province), Mask::AgeBand, Mask::Mac, Mask::Ip, Mask::Ff1] {
            prop_assert!(!masked(&mask, &value).is_empty());
        }
    }
}
