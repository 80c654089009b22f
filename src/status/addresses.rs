//! The addresses of the range: how many are left, and who holds the others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::check_id::CheckId;
use super::context::{Context, EnabledNetwork};
use super::report::{Check, CheckOutcome, CheckState, Checked, error, ok, warning};
use super::{rules, virt_handler};
use crate::escape::{Plain, Quoted, ShellWord};
use crate::harvester::HARVESTER_SYSTEM;
use crate::pool::{KUBE_SYSTEM, TakenAddress, WhereaboutsPool, pool_name};
use crate::setting::list::Truncated;
use crate::setting::{RuleId, SETTING, SHORTEST_PREFIX};

const RESOURCE: &str = "ippools.whereabouts.cni.cncf.io";

const CHECKS: [CheckId; 5] = [
    CheckId::AddressesFree,
    CheckId::AddressesStale,
    CheckId::AddressesForeign,
    CheckId::AddressesHolders,
    CheckId::AddressesRecorded,
];

/// The addresses that are taken, by who holds them.
#[derive(Default)]
struct PoolUse<'a> {
    virt_handlers: u64,
    /// By pods that are gone or have ended.
    stale: Vec<&'a TakenAddress>,
    /// By other pods.
    foreign: Vec<&'a TakenAddress>,
    /// The pool does not say by whom.
    nobody: Truncated,
    /// The pods of their namespace were not seen, by reason.
    unseen: BTreeMap<&'a str, Truncated>,
}

pub(super) fn check(context: &Context<'_>) -> Result<Vec<Check>, String> {
    let network = context.enabled()?;
    let name = pool_name(network.addresses.net());
    let found = match context.observed.pool(network.addresses.net()) {
        Err(unseen) => return Ok(CHECKS.map(|id| Check::new(id, Err(unseen.into()))).into()),
        Ok(found) => found,
    };
    let pool = match found.map(|object| WhereaboutsPool::read(&object.spec)) {
        None => WhereaboutsPool::default(),
        Some(Ok(pool)) => pool,
        Some(Err(why)) => {
            let useless = error(format!("Whereabouts can't use its IPPool {name}: {why}"))
                .hint("Look at it:")
                .run(format_args!("kubectl -n {KUBE_SYSTEM} get {RESOURCE} {name} -o yaml"));
            return Ok(vec![Check::new(CheckId::AddressesFree, Ok(useless))]);
        }
    };
    let taken = PoolUse::new(context, &pool);
    let checked = [
        free(context, network, &pool, &taken),
        Ok(stale(context, &name, network, &taken)),
        Ok(foreign(&taken)),
        Ok(holders(&name, &pool, &taken)),
        recorded(context, &name, found.is_some().then_some(&pool)),
    ];
    Ok(CHECKS.into_iter().zip(checked).map(|(id, checked)| Check::new(id, checked)).collect())
}

impl<'a> PoolUse<'a> {
    fn new(context: &Context<'a>, pool: &'a WhereaboutsPool) -> Self {
        let virt_handlers: BTreeSet<&str> = context.observed.active_pods().map(|pod| &*pod.metadata.name).collect();
        let mut all = Self::default();
        for taken in &pool.taken {
            all.add(context, &virt_handlers, taken);
        }
        all
    }

    fn add(&mut self, context: &Context<'a>, virt_handlers: &BTreeSet<&str>, taken: &'a TakenAddress) {
        let Some((namespace, name)) = taken.pod() else { return self.nobody.push(taken.address) };
        let is_ours = namespace == HARVESTER_SYSTEM;
        if is_ours && virt_handlers.contains(name) {
            self.virt_handlers += 1;
            return;
        }
        let holders = match &context.observed.pods {
            Err(unseen) if is_ours => Some(Err(unseen)),
            _ => context.observed.holders.get(namespace).map(Result::as_ref),
        };
        match holders {
            None => self.nobody.push(taken.address),
            Some(Err(unseen)) => self.unseen.entry(&unseen.why).or_default().push(words(taken)),
            Some(Ok(pods)) => match pods.get(name).filter(|pod| !pod.is_over()) {
                None => self.stale.push(taken),
                // One that began after virt-handler's pods were looked at.
                Some(_) if is_ours && name.starts_with("virt-handler-") => self.virt_handlers += 1,
                Some(_) => self.foreign.push(taken),
            },
        }
    }
}

