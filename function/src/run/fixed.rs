//! `--fix`: what findings propose, written where it belongs.
//!
//! A proposal is the value for the end of its chain: the setting that a field was made of, or the field itself.
//! Only plain values that stand in the input are replaced; the rest of the file stays as it is.

use std::collections::BTreeMap;

use crate::krm::edit::{Edit, apply as apply_edits};
use crate::krm::merge::scalar_like;
use crate::krm::parse::document;
use crate::krm::place::Text;
use crate::report::{Finding, Fix, Place};

/// The texts that change, by path.
pub(super) fn apply(texts: &[Text<'_>], findings: &[Finding]) -> BTreeMap<String, String> {
    let mut edits: BTreeMap<&str, BTreeMap<usize, Edit>> = BTreeMap::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let Some(text) = texts.iter().find(|text| text.path == fix.at.source) else { continue };
        // Two findings with two minds about one place: the first, which is the graver one, is heard.
        let edit = Edit::replace(fix.at.start..fix.at.end, fix.text.clone());
        edits.entry(text.path).or_default().entry(fix.at.start).or_insert(edit);
    }
    edits
        .into_iter()
        .filter_map(|(path, edits)| {
            let text = texts.iter().find(|text| text.path == path)?;
            Some((path.to_owned(), apply_edits(text.text, edits.into_values().collect())))
        })
        .collect()
}

/// The edit that writes a finding's proposal: at the setting when the value came from one, else at the field, and
/// there in the quotes of what it replaces.
pub(super) fn fix<'t>(text: impl Fn(&str) -> Option<&'t str>, finding: &Finding) -> Option<Fix> {
    let proposed = finding.proposed.as_ref()?;
    let at = target(finding)?;
    let slice = text(&at.source)?.get(at.start..at.end)?;
    let node = document(slice).ok()?;
    node.text()?;
    (!slice.contains('\n')).then(|| Fix { at: at.clone(), text: scalar_like(&node, proposed) })
}

/// Where a proposal is to be written: at the setting when the value came from one, else at the field.
fn target(finding: &Finding) -> Option<&Place> {
    let setting = finding.chain.iter().rev().find(|link| link.what.starts_with("setting "));
    match setting {
        Some(link) => link.at.as_ref(),
        None => finding.at.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Category, Link, Severity};

    #[test]
    fn a_proposal_goes_to_the_end_of_its_chain() {
        let settings = Text::new("s.yaml", "data:\n  A: \"10.0.0.1\" # why\n");
        let at = settings.place(&(11..21), None, None);
        let mut finding = Finding {
            code: "LBP999".into(),
            rule: "x".into(),
            severity: Severity::Error,
            category: Category::Plan,
            latent: false,
            cluster: None,
            resource: None,
            field: None,
            current: None,
            proposed: Some("10.0.0.2".into()),
            fix: None,
            at: None,
            chain: vec![Link { what: "setting A = 10.0.0.1 in ConfigMap a/b".into(), at: Some(at) }],
            message: String::new(),
            help: String::new(),
        };
        finding.fix = fix(|_| Some(settings.text), &finding);
        assert_eq!(finding.fix.as_ref().map(|fix| fix.text.as_str()), Some("\"10.0.0.2\""));
        let fixed = apply(&[settings], &[finding]);
        assert_eq!(fixed["s.yaml"], "data:\n  A: \"10.0.0.2\" # why\n");
    }
}
