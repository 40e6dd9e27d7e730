//! The command line: what was typed, what that means, one file a verb.
//!
//! Two stages, as in ripgrep. [`args`] holds what was typed and nothing else; [`Surroundings`] holds what the process
//! can see (terminals, `NO_COLOR`, kustomize's variables), read once; [`Setting`] is what follows from both. Nothing
//! below this module reads the environment, so every verb can be run in a test as it runs for a person.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::iter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::contract::Function;
use crate::function_mode;

pub mod args;
mod baseline;
mod build;
mod check;
mod completions;
mod description;
mod diff;
mod dump;
mod exit;
mod explain;
pub(crate) mod input;
mod inspect;
mod living;
mod man;
mod map;
mod outputs;
mod plan;
mod progress;
mod quantity;
mod render;
mod setting;
mod smoke_test;
mod surroundings;
mod verify;

use args::{Args, Verb};
pub use exit::Exit;
use progress::Watched;
pub use setting::Setting;
pub use surroundings::Surroundings;

/// What bounds the function, and which function it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// A component to run in place of the one built in.
    pub module: Option<PathBuf>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How much memory it may take, in bytes.
    pub max_memory: u64,
    /// How much it may hand back, in bytes.
    pub max_output: u64,
}

/// The three standard streams, or what a test puts in their place.
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Standard output.
    pub stdout: &'a mut dyn Write,
    /// Standard error.
    pub stderr: &'a mut dyn Write,
}

/// The program: read the process's surroundings, run, leave with the exit code.
pub fn main<F: Function>(connect: impl FnOnce(&Bounds) -> anyhow::Result<F>) -> ExitCode {
    let surroundings = Surroundings::of_process();
    // Standard error stays unlocked: whoever waits is told so there, from a thread of its own.
    let mut streams =
        Streams { stdin: &mut io::stdin().lock(), stdout: &mut io::stdout().lock(), stderr: &mut io::stderr() };
    run(&surroundings, &mut streams, connect).into()
}

/// Run with the given surroundings and streams.
pub fn run<F: Function>(
    surroundings: &Surroundings,
    streams: &mut Streams,
    connect: impl FnOnce(&Bounds) -> anyhow::Result<F>,
) -> Exit {
    let outcome = decide(surroundings, streams, connect);
    let flushed = streams.stdout.flush();
    match outcome.and_then(|exit| flushed.map(|()| exit).map_err(Into::into)) {
        Ok(exit) => exit,
        // Whoever reads has enough: `lbpools check | head` is no failure.
        Err(error) if is_broken_pipe(&error) => Exit::Clean,
        Err(error) => {
            let _ = writeln!(streams.stderr, "lbpools: {error:#}");
            Exit::Failed
        }
    }
}

fn decide<F: Function>(
    surroundings: &Surroundings,
    streams: &mut Streams,
    connect: impl FnOnce(&Bounds) -> anyhow::Result<F>,
) -> anyhow::Result<Exit> {
    let plugin = function_mode::plugin_config(surroundings);
    // What follows a plugin's config file are the flags that somebody wrote into `argsOneLiner`.
    let skipped = if plugin.is_some() { 2 } else { 1 };
    let typed = surroundings.args.iter().skip(skipped).map(OsString::as_os_str);
    let args = match Args::try_parse_from(iter::once(OsStr::new("lbpools")).chain(typed)) {
        Ok(args) => args,
        Err(message) => return told(&message, surroundings, streams),
    };
    let setting = Setting::new(&args.global, surroundings);
    // Asked for by a verb once it has its input: a missing directory needs no sandbox to be told.
    let function = || connect(&setting.bounds);
    // A person who waits for a verb is told so; kustomize and kpt are not.
    let watched = |function: F| Watched::new(function, surroundings.stderr_is_terminal);
    match (args.verb, plugin) {
        (None, Some(config)) => function_mode::run_plugin(function, &config, &setting, streams),
        (None, None) if surroundings.stdin_is_terminal => {
            let help = args::command().render_help();
            let help = if setting.stdout.color { help.ansi().to_string() } else { help.to_string() };
            streams.stdout.write_all(help.as_bytes())?;
            Ok(Exit::Clean)
        }
        (None, None) => function_mode::run(function, &setting, streams),
        (Some(Verb::Render(verb)), _) => render::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Check(verb)), _) => check::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Plan(verb)), _) => plan::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Verify(verb)), _) => verify::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Map(verb)), _) => map::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Explain(verb)), _) => explain::run(&verb, || function().map(watched), &setting, streams),
        (Some(Verb::Inspect(verb)), _) => inspect::run(&verb, &setting, streams),
        (Some(Verb::Describe), _) => description::run(function, streams),
        (Some(Verb::Completions(verb)), _) => completions::run(&verb, streams),
        (Some(Verb::Man(verb)), _) => man::run(&verb, streams),
    }
}

/// What clap has to say: help and version for standard output, a usage error for standard error.
fn told(message: &clap::Error, surroundings: &Surroundings, streams: &mut Streams) -> anyhow::Result<Exit> {
    let text = message.render();
    let write = |out: &mut dyn Write, terminal: bool| {
        if terminal && !surroundings.no_color { write!(out, "{}", text.ansi()) } else { write!(out, "{text}") }
    };
    if message.use_stderr() {
        write(streams.stderr, surroundings.stderr_is_terminal)?;
        return Ok(Exit::Failed);
    }
    write(streams.stdout, surroundings.stdout_is_terminal)?;
    Ok(Exit::Clean)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
