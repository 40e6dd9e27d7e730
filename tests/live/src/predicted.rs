//! What lbpools says, asked as anyone asks it: the binary and its JSON.

use std::path::Path;
use std::process::Command;

use lbpools_function::report::{ClusterDifference, ClusterReport, Report};

use crate::lbpools;

/// `lbpools check DIR`. With error findings, too, it says who gets what.
pub fn check(directory: &Path) -> Report {
    report(&["check"], directory)
}

/// One cluster of `lbpools check DIR`.
pub fn cluster(directory: &Path, name: &str) -> ClusterReport {
    let report = check(directory);
    let cluster = report.clusters.into_iter().find(|cluster| cluster.name == name);
    cluster.unwrap_or_else(|| panic!("lbpools knows no cluster {name}"))
}

/// One cluster of `lbpools plan DIR --from BEFORE`: nothing when nothing changes there.
pub fn change(before: &Path, after: &Path, name: &str) -> Option<ClusterDifference> {
    let before = before.to_str().expect("a path in UTF-8");
    let report = report(&["plan", "--from", before], after);
    let difference = report.difference.expect("a plan from a tree has a difference");
    difference.clusters.into_iter().find(|cluster| cluster.name == name)
}

/// The cluster of `lbpools plan DIR --live`, from the cluster as it is: nothing when nothing changes there.
pub fn from_living(directory: &Path, kubeconfig: &Path, name: &str) -> Option<ClusterDifference> {
    let kubeconfig = kubeconfig.to_str().expect("a path in UTF-8");
    let report = report(&["plan", "--live", "live", "--kubeconfig", kubeconfig, "--cluster", name], directory);
    let difference = report.difference.expect("a plan from a cluster has a difference");
    difference.clusters.into_iter().find(|cluster| cluster.name == name)
}

fn report(arguments: &[&str], directory: &Path) -> Report {
    let mut command = Command::new(lbpools());
    let output = command.args(arguments).args(["--format", "json"]).arg(directory).output().expect("lbpools starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "lbpools {arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("lbpools writes its report")
}
