use super::*;
use crate::plan::table::{Rules, Table};
use crate::tests::{at, fixed, keep, path, scan_as, treat_as};
use crate::{Format, Uninspectable};
use yingbi_policies::{Binding, Path, Selector, Step, SubjectSelector, Treatment};
use yingbi_taxonomy::Kind;

mod lists;
mod properties;

fn xml(table: &Table, body: &str) -> String {
    let treated = treat_as(Format::Xml, table, body.as_bytes());
    let treated = treated.unwrap_or_else(|error| panic!("{error} in {body}"));
    String::from_utf8(treated.body).expect("UTF-8")
}

#[test]
fn t1_elements_attributes_and_text_are_treated_where_they_stand() {
    let table = Table::all(fixed());
    let cases = [
        ("<a><mobile>1</mobile></a>", "<a><mobile>****</mobile></a>"),
        ("<a mobile='1' x=\"1\"/>", "<a mobile='****' x=\"1\"/>"),
        ("<a mobile = \"1>2\"\n/>", "<a mobile = \"****\"\n/>"),
        ("<a><mobile type='home'>1</mobile></a>", "<a><mobile type='****'>****</mobile></a>"),
        // The root, a single text.
        ("<mobile>1</mobile>", "<mobile>****</mobile>"),
        (
            "<?xml version=\"1.0\"?>\n<a>\n <mobile >1</mobile >\n</a>\n",
            "<?xml version=\"1.0\"?>\n<a>\n <mobile >****</mobile >\n</a>\n",
        ),
        // Prefixes are no part of names, and what they are bound to is none.
        (
            "<s:a xmlns:s='urn:x' xmlns:mobile='urn:y'><s:mobile>1</s:mobile></s:a>",
            "<s:a xmlns:s='urn:x' xmlns:mobile='urn:y'><s:mobile>****</s:mobile></s:a>",
        ),
        ("<a s:mobile='1'/>", "<a s:mobile='****'/>"),
        ("<a><客户 身份='1'>x</客户></a>", "<a><客户 身份='****'>x</客户></a>"),
        // What a container's name says holds inside.
        ("<a><mobile><x>1</x><y z='2'/></mobile></a>", "<a><mobile><x>****</x><y z='****'/></mobile></a>"),
        // References and CDATA, around and within.
        ("<mobile>&#49;&amp;&#x32;3</mobile>", "<mobile>****</mobile>"),
        ("<mobile><![CDATA[1]]></mobile>", "<mobile><![CDATA[****]]></mobile>"),
        ("<mobile><![CDATA[1]]]]><![CDATA[>2]]></mobile>", "<mobile><![CDATA[****]]><![CDATA[]]></mobile>"),
        ("<a>13<![CDATA[80]]>0138&#48;00</a>", "<a>****<![CDATA[]]></a>"),
        ("<a>138<!-- x --><?y z?>00138000</a>", "<a>****<!-- x --><?y z?></a>"),
        ("<a>138<!-->x-->00138000</a>", "<a>****<!-->x--></a>"),
        ("<a>&#x31;3800138000,13800138001</a>", "<a>****,****</a>"),
        // Over child elements, and theirs by themselves.
        ("<p>138<b>0013</b>8000</p>", "<p>****<b></b></p>"),
        (
            "<p>call <b>13800138000</b> or <mobile>1</mobile>.</p>",
            "<p>call <b>****</b> or <mobile>****</mobile>.</p>",
        ),
        ("<p>x<i>13<b>80</b></i><b>013</b>8000</p>", "<p>x<i>****<b></b></i><b></b></p>"),
        (
            "<p>x<i>y<mobile>1</mobile></i>z<b k='>'/>13800138000</p>",
            "<p>x<i>y<mobile>****</mobile></i>z<b k='>'/>****</p>",
        ),
        // Tags may part what only looks like one text.
        ("<p>13800138000<b/>13800138001<b>1</b>13800138002</p>", "<p>****<b/>****<b>1</b>****</p>"),
        ("<p>13800138000<!-- -->13800138001</p>", "<p>****<!-- -->****</p>"),
        ("<p>&lt;a>x&lt;/a>13800138000<a>13800138001--></a></p>", "<p>&lt;a>x&lt;/a>****<a>****--></a></p>"),
        ("<p>{\"password\":\"x\"}<b>y</b></p>", "<p>{\"password\":\"****\"}<b>y</b></p>"),
        (
            "<r>&lt;a>x&lt;/a><![CDATA[13800138000]]>13800138000&lt;b/></r>",
            "<r>&lt;a>x&lt;/a><![CDATA[****]]>****&lt;b/></r>",
        ),
        // White space between elements is no text.
        ("<p><a>138</a> <b>00138000</b></p>", "<p><a>138</a> <b>00138000</b></p>"),
        // Comments, instructions, and what is commented out.
        ("<a><!-- call 13800138000 --><?x 13800138000?></a>", "<a><!-- call **** --><?x ****?></a>"),
        (
            "<!--13800138000--><a/><!-- <mobile>1</mobile> <b/> -->",
            "<!--****--><a/><!-- <mobile>****</mobile> <b/> -->",
        ),
        ("<?xml-stylesheet href='13800138000'?><a/>", "<?xml-stylesheet href='****'?><a/>"),
        // Documents in texts.
        ("<r>{\"mobile\":\"1\"}</r>", "<r>{\"mobile\":\"****\"}</r>"),
        ("<r a='{&quot;mobile&quot;:1}'/>", "<r a='{&quot;mobile&quot;:0}'/>"),
        ("<r>&lt;mobile&gt;1&lt;/mobile&gt;</r>", "<r>&lt;mobile&gt;****&lt;/mobile&gt;</r>"),
        (
            "<r><![CDATA[<?xml version='1.0'?><a><mobile>1</mobile></a>]]></r>",
            "<r><![CDATA[<?xml version='1.0'?><a><mobile>****</mobile></a>]]></r>",
        ),
        ("<r>bW9iaWxlIDEzODAwMTM4MDAw</r>", "<r>bW9iaWxlICoqKio=</r>"),
        ("<r>x=1&amp;mobile=2</r>", "<r>x=1&amp;mobile=****</r>"),
        // Nothing to be found.
        ("<a mobile=''/>", "<a mobile=''/>"),
        (
            "<a><mobile/><mobile></mobile><mobile><x/></mobile></a>",
            "<a><mobile/><mobile></mobile><mobile><x/></mobile></a>",
        ),
    ];
    for (body, expect) in cases {
        assert_eq!(xml(&table, body), expect, "{body}");
    }
}

