//! What the suites came to: read off the closing lines of the test runners, added up, said once at the end.

use std::fmt;

/// How many checks passed, failed, or could not be made here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// What one run of `cargo test` said, line by line.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    counts: Counts,
    /// Tests that ran, found no real program to ask, said so, and returned.
    could_not: u64,
    /// Why, once each.
    reasons: Vec<String>,
}

impl Listener {
    /// Take one line in: a runner's `test result:`, or a test's `SKIPPED …`.
    ///
    /// A Rust test cannot tell its runner that it was skipped; ours print such a line past the runner's capture, and
    /// are taken from the passed ones here.
    pub(crate) fn hear(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.counts.add(Counts {
                passed: before(result, " passed"),
                failed: before(result, " failed"),
                skipped: before(result, " ignored"),
            });
        } else if let Some(reason) = skipped(line) {
            self.could_not += 1;
            if !self.reasons.iter().any(|known| known == reason) {
                self.reasons.push(reason.to_owned());
            }
        }
    }

    /// The counts of a run that ended with success or not, and the reasons of what was skipped.
    pub(crate) fn close(self, success: bool) -> (Counts, Vec<String>) {
        let Counts { passed, mut failed, skipped } = self.counts;
        if !success && failed == 0 {
            // It did not compile, or a test took the whole process with it.
            failed = 1;
        }
        let moved = self.could_not.min(passed);
        (Counts { passed: passed - moved, failed, skipped: skipped + moved }, self.reasons)
    }
}

/// The reason on a line `SKIPPED reason`; the runner's own `test name ... ` may stand before it.
fn skipped(line: &str) -> Option<&str> {
    let line = if line.starts_with("test ") { line.split_once(" ... ")?.1 } else { line };
    line.strip_prefix("SKIPPED ")
}

/// The number that stands before a word, such as the 12 of `12 passed;`.
fn before(text: &str, word: &str) -> u64 {
    let Some((head, _)) = text.split_once(word) else { return 0 };
    head.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str], success: bool) -> Counts {
        let mut listener = Listener::default();
        lines.iter().for_each(|line| listener.hear(line));
        listener.close(success).0
    }

    #[test]
    fn the_closing_lines_of_all_test_binaries_are_added() {
        let lines = [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.11s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ];
        assert_eq!(heard(&lines, false), Counts { passed: 15, failed: 2, skipped: 1 });
    }

    #[test]
    fn a_test_without_its_real_program_counts_as_skipped() {
        let lines = [
            "test eval ... SKIPPED no kpt: run `cargo xtask tools`",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.11s",
        ];
        assert_eq!(heard(&lines, true), Counts { passed: 2, failed: 0, skipped: 1 });
    }

    #[test]
    fn a_run_that_did_not_compile_counts_as_failed() {
        assert_eq!(heard(&["error: could not compile `lbpools`"], false), Counts::FAILED);
    }
}
