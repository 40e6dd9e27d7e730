//! The smoke test: a Deployment that answers over HTTP and a Service of type LoadBalancer in front of it.
//!
//! `netexec` of Kubernetes' test image says who asks (`/clientip`) and who answers (`/hostname`), which is what
//! one wants to know of a load balancer. The pod keeps to the restricted Pod Security Standard, so that it starts
//! in any namespace.

use serde::Serialize;

use super::metadata::{Metadata, Origin, Texts};
use super::target::Reader;
use crate::config;

/// The label by which the Service finds its pod.
const NAME_LABEL: &str = "app.kubernetes.io/name";

/// apps/v1 Deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Deployment {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: DeploymentSpec,
}

/// Its `spec`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct DeploymentSpec {
    pub replicas: u32,
    pub selector: MatchLabels,
    pub template: Template,
}

/// A selector by labels alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct MatchLabels {
    pub match_labels: Texts,
}

/// The pod.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Template {
    pub metadata: Labelled,
    pub spec: PodSpec,
}

/// The pod's `metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Labelled {
    pub labels: Texts,
}

/// The pod's `spec`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PodSpec {
    pub automount_service_account_token: bool,
    pub security_context: PodSecurity,
    pub containers: [Container; 1],
}

/// What the restricted Pod Security Standard asks of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PodSecurity {
    pub run_as_non_root: bool,
    pub run_as_user: u32,
    pub seccomp_profile: SeccompProfile,
}

/// A seccomp profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct SeccompProfile {
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// The container.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Container {
    pub name: &'static str,
    pub image: String,
    pub args: [&'static str; 2],
    pub ports: [ContainerPort; 1],
    pub readiness_probe: Probe,
    pub resources: Resources,
    pub security_context: ContainerSecurity,
}

/// A port of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ContainerPort {
    pub name: &'static str,
    pub container_port: u16,
}

/// When the pod counts as ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Probe {
    pub http_get: HttpGet,
}

/// A request over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct HttpGet {
    pub path: &'static str,
    pub port: &'static str,
}

/// What the container takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Resources {
    pub requests: Texts,
    pub limits: Texts,
}

/// What the restricted Pod Security Standard asks of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ContainerSecurity {
    pub allow_privilege_escalation: bool,
    pub capabilities: Capabilities,
}

/// Linux capabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Capabilities {
    pub drop: [&'static str; 1],
}

/// v1 Service.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Service {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: Metadata,
    pub spec: ServiceSpec,
}

/// Its `spec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ServiceSpec {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub selector: Texts,
    pub ports: [ServicePort; 1],
}

/// A port of the Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ServicePort {
    pub name: &'static str,
    pub port: u16,
    pub target_port: &'static str,
}

/// The Deployment that the config asks for.
pub(super) fn deployment(test: &config::SmokeTest, origin: &Origin<'_>, read: &Reader<'_>) -> Deployment {
    let labels = Texts::default().with(NAME_LABEL, test.name());
    Deployment {
        api_version: "apps/v1",
        kind: "Deployment",
        metadata: metadata(test, labels.clone(), origin.mark(Texts::default())),
        spec: DeploymentSpec {
            replicas: 1,
            selector: MatchLabels { match_labels: labels.clone() },
            template: Template {
                metadata: Labelled { labels },
                spec: PodSpec {
                    automount_service_account_token: false,
                    security_context: PodSecurity {
                        run_as_non_root: true,
                        run_as_user: 65532,
                        seccomp_profile: SeccompProfile { kind: "RuntimeDefault" },
                    },
                    containers: [container(read.text(test.image()))],
                },
            },
        },
    }
}

fn container(image: String) -> Container {
    let memory = Texts::default().with("memory", "32Mi");
    Container {
        name: "echo",
        image,
        args: ["netexec", "--http-port=8080"],
        ports: [ContainerPort { name: "http", container_port: 8080 }],
        readiness_probe: Probe { http_get: HttpGet { path: "/healthz", port: "http" } },
        resources: Resources { requests: Texts::default().with("cpu", "10m").with("memory", "32Mi"), limits: memory },
        security_context: ContainerSecurity {
            allow_privilege_escalation: false,
            capabilities: Capabilities { drop: ["ALL"] },
        },
    }
}

/// The Service that the config asks for. `addresses` is the annotation by which it asks for an address.
pub(super) fn service(test: &config::SmokeTest, addresses: &str, origin: &Origin<'_>, read: &Reader<'_>) -> Service {
    let pod = Texts::default().with(NAME_LABEL, test.name());
    let labels = test.labels.iter().fold(pod.clone(), |all, (key, value)| all.with(key, read.text(value)));
    let asked = test.address.as_deref().map(|address| read.text(address));
    Service {
        api_version: "v1",
        kind: "Service",
        metadata: metadata(test, labels, origin.mark(Texts::default().with_some(addresses, asked))),
        spec: ServiceSpec {
            kind: "LoadBalancer",
            selector: pod,
            ports: [ServicePort { name: "http", port: 80, target_port: "http" }],
        },
    }
}

fn metadata(test: &config::SmokeTest, labels: Texts, annotations: Texts) -> Metadata {
    Metadata { name: test.name().to_owned(), namespace: Some(test.namespace().to_owned()), labels, annotations }
}
