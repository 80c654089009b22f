//! Ranges that would pass.
//!
//! What the cluster is known to use is passed over in whole steps, and what is left is held against the rules themselves.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{RangeSuggestions, Suggest, SuggestedRange, capacity};
use crate::admission::setting::Text;
use crate::admission::{Request, Verdict, admit};
use crate::setting::facts::SettingNetwork;
use crate::setting::field::FieldPath;
use crate::setting::json::is_blank;
use crate::setting::parsed_value::Entries;
use crate::setting::problem::Problems;
use crate::setting::{
    Facts, ParsedValue, Policy, RWX_NETWORK, RuleId, RuleSet, SHORTEST_PREFIX, STORAGE_NETWORK, ValidatedValue, cidr,
    key,
};

/// How many are suggested.
const MOST: usize = 5;
/// How many are held against the rules before giving up.
const TRIES: usize = 64;
/// The networks for private use (RFC 1918).
const PRIVATE: [([u8; 4], u8); 3] = [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];

pub(super) fn suggestions(
    suggest: Suggest,
    request: &Request<'_>,
    facts: &Facts,
    policy: &Policy,
) -> Option<RangeSuggestions> {
    let nothing = |note: String| Some(RangeSuggestions { ranges: Vec::new(), note: Some(note) });
    let (Request::Create(new) | Request::Update { new, .. }) = request else { return None };
    let prefix = match suggest {
        Suggest::No => return None,
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
    for candidate in Candidates::new(start, &in_use(facts, policy)).take(TRIES) {
        let with_range = ParsedValue {
            syntax: Problems::default(),
            range: Some(Cow::Owned(candidate.to_string())),
            exclude: Some(Entries::default()),
            ..parsed.clone()
        };
        let Some(value) = ValidatedValue::new(&with_range).canonical() else {
            return nothing("clusterNetwork or vlan can't be read; mend these first".to_owned());
        };
        let value = value.to_json();
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
    if let Request::Create(new) | Request::Update { new, .. } = &mut request {
        new.value = Text::Text(Cow::Borrowed(value));
        let admission = admit(&request, facts, policy);
        return match &admission.decision().verdict {
            Verdict::Invalid(violations) => {
                let of_range = violations.listed().iter().any(|it| it.field.path == FieldPath::Key(&key::RANGE));
                (!of_range).then(|| violations.rules())
            }
            Verdict::Allowed => Some(RuleSet::default()),
            Verdict::NotDeletable | Verdict::FactsMissing(_) => None,
        };
    }
    None
}

/// What no range may touch, as far as that is known: the first and the last address, sorted, apart.
fn in_use(facts: &Facts, policy: &Policy) -> Vec<(u64, u64)> {
    let ends = |net: &Ipv4Net| (u32::from(net.network()), u32::from(net.broadcast()));
    let mut used: Vec<(u32, u32)> = policy.reserved.iter().map(ends).collect();
    used.extend(facts.service_cidrs.iter().flat_map(|cidrs| cidrs.iter()).map(|it| ends(&it.cidr)));
    for node in facts.nodes.iter().flat_map(|nodes| nodes.iter()) {
        used.extend(node.pod_cidrs.iter().map(ends));
        used.extend(node.internal_ips.iter().map(|address| (u32::from(*address), u32::from(*address))));
    }
    for name in [STORAGE_NETWORK, RWX_NETWORK] {
        let network = facts.networks.as_ref().ok().and_then(|networks| networks.get(name));
        if let Some(SettingNetwork::On { range: Ok(Some(range)), .. }) = network {
            used.extend(range.runs());
        }
    }
    used.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (first, last) in used.into_iter().map(|(first, last)| (u64::from(first), u64::from(last))) {
        match merged.last_mut() {
            Some(end) if first <= end.1 + 1 => end.1 = end.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// Networks of one size that nothing known lies in: a first one, if it is such, then others by their distance from it.
struct Candidates<'a> {
    used: &'a [(u64, u64)],
    prefix: u8,
    size: u64,
    start: u64,
    /// The next one at or below the first, and above it.
    below: Option<u64>,
    above: Option<u64>,
}

impl<'a> Candidates<'a> {
    fn new(first: Ipv4Net, used: &'a [(u64, u64)]) -> Self {
        let (prefix, start) = (first.prefix_len(), u64::from(u32::from(first.network())));
        let size = 1_u64 << (32 - prefix);
        let mut candidates = Self { used, prefix, size, start, below: None, above: None };
        candidates.below = candidates.down_from(Some(start));
        candidates.above = candidates.up_from(start + size);
        candidates
    }

    /// What is used in the network that begins there, from its first address or from its last.
    fn hit(&self, at: u64, from_last: bool) -> Option<(u64, u64)> {
        let (first, end) =
            (self.used.partition_point(|it| it.1 < at), self.used.partition_point(|it| it.0 < at + self.size));
        let hits = self.used.get(first..end)?;
        if from_last { hits.first() } else { hits.last() }.copied()
    }

    fn up_from(&self, mut at: u64) -> Option<u64> {
        loop {
            let (first, last) = private().into_iter().find(|(_, last)| at + self.size - 1 <= *last)?;
            at = at.max(first).next_multiple_of(self.size);
            match self.hit(at, false) {
                _ if at + self.size - 1 > last => {}
                None => return Some(at),
                Some((_, used)) => at = (used + 1).next_multiple_of(self.size),
            }
        }
    }

    fn down_from(&self, at: Option<u64>) -> Option<u64> {
        let mut at = at?;
        loop {
            let (_, last) = private().into_iter().rev().find(|(first, _)| *first <= at)?;
            at = at.min((last + 1).checked_sub(self.size)?);
            match self.hit(at, true) {
                None => return Some(at),
                Some((used, _)) => at = (used / self.size * self.size).checked_sub(self.size)?,
            }
        }
    }
}

impl Iterator for Candidates<'_> {
    type Item = Ipv4Net;

    fn next(&mut self) -> Option<Ipv4Net> {
        let is_below = match (self.below, self.above) {
            (Some(below), Some(above)) => self.start - below <= above - self.start,
            (below, _) => below.is_some(),
        };
        let at = if is_below { self.below } else { self.above }?;
        if is_below {
            self.below = self.down_from(at.checked_sub(self.size));
        } else {
            self.above = self.up_from(at + self.size);
        }
        Ipv4Net::new(Ipv4Addr::from(u32::try_from(at).ok()?), self.prefix).ok()
    }
}

/// The first and the last address of each network for private use.
fn private() -> [(u64, u64); 3] {
    PRIVATE.map(|(address, prefix)| {
        let first = u64::from(u32::from(Ipv4Addr::from(address)));
        (first, first + (1_u64 << (32 - prefix)) - 1)
    })
}
