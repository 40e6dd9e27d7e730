//! Flux's source-controller and kustomize-controller, and what came of each Kustomization.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::control_plane::established;
use crate::fleet::Fleet;
use crate::git::{PASSWORD, USER};
use crate::kubectl::Kubectl;
use crate::program::{Keeper, Program, free_port};
use crate::source::Source;
use crate::tool;
use crate::wait::{Patience, until};

/// What came of each Flux Kustomization: nothing to say, or its complaint.
pub type Deliveries = BTreeMap<String, Option<String>>;

/// The Kustomization that Flux starts from, and its source.
const ENTRY: &str = "flux-system";

/// Flux in one cluster, and where it reads from.
#[derive(Debug)]
pub(crate) struct Flux {
    // Dropped in this order: who reads before what is read.
    source_controller: Program,
    kustomize_controller: Program,
    source: Source,
    kubectl: Kubectl,
    /// The entry point in the fleet.
    entry: String,
    bootstrapped: bool,
}

impl Flux {
    /// Start it in a cluster; it reads nothing until the first push.
    pub(crate) fn install(
        cluster: &str,
        source: Source,
        kubectl: &Kubectl,
        directory: &Path,
        keeper: &Arc<Keeper>,
    ) -> Self {
        for definitions in ["source-controller", "kustomize-controller"] {
            let path = tool("crds").join(definitions);
            kubectl.must(["apply", "--server-side", "--filename", path.to_str().expect("a path in UTF-8")]);
        }
        let kinds = [
            "buckets.source.toolkit.fluxcd.io",
            "externalartifacts.source.toolkit.fluxcd.io",
            "gitrepositories.source.toolkit.fluxcd.io",
            "helmcharts.source.toolkit.fluxcd.io",
            "helmrepositories.source.toolkit.fluxcd.io",
            "ocirepositories.source.toolkit.fluxcd.io",
            "kustomizations.kustomize.toolkit.fluxcd.io",
        ];
        established(kubectl, &kinds);
        kubectl.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n");
        let storage = format!("127.0.0.1:{}", free_port());
        let artifacts = directory.join("artifacts");
        std::fs::create_dir(&artifacts).expect("a directory");
        let serving = [
            format!("--storage-path={}", artifacts.display()),
            format!("--storage-addr={storage}"),
            format!("--storage-adv-addr={storage}"),
        ];
        // By default a Kustomization looks every 30 s whether what it waits for is ready.
        let kustomize = ["--requeue-dependency=1s".to_owned()];
        Self {
            source_controller: controller("source-controller", &serving, kubectl, directory, keeper),
            kustomize_controller: controller("kustomize-controller", &kustomize, kubectl, directory, keeper),
            source,
            kubectl: kubectl.clone(),
            entry: format!("kubernetes/clusters/{cluster}"),
            bootstrapped: false,
        }
    }

    /// Edit the fleet so that Flux finds it here.
    pub(crate) fn lead(&self, fleet: &Fleet, cluster: &str) {
        self.source.lead(fleet, cluster);
    }

    /// Push the fleet as it is, and wait until every Kustomization has taken it up, or cannot.
    pub(crate) fn deliver(&mut self, fleet: &Fleet) -> Deliveries {
        let revision = self.source.push(fleet);
        if !self.bootstrapped {
            self.bootstrap(fleet);
        }
        // As `flux reconcile source git flux-system` does it, instead of waiting for the interval.
        self.ask(self.source.kind(), &[ENTRY], &revision);
        let entry = self.wait(&revision, |all| all.iter().filter(|one| name_of(one) == ENTRY).cloned().collect());
        if entry.values().any(Option::is_some) {
            return entry;
        }
        // A Kustomization that read the settings before the entry point had brought the new ones is content with the
        // old ones until its interval is over: `flux reconcile kustomization`, for each that is there.
        let there: Vec<String> = self.kustomizations().iter().map(name_of).filter(|name| name != ENTRY).collect();
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        self.ask("kustomizations.kustomize.toolkit.fluxcd.io", &there, &revision);
        self.wait(&revision, <[Value]>::to_vec)
    }

    /// Push the fleet with nobody to apply it: the source has it, and the Kustomizations stay where they are. Nothing is
    /// applied any more from then on.
    pub(crate) fn push_without_applying(&mut self, fleet: &Fleet) {
        self.kustomize_controller.stop();
        let revision = self.source.push(fleet);
        self.ask(self.source.kind(), &[ENTRY], &revision);
        let fetched = until(Patience::DELIVERY, || {
            self.source_controller.runs()?;
            let source = self.kubectl.get(self.source.kind(), "flux-system", ENTRY);
            let has = source.map(|source| source["status"]["artifact"]["revision"].clone()).unwrap_or_default();
            if has == revision.as_str() { Ok(()) } else { Err(format!("the source has {has}, not {revision}")) }
        });
        fetched.unwrap_or_else(|reason| panic!("Flux does not fetch: {reason}"));
    }

