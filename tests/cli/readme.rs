//! The README says what is so.

use std::path::Path;

use clap::CommandFactory as _;
use migration_network_webhook::cli::Cli;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn its_examples_run() {
    trycmd::TestCases::new().case("README.md");
}

#[test]
fn it_names_every_flag_of_serve() {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    for argument in serve.get_arguments().filter(|argument| argument.get_id() != "help") {
        let heading = argument.get_help_heading().unwrap_or("Server").to_owned();
        let flag = format!("`--{}`", argument.get_long().unwrap());
        match rows.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, flags)) => flags.push(flag),
            None => rows.push((heading, vec![flag])),
        }
    }
    let row = |(heading, flags): &(String, Vec<String>)| format!("| {heading} | {} |\n", flags.join(", "));
    let table = format!("| | |\n| --- | --- |\n{}", rows.iter().map(row).collect::<Vec<_>>().concat());
    assert!(readme().contains(&table), "put this table into the README:\n{table}");
}

#[test]
fn its_links_lead_somewhere() {
    let text = readme();
    let targets: Vec<&str> = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .collect();
    assert!(targets.len() >= 10, "{targets:?}");
    for target in targets {
        match target.strip_prefix('#') {
            None => assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{target}"),
            Some(anchor) => {
                let plain = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                assert!(text.lines().any(|line| line.starts_with('#') && plain(line) == anchor), "{target}");
            }
        }
    }
}
