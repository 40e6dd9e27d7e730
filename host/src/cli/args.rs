//! What can be typed: flags and verbs, and the words that explain them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use super::quantity::{duration, size};
use super::{check, completions, explain, inspect, man, map, plan, render, verify};

const AFTER: &str = "\
Examples:
  lbpools check                        judge the repository you stand in
  lbpools render --diff                show what would be generated
  lbpools render                       generate it
  kustomize build DIR | lbpools check - --config pools-config.yaml
                                       judge what a pipeline really applies
  lbpools plan --from main             who gets which address, and what changes against a revision
  lbpools verify --dump cluster.json   hold what the repository says against a living cluster
  lbpools explain 10.25.11.100         tell all about one address
  lbpools explain LBP106               tell all about one kind of finding

As a KRM function: with no verb and a pipe on standard input, lbpools reads a ResourceList and writes it back with
the pools in it, which is how kustomize (transformers, generators) and kpt (fn eval, fn render) call it.

Exit codes:
  0  no error findings
  1  at least one error finding
  2  the run itself failed (bad usage, bad config, unreadable input, a limit was hit); nothing was written";

/// Before merge, know which address every Service and Gateway of every cluster will get, and generate the Cilium
/// LoadBalancer IP pools that make it so.
#[derive(Debug, Parser)]
#[command(name = "lbpools", version, after_help = AFTER, disable_help_subcommand = true, max_term_width = 110)]
pub struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

/// The flags that every verb takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// When to use colours; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// Print error findings only: no warnings, no tables, no closing words
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Run this function instead of the one built in: a component, or a module for kpt or WASI
    #[arg(long, global = true, value_name = "FILE.wasm")]
    pub(super) module: Option<PathBuf>,
    /// Stop the function after this time, such as 500ms, 30s or 5m
    #[arg(long, global = true, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(super) timeout: Duration,
    /// Stop the function when it needs more memory than this, such as 512MiB
    #[arg(long, global = true, value_name = "SIZE", default_value = "2GiB", value_parser = size)]
    pub(super) max_memory: u64,
    /// Refuse to read more than this
    #[arg(long, global = true, value_name = "SIZE", default_value = "512MiB", value_parser = size)]
    pub(super) max_input: u64,
    /// Refuse an answer of the function that is larger than this
    #[arg(long, global = true, value_name = "SIZE", default_value = "512MiB", value_parser = size)]
    pub(super) max_output: u64,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// The report document as it is, for a script.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// JUnit XML, for test dashboards.
    Junit,
    /// GitHub's workflow commands, for annotations on a pull request.
    Github,
    /// GitLab's Code Quality report, for a merge request.
    Gitlab,
    /// A comment under a pull request.
    Markdown,
    /// One page for a browser.
    Html,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Generate the pools that the config asks for, and write them into the package
    Render(render::Render),
    /// Judge a repository, or a rendered stream on standard input, without writing
    Check(check::Check),
    /// Tell who gets which address, and what a change would move
    Plan(plan::Plan),
    /// Hold what the repository says of a cluster against the living one
    Verify(verify::Verify),
    /// Draw the address space: in the terminal, as a picture, or as a page to search and to open
    Map(map::Map),
    /// Tell all about one kind of finding, one address or one Service
    Explain(explain::Explain),
    /// Say what a WebAssembly file is, and which function is inside
    Inspect(inspect::Inspect),
    /// Print a shell's completion script
    Completions(completions::Completions),
    /// Print the manual page
    Man(man::Man),
    /// Print what the function says about itself, as JSON
    #[command(hide = true)]
    Describe,
}

/// The whole command line as clap knows it, for help, completions and the manual.
pub(super) fn command() -> clap::Command {
    Args::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn everything_is_explained() {
        let command = command();
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            let after = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.starts_with("Examples:\n"), "{} has no examples", verb.get_name());
            for arg in verb.get_arguments() {
                assert!(arg.get_help().is_some(), "{} {}", verb.get_name(), arg.get_id());
            }
        }
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{}", arg.get_id());
        }
    }
}
