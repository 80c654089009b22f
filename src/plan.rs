//! What saving a value would do: the verdict, what Harvester then does, and whose addresses are in the range.
//!
//! [`plan`] asks the rooms that decide on requests, so that its verdict is the server's, and changes nothing.

use std::fmt;
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::admission::canonical::stored;
use crate::admission::setting::Text;
use crate::admission::{Request, Verdict, admit, response};
use crate::escape::printable_json;
use crate::pool::{AddressMap, AddressUse};
use crate::setting::{Facts, Policy, Violation, hash};
use crate::status::Observed;

mod addresses;
mod steps;
mod suggestions;

/// What saving a value would do. Texts are safe to print but for `value` and `config`, which are the very bytes.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangePlan {
    /// `allowed`, `refused`, or `unavailable` where it can't be told.
    pub verdict: &'static str,
    /// Why it is refused, as `review` says it.
    pub problems: Vec<PlanProblem>,
    /// How many problems there are beyond those listed.
    pub more_problems: usize,
    /// What could not be seen and the verdict depends on.
    pub missing: Vec<String>,
    /// What an admitted change is told.
    pub warnings: Vec<PlanWarning>,
    /// What is stored once it is admitted; `null` where the value can't be read.
    pub stored: Option<StoredBytes>,
    /// What Harvester then does; `null` where the value can't be read, or the Setting can't be seen.
    pub harvester: Option<HarvesterSteps>,
    /// The range; `null` where the value has none.
    pub addresses: Option<AddressPlan>,
    /// Ranges that would pass the rules about ranges, where they were asked for.
    pub suggestions: Option<RangeSuggestions>,
    /// What could not be seen and would have been shown.
    pub unseen: Vec<String>,
}

/// One reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanProblem {
    /// The field, such as `value.range`.
    pub field: String,
    /// The rule: `explain` takes it.
    pub rule: &'static str,
    /// What is wrong, on one line.
    pub message: String,
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanWarning {
    /// A stable name.
    pub kind: &'static str,
    /// What it is, on one line.
    pub message: String,
}

/// The value that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredBytes {
    /// The bytes.
    pub value: String,
    /// Their sha1, in hex, as Harvester keeps it.
    pub hash: String,
    /// Whether they are others than are stored now: any other byte is a change to Harvester.
    pub changes: bool,
    /// Whether they are others than those that were submitted.
    pub rewritten: bool,
}

/// What Harvester does about the stored value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HarvesterSteps {
    /// What it comes to, in a sentence.
    pub summary: String,
    /// The `NetworkAttachmentDefinition` before.
    pub nad_before: Option<NadState>,
    /// The one after; `null` where there is none.
    pub nad_after: Option<NadState>,
    /// The one that Harvester deletes, as `NAMESPACE/NAME`.
    pub nad_removed: Option<String>,
    /// Whether `KubeVirt` could be seen.
    pub kubevirt_seen: bool,
    /// `spec.configuration.migrations.network` of `KubeVirt` before; `null` where there is none.
    pub network_before: Option<String>,
    /// The same after.
    pub network_after: Option<String>,
    /// The nodes on which virt-handler restarts, sorted.
    pub restarts: Vec<String>,
    /// The migrations that have not ended, as `NAMESPACE/NAME`, where virt-handler restarts.
    pub migrations: Vec<String>,
}

/// A `NetworkAttachmentDefinition`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NadState {
    /// `NAMESPACE/NAME`; of one that is yet to be made the name ends with `*`.
    pub name: String,
    /// Its `spec.config`; `null` where it can't be seen.
    pub config: Option<String>,
}

/// The range of a value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressPlan {
    /// The network.
    pub range: String,
    /// The first and the last usable address.
    pub usable_ends: Option<(Ipv4Addr, Ipv4Addr)>,
    /// How many addresses Whereabouts may hand out.
    pub usable: u64,
    /// How many are needed now: one for each node but the witnesses. `null` where the nodes can't be seen.
    pub needed: Option<u64>,
    /// How many usable ones virt-handler can't get: of nodes, of other networks, and held by other pods.
    pub lost: u64,
    /// How many are left then.
    pub spare: Option<u64>,
    /// How many nodes there can be.
    pub nodes_at_most: u64,
    /// What the addresses are, in the order of the map's legend.
    pub uses: Vec<UseCount>,
    /// The map.
    #[serde(skip)]
    pub map: AddressMap,
}

