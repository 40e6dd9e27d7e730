//! One cluster from start to end: what runs in it, what is pushed to it, and what it is held against.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lbpools_function::report::ClusterReport;
use tempfile::TempDir;

use crate::cilium::Operator;
use crate::control_plane::ControlPlane;
use crate::fleet::Fleet;
use crate::flux::{Deliveries, Flux};
use crate::kubectl::Kubectl;
use crate::observed::{self, Observed};
use crate::program::Keeper;
use crate::source::Source;
use crate::wait::{Patience, until};
use crate::{held, manifests, predicted, root};

/// How things come into the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// By the test's own hand.
    ByHand,
    /// By Flux, from a git repository.
    Flux,
    /// By Flux, from an OCI registry.
    FluxFromRegistry,
}

/// A living cluster. Dropping it ends its programs and removes its files.
#[derive(Debug)]
pub struct Cluster {
    name: String,
    // Fields are dropped in order: the controllers before what they talk to, the files before who guards them.
    flux: Option<Flux>,
    operator: Operator,
    control_plane: ControlPlane,
    directory: Workplace,
    _keeper: Arc<Keeper>,
}

impl Cluster {
    /// Start the cluster that the repository calls so.
    pub fn start(name: &str, flavour: Flavour) -> Self {
        let directory = tempfile::Builder::new().prefix("lbpools-live-").tempdir().expect("a temporary directory");
        let keeper = Arc::new(Keeper::watch(directory.path()));
        let directory = Workplace(directory);
        let place = directory.0.path();
        let control_plane = ControlPlane::start(place, &keeper);
        let kubectl = &control_plane.kubectl;
        let operator = Operator::install(kubectl, place, &keeper);
        let source = match flavour {
            Flavour::ByHand => None,
            Flavour::Flux => Some(Source::repository(place, &keeper)),
            Flavour::FluxFromRegistry => Some(Source::registry()),
        };
        let flux = source.map(|source| Flux::install(name, source, kubectl, place, &keeper));
        Self { name: name.to_owned(), flux, operator, control_plane, directory, _keeper: keeper }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The test's own hand in it.
    pub fn kubectl(&self) -> &Kubectl {
        &self.control_plane.kubectl
    }

    /// A directory that goes away with it.
    pub fn directory(&self) -> &Path {
        self.directory.0.path()
    }

    /// A copy of the fleet, led to where Flux reads here.
    pub fn fleet(&self) -> Fleet {
        let fleet = Fleet::within(self.directory());
        if let Some(flux) = &self.flux {
            flux.lead(&fleet, &self.name);
        }
        fleet
    }

    /// Commit the fleet as it is now, wait until Flux has taken it up, and say what came of each Kustomization.
    pub fn push(&mut self, fleet: &Fleet) -> Deliveries {
        self.flux.as_mut().expect("Flux runs here").deliver(fleet)
    }

    /// Where what Flux applied is not what lbpools says that this cluster gets, manifest by manifest.
    pub fn manifests_differ(&self, fleet: &Fleet) -> Vec<String> {
        manifests::differences(fleet.path(), &self.name, self.kubectl())
    }

    /// Wait until LB-IPAM has something to serve from and serves.
    pub fn operator_serves(&mut self) {
        self.operator.serves();
    }

    /// Stop the operator, start it, wait until it serves again.
    pub fn restart_operator(&mut self) {
        self.operator.restart();
    }

    /// Commit the fleet as it is now with Flux's kustomize-controller stopped, for good.
    pub fn push_without_applying(&mut self, fleet: &Fleet) {
        self.flux.as_mut().expect("Flux runs here").push_without_applying(fleet);
    }

    /// Stop the operator: nobody gives addresses any more.
    pub fn stop_operator(&mut self) {
        self.operator.stop();
    }

    /// Start the operator after [`stop_operator`](Self::stop_operator), and wait until it serves.
    pub fn start_operator(&mut self) {
        self.operator.start();
        self.operator.serves();
    }

    /// Stop the API server.
    pub fn stop_api_server(&mut self) {
        self.control_plane.stop_api_server();
    }

    /// Start the API server again.
    pub fn start_api_server(&mut self) {
        self.control_plane.start_api_server();
    }

    /// A kubeconfig with the rights of a ServiceAccount, and no others.
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> PathBuf {
        self.control_plane.kubeconfig_of(namespace, account)
    }

    /// What the controllers have written.
    pub fn observed(&self) -> Observed {
        observed::observe(self.kubectl())
    }

    /// What lbpools says of the fleet for this cluster.
    pub fn predicted(&self, fleet: &Fleet) -> ClusterReport {
        predicted::cluster(fleet.path(), &self.name)
    }

    /// Wait until the controllers have come to rest, and hold what they wrote against what lbpools says of the fleet.
    pub fn holds(&self, fleet: &Fleet) -> Observed {
        let predicted = self.predicted(fleet);
        let held = until(Patience::CHANGE, || {
            let observed = self.observed();
            let differences = held::differences(&predicted, &observed);
            if differences.is_empty() { Ok(observed) } else { Err(differences.join("\n  ")) }
        });
        held.unwrap_or_else(|reason| panic!("in {}, {reason}", self.name))
    }

    /// Wait until nothing changes any more, whatever it is.
    pub fn at_rest(&self) -> Observed {
        until(Patience::CHANGE, || Ok(self.observed()))
            .unwrap_or_else(|reason| panic!("{} does not come to rest: {reason}", self.name))
    }
}

/// The cluster's files. When the test fails, the programs' words outlive them.
#[derive(Debug)]
struct Workplace(TempDir);

impl Drop for Workplace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let kept: PathBuf = root().join("target/live-logs").join(test);
        let _ = std::fs::remove_dir_all(&kept);
        let _ = std::fs::create_dir_all(&kept);
        for entry in std::fs::read_dir(self.0.path()).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                let _ = std::fs::copy(entry.path(), kept.join(entry.file_name()));
            }
        }
        eprintln!("the programs' logs are in {}", kept.display());
    }
}
