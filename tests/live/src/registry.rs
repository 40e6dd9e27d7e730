//! An OCI registry in memory, for a fleet that is pushed as an artifact instead of a commit.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::tool;

/// It ends when its standard input does, and so with the test.
#[derive(Debug)]
pub(crate) struct Registry {
    process: Child,
    address: String,
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

    /// Where the artifact is read from.
    pub(crate) fn url(&self) -> String {
        format!("oci://{}/fleet", self.address)
    }

    /// Push a directory; gives the revision as Flux writes it.
    pub(crate) fn push(&self, tree: &Path) -> String {
        let reference = format!("{}/fleet:latest", self.address);
        let output = Command::new(tool("flux-push")).arg(reference).arg(tree).output().expect("flux-push starts");
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
