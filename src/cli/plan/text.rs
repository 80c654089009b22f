//! The plan as text.

use std::fmt;

use crate::cli::output::Paint;
use crate::escape::Line;
use crate::plan::{AddressPlan, ChangePlan, HarvesterSteps, NadState, RangeSuggestions, StoredBytes};
use crate::pool::AddressUse;
use crate::setting::list::Truncated;

pub(super) struct PlanText<'a> {
    pub(super) plan: &'a ChangePlan,
    pub(super) paint: Paint,
    /// Whether the map is drawn in ASCII.
    pub(super) ascii: bool,
}

const INDENT: &str = "    ";
/// The characters of the map, by row.
const COLUMNS: usize = 64;
const CELLS: u64 = 256;

impl fmt::Display for PlanText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, paint, .. } = self;
        writeln!(f, "{}", paint.verdict(plan.verdict))?;
        for problem in &plan.problems {
            writeln!(f, "{INDENT}{}: {} [{}]", problem.field, problem.message, problem.rule)?;
        }
        if plan.more_problems > 0 {
            writeln!(f, "{INDENT}and {} more problems", plan.more_problems)?;
        }
        plan.missing.iter().try_for_each(|missing| writeln!(f, "{INDENT}missing: {missing}"))?;
        for warning in &plan.warnings {
            writeln!(f, "{INDENT}{}: {}", paint.yellow("warning"), warning.message)?;
        }
        if let Some(it) = &plan.stored {
            stored(it, f)?;
        }
        if let Some(it) = &plan.harvester {
            let heading =
                if plan.verdict == "allowed" { "What Harvester then does" } else { "What Harvester would do" };
            self.heading(heading, f)?;
            steps(it, f)?;
        }
        if let Some(it) = &plan.addresses {
            self.heading(&format!("Addresses of {}", it.range), f)?;
            self.addresses(it, f)?;
        }
        if let Some(RangeSuggestions { ranges, note }) = &plan.suggestions {
            self.heading("Ranges that pass", f)?;
            for it in ranges {
                writeln!(f, "{INDENT}{:18}  {} to spare", it.range, it.spare)?;
            }
            note.iter().try_for_each(|note| writeln!(f, "{INDENT}{note}"))?;
        }
        if !plan.unseen.is_empty() {
            self.heading("Not seen", f)?;
            plan.unseen.iter().try_for_each(|it| writeln!(f, "{INDENT}{it}"))?;
        }
        Ok(())
    }
}

fn stored(stored: &StoredBytes, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let StoredBytes { value, hash, changes, .. } = stored;
    match &**value {
        "" => writeln!(f, "{INDENT}stored value: \"\" (the network is disabled)")?,
        value => writeln!(f, "{INDENT}stored value: {}", Line(value))?,
    }
    let changes = if *changes { "other bytes than are stored now" } else { "the bytes that are stored now" };
    writeln!(f, "{INDENT}sha1: {hash}, {changes}")
}

fn steps(steps: &HarvesterSteps, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{INDENT}{}", steps.summary)?;
    let nads = [("before", &steps.nad_before), ("after", &steps.nad_after)];
    for (when, nad) in nads {
        let name = nad.as_ref().map_or("none", |nad| &nad.name);
        writeln!(f, "{INDENT}attachment {when}: {name}")?;
        if let Some(NadState { config: Some(config), .. }) = nad {
            writeln!(f, "{INDENT}{INDENT}{}", Line(config))?;
        }
    }
    if let Some(removed) = &steps.nad_removed {
        writeln!(f, "{INDENT}deleted: {removed}")?;
    }
    let [before, after] = steps.networks().map(|name| name.unwrap_or_else(|word| word));
    writeln!(f, "{INDENT}KubeVirt's network: {before} before, {after} after")?;
    for (what, names) in [("restarts of virt-handler", &steps.restarts), ("migrations in the way", &steps.migrations)] {
        if !names.is_empty() {
            writeln!(f, "{INDENT}{what}: {}, {}", names.len(), names.iter().collect::<Truncated>())?;
        }
    }
    Ok(())
}

impl PlanText<'_> {
    fn heading(&self, heading: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.paint.bold(heading))
    }

    fn addresses(&self, plan: &AddressPlan, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = plan.map.cells(CELLS);
        for row in cells.chunks(COLUMNS) {
            f.write_str(INDENT)?;
            for run in row.chunk_by(|one, other| one == other) {
                let symbol = self.symbol(run[0]).to_string().repeat(run.len());
                match run[0] {
                    AddressUse::Node | AddressUse::Neighbour => write!(f, "{}", self.paint.red(symbol))?,
                    AddressUse::Taken => write!(f, "{}", self.paint.yellow(symbol))?,
                    AddressUse::Free => write!(f, "{}", self.paint.green(symbol))?,
                    AddressUse::Network | AddressUse::Broadcast | AddressUse::Excluded => f.write_str(&symbol)?,
                }
            }
            writeln!(f)?;
        }
        for it in &plan.uses {
            let owners = it.owners.as_ref().map(|owners| format!(": {owners}")).unwrap_or_default();
            writeln!(f, "{INDENT}{} {} {}{owners}", self.symbol(it.r#use), it.count, it.r#use)?;
        }
        let size = 1_u64 << (32 - plan.map.net.prefix_len());
        if size > CELLS {
            writeln!(f, "{INDENT}each character is {} addresses", size / CELLS)?;
        }
        match plan.usable_ends {
            Some((first, last)) => writeln!(f, "{INDENT}{} usable, from {first} to {last}", plan.usable)?,
            None => writeln!(f, "{INDENT}none is usable")?,
        }
        if plan.lost > 0 {
            writeln!(f, "{INDENT}{} of them not for virt-handler: of nodes, other networks and other pods", plan.lost)?;
        }
        if let (Some(needed), Some(spare)) = (plan.needed, plan.spare) {
            writeln!(f, "{INDENT}{needed} needed, one for each node but the witnesses; {spare} spare")?;
        }
        writeln!(f, "{INDENT}the cluster can grow to {} nodes", plan.nodes_at_most)
    }

    const fn symbol(&self, usage: AddressUse) -> char {
        match (usage, self.ascii) {
            (AddressUse::Network | AddressUse::Broadcast, _) => '|',
            (AddressUse::Excluded, false) => '▒',
            (AddressUse::Excluded, true) => 'x',
            (AddressUse::Node, _) => 'N',
            (AddressUse::Neighbour, _) => 'O',
            (AddressUse::Taken, false) => '█',
            (AddressUse::Taken, true) => '#',
            (AddressUse::Free, false) => '░',
            (AddressUse::Free, true) => '.',
        }
    }
}
