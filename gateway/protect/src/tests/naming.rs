use super::*;

#[test]
fn c8_names_that_stand_as_values_speak_for_others() {
    let table = Table::all(fixed());
    let cases = [
        // Name–value pairs, in any order, with any other members.
        (r#"{"name":"mobile","value":"1"}"#, r#"{"name":"mobile","value":"****"}"#),
        (r#"{"value":12,"field_name":"身份"}"#, r#"{"value":0,"field_name":"身份"}"#),
        (r#"[{"title":"mobile","v":["1",{"x":"2"}]}]"#, r#"[{"title":"mobile","v":["****",{"x":"****"}]}]"#),
        (r#"{"k":"mob\u0069le","val":"1"}"#, r#"{"k":"mob\u0069le","val":"****"}"#),
        (r#"{"id":"1","code":"birth","value":"x"}"#, r#"{"id":"1","code":"birth","value":"****"}"#),
        // What a list of pairs says together decides.
        (
            r#"[{"name":"name","value":"某某"},{"name":"mobile","value":""}]"#,
            r#"[{"name":"name","value":"****"},{"name":"mobile","value":""}]"#,
        ),
        (
            r#"[{"name":"name","value":"某某"},{"name":"stock_name","value":"x"}]"#,
            r#"[{"name":"name","value":"某某"},{"name":"stock_name","value":"x"}]"#,
        ),
        (r#"{"name":"colour","value":"red"}"#, r#"{"name":"colour","value":"red"}"#),
        // Columns beside their rows, as texts or objects.
        (
            r#"{"cols":["x","mobile"],"rows":[["a","1"],["b",2,"c"],[]]}"#,
            r#"{"cols":["x","mobile"],"rows":[["a","****"],["b",0,"c"],[]]}"#,
        ),
        (
            r#"{"rows":[["a","1"]],"n":1,"columns":[{"prop":"x"},{"prop":"q","label":"mobile"}]}"#,
            r#"{"rows":[["a","****"]],"n":1,"columns":[{"prop":"x"},{"prop":"q","label":"mobile"}]}"#,
        ),
        (
            r#"{"cols":["name","mobile"],"rows":[["某某",null]]}"#,
            r#"{"cols":["name","mobile"],"rows":[["****",null]]}"#,
        ),
        // More cells than columns: not these columns.
        (r#"{"cols":["mobile"],"rows":[["1","2"]]}"#, r#"{"cols":["mobile"],"rows":[["1","2"]]}"#),
        // Columns in the first row, or a name in each.
        (r#"[["x","mobile","y"],["a","1","b"]]"#, r#"[["x","mobile","y"],["a","****","b"]]"#),
        (r#"[["mobile","1"],["birth","2"],["x","3"]]"#, r#"[["mobile","****"],["birth","****"],["x","3"]]"#),
        (r#"[["mobile","birth"],["1","2"]]"#, r#"[["mobile","birth"],["****","****"]]"#),
        (r#"[["13800138000","mobile"]]"#, r#"[["****","mobile"]]"#),
        // Numbers are no names, and points on a map no table.
        (r#"{"coordinates":[[121.47,31.23],[1,2]]}"#, r#"{"coordinates":[[121.47,31.23],[1,2]]}"#),
        // In a string, too.
        (r#"{"s":"[[\"mobile\",\"1\"]]"}"#, r#"{"s":"[[\"mobile\",\"****\"]]"}"#),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&table, body), expect);
    }
}

#[test]
fn many_tables_cost_in_proportion() {
    // Each asks for the columns beside it, and there are none.
    let members: Vec<String> = (0..40_000).map(|at| format!("\"m{at}\":[[{at}]]")).collect();
    let body = format!("{{{}}}", members.join(","));
    assert_eq!(treat(&Table::all(fixed()), &body), body);
    let deep = format!("[{}]", vec!["[[[1]]]"; 40_000].join(","));
    assert_eq!(treat(&Table::all(fixed()), &deep), deep);
}