#[test]
fn names_beside_values_are_names() {
    let table = Table::all(fixed());
    let cases = [
        ("<r><f name='mobile' value='1'/></r>", "<r><f name='mobile' value='****'/></r>"),
        ("<r><f name='mobile'>1</f></r>", "<r><f name='mobile'>****</f></r>"),
        (
            "<r><p key=' mobile：'><list><v>1</v></list></p></r>",
            "<r><p key=' mobile：'><list><v>****</v></list></p></r>",
        ),
        (
            "<m><name>mobile</name><value><string>1</string></value></m>",
            "<m><name>mobile</name><value><string>****</string></value></m>",
        ),
        ("<c type='mobile'>1</c>", "<c type='mobile'>****</c>"),
        (
            "<c><n:key>mob&#105;le</n:key><n:value>1</n:value></c>",
            "<c><n:key>mob&#105;le</n:key><n:value>****</n:value></c>",
        ),
        // It says what is beside it in the record.
        (
            "<r><f name='mobile' value='1'/><name>x</name></r>",
            "<r><f name='mobile' value='****'/><name>****</name></r>",
        ),
        // No name of anything.
        ("<f name='other' value='1'/>", "<f name='other' value='1'/>"),
        ("<f name='mobile' other='1'/>", "<f name='mobile' other='1'/>"),
        // The element's own name says more.
        ("<r><address type='mobile'>x</address></r>", "<r><address type='****'>****</address></r>"),
        // A name that denies.
        ("<f name='stock_name' value='13800138000'/>", "<f name='stock_name' value='13800138000'/>"),
    ];
    for (body, expect) in cases {
        assert_eq!(xml(&table, body), expect, "{body}");
    }
}

#[test]
fn e1_each_value_is_counted_once() {
    let table = Table::all(fixed());
    let cases = [
        ("<a><mobile>1</mobile></a>", 1),
        ("<a><![CDATA[13800138000]]></a>", 1),
        ("<a><![CDATA[{\"mobile\":1}]]></a>", 1),
        ("<a>x 13800138000 <b>13800138001</b> 13800138002</a>", 3),
        ("<a>138<b>00138000</b></a>", 1),
        ("<a mobile='1'>13800138000<!-- 13800138001 --></a>", 3),
    ];
    for (body, expect) in cases {
        let treated = treat_as(Format::Xml, &table, body.as_bytes()).expect("treatable");
        assert_eq!(treated.summary.masked.values().sum::<u64>(), expect, "{body}");
    }
}

