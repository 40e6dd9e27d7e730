//! What goes into a run: texts, each with the place it came from.

/// What a text may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the run judges and may change: a ResourceList, a bare stream of documents, or a file of a package.
    Subject,
    /// The `LoadBalancerPools` config when it is not in the subject. Never changed.
    Config,
    /// A file of the tree that the subject is compared with.
    Baseline,
    /// One supposition, as typed: `services=20,namespace=media`, `pool=NAME:192.0.2.0/27`, `cilium=1.20`; or `applied`,
    /// that the subject is applied to the living cluster that was read.
    WhatIf,
    /// What to tell the whole story of: an address, `NAMESPACE/SERVICE` or `KIND/NAMESPACE/NAME`.
    Explain,
    /// What the report is limited to, a word a text: `cluster=NAME` (several are several clusters), `changed` (what
    /// the way from the baseline can have affected), `live` (what some cluster applies). Everything is judged all the
    /// same.
    Scope,
    /// What was read of a living cluster: one object, a list or a stream of them, as `kubectl get` writes it in YAML or
    /// JSON. An empty list of kind `KINDList` says that there is none of this kind.
    Observed,
    /// What of the living cluster could not be read, as `KIND: why`.
    Unread,
    /// The smoke test that is about to be made there: `namespace=NAME`.
    SmokeTest,
    /// What the real kustomize built, as the report asked for it (`builds`): the path is the build's id, the text the
    /// stream of objects.
    Built,
    /// What could not be built: the path is the build's id, the text says why. `refused: ` and the program's own words
    /// where it found fault with the tree; anything else where it gave no answer.
    Unbuilt,
}

/// One text of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Empty for standard input, else the path in the package, with forward slashes.
    pub path: String,
    /// What the text may be used for.
    pub role: Role,
    /// The bytes as they were read: UTF-8, with or without a byte order mark, any line ending.
    pub text: Vec<u8>,
}

impl Source {
    /// Standard input: a ResourceList or a bare stream of documents.
    pub fn stdin(text: impl Into<Vec<u8>>) -> Self {
        Self { path: String::new(), role: Role::Subject, text: text.into() }
    }

    /// A file of the package that is judged.
    pub fn file(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), role: Role::Subject, text: text.into() }
    }

    /// A config file given beside the subject.
    pub fn config(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), role: Role::Config, text: text.into() }
    }
}

/// What the caller wants done besides judging.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Write what can be proposed: missing settings keys, misaligned values (`--fix`).
    pub fix: bool,
    /// Generate nothing; fail when what the config asks for is not in the subject already (`check -`).
    pub expect_generated: bool,
    /// Judge generated objects that are there as they are, for that is what a cluster gets; generate only those that
    /// are not there. A run that hands nothing back ([`report`](crate::report())) looks at them so.
    pub keep_generated: bool,
}
