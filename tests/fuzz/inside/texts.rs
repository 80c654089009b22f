//! `rewrite`, `suite`, `cluster`: files of users, and what an API server sends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use kube::config::{Kubeconfig, NamedCluster};
use serde_json::Value;

use super::assert_harmless;
use crate::cluster::index::Index;
use crate::cluster::live::kubeconfig;
use crate::input::{Form, Input, Reader};
use crate::manifest::rewrite::{ValueChange, rewrite as rewritten};
use crate::manifest::{ManifestFile, document};
use crate::report::{ReportFormat, Repository, RunReport};
use crate::setting::Policy;
use crate::setting::facts::{FactKind, ObjectName};
use crate::suite::{self, Tally};

const VALUES: [&str; 4] = [
    r#"{"clusterNetwork":"vm-migration","vlan":100,"range":"192.168.1.0/24"}"#,
    "",
    "it's \"quoted\": # and\\u0000 more",
    "é\u{202e}\t{}",
];

/// Rewrites the values of a manifest; every other byte must stay.
pub fn rewrite(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let file = ManifestFile::new(Path::new("x.yaml"), text.to_owned());
    let inputs = match manifests(&file) {
        Ok(inputs) => inputs,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    let new = VALUES[usize::from(*choice) % VALUES.len()];
    let changes: Vec<_> = inputs
        .iter()
        .map(|input| {
            let (document, pointer) = (input.place.start, input.place.value());
            ValueChange { origin: &input.origin, document, pointer, value: new }
        })
        .collect();
    let Some(change) = changes.first() else { return };
    match rewritten(&file, &changes) {
        Err(error) => assert_harmless(&error.to_string(), false),
        Ok(text) => {
            let seen = values(&ManifestFile { text, ..file.clone() });
            assert!(seen.len() == changes.len() && seen.iter().all(|value| *value == new), "{seen:?}");
        }
    }
    // One change: the rest is the same bytes. What lies between the key and the end of the value may differ.
    let Ok(text) = rewritten(&file, std::slice::from_ref(change)) else { return };
    let mut expected = document::parse(&file).unwrap();
    let found = document::parse(&ManifestFile { text: text.clone(), ..file.clone() }).unwrap();
    assert_eq!(expected.len(), found.len());
    let at = inputs[0].place.document;
    *expected[at].1.pointer_mut(&change.pointer).unwrap() = new.into();
    assert!(expected.iter().map(|(_, value)| value).eq(found.iter().map(|(_, value)| value)));
    let Some(scalar) = &inputs[0].strings.value else { return };
    let old = &file.text;
    let same_start = old.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
    let key = key(&old[..scalar.bytes.start]);
    assert!(same_start >= key, "{old:?} became {text:?}");
    let rest = &old[scalar.bytes.end..];
    // The blanks and line breaks after a block's text belong to it.
    let is_block = old[key..scalar.bytes.start].contains(['|', '>']);
    let rest = if is_block { rest.trim_start_matches([' ', '\t', '\r', '\n']) } else { rest };
    assert!(text.ends_with(rest), "{old:?} became {text:?}");
}

/// Where the key stands, at the earliest, that the value behind this text has: comments may hold the word too.
fn key(before: &str) -> usize {
    let last = |word: &str| {
        let mut end = before.len();
        before.split_inclusive('\n').rev().find_map(|line| {
            end -= line.len();
            line.split('#').next()?.rfind(word).map(|at| end + at)
        })
    };
    last("value").or_else(|| last("network")).unwrap_or(0)
}

/// The manifests of the Setting in a file.
fn manifests(file: &ManifestFile) -> Result<Vec<Input>, crate::manifest::Error> {
    let (mut inputs, _) = Reader::default().contents(file)?;
    inputs.retain(|input| matches!(input.form, Form::Manifest { .. }));
    Ok(inputs)
}

fn values(file: &ManifestFile) -> Vec<Value> {
    let inputs = manifests(file).unwrap();
    let values = inputs.into_iter().filter_map(|input| match input.form {
        Form::Manifest { mut setting, .. } => Some(setting["value"].take()),
        _ => None,
    });
    values.collect()
}

/// A directory of this process, with a cluster that suites can name.
static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = std::env::temp_dir().join(format!("mnw-fuzz-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let cluster = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites/cluster.yaml");
    fs::copy(cluster, directory.join("cluster.yaml")).unwrap();
    directory
});

fn in_file(name: &str, data: &[u8]) -> PathBuf {
    let path = DIRECTORY.join(name);
    fs::write(&path, data).unwrap();
    path
}

/// Runs a suite, and writes every report of it. What it names is looked up in a directory of the target.
pub fn suite(data: &[u8]) {
    // A suite could name any file of this machine, and some never end.
    if data.windows(2).any(|pair| pair == b"./" || pair == b"..") || data.windows(4).any(|name| name == b"/dev") {
        return;
    }
    let suite = match suite::load(&in_file("a.suite.yaml", data)) {
        Ok(suite) => suite,
        Err(error) => return assert_harmless(&error.what, true),
    };
    let (mut tally, policy) = (Tally::default(), suite.policy(&Policy::default()));
    let records: Vec<_> = suite.cases.iter().take(20).map(|case| suite.run(case, &policy, &mut tally)).collect();
    for record in &records {
        assert_harmless(&record.name, false);
    }
    let run = RunReport { command: "test", records: &records, coverage: None };
    let repository = Repository::new(&DIRECTORY, &DIRECTORY);
    for format in [ReportFormat::Junit, ReportFormat::Sarif, ReportFormat::Github, ReportFormat::Json] {
        let text = format.render(&run, &repository).unwrap();
        assert_harmless(&text, true);
        if matches!(format, ReportFormat::Json | ReportFormat::Sarif) {
            let _: Value = serde_json::from_str(&text).unwrap();
        }
    }
}

/// A kubeconfig; or objects as a watch sends them, one each line.
pub fn cluster(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if choice % 4 == 0 {
        let Ok(read) = Kubeconfig::from_yaml(text) else { return };
        // A file that it names is read, and some never end.
        let names_file = |it: &NamedCluster| it.cluster.as_ref().is_some_and(|it| it.certificate_authority.is_some());
        if !read.clusters.iter().any(names_file) {
            drop(kubeconfig::configuration(read, None).map_err(|error| error.to_string()));
        }
        return;
    }
    let mut index = Index::default();
    let kinds = FactKind::ALL;
    for (at, line) in text.lines().take(20).enumerate() {
        let kind = kinds[(usize::from(*choice) + at) % kinds.len()];
        let name = ObjectName { namespace: "a".into(), name: at.to_string().into() };
        let read = index.insert_json(kind, name.clone(), line);
        if let Err(undecodable) = &read {
            assert_harmless(&undecodable.to_string(), false);
        }
        let facts = index.facts();
        // Seen again, it is the same.
        assert_eq!(index.insert_json(kind, name, line), read);
        assert_eq!(format!("{:?}", index.facts()), format!("{facts:?}"));
        for missing in facts.missing() {
            assert_harmless(&missing.to_string(), false);
        }
    }
}