fn words(taken: &TakenAddress) -> String {
    format!("{} of {}", taken.address, Plain(&taken.podref))
}

fn free(context: &Context<'_>, network: &EnabledNetwork<'_>, pool: &WhereaboutsPool, taken: &PoolUse<'_>) -> Checked {
    let small = rules::findings(context, &[RuleId::RangeTooSmall]);
    if small.violations.total() > 0 {
        return rules::judged(&small, "");
    }
    let nodes = context.facts.nodes.as_ref().map_err(|missing| format!("needs {missing}"))?.worker_count() as u64;
    let usable = network.addresses.capacity();
    let held = pool.taken.iter().filter(|taken| network.addresses.contains(taken.address)).count() as u64;
    let free = usable.saturating_sub(held);
    let lacking = nodes.saturating_sub(taken.virt_handlers);
    let surge = surge(context, nodes);
    let counted = format!("{usable} usable, {held} taken, {free} free");
    let needed = match (lacking, surge) {
        (0, 0) => format!("{nodes} nodes have theirs"),
        (_, 0) => format!("{lacking} of {nodes} nodes need one"),
        _ => format!("{lacking} of {nodes} nodes need one, and a rollout {surge} more"),
    };
    let Some(growth) = free.checked_sub(lacking + surge) else {
        let check = error(format!("{counted}; {needed}: {} too few", lacking + surge - free));
        return Ok(match taken.stale.len() {
            0 => larger(
                network,
                check.hint("Save a larger range, or fewer excludes, while no virtual machine migrates."),
            ),
            stale => check.hint(format!("Release the {stale} that pods hold which are gone: see addresses-stale.")),
        });
    };
    let seen = format!("{counted}; {needed}, and {growth} nodes can be added");
    if growth > 0 && growth * 4 >= nodes {
        return Ok(ok(seen));
    }
    let check = warning(seen).hint("virt-handler won't start on nodes beyond that. Save a larger range in time.");
    Ok(larger(network, check))
}

/// How to find a larger range.
fn larger(network: &EnabledNetwork<'_>, check: CheckOutcome) -> CheckOutcome {
    let prefix = network.addresses.net().prefix_len();
    if prefix <= SHORTEST_PREFIX {
        return check;
    }
    check.hint("Ranges twice as large that are free:").run(format_args!(
        "migration-network-webhook plan <(kubectl get settings.harvesterhci.io {SETTING} -o jsonpath='{{.value}}') --kube \
         --suggest {}",
        prefix - 1
    ))
}

/// How many pods a rollout of virt-handler makes beyond one for each node.
fn surge(context: &Context<'_>, nodes: u64) -> u64 {
    let Ok(Some(set)) = &context.observed.daemon_set else { return 0 };
    match &set.spec.update_strategy.rolling_update.max_surge {
        Value::Number(number) => number.as_u64().unwrap_or_default(),
        Value::String(text) => {
            let percent = text.strip_suffix('%').and_then(|percent| percent.parse::<u64>().ok());
            percent.map_or(0, |percent| (nodes * percent.min(100)).div_ceil(100))
        }
        _ => 0,
    }
}

fn stale(context: &Context<'_>, name: &str, network: &EnabledNetwork<'_>, taken: &PoolUse<'_>) -> CheckOutcome {
    if taken.stale.is_empty() {
        return ok("none is held by a pod that is gone");
    }
    let held: Truncated = taken.stale.iter().map(|taken| words(taken)).collect();
    let check = warning(format!("{} held by pods that are gone: {held}", taken.stale.len()));
    // One that a pod has all the same must not be given to another one.
    let pods = context.observed.active_pods();
    let used: BTreeSet<Ipv4Addr> = pods.filter_map(|pod| Some(virt_handler::attached(pod).ok()??.1)).collect();
    let Some(first) = taken.stale.iter().find(|taken| !used.contains(&taken.address)) else {
        return check.hint("Release nothing yet: pods of virt-handler have these addresses; see addresses-recorded.");
    };
    let at = format!("/spec/allocations/{}", u32::from(first.address) - u32::from(network.addresses.net().network()));
    let patch = json!([
        {"op": "test", "path": format!("{at}/podref"), "value": first.podref},
        {"op": "remove", "path": at},
    ]);
    check
        .hint(format!("If the pod of {} is really gone, release its address:", first.address))
        .run(format_args!(
            "kubectl -n {KUBE_SYSTEM} patch {RESOURCE} {name} --type json -p {}",
            ShellWord(&patch.to_string())
        ))
        .run(format_args!(
            "kubectl -n {KUBE_SYSTEM} delete --ignore-not-found \
             overlappingrangeipreservations.whereabouts.cni.cncf.io {}",
            first.address
        ))
}

