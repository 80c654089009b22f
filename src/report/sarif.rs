//! SARIF 2.1.0, for code scanning. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io;

use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as Entry, ResultLevel, Run as Analysis, Sarif, Tool, ToolComponent,
};

use super::finding::{EXPECTATION, NOT_JUDGED, REFUSED};
use super::{Finding, Level, NOT_CANONICAL, Repository, RunReport, TOOL, TestStatus};
use crate::escape::printable_json;
use crate::setting::hash;
use crate::setting::{RuleId, rules};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What is not a rule of the webhook, and what it means.
const OTHERS: [(&str, &str); 14] = [
    (EXPECTATION, "A case of a suite does not meet its expectation."),
    (REFUSED, "The request is refused, whatever the value is."),
    (NOT_JUDGED, "Something could not be read or judged."),
    (NOT_CANONICAL, "The value in this file is not canonical: GitOps tools see a drift, server-side apply a conflict."),
    ("rewritten", "The value is not in canonical form: it is stored in other bytes than these, and Git shows a drift."),
    ("restored", "The value means what is stored, in other bytes: the stored bytes stay, and Git shows a drift."),
    ("mgmt", "The network is on mgmt, which it shares with the control plane."),
    ("few-spare-addresses", "The range has few addresses left for nodes that are added."),
    ("node-address-excluded", "A node has an address inside the range, though no pod is given it."),
    ("host-network-dhcp", "Nodes take addresses by DHCP on the same VLAN."),
    ("unknown-key", "A key of this manifest is none of a Setting: the API server drops or refuses it."),
    ("unserved-version", "The apiVersion of this manifest is none that Harvester serves."),
    ("no-value", "This manifest has no value, which disables the network that is stored."),
    ("not-judged", "A rule that only warns could not be judged."),
];

pub(super) fn render(run: &RunReport<'_>, repository: &Repository) -> io::Result<String> {
    let rules = rules();
    let mut seen = HashMap::new();
    let results: Vec<_> = run.findings().iter().map(|finding| entry(finding, &rules, &mut seen, repository)).collect();
    let driver = ToolComponent::builder().name(TOOL.0).version(TOOL.1).semantic_version(TOOL.1).rules(rules).build();
    let invocation = Invocation::builder().execution_successful(run.count(TestStatus::Error) == 0).build();
    let analysis = Analysis::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .column_kind("unicodeCodePoints")
        .results(results)
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version("2.1.0").runs(vec![analysis]).build();
    Ok(format!("{}\n", printable_json(&serde_json::to_string(&sarif)?)))
}

fn rules() -> Vec<ReportingDescriptor> {
    let text = |text: String| MultiformatMessageString::builder().text(text).build();
    let of_rule = |rule: RuleId| {
        let help = MultiformatMessageString::builder()
            .text(rules::rule(rule).help())
            .markdown(rules::rule(rule).help_in_markdown())
            .build();
        ReportingDescriptor::builder()
            .id(rule.as_str())
            .short_description(text(format!("Refused when {}.", rules::rule(rule).refuses.replace('`', ""))))
            .help(help)
            .build()
    };
    let other = |(id, what): &(&str, &str)| {
        let what = (*what).to_owned();
        ReportingDescriptor::builder().id(*id).short_description(text(what.clone())).help(text(what)).build()
    };
    RuleId::ALL.into_iter().map(of_rule).chain(OTHERS.iter().map(other)).collect()
}

fn entry(
    finding: &Finding<'_>,
    rules: &[ReportingDescriptor],
    seen: &mut HashMap<String, usize>,
    repository: &Repository,
) -> Entry {
    let file = repository.name(&finding.at.path);
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let region = Region::builder().start_line(number(finding.at.line)).start_column(number(finding.at.column)).build();
    let artifact = ArtifactLocation::builder().uri(uri(&file)).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    let text = match finding.field {
        Some(field) => format!("{field}: {}", finding.message),
        None => format!("{}: {}", finding.record.name, finding.message),
    };
    let index = rules.iter().position(|rule| rule.id == finding.id).unwrap_or_default();
    Entry::builder()
        .rule_id(finding.id)
        .rule_index(number(index))
        .level(match finding.level {
            Level::Error => ResultLevel::Error,
            Level::Warning => ResultLevel::Warning,
        })
        .message(Message::builder().text(text).build())
        .locations(vec![Location::builder().physical_location(physical).build()])
        .partial_fingerprints(BTreeMap::from([("problem/v1".to_owned(), fingerprint(finding, &file, seen))]))
        .build()
}

/// What stays the same when lines move and other words are found for the same problem.
fn fingerprint(finding: &Finding<'_>, file: &str, seen: &mut HashMap<String, usize>) -> String {
    let parts = [finding.id, file, &finding.record.name, &finding.field.map(ToString::to_string).unwrap_or_default()];
    let which = parts.join("\0");
    let count = seen.entry(which.clone()).or_default();
    *count += 1;
    hash(&format!("{which}\0{count}"))
}

/// A relative reference as RFC 3986 has it.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { String::from("file://") } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
