//! What the config asks for, as objects and settings keys.
//!
//! [`desired`] is the pure half: from the config and each cluster's values to the objects that should be there. It
//! knows no file and no manifest that exists already; what becomes of those is decided by whoever holds both.

pub mod desired;
