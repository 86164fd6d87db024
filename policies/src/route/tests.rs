use super::*;

#[test]
fn patterns_match_what_they_say() {
    let cases = [
        ("crm.internal/customers/**", "GET", "crm.internal", "/customers/42", true),
        ("crm.internal/customers/**", "GET", "crm.internal", "/customers", true),
        ("crm.internal/customers/**", "GET", "crm.internal", "/customers/", true),
        ("crm.internal/customers/**", "GET", "crm.internal", "/customersx", false),
        ("GET crm.internal/customers/{id}", "GET", "crm.internal", "/customers/42", true),
        ("GET crm.internal/customers/{id}", "GET", "crm.internal", "/customers/", false),
        ("GET crm.internal/customers/{id}", "GET", "crm.internal", "/customers/42/", false),
        ("GET crm.internal/customers/{id}", "POST", "crm.internal", "/customers/42", false),
        ("GET,POST crm.internal/a", "POST", "crm.internal", "/a", true),
        ("*.internal/a", "GET", "crm.internal", "/a", true),
        ("*.internal/a", "GET", "internal", "/a", false),
        ("*.internal/a", "GET", "evilinternal", "/a", false),
        ("*/**/x/**/y", "GET", "h", "/a/x/b/x/y", true),
        ("*/**/x/**/y", "GET", "h", "/a/x/b/x/z", false),
        ("*/re*ts", "GET", "h", "/reports", true),
        ("*/re*ts", "GET", "h", "/rets", true),
        ("*/re*ts", "GET", "h", "/ret", false),
        ("*/customers/*", "GET", "h", "/customers/42", true),
        ("*/customers/*", "GET", "h", "/customers/", false),
        ("*/customers/*", "GET", "h", "/customers", false),
        ("*/customers/*", "GET", "h", "/customers/42/", false),
        ("*/customers/*/orders", "GET", "h", "/customers//orders", false),
        ("*/customers/*/orders", "GET", "h", "/customers/42/orders", true),
        ("*/**/*", "GET", "h", "/a/", false),
        ("*/**/*", "GET", "h", "/a/b", true),
        ("*/*/**", "GET", "h", "/", false),
        ("*/*", "GET", "h", "/", false),
        ("*/", "GET", "h", "/", true),
        ("*/客户/**", "GET", "h", "/%E5%AE%A2%E6%88%B7/1", true),
        ("*/%e5%ae%a2%e6%88%b7", "GET", "h", "/%E5%AE%A2%E6%88%B7", true),
        ("*/%7Eme/客*", "GET", "h", "/~me/%E5%AE%A2x", true),
    ];
    for (pattern, method, host, path, expect) in cases {
        let route = RoutePattern::parse(pattern).unwrap();
        let segments: Vec<&str> = split_path(path).collect();
        assert_eq!(route.matches(method, host, &segments), expect, "{pattern} on {method} {host}{path}");
    }
}

#[test]
fn a_wider_route_covers_a_narrower() {
    let cases = [
        ("h/c/*", "h/c/{id}", true),
        ("h/c/{id}", "h/c/*", true),
        ("h/c/*", "h/c/re*ts", true),
        ("h/c/*", "h/c/x", true),
        ("h/c/*", "h/c/", false),
        ("h/c/{id}", "h/c/", false),
        ("h/c/*", "h/c/**", false),
        ("h/c/**", "h/c/", true),
        ("h/c/re*ts", "h/c/*", false),
    ];
    for (wide, narrow, expect) in cases {
        let (own, other) = (RoutePattern::parse(wide).unwrap(), RoutePattern::parse(narrow).unwrap());
        assert_eq!(own.covers(&other), expect, "{wide} covers {narrow}");
    }
}

#[test]
fn wrong_patterns_are_refused() {
    for text in ["", "host", "get host/a", "h/{", "h/a{b}", "h/a**", "h/a?b=1", "ho st/a b", "h/{a b}", "/a"]
    {
        assert!(RoutePattern::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_more_specific_template_is_later() {
    let order = ["/**", "/{a}/**", "/{a}", "/{a}/b", "/a/**", "/a", "/a/{b}", "/a/x*", "/a/b", "/a/b/c"];
    for (less, more) in order.iter().zip(order.iter().skip(1)) {
        let (a, b) = (parse_path(less).unwrap(), parse_path(more).unwrap());
        let host = Host::Any;
        assert_eq!(specificity((&host, &a, false), (&host, &b, false)), Ordering::Less, "{less} {more}");
        assert_eq!(specificity((&host, &b, false), (&host, &a, false)), Ordering::Greater, "{less} {more}");
    }
}

#[test]
fn spiffe_globs_stay_within_a_part() {
    let cases = [
        ("spiffe://firm/branch/*", "spiffe://firm/branch/12", true),
        ("spiffe://firm/branch/*", "spiffe://firm/branch/", false),
        ("spiffe://firm/branch/*", "spiffe://firm/branch/12/x", false),
        ("spiffe://firm/branch/**", "spiffe://firm/branch/12/x", true),
        ("spiffe://firm/*/x", "spiffe://firm//x", false),
        ("spiffe://firm/**/*", "spiffe://firm/a/", false),
        ("spiffe://firm/*", "spiffe://firmevil/a", false),
    ];
    for (pattern, name, expect) in cases {
        assert_eq!(name_matches(pattern, name, '/'), expect, "{pattern} {name}");
    }
}

#[test]
fn parameters_are_found_behind_any_prefix() {
    let cases = [
        ("/c/{id}", "/c/7", Some("7")),
        ("/**/c/{id}", "/a/b/c/7", Some("7")),
        ("/c/{id}/**", "/c/7/x/y", Some("7")),
    ];
    for (pattern, path, expect) in cases {
        let segments: Vec<&str> = split_path(path).collect();
        assert_eq!(parameter(&parse_path(pattern).unwrap(), "id", &segments), expect, "{pattern}");
    }
}
