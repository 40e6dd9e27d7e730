//! The world of `function/wit` on the host's side: types made from the WIT text, and the way to the plain ones of
//! [`crate::contract`].

use crate::contract;

mod generated {
    #![allow(missing_docs, unreachable_pub)]
    wasmtime::component::bindgen!({ path: "../function/wit", world: "lbpools" });
}

pub(super) use generated::exports::lbpools::function::run::{
    Edit, Evaluation, NewText, Options, Role, Source, Verdict,
};

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
            contract::Role::Baseline => Role::Baseline,
            contract::Role::WhatIf => Role::WhatIf,
            contract::Role::Explain => Role::Explain,
            contract::Role::Scope => Role::Scope,
            contract::Role::Observed => Role::Observed,
            contract::Role::Unread => Role::Unread,
            contract::Role::SmokeTest => Role::SmokeTest,
            contract::Role::Built => Role::Built,
            contract::Role::Unbuilt => Role::Unbuilt,
        };
        Self { path: source.path, role, text: source.text }
    }
}

impl From<contract::Options> for Options {
    fn from(options: contract::Options) -> Self {
        Self { fix: options.fix, expect_generated: options.expect_generated }
    }
}

impl Evaluation {
    /// With the edits applied to the sources, which are used up: a large one is changed where it lies.
    ///
    /// # Errors
    ///
    /// Edits to what was no source, out of order or out of bounds.
    pub(super) fn over(self, mut sources: Vec<Source>) -> Result<contract::Evaluation, String> {
        let verdict = match self.verdict {
            Verdict::Clean => contract::Verdict::Clean,
            Verdict::Findings => contract::Verdict::Findings,
            Verdict::Failed => contract::Verdict::Failed,
        };
        let mut changes = Vec::with_capacity(self.changes.len());
        for change in self.changes {
            let text = match change.text {
                None => None,
                Some(NewText::Whole(text)) => Some(text),
                Some(NewText::Edits(edits)) => {
                    let mut subjects = sources.iter_mut().filter(|source| source.role == Role::Subject);
                    let source = subjects.find(|source| source.path == change.path);
                    let text = source.map(|source| std::mem::take(&mut source.text));
                    let text = text.and_then(|text| edited(text, edits));
                    Some(text.ok_or_else(|| format!("edits to {:?} that do not fit it", change.path))?)
                }
            };
            changes.push(contract::Change { path: change.path, text });
        }
        Ok(contract::Evaluation { verdict, changes, summary: self.summary })
    }
}

/// Apply edits to a text from its end to its begin, so that their offsets hold. `None` where they do not fit.
fn edited(mut text: Vec<u8>, edits: Vec<Edit>) -> Option<Vec<u8>> {
    let mut floor = text.len();
    text.reserve_exact(edits.iter().map(|edit| edit.text.len()).sum());
    for edit in edits.into_iter().rev() {
        let (start, end) = (usize::try_from(edit.start).ok()?, usize::try_from(edit.end).ok()?);
        if start > end || end > floor {
            return None;
        }
        floor = start;
        text.splice(start..end, edit.text);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(edits: &[(u64, u64, &str)]) -> Option<String> {
        let edits = edits.iter().map(|&(start, end, text)| Edit { start, end, text: text.into() });
        edited(b"abcdef".to_vec(), edits.collect()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn edits_are_applied_in_order() {
        assert_eq!(with(&[]).as_deref(), Some("abcdef"));
        assert_eq!(
            with(&[(0, 0, ">"), (0, 0, "<"), (1, 3, ""), (4, 5, "XY"), (6, 6, "!")]).as_deref(),
            Some("><adXYf!")
        );
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        for edits in [
            &[(0, 7, "")][..],
            &[(7, 7, "x")],
            &[(3, 2, "")],
            &[(2, 4, ""), (3, 5, "")],
            &[(4, 5, ""), (0, 1, "")],
            &[(u64::MAX, u64::MAX, "")],
        ] {
            assert_eq!(with(edits), None, "{edits:?}");
        }
    }

    #[test]
    fn only_a_subject_can_be_edited_and_once() {
        let change = |path: &str| super::generated::exports::lbpools::function::run::Change {
            path: path.into(),
            text: Some(NewText::Edits(Vec::new())),
        };
        let source = |role| Source { path: "a".into(), role, text: b"a: 1".to_vec() };
        let evaluation = |changes| Evaluation { verdict: Verdict::Clean, changes, summary: String::new() };
        assert!(evaluation(vec![change("a")]).over(vec![source(Role::Subject)]).is_ok());
        assert!(evaluation(vec![change("b")]).over(vec![source(Role::Subject)]).is_err());
        assert!(evaluation(vec![change("a")]).over(vec![source(Role::Config)]).is_err());
    }
}