/// How many addresses are of a use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UseCount {
    /// The use.
    pub r#use: AddressUse,
    /// How many.
    pub count: u64,
    /// Whose they are: the first few.
    pub owners: Option<String>,
}

/// Ranges that pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RangeSuggestions {
    /// At most five, the nearest to the submitted range first.
    pub ranges: Vec<SuggestedRange>,
    /// Why there are none, or what else would still be refused with each of them.
    pub note: Option<String>,
}

/// A range that passes every rule about ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SuggestedRange {
    /// The network.
    pub range: String,
    /// How many addresses the nodes leave.
    pub spare: u64,
    /// The value with this range, in canonical form.
    pub value: String,
}

/// What to suggest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suggest {
    /// Networks of the submitted range's size.
    SameSize,
    /// Networks with this prefix length.
    Prefix(u8),
}

/// Plans a CREATE or UPDATE of the Setting; `None` for another request.
pub fn plan(
    request: &Request<'_>,
    facts: &Facts,
    policy: &Policy,
    observed: &Observed,
    suggest: Option<Suggest>,
) -> Option<ChangePlan> {
    let absent = Text::Absent;
    let (old, new) = match request {
        Request::Create(new) => (&absent, &new.value),
        Request::Update { old, new } => (&old.value, &new.value),
        Request::NotOurs | Request::Delete => return None,
    };
    let admission = admit(request, facts, policy);
    let warnings = admission.warnings().into_iter();
    let mut plan = ChangePlan {
        verdict: response::verdict(&admission.decision().verdict),
        warnings: warnings.map(|it| PlanWarning { kind: it.kind(), message: it.to_string() }).collect(),
        suggestions: suggest.and_then(|suggest| suggestions::suggestions(suggest, request, facts, policy)),
        ..ChangePlan::default()
    };
    let problem =
        |it: &Violation| PlanProblem { field: it.field.to_string(), rule: it.rule().as_str(), message: it.to_string() };
    match &admission.decision().verdict {
        Verdict::Allowed | Verdict::NotDeletable => {}
        Verdict::Invalid(violations) => {
            plan.more_problems = violations.total() - violations.listed().len();
            plan.problems = violations.listed().iter().map(problem).collect();
        }
        Verdict::FactsMissing(missing) => plan.missing = missing.iter().map(ToString::to_string).collect(),
    }
    let Ok(value) = stored(new, old) else { return Some(plan) };
    plan.harvester = steps::steps(&value, facts, observed, &mut plan.unseen);
    plan.addresses = addresses::addresses(&value, facts, policy, observed, &mut plan.unseen);
    plan.stored = Some(StoredBytes {
        hash: hash(&value),
        changes: old.bytes() != Some(&value),
        rewritten: new.bytes() != Some(&value),
        value,
    });
    Some(plan)
}

/// The JSON Schema of a plan.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(ChangePlan).to_value()
}

/// The addresses of the range that is stored; `None` where none is, or it can't be seen.
pub fn stored_range(facts: &Facts, policy: &Policy, observed: &Observed) -> Option<AddressPlan> {
    let setting = observed.setting.as_ref().ok()?.as_ref()?;
    addresses::addresses(&setting.value, facts, policy, observed, &mut Vec::new())
}

impl HarvesterSteps {
    /// `KubeVirt`'s network before and after, else the word for that there is none or that it was not seen.
    pub fn networks(&self) -> [Result<&str, &'static str>; 2] {
        let none = |is_known| if is_known { "none" } else { "not seen" };
        [
            self.network_before.as_deref().ok_or(none(self.kubevirt_seen)),
            self.network_after.as_deref().ok_or(none(self.kubevirt_seen || !self.restarts.is_empty())),
        ]
    }
}

impl ChangePlan {
    /// The whole as JSON, in which no character acts on a terminal.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let json = serde_json::to_string_pretty(self)?;
        Ok(json.lines().map(printable_json).collect::<Vec<_>>().join("\n"))
    }
}

/// What was seen; why it was not is noted.
fn seen<'a, T, E: fmt::Display>(seen: &'a Result<T, E>, unseen: &mut Vec<String>) -> Option<&'a T> {
    seen.as_ref().map_err(|why| unseen.push(why.to_string())).ok()
}

/// How many addresses a network of this prefix length has to hand out.
const fn capacity(prefix: u8) -> u64 {
    (1_u64 << (32 - prefix)).saturating_sub(2)
}

#[cfg(test)]
mod tests;
