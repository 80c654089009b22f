//! The page of a status report.

use super::addresses::addresses;
use super::{badge, page, section, text};
use crate::plan::AddressPlan;
use crate::status::{Check, CheckState, Group, NodeRow, Report};

/// The page that shows a report, with the address map of the stored range.
pub fn status(report: &Report, range: Option<&AddressPlan>) -> String {
    let Report { result, counts, groups, nodes, .. } = report;
    let verdict = match result {
        CheckState::Ok => "all is well",
        CheckState::Warning => "works, with warnings",
        CheckState::Unknown => "not everything could be seen",
        CheckState::Error => "not as it should be",
    };
    let mut body = format!("<h1>{} The migration network</h1>\n", badge(word(*result), verdict));
    let counted = counts.words().map(|(state, words)| badge(word(state), &words).to_string());
    body += "<p>";
    body += &counted.collect::<Vec<_>>().join(" ");
    body += "</p>\n";
    for it in groups {
        body += &section(it.name.as_str(), group(it)).to_string();
    }
    if !nodes.is_empty() {
        body += &section("Nodes", table(nodes)).to_string();
    }
    if let Some(range) = range {
        body += &section("Address map", addresses(range)).to_string();
    }
    page("vm-migration-network: status", body)
}

/// A state in a word, which is also its class.
const fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "ok",
        CheckState::Warning => "warning",
        CheckState::Unknown => "unknown",
        CheckState::Error => "error",
    }
}

fn group(group: &Group) -> String {
    let left_out = group.left_out.as_ref().map(|why| format!("<p class=\"note\">left out: {}</p>\n", text(why)));
    left_out.into_iter().chain(group.checks.iter().map(check)).collect()
}

fn check(check: &Check) -> String {
    let Check { id, state, seen, hint, .. } = check;
    let badge = badge(word(*state), word(*state));
    let hint: String = hint
        .iter()
        .map(|line| match line.strip_prefix("  ") {
            Some(command) => format!("<pre>{}</pre>\n", text(command)),
            None => format!("<p class=\"note\">{}</p>\n", text(line)),
        })
        .collect();
    format!("<div class=\"check\">{badge} <code>{}</code> {}\n{hint}</div>\n", text(id.as_str()), text(seen))
}

fn table(nodes: &[NodeRow]) -> String {
    const HEADINGS: [&str; 6] = ["Node", "State", "VLAN", "virt-handler", "Address", "Problem"];
    let rows = nodes.iter().map(|row| {
        let NodeRow { node, vlan, virt_handler, address, problem, state, .. } = row;
        let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let state = badge(word(*state), word(*state)).to_string();
        let texts =
            [node.clone(), String::new(), vlan.clone(), virt_handler.clone(), optional(address), optional(problem)];
        let cells = HEADINGS.iter().zip(texts).map(|(heading, shown)| {
            let shown = if *heading == "State" { state.clone() } else { text(shown).to_string() };
            format!("<td data-label=\"{heading}\">{shown}</td>")
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    });
    let headings = HEADINGS.map(|heading| format!("<th scope=\"col\">{heading}</th>")).concat();
    format!("<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n", rows.collect::<String>())
}
