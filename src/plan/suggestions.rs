//! Ranges that would pass.
//!
//! What the cluster is known to use is passed over, and what is left is held against the rules themselves.

use std::borrow::Cow;
use std::iter;
use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv4Subnets};

use super::{RangeSuggestions, Suggest, SuggestedRange, addresses, capacity};
use crate::admission::setting::Text;
use crate::admission::{Request, Verdict, admit};
use crate::pool::Mark;
use crate::setting::field::FieldPath;
use crate::setting::json::is_blank;
use crate::setting::parsed_value::Entries;
use crate::setting::problem::Problems;
use crate::setting::{Facts, ParsedValue, Policy, RuleId, RuleSet, SHORTEST_PREFIX, ValidatedValue, cidr, key};

const MOST: usize = 5;
/// How many are held against the rules before giving up.
const TRIES: usize = 64;
/// The networks for private use (RFC 1918).
const PRIVATE: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
];

pub(super) fn suggestions(
    suggest: Suggest,
    request: &Request<'_>,
    facts: &Facts,
    policy: &Policy,
) -> Option<RangeSuggestions> {
    let nothing = |note: String| Some(RangeSuggestions { ranges: Vec::new(), note: Some(note) });
    let (Request::Create(new) | Request::Update { new, .. }) = request else { return None };
    let prefix = match suggest {
        Suggest::SameSize => None,
        Suggest::Prefix(prefix) => Some(prefix),
    };
    let text = new.value.bytes().unwrap_or_default();
    if is_blank(text) {
        let example = r#"{"clusterNetwork":"mgmt","vlan":100,"range":"192.168.1.0/24"}"#;
        return nothing(format!("an empty value disables the network and has no range; plan one such as {example}"));
    }
    let parsed = ParsedValue::read(text);
    let asked = parsed.range.as_deref().and_then(|range| cidr::parse_strict(range).ok());
    let prefix = prefix.or(asked.map(|range| range.prefix_len())).unwrap_or(24).max(SHORTEST_PREFIX);
    let start = asked.map_or(Ipv4Addr::new(192, 168, 1, 0), |range| range.addr());
    let Ok(start) = Ipv4Net::new(start, prefix).map(|net| net.trunc()) else {
        return nothing("no prefix is longer than /32".into());
    };
    let nodes = match &facts.nodes {
        Ok(nodes) => nodes.worker_count() as u64,
        Err(missing) => return nothing(format!("needs {missing}")),
    };
    if capacity(prefix) < nodes.max(1) {
        let usable = capacity(prefix);
        let longest = (SHORTEST_PREFIX..prefix).rfind(|prefix| capacity(*prefix) >= nodes.max(1));
        let possible = longest.map(|longest| format!("; ask for one from /{SHORTEST_PREFIX} to /{longest}"));
        return nothing(format!(
            "a /{prefix} has {usable} usable addresses, and {nodes} nodes need one each{}",
            possible.unwrap_or_default()
        ));
    }
    let mut ranges = Vec::new();
    let mut others = RuleSet::default();
    for candidate in candidates(start, &in_use(facts, policy)).take(TRIES) {
        let with_range = ParsedValue {
            syntax: Problems::default(),
            range: Some(Cow::Owned(candidate.to_string())),
            exclude: Some(Entries::default()),
            ..parsed.clone()
        };
        let Some(value) = ValidatedValue::new(with_range).canonical() else {
            return nothing("clusterNetwork or vlan can't be read; mend these first".to_owned());
        };
        if let Some(rules) = refused_otherwise(request, &value, facts, policy) {
            others = others.iter().chain(rules.iter()).collect();
            ranges.push(SuggestedRange { range: candidate.to_string(), spare: capacity(prefix) - nodes, value });
        }
        if ranges.len() == MOST {
            break;
        }
    }
    let others: Vec<_> = others.iter().map(RuleId::as_str).collect();
    let note = match (ranges.is_empty(), others.is_empty()) {
        (true, _) => Some(match facts.missing().next() {
            Some(missing) => format!("needs {missing}"),
            None => format!("no free /{prefix} was found in the networks for private use"),
        }),
        (false, true) => None,
        (false, false) => Some(format!("other rules still refuse: {}", others.join(", "))),
    };
    Some(RangeSuggestions { ranges, note })
}

/// The rules that refuse the value for another reason than its range; `None` where one refuses that.
fn refused_otherwise(request: &Request<'_>, value: &str, facts: &Facts, policy: &Policy) -> Option<RuleSet> {
    let mut request = request.clone();
    let (Request::Create(new) | Request::Update { new, .. }) = &mut request else { return None };
    new.value = Text::Text(Cow::Borrowed(value));
    let admission = admit(&request, facts, policy);
    match &admission.decision().verdict {
        Verdict::Invalid(violations) => {
            let of_range = violations.listed().iter().any(|it| it.field.path == FieldPath::Key(&key::RANGE));
            (!of_range).then(|| violations.rules())
        }
        Verdict::Allowed => Some(RuleSet::default()),
        Verdict::NotDeletable | Verdict::FactsMissing(_) => None,
    }
}

/// What no range may touch, as far as that is known: sorted, apart.
fn in_use(facts: &Facts, policy: &Policy) -> Vec<Ipv4Net> {
    let (mut marks, mut unseen) = (Vec::new(), Vec::new());
    addresses::of_nodes(facts, &mut marks, &mut unseen);
    addresses::of_neighbours(facts, policy, &mut marks, &mut unseen);
    let nets = marks.iter().flat_map(|Mark { addresses: (first, last), .. }| Ipv4Subnets::new(*first, *last, 0));
    let used: Vec<_> = nets.collect();
    Ipv4Net::aggregate(&used)
}

/// Networks for private use that nothing known lies in: the first one, if it is such, then others of its size by their
/// distance from it.
fn candidates(first: Ipv4Net, used: &[Ipv4Net]) -> impl Iterator<Item = Ipv4Net> {
    // Networks of one size are numbered through the whole address space.
    let (prefix, shift) = (first.prefix_len(), 32 - first.prefix_len());
    let number = |address: Ipv4Addr| u32::from(address) >> shift;
    let network = move |number: u32| Ipv4Net::new_assert((number << shift).into(), prefix);
    let start = number(first.network());
    let free = free(used, number);
    let down = free.clone().into_iter().rev().flat_map(move |(first, last)| (first..=last.min(start)).rev());
    let up = free.into_iter().flat_map(move |(first, last)| first.max(start + 1)..=last);
    let (mut down, mut up) = (down.peekable(), up.peekable());
    iter::from_fn(move || {
        let is_below = match (down.peek(), up.peek()) {
            (Some(below), Some(above)) => start - below <= above - start,
            (below, _) => below.is_some(),
        };
        if is_below { down.next() } else { up.next() }.map(network)
    })
}

/// The numbers of the first and the last network of each run for private use in which nothing is used.
fn free(used: &[Ipv4Net], number: impl Fn(Ipv4Addr) -> u32) -> Vec<(u32, u32)> {
    let mut runs = Vec::new();
    for private in PRIVATE {
        let (mut next, last) = (number(private.network()), number(private.broadcast()));
        for used in used.iter().filter(|used| used.contains(&private) || private.contains(*used)) {
            let first = number(used.network());
            if next < first {
                runs.push((next, first - 1));
            }
            next = next.max(number(used.broadcast()) + 1);
        }
        if next <= last {
            runs.push((next, last));
        }
    }
    runs
}
