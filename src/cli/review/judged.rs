//! One input and its verdict.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use crate::admission::{
    Admission, MatchedWebhook, Mutation, Request, Review, Setting, admit, canonical, matched_webhook, response,
};
use crate::cli::program;
use crate::escape::{Line, ShellWord};
use crate::input::{Form, Input, ManifestWarning, submitted};
use crate::manifest::{BARE_VALUE, ManifestFile, Position, STANDARD_INPUT};
use crate::report::preview::ClientAnswer;
use crate::report::{Location, NOT_CANONICAL};
use crate::setting::field::{Field, StringField};
use crate::setting::{Facts, Policy, Warning};

/// The kind of a value that means what is stored, in other bytes.
pub(super) const RESTORED: &str = "restored";

/// An input with what the API server would make of it.
pub(super) struct Judged<'i> {
    pub(super) input: &'i Input,
    /// The file that it stands in.
    file: &'i ManifestFile,
    /// Empty where there is none.
    pub(super) uid: Cow<'i, str>,
    /// Empty where there is none.
    pub(super) user: Cow<'i, str>,
    pub(super) operation: &'static str,
    /// What was decided; or why it can't be judged.
    pub(super) outcome: Result<(Request<'i>, Admission), String>,
    /// What is to be said of the file that the cluster would not say.
    pub(super) lints: Vec<ManifestWarning>,
}

impl<'i> Judged<'i> {
    pub(super) fn new(
        input: &'i Input,
        file: &'i ManifestFile,
        facts: &Facts,
        policy: &Policy,
        stored_in: &str,
    ) -> Self {
        let (uid, user, operation, request) = match input.review() {
            Ok(Review { uid, user, operation, request }) => (uid, user, operation, request),
            Err(why) => (Cow::default(), Cow::default(), "unknown", Err(why)),
        };
        let outcome = request.map(|request| {
            let admission = admit(&request, facts, policy);
            (request, admission)
        });
        let mut judged = Self { input, file, uid, user, operation, outcome, lints: Vec::new() };
        let at = judged.position(&Field::whole(StringField::Value));
        let lint = lint(&judged, stored_in).map(|lint| ManifestWarning { at, ..lint });
        judged.lints = lint.into_iter().chain(input.warnings.iter().cloned()).collect();
        judged
    }

    fn position(&self, field: &Field) -> Option<Position> {
        let request = self.outcome.as_ref().ok().map(|(request, _)| request);
        let text = request.and_then(|request| request.submitted(field.string));
        self.input.strings.position(&self.file.text, field, text.unwrap_or_default())
    }

    /// Where a field stands in the file.
    pub(super) fn locate(&self, field: &Field) -> Location {
        self.at(self.position(field))
    }

    /// A place in the file, else where the object's document starts.
    pub(super) fn at(&self, position: Option<Position>) -> Location {
        let origin = &self.input.origin;
        Location::new(Arc::clone(&origin.path), position.unwrap_or(Position { line: origin.line, column: 1 }))
    }

    pub(super) fn admission(&self) -> Option<&Admission> {
        self.outcome.as_ref().ok().map(|(_, admission)| admission)
    }

    pub(super) fn verdict(&self) -> &'static str {
        self.admission().map_or("malformed", |admission| response::verdict(&admission.decision().verdict))
    }

    /// What the API server is answered: by `/mutate`, unless that allows what `/validate` then refuses.
    pub(super) fn answer(&self) -> String {
        match &self.outcome {
            Err(why) => malformed(&self.uid, why),
            Ok((_, admission)) => {
                let decision = if admission.is_allowed() { &admission.mutated } else { admission.decision() };
                text(response::write(&self.uid, decision))
            }
        }
    }

    /// What the API server is answered, for previews; nothing where it does not ask.
    pub(super) fn client_answer(&self) -> ClientAnswer {
        let webhook = self.outcome.as_ref().map_or(MatchedWebhook::Check, |(request, _)| matched_webhook(request));
        let Some(webhook) = webhook.name() else { return ClientAnswer::default() };
        ClientAnswer {
            refusal: self.status().map(|status| (webhook, status)),
            creates: self.operation == "CREATE",
            warnings: self.warnings().iter().map(ToString::to_string).collect(),
        }
    }

    /// The refusal as `response.status` carries it.
    pub(super) fn status(&self) -> Option<response::Status> {
        match &self.outcome {
            Err(why) => Some(response::Status::malformed(why)),
            Ok((_, admission)) => response::Status::of(admission.decision()),
        }
    }

    pub(super) fn warnings(&self) -> Vec<&Warning> {
        self.admission().map(Admission::warnings).unwrap_or_default()
    }

    /// What is stored when the request goes through; of another object that is what was submitted.
    pub(super) fn stored(&self) -> Option<Setting<'i>> {
        match self.outcome.as_ref().ok()? {
            (Request::NotOurs, _) => serde_json::from_slice::<Submitted<'i>>(self.input.json()?).ok()?.request.object,
            (request, admission) => admission.stored(request),
        }
    }
}

/// Whether Git holds what is stored, or would be stored.
fn lint(judged: &Judged<'_>, stored_in: &str) -> Option<ManifestWarning> {
    let (input, Ok((request, admission))) = (judged.input, &judged.outcome) else { return None };
    let Form::Manifest { setting, .. } = &input.form else { return None };
    // It is in no file, so Git need not hold it.
    if &*input.origin.path == BARE_VALUE {
        return None;
    }
    if let Mutation::Restored(stored) = &admission.mutated.value {
        let message = format!(
            "value is not what is stored, though it means the same: Git and the cluster differ. Until the next real change \
             Git must hold {}; run: {}",
            Line(stored),
            command(input, stored_in)
        );
        return Some(ManifestWarning::new("value", RESTORED, message));
    }
    let value = setting.get("value").map(submitted).unwrap_or_default();
    let canonical = canonical(&value).ok()?;
    let is_stored =
        matches!(request, Request::Update { old, .. } if value.bytes().is_some() && old.value.bytes() == value.bytes());
    if is_stored || value.bytes() == Some(&canonical) {
        return None;
    }
    let message = format!(
        "value is not canonical: GitOps tools would see drift, and server-side apply a conflict; run: {}",
        command(input, "")
    );
    Some(ManifestWarning::new("value", NOT_CANONICAL, message))
}

/// The command that mends the file, or prints what it must hold.
fn command(input: &Input, stored_in: &str) -> String {
    let path = &*input.origin.path;
    let (write, path) = if path == STANDARD_INPUT {
        ("", "-".to_owned())
    } else {
        ("--write", ShellWord(&path.to_string_lossy()).to_string())
    };
    let words = [program::name(), "canonicalize", write, stored_in, &path];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

pub(super) fn malformed(uid: &str, why: &str) -> String {
    text(response::write_malformed(uid, why))
}

fn text(json: Vec<u8>) -> String {
    // JSON is UTF-8.
    String::from_utf8(json).unwrap_or_default()
}

#[derive(Deserialize)]
struct Submitted<'a> {
    #[serde(borrow)]
    request: SubmittedRequest<'a>,
}

#[derive(Deserialize)]
struct SubmittedRequest<'a> {
    #[serde(borrow, default)]
    object: Option<Setting<'a>>,
}
