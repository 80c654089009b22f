//! `whereabouts-crd-missing`: Whereabouts, which hands out the addresses, is installed.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    id: RuleId::WhereaboutsCrdMissing,
    field: "`value`",
    refuses: "the CRD `ippools.whereabouts.cni.cncf.io` is absent or not `Established`",
    why: "Whereabouts records the addresses that it assigns in objects of this CRD. After some upgrades the CRD is missing, and \
          no pod on the network gets an address.",
    fix: "Install Whereabouts' CRDs as Harvester's documentation describes, then retry; `kubectl get crd \
          ippools.whereabouts.cni.cncf.io` shows whether it is there.",
    example: Example {
        given: Some("the CRD ippools.whereabouts.cni.cncf.io is absent"),
        refused: SOUND,
        instead: Instead::Then("the CRD is installed and Established"),
    },
    check,
};

fn check(evaluation: &mut Evaluation<'_, '_>, _: &ValidatedValue<'_>) {
    let Some(state) = evaluation.need(&evaluation.context.facts.whereabouts_crd) else { return };
    evaluation.judged();
    let seen = match state {
        CrdState::Established => return,
        CrdState::Absent => "is missing",
        CrdState::NotEstablished => "is not Established",
    };
    let message = format!(
        "the CRD {WHEREABOUTS_CRD} {seen}: without Whereabouts no pod gets an address; see kubectl get crd {WHEREABOUTS_CRD}"
    );
    evaluation.report(Problem::new(FieldPath::Whole, Reason::Forbidden, message));
}

#[cfg(test)]
mod tests {
    use crate::setting::rules::tests::*;

    #[test]
    fn the_crd_of_whereabouts_is_established() {
        for state in [CrdState::Absent, CrdState::NotEstablished] {
            let facts = Facts { whereabouts_crd: known(state), ..ready() };
            assert_eq!(broken(&value("net", 100, "192.168.1.0/24", &[]), &facts), ["whereabouts-crd-missing value"]);
        }
    }
}
