//! `cargo xtask live`: lbpools held against a living cluster on loopback, by the crate in `tests/live`.
//!
//! The programs are built first, at their pins: some twenty minutes of Go the first time, a second afterwards. That
//! is why no suite of `cargo xtask test` does it.

use std::path::{Path, PathBuf};

use crate::{
    Failure,
    command::{self, cargo, program, root},
    tools::{self, LIVING_CLUSTER, REAL_PROGRAMS},
};

/// Definitions that come with a Go module: the wrapper that pins it, the module, the directory in it, and where its
/// files are put below `target/tools/crds`.
struct Definitions {
    wrapper: &'static str,
    module: &'static str,
    directory: &'static str,
    name: &'static str,
}

const DEFINITIONS: &[Definitions] = &[
    // The release that this Cilium requires; its operator does without the Gateway API where one of them is missing.
    Definitions {
        wrapper: "cilium-operator",
        module: "sigs.k8s.io/gateway-api",
        directory: "config/crd/experimental",
        name: "gateway-api",
    },
    Definitions {
        wrapper: "flux-controllers",
        module: "github.com/fluxcd/kustomize-controller",
        directory: "config/crd/bases",
        name: "kustomize-controller",
    },
    Definitions {
        wrapper: "flux-controllers",
        module: "github.com/fluxcd/source-controller",
        directory: "config/crd/bases",
        name: "source-controller",
    },
];

/// Build what it takes, then run the tests whose names contain the filter.
pub(crate) fn run(filter: Option<&str>) -> Result<(), Failure> {
    REAL_PROGRAMS.iter().chain(LIVING_CLUSTER).try_for_each(tools::build)?;
    DEFINITIONS.iter().try_for_each(copy)?;
    if !command::is_there("openssl", "version") {
        return Err("no openssl: it makes the key that the API server signs with".to_owned());
    }
    command::run(&mut cargo(["build", "--package", "lbpools"]))?;
    let mut test = cargo(["test", "--package", "lbpools-live", "--no-fail-fast", "--"]);
    // Two clusters at a time: each takes a gigabyte, and most of the time is waiting.
    test.args(["--ignored", "--test-threads", "2"]).args(filter);
    command::run(&mut test)
}

fn copy(definitions: &Definitions) -> Result<(), Failure> {
    let from = module(definitions)?.join(definitions.directory);
    let to = tools::directory().join("crds").join(definitions.name);
    let failed = |error: std::io::Error| format!("cannot copy {} to {}: {error}", from.display(), to.display());
    std::fs::create_dir_all(&to).map_err(failed)?;
    for entry in std::fs::read_dir(&from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|it| it == "yaml")) else { continue };
        if name == "kustomization.yaml" {
            continue;
        }
        // Read and written, not copied: the files of Go's module cache are read-only, and a copy would be as well.
        std::fs::write(to.join(name), std::fs::read(&path).map_err(failed)?).map_err(failed)?;
    }
    Ok(())
}

/// Where Go keeps the module.
fn module(definitions: &Definitions) -> Result<PathBuf, Failure> {
    let wrapper = root().join("tests/tools").join(definitions.wrapper);
    let mut download = program("go");
    download.args(["mod", "download", definitions.module]).current_dir(&wrapper);
    command::run(&mut download)?;
    let mut list = program("go");
    list.args(["list", "-m", "-f", "{{.Dir}}", definitions.module]).current_dir(&wrapper);
    let output = list.output().map_err(|error| format!("cannot start go: {error}"))?;
    let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || !Path::new(&directory).is_dir() {
        return Err(format!("Go has no {}: {}", definitions.module, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(PathBuf::from(directory))
}
