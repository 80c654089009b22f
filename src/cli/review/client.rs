//! Previews of what clients show.

use super::judged::{Judged, ReviewOutcome};
use crate::admission::response::SETTING_KIND;
use crate::admission::{Route, route};
use crate::report::preview::{ClientAnswer, Refusal};
use crate::setting::SETTING;

/// What the API server is answered; nothing where it does not ask.
pub(super) fn answer(judged: &Judged<'_>) -> ClientAnswer {
    let route = match &judged.outcome {
        ReviewOutcome::Malformed(_) => Route::Checked,
        ReviewOutcome::Admitted { request, .. } => route(request),
    };
    let Some(webhook) = route.webhook() else { return ClientAnswer::default() };
    let refusal = judged.status().map(|status| Refusal {
        webhook,
        kind: SETTING_KIND.to_owned(),
        name: SETTING.to_owned(),
        reason: status.reason.to_owned(),
        causes: status.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect(),
        message: status.message,
    });
    let creates = judged.operation == "CREATE";
    ClientAnswer { refusal, creates, warnings: judged.warnings().iter().map(ToString::to_string).collect() }
}
