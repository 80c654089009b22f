//! A suite of a thousand cases over a cluster of a hundred nodes. It stays in the directory for temporary files of the
//! build, for who wants to measure.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const NODES: usize = 100;

fn cluster() -> String {
    let names: Vec<_> = (0..NODES).map(|index| format!("\"node-{index}\"")).collect();
    let mut text = format!(
        "{{apiVersion: network.harvesterhci.io/v1beta1, kind: ClusterNetwork, metadata: {{name: vm-migration}}}}\n---\n\
         apiVersion: network.harvesterhci.io/v1beta1\nkind: VlanConfig\nmetadata:\n  name: all\n  labels: \
         {{network.harvesterhci.io/clusternetwork: vm-migration}}\n  annotations:\n    \
         network.harvesterhci.io/matched-nodes: '[{}]'\n---\napiVersion: apiextensions.k8s.io/v1\nkind: \
         CustomResourceDefinition\nmetadata: {{name: ippools.whereabouts.cni.cncf.io}}\nstatus: {{conditions: [{{type: \
         Established, status: \"True\"}}]}}\n",
        names.join(",")
    );
    for node in 0..NODES {
        write!(
            text,
            "---\napiVersion: v1\nkind: Node\nmetadata: {{name: node-{node}}}\nspec: {{podCIDRs: [10.52.{node}.0/24]}}\n\
             status: {{addresses: [{{type: InternalIP, address: 172.20.1.{}}}]}}\n---\n\
             apiVersion: network.harvesterhci.io/v1beta1\nkind: VlanStatus\nmetadata: {{name: vm-migration-node-{node}}}\n\
             status: {{clusterNetwork: vm-migration, node: node-{node}, conditions: [{{type: ready, status: \"True\"}}]}}\n",
            node + 1
        )
        .unwrap();
    }
    text
}

/// One that rewrites, one that is refused for its value, one for a VLAN that is down, one for a migration.
fn case(index: usize) -> String {
    let (range, node) = (format!("192.168.{}.0/24", index % 256), index % NODES);
    let good = format!(r#"{{"clusterNetwork":"vm-migration","vlan":100,"range":"{range}"}}"#);
    let refused = |rule, field| format!("{{verdict: refused, causes: [{{rule: {rule}, field: {field}}}]}}");
    let (value, more, expect) = match index % 4 {
        0 => (good.replace(',', ", "), String::new(), "allowed".to_owned()),
        1 => (good.replace("100", "4095"), String::new(), refused("vlan-range", "value.vlan")),
        2 => {
            let down = format!("  without: [{{kind: VlanStatus, name: vm-migration-node-{node}}}]\n");
            (good, down, refused("vlan-status-not-ready", "value.clusterNetwork"))
        }
        _ => {
            let migration = format!(
                "  with: [{{apiVersion: kubevirt.io/v1, kind: VirtualMachineInstanceMigration, metadata: {{name: m{index}, \
                 namespace: default}}, status: {{phase: Running}}}}]\n"
            );
            (good, migration, refused("migration-in-progress", "value"))
        }
    };
    format!("- name: case {index}\n  value: '{value}'\n  old: ''\n{more}  expect: {expect}\n")
}

#[test]
fn a_thousand_cases_over_a_hundred_nodes() {
    for cases in [1000, 2000] {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("suite-of-{cases}"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("cluster.yaml"), cluster()).unwrap();
        let suite = format!("cluster: [cluster.yaml]\ncases:\n{}", (0..cases).map(case).collect::<String>());
        fs::write(directory.join("x.suite.yaml"), suite).unwrap();
        // 256 MiB of address space would not hold a copy of the cluster for each case.
        let mut command = Command::new("/bin/sh");
        command.args([
            "-c",
            "ulimit -v 262144; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_migration-network-webhook"),
            "test",
        ]);
        let output = command.arg(&directory).env_clear().output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(stdout, format!("{cases} cases in 1 suite: {cases} hold, 0 failed\n"), "{output:?}");
    }
}
