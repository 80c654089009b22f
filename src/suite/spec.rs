//! The format of a suite: what is read and run, and its JSON Schema.

use ipnet::Ipv4Net;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

use super::expectation::{Expect, Expectation};
use super::names::{ObjectKind, RuleName, fact_kind, rule};
use super::spanned::{ObjectSource, Spanned, given};
use crate::escape::Quoted;
use crate::setting::facts::FactKind;
use crate::setting::{RuleSet, cidr};

/// Cases of what the webhook must allow and refuse, and why, against one cluster.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "Policy suite of migration-network-webhook", rename = "Suite")]
pub(super) struct SuiteSpec {
    /// The cluster that the cases start from: files and directories as `kubectl get -o yaml` or `capture` writes
    /// them, and objects.
    pub(super) cluster: Spanned<Vec<Spanned<ObjectSource>>>,
    /// The operator's choices about the rules, where they are not the defaults.
    #[serde(default, deserialize_with = "given")]
    pub(super) policy: Option<PolicySpec>,
    /// The cases.
    pub(super) cases: Spanned<Vec<Spanned<CaseSpec>>>,
}

/// What `serve` is told by flags of the same names.
#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Policy")]
pub(super) struct PolicySpec {
    /// Rules that warn instead of refusing, beside those of `--warn-rule`.
    #[serde(default, deserialize_with = "warn_rules")]
    #[schemars(with = "Vec<RuleName>")]
    pub(super) warn_rules: RuleSet,
    /// Ranges that `range` must not overlap, in the place of those of `--reserved-range`.
    #[serde(default, deserialize_with = "reserved_ranges")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) reserved_ranges: Option<Vec<Ipv4Net>>,
}

/// One request, and what must become of it.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Case")]
pub(super) struct CaseSpec {
    /// What the case shows. No other case of the suite has this name.
    #[serde(deserialize_with = "name")]
    pub(super) name: Spanned<String>,
    /// The submitted `value`: a string that holds JSON.
    #[serde(default, deserialize_with = "given")]
    pub(super) value: Option<Spanned<String>>,
    /// The stored `value`. Without it the stored Setting is that of the cluster, if there is one.
    #[serde(default, deserialize_with = "given")]
    pub(super) old: Option<Spanned<String>>,
    /// The submitted Setting as a whole: a path or an object.
    #[serde(default, deserialize_with = "given")]
    pub(super) setting: Option<Spanned<ObjectSource>>,
    /// The stored Setting as a whole: a path or an object.
    #[serde(default, deserialize_with = "given")]
    pub(super) old_setting: Option<Spanned<ObjectSource>>,
    /// The path of an `AdmissionReview`, as the API server sends it.
    #[serde(default, deserialize_with = "given")]
    pub(super) review: Option<Spanned<String>>,
    /// What is done. Without it: UPDATE where there is a stored Setting, else CREATE.
    #[serde(default, deserialize_with = "given")]
    pub(super) operation: Option<Spanned<CaseOperation>>,
    /// Objects that this case's cluster has as well; each takes the place of any of its name.
    #[serde(default, deserialize_with = "given")]
    pub(super) with: Option<Vec<Spanned<ObjectSource>>>,
    /// Objects that this case's cluster does not have.
    #[serde(default, deserialize_with = "given")]
    pub(super) without: Option<Vec<Spanned<Reference>>>,
    /// What must become of it.
    #[serde(default, deserialize_with = "Expect::read")]
    #[schemars(with = "Option<Expect>")]
    pub(super) expect: Option<Spanned<Expectation>>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(rename = "Operation")]
pub(super) enum CaseOperation {
    Create,
    Update,
    Delete,
}

/// Objects of the cluster.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Reference {
    /// Their kind.
    #[serde(deserialize_with = "kind")]
    #[schemars(with = "ObjectKind")]
    pub(super) kind: FactKind,
    /// The name; without it every object of the kind.
    #[serde(default, deserialize_with = "given")]
    pub(super) name: Option<String>,
    /// The namespace, of the one kind that has any; `default` if absent.
    #[serde(default, deserialize_with = "given")]
    pub(super) namespace: Option<Spanned<String>>,
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<String>, D::Error> {
    const LONGEST: usize = 200;
    let name = Spanned::<String>::deserialize(deserializer)?;
    name.parse(|name| {
        let plain = !name.trim().is_empty() && !name.chars().any(char::is_control) && name.chars().count() <= LONGEST;
        let why = || format!("a name has 1 to {LONGEST} characters, and no control characters");
        if plain { Ok(()) } else { Err(why()) }
    })?;
    Ok(name)
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FactKind, D::Error> {
    Spanned::<String>::deserialize(deserializer)?.parse(fact_kind)
}

fn warn_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleSet, D::Error> {
    let may_warn = |name: &str| {
        let rule = rule(name)?;
        if rule.may_warn() { Ok(rule) } else { Err(format!("{rule} always refuses")) }
    };
    Vec::<Spanned<String>>::deserialize(deserializer)?.iter().map(|name| name.parse(may_warn)).collect()
}

fn reserved_ranges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Ipv4Net>>, D::Error> {
    let network = |range: &str| {
        let net = cidr::parse_strict(range).ok().filter(|net| net.addr() == net.network());
        net.ok_or_else(|| format!("{} is no IPv4 network such as 10.42.0.0/16", Quoted(range)))
    };
    Vec::<Spanned<String>>::deserialize(deserializer)?
        .iter()
        .map(|range| range.parse(network))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The JSON Schema of a suite, so that editors complete and check it.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = false);
    let mut schema = settings.into_generator().into_root_schema_for::<SuiteSpec>();
    RecursiveTransform(forbid_null).transform(&mut schema);
    let mut schema = schema.to_value();
    // The reader takes a case without one, for the run to fail it; an editor may say so at once.
    if let Some(Value::Array(required)) = schema.pointer_mut("/definitions/Case/required") {
        required.push("expect".into());
    }
    schema
}

/// A key that is optional may be left out, not be `null`.
fn forbid_null(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|kind| kind.get("type").is_none_or(|kind| kind != "null"));
    }
}
