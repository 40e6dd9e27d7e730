//! `lbpools man [VERB]`: the manual in roff, made from the same definition as the help.

use anyhow::Context;

use super::{Exit, Streams, args};

const AFTER: &str = "\
Examples:
  lbpools man | man -l -
  lbpools man check > lbpools-check.1";

/// What `man` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Man {
    /// The page of this verb instead of the whole program's
    verb: Option<String>,
}

/// Print the page.
pub(super) fn run(verb: &Man, streams: &mut Streams) -> anyhow::Result<Exit> {
    let mut command = args::command();
    command.build();
    let command = match &verb.verb {
        None => command,
        Some(name) => {
            let found = command.get_subcommands().find(|verb| verb.get_name() == name);
            found.with_context(|| format!("there is no verb `{name}`; `lbpools --help` lists them"))?.clone()
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    streams.stdout.write_all(&page)?;
    Ok(Exit::Clean)
}
