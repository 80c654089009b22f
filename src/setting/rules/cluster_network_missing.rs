//! `cluster-network-missing`: the cluster network exists.

use std::collections::BTreeSet;

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::ClusterNetworkMissing,
    field: "`value.clusterNetwork`",
    refuses: "there is no `ClusterNetwork` of that name",
    why: "Harvester attaches the network to the bridge of that cluster network. Without the bridge no virt-handler starts.",
    fix: "Correct the name, or create the cluster network first. When restoring from a backup or Git, it comes before this setting.",
    example: Example {
        given: Some("the cluster networks are mgmt and vm-migration"),
        refused: r#"{"clusterNetwork":"vm-migrations","vlan":100,"range":"192.168.1.0/24"}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(name) = value.cluster_network().filter(|name| *name != MGMT) else { return };
    let Some(networks) = evaluation.need(&evaluation.context.facts.cluster_networks) else { return };
    evaluation.judged();
    if networks.contains(name) {
        return;
    }
    let hint = match nearest(name, networks) {
        Some(nearest) => format!("did you mean {}?", Plain(nearest)),
        None => "kubectl get clusternetworks.network.harvesterhci.io lists them".to_owned(),
    };
    let message = format!("{}: there is no ClusterNetwork of this name; {hint}", Excerpt::of(name));
    evaluation.report_key(&key::CLUSTER_NETWORK, Reason::NotFound, message);
}

/// The cluster network that a value stands on, unless it is `mgmt`, which needs nothing, or known to be missing: the rules
/// about what belongs to it would only say that again.
pub(super) fn existing<'v>(evaluation: &Evaluation<'_, '_>, value: &'v ValidatedValue<'_>) -> Option<&'v str> {
    let name = value.cluster_network().filter(|name| *name != MGMT)?;
    let networks = evaluation.context.facts.cluster_networks.as_ref();
    networks.map_or(true, |networks| networks.contains(name)).then_some(name)
}

/// A cluster network that the name was probably meant to be: the one whose bridge it names, or one a slip away.
fn nearest<'n>(name: &str, networks: &'n BTreeSet<String>) -> Option<&'n String> {
    let bridged = name.strip_suffix("-br").unwrap_or(name);
    networks
        .iter()
        .filter_map(|network| Some((suggest::distance(network, bridged)?, network)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, network)| network)
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn a_missing_cluster_network_hides_what_would_only_say_it_again() {
        let value = value("nett", 100, "192.168.1.0/24", &[]);
        assert_eq!(broken(&value, &ready()), ["cluster-network-missing value.clusterNetwork"]);
        let known_by_name = Facts { cluster_networks: known(BTreeSet::from(["nett".to_owned()])), ..ready() };
        assert_eq!(broken(&value, &known_by_name), ["vlan-config-missing value.clusterNetwork"]);
        // Not known whether it is missing, but certain that no VlanConfig belongs to it.
        let unknown = Facts { cluster_networks: Facts::unknown("").cluster_networks, ..ready() };
        assert_eq!(broken(&value, &unknown), ["vlan-config-missing value.clusterNetwork"]);
    }

    #[test]
    fn the_nearest_cluster_network_is_said() {
        let networks = ["mgmt", "migration", "net"].map(str::to_owned);
        let facts = Facts { cluster_networks: known(BTreeSet::from(networks)), ..ready() };
        for (name, hint) in [
            ("migratoin", "did you mean migration?"),
            ("nett", "did you mean net?"),
            ("net-br", "did you mean net?"),
            ("storage", "kubectl get clusternetworks.network.harvesterhci.io lists them"),
        ] {
            let findings = judged(&value(name, 100, "192.168.1.0/24", &[]), &facts, &Policy::default());
            let told: Vec<_> = findings.violations.listed().iter().map(ToString::to_string).collect();
            assert_eq!(told, [format!("Not found: \"{name}\": there is no ClusterNetwork of this name; {hint}")]);
        }
    }
}
