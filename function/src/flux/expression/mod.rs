//! Flux's `${…}` language, exactly as `github.com/fluxcd/pkg/envsubst` runs it.
//!
//! After the kustomize build Flux puts values into the text of each resource with a small language that looks like
//! bash's parameter expansion and often is not: `${v:+x}` means what `${v:-x}` means, `$$` becomes `$` everywhere,
//! lengths count bytes, replacements know no globs. An address that lbpools predicts went through this language, so
//! it is written down here as the library behaves, oddities included, and held against the library itself
//! (`tests/oracle/flux`). In the order of a run:
//!
//! 1. `parse` makes a tree of the whole text; the first mistake anywhere fails all of it.
//! 2. `evaluation` computes the tree from the inside out. Values are bytes, as in Go: a substring may cut a
//!    character in two, and two halves may become whole again.
//! 3. `operation` and `glob` are the operators, `characters` what Go takes for a letter.
//!
//! Which variables exist, the removal of newlines from their values, the rule for their names, and the typing of the
//! YAML that results are not the language's business.

mod characters;
mod error;
mod evaluation;
mod glob;
mod operation;
mod parse;
mod tables;
#[cfg(test)]
mod tests;

pub use error::{ErrorKind, ExpressionError, Limit};

/// Which release of `fluxcd/pkg/envsubst` does the work. They differ in nothing but what is said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Library {
    /// Up to 1.5, in Flux up to 2.8: strict refuses an unset variable only in the bare form `${v}`.
    V1_5,
    /// 1.6 and 1.7, in Flux 2.9 (kustomize-controller v1.9.4 holds 1.7.0): strict refuses an unset variable in every
    /// form that has no default. A negative length crashes, as before.
    V1_7,
    /// 1.8 on: a negative length counts back from the end (fluxcd/pkg pull request 1275).
    V1_8,
}

/// How Flux reads expressions: its library, and whether an unset variable is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The release of the library.
    pub library: Library,
    /// Feature gate `StrictPostBuildSubstitutions` of kustomize-controller.
    pub strict: bool,
}

impl Dialect {
    /// Flux 2.9 as it comes: strict.
    pub const FLUX_2_9: Dialect = Dialect { library: Library::V1_7, strict: true };
    /// Flux up to 2.8 as it comes: an unset variable is empty.
    pub const FLUX_2_8: Dialect = Dialect { library: Library::V1_5, strict: false };
}

/// What a variable is to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'v> {
    /// It has this value, perhaps an empty one.
    Set(&'v str),
    /// Nothing sets it.
    Unset,
    /// It may have any value, or none, for this reason: an encrypted Secret, an object outside the repository.
    Unknown(&'v str),
}

/// A text after substitution, and what it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluated {
    /// The text; empty if `unknown` says why nobody can tell it.
    pub text: String,
    /// Names of all variables that the text mentions, each once, in order of mention. Among them those in defaults
    /// that were not needed: Flux reads these too, and fails on them when strict.
    pub used: Vec<String>,
    /// Variables that were unset or empty and whose default, perhaps an empty one, took their place in the text.
    pub defaulted: Vec<String>,
    /// Unset variables without a default that became empty text.
    pub undefined: Vec<String>,
    /// The reason of the first unknown variable that the text depends on.
    pub unknown: Option<String>,
}

/// Substitute every expression of a text.
///
/// ```
/// use lbpools_function::flux::expression::{evaluate, Dialect, Lookup};
///
/// let settings = |name: &str| match name {
///     "CILIUM_GATEWAY_LB_IP" => Lookup::Set("10.25.11.110"),
///     _ => Lookup::Unset,
/// };
/// let pool = evaluate("cidr: ${CILIUM_GATEWAY_LB_IP}/${PREFIX:-32}", &settings, Dialect::FLUX_2_9)?;
/// assert_eq!(pool.text, "cidr: 10.25.11.110/32");
/// assert_eq!(pool.defaulted, ["PREFIX"]);
/// # Ok::<(), lbpools_function::flux::expression::ExpressionError>(())
/// ```
///
/// # Errors
///
/// Where Flux fails, with Flux's own message; where its library crashes; and beyond the limits named at
/// [`ErrorKind::BeyondLimit`].
pub fn evaluate<'v>(
    text: &str,
    lookup: &dyn Fn(&str) -> Lookup<'v>,
    dialect: Dialect,
) -> Result<Evaluated, ExpressionError> {
    let tree = parse::parse(text)?;
    evaluation::Evaluation::new(lookup, dialect, text.len()).text(&tree)
}

/// Whether [`evaluate`] could change or refuse this text; quick.
///
/// Flux's parser takes a NUL for the end, so a text with one changes too.
pub fn has_expression(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'$', 0, bytes).any(|at| bytes[at] == 0 || matches!(bytes.get(at + 1), Some(b'{' | b'$')))
}
