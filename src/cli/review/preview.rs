//! What a client would show of a verdict.

use clap::ValueEnum;

use super::judged::{Judged, Outcome};
use crate::admission::response::SETTING_KIND;
use crate::admission::{Route, route};
use crate::report::preview::{self, Answer, Refusal};
use crate::setting::SETTING;

/// Who shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Client {
    /// kubectl, with each object on its own: `apply --server-side`, `patch`, `replace`, `delete`
    Kubectl,
    /// kubectl, with several objects that fail together, which hides the causes
    KubectlMany,
    /// The banner of Harvester's UI
    Ui,
}

impl Client {
    pub(super) fn show(self, answers: &[Answer]) -> String {
        match self {
            Self::Kubectl => answers.iter().map(preview::kubectl).collect(),
            Self::KubectlMany => preview::kubectl_many(answers),
            Self::Ui => answers.iter().map(preview::ui).collect(),
        }
    }
}

/// What the API server is answered; nothing where it does not ask.
pub(super) fn answer(judged: &Judged<'_>) -> Answer {
    let route = match &judged.outcome {
        Outcome::Malformed(_) => Route::Checked,
        Outcome::Admitted { request, .. } => route(request),
    };
    let Some(webhook) = route.webhook() else { return Answer::default() };
    let refusal = judged.status().map(|status| Refusal {
        webhook,
        kind: SETTING_KIND.to_owned(),
        name: SETTING.to_owned(),
        reason: status.reason.to_owned(),
        causes: status.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect(),
        message: status.message.clone(),
    });
    Answer { refusal, warnings: judged.warnings().iter().map(ToString::to_string).collect() }
}
