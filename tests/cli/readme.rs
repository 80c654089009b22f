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
fn it_says_of_each_command_how_it_exits() {
    let text = readme();
    let (_, table) = text.split_once("| command | 0 | 1 | 2 |\n").unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    for command in Cli::command().get_subcommands() {
        let name = format!("`{}`", command.get_name());
        let of = |row: &&&str| row.split('|').nth(1).is_some_and(|cell| cell.split(',').any(|it| it.trim() == name));
        assert_eq!(rows.iter().filter(of).count(), 1, "{name}");
    }
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
    let plain = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    for target in targets {
        let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(if file.is_empty() { "README.md" } else { file });
        assert!(path.exists(), "{target}");
        if let Some(anchor) = anchor {
            let page = std::fs::read_to_string(path).unwrap();
            assert!(page.lines().any(|line| line.starts_with('#') && plain(line) == anchor), "{target}");
        }
    }
}
