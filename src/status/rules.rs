//! Runs the rules of the webhook, those of [`crate::setting::rules`], on the stored value and the cluster as it is now.

use super::context::Context;
use super::report::{CheckOutcome, Checked, error, ok, warning};
use crate::setting::evaluation::{Findings, RuleContext};
use crate::setting::{GuardedSetting, RuleId, StringField, ValidatedValue, rules};

pub(super) fn findings(context: &Context<'_>, of: &[RuleId]) -> Findings {
    let mut findings = Findings::default();
    let [setting] = GuardedSetting::ALL;
    if let Some(object) = context.setting() {
        let value = ValidatedValue::new((setting.parse)(&object.value));
        let rule_context =
            RuleContext { setting, facts: context.facts, policy: context.policy, migration_override: None };
        rules::evaluate(of, StringField::Value, &value, rule_context, &mut findings);
    }
    findings
}

/// Holds where these rules do.
pub(super) fn check(context: &Context<'_>, of: &[RuleId], holds: impl Into<String>) -> Checked {
    judged(&findings(context, of), holds)
}

/// What these findings come to.
pub(super) fn judged(findings: &Findings, holds: impl Into<String>) -> Checked {
    let violations = &findings.violations;
    if violations.total() > 0 {
        let seen: Vec<_> = violations.listed().iter().map(|it| format!("{}: {it}", it.field)).collect();
        let outcome = error(seen.join("; ")).hint("How to fix it:");
        let explain = |rule| format!("migration-network-webhook explain {rule}");
        return Ok(violations.rules().iter().map(explain).fold(outcome, CheckOutcome::run));
    }
    if let [missing, ..] = &*findings.missing {
        return Err(format!("needs {missing}"));
    }
    if findings.warnings.is_empty() {
        return Ok(ok(holds));
    }
    Ok(warning(findings.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}
