//! `--fix`: what findings propose, written where it belongs.
//!
//! A proposal is the value for the end of its chain: the setting that a field was made of, or the field itself.
//! Only plain values that stand in the input are replaced; the rest of the file stays as it is.

use std::collections::BTreeMap;

use crate::krm::edit::{Edit, apply as apply_edits};
use crate::krm::merge::scalar_like;
use crate::krm::parse::document;
use crate::krm::place::Text;
use crate::report::{Finding, Place};

/// The texts that change, by path.
pub(super) fn apply(texts: &[Text<'_>], findings: &[Finding]) -> BTreeMap<String, String> {
    let mut edits: BTreeMap<&str, BTreeMap<usize, Edit>> = BTreeMap::new();
    for finding in findings {
        let (Some(proposed), Some(at)) = (&finding.proposed, target(finding)) else { continue };
        let Some(text) = texts.iter().find(|text| text.path == at.source) else { continue };
        let Some(edit) = replacement(text, at, proposed) else { continue };
        // Two findings with two minds about one place: the first, which is the graver one, is heard.
        edits.entry(text.path).or_default().entry(at.start).or_insert(edit);
    }
    edits
        .into_iter()
        .filter_map(|(path, edits)| {
            let text = texts.iter().find(|text| text.path == path)?;
            Some((path.to_owned(), apply_edits(text.text, edits.into_values().collect())))
        })
        .collect()
}

/// Where a proposal is to be written: at the setting when the value came from one, else at the field.
fn target(finding: &Finding) -> Option<&Place> {
    let setting = finding.chain.iter().rev().find(|link| link.what.starts_with("setting "));
    match setting {
        Some(link) => link.at.as_ref(),
        None => finding.at.as_ref(),
    }
}

/// The edit that puts a value in the place of the scalar that stands there, in its quotes.
fn replacement(text: &Text<'_>, at: &Place, proposed: &str) -> Option<Edit> {
    let slice = text.text.get(at.start..at.end)?;
    let node = document(slice).ok()?;
    node.text()?;
    (!slice.contains('\n')).then(|| Edit::replace(at.start..at.end, scalar_like(&node, proposed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Category, Link, Severity};

    #[test]
    fn a_proposal_goes_to_the_end_of_its_chain() {
        let settings = Text::new("s.yaml", "data:\n  A: \"10.0.0.1\" # why\n");
        let at = settings.place(&(11..21), None, None);
        let finding = Finding {
            code: "LBP999".into(),
            rule: "x".into(),
            severity: Severity::Error,
            category: Category::Plan,
            cluster: None,
            resource: None,
            field: None,
            current: None,
            proposed: Some("10.0.0.2".into()),
            at: None,
            chain: vec![Link { what: "setting A = 10.0.0.1 in ConfigMap a/b".into(), at: Some(at) }],
            message: String::new(),
            help: String::new(),
        };
        let fixed = apply(&[settings], &[finding]);
        assert_eq!(fixed["s.yaml"], "data:\n  A: \"10.0.0.2\" # why\n");
    }
}
