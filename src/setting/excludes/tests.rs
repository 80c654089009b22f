use proptest::prelude::*;

use super::*;
use crate::setting::field::{Field, StringField};

fn entries<'a>(texts: &[&'a str]) -> Vec<Option<Cow<'a, str>>> {
    texts.iter().map(|text| Some(Cow::Borrowed(*text))).collect()
}

fn checked(texts: &[&str], range: Option<&str>) -> Result<Vec<String>, Vec<String>> {
    let range = range.map(|range| range.parse().unwrap());
    let told = |problem: &Problem| {
        let field = Field { string: StringField::Value, path: problem.path.clone() };
        format!("{field}: {}", problem.message)
    };
    check(&entries(texts), range)
        .map(|nets| nets.iter().map(ToString::to_string).collect())
        .map_err(|problems| problems.listed().iter().map(told).collect())
}

#[test]
fn sound_entries_are_masked_distinct_and_sorted() {
    for (written, read) in [
        (&[] as &[&str], &[] as &[&str]),
        (&["192.168.1.13/28"], &["192.168.1.0/28"]),
        (&["192.168.1.4/32", "192.168.1.3/32", "192.168.1.4/32"], &["192.168.1.3/32", "192.168.1.4/32"]),
        (&["192.168.1.13/28", "192.168.1.0/28", "192.168.1.7/28"], &["192.168.1.0/28"]),
        // Neighbours stay two, and the network and broadcast address may be said.
        (&["192.168.1.128/25", "192.168.1.0/26"], &["192.168.1.0/26", "192.168.1.128/25"]),
        (&["192.168.1.255/32", "192.168.1.0/32"], &["192.168.1.0/32", "192.168.1.255/32"]),
        (&["192.168.1.128/25", "192.168.1.0/25"], &["192.168.1.0/25", "192.168.1.128/25"]),
    ] {
        assert_eq!(checked(written, Some("192.168.1.0/24")).unwrap(), read, "{written:?}");
    }
    let sorted = ["10.0.0.0/32", "10.0.0.2/31", "10.0.0.16/28", "10.0.1.0/24"];
    assert_eq!(
        checked(&["10.0.1.9/24", "10.0.0.16/28", "10.0.0.3/31", "10.0.0.0/32"], Some("10.0.0.0/16")).unwrap(),
        sorted
    );
}

#[test]
fn an_entry_is_an_ipv4_cidr_inside_the_range() {
    let range = Some("192.168.1.0/24");
    for (entry, message) in [
        ("", "Invalid value: \"\": not in CIDR notation; must be an IPv4 CIDR inside the range"),
        (
            "192.168.1.7",
            "Invalid value: \"192.168.1.7\": an address without a prefix length; must be an IPv4 CIDR inside the range; \
             did you mean 192.168.1.7/32?",
        ),
        (
            "192.168.1.7/33",
            "Invalid value: \"192.168.1.7/33\": an IPv4 prefix length is at most 32; must be an IPv4 CIDR inside the range; \
             did you mean 192.168.1.7/32?",
        ),
        (
            "192.168.1.0/028",
            "Invalid value: \"192.168.1.0/028\": the prefix length has a leading zero; must be an IPv4 CIDR inside the range; \
             did you mean 192.168.1.0/28?",
        ),
        (
            " 192.168.1.0/28",
            "Invalid value: \" 192.168.1.0/28\": there are spaces around it; must be an IPv4 CIDR inside the range; \
             did you mean 192.168.1.0/28?",
        ),
        ("fd00::/64", "Invalid value: \"fd00::/64\": IPv6, not IPv4; must be an IPv4 CIDR inside the range"),
        ("8.8.8.8/32", "Invalid value: \"8.8.8.8/32\": not inside the range 192.168.1.0/24"),
        ("192.168.0.255/32", "Invalid value: \"192.168.0.255/32\": not inside the range 192.168.1.0/24"),
        (
            "192.168.1.0/24",
            "Invalid value: \"192.168.1.0/24\": covers the whole range 192.168.1.0/24 and leaves no address; \
             to disable the network set value to \"\"",
        ),
        (
            "192.168.1.7/24",
            "Invalid value: \"192.168.1.7/24\": covers the whole range 192.168.1.0/24 and leaves no address; \
             did you mean 192.168.1.7/32?",
        ),
        (
            "192.168.0.0/16",
            "Invalid value: \"192.168.0.0/16\": covers the whole range 192.168.1.0/24 and leaves no address; \
             to disable the network set value to \"\"",
        ),
        (
            "0.0.0.0/0",
            "Invalid value: \"0.0.0.0/0\": covers the whole range 192.168.1.0/24 and leaves no address; \
             to disable the network set value to \"\"",
        ),
    ] {
        assert_eq!(checked(&[entry], range), Err(vec![format!("value.exclude[0]: {message}")]));
    }
    // A range of one address is covered by that address.
    assert!(checked(&["192.168.1.7/32"], Some("192.168.1.7/32")).is_err());
}

#[test]
fn without_a_range_the_entries_are_held_against_each_other_alone() {
    assert_eq!(checked(&["8.8.8.8/32", "0.0.0.0/1"], None), Err(vec![overlap(1, "0.0.0.0/1", 0, "8.8.8.8/32")]));
    assert_eq!(checked(&["8.8.8.8/32", "10.0.0.0/8"], None).unwrap(), ["8.8.8.8/32", "10.0.0.0/8"]);
    assert_eq!(checked(&["0.0.0.0/0"], None).unwrap(), ["0.0.0.0/0"]);
}

