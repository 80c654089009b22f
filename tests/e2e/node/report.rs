//! What became of the changes, a line each for docs/testing.md.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use super::changes::Tally;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("node.md")
}

/// Begins the table anew.
pub fn begin() {
    let head = "| meanwhile | took | changes | refused without a rule | longest |\n| --- | --- | --- | --- | --- |\n";
    fs::write(file(), head).expect("a written file");
}

/// Adds a line.
pub fn add(what: &str, tally: &Tally) {
    let reasons: Vec<String> = tally.faults.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let mut faults = match &reasons[..] {
        [] => vec!["0".to_owned()],
        _ => vec![format!("{}, within {:.1} s", reasons.join(", "), tally.faulty.as_secs_f64())],
    };
    if tally.stored > 0 {
        let seconds = tally.unguarded.as_secs_f64();
        faults.push(format!("unchecked for {seconds:.1} s: {} bad values stored", tally.stored));
    }
    let faults = faults.join("; ");
    let (took, longest) = (tally.took.as_secs_f64(), tally.longest.as_secs_f64());
    let line = format!("| {what} | {took:.1} s | {} | {faults} | {longest:.2} s |\n", tally.sent);
    File::options().append(true).open(file()).expect("begun").write_all(line.as_bytes()).expect("a written line");
}
