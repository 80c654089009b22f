use proptest::prelude::*;

use super::*;

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

#[test]
fn strict_keeps_the_address_as_written() {
    for text in ["192.168.1.0/24", "192.168.1.77/24", "0.0.0.0/0", "255.255.255.255/32", "10.0.0.1/9"] {
        assert_eq!(parse_strict(text), Ok(net(text)), "{text}");
        assert_eq!(parse_strict(text).unwrap().to_string(), text);
    }
}

#[test]
fn strict_says_what_a_text_is_instead() {
    let ip = |text: &str| text.parse::<Ipv4Addr>().unwrap();
    let cases = [
        ("192.168.1.0", CidrError::BareAddress(ip("192.168.1.0"))),
        ("2001:db8::/32", CidrError::Ipv6),
        ("fe80::1%eth0/64", CidrError::Ipv6),
        ("::1", CidrError::Ipv6),
        ("::ffff:192.168.1.0/120", CidrError::MappedIpv4(Some(net("192.168.1.0/24")))),
        ("::ffff:0:0/96", CidrError::MappedIpv4(Some(net("0.0.0.0/0")))),
        ("::ffff:192.168.1.0/24", CidrError::MappedIpv4(None)),
        ("::ffff:192.168.1.0", CidrError::MappedIpv4(None)),
        ("192.168.1.0/33", CidrError::PrefixTooLong(ip("192.168.1.0"))),
        ("192.168.1.0/033", CidrError::PrefixTooLong(ip("192.168.1.0"))),
        ("192.168.1.0/99999999999999999999999", CidrError::PrefixTooLong(ip("192.168.1.0"))),
        ("192.168.1.0/024", CidrError::LeadingZeroInPrefix(net("192.168.1.0/24"))),
        ("192.168.1.0/00", CidrError::LeadingZeroInPrefix(net("192.168.1.0/0"))),
        ("192.168.001.0/24", CidrError::LeadingZeroInOctet(Some(net("192.168.1.0/24")))),
        ("192.168.08.0/24", CidrError::LeadingZeroInOctet(Some(net("192.168.8.0/24")))),
        ("192.168.010.0/24", CidrError::LeadingZeroInOctet(None)),
        ("192.168.00.00/24", CidrError::LeadingZeroInOctet(Some(net("192.168.0.0/24")))),
        ("192.168.001.0", CidrError::LeadingZeroInOctet(None)),
        ("192.168.1.0/255.255.255.0", CidrError::Netmask(Some(net("192.168.1.0/24")))),
        ("192.168.1.0/0.0.0.255", CidrError::Netmask(None)),
        (" 192.168.1.0/24\n", CidrError::Spaces(net("192.168.1.0/24"))),
        (" 192.168.1.0", CidrError::BareAddress(ip("192.168.1.0"))),
        ("192.168.1.0 /24", CidrError::NotCidr),
        ("192.168.1.0/ 24", CidrError::NotCidr),
        ("192.168.1.0/+24", CidrError::NotCidr),
        ("192.168.1.0/-1", CidrError::NotCidr),
        ("192.168.1.0/", CidrError::NotCidr),
        ("192.168.1.0/24/24", CidrError::NotCidr),
        ("192.168.1/24", CidrError::NotCidr),
        ("192.168.1.256/24", CidrError::NotCidr),
        ("192.168.1.0.0/24", CidrError::NotCidr),
        ("192.168.1.00.0/24", CidrError::NotCidr),
        ("0xc0.168.1.0/24", CidrError::NotCidr),
        ("+192.168.1.0/24", CidrError::NotCidr),
        ("192.168.1.00000000000000000/24", CidrError::NotCidr),
        ("\u{661}92.168.1.0/24", CidrError::NotCidr),
        (":::/24", CidrError::NotCidr),
        ("", CidrError::NotCidr),
    ];
    for (text, error) in cases {
        assert_eq!(parse_strict(text), Err(error), "{text}");
    }
}

