//! The real programs, built at their pins into `target/tools`.
//!
//! Each is a Go module of its own under `tests/tools`, with its checksums under version control. Go's build cache makes
//! a second build a matter of a second; a stamp of the pins saves even that, and keeps the command quiet.

use std::path::{Path, PathBuf};

use crate::{
    Failure,
    command::{self, program, root},
};

/// One program to build.
pub(crate) struct Tool {
    /// Its file name in `target/tools`.
    pub(crate) name: &'static str,
    /// Its directory under `tests/tools`.
    source: &'static str,
    /// The package to build; `.` where the wrapper module itself is the program.
    package: &'static str,
    /// Linker flags: what the upstream release build stamps in.
    ldflags: &'static str,
    /// With C code, for which there must be a C compiler. The upstream releases have none.
    cgo: bool,
}

impl Tool {
    /// A program of our own, to drive a library of others.
    const fn own(name: &'static str) -> Self {
        Self { name, source: name, package: ".", ldflags: "", cgo: false }
    }
}

const KPT: Tool = Tool {
    name: "kpt",
    source: "kpt",
    package: "github.com/kptdev/kpt",
    ldflags: "-X github.com/kptdev/kpt/run.version=v1.0.0-beta.60",
    cgo: false,
};

/// What the tests ask.
pub(crate) const REAL_PROGRAMS: &[Tool] = &[
    Tool { package: "sigs.k8s.io/kustomize/kustomize/v5", ..Tool::own("kustomize") },
    Tool { package: "github.com/rhysd/actionlint/cmd/actionlint", ..Tool::own("actionlint") },
    KPT,
    Tool::own("registry"),
    Tool::own("wazero"),
];

/// kpt with the wasmtime that only a build with C code has.
pub(crate) const KPT_WITH_WASMTIME: &[Tool] = &[Tool { name: "kpt-cgo", cgo: true, ..KPT }];

const FLUX: Tool = Tool { source: "flux-controllers", ..Tool::own("source-controller") };