#[test]
fn information_in_names_is_treated() {
    let table = Table::all(fixed());
    let cases = [
        ("<a><m13800138000>x</m13800138000></a>", "<a><m____>x</m____></a>"),
        ("<a><m13800138000 b='c'><d/></m13800138000 ></a>", "<a><m____ b='c'><d/></m____ ></a>"),
        ("<a><m13800138000/></a>", "<a><m____/></a>"),
        ("<m13800138000><m13800138000></m13800138000></m13800138000>", "<m____><m____></m____></m____>"),
        // Two attributes may not come out the same.
        ("<a b='1' m13800138000='x' m13800138001='y'/>", "<a b='1'/>"),
    ];
    for (body, expect) in cases {
        assert_eq!(xml(&table, body), expect, "{body}");
    }
    // A prefix stands in many places.
    assert!(treat_as(Format::Xml, &table, b"<m13800138000:a/>").is_err());
    assert!(treat_as(Format::Xml, &table, b"<a xmlns:m13800138000='urn:x'/>").is_err());
}

#[test]
fn what_is_left_out_takes_its_element_along() {
    let table = Table::all(Treatment::Drop);
    let cases = [
        ("<a><b>x</b><mobile>1</mobile><c>y</c></a>", "<a><b>x</b><c>y</c></a>"),
        ("<a><mobile>1</mobile></a>", "<a></a>"),
        ("<a><mobile x=''>1</mobile>\n</a>", "<a>\n</a>"),
        ("<a x='y' mobile='1' z='w'/>", "<a x='y' z='w'/>"),
        ("<a\n mobile='1'\n/>", "<a\n/>"),
        ("<mobile>1</mobile>", "<mobile></mobile>"),
        ("<a>13800138000</a>", "<a></a>"),
        ("<r><address>x<b>y</b></address></r>", "<r><address></address></r>"),
        ("<a><!--13800138000--></a>", "<a><!----></a>"),
        // In the midst of a text only a mask can stand.
        ("<a>call 13800138000</a>", "<a>call ********</a>"),
    ];
    for (body, expect) in cases {
        assert_eq!(xml(&table, body), expect, "{body}");
    }
}

