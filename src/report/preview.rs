//! Previews: what clients show their users, byte for byte.
//!
//! kubectl's words are those of its `checkErr` and `MultipleErrors` (k8s.io/kubectl, `pkg/cmd/util/helpers.go`), the
//! API server's those of `ToStatusErr` (k8s.io/apiserver, `pkg/admission/plugin/webhook/errors`). With client-side
//! `kubectl apply`, of what is not Invalid and of several objects that fail, kubectl shows the patch as well, which
//! depends on what the cluster holds: there the previews show what `--server-side`, `patch` and `delete` do.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::admission::response::{SETTING_KIND, Status};
use crate::setting::SETTING;

/// The runes that all warnings of one answer may have before each is cut.
const ALL_WARNINGS: usize = 4096;
/// The runes that each keeps then.
const ONE_WARNING: usize = 256;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientAnswer {
    /// The webhook that refuses, and how.
    pub refusal: Option<(&'static str, Status)>,
    pub creates: bool,
    /// The warnings, in the order of the webhooks.
    pub warnings: Vec<String>,
}

/// What kubectl writes to standard error for one object.
pub fn kubectl(answer: &ClientAnswer) -> String {
    let mut text = kubectl_warnings(answer, &mut BTreeSet::new());
    if let Some(refusal) = &answer.refusal {
        text.push_str(&alone(refusal));
    }
    text
}

/// What kubectl writes to standard error for objects that are submitted together, several of which fail.
pub fn kubectl_many(answers: &[ClientAnswer]) -> String {
    let mut shown = BTreeSet::new();
    let mut text: String = answers.iter().map(|answer| kubectl_warnings(answer, &mut shown)).collect();
    for refusal in answers.iter().filter_map(|answer| answer.refusal.as_ref()) {
        text.push_str(&as_server_error(refusal));
    }
    text
}

/// What Harvester's UI shows: of a refusal the text of its red banner, else of all warnings one yellow box, with its title.
pub fn ui(answer: &ClientAnswer) -> String {
    if let Some(refusal) = &answer.refusal {
        return format!("{}\n", denied(refusal));
    }
    let warnings: Vec<_> = answer.sent_warnings().iter().map(|warning| format!("299 - {warning}")).collect();
    if warnings.is_empty() {
        return String::new();
    }
    let change = if answer.creates { "Creation" } else { "Update" };
    format!("harvesterhci.io.setting {change} Warning\n{}\n", warnings.join(", "))
}

/// A warning that was shown once is not shown again.
fn kubectl_warnings(answer: &ClientAnswer, shown: &mut BTreeSet<String>) -> String {
    let mut text = String::new();
    for warning in answer.sent_warnings() {
        if shown.insert(warning.to_owned()) {
            let _ = writeln!(text, "Warning: {warning}");
        }
    }
    text
}

/// The message, as the API server passes it on.
fn denied((webhook, status): &(&str, Status)) -> String {
    format!("admission webhook \"{webhook}\" denied the request: {}", status.message)
}

fn alone(refusal: &(&str, Status)) -> String {
    let (_, status) = refusal;
    if status.reason != "Invalid" {
        return as_server_error(refusal);
    }
    let mut causes: Vec<String> = Vec::new();
    for cause in status.causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let causes = match &causes[..] {
        [] => String::new(),
        [one] => format!(": {one}"),
        several => format!(": \n* {}", several.join("\n* ")),
    };
    format!("The {SETTING_KIND} \"{SETTING}\" is invalid{causes}\n")
}

fn as_server_error(refusal: &(&str, Status)) -> String {
    format!("Error from server ({}): {}\n", refusal.1.reason, denied(refusal))
}

impl ClientAnswer {
    /// The warnings that the API server sends: each once, none with control characters, and all cut when together
    /// they are too long.
    fn sent_warnings(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let sound = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
        let warnings = self.warnings.iter().map(String::as_str).filter(|text| seen.insert(*text)).filter(sound);
        let (mut sent, mut written, mut cutting): (Vec<&str>, usize, bool) = (Vec::new(), 0, false);
        for warning in warnings {
            if cutting && written >= ALL_WARNINGS {
                break;
            }
            sent.push(if cutting { cut(warning) } else { warning });
            written += runes(sent.last().copied().unwrap_or_default());
            if !cutting && written > ALL_WARNINGS {
                cutting = true;
                for warning in &mut sent {
                    *warning = cut(warning);
                }
                written = sent.iter().map(|warning| runes(warning)).sum();
            }
        }
        sent
    }
}

fn runes(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(ONE_WARNING).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::field::{FieldPath, StringField};
    use crate::setting::key::{self, Key};
    use crate::setting::problem::{Problem, Reason};
    use crate::setting::{RuleId, Violation};

    fn refused(reason: &'static str, causes: &[(&'static Key, &str)]) -> ClientAnswer {
        let cause = |(key, message): &(&'static Key, &str)| {
            let problem =
                Problem { path: FieldPath::Key(key), reason: Reason::Invalid, message: (*message).to_owned() };
            Violation::new(RuleId::ValueSyntax, StringField::Value, problem)
        };
        let message = "refused, 2 problems:\nvalue.vlan: a\nvalue.range: b".into();
        let status = Status { reason, code: 422, message, causes: causes.iter().map(cause).collect() };
        let warnings = vec!["w".into(), "w".into(), "bad\tone".into(), "v".into()];
        ClientAnswer { refusal: Some(("check.example", status)), creates: false, warnings }
    }

    #[test]
    fn one_invalid_object_shows_its_causes_and_not_its_message() {
        let two = refused("Invalid", &[(&key::VLAN, "a"), (&key::RANGE, "b"), (&key::VLAN, "a")]);
        assert_eq!(
            kubectl(&two),
            "Warning: w\nWarning: v\nThe Setting \"vm-migration-network\" is invalid: \n* value.vlan: a\n* value.range: b\n"
        );
        let one = refused("Invalid", &[(&key::VLAN, "a"), (&key::VLAN, "a")]);
        assert_eq!(
            kubectl(&one),
            "Warning: w\nWarning: v\nThe Setting \"vm-migration-network\" is invalid: value.vlan: a\n"
        );
        let none = refused("Invalid", &[]);
        assert_eq!(kubectl(&none), "Warning: w\nWarning: v\nThe Setting \"vm-migration-network\" is invalid\n");
    }

    #[test]
    fn other_refusals_and_several_show_the_message() {
        let error = "admission webhook \"check.example\" denied the request: refused, 2 problems:\nvalue.vlan: a\nvalue.range: b\n";
        let unavailable = refused("ServiceUnavailable", &[]);
        assert_eq!(
            kubectl(&unavailable),
            format!("Warning: w\nWarning: v\nError from server (ServiceUnavailable): {error}")
        );
        let invalid = refused("Invalid", &[(&key::VLAN, "a")]);
        assert_eq!(
            kubectl_many(&[invalid.clone(), ClientAnswer::default(), unavailable]),
            format!(
                "Warning: w\nWarning: v\nError from server (Invalid): {error}Error from server (ServiceUnavailable): {error}"
            )
        );
        assert_eq!(ui(&invalid), error);
        let admitted = ClientAnswer { refusal: None, ..invalid };
        assert_eq!(ui(&admitted), "harvesterhci.io.setting Update Warning\n299 - w, 299 - v\n");
        let new = ClientAnswer { creates: true, warnings: vec!["w".into()], refusal: None };
        assert_eq!(ui(&new), "harvesterhci.io.setting Creation Warning\n299 - w\n");
        assert_eq!(ui(&ClientAnswer::default()), "");
        assert_eq!(kubectl(&ClientAnswer::default()), "");
    }

    #[test]
    fn too_many_warnings_are_cut() {
        let long = |first: char, runes: usize| format!("{first}{}", "é".repeat(runes - 1));
        let answer = |warnings| ClientAnswer { warnings, ..ClientAnswer::default() };
        let fits = answer(vec![long('a', 2000), long('b', 2096)]);
        assert_eq!(fits.sent_warnings(), [&fits.warnings[0], &fits.warnings[1]]);
        let cut = answer(vec![long('a', 2000), long('b', 2097), "c".into(), long('d', 300)]);
        let lengths: Vec<_> = cut.sent_warnings().iter().map(|warning| runes(warning)).collect();
        assert_eq!(lengths, [256, 256, 1, 256]);
        let many =
            answer((0..100).map(|index| long(char::from(b'A' + index % 58), 200 + usize::from(index))).collect());
        assert_eq!(many.sent_warnings().len(), 20);
    }
}
