//! The expectation of a case.

use std::fmt;
use std::marker::PhantomData;

use regex_lite::Regex;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::not_known;
use super::names::{self, RuleName, WarningKind};
use super::spanned::{Spanned, given, misplaced};
use crate::setting::RuleId;

/// An expectation: in short its verdict alone, which says enough only of what is allowed or not sent.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum Expect {
    /// The verdict, as it is written: here its place is not known yet.
    #[schemars(with = "ExpectedVerdict", description = "The verdict.")]
    Verdict(String),
    /// The verdict and what comes with it.
    Whole(Box<Expectation>),
}

/// What must become of a request.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Expectation {
    /// Whether it passes.
    pub(super) verdict: ExpectedVerdict,
    /// The status code of the answer: 200 when allowed; 422 when rules are broken, 405 for a DELETE, 503 when facts
    /// are missing, 400 when the request can't be judged.
    #[serde(default, deserialize_with = "given")]
    pub(super) code: Option<Spanned<u16>>,
    /// The causes of a refusal: all of them, unless the list says `including`.
    #[serde(default, deserialize_with = "given")]
    pub(super) causes: Option<Spanned<ExpectedList<ExpectedCause>>>,
    /// The `value` that Harvester sees afterwards.
    #[serde(default, deserialize_with = "given")]
    pub(super) stored: Option<Spanned<String>>,
    /// The warnings: all of them, unless the list says `including`.
    #[serde(default, deserialize_with = "given")]
    pub(super) warnings: Option<Spanned<ExpectedList<ExpectedWarning>>>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Verdict")]
pub(super) enum ExpectedVerdict {
    /// It passes.
    Allowed,
    /// It does not.
    Refused,
    /// The webhook is not asked: its registration leaves such requests alone.
    #[default]
    NotSent,
}

/// A list that is either everything or a part.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, rename = "Listed")]
pub(super) enum ExpectedList<T> {
    /// Everything, in any order.
    Exactly(Vec<T>),
    /// A part.
    Including(Including<T>),
}

/// A list that is a part.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Including")]
pub(super) struct Including<T> {
    /// What must be there, whatever else is.
    pub(super) including: Vec<T>,
}

/// One cause of a refusal.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Cause")]
pub(super) struct ExpectedCause {
    /// The rule that refuses.
    #[serde(deserialize_with = "rule")]
    #[schemars(with = "RuleName")]
    pub(super) rule: RuleId,
    /// The field that it names, such as `value.exclude[1]`.
    #[serde(deserialize_with = "field")]
    pub(super) field: String,
    /// The reason as the API server takes it, such as `FieldValueInvalid`.
    #[serde(default, deserialize_with = "given")]
    pub(super) reason: Option<String>,
    /// A regular expression that is found in the message.
    #[serde(default, deserialize_with = "regex")]
    #[schemars(with = "Option<String>")]
    pub(super) message: Option<Regex>,
}

/// One warning.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Warning")]
pub(super) struct ExpectedWarning {
    /// What kind it is: the rule's name where a rule only warns.
    #[serde(deserialize_with = "kind")]
    #[schemars(with = "WarningKind")]
    pub(super) kind: String,
    /// A regular expression that is found in the text.
    #[serde(default, deserialize_with = "regex")]
    #[schemars(with = "Option<String>")]
    pub(super) message: Option<Regex>,
}

impl ExpectedVerdict {
    const ALL: [Self; 3] = [Self::Allowed, Self::Refused, Self::NotSent];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::NotSent => "notSent",
        }
    }

    fn read(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|known| known.word() == word);
        known.ok_or_else(|| not_known(word, Self::ALL.into_iter().map(Self::word)))
    }
}

impl<T> ExpectedList<T> {
    pub(super) const fn items(&self) -> &Vec<T> {
        match self {
            Self::Exactly(items) | Self::Including(Including { including: items }) => items,
        }
    }

    pub(super) const fn is_exact(&self) -> bool {
        matches!(self, Self::Exactly(_))
    }
}

impl<T> Spanned<ExpectedList<T>> {
    fn check<E: de::Error>(&self) -> Result<(), E> {
        if self.value.is_exact() || !self.value.items().is_empty() {
            return Ok(());
        }
        Err(misplaced(self.position(), "including nothing holds of every list"))
    }
}

impl Expect {
    /// Reads an expectation that can be met at all.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spanned<Expectation>>, D::Error> {
        let Spanned { value, scalar } = Spanned::deserialize(deserializer)?;
        let value = match value {
            Self::Verdict(word) => {
                let verdict = ExpectedVerdict::read(&word).map_err(|why| misplaced(scalar.start, why))?;
                Expectation { verdict, code: None, causes: None, stored: None, warnings: None }
            }
            Self::Whole(whole) => {
                whole.check()?;
                *whole
            }
        };
        Ok(Some(Spanned { value, scalar }))
    }
}

impl Expectation {
    fn check<E: de::Error>(&self) -> Result<(), E> {
        let never = |position, what: &str| Err(misplaced(position, format_args!("{what}, so this can't hold")));
        if let Some(causes) = &self.causes {
            if self.verdict != ExpectedVerdict::Refused {
                return never(causes.position(), "only a refusal has causes");
            }
            causes.check()?;
        }
        if let Some(stored) = self.stored.as_ref().filter(|_| self.verdict != ExpectedVerdict::Allowed) {
            return never(stored.position(), "only what is allowed is stored by way of the webhook");
        }
        let answer = self.code.as_ref().map(Spanned::position).or(self.warnings.as_ref().map(Spanned::position));
        if let Some(position) = answer.filter(|_| self.verdict == ExpectedVerdict::NotSent) {
            return never(position, "a request that is not sent gets no answer");
        }
        self.warnings.as_ref().map_or(Ok(()), Spanned::check)
    }

    /// Whether it says why a refusal is one: one that is refused for another reason than it is about proves nothing.
    pub(super) fn says_why(&self) -> bool {
        let causes = self.causes.as_ref().is_some_and(|causes| !causes.value.items().is_empty());
        self.verdict != ExpectedVerdict::Refused || causes || self.code.as_ref().is_some_and(|code| code.value != 422)
    }
}

fn rule<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
    Spanned::<String>::deserialize(deserializer)?.parse(names::rule)
}

fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Spanned::<String>::deserialize(deserializer)?.parse(names::field)
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Spanned::<String>::deserialize(deserializer)?.parse(names::kind)
}

fn regex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    Spanned::<String>::deserialize(deserializer)?.parse(names::pattern).map(Some)
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InShortOrWhole;

        impl<'de> Visitor<'de> for InShortOrWhole {
            type Value = Expect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("allowed, refused, notSent, or an object with the verdict and more")
            }

            fn visit_str<E>(self, verdict: &str) -> Result<Expect, E> {
                Ok(Expect::Verdict(verdict.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Expect, M::Error> {
                Expectation::deserialize(MapAccessDeserializer::new(map)).map(|whole| Expect::Whole(Box::new(whole)))
            }
        }

        deserializer.deserialize_any(InShortOrWhole)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ExpectedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllOrPart<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for AllOrPart<T> {
            type Value = ExpectedList<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or an object with a list under including")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, items: S) -> Result<ExpectedList<T>, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(ExpectedList::Exactly)
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ExpectedList<T>, M::Error> {
                Including::deserialize(MapAccessDeserializer::new(map)).map(ExpectedList::Including)
            }
        }

        deserializer.deserialize_any(AllOrPart(PhantomData))
    }
}
