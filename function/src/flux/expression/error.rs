//! Why a text cannot be substituted.

use thiserror::Error;

/// A mistake, and where the expression that makes it begins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct ExpressionError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Byte offset of the innermost `${` concerned.
    pub at: usize,
}

/// What is wrong with an expression. The messages of the first five are those of `fluxcd/pkg/envsubst`, so that
/// they can be compared with, and searched for in, what Flux reports.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ErrorKind {
    /// No letter, digit or underscore after `${`.
    #[error("unable to parse variable name")]
    VariableName,
    /// What follows the name is no operator that the parser knows, or the text ends there.
    #[error("missing closing brace")]
    MissingClosingBrace,
    /// An operator whose arguments do not end as they should.
    #[error("bad substitution")]
    BadSubstitution,
    /// An argument is missing or never ends.
    #[error("unable to parse substitution within function")]
    Argument,
    /// Strict, and the variable is unset.
    #[error("variable not set (strict mode): {0:?}")]
    NotSet(String),
    /// A substring whose length makes the library slice out of bounds: it panics, and the reconciliation with it.
    #[error("would crash Flux: the length of the substring reaches out of the value")]
    WouldCrash,
    /// Substrings, lengths and strips count bytes and here leave half a character behind, which is no longer YAML.
    #[error("cuts a character in two: Flux counts bytes, and what is left is not UTF-8")]
    SplitsCharacter,
    /// Flux has no limit here; lbpools stops because memory, stack and time are bounded.
    #[error("beyond the limit of lbpools: {0}")]
    BeyondLimit(Limit),
}

/// A bound that no real manifest comes near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Limit {
    /// Expressions within expressions.
    #[error("expressions nested more than 200 deep")]
    Nesting,
    /// Bytes produced on the way to the text.
    #[error("more than 64 MiB of substituted text")]
    Output,
    /// Steps of the matcher that strips prefixes and suffixes; its cost grows with the square of the value.
    #[error("a pattern that takes too long to match")]
    Matching,
}
