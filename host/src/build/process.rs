//! One run of a program with bounds: time, output, and nothing on standard input.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often to look whether a program that has closed its output is gone.
const LOOK: Duration = Duration::from_millis(2);

/// As much of a program's complaint as anybody reads.
const WORDS: usize = 4000;

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no such program.
    NotFound,
    /// It cannot be started.
    Start(io::Error),
    /// It failed; what it said on standard error.
    Failed(String),
    /// A signal ended it.
    Killed,
    /// It took too long.
    TimedOut,
    /// It printed too much.
    TooMuch,
}

/// Run a program to its end and hand back what it printed.
pub(super) fn run(mut command: Command, timeout: Duration, limit: u64) -> Result<Vec<u8>, Trouble> {
    let deadline = Instant::now() + timeout;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Trouble::NotFound,
        _ => Trouble::Start(error),
    })?;
    let outcome = listen(&mut child, deadline, limit);
    if outcome.is_err() {
        // Whether it is still there to be killed makes no difference.
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

/// What the program prints, one message a pipe.
type Heard = (bool, io::Result<Vec<u8>>);

fn listen(child: &mut Child, deadline: Instant, limit: u64) -> Result<Vec<u8>, Trouble> {
    let (say, hear) = mpsc::channel::<Heard>();
    let pipes: [(bool, Option<Box<dyn Read + Send>>); 2] = [
        (false, child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>)),
        (true, child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>)),
    ];
    for (is_error, pipe) in pipes {
        let (say, Some(pipe)) = (say.clone(), pipe) else { continue };
        // Not joined: a grandchild may hold the pipe open for as long as it likes.
        thread::spawn(move || {
            let mut text = Vec::new();
            let read = pipe.take(limit.saturating_add(1)).read_to_end(&mut text);
            say.send((is_error, read.map(|_| text)))
        });
    }
    drop(say);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match hear.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((_, Err(error))) => return Err(Trouble::Start(error)),
            Ok((_, Ok(text))) if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit => return Err(Trouble::TooMuch),
            Ok((true, Ok(text))) => stderr = text,
            Ok((false, Ok(text))) => stdout = text,
            Err(RecvTimeoutError::Timeout) => return Err(Trouble::TimedOut),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(stdout),
            Ok(Some(status)) if status.code().is_none() => return Err(Trouble::Killed),
            Ok(Some(_)) => return Err(Trouble::Failed(words(&stderr))),
            Ok(None) if Instant::now() >= deadline => return Err(Trouble::TimedOut),
            Ok(None) => thread::sleep(LOOK),
            Err(error) => return Err(Trouble::Start(error)),
        }
    }
}

/// What a program said, on one line.
fn words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let told = lines.join(" ");
    match told.char_indices().nth(WORDS) {
        None if told.is_empty() => "it said nothing".to_owned(),
        None => told,
        Some((end, _)) => format!("{}…", &told[..end]),
    }
}
