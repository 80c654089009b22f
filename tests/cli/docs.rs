//! The pages for users: their examples run, and their links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use migration_network_webhook::cli::Cli;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page at the root and in `docs`.
fn pages() -> Vec<PathBuf> {
    let files = ["", "docs"].iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let pages: Vec<_> =
        files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    assert!(pages.len() >= 5, "{pages:?}");
    pages
}

#[test]
fn examples_run() {
    trycmd::TestCases::new().env("LC_ALL", "C.UTF-8").env("TERM", "xterm").case("README.md").case("docs/cli.md");
}

#[test]
fn each_command_has_its_exit_codes() {
    let text = fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let (_, table) = text.split_once("| command | 0 | 1 | 2 |\n").unwrap();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    for command in Cli::command().get_subcommands() {
        let name = format!("`{}`", command.get_name());
        let of = |row: &&&str| row.split('|').nth(1).is_some_and(|cell| cell.split(',').any(|it| it.trim() == name));
        assert_eq!(rows.iter().filter(of).count(), 1, "{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let anchor = |heading: &str| -> String {
        let plain = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        plain.chars().filter(|char| char.is_alphanumeric() || matches!(char, '-' | '_')).collect()
    };
    let mut followed = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').map_or((target, None), |(file, it)| (file, Some(it)));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(path.exists(), "{}: {target}", page.display());
            if let Some(heading) = heading {
                let text = fs::read_to_string(path).unwrap();
                let found = text.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(found, "{}: {target}", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed >= 10, "{followed}");
}