/// What a living cluster on loopback is made of, for `cargo xtask live`: 20 minutes to build the first time.
pub(crate) const LIVING_CLUSTER: &[Tool] = &[
    Tool { package: "go.etcd.io/etcd/server/v3", ..Tool::own("etcd") },
    Tool { package: "k8s.io/kubernetes/cmd/kube-apiserver", ..Tool::own("kube-apiserver") },
    Tool { source: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kubectl", ..Tool::own("kubectl") },
    Tool { package: "github.com/cilium/cilium/operator", ..Tool::own("cilium-operator") },
    Tool { package: "github.com/fluxcd/source-controller", ..FLUX },
    Tool { name: "kustomize-controller", package: "github.com/fluxcd/kustomize-controller", ..FLUX },
    Tool { name: "flux-push", package: "./push", ..FLUX },
    Tool { name: "flux-normalize", package: "./normalize", ..FLUX },
    Tool { source: "../oracle/flux/resources", ..Tool::own("flux-resources") },
    Tool::own("git-server"),
];

/// What the benches are held against: functions that do nothing, on both Go SDKs.
const BASELINES: &[Tool] = &[Tool::own("noop-kyaml"), Tool::own("noop-fnsdk")];

/// What reads our reports: an npm project under `tests/outside`, its versions under version control.
const OUTSIDE: &str = "outside";

/// Where they are put.
pub(crate) fn directory() -> PathBuf {
    root().join("target/tools")
}

/// `cargo xtask tools`.
pub(crate) fn build_all() -> Result<(), Failure> {
    REAL_PROGRAMS.iter().chain(BASELINES).try_for_each(build)?;
    outside()?;
    python()
}

/// `cargo xtask tools --all`: these, and what takes long to build.
pub(crate) fn build_long() -> Result<(), Failure> {
    build_all()?;
    KPT_WITH_WASMTIME.iter().try_for_each(build)
}

/// Install pre-commit and what judges our files for pipelines, into an environment of their own.
pub(crate) fn python() -> Result<(), Failure> {
    let version = match program("python3").arg("--version").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => return Err("no python3: install Python 3.10 or newer".to_owned()),
    };
    let source = root().join("tests/python");
    let target = directory().join("python");
    let stamp_path = directory().join("python.stamp");
    let stamp = stamp(&source, &version)?;
    if target.join("bin").is_dir() && std::fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    command::run(program("python3").args(["-m", "venv"]).arg(&target))?;
    let mut install = program(target.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    command::run(install.arg(source.join("requirements.txt")))?;
    std::fs::write(&stamp_path, stamp).map_err(|error| format!("cannot write {}: {error}", stamp_path.display()))
}

/// Install the readers of our reports, with the scripts that ask them, unless they are there from the same pins.
pub(crate) fn outside() -> Result<(), Failure> {
    let node = match program("node").arg("--version").output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => return Err("no node: install Node.js 20.19 or newer".to_owned()),
    };
    let source = root().join("tests").join(OUTSIDE);
    let target = directory().join(OUTSIDE);
    let stamp_path = directory().join(format!("{OUTSIDE}.stamp"));
    let stamp = stamp(&source, &node)?;
    if target.join("node_modules").is_dir() && std::fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let unwritable = |error: std::io::Error| format!("cannot write {}: {error}", target.display());
    std::fs::create_dir_all(&target).map_err(unwritable)?;
    for entry in std::fs::read_dir(&source).map_err(unwritable)? {
        let entry = entry.map_err(unwritable)?;
        std::fs::copy(entry.path(), target.join(entry.file_name())).map_err(unwritable)?;
    }
    // No package gets to run a script of its own.
    let mut install = program("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&target);
    command::run(&mut install)?;
    std::fs::write(&stamp_path, stamp).map_err(unwritable)
}

/// Build one unless it is there already, from the same pin by the same Go.
pub(crate) fn build(tool: &Tool) -> Result<(), Failure> {
    let go = go_version()?;
    let source = root().join("tests/tools").join(tool.source);
    let binary = directory().join(tool.name);
    let stamp_path = directory().join(format!("{}.stamp", tool.name));
    let stamp = stamp(&source, &format!("{go}\n{} {}\n", tool.package, tool.ldflags))?;
    if binary.is_file() && std::fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    let mut build = program("go");
    // Two compilers at a time: more of them take more memory than a small machine has.
    build.env("CGO_ENABLED", if tool.cgo { "1" } else { "0" }).env("GOFLAGS", go_flags()).args([
        "build",
        "-p",
        "2",
        "-trimpath",
    ]);
    if !tool.ldflags.is_empty() {
        build.args(["-ldflags", tool.ldflags]);
    }
    build.arg("-o").arg(&binary).arg(tool.package).current_dir(&source);
    command::run(&mut build)?;
    std::fs::write(&stamp_path, stamp).map_err(|error| format!("cannot write {}: {error}", stamp_path.display()))
}

/// The user's own flags stay; only the stamp of the version control is off, which fails in an exported tree.
fn go_flags() -> String {
    let own = std::env::var("GOFLAGS").unwrap_or_default();
    format!("{own} -buildvcs=false").trim_start().to_owned()
}

fn go_version() -> Result<String, Failure> {
    match program("go").arg("version").output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        _ => Err("no Go toolchain: install Go 1.25 or newer (https://go.dev/dl)".to_owned()),
    }
}

/// Everything that the binary depends on: the wrapper module's files and how it is built.
fn stamp(source: &Path, how: &str) -> Result<String, Failure> {
    let mut stamp = how.to_owned();
    let mut directories = vec![source.to_path_buf()];
    let mut files = Vec::new();
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", source.display());
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() { directories.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    for file in files {
        stamp.push_str(&std::fs::read_to_string(&file).map_err(unreadable)?);
    }
    Ok(stamp)
}

/// The first of these tools that cannot be had here is one skipped suite, with its reason.
pub(crate) fn missing(tools: &[Tool]) -> Vec<(&'static str, Failure)> {
    tools.iter().filter_map(|tool| Some((tool.name, build(tool).err()?))).collect()
}
