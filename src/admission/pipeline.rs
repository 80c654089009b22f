//! Runs a request as the API server does: `/mutate`, apply the patch, `/validate`.

use std::borrow::Cow;

use super::decision::{Decision, Request, Verdict, decide};
use super::mutation::Mutation;
use super::setting::{Setting, Text};
use super::{Phase, Policy};
use crate::setting::{Facts, Warning};

/// Both halves of the decision on one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What `/mutate` decides.
    pub mutated: Decision,
    /// What `/validate` decides on the result; `None` when `/mutate` refused, as then it is never asked.
    pub validated: Option<Decision>,
}

/// Takes a request through both halves.
pub fn admit(request: &Request<'_>, facts: &Facts, policy: &Policy) -> Admission {
    let mutated = decide(Phase::Mutate, request, facts, policy);
    let validated = (mutated.verdict == Verdict::Allowed)
        .then(|| decide(Phase::Validate, &apply(request, &mutated), facts, policy));
    Admission { mutated, validated }
}

/// The request as `/validate` gets it: with the patch applied.
pub fn apply<'a>(request: &Request<'a>, mutated: &Decision) -> Request<'a> {
    let mut result = request.clone();
    if let Request::Create(new) | Request::Update { new, .. } = &mut result {
        replace(&mut new.value, &mutated.value);
        replace(&mut new.default, &mutated.default);
    }
    result
}

fn replace(text: &mut Text<'_>, mutation: &Mutation) {
    if let Some(replacement) = mutation.replacement() {
        *text = Text::Text(Cow::Owned(replacement.to_owned()));
    }
}

impl Admission {
    /// The decision that the user is told: the last one taken.
    pub fn decision(&self) -> &Decision {
        self.validated.as_ref().unwrap_or(&self.mutated)
    }

    /// Whether the request goes through.
    pub fn is_allowed(&self) -> bool {
        self.decision().verdict == Verdict::Allowed
    }

    /// The warnings of both halves, each once, as the API server shows them.
    pub fn warnings(&self) -> Vec<&Warning> {
        let mut warnings: Vec<&Warning> = Vec::new();
        for warning in self.mutated.warnings.iter().chain(self.validated.iter().flat_map(|it| &it.warnings)) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        warnings
    }

    /// The Setting that is stored when the request goes through; `None` where none is.
    pub fn stored<'a>(&self, request: &Request<'a>) -> Option<Setting<'a>> {
        if !self.is_allowed() {
            return None;
        }
        match apply(request, &self.mutated) {
            Request::Create(new) | Request::Update { new, .. } => Some(new),
            Request::NotOurs | Request::Delete => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::StringField;
    use crate::setting::field::Field;

    const STORED: &str = r#"{"vlan":100,"clusterNetwork":"c","range":"10.0.0.0/24"}"#;
    const SUBMITTED: &str = r#"{"clusterNetwork":"c","vlan":100,"range":"10.0.0.0/24"}"#;

    fn setting<'a>(value: &'a str, default: &'a str) -> Setting<'a> {
        Setting { value: Text::Text(value.into()), default: Text::Text(default.into()), ..Setting::default() }
    }

    fn admitted(request: &Request<'_>) -> Admission {
        admit(request, &Facts::unknown("no cluster is asked"), &Policy::default())
    }

    #[test]
    fn what_was_mutated_is_validated_and_stored() {
        let request = Request::Update { old: setting(STORED, ""), new: setting(SUBMITTED, "") };
        let admission = admitted(&request);
        assert_eq!(admission.mutated.value, Mutation::Restored(STORED.to_owned()));
        let validated = admission.validated.as_ref().unwrap();
        assert_eq!((&validated.verdict, &validated.value), (&Verdict::Allowed, &Mutation::Unchanged));
        assert_eq!(admission.decision(), validated);
        assert!(admission.is_allowed());
        assert_eq!(admission.warnings().into_iter().map(Warning::kind).collect::<Vec<_>>(), ["restored"]);
        assert_eq!(admission.stored(&request), Some(setting(STORED, "")));
    }

    #[test]
    fn what_is_refused_is_not_validated_and_not_stored() {
        for request in [Request::Delete, Request::Create(setting("{", ""))] {
            let admission = admitted(&request);
            assert_eq!(admission.validated, None);
            assert_eq!(admission.decision(), &admission.mutated);
            assert!(!admission.is_allowed());
            assert_eq!(admission.stored(&request), None);
        }
        let another = admitted(&Request::NotOurs);
        assert!(another.is_allowed() && another.validated.is_some());
        assert_eq!(another.stored(&Request::NotOurs), None);
    }

    #[test]
    fn a_patch_changes_both_strings_of_the_new_object() {
        let update = |value, default| Request::Update { old: setting("a", "b"), new: setting(value, default) };
        let mut mutated = admitted(&Request::NotOurs).mutated;
        assert_eq!(apply(&update("c", "d"), &mutated), update("c", "d"));
        (mutated.value, mutated.default) = (Mutation::Rewritten("e".to_owned()), Mutation::Emptied);
        assert_eq!(apply(&update("c", "d"), &mutated), update("e", ""));
        assert_eq!(apply(&Request::Create(setting("c", "d")), &mutated), Request::Create(setting("e", "")));
        assert_eq!(apply(&Request::Delete, &mutated), Request::Delete);
    }

    #[test]
    fn a_warning_of_both_halves_is_told_once() {
        let mut admission = admitted(&Request::NotOurs);
        let [value, default] = [StringField::Value, StringField::Default]
            .map(|string| Warning::new("mgmt", Field::whole(string), String::new()));
        admission.mutated.warnings = vec![value.clone()];
        admission.validated.as_mut().unwrap().warnings = vec![value.clone(), default.clone()];
        assert_eq!(admission.warnings(), [&value, &default]);
    }
}
