//! What the benches share: inputs that are the same on every machine, and processes timed from start to end.

pub mod corpus;
pub mod crowd;
pub mod process;
pub mod table;
