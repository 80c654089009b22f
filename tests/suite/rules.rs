//! What is said of the rules: true, and the same everywhere.

use std::path::Path;

use migration_network_webhook::setting::RuleId;
use migration_network_webhook::setting::rule::{Instead, Rule};
use migration_network_webhook::setting::rules;
use serde_json::Value;

use crate::support::Dir;

/// The cluster that each example needs, as a difference.
fn given(rule: RuleId) -> &'static str {
    match rule {
        RuleId::MigrationInProgress => {
            "  with: [{apiVersion: kubevirt.io/v1, kind: VirtualMachineInstanceMigration, metadata: {namespace: default, \
             name: kubevirt-evacuation-x7v2p}, status: {phase: Running}}]\n"
        }
        RuleId::VlanConfigMissing => {
            "  with: [{apiVersion: network.harvesterhci.io/v1beta1, kind: VlanConfig, metadata: {name: vm-migration-all, \
             labels: {network.harvesterhci.io/clusternetwork: vm-migration}, \
             annotations: {network.harvesterhci.io/matched-nodes: '[\"node-0\"]'}}}]\n"
        }
        RuleId::VlanStatusNotReady => "  without: [{kind: VlanStatus, name: vm-migration-node-1-ba87b39d}]\n",
        RuleId::WhereaboutsCrdMissing => "  without: [{kind: CustomResourceDefinition}]\n",
        RuleId::NetworkOverlap => {
            "  with: [{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: storage-network}, \
             value: '{\"clusterNetwork\":\"vm-migration\",\"vlan\":200,\"range\":\"192.168.1.0/24\"}'}]\n"
        }
        RuleId::VlanExclusive => {
            "  with: [{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: storage-network}, \
             value: '{\"clusterNetwork\":\"mgmt\",\"vlan\":100,\"range\":\"192.168.9.0/24\",\"exclusiveVlan\":true}'}]\n"
        }
        _ => "",
    }
}

#[test]
fn each_example_is_refused_by_its_rule_alone_and_the_other_is_not() {
    for rule in RuleId::ALL {
        let Rule { field, example, .. } = rules::rule(rule);
        let given = given(rule);
        let mut suite = format!("- name: refused\n  value: '{}'\n{given}", example.refused);
        match example.instead {
            Instead::Value(value) => {
                suite.extend(["- name: instead\n  value: '", value, "'\n", given]);
            }
            Instead::Then(_) => suite.extend(["- name: instead\n  value: '", example.refused, "'\n"]),
        }
        let report = Dir::with_cases(&suite).report().1;
        let causes = report["results"][0]["causes"].as_array().unwrap();
        assert!(!causes.is_empty() && causes.iter().all(|cause| cause["rule"] == rule.as_str()), "{rule}: {report}");
        for cause in causes {
            let reported = cause["field"].as_str().unwrap().replace("[0]", "[i]");
            let known = field.contains(&format!("`{reported}`")) || rule == RuleId::ValueSyntax;
            assert!(known, "{rule} reports {reported}, and says {field}");
        }
        assert_eq!(report["results"][1]["verdict"], "allowed", "{rule}: {report}");
    }
}

#[test]
fn explain_says_of_each_rule_what_there_is_to_say() {
    let dir = Dir::new();
    let mut all = dir.run(&["explain"]).out;
    for rule in RuleId::ALL {
        all.push_str("\n----\n");
        all.push_str(&dir.run(&["explain", rule.as_str()]).out);
    }
    insta::assert_snapshot!(all);
    let run = dir.run(&["explain", "range-reservd"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean range-reserved?"), "{}", run.err);
}

#[test]
fn the_webhooks_are_called_what_the_manifests_call_them() {
    use migration_network_webhook::admission::MatchedWebhook;
    let read = |name| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/chart/files").join(name)).unwrap()
    };
    for (webhook, file) in [(MatchedWebhook::Check, "mutating.yaml"), (MatchedWebhook::Disable, "validating.yaml")] {
        let name = webhook.name().unwrap();
        assert!(read(file).contains(&format!("\n  - name: {name}\n")), "{name}");
    }
    assert_eq!(MatchedWebhook::None.name(), None);
}

#[test]
fn every_kind_of_warning_has_its_words_in_sarif() {
    let sarif: Value = serde_json::from_str(&Dir::new().run(&["test", "--report", "sarif"]).out).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for kind in migration_network_webhook::setting::Warning::KINDS {
        assert!(rules.iter().any(|rule| rule["id"] == kind), "{kind}");
    }
}
