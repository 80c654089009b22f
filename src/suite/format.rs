//! The suite as it is written: what the reader takes, and what the JSON Schema says, from one place.
//!
//! What these types can't say (which keys go together, names of rules, patterns) is checked when a suite is read.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::at::{At, Source, given};
use super::schema::{RuleName, WarningKind};
use crate::setting::facts::FactKind;

/// Cases of what the webhook must allow and refuse, and why, against one cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "Policy suite of migration-network-webhook")]
pub(super) struct Suite {
    /// The cluster that the cases start from: files and directories as `kubectl get -o yaml` or `capture` writes
    /// them, and objects.
    pub(super) cluster: At<Vec<At<Source>>>,
    /// The operator's choices about the rules, where they are not the defaults.
    #[serde(default, deserialize_with = "given")]
    pub(super) policy: Option<Policy>,
    /// The cases.
    pub(super) cases: At<Vec<At<Case>>>,
}

/// What `serve` is told by flags of the same names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Policy {
    /// Rules that warn instead of refusing, beside those of `--warn-rule`.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Vec<RuleName>")]
    pub(super) warn_rules: Option<Vec<At<String>>>,
    /// Ranges that `range` must not overlap, in the place of those of `--reserved-range`.
    #[serde(default, deserialize_with = "given")]
    pub(super) reserved_ranges: Option<Vec<At<String>>>,
}

/// One request, and what must become of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Case {
    /// What the case shows. No other case of the suite has this name.
    pub(super) name: At<String>,
    /// The submitted `value`: a string that holds JSON.
    #[serde(default, deserialize_with = "given")]
    pub(super) value: Option<At<String>>,
    /// The stored `value`. Without it the stored Setting is that of the cluster, if there is one.
    #[serde(default, deserialize_with = "given")]
    pub(super) old: Option<At<String>>,
    /// The submitted Setting as a whole: a path or an object.
    #[serde(default, deserialize_with = "given")]
    pub(super) setting: Option<At<Source>>,
    /// The stored Setting as a whole: a path or an object.
    #[serde(default, deserialize_with = "given")]
    pub(super) old_setting: Option<At<Source>>,
    /// The path of an `AdmissionReview`, as the API server sends it.
    #[serde(default, deserialize_with = "given")]
    pub(super) review: Option<At<String>>,
    /// What is done. Without it: UPDATE where there is a stored Setting, else CREATE.
    #[serde(default, deserialize_with = "given")]
    pub(super) operation: Option<At<Operation>>,
    /// Objects that this case's cluster has as well; each takes the place of any of its name.
    #[serde(default, deserialize_with = "given")]
    pub(super) with: Option<Vec<At<Source>>>,
    /// Objects that this case's cluster does not have.
    #[serde(default, deserialize_with = "given")]
    pub(super) without: Option<Vec<At<Reference>>>,
    /// What must become of it.
    #[serde(default, deserialize_with = "given")]
    pub(super) expect: Option<At<Expect>>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
}

/// Objects of the cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Reference {
    /// Their kind.
    pub(super) kind: Kind,
    /// The name; without it every object of the kind.
    #[serde(default, deserialize_with = "given")]
    pub(super) name: Option<String>,
    /// The namespace, of the one kind that has any; `default` if absent.
    #[serde(default, deserialize_with = "given")]
    pub(super) namespace: Option<At<String>>,
}

/// The kinds that rules ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Kind {
    Node,
    ClusterNetwork,
    VlanConfig,
    VlanStatus,
    HostNetworkConfig,
    VirtualMachineInstanceMigration,
    CustomResourceDefinition,
    #[serde(rename = "ServiceCIDR")]
    ServiceCidr,
    Setting,
}

impl From<Kind> for FactKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Node => Self::Nodes,
            Kind::ClusterNetwork => Self::ClusterNetworks,
            Kind::VlanConfig => Self::VlanConfigs,
            Kind::VlanStatus => Self::VlanStatuses,
            Kind::HostNetworkConfig => Self::HostNetworkConfigs,
            Kind::VirtualMachineInstanceMigration => Self::Migrations,
            Kind::CustomResourceDefinition => Self::WhereaboutsCrd,
            Kind::ServiceCidr => Self::ServiceCidrs,
            Kind::Setting => Self::Settings,
        }
    }
}

/// An expectation: in short its verdict alone, which says enough only of what is allowed or not sent.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum Expect {
    /// The verdict, as it is written: here its place is not known yet.
    #[schemars(with = "Verdict", description = "The verdict.")]
    Verdict(String),
    /// The verdict and what comes with it.
    Whole(Box<Expectation>),
}

/// What must become of a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Expectation {
    /// Whether it passes.
    pub(super) verdict: Verdict,
    /// The status code of the answer: 200 when allowed; 422 when rules are broken, 405 for a DELETE, 503 when facts
    /// are missing, 400 when the request can't be judged.
    #[serde(default, deserialize_with = "given")]
    pub(super) code: Option<At<u16>>,
    /// The causes of a refusal: all of them, unless the list says `including`.
    #[serde(default, deserialize_with = "given")]
    pub(super) causes: Option<At<Listed<Cause>>>,
    /// The `value` that Harvester sees afterwards.
    #[serde(default, deserialize_with = "given")]
    pub(super) stored: Option<At<String>>,
    /// The warnings: all of them, unless the list says `including`.
    #[serde(default, deserialize_with = "given")]
    pub(super) warnings: Option<At<Listed<Warning>>>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// It passes.
    Allowed,
    /// It does not.
    Refused,
    /// The webhook is not asked: its registration leaves such requests alone.
    NotSent,
}

impl Verdict {
    pub(super) const ALL: [Self; 3] = [Self::Allowed, Self::Refused, Self::NotSent];

    /// As suites write it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::NotSent => "notSent",
        }
    }
}

/// A list that is either everything or a part.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum Listed<T> {
    /// Everything, in any order.
    Exactly(Vec<At<T>>),
    /// A part.
    Including(Including<T>),
}

/// A list that is a part.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Including<T> {
    /// What must be there, whatever else is.
    pub(super) including: Vec<At<T>>,
}

/// One cause of a refusal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Cause {
    /// The rule that refuses.
    #[schemars(with = "RuleName")]
    pub(super) rule: At<String>,
    /// The field that it names, such as `value.exclude[1]`.
    pub(super) field: At<String>,
    /// The reason as the API server takes it, such as `FieldValueInvalid`.
    #[serde(default, deserialize_with = "given")]
    pub(super) reason: Option<String>,
    /// A regular expression that is found in the message.
    #[serde(default, deserialize_with = "given")]
    pub(super) message: Option<At<String>>,
}

/// One warning.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Warning {
    /// What kind it is: the rule's name where a rule only warns.
    #[schemars(with = "WarningKind")]
    pub(super) kind: At<String>,
    /// A regular expression that is found in the text.
    #[serde(default, deserialize_with = "given")]
    pub(super) message: Option<At<String>>,
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllOrPart<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for AllOrPart<T> {
            type Value = Listed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or an object with a list under including")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, items: S) -> Result<Listed<T>, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Listed::Exactly)
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Listed<T>, M::Error> {
                Including::deserialize(MapAccessDeserializer::new(map)).map(Listed::Including)
            }
        }

        deserializer.deserialize_any(AllOrPart(PhantomData))
    }
}

impl<T> Listed<T> {
    pub(super) const fn items(&self) -> &Vec<At<T>> {
        match self {
            Self::Exactly(items) | Self::Including(Including { including: items }) => items,
        }
    }
}
