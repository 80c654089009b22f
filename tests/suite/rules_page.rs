//! `docs/rules.md`: made from what the binary says of its rules.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Dir;

const HEAD: &str = "\
# Rules

<!-- Made from the rules by `make docs`. -->

The webhook checks a change of `vm-migration-network` against these rules, and reports every problem at once.
`migration-network-webhook explain RULE` prints the same text.

";

const TAIL: &str = "
In `default`, fields are reported as `default.…`: `default.vlan`. Suites, reports and API errors use the same names.

Usable addresses are those of the range without its network address, its broadcast address and the excludes. `/31` and `/32`
have none.

Some problems hide others, because those cannot be checked yet:

- A `range` that is no network hides `range-reserved`, `range-contains-node-address`, `range-too-small`, `network-overlap`, and
  whether excludes are inside. A suggested network is only the enclosing one, and may itself be rejected.
- A bad `exclude` hides the rules that ask for usable addresses: `range-contains-node-address`, `range-too-small`,
  `network-overlap`.
- A missing cluster network hides `vlan-config-missing`; a missing `VlanConfig` hides `vlan-status-not-ready`.

An unchanged value is always allowed, and so are Harvester's own writes. Disabling the network (`value: \"\"`) is checked only by
`migration-in-progress`. Deleting the Setting is always refused.

`--warn-rule RULE` turns a rule into a warning, in `serve` and in offline commands. `value-syntax`, `vlan-range`,
`range-not-ipv4-network` and `exclude-invalid` cannot be turned into warnings.
";

/// The page, from the descriptions of rules that a SARIF report carries.
fn page() -> String {
    let report: Value = serde_json::from_str(&Dir::new().run(&["test", "--report", "sarif"]).out).unwrap();
    let all = report["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let mut table = String::from("| rule | field | refused when |\n| --- | --- | --- |\n");
    let mut sections = String::new();
    let mut count = 0;
    for rule in all {
        let id = rule["id"].as_str().unwrap();
        let text = rule["help"]["markdown"].as_str().unwrap_or_default();
        // Warnings and what goes wrong in a run are described too, and are no rules.
        let Some(text) = text.strip_prefix(&format!("**`{id}`**, reported for ")) else { continue };
        let (field, text) = text.split_once("\n\n").unwrap();
        let (refuses, _) = text.strip_prefix("**Refused when** ").unwrap().split_once(".\n\n").unwrap();
        writeln!(table, "| [`{id}`](#{id}) | {field} | {refuses} |").unwrap();
        write!(sections, "\n## {id}\n\nReported for {field}.\n\n{text}").unwrap();
        count += 1;
    }
    assert_eq!(count, 15);
    format!("{HEAD}{table}{TAIL}{sections}")
}

#[test]
fn the_page_of_rules_is_what_the_binary_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), page, "run: make docs");
}
