//! The entries of `exclude` held against the range and against each other.

use std::borrow::Cow;

use ipnet::Ipv4Net;

use super::MAX_EXCLUDES;
use super::cidr;
use super::draft::Problems;
use super::problem::Problem;
use super::quote::Excerpt;
use super::violation::{Key, Path};

/// Reads the entries: masked, distinct, sorted by address then prefix length; or everything that is wrong.
///
/// Without a range (its own rule reports that) only the entries themselves are judged.
pub(super) fn check(entries: &[Cow<'_, str>], range: Option<Ipv4Net>) -> Result<Vec<Ipv4Net>, Problems> {
    let mut problems = Problems::default();
    if entries.len() > MAX_EXCLUDES {
        problems.push(|| (Path::Key(Key::Exclude), Problem::TooManyExcludes { count: entries.len() }));
    }
    let written: Vec<_> = entries.iter().map(|entry| cidr::parse_strict(entry)).collect();
    let mut nets: Vec<Placed> = written
        .iter()
        .enumerate()
        .filter_map(|(index, net)| Some(Placed { net: net.as_ref().ok()?.trunc(), index }))
        .collect();
    // Of equal entries the first is kept: it is the one that a later overlap is reported against.
    nets.sort_unstable();
    nets.dedup_by_key(|placed| placed.net);
    let rivals = earliest_rivals(&nets);

    for (index, (entry, net)) in entries.iter().zip(&written).enumerate() {
        let path = || Path::ExcludeItem(index);
        let net = match net {
            Ok(net) => *net,
            Err(why) => {
                problems.push(|| (path(), Problem::ExcludeNotCidr { seen: Excerpt::of(entry), why: *why }));
                continue;
            }
        };
        if let Some(range) = range {
            if net.contains(&range) {
                let host = (net.prefix_len() == range.prefix_len() && net.addr() != net.network()).then(|| net.addr());
                let seen = || Excerpt::of(entry);
                problems.push(|| (path(), Problem::ExcludeCoversRange { seen: seen(), range, host }));
            } else if !range.contains(&net) {
                problems.push(|| (path(), Problem::ExcludeOutside { seen: Excerpt::of(entry), range }));
            }
        }
        let rival = nets.binary_search_by_key(&net.trunc(), |placed| placed.net).ok().and_then(|at| rivals[at]);
        if let Some(other) = rival.filter(|other| *other < index) {
            let other_seen = || Excerpt::of(&entries[other]);
            problems.push(|| {
                (path(), Problem::ExcludeOverlap { seen: Excerpt::of(entry), other, other_seen: other_seen() })
            });
        }
    }
    if problems.is_empty() { Ok(nets.into_iter().map(|placed| placed.net).collect()) } else { Err(problems) }
}

/// A network, and the first entry that names it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    net: Ipv4Net,
    index: usize,
}

/// For each network, the earliest entry of another network that overlaps it.
///
/// Two CIDRs overlap only when one holds the other. Sorted by address then prefix length, a network follows
/// all that hold it, so a stack of the open ones finds every pair's earliest partner in one walk: from above
/// (the networks that hold it) on the way in, from below (those that it holds) on the way out.
fn earliest_rivals(nets: &[Placed]) -> Vec<Option<usize>> {
    let mut rivals = vec![None; nets.len()];
    let mut open: Vec<Open> = Vec::new();
    for (at, placed) in nets.iter().enumerate() {
        while open.last().is_some_and(|holder| !nets[holder.at].net.contains(&placed.net)) {
            close(&mut open, nets, &mut rivals);
        }
        let above = open.last().map(|holder| earliest(holder.above, nets[holder.at].index));
        rivals[at] = above;
        open.push(Open { at, above, below: None });
    }
    while !open.is_empty() {
        close(&mut open, nets, &mut rivals);
    }
    rivals
}

/// A network whose inner networks are still being walked.
struct Open {
    at: usize,
    /// The earliest entry among those that hold it.
    above: Option<usize>,
    /// The earliest entry among those that it holds.
    below: Option<usize>,
}

fn close(open: &mut Vec<Open>, nets: &[Placed], rivals: &mut [Option<usize>]) {
    let Some(done) = open.pop() else { return };
    if let Some(below) = done.below {
        rivals[done.at] = Some(earliest(rivals[done.at], below));
    }
    if let Some(holder) = open.last_mut() {
        let inner = earliest(done.below, nets[done.at].index);
        holder.below = Some(earliest(holder.below, inner));
    }
}

fn earliest(one: Option<usize>, other: usize) -> usize {
    one.map_or(other, |one| one.min(other))
}
