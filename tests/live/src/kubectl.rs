//! The tests' own hand in the cluster: the real kubectl.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::tool;

/// kubectl for one cluster.
#[derive(Debug, Clone)]
pub struct Kubectl {
    config: PathBuf,
    home: PathBuf,
}

/// What it said.
#[derive(Debug)]
pub struct Said {
    /// It exited with 0.
    pub ok: bool,
    /// Its answer.
    pub stdout: String,
    /// Its complaints.
    pub stderr: String,
}

impl Kubectl {
    pub(crate) fn new(config: &Path, home: &Path) -> Self {
        Self { config: config.to_path_buf(), home: home.to_path_buf() }
    }

    /// How to reach the cluster.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Run it.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Said {
        self.feed(arguments, "")
    }

    /// Run it with something on standard input.
    pub fn feed<'a>(&self, arguments: impl IntoIterator<Item = &'a str>, input: &str) -> Said {
        let mut command = Command::new(tool("kubectl"));
        // The discovery cache goes where the rest of the cluster goes.
        command.env("HOME", &self.home).env("KUBECONFIG", &self.config).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("kubectl reads");
        let output = child.wait_with_output().expect("kubectl ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { ok: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Run it; it must succeed.
    pub fn must<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let said = self.run(arguments);
        assert!(said.ok, "kubectl: {}", said.stderr);
        said.stdout
    }

    /// Apply a stream; it must succeed.
    pub fn apply(&self, stream: &str) {
        let said = self.feed(["apply", "--server-side", "--force-conflicts", "--filename=-"], stream);
        assert!(said.ok, "kubectl apply: {}", said.stderr);
    }

    /// Every object of a kind in all namespaces.
    pub fn list(&self, kind: &str) -> Vec<Value> {
        let said = self.must(["get", kind, "--all-namespaces", "--output=json"]);
        let mut list: Value = serde_json::from_str(&said).expect("kubectl writes JSON");
        match list["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        }
    }

    /// One object.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let mut arguments = vec!["get", kind, name, "--output=json", "--ignore-not-found"];
        if !namespace.is_empty() {
            arguments.extend(["--namespace", namespace]);
        }
        let said = self.must(arguments);
        (!said.trim().is_empty()).then(|| serde_json::from_str(&said).expect("kubectl writes JSON"))
    }
}
