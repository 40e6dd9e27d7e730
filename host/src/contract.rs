//! What the host hands to the function and gets back: the plain Rust side of `function/wit/world.wit`.
//!
//! The host reads these and presents them; it never computes an address, a range or a verdict itself.

/// What a text may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the run judges and may change.
    Subject,
    /// The `LoadBalancerPools` config when it is not in the subject.
    Config,
    /// A file of the tree that the subject is compared with.
    Baseline,
    /// One supposition, as typed.
    WhatIf,
    /// What to tell the whole story of.
    Explain,
    /// One word of what the report is limited to.
    Scope,
    /// What was read of a living cluster: one object, a list or a stream of them, in YAML or JSON.
    Observed,
    /// What of the living cluster could not be read, as `KIND: why`.
    Unread,
    /// The smoke test that is about to be made there: `namespace=NAME`.
    SmokeTest,
    /// What the real kustomize built; the path is the id that the report asked for it by.
    Built,
    /// Why it could not be built; the path is the same id.
    Unbuilt,
}

/// One text of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Empty for standard input, else the path in the package, with forward slashes.
    pub path: String,
    /// What the text may be used for.
    pub role: Role,
    /// The bytes as they were read.
    pub text: Vec<u8>,
}

/// What the caller wants done besides judging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Write what can be proposed (`--fix`).
    pub fix: bool,
    /// Generate nothing; fail when what the config asks for is not there already (`check -`).
    pub expect_generated: bool,
}

/// The outcome, from which the exit code follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No error findings: exit code 0.
    Clean,
    /// At least one error finding: exit code 1.
    Findings,
    /// The run itself failed: exit code 2, nothing to write.
    Failed,
}

/// One text to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Empty for standard output, else the path in the package.
    pub path: String,
    /// `None` where a file goes away.
    pub text: Option<Vec<u8>>,
}

/// What `evaluate` hands back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The outcome.
    pub verdict: Verdict,
    /// What to write.
    pub changes: Vec<Change>,
    /// The findings, or the reason of the failure, as plain lines for standard error.
    pub summary: String,
}

/// Something that can run the three exports: the sandboxed component, or the same library linked natively in
/// tests and benches.
pub trait Function {
    /// Why a call could not be answered (deadline, memory, trap, …).
    type Error: std::error::Error + Send + Sync + 'static;

    /// Judge, generate, hand back what to write. Takes the sources so that a large input need not be held twice.
    fn evaluate(&self, sources: Vec<Source>, options: Options) -> Result<Evaluation, Self::Error>;

    /// The same input; out comes the JSON document of facts.
    fn report(&self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, Self::Error>;

    /// Version, rules with their pages, profiles, schemas, as JSON.
    fn describe(&self) -> Result<Vec<u8>, Self::Error>;
}
