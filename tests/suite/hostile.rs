//! Suites that are out to do harm. Each ends with an error, in the memory that every run here has: 1 GiB of address
//! space, of which little is used.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Command;

use crate::support::{Dir, Run};

fn refused(suite: &str) -> String {
    let dir = Dir::new();
    dir.write("x.suite.yaml", suite);
    error(&dir)
}

fn error(dir: &Dir) -> String {
    let Run { code, out, err } = dir.run(&["test"]);
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.lines().all(|line| line.len() < 1000), "{out}");
    out.lines().next().unwrap().to_owned()
}

#[test]
fn aliases_that_multiply() {
    let words = "suite: nested, repeated or long beyond reason";
    let lists: Vec<_> =
        (1..30).map(|level| format!("    a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n", level - 1)).collect();
    let suite = format!("cluster:\n- kind: Node\n  metadata:\n    a0: &a0 [x, x]\n{}cases: []\n", lists.concat());
    assert_eq!(refused(&suite), format!("ERROR  x.suite.yaml:11:29: {words}"));
    let merged: Vec<_> = (1..30)
        .map(|level| format!("    a{level}: &a{level} {{<<: [*a{0}, *a{0}], k{level}: v}}\n", level - 1))
        .collect();
    let suite = format!("cluster:\n- kind: Node\n  metadata:\n    a0: &a0 {{x: y}}\n{}cases: []\n", merged.concat());
    assert_eq!(refused(&suite), format!("ERROR  x.suite.yaml:17:21: {words}"));
}

#[test]
fn nesting_without_end() {
    let flow = "[".repeat(10_000);
    assert!(refused(&format!("cluster: {flow}\n")).starts_with("ERROR  x.suite.yaml:1:"));
    let object = "{a: ".repeat(10_000);
    assert!(refused(&format!("cluster:\n- {object}\n")).starts_with("ERROR  x.suite.yaml:2:"));
    let block: Vec<_> = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(
        refused(&format!("cluster:\n- x:\n{}", block.concat().replace('\n', "\n     ")))
            .starts_with("ERROR  x.suite.yaml:")
    );
    // JSON in a value is read without recursion: it is refused like any other that is none of ours.
    let value = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let cases = format!(
        "- name: deep\n  value: '{value}'\n  expect: {{verdict: refused, causes: {{including: [{{rule: value-syntax, field: value.a}}]}}}}\n"
    );
    assert_eq!(Dir::with_cases(&cases).run(&["test"]).code, 0);
}

#[test]
fn files_of_fifty_megabytes() {
    let fill = |dir: &Dir, name: &str, line: &str| {
        let mut file = BufWriter::new(File::create(dir.path(name)).unwrap());
        for _ in 0..(50 << 20) / line.len() {
            file.write_all(line.as_bytes()).unwrap();
        }
    };
    let dir = Dir::new();
    fill(&dir, "x.suite.yaml", "# a comment, and no end of it\n");
    assert_eq!(
        error(&dir),
        "ERROR  x.suite.yaml:1:1: suite: \"x.suite.yaml\" is larger than 16 MiB, the most that is read of one file"
    );
    for (key, most) in [("setting", 7), ("review", 7)] {
        let dir = Dir::with_cases(&format!("- name: large\n  {key}: large.yaml\n"));
        fill(&dir, "large.yaml", "# a comment, and no end of it\n");
        let error = error(&dir);
        assert!(
            error.ends_with(&format!("\"large.yaml\" is larger than {most} MiB, the most that is read of one file")),
            "{error}"
        );
    }
}

#[test]
fn cases_without_end() {
    let case = |index| format!("- {{name: {index}x, operation: DELETE}}\n");
    let suite = format!("cluster: []\ncases:\n{}", (0..10_001).map(case).collect::<String>());
    let words = "suite: a suite has at most 10000 cases; this is one more: put it into another suite";
    assert_eq!(refused(&suite), format!("ERROR  x.suite.yaml:10003:3: {words}"));
}

#[test]
fn a_cluster_of_fifty_megabytes_of_brackets() {
    let dir = Dir::with_cases("- name: x\n  value: x\n  expect: {verdict: refused, code: 422}\n");
    let mut file = BufWriter::new(File::create(dir.path("cluster.yaml")).unwrap());
    for _ in 0..50 << 10 {
        file.write_all(&[b'['; 1024]).unwrap();
    }
    drop(file);
    assert!(error(&dir).contains("is not valid YAML"), "{}", error(&dir));
}

#[test]
fn links_that_loop() {
    use std::os::unix::fs::symlink;
    let dir = Dir::with_cases("- name: deletion\n  operation: DELETE\n  expect: {verdict: refused, code: 405}\n");
    dir.write("a/b/keep.txt", "");
    symlink("../..", dir.path("a/b/up")).unwrap();
    symlink(".", dir.path("here")).unwrap();
    let run = dir.run(&["test"]);
    assert_eq!((run.code, &*run.out), (0, "1 case in 1 suite: 1 hold, 0 failed\n"));

    symlink("self.suite.yaml", dir.path("self.suite.yaml")).unwrap();
    let error = error(&dir);
    assert!(
        error.starts_with(
            "ERROR  .:1:1: suites: \"./self.suite.yaml\" can't be read: Too many levels of symbolic links"
        ),
        "{error}"
    );
}

#[test]
fn pipes_are_not_waited_for() {
    let dir = Dir::with_cases("- name: x\n  setting: pipe\n");
    assert!(Command::new("mkfifo").arg(dir.path("pipe")).status().unwrap().success());
    assert_eq!(error(&dir), "ERROR  x.suite.yaml:5:12: suite: \"pipe\" is neither a file nor a directory");
    dir.write("x.suite.yaml", "cluster: [pipe]\ncases: []\n");
    assert_eq!(error(&dir), "ERROR  x.suite.yaml:1:11: suite: \"pipe\" is neither a file nor a directory");
}

#[test]
fn expressions_that_explode() {
    for pattern in ["(a{1000}){1000}{1000}", &"(".repeat(10_000), "(?:a?){60}a{60}{5000}"] {
        let cases = format!(
            "- name: x\n  value: x\n  expect: {{verdict: refused, causes: [{{rule: value-syntax, field: value, message: '{pattern}'}}]}}\n"
        );
        let dir = Dir::with_cases(&cases);
        assert!(error(&dir).contains("is no regular expression that can be used"), "{}", error(&dir));
    }
}

#[test]
fn text_that_commands_a_terminal() {
    let dir =
        Dir::with_cases("- name: \"\\u202e::error::x\"\n  value: \"\\e[31m::error::\\u202e\"\n  expect: allowed\n");
    for arguments in
        [&["test"][..], &["test", "--report", "json"], &["test", "--report", "github"], &["test", "--report", "junit"]]
    {
        let Run { code, out, err } = dir.run(arguments);
        assert_eq!(code, 1);
        assert!(!out.contains(['\u{1b}', '\u{202e}']) && !err.contains(['\u{1b}', '\u{202e}']), "{out:?}{err:?}");
        let commands = out.lines().filter(|line| line.trim_start().starts_with("::"));
        assert!(arguments.contains(&"github") || commands.count() == 0, "{out}");
    }
}
