use proptest::prelude::*;

use super::*;

fn by_definition(one: &str, other: &str) -> Option<usize> {
    Some(strsim::damerau_levenshtein(one, other)).filter(|slips| *slips <= 2)
}

#[test]
fn all_short_words_of_three_letters_are_as_far_apart_as_by_definition() {
    let mut words = vec![String::new()];
    for index in 0.. {
        if words[index].chars().count() == 4 {
            break;
        }
        let longer = ["a", "b", "é"].map(|letter| format!("{}{letter}", words[index]));
        words.extend(longer);
    }
    for (one, other) in words.iter().flat_map(|one| words.iter().map(move |other| (one, other))) {
        assert_eq!(between(one, other), by_definition(one, other), "{one} {other}");
    }
}

#[test]
fn slips_are_counted_up_to_two() {
    for (one, other, slips) in [
        ("vlan", "vlan", Some(0)),
        ("vlan", "vlna", Some(1)),
        ("range", "rang", Some(1)),
        ("exclude", "excludes", Some(1)),
        ("ca", "abc", Some(2)),
        ("mgmt", "gmtm", Some(2)),
        ("vlän", "vlan", Some(1)),
        ("range", "gateway", None),
        ("", "abc", None),
    ] {
        assert_eq!(between(one, other), slips, "{one} {other}");
    }
}

proptest! {
    #[test]
    fn any_words_are_as_far_apart_as_by_definition(one in "[a-dé]{0,9}", other in "[a-dé]{0,9}", word in "\\PC{0,9}") {
        prop_assert_eq!(between(&one, &other), by_definition(&one, &other));
        prop_assert_eq!(between(&word, &one), by_definition(&word, &one));
        let joined = format!("{word}{one}");
        prop_assert_eq!(between(&joined, &word), by_definition(&joined, &word));
    }
}
