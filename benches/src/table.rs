//! Costs to a Markdown table: medians, how far they spread, and what the bars say.

use std::fmt::Write;
use std::time::Duration;

use crate::process::Cost;

/// All runs of one contestant on one input.
#[derive(Debug, Clone)]
pub struct Series {
    /// As in the table.
    pub name: &'static str,
    /// One entry a round.
    pub costs: Vec<Cost>,
}

impl Series {
    /// The middle one; of an even number the upper.
    pub fn median_time(&self) -> Duration {
        self.sorted_times().get(self.costs.len() / 2).copied().unwrap_or_default()
    }

    /// The middle one of the peaks.
    pub fn median_memory(&self) -> u64 {
        let mut peaks: Vec<u64> = self.costs.iter().map(|cost| cost.memory).collect();
        peaks.sort_unstable();
        peaks.get(peaks.len() / 2).copied().unwrap_or_default()
    }

    fn sorted_times(&self) -> Vec<Duration> {
        let mut times: Vec<Duration> = self.costs.iter().map(|cost| cost.time).collect();
        times.sort_unstable();
        times
    }
}

/// A ratio that was promised.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What is promised, in words.
    pub promise: String,
    /// What was measured.
    pub measured: f64,
    /// The promise as a number.
    pub bound: f64,
    /// Whether more is better: at least `bound`, else at most.
    pub at_least: bool,
}

impl Bar {
    /// Whether the promise is kept.
    pub fn is_kept(&self) -> bool {
        if self.at_least { self.measured >= self.bound } else { self.measured <= self.bound }
    }
}

/// One table of costs on one input.
pub fn costs(title: &str, series: &[Series]) -> String {
    let mut out = format!("### {title}\n\n| what | median | min–max | peak memory |\n|---|---:|---:|---:|\n");
    for one in series {
        let times = one.sorted_times();
        let (least, most) = (times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
        let _ = writeln!(
            out,
            "| {} | {} ms | {}–{} ms | {} |",
            one.name,
            milliseconds(one.median_time()),
            milliseconds(least),
            milliseconds(most),
            mebibytes(one.median_memory()),
        );
    }
    out
}

/// The table of promises.
pub fn bars(bars: &[Bar]) -> String {
    let mut out = String::from("### Bars\n\n| bar | bound | measured | kept |\n|---|---:|---:|---|\n");
    for bar in bars {
        let sign = if bar.at_least { "≥" } else { "≤" };
        let kept = if bar.is_kept() { "yes" } else { "**no**" };
        let _ = writeln!(out, "| {} | {sign} {} | {:.2} | {kept} |", bar.promise, bar.bound, bar.measured);
    }
    out
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 100.0 { format!("{milliseconds:.2}") } else { format!("{milliseconds:.0}") }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_the_middle_and_the_spread() {
        let cost = |ms| Cost { time: Duration::from_millis(ms), memory: ms << 20 };
        let series = Series { name: "ours", costs: vec![cost(30), cost(10), cost(200)] };
        assert_eq!(costs("10 MB", &[series]).lines().last(), Some("| ours | 30.00 ms | 10.00–200 ms | 30.0 MiB |"));
    }

    #[test]
    fn a_missed_bar_stands_out() {
        let bar = Bar { promise: "at most twice".into(), measured: 2.5, bound: 2.0, at_least: false };
        assert_eq!(bars(&[bar]).lines().last(), Some("| at most twice | ≤ 2 | 2.50 | **no** |"));
    }
}
