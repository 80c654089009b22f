//! Names in a suite: rules, fields, kinds of warnings, regular expressions.

use regex_lite::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::error::not_known;
use crate::cluster::kinds::KINDS;
use crate::escape::{Quoted, Quoting};
use crate::setting::facts::FactKind;
use crate::setting::field::StringField;
use crate::setting::key;
use crate::setting::suggest::nearest_or_all;
use crate::setting::{RuleId, Warning, rules};

/// The name of a rule.
#[derive(JsonSchema)]
#[schemars(extend("oneOf" = RuleId::ALL.map(rule_in_schema)))]
pub(super) struct RuleName(#[expect(dead_code, reason = "of the schema")] Value);

/// The name of a kind of warning.
#[derive(JsonSchema)]
#[schemars(extend("enum" = warning_kinds().collect::<Vec<_>>()))]
pub(super) struct WarningKind(#[expect(dead_code, reason = "of the schema")] String);

/// The kinds that rules ask for.
#[derive(JsonSchema)]
#[schemars(rename = "Kind", extend("enum" = object_kinds().collect::<Vec<_>>()))]
pub(super) struct ObjectKind(#[expect(dead_code, reason = "of the schema")] String);

fn rule_in_schema(rule: RuleId) -> Value {
    json!({ "const": rule.as_str(), "description": rules::rule(rule).refuses })
}

fn object_kinds() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.resource.object_kind)
}

pub(super) fn fact_kind(name: &str) -> Result<FactKind, String> {
    let found = KINDS.iter().find(|kind| kind.resource.object_kind == name);
    found.map(|kind| kind.resource.kind).ok_or_else(|| not_known(name, object_kinds()))
}

/// Every kind of warning, each once.
fn warning_kinds() -> impl Iterator<Item = &'static str> + Clone {
    let rules = RuleId::ALL.into_iter().map(RuleId::as_str);
    Warning::KINDS.into_iter().chain(rules.filter(|rule| !Warning::KINDS.contains(rule)))
}

pub(super) fn rule(name: &str) -> Result<RuleId, String> {
    name.parse().map_err(|_| {
        let hint = nearest_or_all("the rules are", name, RuleId::ALL.iter().map(|rule| rule.as_str()));
        format!("no rule is named {}; {hint}", Quoted(name))
    })
}

/// The field of a cause: no other than the two strings of the Setting and what is in them is ever at fault.
pub(super) fn field(field: &str) -> Result<String, String> {
    let is_root = |root: &str| [StringField::Value, StringField::Default].iter().any(|known| known.as_str() == root);
    let (root, inside) = field.split_once('.').unwrap_or((field, "whole"));
    if is_root(root) && !inside.is_empty() {
        return Ok(field.to_owned());
    }
    let hint = if key::ALL.iter().any(|key| field.split('[').next() == Some(key.name)) {
        format!("did you mean {}.{field}?", StringField::Value)
    } else {
        format!("it is {} or {}, or in one of these, such as value.vlan", StringField::Value, StringField::Default)
    };
    Err(format!("no cause has the field {}; {hint}", Quoted(field)))
}

pub(super) fn kind(name: &str) -> Result<String, String> {
    if warning_kinds().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let hint = nearest_or_all("the kinds are", name, warning_kinds());
    Err(format!("no warning is of kind {}; {hint}", Quoted(name)))
}

/// A regular expression that tells one text from another.
pub(super) fn pattern(pattern: &str) -> Result<Regex, String> {
    let regex = compile(pattern)?;
    if regex.is_match("") {
        return Err(format!("{} matches even nothing, so it is found in any text", Quoted(pattern)));
    }
    Ok(regex)
}

/// A regular expression that is no burden: its time is linear in what it searches, its size bounded here.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    const LARGEST: usize = 256 << 10;
    let regex = RegexBuilder::new(pattern).size_limit(LARGEST).build();
    regex.map_err(|error| {
        format!("{} is no regular expression that can be used: {}", Quoted(pattern), Quoting(&error.to_string()))
    })
}
