use super::{DecisionIds, now, trace_id};

#[test]
fn only_ids_that_can_hold_no_value_are_traced() {
    let parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let uuid = b"6f1c2b7e-8a4d-4c1e-9b5f-0123456789ab";
    assert_eq!(trace_id(Some(parent), Some(uuid)), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(trace_id(None, Some(uuid)), "6f1c2b7e-8a4d-4c1e-9b5f-0123456789ab");
    for hostile in ["13800138000", "00-13800138000-1-1", "张三", "6f1c2b7e-8a4d-4c1e-9b5f-0123456789aZ"] {
        assert_eq!(trace_id(Some(hostile.as_bytes()), Some(hostile.as_bytes())), "", "{hostile}");
    }
    let zero = b"00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    assert_eq!(trace_id(Some(zero), None), "");
}

#[test]
fn ids_differ_within_and_between_instances() {
    let (one, other) = (DecisionIds::new(1), DecisionIds::new(2));
    assert_ne!(one.next(), one.next());
    assert_ne!(one.next(), other.next());
}

#[test]
fn times_are_utc_with_microseconds() {
    let time = now();
    assert_eq!(time.len(), "2026-11-20T06:05:00.000000Z".len(), "{time}");
    assert!(time.ends_with('Z'));
}
