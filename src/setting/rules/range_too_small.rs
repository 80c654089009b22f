//! `range-too-small`: the range has an address for each node.

use crate::setting::Warning;
use crate::setting::evaluation::Evaluation;
use crate::setting::key;
use crate::setting::problem::Reason;
use crate::setting::rule::{Example, Instead, Rule, SOUND};
use crate::setting::rule_id::RuleId;
use crate::setting::validated_value::ValidatedValue;

pub(super) static RULE: Rule = Rule {
    id: RuleId::RangeTooSmall,
    field: "`value.range`",
    refuses: "the range has fewer usable addresses (without network address, broadcast address and excludes) than the cluster has \
              nodes, witnesses not counted",
    why: "Each node's virt-handler needs an address. On the nodes that get none it does not start, and no virtual machine can \
          start there or leave.",
    fix: "Use a larger range or fewer excludes; leave room for nodes to come. A /31 or /32 has no usable address.",
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
        evaluation.warn(Warning::FewSpareAddresses { string: evaluation.string, spare, nodes });
    }
}
