use super::*;
use crate::ca::cert_authority::Validity;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn ca(generation: u32) -> Ca {
    Ca::make(generation, Validity::starting(at(0), Duration::from_mins(5))).unwrap()
}

fn entry(generation: u32, leaf_seconds: Option<u64>) -> CaEntry {
    CaEntry { generation, ca: Arc::new(ca(generation)), leaf_lifetime: leaf_seconds.map(Duration::from_secs) }
}

fn rotation() -> Rotation {
    let previous = vec![RetiredCa { certificate: ca(2).certificate.clone(), until: at(60) }];
    Rotation { current: entry(3, Some(604_800)), next: entry(4, None), previous }
}

fn written(rotation: &Rotation) -> Data {
    let mut data = Data::new();
    write(rotation, &mut data).unwrap();
    data
}

fn text<'a>(data: &'a Data, key: &str) -> &'a str {
    str::from_utf8(&data[key].0).unwrap()
}

fn with(data: &Data, key: &str, value: &str) -> Data {
    let mut data = data.clone();
    data.insert(key.to_owned(), ByteString(value.into()));
    data
}

fn without(data: &Data, key: &str) -> Data {
    let mut data = data.clone();
    data.remove(key);
    data
}

/// The state, and the generations: `Sound 3 4, 1 previous`.
fn summary(data: &Data, now: i64) -> String {
    let contents = read(data, at(now)).unwrap();
    let generation =
        |entry: &Option<CaEntry>| entry.as_ref().map_or_else(|| "-".to_owned(), |it| it.generation.to_string());
    let [current, next] = [&contents.current, &contents.next].map(generation);
    let previous: Vec<i64> = contents.previous.iter().map(|old| old.until.as_second() - 1_800_000_000).collect();
    format!("{:?} {current} {next} {previous:?} of {}", contents.state, contents.generation)
}

#[test]
fn what_is_written_is_read_back() {
    let rotation = rotation();
    let contents = read(&written(&rotation), at(0)).unwrap();
    assert_eq!((&contents.state, contents.generation), (&SecretState::Sound, 4));
    assert_eq!(contents.rotation(contents.previous.clone()), Some(rotation));
    assert_eq!(read(&Data::new(), at(0)), Ok(SecretContents::default()));
}

#[test]
fn the_document_is_plain() {
    let rotation = rotation();
    let mut data = written(&rotation);
    let certificate = pem(&rotation.previous[0].certificate).replace('\n', "\\n");
    assert_eq!(
        text(&data, "authority.json"),
        format!(
            r#"{{
  "version": 2,
  "current": {{
    "generation": 3,
    "leafSeconds": 604800
  }},
  "next": {{
    "generation": 4
  }},
  "previous": [
    {{
      "certificate": "{certificate}",
      "until": "2027-01-15T08:01:00Z"
    }}
  ]
}}
"#
        )
    );
    assert_eq!(data.keys().collect::<Vec<_>>(), ["authority.json", "ca-3.crt", "ca-3.key", "ca-4.crt", "ca-4.key"]);
    assert!(text(&data, "ca-4.crt").starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(text(&data, "ca-4.key").starts_with("-----BEGIN PRIVATE KEY-----\n"));

    data.insert("note".to_owned(), ByteString("kept".into()));
    data.insert("ca-x.crt".to_owned(), ByteString("kept".into()));
    write(&Rotation { current: entry(4, None), next: entry(5, None), previous: Vec::new() }, &mut data).unwrap();
    let keys = ["authority.json", "ca-4.crt", "ca-4.key", "ca-5.crt", "ca-5.key", "ca-x.crt", "note"];
    assert_eq!(data.keys().collect::<Vec<_>>(), keys);
}

