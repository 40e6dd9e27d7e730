//! The subject against a baseline, and against what is supposed.

use super::beside::Beside;
use super::planned;
use crate::cluster::ClusterView;
use crate::cluster::difference::difference as of_cluster;
use crate::flux::clusters::clusters;
use crate::flux::files::Files;
use crate::report::{ClusterDifference, Difference};
use crate::rules::finding::Findings;
use crate::rules::judge_change;

/// What changes; absent when there is nothing to compare with. Rules about changes speak on the way.
pub(super) fn difference(
    live: &[&ClusterView<'_, '_>],
    beside: &Beside<'_>,
    findings: &mut Findings<'_>,
) -> Option<Difference> {
    if beside.baseline.is_none() && !beside.supposes {
        return None;
    }
    let profile = beside.supposed.cilium.map(crate::cilium::Profile::of);
    let upgraded: Option<Vec<ClusterView<'_, '_>>> =
        profile.map(|profile| live.iter().map(|view| upgraded(view, &profile)).collect());
    let after: Vec<&ClusterView<'_, '_>> = match &upgraded {
        Some(views) => views.iter().collect(),
        None => live.to_vec(),
    };
    let mut result =
        Difference { baseline: beside.baseline.is_some(), supposed: beside.supposed.told(), clusters: Vec::new() };
    let unknown = unknown(beside, live);
    match &beside.baseline {
        None => result
            .clusters
            .extend(live.iter().zip(&after).map(|(old, new)| of_cluster(Some(old), Some(new), &beside.supposed))),
        Some((input, old_config)) => {
            let mut files = Files::new(&input.documents);
            for unreadable in &input.unreadable {
                files.note_unread(&unreadable.at.source);
            }
            let (old_clusters, _) = clusters(&files, &planned::telling(old_config));
            let old: Vec<ClusterView<'_, '_>> = old_clusters
                .iter()
                .map(|cluster| {
                    let name = &cluster.name;
                    let (plan, flags) = (planned::plan(old_config, name), planned::flags(old_config, name));
                    ClusterView::new(cluster, plan, planned::profile(old_config, name), flags, true)
                })
                .collect();
            let of =
                |views: &[&ClusterView<'_, '_>], name: &str| views.iter().position(|view| view.cluster.name == name);
            for new in &after {
                let old = old.iter().find(|view| view.cluster.name == new.cluster.name);
                if let Some(old) = old {
                    judge_change(old, new, findings);
                }
                result.clusters.push(of_cluster(old, Some(new), &beside.supposed));
            }
            for gone in old.iter().filter(|view| of(&after, &view.cluster.name).is_none()) {
                result.clusters.push(of_cluster(Some(gone), None, &beside.supposed));
            }
        }
    }
    result.clusters.retain(|cluster| !cluster.is_empty());
    if !unknown.is_empty() {
        result.clusters.push(ClusterDifference { unknown, ..ClusterDifference::default() });
    }
    Some(result)
}

/// Suppositions about what is not there.
fn unknown(beside: &Beside<'_>, live: &[&ClusterView<'_, '_>]) -> Vec<String> {
    let pools = beside.supposed.unknown_pools(live).into_iter().map(|name| format!("no cluster has a pool {name}"));
    let clusters = beside.supposed.unknown_clusters(live).into_iter().map(|name| format!("there is no cluster {name}"));
    pools.chain(clusters).collect()
}

/// A cluster under another Cilium.
fn upgraded<'a, 't>(view: &ClusterView<'a, 't>, profile: &crate::cilium::Profile) -> ClusterView<'a, 't> {
    ClusterView::new(view.cluster, view.plan.clone(), (profile.clone(), true), view.flags.clone(), true)
}
