//! What the process can see of its caller, read once.

use std::env;
use std::ffi::OsString;
use std::io::{IsTerminal, stderr, stdin, stdout};

/// Arguments, terminals, and the few variables that count.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The command line with the program's name in front.
    pub args: Vec<OsString>,
    /// A person could type into standard input.
    pub stdin_is_terminal: bool,
    /// A person reads standard output.
    pub stdout_is_terminal: bool,
    /// A person reads standard error.
    pub stderr_is_terminal: bool,
    /// How many columns standard output has: what `COLUMNS` says, else the terminal.
    pub columns: Option<usize>,
    /// `NO_COLOR` is set to something (<https://no-color.org>), or `TERM` is `dumb`.
    pub no_color: bool,
    /// The terminal knows links (OSC 8), by the variables that such terminals set or `FORCE_HYPERLINK`.
    pub hyperlinks: bool,
    /// kustomize's legacy plugin variables are there: `KUSTOMIZE_PLUGIN_CONFIG_ROOT` or `…_STRING` (the latter is
    /// left out above 131071 bytes, kustomize `api/internal/plugins/execplugin`).
    pub kustomize_plugin: bool,
}

#[expect(clippy::disallowed_methods, reason = "a part of the one place that reads the environment")]
fn columns() -> Option<usize> {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    said.or_else(|| console::Term::stdout().size_checked().map(|(_, columns)| columns.into()))
}

impl Surroundings {
    /// Look around.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_process() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            args: env::args_os().collect(),
            stdin_is_terminal: stdin().is_terminal(),
            stdout_is_terminal: stdout().is_terminal(),
            stderr_is_terminal: stderr().is_terminal(),
            columns: columns(),
            no_color: set("NO_COLOR") || env::var_os("TERM").is_some_and(|term| term == "dumb"),
            hyperlinks: supports_hyperlinks::supports_hyperlinks(),
            kustomize_plugin: set("KUSTOMIZE_PLUGIN_CONFIG_ROOT") || set("KUSTOMIZE_PLUGIN_CONFIG_STRING"),
        }
    }
}