#[test]
fn masks_can_not_become_markup() {
    let table = Table::all(keep(2, 2));
    let cases = [
        ("<mobile>&lt;&quot;345678&gt;&amp;</mobile>", "<mobile>&lt;&quot;******&gt;&amp;</mobile>"),
        ("<a mobile=\"&quot;'345678&gt;&amp;\"/>", "<a mobile=\"&quot;'******&gt;&amp;\"/>"),
        ("<mobile><![CDATA[<&345678>]]]></mobile>", "<mobile><![CDATA[<&******>]]]></mobile>"),
        ("<mobile>]]345678]]</mobile>", "<mobile>]]******]]</mobile>"),
    ];
    for (body, expect) in cases {
        assert_eq!(xml(&table, body), expect, "{body}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let table = Table::all(fixed());
    let cases = [
        // What defines entities, and what uses them.
        ("<!DOCTYPE a [<!ENTITY b \"13800138000\">]><a>&b;</a>", 0),
        ("<!DOCTYPE a SYSTEM \"http://127.0.0.1/x\"><a/>", 0),
        ("<?xml version='1.0'?><!DOCTYPE a><a/>", 21),
        ("<a>&b;</a>", 3),
        ("<a>&nbsp;</a>", 3),
        ("<a b='&c;'/>", 6),
        ("<a>&#0;</a>", 3),
        ("<a>&#xd800;</a>", 3),
        ("<a>&#+48;</a>", 3),
        ("<a>& </a>", 3),
        ("<a>&#48</a>", 3),
        // Tags.
        ("", 0),
        ("  ", 2),
        ("13800138000", 0),
        ("<a>", 3),
        ("<a><b></a></b>", 6),
        ("<a></A>", 3),
        ("<a></a><b/>", 7),
        ("<a/>x", 4),
        ("x<a/>", 0),
        ("<a/><![CDATA[x]]>", 4),
        ("</a>", 0),
        ("<a/", 2),
        ("<a", 2),
        ("<1/>", 1),
        ("< a/>", 1),
        ("<a><!b></a>", 3),
        // Attributes.
        ("<a b='1' b='2'/>", 9),
        ("<a b/>", 4),
        ("<a b=1/>", 5),
        ("<a b='1'c='2'/>", 8),
        ("<a b='<'/>", 6),
        ("<a b='1/>", 5),
        // Comments, CDATA, instructions.
        ("<a><!-- x -- y --></a>", 10),
        ("<a><!-- x ---></a>", 10),
        ("<a><!-- x</a>", 3),
        ("<a><![CDATA[x</a>", 3),
        ("<a>]]></a>", 3),
        ("<a><?x</a>", 3),
        ("<a><?1?></a>", 3),
        ("<a/><?xml version='1.0'?>", 4),
        ("<?XML version='1.0'?><a/>", 0),
        ("<?xml version='1.0' encoding='x13800138000'?><a/>", 0),
        ("<?xml version='13800138000'?><a/>", 0),
        ("<?xml version='1.0' x='13800138000'?><a/>", 0),
        ("<?m13800138000 x?><a/>", 0),
        ("<?x!y?><a/>", 0),
        // Characters that are none.
        ("<a>\0</a>", 3),
        ("<a>\u{b}</a>", 3),
        ("<a>\u{ffff}</a>", 3),
        ("<\0a\0/\0>\0", 1),
    ];
    for (body, expect) in cases {
        let treated = treat_as(Format::Xml, &table, body.as_bytes()).map(|_| ());
        assert_eq!(treated, Err(Uninspectable::Malformed { at: expect }), "{body}");
        assert_eq!(
            scan_as(Format::Xml, body.as_bytes()),
            Err(Uninspectable::Malformed { at: expect }),
            "{body}"
        );
    }
}

#[test]
fn depth_and_work_are_bounded() {
    let table = Table::all(fixed());
    let nested = |count: usize, text: &str| "<a>".repeat(count) + text + &"</a>".repeat(count);
    assert!(treat_as(Format::Xml, &table, nested(127, "").as_bytes()).is_ok());
    let treated = treat_as(Format::Xml, &table, nested(129, "").as_bytes());
    assert_eq!(treated.map(|_| ()), Err(Uninspectable::TooDeep { limit: 128 }));
    // Mixed text in mixed text, each read with all that is in it.
    let mixed = "<a>x".repeat(100) + &"y".repeat(100_000) + &"</a>".repeat(100);
    let treated = treat_as(Format::Xml, &table, mixed.as_bytes());
    assert!(matches!(treated, Err(Uninspectable::TooDeep { .. })));
    let many: String = (0..20_000).map(|at| format!(" a{at}=''")).collect();
    assert!(treat_as(Format::Xml, &table, format!("<a{many}/>").as_bytes()).is_ok());
}

#[test]
fn scan_says_where_it_stands() {
    let body = "<s:r xmlns:s='urn:x'><c mobile='&#49;'><mobile k='2'>3</mobile>4<b>13800138000</b></c>\
                <x>138<i>0013</i>8001</x><y>&lt;a mobile='5'/></y><!--13800138002--></s:r>";
    let findings = scan_as(Format::Xml, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(body, finding))).collect();
    let expect = [
        ("/r/c/@mobile", "&#49;"),
        ("/r/c/mobile/@k", "2"),
        ("/r/c/mobile/#text", "3"),
        ("/r/c/b", "13800138000"),
        ("/r/x/#text", "138<i>0013</i>8001"),
        ("/r/y/!xml/a/@mobile", "5"),
        ("/r/#comment", "13800138002"),
    ];
    assert_eq!(found, expect);
}

#[test]
fn strings_of_json_may_hold_xml() {
    let table = Table::all(fixed());
    let body = r#"{"xml":"<a>\n<mobile>1</mobile><b c=\"13800138000\"/></a>"}"#;
    let treated = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
    let expect = r#"{"xml":"<a>\n<mobile>****</mobile><b c=\"****\"/></a>"}"#;
    assert_eq!(String::from_utf8_lossy(&treated.body), expect);
}

#[test]
fn t1_json_in_attributes_is_spelt_as_they_are() {
    assert_eq!(
        xml(&Table::all(keep(3, 4)), "<a b=\"[13800138000]\">[13800138000]</a>"),
        "<a b=\"[&quot;138****8000&quot;]\">[&quot;138****8000&quot;]</a>"
    );
}

#[test]
fn the_declared_encoding_is_read() {
    let cases = [
        ("<?xml version=\"1.0\" encoding=\"GBK\"?><a/>", Some("GBK")),
        ("\u{feff}<?xml version='1.0' encoding = 'utf-8' ?><a/>", Some("utf-8")),
        ("<?xml version='1.0'?><a encoding='x'/>", None),
        ("<a/>", None),
        ("<?xml version='1.0' encoding=utf-8?>", None),
    ];
    for (body, expect) in cases {
        assert_eq!(declared_encoding(body.as_bytes()), expect, "{body}");
    }
}
