//! A living cluster, read and tried, against an API server that does what real ones do on a bad day.

#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "living/program.rs"]
mod program;
#[path = "living/reading.rs"]
mod reading;
#[path = "living/rights.rs"]
mod rights;
#[path = "living/server.rs"]
mod server;
#[path = "living/smoke_test.rs"]
mod smoke_test;

use std::time::Duration;

use lbpools::living::{Cluster, Patience, Place};
use serde_json::{Value, json};

use server::{Server, State};

/// As short as a test wants it.
fn patience() -> Patience {
    Patience {
        answer: Duration::from_millis(400),
        pauses: [5, 5, 5].map(Duration::from_millis).to_vec(),
        longest: Duration::from_secs(2),
        going: Duration::from_millis(600),
    }
}

fn find(server: &Server) -> Cluster {
    let place = Place { kubeconfig: Some(server.kubeconfig()), context: Some("test".into()) };
    Cluster::find(&place, patience()).unwrap()
}

/// Every list that lbpools reads, as a cluster with Cilium 1.18, Gateway API and Flux 2.6 has them.
const LISTS: &[&str] = &[
    "/apis/cilium.io/v2/ciliumloadbalancerippools",
    "/api/v1/services",
    "/apis/gateway.networking.k8s.io/v1/gateways",
    "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
    "/apis/cilium.io/v2alpha1/ciliumgatewayclassconfigs",
    "/apis/networking.k8s.io/v1/ingresses",
    "/apis/networking.k8s.io/v1/ingressclasses",
    "/apis/cilium.io/v2alpha1/ciliuml2announcementpolicies",
    "/apis/cilium.io/v2/ciliumbgpclusterconfigs",
    "/apis/cilium.io/v2/ciliumbgppeerconfigs",
    "/apis/cilium.io/v2/ciliumbgpadvertisements",
    "/apis/cilium.io/v2/ciliumbgpnodeconfigoverrides",
    "/apis/cilium.io/v2alpha1/ciliumbgppeeringpolicies",
    "/api/v1/nodes",
    "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
    "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
    "/apis/source.toolkit.fluxcd.io/v1/ocirepositories",
    "/apis/apps/v1/deployments",
    "/api/v1/configmaps",
];

/// A small cluster with something of what matters.
fn cluster() -> State {
    with_services(3)
}

/// One whose Services take three pages.
fn crowded() -> State {
    with_services(1201)
}

fn with_services(services: usize) -> State {
    let empty = LISTS.iter().fold(State::default(), |state, list| state.with(list, []));
    let operator = json!({
        "metadata": {"name": "cilium-operator", "namespace": "kube-system", "labels": {"io.cilium/app": "operator"}},
        "spec": {"template": {"spec": {"containers": [{"image": "quay.io/cilium/operator-generic:v1.18.11"}]}}}
    });
    let kustomization = json!({
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {"postBuild": {"substituteFrom": [{"kind": "ConfigMap", "name": "cluster-settings"}]}}
    });
    empty
        .with("/apis/cilium.io/v2/ciliumloadbalancerippools", [json!({"metadata": {"name": "services"}})])
        .with("/api/v1/services", (0..services).map(service))
        .with("/apis/apps/v1/deployments", [operator])
        .with("/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations", [kustomization])
        .with(
            "/api/v1/configmaps",
            [
                config_map("kube-system", "cilium-config", "enable-gateway-api"),
                config_map("flux-system", "cluster-settings", "CLUSTER"),
                config_map("default", "nobodys-business", "password"),
            ],
        )
}

fn service(number: usize) -> Value {
    json!({
        "metadata": {
            "name": format!("s{number}"), "namespace": "media", "managedFields": [{"manager": "kubectl"}]
        },
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}
    })
}

fn config_map(namespace: &str, name: &str, key: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace}, "data": {key: "value"}})
}

fn read_role() -> rights::Rights {
    rights::Rights::of(include_str!("../docs/verify-clusterrole.yaml"))
}

fn smoke_test_role() -> rights::Rights {
    rights::Rights::of(include_str!("../docs/verify-smoke-test-role.yaml"))
}
