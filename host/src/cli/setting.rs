//! What follows from flags and surroundings together.

use crate::report::text::Dress;

use super::args::{Color, Global};
use super::{Bounds, Surroundings};

/// Decisions that every verb shares.
#[derive(Debug, Clone)]
pub struct Setting {
    /// How to write to standard output.
    pub stdout: Dress,
    /// How to write to standard error.
    pub stderr: Dress,
    /// Columns of the terminal; without one, lines are as long as they are.
    pub columns: Option<usize>,
    /// Error findings only.
    pub quiet: bool,
    /// How much to read, in bytes.
    pub max_input: u64,
    /// For the sandbox.
    pub bounds: Bounds,
    /// Somebody could type into standard input.
    pub stdin_is_terminal: bool,
    /// Somebody watches standard error.
    pub stderr_is_terminal: bool,
}

impl Setting {
    /// Decide.
    pub fn new(global: &Global, surroundings: &Surroundings) -> Self {
        let dress = |terminal: bool, columns: Option<usize>| {
            let color = match global.color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && !surroundings.no_color,
            };
            Dress {
                color,
                // Bytes for a terminal's own use like colours, so who wants none wants no links; and a file or a pipe
                // that colours were asked for is still no terminal.
                links: color && terminal && surroundings.hyperlinks,
                quiet: global.quiet,
                columns,
            }
        };
        Self {
            // In a pipe there are columns only where `COLUMNS` says so.
            stdout: dress(surroundings.stdout_is_terminal, surroundings.columns),
            stderr: dress(
                surroundings.stderr_is_terminal,
                surroundings.columns.filter(|_| surroundings.stderr_is_terminal),
            ),
            columns: surroundings.columns,
            quiet: global.quiet,
            max_input: global.max_input,
            bounds: Bounds {
                module: global.module.clone(),
                timeout: global.timeout,
                max_memory: global.max_memory,
                max_output: global.max_output,
            },
            stdin_is_terminal: surroundings.stdin_is_terminal,
            stderr_is_terminal: surroundings.stderr_is_terminal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Args;
    use clap::Parser;

    fn colors(flag: Option<&str>, terminal: bool, no_color: bool) -> bool {
        let args = Args::try_parse_from(["lbpools"].into_iter().chain(flag)).unwrap();
        let surroundings = Surroundings { stdout_is_terminal: terminal, no_color, ..Surroundings::default() };
        Setting::new(&args.global, &surroundings).stdout.color
    }

    #[test]
    fn links_are_for_terminals_that_know_them() {
        let links = |flag: Option<&str>, terminal, hyperlinks, no_color| {
            let args = Args::try_parse_from(["lbpools"].into_iter().chain(flag)).unwrap();
            let surroundings =
                Surroundings { stdout_is_terminal: terminal, hyperlinks, no_color, ..Surroundings::default() };
            Setting::new(&args.global, &surroundings).stdout.links
        };
        assert!(links(None, true, true, false));
        assert!(!links(None, true, false, false));
        assert!(!links(None, true, true, true));
        assert!(!links(Some("--color=never"), true, true, false));
        assert!(!links(Some("--color=always"), false, true, false));
    }

    #[test]
    fn colors_are_for_terminals_unless_told() {
        assert!(colors(None, true, false));
        assert!(!colors(None, false, false));
        assert!(!colors(None, true, true));
        assert!(colors(Some("--color=always"), false, true));
        assert!(!colors(Some("--color=never"), true, false));
    }
}
