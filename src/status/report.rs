//! What the checks found: the report that every format is written from.

use schemars::JsonSchema;
use serde::Serialize;

use super::check_id::{CheckGroup, CheckId};

/// The result of all checks. Every text in it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The worst that was found: an error, else a check that could not be made, else a warning.
    pub result: CheckState,
    /// How many checks have each state.
    pub counts: StateCounts,
    /// The groups, in the order in which an operator would look.
    pub groups: Vec<Group>,
    /// The nodes that run virtual machines, sorted by name.
    pub nodes: Vec<NodeRow>,
}

/// Checks about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// What they are about.
    pub name: CheckGroup,
    /// Why none of them was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// The checks that were made, or tried.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its name, which is stable: `explain` takes it.
    pub id: CheckId,
    /// How it ended.
    pub state: CheckState,
    /// What was seen, on one line.
    pub seen: String,
    /// What to do: a line each; a command to be run is indented by two spaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hint: Vec<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, and may not for long.
    Warning,
    /// The check could not be made.
    Unknown,
    /// Not as it should be.
    Error,
}

/// How many checks have each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateCounts {
    pub error: usize,
    pub unknown: usize,
    pub warning: usize,
    pub ok: usize,
}

impl StateCounts {
    /// How many there are of each state, the worst first, as `2 errors`; of a state that none has, nothing.
    pub fn words(self) -> impl Iterator<Item = (CheckState, String)> {
        let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let Self { error, unknown, warning, ok } = self;
        [
            (CheckState::Error, error, plural(error, "error")),
            (CheckState::Unknown, unknown, format!("{unknown} unknown")),
            (CheckState::Warning, warning, plural(warning, "warning")),
            (CheckState::Ok, ok, format!("{ok} ok")),
        ]
        .into_iter()
        .filter_map(|(state, count, words)| (count > 0).then_some((state, words)))
    }
}

/// A node that runs virtual machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRow {
    /// Its name.
    pub node: String,
    /// The cluster network on it: `ready`, `not ready`, `no VlanConfig`, `unknown`, or `disabled`.
    pub vlan: String,
    /// Its virt-handler: `ready`, `not ready`, `none` or `unknown`.
    pub virt_handler: String,
    /// The pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The address that the pod has on the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What is wrong with the pod's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether all of it is as it should be.
    pub state: CheckState,
}

impl Report {
    pub(super) fn new(groups: Vec<Group>, nodes: Vec<NodeRow>) -> Self {
        let states: Vec<_> = groups.iter().flat_map(|group| &group.checks).map(|check| check.state).collect();
        let count = |state| states.iter().filter(|it| **it == state).count();
        let counts = StateCounts {
            error: count(CheckState::Error),
            unknown: count(CheckState::Unknown),
            warning: count(CheckState::Warning),
            ok: count(CheckState::Ok),
        };
        Self { result: states.into_iter().max().unwrap_or(CheckState::Ok), counts, groups, nodes }
    }

    /// The report without the checks that the preset does not ask for, and the groups that then have none.
    pub fn only(self, wanted: impl Fn(CheckId) -> bool) -> Self {
        let Self { mut groups, nodes, .. } = self;
        for group in &mut groups {
            group.checks.retain(|check| wanted(check.id));
        }
        groups.retain(|group| !group.checks.is_empty() || group.left_out.is_some());
        Self::new(groups, nodes)
    }

    /// The report with commands of this program under the name by which its user calls it.
    pub fn run_as(mut self, program: &str) -> Self {
        for line in self.groups.iter_mut().flat_map(|group| &mut group.checks).flat_map(|check| &mut check.hint) {
            if let Some(rest) = line.strip_prefix("  migration-network-webhook ") {
                *line = format!("  {program} {rest}");
            }
        }
        self
    }
}

impl Check {
    pub(super) fn new(id: CheckId, checked: Checked) -> Self {
        let (state, seen, hint) = match checked {
            Ok(CheckOutcome { state, seen, hint }) => (state, seen, hint),
            Err(why) => (CheckState::Unknown, why, Vec::new()),
        };
        Self { id, state, seen, hint }
    }
}

/// What a check found; or why it could not be made.
pub(super) type Checked = Result<CheckOutcome, String>;

/// A [`Check`] without its name.
pub(super) struct CheckOutcome {
    pub(super) state: CheckState,
    pub(super) seen: String,
    pub(super) hint: Vec<String>,
}

pub(super) fn ok(seen: impl Into<String>) -> CheckOutcome {
    CheckOutcome { state: CheckState::Ok, seen: seen.into(), hint: Vec::new() }
}

pub(super) fn warning(seen: impl Into<String>) -> CheckOutcome {
    CheckOutcome { state: CheckState::Warning, ..ok(seen) }
}

pub(super) fn error(seen: impl Into<String>) -> CheckOutcome {
    CheckOutcome { state: CheckState::Error, ..ok(seen) }
}

impl CheckOutcome {
    /// Adds a line of advice.
    pub(super) fn hint(mut self, line: impl Into<String>) -> Self {
        self.hint.push(line.into());
        self
    }

    /// Adds a command to be run.
    pub(super) fn run(self, command: impl std::fmt::Display) -> Self {
        self.hint(format!("  {command}"))
    }
}
