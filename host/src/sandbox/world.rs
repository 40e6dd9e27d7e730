//! The world of `function/wit` on the host's side: types made from the WIT text, and the way to the plain ones of
//! [`crate::contract`].

use crate::contract;

mod generated {
    #![allow(missing_docs, unreachable_pub)]
    wasmtime::component::bindgen!({ path: "../function/wit", world: "lbpools" });
}

pub(super) use generated::exports::lbpools::function::run::{Change, Evaluation, Options, Role, Source, Verdict};

/// The interface that the world exports.
pub(super) const INTERFACE: &str = "lbpools:function/run@0.1.0";

/// Its functions.
pub(super) const FUNCTIONS: [&str; 3] = ["evaluate", "report", "describe"];

impl From<contract::Source> for Source {
    /// Moves the text; a large input is not copied here.
    fn from(source: contract::Source) -> Self {
        let role = match source.role {
            contract::Role::Subject => Role::Subject,
            contract::Role::Config => Role::Config,
        };
        Self { path: source.path, role, text: source.text }
    }
}

impl From<contract::Options> for Options {
    fn from(options: contract::Options) -> Self {
        Self { fix: options.fix, expect_generated: options.expect_generated }
    }
}

impl From<Evaluation> for contract::Evaluation {
    fn from(evaluation: Evaluation) -> Self {
        let verdict = match evaluation.verdict {
            Verdict::Clean => contract::Verdict::Clean,
            Verdict::Findings => contract::Verdict::Findings,
            Verdict::Failed => contract::Verdict::Failed,
        };
        let change = |change: Change| contract::Change { path: change.path, text: change.text };
        Self { verdict, changes: evaluation.changes.into_iter().map(change).collect(), summary: evaluation.summary }
    }
}
