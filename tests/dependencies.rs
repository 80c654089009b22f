//! What is linked in: licences, crates and sources that `.deny.toml` lets in. `cargo deny` checks more, but not every
//! machine has it.
#![expect(clippy::unwrap_used, reason = "a test reports by panicking, its helpers too")]

use std::path::Path;
use std::process::Command;

/// The strings of a list in `.deny.toml`.
fn list(key: &str) -> Vec<String> {
    let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".deny.toml")).unwrap();
    let (_, rest) = file.split_once(&format!("\n{key} = [\n")).unwrap();
    let (list, _) = rest.split_once("\n]").unwrap();
    let quoted = list.lines().filter(|line| !line.trim_start().starts_with('#'));
    quoted.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
}

/// A crate that is built here, for the product or for its tests.
struct Package {
    name: String,
    source: String,
    licence: String,
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build,dev", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}\t{l}\t{r}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.dedup();
    let package = |line: &str| {
        let (id, rest) = line.split_once('\t').unwrap();
        let (licence, _) = rest.split_once('\t').unwrap();
        let mut words = id.splitn(3, ' ');
        let name = words.next().unwrap().to_owned();
        // Of a crate from the registry only name and version are shown; of others the place.
        let place = words.nth(1).unwrap_or_default();
        Package { name, source: place.replace("(proc-macro)", "").trim().to_owned(), licence: licence.to_owned() }
    };
    lines.into_iter().map(package).collect()
}

/// Whether an SPDX expression can be met with the allowed licences; `/` is how it was written once.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut words = words.as_slice();
    let met = any(&mut words, allowed);
    met && words.is_empty()
}

fn any(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while let [word, rest @ ..] = *words
        && word.eq_ignore_ascii_case("or")
    {
        *words = rest;
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let (met, rest): (bool, &[&str]) = match *words {
        ["(", rest @ ..] => {
            let mut inner = rest;
            let met = any(&mut inner, allowed);
            match inner {
                [")", rest @ ..] => (met, rest),
                _ => (false, &[]),
            }
        }
        [licence, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{licence} WITH {exception}")), rest),
        [licence, rest @ ..] => (allowed.iter().any(|allowed| allowed == licence), rest),
        [] => (false, &[]),
    };
    *words = rest;
    met
}

#[test]
fn an_expression_is_met_by_one_side_of_or_and_both_of_and() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("ISC AND (GPL-3.0 OR LGPL-3.0)", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("Apache-2.0", false),
        ("MIT AND (ISC", false),
        ("MIT ISC", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn every_crate_is_allowed_in() {
    let (allowed, denied) = (list("allow"), list("deny"));
    assert!(allowed.contains(&"Apache-2.0".to_owned()) && denied.contains(&"ring".to_owned()));
    let packages = packages();
    assert!(packages.len() > 100, "{}", packages.len());
    let mut wrong = Vec::new();
    for Package { name, source, licence } in &packages {
        if !is_allowed(licence, &allowed) {
            wrong.push(format!("{name}: licence {licence:?}"));
        }
        if denied.contains(name) {
            wrong.push(format!("{name}: denied"));
        }
        if !source.is_empty() && name != env!("CARGO_PKG_NAME") {
            wrong.push(format!("{name}: from {source}, not from the registry"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
