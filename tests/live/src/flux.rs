//! Flux's source-controller and kustomize-controller, and the registry that they read from.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::Value;

use crate::control_plane::established;
use crate::kubectl::Kubectl;
use crate::program::{Keeper, Program, free_port};
use crate::tool;
use crate::wait::{Patience, until};

/// What came of each Flux Kustomization: nothing to say, or its complaint.
pub type Deliveries = BTreeMap<String, Option<String>>;

/// A registry in memory. It ends when its standard input does.
#[derive(Debug)]
pub(crate) struct Registry {
    process: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(tool("registry"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the registry starts");
        let mut address = String::new();
        let mut words = BufReader::new(process.stdout.take().expect("a pipe"));
        words.read_line(&mut address).expect("it says its address");
        Self { process, address: address.trim().to_owned() }
    }

    /// Push a directory; gives the revision as Flux writes it.
    pub(crate) fn push(&self, directory: &Path) -> String {
        let reference = format!("{}/fleet:latest", self.address);
        let output = Command::new(tool("flux-push")).arg(reference).arg(directory).output().expect("flux-push starts");
        assert!(output.status.success(), "flux-push: {}", String::from_utf8_lossy(&output.stderr));
        format!("latest@{}", String::from_utf8_lossy(&output.stdout).trim())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The controllers of one cluster.
#[derive(Debug)]
pub(crate) struct Flux {
    programs: Vec<Program>,
    kubectl: Kubectl,
}

impl Flux {
    pub(crate) fn install(kubectl: &Kubectl, directory: &Path, keeper: &Arc<Keeper>) -> Self {
        for definitions in ["source-controller", "kustomize-controller"] {
            let path = tool("crds").join(definitions);
            kubectl.must(["apply", "--server-side", "--filename", path.to_str().expect("a path in UTF-8")]);
        }
        established(
            kubectl,
            &["ocirepositories.source.toolkit.fluxcd.io", "kustomizations.kustomize.toolkit.fluxcd.io"],
        );
        kubectl.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n");
        let storage = free_port();
        let artifacts = directory.join("artifacts");
        std::fs::create_dir(&artifacts).expect("a directory");
        let controller = |name: &str, arguments: &[String]| {
            let mut command = Command::new(tool(name));
            command.args([
                format!("--metrics-addr=127.0.0.1:{}", free_port()),
                format!("--health-addr=127.0.0.1:{}", free_port()),
                "--enable-leader-election=false".to_owned(),
            ]);
            command.args(arguments);
            let temporary = directory.join(format!("{name}.tmp"));
            std::fs::create_dir(&temporary).expect("a directory");
            command.env("RUNTIME_NAMESPACE", "flux-system").env("KUBECONFIG", kubectl.config());
            command.env("HOME", directory).env("TMPDIR", temporary);
            Program::start(name, command, directory, keeper)
        };
        let programs = vec![
            // By default a Kustomization looks every 30 s whether what it waits for is ready.
            controller("kustomize-controller", &["--requeue-dependency=1s".to_owned()]),
            controller(
                "source-controller",
                &[
                    format!("--storage-path={}", artifacts.display()),
                    format!("--storage-addr=127.0.0.1:{storage}"),
                    format!("--storage-adv-addr=127.0.0.1:{storage}"),
                ],
            ),
        ];
        Self { programs, kubectl: kubectl.clone() }
    }

    /// Wait until every Kustomization has taken up a revision, or cannot.
    pub(crate) fn delivered(&mut self, revision: &str) -> Result<Deliveries, String> {
        self.kubectl.must([
            "annotate",
            "--overwrite",
            "--namespace=flux-system",
            "ocirepository/flux-system",
            &format!("reconcile.fluxcd.io/requestedAt={revision}"),
        ]);
        let programs = &mut self.programs;
        until(Patience::CHANGE, || {
            for program in programs.iter_mut() {
                program.runs()?;
            }
            let all = self.kubectl.list("kustomizations.kustomize.toolkit.fluxcd.io");
            if all.is_empty() {
                return Err("there is no Kustomization".to_owned());
            }
            deliveries(&all, revision)
        })
    }
}

/// What came of each, or which one is not there yet.
fn deliveries(all: &[Value], revision: &str) -> Result<Deliveries, String> {
    let mut deliveries = Deliveries::new();
    let mut waiting = Vec::new();
    for kustomization in all {
        let name = kustomization["metadata"]["name"].as_str().unwrap_or_default().to_owned();
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
        let Some(ready) = ready.filter(|_| current) else {
            return Err(format!("Kustomization {name} has not been looked at"));
        };
        let message = ready["message"].as_str().unwrap_or_default().to_owned();
        let attempted = status["lastAttemptedRevision"] == revision;
        match ready["status"].as_str() {
            Some("True") if status["lastAppliedRevision"] == revision => {
                deliveries.insert(name, None);
            }
            Some("False") if attempted && ready["reason"] != "DependencyNotReady" => {
                deliveries.insert(name, Some(message));
            }
            Some("False") if ready["reason"] == "DependencyNotReady" => waiting.push((name, kustomization, message)),
            _ => return Err(format!("Kustomization {name}: {message}")),
        }
    }
    // One that waits has come to its end only when what it waits for has failed, directly or further on.
    while let Some(position) = waiting.iter().position(|(_, kustomization, _)| {
        let dependencies = kustomization["spec"]["dependsOn"].as_array().map(Vec::as_slice).unwrap_or_default();
        dependencies.iter().filter_map(|it| it["name"].as_str()).any(|it| matches!(deliveries.get(it), Some(Some(_))))
    }) {
        let (name, _, message) = waiting.swap_remove(position);
        deliveries.insert(name, Some(message));
    }
    match waiting.first() {
        Some((name, _, message)) => Err(format!("Kustomization {name}: {message}")),
        None => Ok(deliveries),
    }
}

/// The directory that Flux starts from in a cluster.
pub(crate) fn entry_point(cluster: &str) -> PathBuf {
    Path::new("kubernetes/clusters").join(cluster)
}
