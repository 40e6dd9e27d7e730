//! The time limit. Compiled code looks at the engine's epoch on every loop and call; a ticker thread moves the
//! epoch on once the time is up. The thread lives exactly as long as the call.

use std::{
    fmt, io,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use wasmtime::{Engine, Store, UpdateDeadline};

/// How soon the ticker tries again, should the first tick have come a moment too early.
const AGAIN: Duration = Duration::from_millis(10);

/// It only waits: a small stack is mapped faster than the usual two megabytes.
const STACK: usize = 128 * 1024;

/// Travels inside the engine's error, from the interrupted loop to the caller.
#[derive(Debug)]
pub(super) struct DeadlinePassed;

impl fmt::Display for DeadlinePassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline passed")
    }
}

impl std::error::Error for DeadlinePassed {}

/// A running clock. Dropping it ends and joins its thread.
pub(super) struct Deadline {
    call: Option<Sender<()>>,
    ticker: Option<JoinHandle<()>>,
}

impl Deadline {
    /// Start the clock for what `store` runs from now on.
    pub(super) fn start<T: 'static>(store: &mut Store<T>, after: Duration) -> io::Result<Self> {
        // A deadline too far away to be expressed is none.
        let end = Instant::now().checked_add(after);
        store.set_epoch_deadline(1);
        // Calls on several threads share the engine and its epoch: a tick may be another call's.
        store.epoch_deadline_callback(move |_| match end {
            Some(end) if Instant::now() >= end => Err(DeadlinePassed.into()),
            _ => Ok(UpdateDeadline::Continue(1)),
        });

        let engine: Engine = store.engine().clone();
        let (call, over) = channel::<()>();
        let ticker = Builder::new().name("lbpools-clock".into()).stack_size(STACK).spawn(move || {
            let mut wait = after;
            while let Err(RecvTimeoutError::Timeout) = over.recv_timeout(wait) {
                engine.increment_epoch();
                wait = AGAIN;
            }
        })?;
        Ok(Self { call: Some(call), ticker: Some(ticker) })
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        drop(self.call.take());
        if let Some(ticker) = self.ticker.take() {
            // It cannot panic; and if it did, the call is over anyway.
            let _ = ticker.join();
        }
    }
}
