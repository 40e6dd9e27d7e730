//! etcd and the Kubernetes API server. Nothing else of Kubernetes: no scheduler, no kubelet, no controller manager.
//! So nothing fills endpoints, collects what lost its owner, or finishes the deletion of a namespace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::json;

use crate::kubectl::Kubectl;
use crate::program::{Keeper, Program, free_port};
use crate::wait::{Patience, until};
use crate::{tool, wait};

/// Who the tests and the controllers are to the API server, which listens on loopback only and lives for a minute.
const TOKEN: &str = "loopback";

/// The two programs, and how to reach them.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    // Dropped in this order: the API server does not end well without its store.
    api_server: Program,
    _etcd: Program,
    pub(crate) kubectl: Kubectl,
    directory: PathBuf,
    keeper: Arc<Keeper>,
    /// Where etcd listens, and where the API server does.
    ports: (u16, u16),
}

impl ControlPlane {
    pub(crate) fn start(directory: &Path, keeper: &Arc<Keeper>) -> Self {
        let (client, peer, port) = (free_port(), free_port(), free_port());
        let mut etcd = Command::new(tool("etcd"));
        etcd.arg("--data-dir").arg(directory.join("etcd")).arg("--unsafe-no-fsync").args([
            format!("--listen-client-urls=http://127.0.0.1:{client}"),
            format!("--advertise-client-urls=http://127.0.0.1:{client}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
        ]);
        let etcd = Program::start("etcd", etcd, directory, keeper);

        let key = directory.join("service-account.key");
        let made = Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("2048").output();
        assert!(made.is_ok_and(|output| output.status.success()), "openssl makes no key");
        let tokens = directory.join("tokens.csv");
        std::fs::write(&tokens, format!("{TOKEN},admin,1,\"system:masters\"\n")).expect("a file");
        let config = directory.join("kubeconfig");
        std::fs::write(&config, kubeconfig(port, TOKEN).to_string()).expect("a kubeconfig");
        let kubectl = Kubectl::new(&config, directory);
        let api_server = api_server(directory, keeper, (client, port));
        let (directory, keeper) = (directory.to_path_buf(), Arc::clone(keeper));
        let mut started = Self { api_server, _etcd: etcd, kubectl, directory, keeper, ports: (client, port) };
        started.ready();
        started
    }

    /// Stop the API server. What is in the cluster stays in its store.
    pub(crate) fn stop_api_server(&mut self) {
        self.api_server.stop();
    }

    /// Start it again, where it was.
    pub(crate) fn start_api_server(&mut self) {
        self.api_server = api_server(&self.directory, &self.keeper, self.ports);
        self.ready();
    }

    fn ready(&mut self) {
        let (server, kubectl) = (&mut self.api_server, &self.kubectl);
        let ready = until(Patience::START, || {
            server.runs()?;
            let said = kubectl.run(["get", "--raw", "/readyz"]);
            let namespaces = kubectl.run(["get", "namespace", "kube-system", "default"]);
            if said.ok && namespaces.ok { Ok(()) } else { Err(format!("not ready: {}", said.stderr)) }
        });
        ready.unwrap_or_else(|reason| panic!("the API server: {reason}"));
    }

    /// A kubeconfig for a ServiceAccount, with a token as the API server gives it.
    pub(crate) fn kubeconfig_of(&self, namespace: &str, account: &str) -> PathBuf {
        let token = self.kubectl.must(["create", "token", account, "--namespace", namespace]);
        let config = self.directory.join(format!("kubeconfig-{account}"));
        std::fs::write(&config, kubeconfig(self.ports.1, token.trim()).to_string()).expect("a kubeconfig");
        config
    }
}

/// Start the API server with its store here and itself there.
fn api_server(directory: &Path, keeper: &Arc<Keeper>, (store, port): (u16, u16)) -> Program {
    let (key, tokens) = (directory.join("service-account.key"), directory.join("tokens.csv"));
    let mut server = Command::new(tool("kube-apiserver"));
    server.arg("--cert-dir").arg(directory.join("certificates"));
    server.arg(format!("--token-auth-file={}", tokens.display()));
    // No controller manager makes service accounts, and none is needed; the flags are not optional.
    server.arg(format!("--service-account-key-file={}", key.display()));
    server.arg(format!("--service-account-signing-key-file={}", key.display())).args([
        &format!("--etcd-servers=http://127.0.0.1:{store}"),
        &format!("--secure-port={port}"),
        "--bind-address=127.0.0.1",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none",
        "--disable-admission-plugins=ServiceAccount",
        // A test that stops the server waits for this.
        "--shutdown-delay-duration=0s",
    ]);
    Program::start("kube-apiserver", server, directory, keeper)
}

fn kubeconfig(port: u16, token: &str) -> serde_json::Value {
    // Its certificate is its own and lives as long as it does.
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "live",
        "clusters": [{"name": "live", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "insecure-skip-tls-verify": true,
        }}],
        "users": [{"name": "live", "user": {"token": token}}],
        "contexts": [{"name": "live", "context": {"cluster": "live", "user": "live"}}],
    })
}

/// Wait until the API server serves what these definitions define.
pub(crate) fn established(kubectl: &Kubectl, definitions: &[&str]) {
    let names = definitions.iter().map(|name| format!("crd/{name}"));
    let arguments: Vec<String> = names.collect();
    let served = wait::until(Patience::START, || {
        let mut command = vec!["wait", "--for=condition=Established", "--timeout=1s"];
        command.extend(arguments.iter().map(String::as_str));
        let said = kubectl.run(command);
        if said.ok { Ok(()) } else { Err(said.stderr) }
    });
    served.unwrap_or_else(|reason| panic!("definitions are not served: {reason}"));
}
