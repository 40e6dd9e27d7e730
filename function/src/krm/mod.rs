//! The lossless document: texts in, trees with byte spans, text edits out.
//!
//! Nothing here is ever re-serialised as a whole. A text is parsed once into [`node::Node`]s that know their
//! byte spans; what a run changes is a set of [`edit::Edit`]s on the original text, so that every byte that
//! nobody meant to touch leaves as it came: comments, quoting, key order, indentation, line endings.

pub mod annotations;
pub mod decode;
#[cfg(test)]
mod differential;
pub mod document;
pub mod edit;
pub mod emit;
pub mod item;
pub mod merge;
pub mod node;
mod outlined;
pub mod parse;
pub mod place;
pub mod results;
pub mod revised;
pub mod scalar;
pub mod scan;
pub mod tree;
pub mod write;
