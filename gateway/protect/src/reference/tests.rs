use super::*;

#[test]
fn engine_and_reference_agree_on_thousands_of_documents() {
    seeds().take(6000).for_each(|data| differential(&data));
}
