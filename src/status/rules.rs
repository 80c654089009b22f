//! Runs the rules of the webhook, those of [`crate::setting::rules`], on the stored value and the cluster as it is now.

use std::fmt::Write as _;

use super::check_id::CheckId;
use super::context::Context;
use super::report::Check;
use crate::setting::evaluation::{Findings, RuleContext};
use crate::setting::{GuardedSetting, RuleId, StringField, ValidatedValue, rules};

/// What these rules find now.
pub(super) fn findings(context: &Context<'_>, of: &[RuleId]) -> Findings {
    let mut findings = Findings::default();
    let [setting] = GuardedSetting::ALL;
    if let Some(object) = context.setting() {
        let parsed = (setting.parse)(&object.value);
        let rule_context =
            RuleContext { setting, facts: context.facts, policy: context.policy, migration_override: None };
        rules::evaluate_some(of, StringField::Value, &ValidatedValue::new(&parsed), rule_context, &mut findings);
    }
    findings
}

/// A check that holds where these rules do.
pub(super) fn check(context: &Context<'_>, id: CheckId, of: &[RuleId], holds: String) -> Check {
    judged(id, &findings(context, of), holds)
}

/// The check that these findings make.
pub(super) fn judged(id: CheckId, findings: &Findings, holds: String) -> Check {
    let broken: Vec<_> = findings.violations.rules().iter().map(RuleId::as_str).collect();
    if !broken.is_empty() {
        let mut seen = String::new();
        for (index, violation) in findings.violations.listed().iter().enumerate() {
            let _ = write!(seen, "{}{}: {violation}", if index == 0 { "" } else { "; " }, violation.field);
        }
        let check = Check::error(id, seen).hint("How to fix it:");
        return broken
            .iter()
            .fold(check, |check, rule| check.run(format_args!("migration-network-webhook explain {rule}")));
    }
    if let [missing, ..] = &*findings.missing {
        return Check::unknown(id, format_args!("needs {missing}"));
    }
    if findings.warnings.is_empty() {
        return Check::ok(id, holds);
    }
    Check::warning(id, findings.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}
