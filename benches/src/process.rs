//! One process from start to end: how long it took and how much memory it held at most.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use wait4::Wait4;

/// A contestant: a function that reads a ResourceList on standard input and answers on standard output.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// As in the table.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
}

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From before the start to after the end.
    pub time: Duration,
    /// The most memory that was resident at once, in bytes.
    pub memory: u64,
}

/// Run it once. The output goes where it costs nothing; a run that fails is no measurement.
///
/// The system counts what a child holds before it becomes another program, so whoever measures must be small itself:
/// the input is a file, never a buffer of ours.
pub fn run(contestant: &Contestant, input: &Path) -> anyhow::Result<Cost> {
    let stdin = File::open(input).with_context(|| format!("cannot open {}", input.display()))?;
    let mut command = Command::new(&contestant.program);
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {}", contestant.program.display()))?;
    let ended = child.wait4()?;
    let time = start.elapsed();
    if !ended.status.success() {
        bail!("{} failed on {}: {}", contestant.program.display(), input.display(), ended.status);
    }
    Ok(Cost { time, memory: ended.rusage.maxrss })
}
