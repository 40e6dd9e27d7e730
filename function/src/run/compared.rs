//! The subject against a baseline, and against what is supposed.

use super::beside::Beside;
use super::judged::builds_needed;
use super::planned;
use super::read::OF_BASELINE;
use crate::cluster::ClusterView;
use crate::cluster::difference::difference as of_cluster;
use crate::flux::clusters::{Telling, clusters};
use crate::flux::files::{Files, normalised};
use crate::report::{BuildNeeded, ClusterDifference, Difference, Presence};
use crate::rules::finding::Findings;
use crate::rules::judge_change;

/// What changes; absent when there is nothing to compare with. Rules about changes speak on the way. Builds of the
/// baseline without which something is not known join `builds`.
pub(super) fn difference(
    live: &[&ClusterView<'_, '_>],
    tree: &Tree<'_, '_, '_>,
    beside: &Beside<'_>,
    findings: &mut Findings<'_>,
    builds: &mut Vec<BuildNeeded>,
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
            let files = input.files();
            let telling = planned::telling(old_config);
            let (old_clusters, _) = clusters(&files, &telling);
            builds.extend(builds_needed(&old_clusters, &files).map(of_baseline));
            let old_tree = Tree { files: &files, telling: &telling };
            let old: Vec<ClusterView<'_, '_>> = old_clusters
                .iter()
                .map(|cluster| {
                    let name = &cluster.name;
                    let (plan, flags) = (planned::plan(old_config, name), planned::flags(old_config, name));
                    ClusterView::new(cluster, plan, planned::profile(old_config, name), flags, true)
                })
                .collect();
            for new in &after {
                let name = &new.cluster.name;
                let then = old.iter().find(|view| view.cluster.name == *name);
                result.clusters.push(match (then, old_tree.has_entry_of(name), tree.has_entry_of(name)) {
                    (Some(then), true, false) => tree.no_longer_judged(then),
                    (Some(_), false, true) => of_cluster(None, Some(new), &beside.supposed),
                    (Some(then), ..) => {
                        judge_change(then, new, findings);
                        of_cluster(Some(then), Some(new), &beside.supposed)
                    }
                    (None, ..) if is_bare(new) => ClusterDifference::default(),
                    (None, ..) => match new.cluster.entrypoint.as_deref().filter(|dir| files.has_directory(dir)) {
                        Some(directory) => not_judged_before(name, directory),
                        None => of_cluster(None, Some(new), &beside.supposed),
                    },
                });
            }
            let still = |name: &str| after.iter().any(|view| view.cluster.name == name);
            let gone = old.iter().filter(|view| !still(&view.cluster.name) && !is_bare(view));
            result.clusters.extend(gone.map(|view| tree.no_longer_judged(view)));
        }
    }
    result.clusters.retain(|cluster| !cluster.is_empty());
    if !unknown.is_empty() {
        result.clusters.push(ClusterDifference { unknown, ..ClusterDifference::default() });
    }
    Some(result)
}

fn of_baseline(build: BuildNeeded) -> BuildNeeded {
    BuildNeeded { id: format!("{OF_BASELINE}{}", build.id), baseline: true, ..build }
}

/// The manifests of one side, and what its clusters are told apart by.
pub(super) struct Tree<'f, 'a, 't> {
    pub(super) files: &'f Files<'a, 't>,
    pub(super) telling: &'f Telling,
}

impl Tree<'_, '_, '_> {
    fn has(&self, entrypoint: &str) -> bool {
        self.files.has_directory(&normalised(entrypoint))
    }

    /// Whether the directory is there that the config names as the entry point of this cluster.
    fn has_entry_of(&self, cluster: &str) -> bool {
        let named = self.telling.clusters.iter().find(|named| named.name == cluster);
        named.and_then(|named| named.entrypoint.as_deref()).is_none_or(|directory| self.has(directory))
    }

    /// A cluster of which this side says nothing. That takes no address away: the Flux of that cluster finds no path,
    /// reports so, and prunes nothing (kustomize-controller: `kustomization path not found`), and a config that drops
    /// a cluster changes nothing in it.
    fn no_longer_judged(&self, was: &ClusterView<'_, '_>) -> ClusterDifference {
        let name = &was.cluster.name;
        let named = self.telling.clusters.is_empty() || self.telling.clusters.iter().any(|named| named.name == *name);
        let why = match was.cluster.entrypoint.as_deref().filter(|directory| !self.has(directory)) {
            Some(directory) => format!(
                "its entry point {directory} is not there any more; a Flux that still follows it leaves what it applied \
                 as it is"
            ),
            None if !named => "the config no longer names it; what it applies stays as it is".to_owned(),
            None => "nothing tells of it any more".to_owned(),
        };
        let unknown = vec![format!("what becomes of its addresses: {why}")];
        ClusterDifference { name: name.clone(), presence: Presence::Gone, unknown, ..ClusterDifference::default() }
    }
}

/// A cluster whose manifests were there before, when no config named it.
fn not_judged_before(name: &str, directory: &str) -> ClusterDifference {
    let unknown =
        vec![format!("what its addresses were: {directory} was there, but the config did not name the cluster")];
    ClusterDifference { name: name.into(), presence: Presence::New, unknown, ..ClusterDifference::default() }
}

/// One that stands for an input without any cluster.
fn is_bare(view: &ClusterView<'_, '_>) -> bool {
    view.cluster.entrypoint.is_none() && view.pools.is_empty() && view.requests.is_empty()
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