fn overlap(index: usize, seen: &str, other: usize, other_seen: &str) -> String {
    format!(
        "value.exclude[{index}]: Invalid value: \"{seen}\": overlaps exclude[{other}], \"{other_seen}\"; \
         keep the larger of the two"
    )
}

#[test]
fn overlaps_are_found_between_any_two_and_told_at_the_later() {
    let (a, b, c) = ("10.0.0.0/24", "10.0.0.7/32", "10.0.0.0/25");
    for (written, expected) in [
        (vec![a, b], vec![overlap(1, b, 0, a)]),
        (vec![b, a], vec![overlap(1, a, 0, b)]),
        (vec![b, "10.0.9.0/24", a], vec![overlap(2, a, 0, b)]),
        (vec![a, c, b], vec![overlap(1, c, 0, a), overlap(2, b, 0, a)]),
        (vec![b, c, a], vec![overlap(1, c, 0, b), overlap(2, a, 0, b)]),
        (vec![c, b, a], vec![overlap(1, b, 0, c), overlap(2, a, 0, c)]),
        // An entry said twice is told twice, against the first that it overlaps.
        (vec![b, a, b], vec![overlap(1, a, 0, b), overlap(2, b, 1, a)]),
        (vec![a, b, a, b], vec![overlap(1, b, 0, a), overlap(2, a, 1, b), overlap(3, b, 0, a)]),
        (vec!["10.0.0.9/25", "10.0.0.3/25", "10.0.0.9/26"], vec![overlap(2, "10.0.0.9/26", 0, "10.0.0.9/25")]),
    ] {
        assert_eq!(checked(&written, Some("10.0.0.0/16")), Err(expected), "{written:?}");
    }
    // One entry can be wrong in two ways.
    assert_eq!(
        checked(&["10.0.0.0/24", "10.0.0.0/8"], Some("10.0.0.0/16")),
        Err(vec![
            "value.exclude[1]: Invalid value: \"10.0.0.0/8\": covers the whole range 10.0.0.0/16 and leaves no address; \
             to disable the network set value to \"\""
                .to_owned(),
            overlap(1, "10.0.0.0/8", 0, "10.0.0.0/24"),
        ])
    );
}

#[test]
fn entries_that_are_no_string_keep_their_place() {
    let mut entries = entries(&["10.0.0.0/24", "10.0.0.1/32", "x"]);
    entries.insert(1, None);
    let problems = check(&entries, None).unwrap_err();
    let fields: Vec<_> = problems.listed().iter().map(|problem| problem.path.clone()).collect();
    assert_eq!(fields, [FieldPath::ExcludeItem(2), FieldPath::ExcludeItem(3)]);
    entries.truncate(2);
    assert_eq!(check(&entries, None), Ok(vec!["10.0.0.0/24".parse().unwrap()]));
}

#[test]
fn there_are_at_most_10_000_as_written() {
    let texts: Vec<String> = (0..10_001).map(|index| format!("10.{}.{}.0/25", index >> 8, index & 255)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(checked(&texts[..10_000], None).map(|nets| nets.len()), Ok(10_000));
    let too_many = "value.exclude: Too many: 10001: must have at most 10000 entries; use larger blocks".to_owned();
    assert_eq!(checked(&texts, None), Err(vec![too_many.clone()]));
    // Equal entries count each time, those that are no string too.
    assert_eq!(checked(&vec!["10.0.0.0/32"; 10_001], None), Err(vec![too_many]));
    assert_eq!(check(&vec![None; 10_001], None).unwrap_err().listed().len(), 1);
}

proptest! {
    /// Against the definition: an entry overlaps the first earlier one whose network is another and shares an address.
    #[test]
    fn rivals_are_those_of_a_look_at_every_pair(
        written in prop::collection::vec((0_u32..64, 26_u8..=32), 0..12),
    ) {
        let texts: Vec<String> = written.iter().map(|(host, prefix)| format!("10.0.0.{host}/{prefix}")).collect();
        let nets: Vec<Ipv4Net> = texts.iter().map(|text| text.parse::<Ipv4Net>().unwrap().trunc()).collect();
        let overlapping = |one: &Ipv4Net, other: &Ipv4Net| {
            one != other && one.network() <= other.broadcast() && other.network() <= one.broadcast()
        };
        let expected: Vec<String> = nets.iter().enumerate().filter_map(|(later, net)| {
            let earlier = nets[..later].iter().position(|other| overlapping(net, other))?;
            Some(overlap(later, &texts[later], earlier, &texts[earlier]))
        }).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let seen = checked(&texts, Some("10.0.0.0/16")).err().unwrap_or_default();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn as_many_as_are_allowed_are_not_too_many() {
    let mut texts: Vec<String> = (0..MAX_EXCLUDES).map(|at| format!("10.0.{}.{}/32", at / 256, at % 256)).collect();
    texts[0] = "x".to_owned();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let problems = checked(&texts, Some("10.0.0.0/16")).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("value.exclude[0]: Invalid value: \"x\": "), "{problems:?}");
}
