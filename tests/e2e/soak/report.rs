//! What must hold all the time, and the table.
//!
//! - Nothing that a rule forbids is stored, and what means the same leaves the stored bytes.
//! - A change is refused for another reason than a rule only during a fault, or within 15 s after it.
//! - The API server trusts every certificate that is served, also during a fault.
//! - A replica never has more than 256 MiB; a minute after the last hostile client it has less than 40 MiB, and no more
//!   descriptors and threads than at the start, but for what is kept for the next change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::faults::Window;
use super::stand::{AFTERMATH, Certificates};
use crate::changes::{Change, DISTRUST, Outcome};
use crate::harness::process::Process;

const PEAK_KIB: u64 = 256 << 10;
const AT_REST_KIB: u64 = 40 << 10;
/// Connections of the API server that are kept open for the next change.
const KEPT: u64 = 16;
/// The thread that reads files and large bodies ends some time after the last of them.
const READER: u64 = 1;

/// What a replica holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub resident_kib: u64,
    pub peak_kib: u64,
    pub threads: u64,
    pub descriptors: u64,
}

impl Memory {
    /// What it holds now.
    pub fn of(process: &Process) -> Self {
        let directory = format!("/proc/{}", process.id());
        let status = fs::read_to_string(format!("{directory}/status")).expect("it runs");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field of the kernel's");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
        };
        Self {
            resident_kib: field("VmRSS:"),
            peak_kib: field("VmHWM:"),
            threads: field("Threads:"),
            descriptors: fs::read_dir(format!("{directory}/fd")).expect("it runs").count() as u64,
        }
    }

    /// The most of each.
    pub fn max(self, other: Self) -> Self {
        Self {
            resident_kib: self.resident_kib.max(other.resident_kib),
            peak_kib: self.peak_kib.max(other.peak_kib),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

#[derive(Debug, Default)]
struct Line {
    times: usize,
    changes: usize,
    refused: BTreeMap<String, usize>,
    longest: Duration,
}

/// The table, and what did not hold.
#[derive(Debug, Default)]
pub struct Report {
    lines: BTreeMap<&'static str, Line>,
    memory: String,
    violations: Vec<String>,
}

impl Report {
    /// Puts every change to the fault that it fell into.
    pub fn changes(&mut self, windows: &[Window], changes: Vec<Change>) {
        for window in windows {
            self.lines.entry(window.fault.name()).or_default().times += 1;
        }
        for change in changes {
            let ended = change.at + change.took;
            let window = windows.iter().rfind(|window| window.began <= ended && change.at <= window.ended + AFTERMATH);
            let line = self.lines.entry(window.map_or("nothing else", |window| window.fault.name())).or_default();
            line.changes += 1;
            line.longest = line.longest.max(change.took);
            match change.outcome {
                Outcome::Decided => {}
                Outcome::Unguarded => self.violations.push("stored, though a rule forbids it".to_owned()),
                Outcome::Fault(reason) => {
                    if DISTRUST.iter().any(|distrust| reason.contains(distrust)) {
                        self.violations.push(format!("a certificate that is not trusted: {reason}"));
                    } else if window.is_none() {
                        self.violations.push(format!("refused without a fault: {reason}"));
                    }
                    *line.refused.entry(reason).or_default() += 1;
                }
            }
        }
    }

    /// What the replicas held at the start, at most, and a minute after the last hostile client.
    pub fn memory(&mut self, certificates: Certificates, started: &[Memory], peak: Memory, at_rest: &[Memory]) {
        let most = |of: &[Memory]| of.iter().copied().fold(Memory::default(), Memory::max);
        let (started, at_rest) = (most(started), most(at_rest));
        for (when, it) in [("at the start", started), ("at most", peak), ("a minute after", at_rest)] {
            let [resident, peak] = [it.resident_kib, it.peak_kib].map(|kib| kib / 1024);
            let Memory { threads, descriptors, .. } = it;
            let _ = writeln!(
                self.memory,
                "| {certificates:?}, {when} | {resident} MiB | {peak} MiB | {threads} | {descriptors} |"
            );
        }
        let limits = [
            ("peak memory in KiB", peak.peak_kib, PEAK_KIB),
            ("memory at rest in KiB", at_rest.resident_kib, AT_REST_KIB),
            ("threads at rest", at_rest.threads, started.threads + READER),
            ("descriptors at rest", at_rest.descriptors, started.descriptors + KEPT),
        ];
        for (what, seen, limit) in limits {
            if seen > limit {
                self.violations.push(format!("{certificates:?}: {what}: {seen}, more than {limit}"));
            }
        }
    }

    /// Writes the table; success when all of it held.
    pub fn end(self) -> ExitCode {
        let mut table =
            "| meanwhile | times | changes | refused without a rule | longest |\n| --- | --- | --- | --- | --- |\n"
                .to_owned();
        for (what, Line { times, changes, refused, longest }) in &self.lines {
            let refused: Vec<String> = refused.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            let refused = if refused.is_empty() { "0".to_owned() } else { refused.join(", ") };
            let longest = longest.as_secs_f64();
            let _ = writeln!(table, "| {what} | {times} | {changes} | {refused} | {longest:.2} s |");
        }
        table += "\n| replicas | resident | peak | threads | descriptors |\n| --- | --- | --- | --- | --- |\n";
        table += &self.memory;
        println!("{table}");
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("soak.md");
        fs::write(&file, &table).expect("a written file");
        let mut counted: BTreeMap<&String, usize> = BTreeMap::new();
        for violation in &self.violations {
            *counted.entry(violation).or_default() += 1;
        }
        for (violation, times) in &counted {
            eprintln!("soak: does not hold, {times} times: {violation}");
        }
        if counted.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
