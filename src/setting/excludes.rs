//! Checks the entries of `exclude` against the range and each other.

use std::borrow::Cow;

use ipnet::Ipv4Net;

use super::cidr::{self, did_you_mean};
use super::field::FieldPath;
use super::problem::{Problem, Problems, Reason};
use super::{MAX_EXCLUDES, key};
use crate::escape::Excerpt;

/// Reads the entries: masked, distinct, sorted by address then prefix length; or everything that is wrong.
///
/// Without a range (its own rule reports that) only the entries themselves are judged. What is no string
/// breaks the syntax and is passed over here.
pub(super) fn check(entries: &[Option<Cow<'_, str>>], range: Option<Ipv4Net>) -> Result<Vec<Ipv4Net>, Problems> {
    let written: Vec<_> = entries.iter().map(|entry| entry.as_deref().map(cidr::parse_strict)).collect();
    let mut problems = Problems::default();
    if entries.len() > MAX_EXCLUDES {
        problems.push(|| {
            let message = format!("{}: must have at most {MAX_EXCLUDES} entries; use larger blocks", entries.len());
            Problem::new(FieldPath::Key(&key::EXCLUDE), Reason::TooMany, message)
        });
    }
    let mut nets: Vec<Placed> = written
        .iter()
        .enumerate()
        .filter_map(|(index, net)| Some(Placed { net: (*net)?.ok()?.trunc(), index }))
        .collect();
    // Of equal entries the first is kept: it is the one that a later overlap is reported against.
    nets.sort_unstable();
    nets.dedup_by_key(|placed| placed.net);
    let rivals = earliest_rivals(&nets);

    let shown = |index: usize| Excerpt::of(entries[index].as_deref().unwrap_or_default());
    for (index, net) in written.into_iter().enumerate() {
        let mut wrong = |what: &dyn Fn() -> String| {
            let path = FieldPath::ExcludeItem(index);
            problems.push(|| Problem::new(path, Reason::Invalid, format!("{}: {}", shown(index), what())));
        };
        let net = match net {
            None => continue,
            Some(Ok(net)) => net,
            Some(Err(why)) => {
                wrong(&|| {
                    format!("{why}; must be an IPv4 CIDR inside the range{}", did_you_mean(why.exclude_fix(range)))
                });
                continue;
            }
        };
        if let Some(range) = range {
            if net.contains(&range) {
                wrong(&|| covers(net, range));
            } else if !range.contains(&net) {
                wrong(&|| format!("not inside the range {range}"));
            }
        }
        let rival = nets.binary_search_by_key(&net.trunc(), |placed| placed.net).ok().and_then(|at| rivals[at]);
        if let Some(other) = rival.filter(|other| *other < index) {
            wrong(&|| format!("overlaps exclude[{other}], {}; keep the larger of the two", shown(other)));
        }
    }
    if problems.is_empty() { Ok(nets.into_iter().map(|placed| placed.net).collect()) } else { Err(problems) }
}

fn covers(net: Ipv4Net, range: Ipv4Net) -> String {
    let is_host = net.prefix_len() == range.prefix_len() && net.addr() != net.network();
    let fix = if is_host {
        format!("did you mean {}/32?", net.addr())
    } else {
        "to disable the network set value to \"\"".to_owned()
    };
    format!("covers the whole range {range} and leaves no address; {fix}")
}

/// A network, and the first entry that names it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    net: Ipv4Net,
    index: usize,
}

/// For each network, the earliest entry of another network that overlaps it.
///
/// Two CIDRs overlap only when one holds the other. Sorted by address then prefix length, a network is followed at once
/// by all that it holds, and at most 32 others hold it.
fn earliest_rivals(nets: &[Placed]) -> Vec<Option<usize>> {
    let mut rivals: Vec<Option<usize>> = vec![None; nets.len()];
    let mut overlap = |at: usize, other: usize| {
        let index = nets[other].index;
        rivals[at] = Some(rivals[at].map_or(index, |known| known.min(index)));
    };
    for (at, holder) in nets.iter().enumerate() {
        let held = nets[at + 1..].iter().take_while(|held| holder.net.contains(&held.net)).count();
        for inner in at + 1..=at + held {
            overlap(at, inner);
            overlap(inner, at);
        }
    }
    rivals
}

#[cfg(test)]
mod tests;
