//! Waiting by looking, never by time alone: until something is so, and has been so for a while.

use std::time::{Duration, Instant};

/// How long to wait for something, and how long it must then stay so.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// After this it has failed.
    pub at_most: Duration,
    /// It must be so, and look the same, for this long.
    pub settled: Duration,
}

impl Patience {
    /// For what a program does when it starts.
    pub const START: Self = Self { at_most: Duration::from_secs(120), settled: Duration::ZERO };
    /// For Flux to take up a revision: a chain of Kustomizations that wait for each other, by the second.
    pub const DELIVERY: Self = Self { at_most: Duration::from_secs(120), settled: Duration::ZERO };
    /// For what controllers make of a change. They answer within a second; a busy machine is slower.
    pub const CHANGE: Self = Self { at_most: Duration::from_secs(45), settled: Duration::from_secs(2) };
}

/// Look again and again. `look` gives the state as something to compare, or why it is not yet what it should be;
/// the last reason is the failure.
pub fn until<T: PartialEq>(patience: Patience, mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let started = Instant::now();
    let mut since: Option<(Instant, T)> = None;
    loop {
        let seen = look();
        let reason = match seen {
            Ok(state) => match &since {
                Some((moment, before)) if *before == state => {
                    if moment.elapsed() >= patience.settled {
                        return Ok(state);
                    }
                    "it has not settled".to_owned()
                }
                _ if patience.settled.is_zero() => return Ok(state),
                _ => {
                    since = Some((Instant::now(), state));
                    "it has not settled".to_owned()
                }
            },
            Err(reason) => {
                since = None;
                reason
            }
        };
        if started.elapsed() > patience.at_most {
            return Err(format!("after {} s: {reason}", patience.at_most.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(150));
    }
}
