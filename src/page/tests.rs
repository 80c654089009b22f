use roxmltree::{Document, ParsingOptions};

use super::*;
use crate::plan::{AddressPlan, ChangePlan, HarvesterSteps, NadState, PlanProblem, PlanWarning, StoredBytes, UseCount};
use crate::pool::{AddressMap, AddressUse};
use crate::setting::range::AddressRange;
use crate::status::{Check, CheckGroup, CheckId, CheckState, Group, NodeRow, Report, StateCounts};

/// What a stranger would write into a name.
const HOSTILE: &str = "<script src=//x>alert('1')</script>\u{1b}[2J\u{202e}\"&amp;";
const SHOWN: &str = r#"<script src=//x>alert('1')</script>\u001b[2J\u202e"&amp;"#;

/// What a reader of markup makes of the page: its text, and that it neither does nor fetches anything.
fn shown(page: &str) -> String {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(page, options).unwrap();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(!["script", "link", "img", "iframe", "a", "form"].contains(&node.tag_name().name()), "{node:?}");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "href", "{attribute:?}");
        }
    }
    for remote in ["http:", "https:", "url(", "@import"] {
        assert!(!page.contains(remote), "{remote}");
    }
    assert!(!page.chars().any(|char| char != '\n' && is_unprintable(char)));
    let texts = document.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text());
    texts.collect::<Vec<_>>().join("")
}

fn range() -> AddressPlan {
    let map = AddressMap::new(&AddressRange::new("192.168.1.0/28".parse().unwrap(), &[]), &[]);
    AddressPlan {
        range: map.net.to_string(),
        usable_ends: map.usable_ends(),
        usable: 14,
        needed: Some(2),
        lost: 0,
        spare: Some(12),
        nodes_at_most: 14,
        uses: vec![UseCount { r#use: AddressUse::Free, count: 14, owners: Some(HOSTILE.to_owned()) }],
        map,
    }
}

#[test]
fn a_plan_with_hostile_texts_is_a_page_of_words() {
    let text = || HOSTILE.to_owned();
    let nad = || Some(NadState { name: text(), config: Some(text()) });
    let plan = ChangePlan {
        verdict: "refused",
        problems: vec![PlanProblem { field: text(), rule: "value-syntax", message: text() }],
        more_problems: 3,
        missing: vec![text()],
        warnings: vec![PlanWarning { kind: "mgmt", message: text() }],
        stored: Some(StoredBytes { value: text(), hash: text(), changes: true, rewritten: true }),
        harvester: Some(HarvesterSteps {
            summary: text(),
            nad_before: nad(),
            nad_after: nad(),
            nad_removed: Some(text()),
            kubevirt_seen: false,
            network_before: Some(text()),
            network_after: None,
            restarts: vec![text()],
            migrations: vec![text()],
        }),
        addresses: Some(range()),
        suggestions: None,
        unseen: vec![text()],
    };
    let shown = shown(&super::plan(&plan));
    assert_eq!(shown.matches(SHOWN).count(), 17, "{shown}");
    for words in
        ["refused What saving this value does", "and 3 more problems", "running 1: ", "192.168.1.15: broadcast address"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn a_report_with_hostile_texts_is_a_page_of_words() {
    let text = || HOSTILE.to_owned();
    let check =
        |state| Check { id: CheckId::SettingReadable, state, seen: text(), hint: vec![text(), format!("  {HOSTILE}")] };
    let states = [CheckState::Ok, CheckState::Warning, CheckState::Unknown, CheckState::Error];
    let row = |state| NodeRow {
        node: text(),
        vlan: text(),
        virt_handler: text(),
        pod: None,
        address: Some(text()),
        problem: Some(text()),
        state,
    };
    let report = Report {
        result: CheckState::Error,
        counts: StateCounts { error: 10, unknown: 1, warning: 1, ok: 1 },
        groups: vec![
            Group { name: CheckGroup::Setting, left_out: None, checks: states.map(check).into() },
            Group { name: CheckGroup::Nodes, left_out: Some(text()), checks: Vec::new() },
        ],
        nodes: states.map(row).into(),
    };
    let shown = shown(&super::status(&report, Some(&range())));
    // Three of each check, five of each node, one of the group that is left out, one of the map.
    assert_eq!(shown.matches(SHOWN).count(), 4 * 3 + 4 * 5 + 2, "{shown}");
    assert!(shown.contains("not as it should be The migration network"), "{shown}");
    assert!(shown.contains("10 errors 1 unknown 1 warning 1 ok"), "{shown}");
}
