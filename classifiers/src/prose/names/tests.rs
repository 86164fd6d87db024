use super::*;

fn named(text: &str) -> Vec<String> {
    let mut hits = Vec::new();
    find(text, &mut hits);
    let mut names: Vec<String> =
        hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).map(str::to_owned).collect();
    names.dedup();
    names
}

#[test]
fn people_are_found_beside_titles_and_verbs() {
    let cases: &[(&str, &[&str])] = &[
        ("客户张三丰来电咨询", &["张三丰"]),
        ("客户王五的账户", &["王五"]),
        ("联系人：李四", &["李四"]),
        ("投诉人刘晓明反映佣金过高", &["刘晓明"]),
        ("已告知陈静女士", &["陈静"]),
        ("致电赵六先生", &["赵六"]),
        ("张先生您好", &["张"]),
        ("回访诸葛亮，已确认", &["诸葛亮"]),
        ("经办人: 孙悦", &["孙悦"]),
        ("配偶周敏已知悉", &["周敏"]),
        ("投资者热依汗·阿不都来电", &["热依汗·阿不都"]),
        ("股东马超持有", &["马超"]),
    ];
    for (text, want) in cases {
        assert_eq!(named(text), *want, "{text}");
    }
}

#[test]
fn common_words_are_no_people() {
    let cases = [
        "客户经理将与您联系",
        "客户应当充分了解",
        "客户服务热线",
        "客户资料已更新",
        "客户向我司反映",
        "客户于昨日办理",
        "投资者关系管理",
        "投资者应该注意风险",
        "股东大会审议通过",
        "股东权益保护",
        "联系方式如下",
        "用户名或密码错误",
        "用户登录成功",
        "尊敬的客户",
        "会员单位",
        "联系客户确认",
        "通知公告",
        "告知书",
        "法人资格",
        "客户安全提示",
        "客户时常咨询",
        "投资者教育基地",
        "客户端版本过低",
        "请联系管理员",
        "贵州茅台股东人数减少",
        "持有人大会",
        "本人同意以上条款",
    ];
    for text in cases {
        assert_eq!(named(text), [] as [&str; 0], "{text}");
    }
}
