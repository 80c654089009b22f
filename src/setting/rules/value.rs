//! Rules about the value alone: `value-syntax`, `vlan-range`, `vlan-untagged-on-mgmt`,
//! `range-not-ipv4-network`, `exclude-invalid`.

use ipnet::Ipv4Net;

use super::super::cidr;
use super::super::config::Config;
use super::super::excludes;
use super::super::field::{FieldPath, Key};
use super::super::parsed_value::{ParsedValue, Problems};
use super::super::problem::Problem;
use super::super::range::AddressRange;
use super::super::vlan::VlanId;
use super::super::{MGMT, RuleId, SHORTEST_PREFIX, Warning};
use super::{Judge, Segment};
use crate::escape::Excerpt;

/// A draft whose parts have been read as what they stand for. A part is `None` where the draft's is.
#[derive(Debug)]
pub struct ValidatedValue<'a> {
    draft: &'a ParsedValue<'a>,
    vlan: Option<Result<u16, Problem>>,
    range: Option<Result<Ipv4Net, Problem>>,
    excludes: Option<Result<Vec<Ipv4Net>, Problems>>,
    addresses: Option<AddressRange>,
}

impl<'a> ValidatedValue<'a> {
    /// Reads each part that the draft has.
    #[must_use]
    pub fn new(draft: &'a ParsedValue<'a>) -> Self {
        let range = draft.range.as_deref().map(read_range);
        let sound_range = range.as_ref().and_then(|range| range.as_ref().ok()).copied();
        let excludes = draft.exclude.as_ref().map(|entries| excludes::check(&entries.items, sound_range));
        let mut checked = Self { draft, vlan: draft.vlan.map(read_vlan), range, excludes, addresses: None };
        checked.addresses = checked.excludes().zip(sound_range).map(|(holes, range)| AddressRange::new(range, holes));
        checked
    }

    /// The value as a configuration, when no rule about the value alone is broken that would make the
    /// canonical form say something else than what was written.
    #[must_use]
    pub fn config(&self) -> Option<Config> {
        if !self.draft.syntax.is_empty() {
            return None;
        }
        Some(Config {
            cluster_network: self.draft.cluster_network.as_deref()?.to_owned(),
            vlan: self.vlan_number()?,
            range: self.range()?,
            exclude: self.excludes()?.to_vec(),
        })
    }

    pub(super) fn cluster_network(&self) -> Option<&str> {
        self.draft.cluster_network.as_deref()
    }

    pub(super) fn vlan(&self) -> Option<VlanId> {
        self.vlan_number().map(VlanId::from)
    }

    /// The `vlan` as it was written.
    pub(super) fn vlan_written(&self) -> Excerpt {
        Excerpt::of(self.draft.vlan.unwrap_or_default())
    }

    pub(super) fn range(&self) -> Option<Ipv4Net> {
        self.range.as_ref()?.as_ref().ok().copied()
    }

    /// The range less its excludes, where both are sound.
    pub(super) const fn addresses(&self) -> Option<&AddressRange> {
        self.addresses.as_ref()
    }

    pub(super) fn segment(&self) -> Option<Segment<'_>> {
        Some(Segment { cluster_network: self.cluster_network()?, vlan: self.vlan()? })
    }

    fn vlan_number(&self) -> Option<u16> {
        self.vlan.as_ref()?.as_ref().ok().copied()
    }

    /// The excluded networks, where it is certain which they are.
    fn excludes(&self) -> Option<&[Ipv4Net]> {
        let broken = self.draft.exclude.as_ref()?.broken;
        self.excludes.as_ref()?.as_deref().ok().filter(|_| !broken)
    }
}

fn read_vlan(written: &str) -> Result<u16, Problem> {
    written
        .parse()
        .ok()
        .filter(|id| *id <= VlanId::MAX)
        .ok_or_else(|| Problem::VlanOutOfRange { seen: Excerpt::of(written) })
}

fn read_range(written: &str) -> Result<Ipv4Net, Problem> {
    let range = cidr::parse_strict(written).map_err(|why| Problem::RangeNotCidr { seen: Excerpt::of(written), why })?;
    if range.prefix_len() < SHORTEST_PREFIX {
        return Err(Problem::RangeTooLarge { range });
    }
    if range.addr() != range.network() {
        return Err(Problem::RangeHasHostBits { range });
    }
    Ok(range)
}

pub(super) fn syntax(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    judge.judged(RuleId::ValueSyntax);
    judge.report_all(&checked.draft.syntax, RuleId::ValueSyntax);
}

pub(super) fn vlan_range(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(vlan) = &checked.vlan else { return };
    judge.judged(RuleId::VlanRange);
    if let Err(problem) = vlan {
        judge.report(FieldPath::Key(Key::Vlan), problem.clone());
    }
}

pub(super) fn vlan_untagged_on_mgmt(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    if checked.cluster_network() != Some(MGMT) {
        return;
    }
    if let Some(vlan) = checked.vlan() {
        judge.judged(RuleId::VlanUntaggedOnMgmt);
        if vlan == VlanId::Untagged {
            judge.report(FieldPath::Key(Key::Vlan), Problem::UntaggedOnMgmt { seen: checked.vlan_written() });
        }
    }
    judge.warn(Warning::Mgmt(judge.root));
}

pub(super) fn range_not_ipv4_network(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(range) = &checked.range else { return };
    judge.judged(RuleId::RangeNotIpv4Network);
    if let Err(problem) = range {
        judge.report(FieldPath::Key(Key::Range), problem.clone());
    }
}

pub(super) fn exclude_invalid(judge: &mut Judge<'_, '_>, checked: &ValidatedValue<'_>) {
    let Some(excludes) = &checked.excludes else { return };
    judge.judged(RuleId::ExcludeInvalid);
    if let Err(problems) = excludes {
        judge.report_all(problems, RuleId::ExcludeInvalid);
    }
}
