//! `range-too-small`: the range has an address for each node.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeTooSmall,
    field: "`value.range`",
    refuses: "the range has fewer usable addresses (without network address, broadcast address and excludes) than the cluster has \
              nodes, witnesses not counted",
    why: "Each node's virt-handler needs an address. On a node without one, virt-handler does not start, and no virtual \
          machine can start on that node or migrate away.",
    fix: "Use a larger range or fewer excludes; leave room for future nodes. A /31 or /32 has no usable address.",
    example: Example {
        given: Some("the cluster has two nodes"),
        refused: r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/30","exclude":["192.168.1.1/32"]}"#,
        instead: Instead::Value(SOUND),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, value: &ValidatedValue<'_>) {
    let Some(addresses) = value.addresses() else { return };
    let Some(nodes) = evaluation.nodes() else { return };
    evaluation.judged();
    let (usable, nodes) = (addresses.capacity(), nodes.worker_count());
    let Some(spare) = usable.checked_sub(nodes as u64) else {
        let message = format!(
            "\"{}\": too small: {nodes} nodes need an address each and {usable} are usable \
             (network address, broadcast address and excludes are not); use a larger range",
            addresses.net()
        );
        return evaluation.report_key(&key::RANGE, Reason::Invalid, message);
    };
    if spare == 0 || spare * 4 < nodes as u64 {
        let text = format!(
            ": addresses to spare: {spare} ({nodes} nodes); virt-handler won't start on nodes added beyond that"
        );
        evaluation.warn("few-spare-addresses", FieldPath::Key(&key::RANGE), text);
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn there_is_an_address_for_each_node_and_some_to_spare() {
        let nodes = |workers: usize| {
            let node = |index| Node { name: format!("w{index}").into(), ..Node::default() };
            let witness = Node { name: "x".into(), witness: true, ..Node::default() };
            Facts { nodes: known(Nodes::new((0..workers).map(node).chain([witness]))), ..ready() }
        };
        let few = |spare, workers| {
            format!(
                "value.range: addresses to spare: {spare} ({workers} nodes); virt-handler won't start on nodes added beyond that"
            )
        };
        for (range, exclude, workers, warning) in [
            ("192.168.1.0/30", &[] as &[&str], 2, Some(few(0, 2))),
            ("192.168.1.0/29", &[], 6, Some(few(0, 6))),
            ("192.168.1.0/29", &[], 5, Some(few(1, 5))),
            ("192.168.1.0/29", &[], 4, None),
            ("192.168.1.0/27", &[], 24, None),
            ("192.168.1.0/27", &[], 25, Some(few(5, 25))),
            ("192.168.1.0/29", &["192.168.1.0/30"], 3, Some(few(0, 3))),
            ("192.168.1.0/29", &["192.168.1.0/32", "192.168.1.7/32"], 6, Some(few(0, 6))),
            ("192.168.1.0/31", &[], 0, Some(few(0, 0))),
        ] {
            let value = value("mgmt", 100, range, exclude);
            let seen = warnings(&value, &nodes(workers));
            assert_eq!(seen.get(1), warning.as_ref(), "{range} {exclude:?} {workers}");
            let refused = broken(&value, &nodes(workers + 300));
            assert_eq!(refused, ["range-too-small value.range"], "{range} {exclude:?} {workers}");
        }
        for range in ["192.168.1.0/31", "192.168.1.0/32"] {
            assert_eq!(broken(&value("mgmt", 100, range, &[]), &nodes(1)), ["range-too-small value.range"]);
        }
    }
}
