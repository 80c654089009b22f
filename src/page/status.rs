//! The page of a status report.

use super::addresses::addresses;
use super::{badge, name, page, section, text};
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
    let counted: Vec<_> = counts.words().map(|(state, words)| badge(&name(state), &words)).collect();
    let mut body =
        format!("<h1>{} The migration network</h1>\n<p>{}</p>\n", badge(&name(result), verdict), counted.join(" "));
    body.extend(groups.iter().map(|it| section(&name(it.name), group(it))));
    if !nodes.is_empty() {
        body += &section("Nodes", table(nodes));
    }
    if let Some(range) = range {
        body += &section("Address map", addresses(range));
    }
    page("vm-migration-network: status", body)
}

fn group(group: &Group) -> String {
    let left_out = group.left_out.as_ref().map(|why| format!("<p class=\"note\">left out: {}</p>\n", text(why)));
    left_out.into_iter().chain(group.checks.iter().map(check)).collect()
}

fn check(check: &Check) -> String {
    let Check { id, state, seen, hint, .. } = check;
    let badge = badge(&name(state), &name(state));
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
        let shown = |it: &str| text(it).to_string();
        let optional = |it: &Option<String>| shown(it.as_deref().unwrap_or("none"));
        let state = badge(&name(state), &name(state));
        let cells = [shown(node), state, shown(vlan), shown(virt_handler), optional(address), optional(problem)];
        let cells =
            HEADINGS.iter().zip(cells).map(|(heading, shown)| format!("<td data-label=\"{heading}\">{shown}</td>"));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    });
    let headings = HEADINGS.map(|heading| format!("<th scope=\"col\">{heading}</th>")).concat();
    format!("<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n", rows.collect::<String>())
}
