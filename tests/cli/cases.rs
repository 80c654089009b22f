//! Cases of the corpus through the binary: its records and its answers.

use std::collections::BTreeSet;
use std::fs;

use migration_network_webhook::admission::{Phase, Policy, answer};
use serde_json::Value;

use crate::binary::{OK, REFUSED, Ran, directory, run};
use crate::corpus::{Case, Outcome, sample};

/// One for each operation and each thing that mutation does, then refusals by the value, by the cluster and by both.
const SAMPLE: [&str; 15] = [
    "canon-already",
    "canon-docs-value",
    "equal-exclude-order",
    "blank-stored-cleared",
    "create-system-settings-mgmt",
    "disable-null",
    "delete-enabled",
    "json-duplicate-key-escaped",
    "exclude-overlap-nonadjacent",
    "default-bad-range",
    "disable-while-running",
    "mig-change-vmim-running",
    "sib-storage-inside",
    "net-vc-bad-annotation",
    "chosen-379",
];

fn judged(case: &Case, arguments: &[&str]) -> Ran {
    let ran = run(&[&["review", "--cluster", case.cluster.to_str().unwrap()], arguments].concat());
    assert_eq!(ran.code, if case.is_allowed() { OK } else { REFUSED }, "{}: {ran:?}", case.id);
    ran
}

fn outcome(record: &Value) -> Outcome {
    let texts = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let causes = record["causes"].as_array().unwrap().iter();
    let causes: BTreeSet<_> = causes.map(|cause| (text(&cause["rule"]), text(&cause["field"]))).collect();
    assert_eq!(record["verdict"] == "allowed", record["code"] == 200, "{record}");
    let stored = (record["verdict"] == "allowed").then(|| [text(&record["value"]), text(&record["default"])]);
    Outcome {
        code: record["code"].as_u64().unwrap(),
        stored,
        rules: texts(&record["rules"]),
        fields: causes.iter().map(|(_, field)| field.clone()).collect(),
        causes: Some(causes),
        warnings: record["warnings"].as_array().unwrap().len(),
        warning_kinds: Some(texts(&record["warningKinds"])),
        text: record["message"].as_str().unwrap_or_default().to_owned(),
    }
}

#[test]
fn reviews_are_judged_as_by_the_server() {
    let mut faults = Vec::new();
    for case in sample(&SAMPLE) {
        let files = directory(&[("review.json", &case.review.to_string())]);
        let file = files.path().join("review.json");
        let file = file.to_str().unwrap();
        let records = judged(&case, &["-o", "json", file]).json();
        assert_eq!(records.len(), 1, "{}", case.id);
        faults.extend(case.faults(&outcome(&records[0])));

        let served = answer(Phase::Mutate, &fs::read(file).unwrap(), &case.facts, &Policy::default());
        let served = String::from_utf8(served.body).unwrap();
        assert_eq!(judged(&case, &["-o", "review", file]).stdout, format!("{served}\n"), "{}", case.id);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a manifest and its old side can say: not who asks, nor that an object is deleted.
#[test]
fn updates_are_judged_alike_as_manifests() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for case in sample(&SAMPLE).iter().filter(|case| case.expected["operation"] == "UPDATE") {
        let [new, old] = ["object", "oldObject"].map(|key| case.review["request"][key].to_string());
        let files = directory(&[("new.yaml", &new), ("old.json", &old)]);
        let [new, old] = ["new.yaml", "old.json"].map(|name| files.path().join(name));
        let records = judged(case, &[new.to_str().unwrap(), "--old", old.to_str().unwrap(), "-o", "json"]).json();
        assert_eq!((records[0]["form"].as_str(), records[0]["old"].as_str()), (Some("manifest"), Some("file")));
        faults.extend(case.faults(&outcome(&records[0])));
        seen += 1;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(seen, 12);
}
