//! Sealed fields as a stranger reads them: the published vectors, opened here and by a reader in another language.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use yingbi_crypto::envelope::{self, Binding, OpenKey, SealKey};
use yingbi_crypto::hex;
use yingbi_tests::Scratch;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../gateway/crypto/vectors/envelope.json");

fn vectors() -> Vec<Value> {
    let published: Value = serde_json::from_str(&fs::read_to_string(VECTORS).unwrap()).unwrap();
    published["vectors"].as_array().unwrap().clone()
}

/// Runs the reader that was written in another language from the format's description alone.
fn reader(vectors: &Path) -> (i32, Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/readers/envelope_reader.py");
    let output = Command::new("python3").arg(script).arg(vectors).output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), report.unwrap_or_else(|_| panic!("{output:?}")))
}

#[test]
fn k1_the_published_vectors_are_opened_and_refused_as_they_say() {
    // Envelopes of one key are in the order they were sealed, so one `SealKey` makes the same again.
    let mut sealing: HashMap<String, SealKey> = HashMap::new();
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let text = vector["envelope"].as_str().unwrap();
        let part = |name| vector["binding"][name].as_str();
        let (tenant, category) = (part("tenant").unwrap(), part("category").unwrap());
        let aad = Binding { tenant, category, path: part("path"), subject: part("subject") }.to_bytes();
        assert_eq!(hex::encode(&aad), vector["aad"].as_str().unwrap(), "{name}");
        let (kid, key) = (vector["kid"].as_str().unwrap(), vector["key"].as_str().unwrap());
        let key: [u8; 16] = hex::decode(key).unwrap();
        let open = OpenKey::new(kid, &key).unwrap();
        let opened = envelope::parse(text).ok().and_then(|envelope| open.open(&envelope, &aad).ok());
        let plain = vector["plain"].as_str();
        assert_eq!(opened.as_ref().map(|value| value.as_slice()), plain.map(str::as_bytes), "{name}");
        if let Some(plain) = plain {
            let instance = if kid == "3f9a01bc77de" { [0, 0, 0, 1] } else { [0xde, 0xad, 0xbe, 0xef] };
            let seal =
                sealing.entry(kid.to_owned()).or_insert_with(|| SealKey::new(kid, &key, instance).unwrap());
            let mut again = Vec::new();
            seal.seal_into(&aad, plain.as_bytes(), &mut again).unwrap();
            assert_eq!(String::from_utf8(again).unwrap(), text, "{name}");
        }
    }
}

#[test]
fn k1_a_reader_in_another_language_agrees() {
    let (code, report) = reader(Path::new(VECTORS));
    let vectors = vectors();
    let opened = vectors.iter().filter(|vector| !vector["plain"].is_null()).count();
    assert!(opened >= 9 && vectors.len() - opened >= 15);
    assert_eq!(
        (code, report),
        (0, json!({"opened": opened, "refused": vectors.len() - opened, "wrong": []}))
    );
}

#[test]
fn k1_the_reader_finds_every_kind_of_wrong_vector() {
    let scratch = Scratch::new();
    let path = scratch.path().join("vectors.json");
    let good = vectors().into_iter().find(|vector| !vector["plain"].is_null()).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut vector = good.clone();
        change(&mut vector);
        fs::write(&path, json!({"vectors": [vector]}).to_string()).unwrap();
        reader(&path)
    };
    assert_eq!(changed(&|_| {}).0, 0);
    for change in [
        &(|vector: &mut Value| vector["plain"] = json!("other")) as &dyn Fn(&mut Value),
        &|vector| vector["aad"] = json!("00"),
        &|vector| vector["binding"]["subject"] = json!("80001234"),
        &|vector| vector["key"] = json!("00000000000000000000000000000000"),
        &|vector| drop(vector.as_object_mut().unwrap().remove("plain")),
        &|vector| vector["place"] = json!({"names": ["mobile"]}),
        &|vector| vector["place"] = json!({"number": true}),
    ] {
        let (code, report) = changed(change);
        assert_eq!((code, &report["wrong"]), (1, &json!([good["name"]])));
    }
}