/// A Secret as release 0.1.0 writes it: its document to the letter, with CAs made here.
fn old(document: &str, generations: &[u32]) -> Data {
    let path = format!("{}/tests/fixtures/ca-0.1.0/{document}.json", env!("CARGO_MANIFEST_DIR"));
    let mut data = with(&Data::new(), DOCUMENT, &std::fs::read_to_string(path).unwrap());
    for generation in generations {
        let (ca, [certificate, key]) = (ca(*generation), keys(*generation));
        data.insert(certificate, ByteString(pem(&ca.certificate).into()));
        data.insert(key, ByteString(ca.key_pem.as_str().into()));
    }
    data
}

#[test]
fn the_layout_of_release_0_1_0_is_read() {
    let sole = old("one", &[1]);
    let joined = old("joined", &[1, 2]);
    let scheduled = old("scheduled", &[1, 2]);
    for (data, now, expected) in [
        (&sole, 0, "OldLayout 1 - [] of 1"),
        (&joined, 0, "OldLayout 1 2 [] of 2"),
        (&scheduled, 220, "OldLayout 1 2 [] of 2"),
        // From now on leaves come from the second one; the first one stays for as long as it was to.
        (&scheduled, 221, "OldLayout 2 - [251] of 2"),
    ] {
        assert_eq!(summary(data, now), expected);
    }
    let contents = read(&scheduled, at(221)).unwrap();
    assert_eq!(contents.current.unwrap().leaf_lifetime, None, "how long its leaves are is not known");
    assert_eq!(
        Bundle::read_pem(text(&scheduled, "ca-1.crt").as_bytes()).iter().next(),
        Some(&contents.previous[0].certificate)
    );
}

/// What release 0.1.0 does with this layout: it reads the version first, and stops there.
#[test]
fn release_0_1_0_leaves_this_layout_alone() {
    let document: serde_json::Value = serde_json::from_str(text(&written(&rotation()), DOCUMENT)).unwrap();
    assert_eq!(document["version"], 2);
}

#[test]
fn what_is_damaged_is_read_as_far_as_it_goes() {
    let data = written(&rotation());
    let truncated = text(&data, DOCUMENT).split_at(40).0.to_owned();
    let old = old("joined", &[1, 2]);
    for (data, expected) in [
        (
            without(&data, "ca-3.key"),
            r#"Damaged("ca-3: the key can't be read: it must be an unencrypted private key in PKCS #8") - 4 [60] of 4"#,
        ),
        (
            with(&data, "ca-4.key", text(&data, "ca-3.key")),
            r#"Damaged("ca-4: the key is not the certificate's") 3 - [60] of 4"#,
        ),
        (
            with(&data, DOCUMENT, &truncated),
            r#"Damaged("authority.json can't be read: EOF while parsing a string at line 4 column 7") 3 4 [] of 4"#,
        ),
        (with(&data, DOCUMENT, r#"{"version": 0}"#), r#"Damaged("authority.json has version 0") 3 4 [] of 4"#),
        (
            with(&without(&data, "ca-4.crt"), DOCUMENT, "{}"),
            r#"Damaged("authority.json can't be read: missing field `version` at line 1 column 2") 3 - [] of 4"#,
        ),
        (with(&Data::new(), DOCUMENT, r#"{"version": 0}"#), r#"Damaged("authority.json has version 0") - - [] of 0"#),
        (without(&old, "ca-1.crt"), r#"Damaged("ca-1: the certificate can't be read: no items found") - 2 [] of 2"#),
    ] {
        assert_eq!(summary(&data, 0), expected);
    }
}

#[test]
fn what_may_be_someone_elses_is_named() {
    let data = written(&rotation());
    for (data, why) in [
        (without(&data, DOCUMENT), r#"its data holds "ca-3.crt" but no authority.json, so it may be someone else's"#),
        (
            with(&data, DOCUMENT, r#"{"version": 3, "more": []}"#),
            "authority.json has version 3, and this release reads versions 1 and 2",
        ),
    ] {
        assert_eq!(read(&data, at(0)).unwrap_err().to_string(), why);
    }
}
