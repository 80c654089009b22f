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

fn terms() -> Terms {
    let seconds = Duration::from_secs;
    Terms::new(seconds(400), seconds(90), seconds(20)).unwrap()
}

fn ca(generation: u32, second: i64) -> Ca {
    Ca::make(generation, Validity::starting(at(second), terms().ca())).unwrap()
}

fn names() -> Names {
    Names::new("webhook", "default", &["127.0.0.1".to_owned()]).unwrap()
}

fn issue(succession: &Succession, second: i64) -> Leaf {
    Leaf::issue(succession, &names(), at(second), &terms(), Spread(0.0)).unwrap().unwrap()
}

fn trusts(bundle: &[&CertificateDer<'static>], leaf: &Leaf, name: &str, second: i64) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(bundle.iter().copied().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let when = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(START + second).unwrap()));
    let name = ServerName::try_from(name).unwrap();
    let answer = verifier.verify_server_cert(&leaf.certified().cert[0], &[], &name, &[], when);
    answer.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_leaf_is_trusted_through_the_bundle_for_its_names_and_its_life() {
    let sole = Succession::Vacant.joined(ca(1, 0), at(0));
    let both = sole.joined(ca(2, 0), at(0));
    let bundle: Vec<_> = both.reigns().map(|reign| reign.ca.certificate()).collect();
    let leaf = issue(&sole, 100);
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
    let (_, parsed) = parse_x509_certificate(&leaf.certified().cert[0]).unwrap();
    assert!(!parsed.is_ca());
    assert_eq!(parsed.subject().to_string(), "");
    let usage = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
}

#[test]
fn a_leaf_is_renewed_at_two_thirds_of_its_life_or_a_little_earlier() {
    let sole = Succession::Vacant.joined(ca(1, 0), at(0));
    let leaf = issue(&sole, 10);
    assert_eq!((leaf.not_after(), leaf.renewed_at()), (at(100), at(70)));
    assert_eq!((leaf.is_due(&sole, at(69)), leaf.is_due(&sole, at(70))), (false, true));
    let early = Leaf::issue(&sole, &names(), at(10), &terms(), Spread(1.0)).unwrap().unwrap();
    assert_eq!(early.renewed_at(), at(61));
    for _ in 0..100 {
        let Spread(share) = Spread::random();
        assert!((0.0..=1.0).contains(&share), "{share}");
    }
    assert_ne!(Spread::random(), Spread::random());
}

#[test]
fn a_leaf_follows_the_ca_that_signs() {
    let sole = Succession::Vacant.joined(ca(1, 0), at(0));
    let both = sole.joined(ca(2, 267), at(267)).scheduled(at(270), &terms());
    let leaf = issue(&sole, 265);
    assert_eq!((leaf.is_due(&both, at(289)), leaf.is_due(&both, at(290))), (false, true));
    let next = issue(&both, 290);
    assert_eq!(next.issuer(), both.signer(at(290)).unwrap().ca.as_ref());
    assert!(!next.is_due(&both.retired(), at(291)));
    let afresh = Succession::Vacant.joined(ca(1, 300), at(300));
    assert!(next.is_due(&afresh, at(300)), "the Secret was emptied, and someone filled it");
    assert!(!next.is_due(&Succession::Vacant, at(999)), "the last good one serves on");
    assert!(Leaf::issue(&Succession::Vacant, &names(), at(0), &terms(), Spread(0.0)).unwrap().is_none());
}

#[test]
fn a_leaf_never_outlives_its_ca_and_is_not_renewed_in_vain() {
    let sole = Succession::Vacant.joined(ca(1, 0), at(0));
    let last = issue(&sole, 370);
    assert_eq!((last.not_after(), last.renewed_at()), (at(400), at(390)));
    assert!(!last.is_due(&sole, at(399)));
    // The clock of this replica is behind: for it the old one still signs when the new one should.
    let both = sole.joined(ca(2, 267), at(267)).scheduled(at(270), &terms());
    let leaving = Leaf::issue(&both, &names(), at(289), &terms(), Spread(0.0)).unwrap().unwrap();
    assert_eq!(leaving.not_after(), at(379));
    assert_eq!(both.end_of(leaving.issuer()), at(380));
    let longer = Terms::new(Duration::from_secs(4000), Duration::from_secs(500), Duration::from_secs(20)).unwrap();
    let bounded = Leaf::issue(&both, &names(), at(289), &longer, Spread(0.0)).unwrap().unwrap();
    assert_eq!(bounded.not_after(), at(380), "other replicas go by shorter lifetimes");
}

#[test]
fn names_that_no_certificate_holds_are_refused() {
    assert_eq!(
        Names::new("webhook", "default", &["wébhook".to_owned()]).unwrap_err(),
        r#""wébhook" is neither a DNS name nor an IP address"#
    );
}
