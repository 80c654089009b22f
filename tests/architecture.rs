//! The folders are the architecture: who may name whom, and how large a file grows.

#![expect(clippy::unwrap_used, reason = "a test asserts by panicking, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// The modules of the crate, ground floor first. Each stands only on those below its own floor.
const FLOORS: &[&[&str]] = &[
    &["escape", "fake_api_server", "reload"],
    &["setting"],
    &["api_call", "manifest"],
    &["admission", "cluster"],
    &["input", "registration", "report", "server"],
    &["ca", "suite"],
    &["cli"],
];

/// The modules that do no I/O, so that a verdict depends on nothing but its input.
const PURE: [&str; 3] = ["escape", "setting", "admission"];

/// What the pure modules may name of the packages that the crate depends on.
const PURE_PACKAGES: [&str; 6] = ["base64", "ipnet", "serde", "serde_json", "sha1", "strsim"];

/// What the pure modules may name of the standard library.
const PURE_STD: [&str; 16] = [
    "borrow",
    "cmp",
    "collections",
    "error",
    "fmt",
    "iter",
    "marker",
    "mem",
    "net",
    "ops",
    "path",
    "slice",
    "str",
    "string",
    "sync",
    "time",
];

/// What in those modules reaches out: sockets and clocks.
const IMPURE: [&str; 6] = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "Instant", "SystemTime"];

struct Source {
    /// Under `src`.
    path: PathBuf,
    text: String,
}

impl Source {
    /// The module of the crate that the file belongs to: `network` for `network.rs` and all under `network/`.
    fn module(&self) -> &str {
        self.path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs")
    }

    /// How many `super`s lead from the file's own module to the crate.
    fn depth(&self) -> usize {
        self.path.iter().count()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs")
            || self.path.ends_with("fake_api_server.rs")
            || self.path.iter().any(|part| part == "tests")
    }

    /// The text less its comments.
    fn code(&self) -> String {
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        self.text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
    }

    /// How many lines there are before the tests, and of tests.
    fn lines(&self) -> (usize, usize) {
        let code = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap().lines().count();
        (code, self.text.lines().count() - code)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(&root).unwrap().to_owned(), text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 50, "{} files", found.len());
    found
}

/// The packages that the crate depends on, as code names them; those for tests alone are no business of the architecture.
fn packages() -> BTreeSet<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    let names = dependencies.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = "));
    let names: BTreeSet<_> = names.map(|(name, _)| name.replace('-', "_")).collect();
    assert!(["tokio", "axum", "rustls", "kube", "serde"].iter().all(|name| names.contains(*name)), "{names:?}");
    names
}

/// The roots of the paths in the code, each with what follows: `std` and `fs`, `crate` and `network`.
fn roots(code: &str) -> Vec<(String, String)> {
    let path = Regex::new(r"(?:^|[^\w:])(\w+)::(\w+|\{|\*)").unwrap();
    let renamed = Regex::new(r"\b(?:use|extern crate) (\w+)(?: as \w+)?;").unwrap();
    let paths = path.captures_iter(code).map(|found| (found[1].to_owned(), found[2].to_owned()));
    let bare = renamed.captures_iter(code).map(|found| (found[1].to_owned(), String::new()));
    paths.chain(bare).collect()
}

/// The crate's own modules that a file names, by `crate::` or by climbing to the same place.
fn named_modules(source: &Source) -> BTreeSet<String> {
    let code = source.code();
    let mut named: BTreeSet<String> =
        roots(&code).into_iter().filter(|(root, _)| root == "crate").map(|(_, name)| name).collect();
    let climbing = Regex::new(r"(?:^|[^\w:])((?:super::)+)(\w+)").unwrap();
    let tests = code.find("mod tests {").unwrap_or(code.len());
    for found in climbing.captures_iter(&code) {
        let within_tests = found.get(0).is_some_and(|whole| whole.start() > tests);
        if found[1].matches("super").count() >= source.depth() + usize::from(within_tests) {
            named.insert(found[2].to_owned());
        }
    }
    named
}

#[test]
fn every_arrow_points_downwards() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut wrong = Vec::new();
    for source in sources() {
        let own = source.module();
        if matches!(own, "lib" | "main") {
            continue;
        }
        let Some(ours) = floor(own) else {
            wrong.push(format!("{own} stands on no floor"));
            continue;
        };
        for name in named_modules(&source) {
            let below = floor(&name).is_some_and(|theirs| theirs < ours);
            if name != own && !below {
                wrong.push(format!("{} names crate::{name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_pure_names_nothing_that_could_do_io() {
    let packages = packages();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module())) {
        for (root, name) in roots(&source.code()) {
            let pure = match root.as_str() {
                "std" | "core" | "alloc" => PURE_STD.contains(&name.as_str()),
                root => PURE_PACKAGES.contains(&root) || !packages.contains(root),
            };
            if !pure {
                wrong.push(format!("{} names {root}::{name}", source.path.display()));
            }
        }
        for name in IMPURE.iter().filter(|name| source.code().contains(*name)) {
            wrong.push(format!("{} names {name}", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readers_of_the_code_see_what_they_look_for() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.to_owned() };
    let file = source(
        "network/rules/value.rs",
        "use super::super::super::cluster::View;\nuse super::super::cidr;\n// use crate::server;\n    let x: crate::cli::Exit = crate::{a};",
    );
    assert_eq!(named_modules(&file), ["cli", "cluster", "{"].map(str::to_owned).into());
    let seen = roots(
        "use tokio;\nlet a = std::fs::read(b::c::d)?; <kube::Api>::x(); use std::{fs, io};\nextern crate axum as web;",
    );
    let seen: Vec<_> = seen.iter().map(|(root, name)| format!("{root} {name}")).collect();
    assert_eq!(seen, ["std fs", "b c", "kube Api", "std {", "tokio ", "axum "]);
}

#[test]
fn files_stay_small_and_are_named_for_what_they_own() {
    const LONGEST: usize = 400;
    const MEDIAN: usize = 120;
    let mut lengths = Vec::new();
    let mut wrong = Vec::new();
    for source in sources() {
        let name = source.path.file_stem().unwrap().to_str().unwrap();
        if matches!(name, "mod" | "utils" | "util" | "types" | "helpers" | "common" | "misc") {
            wrong.push(format!("{} owns nothing by its name", source.path.display()));
        }
        if source.is_test() {
            continue;
        }
        let (code, tests) = source.lines();
        if code > LONGEST {
            wrong.push(format!("{} has {code} lines, more than {LONGEST}", source.path.display()));
        }
        if tests > code && tests > 40 {
            wrong.push(format!("{}: tests longer than their code go to a file of their own", source.path.display()));
        }
        lengths.push(code);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(median < MEDIAN, "half of the files have {median} lines or more, not under {MEDIAN}");
}
