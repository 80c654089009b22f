//! Prints the licences of all that is linked into the binary: `cargo run --example licences -- TARGET`.
//!
//! The image holds what this prints. Crates that only run while building are not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// How files begin that hold a licence, or a notice that goes with it.
const BEGINNINGS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
/// Where a crate keeps texts apart, and where the C library has its own.
const SUBDIRECTORIES: [&str; 4] = ["", "LICENSES", "licenses", "aws-lc"];

fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args().nth(1).ok_or("usage: licences TARGET")?;
    let packages = linked(&target)?;
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    println!("What is linked into migration-network-webhook, and under which licence:\n");
    for package in &packages {
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        println!("{name} {version}: {}", text(&package["license"]));
        let directory = Path::new(text(&package["manifest_path"])).parent().ok_or("a manifest without a directory")?;
        for text in texts_in(directory)? {
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    println!("Rust's standard library: MIT OR Apache-2.0");
    for text in texts_in(&output("rustc", &["--print", "sysroot"])?.trim().parse::<PathBuf>()?.join("share/doc/rust"))?
    {
        texts.entry(text).or_default().push("Rust's standard library".to_owned());
    }
    if target.ends_with("-gnu") {
        println!(
            "The GNU C library: LGPL-2.1-or-later, with parts under other licences. It is linked statically. The source"
        );
        println!("of this program is free: whoever changes the library can link the program with it again.");
        // Where Debian and its children keep it.
        for path in ["/usr/share/doc/libc6/copyright", "/usr/share/common-licenses/LGPL-2.1"] {
            if let Ok(text) = fs::read_to_string(path) {
                texts.entry(text).or_default().push("The GNU C library".to_owned());
            }
        }
    }
    for (text, mut of) in texts {
        of.dedup();
        println!("\n{}\n{}\n{}\n\n{}", "=".repeat(80), of.join(", "), "=".repeat(80), text.trim_end());
    }
    Ok(())
}

/// The crates that the binary holds, by name.
fn linked(target: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let arguments = ["metadata", "--locked", "--format-version=1", "--filter-platform", target];
    let mut metadata: Value = serde_json::from_str(&output(env!("CARGO"), &arguments)?)?;
    let root = text(&metadata["resolve"]["root"]).to_owned();
    let packages: BTreeMap<String, Value> = match metadata["packages"].take() {
        Value::Array(packages) => packages.into_iter().map(|one| (text(&one["id"]).to_owned(), one)).collect(),
        _ => return Err("no packages".into()),
    };
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or("no graph")?;
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (text(&node["id"]), node)).collect();
    let (mut open, mut seen) = (vec![&*root], BTreeSet::new());
    while let Some(id) = open.pop() {
        let of_build =
            |target: &Value| target["kind"].as_array().is_some_and(|kind| kind.contains(&"proc-macro".into()));
        let macros = packages[id]["targets"].as_array().is_some_and(|targets| targets.iter().any(of_build));
        if macros || !seen.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().into_iter().flatten() {
            let linked = |kind: &Value| kind["kind"].is_null();
            if dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(linked)) {
                open.push(text(&dependency["pkg"]));
            }
        }
    }
    let mut linked: Vec<Value> = seen.into_iter().map(|id| packages[id].clone()).collect();
    linked.sort_by_key(|one| (text(&one["name"]).to_owned(), text(&one["version"]).to_owned()));
    Ok(linked)
}

fn texts_in(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for subdirectory in SUBDIRECTORIES {
        let Ok(entries) = fs::read_dir(directory.join(subdirectory)) else { continue };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let kept_apart = subdirectory.eq_ignore_ascii_case("licenses");
            if entry.file_type()?.is_file() && (kept_apart || BEGINNINGS.iter().any(|start| name.starts_with(start))) {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    // Pages of HTML say nothing that the texts do not.
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "html"));
    Ok(paths.iter().map(fs::read_to_string).collect::<Result<_, _>>()?)
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
