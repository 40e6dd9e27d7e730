//! Somebody wants an end: Ctrl-C, a stop from outside, a terminal that went away.
//!
//! Listened to only while there is something to remove. Before that the process ends as any other does.

use std::io;

/// The signals that ask for an end.
pub(super) struct Interrupt {
    #[cfg(unix)]
    signals: [(&'static str, tokio::signal::unix::Signal); 3],
}

impl Interrupt {
    /// From here on the signals are ours.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            signals: [
                ("SIGINT", signal(SignalKind::interrupt())?),
                ("SIGTERM", signal(SignalKind::terminate())?),
                ("SIGHUP", signal(SignalKind::hangup())?),
            ],
        })
    }

    /// Wait for one, and tell which.
    #[cfg(unix)]
    pub(super) async fn came(&mut self) -> &'static str {
        let [(int, interrupt), (term, terminate), (hup, hangup)] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => int,
            _ = terminate.recv() => term,
            _ = hangup.recv() => hup,
        }
    }

    /// From here on Ctrl-C is ours.
    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Wait for it.
    #[cfg(not(unix))]
    pub(super) async fn came(&mut self) -> &'static str {
        let _ = tokio::signal::ctrl_c().await;
        "Ctrl-C"
    }
}