fn foreign(taken: &PoolUse<'_>) -> CheckOutcome {
    let [first, ..] = &*taken.foreign else { return ok("none is held by another pod than virt-handler") };
    let held: Truncated = taken.foreign.iter().map(|taken| words(taken)).collect();
    let check = warning(format!("{} held by pods that are not virt-handler: {held}", taken.foreign.len()));
    match first.pod() {
        Some((namespace, name)) => check.hint("Give it another network. What it is:").run(format_args!(
            "kubectl -n {} describe pod {}",
            ShellWord(namespace),
            ShellWord(name)
        )),
        None => check,
    }
}

fn holders(name: &str, pool: &WhereaboutsPool, taken: &PoolUse<'_>) -> CheckOutcome {
    let mut seen = Vec::new();
    for (why, held) in &taken.unseen {
        seen.push(format!("not known whether the pod exists: {held} ({why})"));
    }
    if !taken.nobody.is_empty() {
        seen.push(format!("{} held by nobody who is known: {}", taken.nobody.len(), taken.nobody));
    }
    if !pool.ignored.is_empty() {
        seen.push(format!("keys that are no address of the range: {}", pool.ignored));
    }
    if seen.is_empty() {
        return ok(format!("{} addresses, each of a pod that is known", pool.taken.len()));
    }
    let state = if taken.unseen.is_empty() { CheckState::Warning } else { CheckState::Unknown };
    CheckOutcome { state, ..ok(seen.join("; ")) }
        .hint("Look at the pool:")
        .run(format_args!("kubectl -n {KUBE_SYSTEM} get {RESOURCE} {name} -o yaml"))
}

fn recorded(context: &Context<'_>, name: &str, pool: Option<&WhereaboutsPool>) -> Checked {
    let pods = context.observed.pods.as_ref()?.iter().filter(|pod| pod.is_active());
    let mut attached = pods.filter_map(|pod| Some((pod, virt_handler::attached(pod).ok()??.1))).peekable();
    if pool.is_none() && attached.peek().is_some() {
        let seen = format!("there is no IPPool {name}, and {} pods have an address", attached.count());
        return Ok(error(seen)
            .hint(
                "Whereabouts makes it with the next address that it gives, which may be in use. While no virtual machine \
                 migrates, restart every virt-handler:",
            )
            .run(format_args!("kubectl -n {HARVESTER_SYSTEM} delete pods -l kubevirt.io=virt-handler")));
    }
    let taken = pool.into_iter().flat_map(|pool| &pool.taken);
    let taken: BTreeMap<Ipv4Addr, &str> = taken.map(|taken| (taken.address, &*taken.podref)).collect();
    let (recorded, wrong): (Vec<_>, Vec<_>) = attached.partition(|(pod, address)| {
        let podref = taken.get(address).and_then(|podref| podref.split_once('/'));
        podref == Some((HARVESTER_SYSTEM, &*pod.metadata.name))
    });
    let [(first, _), ..] = &*wrong else { return Ok(ok(format!("{} recorded", recorded.len()))) };
    let wrong = wrong.iter().map(|(pod, address)| match taken.get(address) {
        Some(other) => format!("{address} of {} is recorded for {}", Plain(&pod.metadata.name), Quoted(other)),
        None => format!("{address} of {} is not recorded", Plain(&pod.metadata.name)),
    });
    Ok(error(wrong.collect::<Truncated>().to_string())
        .hint("While no virtual machine migrates, restart it:")
        .run(format_args!("kubectl -n {HARVESTER_SYSTEM} delete pod {}", ShellWord(&first.metadata.name))))
}
