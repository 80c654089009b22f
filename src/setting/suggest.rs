//! Suggestions: "did you mean".

/// How many slips apart what was written may be from what was meant.
const MOST: usize = 2;
/// No name that is asked for is longer, so that nothing longer is near one: comparing costs the product of the lengths.
const LONGEST: usize = 64;

/// The slips between two words: characters too many, too few, other ones, or swapped. `None` where there are more than two.
pub(crate) fn distance(one: &str, other: &str) -> Option<usize> {
    let short = one.len() <= LONGEST && other.len() <= LONGEST;
    // Each slip changes the length by one character at most.
    let alike = one.chars().count().abs_diff(other.chars().count()) <= MOST;
    (short && alike).then(|| strsim::damerau_levenshtein(one, other)).filter(|slips| *slips <= MOST)
}

/// The name that was probably meant, or all that there are.
pub(crate) fn nearest_or_all<'a>(all: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("{all} {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_lowercase();
    known
        .map(|known| (strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &name), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(distance(one, other), slips, "{one} {other}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_name_is_near_nothing() {
        let long = "a".repeat(65);
        assert_eq!(distance(&long, &long), None);
        assert_eq!(distance(&long, &long[1..]), None);
        assert_eq!(distance(&long[1..], &long), None);
        assert_eq!(distance(&long[1..], &long[2..]), Some(1));
    }
    #[test]
    fn the_nearest_name_is_told_or_all() {
        let known = ["a".repeat(64), "vlan".to_owned()];
        let told = |name: &str| nearest_or_all("it is one of", name, known.iter().map(String::as_str));
        assert_eq!(told("VLNA"), "did you mean vlan?");
        assert_eq!(told(&known[0]), format!("did you mean {}?", known[0]));
        let all = format!("it is one of {}, vlan", known[0]);
        assert_eq!(told("range"), all);
        // As near as one can be, and too long to be compared.
        assert_eq!(told(&"a".repeat(65)), all);
    }
}