#[test]
fn go_masks_and_lets_zeros_lead_the_prefix() {
    let cases = [
        ("192.168.1.77/24", Some("192.168.1.0/24")),
        ("192.168.1.0/024", Some("192.168.1.0/24")),
        ("192.168.1.0/0000000000000000000024", Some("192.168.1.0/24")),
        ("10.0.0.0/00", Some("0.0.0.0/0")),
        ("2001:db8::/32", Some("2001:db8::/32")),
        ("::ffff:192.168.1.0/120", Some("::ffff:192.168.1.0/120")),
        ("::/128", Some("::/128")),
        ("::/129", None),
        ("fe80::1%eth0/64", None),
        ("192.168.001.0/24", None),
        ("192.168.1.0/33", None),
        ("192.168.1.0/+24", None),
        ("192.168.1.0/", None),
        ("192.168.1.0", None),
        (" 192.168.1.0/24", None),
        ("", None),
    ];
    for (text, read) in cases {
        assert_eq!(parse_go(text), read.map(|net| net.parse().unwrap()), "{text}");
    }
}

#[test]
fn an_exclude_may_be_a_bare_address() {
    let cases = [
        ("192.168.1.5", Some("192.168.1.5/32")),
        ("192.168.1.5/28", Some("192.168.1.0/28")),
        ("2001:db8::1", Some("2001:db8::1/128")),
        ("192.168.1", None),
        ("fe80::1%eth0", None),
        ("", None),
    ];
    for (text, read) in cases {
        assert_eq!(parse_go_exclude(text), read.map(|net| net.parse().unwrap()), "{text}");
    }
}

proptest! {
    /// Against the definition: five numbers as they are printed, each in its range.
    #[test]
    fn a_network_is_five_plain_numbers(text in prop_oneof![
        "[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}",
        "[0-2]?[0-9](\\.[0-2]?[0-9]){2,4}/[0-3]?[0-9]",
        "[+ 0-9./:-]{0,20}",
    ]) {
        let number = |digits: &str, most: u32| {
            let number: u32 = digits.parse().ok()?;
            u8::try_from(number).ok().filter(|_| number <= most && number.to_string() == digits)
        };
        let by_definition = || {
            let (address, prefix) = text.split_once('/')?;
            let octets: Option<Vec<u8>> = address.split('.').map(|octet| number(octet, 255)).collect();
            let octets: [u8; 4] = octets?.try_into().ok()?;
            Ipv4Net::new(Ipv4Addr::from(octets), number(prefix, 32)?).ok()
        };
        prop_assert_eq!(parse_strict(&text).ok(), by_definition());
    }
}

#[test]
fn what_is_offered_is_not_refused_for_what_was_offered() {
    for (written, offered) in [
        ("192.168.1.0/255.255.255.0", Some("192.168.1.0/24")),
        (" 192.168.1.7/24", Some("192.168.1.0/24")),
        ("::ffff:10.1.0.0/112", Some("10.1.0.0/16")),
        ("10.0.0.0/255.0.0.0", None),
        ("::ffff:10.0.0.0/104", None),
        ("192.168.1.0/00", None),
        ("192.168.1.0", None),
    ] {
        assert_eq!(parse_strict(written).unwrap_err().range_fix(), offered.map(net), "{written}");
    }
    let range = Some(net("192.168.1.0/24"));
    for (written, offered) in [
        ("192.168.1.9/030", Some("192.168.1.8/30")),
        ("192.168.1.5/255.255.255.0", Some("192.168.1.5/32")),
        ("192.168.1.5/24 ", Some("192.168.1.5/32")),
        ("192.168.01.5/24", Some("192.168.1.5/32")),
        ("192.168.1.0/024", None),
        ("192.168.0.0/255.255.0.0", None),
        ("192.168.2.0/025", None),
        ("192.168.2.5", Some("192.168.2.5/32")),
        ("192.168.1.5/33", Some("192.168.1.5/32")),
    ] {
        assert_eq!(parse_strict(written).unwrap_err().exclude_fix(range), offered.map(net), "{written}");
    }
    assert_eq!(parse_strict("192.168.2.9/030").unwrap_err().exclude_fix(None), Some(net("192.168.2.8/30")));
}
