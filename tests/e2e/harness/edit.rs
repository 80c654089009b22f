//! A scripted `kubectl edit`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::Plane;
use super::kubectl::Run;
use super::process::scratch;

/// An editor that puts another value in the first time it is opened, and changes nothing when it is opened again.
#[derive(Debug)]
pub struct Editor {
    directory: PathBuf,
}

const SCRIPT: &str = r#"
    cd "$(dirname "$0")"
    n=1; while [ -e "seen-$n" ]; do n=$((n + 1)); done
    cp "$1" "seen-$n"
    [ "$n" = 1 ] || exit 0
    # A long value goes on in indented lines.
    awk '/^[^ ]/ { inside = /^value:/ } !inside' seen-1 | cat - line > "$1"
"#;

impl Editor {
    /// One that writes this value, on one line.
    pub fn writing(value: &str) -> Self {
        let directory = scratch("editor");
        // A JSON string is a YAML string.
        fs::write(directory.join("line"), format!("value: {}\n", Value::from(value))).expect("a written file");
        fs::write(directory.join("editor.sh"), SCRIPT).expect("a written file");
        Self { directory }
    }

    /// `kubectl edit` of the guarded Setting.
    pub fn run(&self, plane: &Plane) -> Run {
        let editor = format!("sh {}", self.directory.join("editor.sh").display());
        plane.kubectl(["edit", "setting.harvesterhci.io", "vm-migration-network"]).env("KUBE_EDITOR", editor).run()
    }

    /// The comment at the top of what it was given the second time: why the first save was refused.
    pub fn reproach(&self) -> String {
        let seen = fs::read_to_string(self.directory.join("seen-2")).expect("it was opened twice");
        seen.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect()
    }
}
