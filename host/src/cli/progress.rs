//! A word for the one who waits: when the function takes longer than a second and a person looks, a line says so, and
//! it is gone before anything else is written. Never in a pipe.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::contract::{Evaluation, Function, Options, Source};

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(120);

/// A function with somebody who watches.
pub(super) struct Watched<F> {
    function: F,
    /// A person reads standard error.
    terminal: bool,
}

impl<F> Watched<F> {
    /// Say how long it takes where `terminal` says that somebody sees it.
    pub(super) fn new(function: F, terminal: bool) -> Self {
        Self { function, terminal }
    }

    fn during<T>(&self, what: &'static str, work: impl FnOnce(&F) -> T) -> T {
        let waiting = self.terminal.then(|| Waiting::new(what));
        let outcome = work(&self.function);
        drop(waiting);
        outcome
    }
}

impl<F: Function> Function for Watched<F> {
    type Error = F::Error;

    fn evaluate(&self, sources: Vec<Source>, options: Options) -> Result<Evaluation, Self::Error> {
        self.during("generating", |function| function.evaluate(sources, options))
    }

    fn report(&self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, Self::Error> {
        self.during("judging", |function| function.report(sources, options))
    }

    fn describe(&self) -> Result<Vec<u8>, Self::Error> {
        self.function.describe()
    }
}

/// A thread that speaks up when its time has come, and ends with this.
struct Waiting {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    fn new(what: &'static str) -> Self {
        let (done, ended) = channel();
        let thread = spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_elapsed(PATIENCE).with_message(what);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            // Until the other end is dropped.
            let _ = ended.recv();
            bar.finish_and_clear();
        });
        Self { done: Some(done), thread: Some(thread) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
