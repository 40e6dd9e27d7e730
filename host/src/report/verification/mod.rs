//! The prediction held against a living cluster, for people and for scripts.

pub mod text;
