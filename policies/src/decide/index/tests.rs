use super::*;
use crate::route::RoutePattern;
use proptest::prelude::*;

fn pattern() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just("a"),
        Just("b"),
        Just("*"),
        Just("{x}"),
        Just("**"),
        Just("a*"),
        Just(""),
        Just("long")
    ];
    let host = prop_oneof![Just("h.x"), Just("g.x"), Just("*.x"), Just("*")];
    (host, proptest::collection::vec(segment, 1..8))
        .prop_map(|(host, path)| format!("{host}/{}", path.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// What matches is among what is looked at, in order and once, and what is looked at could match by role and purpose.
    #[test]
    fn nothing_that_matches_is_passed_over(
        patterns in proptest::collection::vec((pattern(), proptest::collection::vec(0_usize..3, 0..3), proptest::collection::vec(0_usize..3, 0..3), any::<bool>()), 1..150),
        host in prop_oneof![Just("h.x"), Just("g.x"), Just("other.x"), Just("z")],
        path in proptest::collection::vec(prop_oneof![Just("a"), Just("b"), Just("ab"), Just("long"), Just("c"), Just("")], 1..9),
        roles in proptest::collection::vec(0_u32..4, 0..3),
        purpose in proptest::option::of(0_usize..4),
    ) {
        let parsed: Vec<RoutePattern> = patterns.iter().map(|(text, ..)| RoutePattern::parse(text).unwrap()).collect();
        let entries: Vec<Entry<'_>> = parsed
            .iter()
            .zip(&patterns)
            .map(|(route, (_, roles, purposes, routed))| Entry {
                roles,
                purposes,
                routes: if *routed { vec![(&route.host, route.path.as_slice())] } else { Vec::new() },
            })
            .collect();
        let index = Index::build(&entries);
        let glimpse = Glimpse { host, segments: &path, roles: Some(&roles), purpose: Some(purpose) };
        let found: Vec<usize> = index.concerning(glimpse).collect();
        prop_assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
        let loose = Glimpse { roles: None, purpose: None, ..glimpse };
        let all: Vec<usize> = index.concerning(loose).collect();
        for (at, entry) in entries.iter().enumerate() {
            let by_role = entry.roles.is_empty() || roles.iter().any(|role| entry.roles.contains(&(*role as usize)));
            let by_purpose = entry.purposes.is_empty() || purpose.is_some_and(|purpose| entry.purposes.contains(&purpose));
            let matches = |segments: &[&str]| entry.routes.iter().any(|(host_pattern, path)| host_pattern.matches(host) && route::path_matches(path, segments));
            let by_route = entry.routes.is_empty() || matches(&path) || route::without_last_slash(&path).is_some_and(matches);
            if by_route {
                prop_assert!(all.contains(&at), "{at} {:?}", patterns[at]);
            }
            if by_route && by_role && by_purpose {
                prop_assert!(found.contains(&at), "{at} {:?}", patterns[at]);
            }
            if found.contains(&at) {
                prop_assert!(by_role && by_purpose, "{at} {:?}", patterns[at]);
            }
        }
    }
}
