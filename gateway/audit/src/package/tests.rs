use super::*;
use crate::checkpoint::Note;
use crate::tests::{Scratch, block_on, intent};
use crate::verify::{Expected, Report, verify_against};
use crate::{Evidence, Log, Options, evidence_dir, format, slice};
use std::fs;

fn particulars(name: &str) -> Particulars {
    [("subject_company_name".to_owned(), name.to_owned())].into()
}

/// A log of some slices, and the package of all of it.
fn sample(scratch: &Scratch) -> Value {
    let evidence = Evidence { every: std::time::Duration::from_millis(1), ..Evidence::default() };
    let options = Options { segment_bytes: 600, evidence, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    for number in 0..12 {
        block_on(log.append(intent(&format!("d-{number}")))).unwrap();
    }
    log.close().unwrap();
    let beside = evidence_dir(&scratch.0);
    let statements = slice::read(&fs::read(beside.join(slice::FILE)).unwrap());
    let statements: Vec<_> = statements.into_iter().map(Result::unwrap).collect();
    assert!(statements.len() > 2);
    let notes = fs::read_to_string(beside.join(crate::checkpoint::FILE)).unwrap();
    let note = Note::read_all(&notes).pop().unwrap().1.unwrap();
    let upload = "2026-11-20T16:00:00Z".parse().unwrap();
    make(&particulars("示例证券"), &particulars("node"), &statements, &note, upload)
}

fn verify(scratch: &Scratch, package: &std::path::Path) -> Report {
    let expected = Expected { packages: vec![package.to_owned()], ..Expected::default() };
    verify_against(&scratch.0, &expected).unwrap()
}

#[test]
fn e6_a_package_has_the_form_that_evidence_chains_take() {
    let scratch = Scratch::new("package");
    let package = sample(&scratch);
    let data =
        &package["transaction_info_array"][0]["transaction_info"]["transaction_detail_info"]["biz_data"];
    assert_eq!(data["bizName"], json!("个人信息访问日志存证"));
    assert_eq!(data["necessaryData"]["UploadTime"], json!("2026-11-21 00:00:00"), "of Beijing");
    let stages = data["businessData"].as_array().unwrap();
    for stage in stages {
        assert_eq!(stage.as_object().unwrap().len(), 2);
        assert_eq!(stage["StageHash"].as_str().unwrap().len(), 64);
    }
    assert_eq!(stages[0]["StageName"], json!(SUBJECT));
    assert_eq!(
        stages[0]["StageHash"],
        json!(hex::encode(&sm3(&["subject_company_name=示例证券\n".as_bytes()])))
    );
    let claims = read(&package).unwrap();
    assert!(claims.slices.len() > 2 && claims.ends.len() == 1);
    // Every part of it is under its hash.
    let data_at = "/transaction_info_array/0/transaction_info/transaction_detail_info/biz_data";
    for at in 0..stages.len() {
        for key in ["StageHash", "StageName"] {
            let mut changed = package.clone();
            let stage = changed.pointer_mut(&format!("{data_at}/businessData/{at}/{key}")).unwrap();
            let text = stage.as_str().unwrap();
            let flipped = if text.ends_with('0') { '1' } else { '0' };
            *stage = json!(format!(
                "{}{flipped}",
                text.trim_end_matches(|_| false).chars().take(text.chars().count() - 1).collect::<String>()
            ));
            assert_eq!(read(&changed), None, "{at} {key}");
        }
    }
    let delivery = Delivery {
        format: FORMAT.to_owned(),
        to: "https://chain.example".to_owned(),
        subject: particulars("示例证券"),
        node: particulars("node"),
        package,
        receipt: "{}".to_owned(),
        time: "2026-11-20T16:00:01Z".to_owned(),
    };
    assert!(delivery.is_of_its_subject());
    assert_eq!(delivery.reach().unwrap().0, Some(claims.slices.len() as u64 - 1));
    assert!(!Delivery { subject: particulars("另一证券"), ..delivery }.is_of_its_subject());
}

#[test]
fn e6_a_cut_or_rewritten_log_is_found_against_the_package_alone() {
    let scratch = Scratch::new("packaged");
    let package = sample(&scratch);
    let file = scratch.0.with_extension("package");
    fs::write(&file, serde_json::to_string_pretty(&package).unwrap()).unwrap();
    assert!(verify(&scratch, &file).is_good(), "{:?}", verify(&scratch, &file).failures);
    let names: Vec<_> =
        (0..).map(|number| scratch.0.join(format::name(number))).take_while(|path| path.exists()).collect();
    let keep: Vec<_> = names.iter().map(|path| fs::read(path).unwrap()).collect();
    // Who cuts takes along what bears witness beside the log.
    fs::remove_dir_all(scratch.beside()).unwrap();
    let ids =
        |report: &Report| -> Vec<&str> { report.failures.iter().map(|failure| failure.what.id()).collect() };
    for last in (1..names.len()).rev() {
        fs::remove_file(&names[last]).unwrap();
        let alone = verify_against(&scratch.0, &Expected::default()).unwrap();
        assert!(alone.is_good(), "a chain can't see its own tail cut: {:?}", alone.failures);
        assert!(ids(&verify(&scratch, &file)).contains(&"cut"), "without {last}");
    }
    for (path, bytes) in names.iter().zip(&keep) {
        fs::write(path, bytes).unwrap();
    }
    assert!(verify(&scratch, &file).is_good(), "segments alone, but all of them");
    // A log of the same length in its place.
    let other = Scratch::new("packaged-other");
    sample(&other);
    assert_eq!(ids(&verify(&other, &file)), ["misplaced"], "another log's package tells nothing of this one");
    fs::write(&file, "{}").unwrap();
    assert_eq!(ids(&verify(&scratch, &file)), ["package"]);
    fs::remove_file(&file).unwrap();
    assert_eq!(ids(&verify(&scratch, &file)), ["package"]);
}
