use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::parse_x509_certificate;

use super::*;

const START: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn ca(generation: u32) -> Arc<Ca> {
    Arc::new(Ca::make(generation, Validity::starting(at(0), Duration::from_secs(400))).unwrap())
}

fn names() -> Names {
    Names::new("webhook", "default", &["127.0.0.1".to_owned()]).unwrap()
}

fn issue(ca: &Arc<Ca>, second: i64, spread: f64) -> Leaf {
    Leaf::issue(ca, &names(), at(second), at(second + 90), Spread(spread)).unwrap()
}

fn trusts(bundle: &[&CertificateDer<'static>], leaf: &Leaf, name: &str, second: i64) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(bundle.iter().copied().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let when = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(START + second).unwrap()));
    let name = ServerName::try_from(name).unwrap();
    let answer = verifier.verify_server_cert(&leaf.certified.cert[0], &[], &name, &[], when);
    answer.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_leaf_is_trusted_through_the_bundle_for_its_names_and_its_life() {
    let (one, two) = (ca(1), ca(2));
    let bundle = [&one.certificate, &two.certificate];
    let leaf = issue(&one, 100, 0.0);
    for (name, second, trusted) in [
        ("webhook.default.svc", 100, true),
        ("127.0.0.1", 100, true),
        ("webhook.default.svc", 100 - 300, true),
        ("webhook.default.svc", 190, true),
        ("webhook.default.svc", 191, false),
        ("webhook.other.svc", 100, false),
        ("webhook.default", 100, false),
    ] {
        assert_eq!(trusts(&bundle, &leaf, name, second).is_ok(), trusted, "{name} at {second}");
    }
    assert!(trusts(&bundle[1..], &leaf, "webhook.default.svc", 100).is_err(), "another CA signed it");
    let (_, parsed) = parse_x509_certificate(&leaf.certified.cert[0]).unwrap();
    assert!(!parsed.is_ca());
    assert_eq!(parsed.subject().to_string(), "");
    let usage = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
}

#[test]
fn a_leaf_is_renewed_at_two_thirds_of_its_life_or_a_little_earlier() {
    let (one, two) = (ca(1), ca(2));
    let leaf = issue(&one, 10, 0.0);
    assert_eq!((leaf.not_after, [leaf.renewed_at, leaf.last_call]), (at(100), [at(70), at(91)]));
    for (signer, end, now, due) in
        [(&one, 101, 69, false), (&one, 101, 70, true), (&one, 100, 99, false), (&two, 100, 10, true)]
    {
        assert_eq!(leaf.is_due(signer, at(end), at(now)), due, "up to {end} at {now}");
    }
    let earlier = issue(&one, 10, 1.0);
    assert_eq!([earlier.renewed_at, earlier.last_call], [at(61), at(91)]);
    for _ in 0..100 {
        let Spread(share) = Spread::random();
        assert!((0.0..=1.0).contains(&share), "{share}");
    }
    assert_ne!(Spread::random(), Spread::random());
}

#[test]
fn names_that_no_certificate_holds_are_refused() {
    assert_eq!(
        Names::new("webhook", "default", &["wébhook".to_owned()]).unwrap_err(),
        r#""wébhook" is neither a DNS name nor an IP address"#
    );
}
