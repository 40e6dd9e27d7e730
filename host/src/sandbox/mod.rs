//! Runs the component with nothing to trust: it imports nothing, and its time, memory and output are bounded.
//!
//! Three steps, each a type: [`SandboxBuilder`] says what and within which limits and checks it, [`SandboxPre`] is
//! the linked component that all calls share, and each call runs in a store of its own. A hostile component gets a
//! [`SandboxError`] of its own kind, in bounded time, and the next call is served as if nothing had happened.

mod builder;
mod ceiling;
mod config;
mod deadline;
mod embedded;
mod errors;
mod filter;
mod inspection;
mod interface;
mod last_words;
mod limits;
mod pre;
mod run;
mod world;

pub use builder::{Compiled, SandboxBuilder};
pub use embedded::COMPONENT;
pub use errors::{Phase, SandboxError};
pub use inspection::{Inspection, inspect};
pub use interface::Interface;
pub use limits::Limits;
pub use pre::SandboxPre;
