//! What Flux reads the fleet from: a git repository, or a registry.

use std::path::Path;
use std::sync::Arc;

use crate::fleet::Fleet;
use crate::git::Repository;
use crate::program::Keeper;
use crate::registry::Registry;

/// Where the example says that it is.
const URL: &str = "ssh://git@git.example.com/platform/fleet.git";

/// One of the two.
#[derive(Debug)]
pub(crate) enum Source {
    Repository(Repository),
    Registry(Registry),
}

impl Source {
    pub(crate) fn repository(directory: &Path, keeper: &Arc<Keeper>) -> Self {
        Self::Repository(Repository::serve(directory, keeper))
    }

    pub(crate) fn registry() -> Self {
        Self::Registry(Registry::start())
    }

    /// The kind of the object that Flux reads it by, as kubectl takes it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) => "gitrepositories.source.toolkit.fluxcd.io",
            Self::Registry(_) => "ocirepositories.source.toolkit.fluxcd.io",
        }
    }

    /// Push the fleet as it is; gives the revision as Flux writes it.
    pub(crate) fn push(&self, fleet: &Fleet) -> String {
        match self {
            Self::Repository(repository) => repository.commit(fleet.path()),
            Self::Registry(registry) => registry.push(fleet.path()),
        }
    }

    /// Edit the fleet so that the cluster reads it from here: no more than must be.
    pub(crate) fn lead(&self, fleet: &Fleet, cluster: &str) {
        let own = format!("kubernetes/clusters/{cluster}/flux-system/gotk-sync.yaml");
        match self {
            Self::Repository(repository) => fleet.replace(&own, URL, &repository.url),
            Self::Registry(registry) => {
                let old = format!("  ref:\n    branch: main\n  secretRef:\n    name: flux-system\n  url: {URL}\n");
                let new = format!("  ref:\n    tag: latest\n  insecure: true\n  url: {}\n", registry.url());
                fleet.replace(&own, &old, &new);
                fleet.replace_everywhere("kind: GitRepository\n", "kind: OCIRepository\n");
            }
        }
    }
}
