//! Runs in figures.

use std::fmt::Write as _;
use std::time::Duration;

/// What one run showed.
pub struct Run {
    per_second: f64,
    /// In microseconds: the median, the 99th and the 99.9th percentile.
    latency: [f64; 3],
    cpu_per_request: f64,
}

impl Run {
    pub fn new(mut latencies: Vec<u32>, took: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        let requests = latencies.len().max(1);
        let at = |per_mille: usize| {
            latencies.get((requests * per_mille / 1000).min(requests - 1)).map_or(0.0, |it| f64::from(*it) / 1e3)
        };
        #[expect(clippy::cast_precision_loss, reason = "a few million at most")]
        let count = requests as f64;
        Self {
            per_second: count / took.as_secs_f64(),
            latency: [at(500), at(990), at(999)],
            cpu_per_request: cpu.as_secs_f64() * 1e6 / count,
        }
    }

    fn figures(&self) -> [f64; 5] {
        let [p50, p99, p999] = self.latency;
        [self.per_second, p50, p99, p999, self.cpu_per_request]
    }
}

/// The columns of [`compare`].
pub fn heading() -> String {
    format!(
        "{:>11}  {:<5}  {:>23}  {:>20}  {:>20}  {:>23}  {:>17}\n{:>11}  {:<5}  each: minimum, median, maximum",
        "connections", "", "requests/s", "p50 us", "p99 us", "p99.9 us", "CPU us/request", "", ""
    )
}

/// Three lines: ours, the floor, and the ratio run by run.
pub fn compare(connections: usize, ours: &[Run], floor: &[Run]) -> String {
    let figures = |runs: &[Run]| runs.iter().map(Run::figures).collect::<Vec<_>>();
    let (ours, floor) = (figures(ours), figures(floor));
    let ratio: Vec<_> =
        ours.iter().zip(&floor).map(|(ours, floor)| std::array::from_fn(|at| ours[at] / floor[at])).collect();
    let mut text = String::new();
    for (name, rows, ratio) in [("ours", &ours, false), ("floor", &floor, false), ("ratio", &ratio, true)] {
        let _ = write!(text, "{connections:>11}  {name:<5}");
        for (at, width) in [23, 20, 20, 23, 17].into_iter().enumerate() {
            let mut column: Vec<f64> = rows.iter().map(|row: &[f64; 5]| row[at]).collect();
            column.sort_by(f64::total_cmp);
            let digits = if ratio { 2 } else { usize::from(at == 4) };
            let of = |value: Option<&f64>| format!("{:.digits$}", value.copied().unwrap_or_default());
            let cell = [column.first(), column.get(column.len() / 2), column.last()].map(of).join(" ");
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}
