use std::time::Duration;

use super::*;
use crate::ca::{Terms, Validity};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn terms() -> Terms {
    let seconds = Duration::from_secs;
    Terms::new(seconds(300), seconds(30), seconds(20)).unwrap()
}

fn ca(generation: u32) -> Ca {
    Ca::make(generation, Validity::starting(at(0), terms().ca())).unwrap()
}

fn written(succession: &Succession) -> Data {
    let mut data = Data::new();
    write(succession, &mut data).unwrap();
    data
}

fn text<'a>(data: &'a Data, key: &str) -> &'a str {
    str::from_utf8(&data[key].0).unwrap()
}

#[test]
fn every_succession_is_read_back() {
    assert_eq!(read(&Data::new()), Ok(Succession::Vacant));
    let sole = Succession::Vacant.joined(ca(1), at(1));
    let both = sole.joined(ca(2), at(200));
    let scheduled = both.scheduled(at(201), &terms());
    for succession in [sole, both, scheduled.clone(), scheduled.retired()] {
        assert_eq!(read(&written(&succession)), Ok(succession));
    }
}

#[test]
fn the_document_is_plain() {
    let scheduled = Succession::Vacant.joined(ca(1), at(1)).joined(ca(2), at(200)).scheduled(at(201), &terms());
    let mut data = written(&scheduled);
    assert_eq!(
        text(&data, "authority.json"),
        r#"{
  "version": 1,
  "authorities": [
    {
      "generation": 1,
      "joined": "2027-01-15T08:00:01Z",
      "leavesAt": "2027-01-15T08:04:11Z"
    },
    {
      "generation": 2,
      "joined": "2027-01-15T08:03:20Z",
      "signsFrom": "2027-01-15T08:03:41Z"
    }
  ]
}
"#
    );
    assert_eq!(data.keys().collect::<Vec<_>>(), ["authority.json", "ca-1.crt", "ca-1.key", "ca-2.crt", "ca-2.key"]);
    assert!(text(&data, "ca-2.crt").starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(text(&data, "ca-2.key").starts_with("-----BEGIN PRIVATE KEY-----\n"));

    data.insert("note".to_owned(), ByteString("kept".into()));
    data.insert("ca-x.crt".to_owned(), ByteString("kept".into()));
    write(&scheduled.retired(), &mut data).unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["authority.json", "ca-2.crt", "ca-2.key", "ca-x.crt", "note"]);
}

#[test]
fn what_is_garbled_says_how() {
    let sole = written(&Succession::Vacant.joined(ca(1), at(1)));
    let document = |text: &str| {
        let mut data = sole.clone();
        data.insert(DOCUMENT.to_owned(), ByteString(text.into()));
        data
    };
    let without = |key: &str| {
        let mut data = sole.clone();
        data.remove(key);
        data
    };
    let with = |key: &str, value: Vec<u8>| {
        let mut data = sole.clone();
        data.insert(key.to_owned(), ByteString(value));
        data
    };
    let entry = |generation: u32, more: &str| {
        format!(r#"{{"generation": {generation}, "joined": "2027-01-15T08:00:01Z"{more}}}"#)
    };
    let entries =
        |entries: &[String]| document(&format!(r#"{{"version": 1, "authorities": [{}]}}"#, entries.join(", ")));
    let signs = r#", "signsFrom": "2027-01-15T08:00:01Z""#;
    let disorder = "authority.json has authorities in an order that can't be";
    for (data, why) in [
        (without(DOCUMENT), r#"its data holds "ca-1.crt" but no authority.json, so it may be someone else's"#),
        (without("ca-1.crt"), "ca-1.crt is missing or not text"),
        (with("ca-1.key", vec![0xff]), "ca-1.key is missing or not text"),
        (with("ca-1.key", ca(1).key_pem().into()), "ca-1: the key is not the certificate's"),
        (document("{}"), "authority.json can't be read: missing field `version` at line 1 column 2"),
        (document(r#"{"version": 2}"#), "authority.json has version 2, and this release reads version 1"),
        (
            entries(&[entry(1, r#", "note": 1"#)]),
            "authority.json can't be read: unknown field `note`, expected one of `generation`, `joined`, `signsFrom`, \
             `leavesAt` at line 1 column 89",
        ),
        (entries(&[]), disorder),
        (entries(&[entry(1, signs)]), disorder),
        (entries(&[entry(1, ""), entry(1, "")]), disorder),
        (
            entries(&[entry(1, ""), entry(2, signs)]),
            "authority.json has one of signsFrom and leavesAt, which are set together",
        ),
        (entries(&[entry(1, ""), entry(2, "")]), "ca-2.crt is missing or not text"),
        (
            entries(&[entry(1, ""), entry(2, ""), entry(3, "")]),
            "authority.json has 3 authorities, and there are never more than two",
        ),
    ] {
        assert_eq!(read(&data).unwrap_err().to_string(), why);
    }
}
