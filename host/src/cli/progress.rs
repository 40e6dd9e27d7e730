//! A word for the one who waits: when the function takes longer than a second and a person looks, a line says so, and
//! it is gone before anything else is written. Never in a pipe.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

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

    fn during<T>(&self, what: &str, work: impl FnOnce(&F) -> T) -> T {
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
pub(super) struct Waiting {
    /// What it is about by now; the end of the channel is the end of the wait.
    words: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    pub(super) fn new(what: impl Into<String>) -> Self {
        let (words, heard) = channel();
        let mut what = what.into();
        let thread = spawn(move || {
            let patient = Instant::now() + PATIENCE;
            loop {
                match heard.recv_timeout(patient.saturating_duration_since(Instant::now())) {
                    Ok(words) => what = words,
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            let bar = ProgressBar::new_spinner().with_elapsed(PATIENCE).with_message(what);
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            // Until the other end is dropped.
            for words in heard {
                bar.set_message(words);
            }
            bar.finish_and_clear();
        });
        Self { words: Some(words), thread: Some(thread) }
    }

    /// It is about something else by now.
    #[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only what takes long in steps has several words"))]
    pub(super) fn say(&self, words: String) {
        if let Some(sender) = &self.words {
            let _ = sender.send(words);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.words.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
