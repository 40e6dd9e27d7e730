//! The programs of one cluster: each a process that we started, known by its id, with its words in a file.
//!
//! They must not outlive the test, whatever ends it: a keeper, a small shell, watches a pipe that closes with us.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A program that does not end by itself after being asked to is killed after this.
const GRACE: Duration = Duration::from_secs(20);

/// Ends whatever is left, and removes the cluster's directory, when the test is gone.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Arc<Mutex<Child>>,
}

impl Keeper {
    pub(crate) fn watch(directory: &Path) -> Self {
        let mut shell = Command::new("sh");
        // A group of its own: the interrupt that ends the test must not end its keeper.
        shell.args(["-c", include_str!("keeper.sh"), "keeper"]).arg(directory).process_group(0).stdin(Stdio::piped());
        Self { shell: Arc::new(Mutex::new(shell.spawn().expect("there is a shell"))) }
    }

    fn tell(&self, line: &str) {
        let mut shell = self.shell.lock().unwrap();
        let pipe = shell.stdin.as_mut().expect("the keeper listens until it is dropped");
        // One that is gone cannot keep; the test itself still ends what it started.
        let _ = writeln!(pipe, "{line}");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let mut shell = self.shell.lock().unwrap();
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

/// One running program.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
    words: PathBuf,
    keeper: Arc<Keeper>,
}

impl Program {
    /// Start it with its words going to `NAME.log` in the directory.
    pub(crate) fn start(name: &str, mut command: Command, directory: &Path, keeper: &Arc<Keeper>) -> Self {
        let words = directory.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&words).expect("a log can be written");
        command.stdin(Stdio::null()).process_group(0);
        command.stdout(file.try_clone().expect("a second handle")).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        keeper.tell(&format!("+{}", child.id()));
        Self { name: name.to_owned(), child, words, keeper: Arc::clone(keeper) }
    }

    /// What it has said so far.
    pub(crate) fn words(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.words).unwrap_or_default()).into_owned()
    }

    /// Fails with its last words when it has ended by itself.
    pub(crate) fn runs(&mut self) -> Result<(), String> {
        match self.child.try_wait().expect("a child of ours") {
            None => Ok(()),
            Some(status) => {
                let words = self.words();
                let last: Vec<&str> = words.lines().rev().take(12).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                panic!("{} ended by itself ({status}):\n{}", self.name, last.join("\n"))
            }
        }
    }

    /// Ask it to end, and see to it that it does. Says how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let started = Instant::now();
        if self.ended().is_none() {
            let id = self.child.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &id]).status();
            while self.ended().is_none() {
                if started.elapsed() > GRACE {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        self.keeper.tell(&format!("-{}", self.child.id()));
        started.elapsed()
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port of loopback that nobody has.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("it has an address").port()
}
