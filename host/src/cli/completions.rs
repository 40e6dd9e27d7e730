//! `lbpools completions SHELL`.

use clap_complete::Shell;

use super::{Exit, Streams, args};

const AFTER: &str = "\
Examples:
  lbpools completions bash > ~/.local/share/bash-completion/completions/lbpools
  lbpools completions zsh > \"${fpath[1]}/_lbpools\"
  lbpools completions fish > ~/.config/fish/completions/lbpools.fish";

/// What `completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Print the script.
pub(super) fn run(verb: &Completions, streams: &mut Streams) -> anyhow::Result<Exit> {
    // The generator panics when it cannot write, so it gets a writer that can.
    let mut script = Vec::new();
    clap_complete::generate(verb.shell, &mut args::command(), "lbpools", &mut script);
    streams.stdout.write_all(&script)?;
    Ok(Exit::Clean)
}
