//! The Cilium operator: it alone gives addresses and makes the Services of Gateways and Ingresses. No agent runs, so
//! nothing is announced and nothing is reachable.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::control_plane::established;
use crate::kubectl::Kubectl;
use crate::program::{Keeper, Program, free_port};
use crate::tool;
use crate::wait::{Patience, until};

/// What Cilium's chart writes into its ConfigMap for the bootstrap values of the fleet, as far as the operator reads
/// it. The secrets' synchronisation is off: it wants a namespace of its own and is about certificates.
const SETTINGS: &[(&str, &str)] = &[
    ("default-lb-service-ipam", "lbipam"),
    ("enable-bgp-control-plane", "true"),
    ("enable-envoy-config", "true"),
    ("enable-gateway-api", "true"),
    ("enable-gateway-api-secrets-sync", "false"),
    ("enable-ingress-controller", "true"),
    ("enable-ingress-secrets-sync", "false"),
    ("enable-ipv4", "true"),
    ("enable-ipv6", "false"),
    ("enable-l2-announcements", "false"),
    ("enable-l7-proxy", "true"),
    ("enable-node-port", "true"),
    ("identity-allocation-mode", "crd"),
    ("ipam", "kubernetes"),
    ("kube-proxy-replacement", "true"),
];

/// What the operator defines itself, and this crate asks for.
const DEFINITIONS: &[&str] = &[
    "ciliumloadbalancerippools.cilium.io",
    "ciliumbgpadvertisements.cilium.io",
    "ciliumbgpclusterconfigs.cilium.io",
    "ciliumbgppeerconfigs.cilium.io",
];

/// The chart makes the classes, not the operator.
const CLASSES: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: cilium}
spec: {controllerName: io.cilium/gateway-controller}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: cilium}
spec: {controller: cilium.io/ingress-controller}
";

/// The operator runs beside the cluster here. In a cluster it is a Deployment, which says its version.
const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cilium-operator
  namespace: kube-system
  labels: {io.cilium/app: operator, name: cilium-operator}
spec:
  selector: {matchLabels: {io.cilium/app: operator, name: cilium-operator}}
  template:
    metadata: {labels: {io.cilium/app: operator, name: cilium-operator}}
    spec:
      containers: [{name: cilium-operator, image: quay.io/cilium/operator-generic:v1.18.11}]
";

/// What LB-IPAM says when it has read what there is and begins to serve.
const LB_IPAM_SERVES: &str = "LB-IPAM done initializing";

/// The operator of one cluster.
#[derive(Debug)]
pub(crate) struct Operator {
    program: Option<Program>,
    directory: PathBuf,
    keeper: Arc<Keeper>,
    kubectl: Kubectl,
    /// How often it has been started: each start has a log of its own.
    starts: u32,
}

impl Operator {
    /// Prepare the cluster as the chart would, and start it.
    pub(crate) fn install(kubectl: &Kubectl, directory: &Path, keeper: &Arc<Keeper>) -> Self {
        let definitions = tool("crds").join("gateway-api");
        let definitions = definitions.to_str().expect("a path in UTF-8");
        kubectl.must(["apply", "--server-side", "--filename", definitions]);
        established(kubectl, &["gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"]);
        kubectl.apply(CLASSES);
        let settings: serde_json::Map<String, serde_json::Value> =
            SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        kubectl.apply(
            &serde_json::json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "cilium-config", "namespace": "kube-system"},
                "data": settings,
            })
            .to_string(),
        );
        kubectl.apply(DEPLOYMENT);
        let config = directory.join("cilium-config");
        std::fs::create_dir(&config).expect("a directory");
        for (key, value) in SETTINGS {
            std::fs::write(config.join(key), value).expect("a setting");
        }
        let mut operator = Self {
            program: None,
            directory: directory.to_path_buf(),
            keeper: Arc::clone(keeper),
            kubectl: kubectl.clone(),
            starts: 0,
        };
        operator.start();
        established(kubectl, DEFINITIONS);
        operator
    }

    /// Start it where it is not running.
    pub(crate) fn start(&mut self) {
        let mut command = Command::new(tool("cilium-operator"));
        command.arg("--config-dir").arg(self.directory.join("cilium-config"));
        command.arg("--k8s-kubeconfig-path").arg(self.kubectl.config());
        command.arg(format!("--operator-api-serve-addr=127.0.0.1:{}", free_port())).arg("--enable-metrics=false");
        // Where its lease is; without it that is `default`.
        command.env("CILIUM_K8S_NAMESPACE", "kube-system").env("HOME", &self.directory);
        self.starts += 1;
        let name = format!("cilium-operator-{}", self.starts);
        self.program = Some(Program::start(&name, command, &self.directory, &self.keeper));
    }

    /// Stop it.
    pub(crate) fn stop(&mut self) {
        self.program.take().expect("it runs").stop();
    }

    /// Stop it, and start it again.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start();
        self.serves();
    }

    /// Wait until LB-IPAM serves: it sleeps as long as there is no pool.
    pub(crate) fn serves(&mut self) {
        let program = self.program.as_mut().expect("it runs");
        let serves = until(Patience::START, || {
            program.runs()?;
            if program.words().contains(LB_IPAM_SERVES) { Ok(()) } else { Err("LB-IPAM does not serve".to_owned()) }
        });
        serves.unwrap_or_else(|reason| panic!("the operator: {reason}"));
    }
}
