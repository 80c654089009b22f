use super::*;

fn names(found: Vec<Result<PathBuf, Error>>, base: &Path) -> Vec<String> {
    let name = |path: &Path| path.strip_prefix(base).unwrap().display().to_string();
    found.into_iter().map(|found| found.map_or_else(|error| error.to_string(), |path| name(&path))).collect()
}

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn submitted(path: &Path, exclude: &[&str]) -> (Vec<String>, Vec<String>) {
    let exclude = ExcludedPaths::new(exclude.iter().map(ToString::to_string).collect());
    let TreeFiles { files, left_out } = find_submitted(path, &exclude);
    (names(files, path), names(left_out.into_iter().map(Ok).collect(), path))
}

#[test]
fn suites_are_told_from_manifests_by_name() {
    for (name, suite, manifest) in [
        ("a.suite.yaml", true, false),
        ("dir/A.SUITE.YML", true, false),
        ("a.suite.json", true, false),
        ("suite.yaml", false, true),
        ("a.suite", false, false),
        ("a.suite.txt", false, false),
        ("a.suite.yaml.bak", false, false),
        ("setting.yaml", false, true),
    ] {
        assert_eq!((is_suite(Path::new(name)), is_manifest(Path::new(name))), (suite, manifest), "{name}");
    }
}

#[test]
fn what_is_hidden_is_read_and_what_is_ignored_is_named() {
    let files = directory(&[
        (".gitignore", "/out\n*.tmp.yaml\n!keep.tmp.yaml\n"),
        (".git/x.yaml", ""),
        (".github/ci.yaml", ""),
        ("a.yaml", ""),
        ("chart/templates/a.yaml", ""),
        ("chart/values.yaml", ""),
        ("out/a.yaml", ""),
        ("sub/.gitignore", "b.yaml\n"),
        ("sub/a.tmp.yaml", ""),
        ("sub/b.yaml", ""),
        ("sub/keep.tmp.yaml", ""),
        ("sub/out/a.yaml", ""),
        ("sub/readme.tmp", ""),
    ]);
    let root = files.path();
    let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        submitted(root, &["chart/**", "!sub/b.yaml"]),
        (
            strings(&[".github/ci.yaml", "a.yaml", "sub/b.yaml", "sub/keep.tmp.yaml", "sub/out/a.yaml"]),
            strings(&["chart/templates", "chart/values.yaml", "out", "sub/a.tmp.yaml"])
        )
    );
    // Of a part of the repository, its rules hold as well; a file that is named is read whatever they say.
    let (found, left_out) = submitted(&root.join("sub"), &["/out"]);
    assert_eq!((found, left_out), (strings(&["keep.tmp.yaml"]), strings(&["a.tmp.yaml", "b.yaml", "out"])));
    assert_eq!(submitted(&root.join("out/a.yaml"), &["*"]).0, [""]);
    assert_eq!(submitted(&root.join("out"), &[]).0, ["a.yaml"]);
    assert_eq!(names(find(&[root.to_owned()]), root).len(), 8, "a cluster's files know no such rules");
}

#[test]
fn directories_are_read_down_to_a_depth_that_is_named() {
    let files = directory(&[]);
    let deep = |levels: usize| (0..levels).fold(files.path().to_owned(), |path, _| path.join("d"));
    fs::create_dir_all(deep(200)).unwrap();
    fs::write(deep(64).join("a.yaml"), "").unwrap();
    fs::write(deep(65).join("a.yaml"), "").unwrap();
    let (found, _) = submitted(files.path(), &[]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], "d/".repeat(64) + "a.yaml");
    assert!(found[1].ends_with("d\" lies more than 64 directories deep, and is not read; leave it out with --exclude"));
    assert_eq!(submitted(files.path(), &["d"]), (Vec::new(), vec!["d".to_owned()]));
    let as_cluster = find(&[files.path().to_owned()]).pop().unwrap().unwrap_err().to_string();
    assert!(as_cluster.ends_with("d\" lies more than 64 directories deep, and is not read"), "{as_cluster}");
}
