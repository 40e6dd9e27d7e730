//! The function as a filter, as pipelines call it: one ResourceList (or bare stream) in, one out, words for a person
//! and an exit code. What the guests for other people's runtimes have in common.

use crate::report::{Verdict, summary};
use crate::{Options, Role, Source, evaluate};

/// What a filter hands back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The list with its results, UTF-8. `None` when the run failed: a caller must not take that for an empty list,
    /// because kustomize and kpt would then delete every object.
    pub list: Option<Vec<u8>>,
    /// The findings, or why the run failed, as plain lines for standard error.
    pub words: String,
    /// 0: no error findings, 1: error findings, 2: the run failed.
    pub exit: u8,
}

/// Run the function on one text.
pub fn answer(text: Vec<u8>) -> Answer {
    let sources = [Source { path: String::new(), role: Role::Subject, text }];
    let evaluation = evaluate(&sources, Options::default());
    let mut words = summary(&evaluation.report);
    let mut changes = evaluation.changes.into_iter().filter(|change| change.path.is_empty());
    let list = changes.next().and_then(|change| change.text).map(|new| new.over(&sources[0].text));
    let exit = match evaluation.report.verdict {
        Verdict::Clean => 0,
        Verdict::Findings => 1,
        Verdict::Failed => 2,
    };
    match list {
        Some(list) if exit != 2 => Answer { list: Some(list), words, exit },
        _ => {
            if words.is_empty() {
                words.push_str("lbpools: the function handed back no list; nothing is written\n");
            }
            Answer { list: None, words, exit: 2 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_comes_back_with_its_exit_code() {
        let list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n";
        let answer = answer(list.into());
        assert_eq!(answer.exit, 0);
        assert!(answer.list.is_some_and(|list| list.starts_with(b"apiVersion: config.kubernetes.io/v1\n")));
    }

    #[test]
    fn error_findings_come_with_the_list() {
        let pool = "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata: {name: a}\n\
                    spec: {blocks: [{cidr: 10.0.0.300/24}]}\n";
        let answer = answer(pool.into());
        assert_eq!(answer.exit, 1, "{}", answer.words);
        assert!(answer.list.is_some() && answer.words.starts_with("error[LBP"), "{}", answer.words);
    }

    #[test]
    fn a_run_that_fails_hands_back_nothing() {
        let answer = answer(b"a: [\n".to_vec());
        assert_eq!((answer.list, answer.exit), (None, 2));
        assert!(answer.words.starts_with("lbpools: "), "{}", answer.words);
    }
}