    /// What `flux bootstrap` does after it has installed the controllers: the Secret, then the source and the
    /// Kustomization that it wrote into the repository.
    fn bootstrap(&mut self, fleet: &Fleet) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": ENTRY, "namespace": "flux-system"},
            "stringData": {"username": USER, "password": PASSWORD},
        });
        self.kubectl.apply(&secret.to_string());
        let path = fleet.path().join(&self.entry).join("flux-system");
        self.kubectl.must(["apply", "--server-side", "--kustomize", path.to_str().expect("a path in UTF-8")]);
        self.bootstrapped = true;
    }

    fn ask(&self, kind: &str, names: &[&str], when: &str) {
        if names.is_empty() {
            return;
        }
        let mark = format!("reconcile.fluxcd.io/requestedAt={when}");
        let arguments = ["annotate", "--overwrite", "--namespace=flux-system", "--field-manager=flux", kind];
        self.kubectl.must(arguments.into_iter().chain(names.iter().copied()).chain([mark.as_str()]));
    }

    fn kustomizations(&self) -> Vec<Value> {
        self.kubectl.list("kustomizations.kustomize.toolkit.fluxcd.io")
    }

    fn wait(&mut self, revision: &str, which: impl Fn(&[Value]) -> Vec<Value>) -> Deliveries {
        let (kubectl, kind) = (&self.kubectl, self.source.kind());
        let (reads, applies) = (&mut self.source_controller, &mut self.kustomize_controller);
        let delivered = until(Patience::DELIVERY, || {
            reads.runs()?;
            applies.runs()?;
            let all = kubectl.list("kustomizations.kustomize.toolkit.fluxcd.io");
            deliveries(&which(&all), revision)
        });
        delivered.unwrap_or_else(|reason| {
            let sources = kubectl.list(kind);
            let said: Vec<&Value> = sources.iter().map(|source| &source["status"]["conditions"]).collect();
            panic!("Flux does not deliver: {reason}; its source says {said:?}")
        })
    }
}

fn controller(name: &str, more: &[String], kubectl: &Kubectl, directory: &Path, keeper: &Arc<Keeper>) -> Program {
    let mut command = Command::new(tool(name));
    command.args([
        format!("--metrics-addr=127.0.0.1:{}", free_port()),
        format!("--health-addr=127.0.0.1:{}", free_port()),
        "--enable-leader-election=false".to_owned(),
    ]);
    let temporary = directory.join(format!("{name}.tmp"));
    std::fs::create_dir(&temporary).expect("a directory");
    command.args(more).env("RUNTIME_NAMESPACE", "flux-system").env("KUBECONFIG", kubectl.config());
    command.env("HOME", directory).env("TMPDIR", temporary);
    Program::start(name, command, directory, keeper)
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// What came of each, or which one has not come to its end.
fn deliveries(all: &[Value], revision: &str) -> Result<Deliveries, String> {
    if all.is_empty() {
        return Err("there is no Kustomization".to_owned());
    }
    let mut deliveries = Deliveries::new();
    let mut waiting = Vec::new();
    for kustomization in all {
        let name = name_of(kustomization);
        if kustomization["metadata"]["deletionTimestamp"].is_string() {
            return Err(format!("Kustomization {name} is being deleted"));
        }
        if kustomization["spec"]["suspend"] == true {
            deliveries.insert(name, None);
            continue;
        }
        let status = &kustomization["status"];
        let conditions = status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
        let current = status["observedGeneration"] == kustomization["metadata"]["generation"];
        let asked = &kustomization["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
        let heard = asked != revision || status["lastHandledReconcileAt"] == revision;
        let Some(ready) = ready.filter(|_| current && heard) else {
            return Err(format!("Kustomization {name} has not been looked at"));
        };
        let message = ready["message"].as_str().unwrap_or_default().to_owned();
        match ready["status"].as_str() {
            Some("True") if status["lastAppliedRevision"] == revision => _ = deliveries.insert(name, None),
            Some("False") if ready["reason"] == "DependencyNotReady" => waiting.push((kustomization, message)),
            Some("False") if status["lastAttemptedRevision"] == revision => {
                deliveries.insert(name, Some(message));
            }
            _ => return Err(format!("Kustomization {name}: {message}")),
        }
    }
    // One that waits has come to its end only when what it waits for has failed, directly or further on.
    let fails = |kustomization: &Value, deliveries: &Deliveries| {
        let dependencies = kustomization["spec"]["dependsOn"].as_array().into_iter().flatten();
        dependencies.filter_map(|it| it["name"].as_str()).any(|it| matches!(deliveries.get(it), Some(Some(_))))
    };
    while let Some(position) = waiting.iter().position(|(kustomization, _)| fails(kustomization, &deliveries)) {
        let (kustomization, message) = waiting.swap_remove(position);
        deliveries.insert(name_of(kustomization), Some(message));
    }
    match waiting.first() {
        Some((kustomization, message)) => Err(format!("Kustomization {}: {message}", name_of(kustomization))),
        None => Ok(deliveries),
    }
}
