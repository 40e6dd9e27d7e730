//! How a run ends, in a number that a pipeline understands.

use std::process::ExitCode;

use lbpools_function::report;

use crate::contract;

/// The exit codes of every verb, and of the function under kustomize and kpt (both only look at zero or not).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: no error findings.
    Clean = 0,
    /// 1: at least one error finding.
    Findings = 1,
    /// 2: the run itself failed; nothing was written.
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<contract::Verdict> for Exit {
    fn from(verdict: contract::Verdict) -> Self {
        match verdict {
            contract::Verdict::Clean => Self::Clean,
            contract::Verdict::Findings => Self::Findings,
            contract::Verdict::Failed => Self::Failed,
        }
    }
}

impl From<report::Verdict> for Exit {
    fn from(verdict: report::Verdict) -> Self {
        match verdict {
            report::Verdict::Clean => Self::Clean,
            report::Verdict::Findings => Self::Findings,
            report::Verdict::Failed => Self::Failed,
        }
    }
}
