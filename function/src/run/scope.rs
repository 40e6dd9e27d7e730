//! What a report is limited to. Everything is judged first, for clusters on one network stand against each other and a
//! change in one file shows in another; then what nobody asked for is left out, and counted.

use std::collections::BTreeSet;

use super::beside::Beside;
use super::{Attempt, read};
use crate::krm::document::Document;
use crate::report::{Category, Failure, Finding, LeftOut, NotChecked, Place, Report};
use crate::{Role, Source};

/// As asked.
#[derive(Debug, Default)]
pub(super) struct Scope<'s> {
    /// These clusters only; all where it is empty.
    clusters: BTreeSet<&'s str>,
    /// What the way from the baseline can have affected.
    changed: bool,
    /// What some cluster applies.
    live: bool,
}

impl<'s> Scope<'s> {
    /// Read the words.
    pub(super) fn of(sources: &'s [Source]) -> Attempt<Self> {
        let mut scope = Self::default();
        for (_, word) in read::utf8(sources, Role::Scope)? {
            match (word, word.strip_prefix("cluster=")) {
                (_, Some(name)) => drop(scope.clusters.insert(name)),
                ("changed", _) => scope.changed = true,
                ("live", _) => scope.live = true,
                _ => {
                    return Err(failure(
                        format!("a report cannot be limited to `{word}`"),
                        "say cluster=NAME, changed or live",
                    ));
                }
            }
        }
        let compares = sources.iter().any(|source| source.role == Role::Baseline);
        if scope.changed && !compares {
            let message = "a report cannot be limited to what changed: there is nothing to compare with";
            return Err(failure(message.into(), "name a revision or a directory to compare with"));
        }
        Ok(scope)
    }

    /// Whether what the baseline alone would be told is needed.
    pub(super) fn compares(&self) -> bool {
        self.changed
    }

    /// The one cluster that was asked for.
    pub(super) fn cluster(&self) -> Option<&'s str> {
        self.clusters.first().copied().filter(|_| self.clusters.len() == 1)
    }

    /// Fail where a cluster is asked for that is not there: silence about it would look like a clean one.
    pub(super) fn known(&self, report: &Report) -> Attempt<()> {
        let there: Vec<&str> = report.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        match self.clusters.iter().find(|name| !there.contains(name)) {
            None => Ok(()),
            Some(name) if there.is_empty() => {
                Err(failure(format!("there is no cluster `{name}`: no cluster was found"), "leave it out"))
            }
            Some(name) => {
                let help = format!("name one of {}", there.join(", "));
                Err(failure(format!("there is no cluster `{name}`"), &help))
            }
        }
    }

    /// Leave out what was not asked for.
    pub(super) fn limit(&self, report: &mut Report, documents: &[Document<'_>], beside: &Beside<'_>) {
        let mut left_out = LeftOut::default();
        let mut findings = std::mem::take(&mut report.findings);
        let mut keep = |counted: fn(&mut LeftOut) -> &mut usize, wanted: &dyn Fn(&Finding) -> bool| {
            let before = findings.len();
            findings.retain(wanted);
            *counted(&mut left_out) += before - findings.len();
        };
        if !self.clusters.is_empty() {
            let asked = |name: &str| self.clusters.contains(name);
            let concerned = |name: &Option<String>| name.as_deref().is_none_or(asked);
            keep(|out| &mut out.other_clusters, &|finding| concerned(&finding.cluster));
            report.not_checked.retain(|each| concerned(&each.cluster));
            report.clusters.retain(|cluster| asked(&cluster.name));
            report.segments.retain(|segment| segment.clusters.iter().any(|name| asked(name)));
            if let Some(difference) = &mut report.difference {
                difference.clusters.retain(|cluster| asked(&cluster.name));
            }
        }
        if self.live {
            keep(|out| &mut out.latent, &|finding| !finding.latent);
        }
        if let Some(before) = beside.before.as_ref().filter(|_| self.changed) {
            let touched = touched(documents, beside);
            let known: BTreeSet<String> = before.findings.iter().map(said).collect();
            let here = |at: &Option<Place>| at.as_ref().is_some_and(|at| touched.contains(at.source.as_str()));
            keep(|out| &mut out.unaffected, &|finding| {
                !known.contains(&said(finding)) || here(&finding.at) || finding.chain.iter().any(|link| here(&link.at))
            });
            let known: BTreeSet<String> = before.not_checked.iter().map(not_checked).collect();
            report.not_checked.retain(|each| !known.contains(&not_checked(each)) || here(&each.at));
        }
        if let Some(verification) = &report.verification {
            // Beside a living cluster the repository by itself is what `check` is for.
            let ours = |name: &Option<String>| name.as_deref().is_none_or(|name| *name == verification.cluster);
            keep(|out| &mut out.other_clusters, &|finding| ours(&finding.cluster));
            keep(|out| &mut out.of_repository, &|finding| finding.category == Category::Living);
            report.not_checked.retain(|each| ours(&each.cluster));
            report.clusters.retain(|cluster| cluster.name == verification.cluster);
            report.segments.retain(|segment| segment.clusters.contains(&verification.cluster));
        }
        report.findings = findings;
        report.left_out = left_out;
    }
}

fn failure(message: String, help: &str) -> Box<Failure> {
    Box::new(Failure { message, at: None, help: Some(help.to_owned()) })
}

/// The files in which a byte is not as in the baseline, or that it does not have. What the baseline alone has is
/// nowhere in the report.
fn touched<'d>(documents: &[Document<'d>], beside: &Beside<'d>) -> BTreeSet<&'d str> {
    let old: std::collections::BTreeMap<&str, &str> = beside
        .baseline
        .iter()
        .flat_map(|(input, _)| input.documents.iter().map(|document| document.text))
        .map(|text| (text.path, text.text))
        .collect();
    documents
        .iter()
        .map(|document| document.text)
        .filter(|text| old.get(text.path) != Some(&text.text))
        .map(|text| text.path)
        .collect()
}

/// A finding without its place: the same before and after lines moved.
fn said(finding: &Finding) -> String {
    let Finding { code, cluster, resource, field, current, message, .. } = finding;
    format!("{:?}", (code, cluster, resource, field, current, message))
}

fn not_checked(each: &NotChecked) -> String {
    format!("{:?}", (&each.cluster, &each.what, &each.because))
}
