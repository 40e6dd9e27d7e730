//! Flux's kinds, and where it starts. Its controllers do not run here: [`crate::library`] does what they do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::control_plane::established;
use crate::kubectl::Kubectl;
use crate::tool;

/// What came of each Flux Kustomization: nothing to say, or its complaint.
pub type Deliveries = BTreeMap<String, Option<String>>;

/// Make the API server know Flux's kinds.
pub(crate) fn define(kubectl: &Kubectl) {
    for definitions in ["source-controller", "kustomize-controller"] {
        let path = tool("crds").join(definitions);
        kubectl.must(["apply", "--server-side", "--filename", path.to_str().expect("a path in UTF-8")]);
    }
    established(kubectl, &["gitrepositories.source.toolkit.fluxcd.io", "kustomizations.kustomize.toolkit.fluxcd.io"]);
    kubectl.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n");
}

/// The directory that Flux starts from in a cluster.
pub(crate) fn entry_point(cluster: &str) -> PathBuf {
    Path::new("kubernetes/clusters").join(cluster)
}
