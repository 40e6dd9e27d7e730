//! Cilium's real LB-IPAM controller of one version, as a program that answers scenarios.
//!
//! The controller is not exported, so it is compiled as a package of ours: an overlay file maps names in a module
//! of ours to the sources in Go's module cache. No source of Cilium is copied.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::scenario::{Outcome, Scenario};

/// Minor version, exact version, and which of the shim's dialects it speaks.
pub(crate) const VERSIONS: [(&str, &str, &str); 6] = [
    ("1.15", "1.15.19", "1.15"),
    ("1.16", "1.16.19", "1.15"),
    ("1.17", "1.17.16", "1.17"),
    ("1.18", "1.18.11", "1.18"),
    ("1.19", "1.19.7", "1.19"),
    ("1.20", "1.20.2", "1.19"),
];

/// Cilium's module.
const CILIUM: &str = "github.com/cilium/cilium";

/// A running program.
pub(crate) struct Program {
    child: Child,
    questions: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

/// The folder of this suite.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cilium")
}

fn go(arguments: &[&str], directory: &Path) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("go");
    command.args(arguments).current_dir(directory).env("GOWORK", "off");
    let flags = std::env::var("GOFLAGS").unwrap_or_default();
    command.env("GOFLAGS", format!("{flags} -buildvcs=false").trim_start());
    // An older Go fetches the one that the module asks for; a distribution's would refuse unless told.
    if std::env::var_os("GOTOOLCHAIN").is_none() {
        command.env("GOTOOLCHAIN", "auto");
    }
    let output = command.output().context("cannot run go")?;
    if !output.status.success() {
        bail!(
            "`go {}` in {} failed:\n{}",
            arguments.join(" "),
            directory.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

impl Program {
    /// Why it cannot be had here, if so.
    pub(crate) fn unavailable() -> Option<String> {
        match Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => None,
            _ => Some("Cilium's controller is built with Go, and there is no `go` command here".to_owned()),
        }
    }

    /// Have Go fetch what this version is built from; an error is a reason for which it cannot be had here.
    pub(crate) fn fetch(minor: &str) -> Result<(), String> {
        let Some((_, version, _)) = VERSIONS.iter().find(|(known, ..)| *known == minor) else { return Ok(()) };
        let (module, wanted) = (root().join(format!("v{minor}")), format!("{CILIUM}@v{version}"));
        let fetched = go(&["mod", "download", &wanted], &module);
        fetched.map(|_| ()).map_err(|error| format!("Cilium {version} cannot be had: {error:#}"))
    }

    /// Build it; minutes the first time.
    pub(crate) fn build(minor: &str) -> anyhow::Result<PathBuf> {
        let Some((_, version, dialect)) = VERSIONS.iter().find(|(known, ..)| *known == minor) else {
            bail!("--profile is one of 1.15 to 1.20, not {minor}");
        };
        let module = root().join(format!("v{minor}"));
        let target = root().join("../../../target/oracle/cilium");
        std::fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        let target = target.canonicalize()?;
        let overlay = target.join(format!("overlay-{minor}.json"));
        std::fs::write(&overlay, overlay_of(&module.canonicalize()?, version, dialect)?.to_string())?;
        let program = target.join(format!("oracle-{minor}"));
        eprintln!("building Cilium {version}'s LB-IPAM (minutes the first time)");
        let (overlay, output) = (format!("-overlay={}", overlay.display()), program.display().to_string());
        go(&["build", "-p=2", "-mod=readonly", &overlay, "-ldflags=-s -w", "-o", &output, "."], &module)?;
        Ok(program)
    }

    pub(crate) fn start(path: &Path) -> anyhow::Result<Program> {
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let questions = child.stdin.take().context("no standard input")?;
        let answers = child.stdout.take().context("no standard output")?;
        Ok(Program { child, questions: Some(BufWriter::new(questions)), answers: BufReader::new(answers) })
    }

    /// What the real controller does in this scenario.
    pub(crate) fn ask(&mut self, scenario: &Scenario) -> anyhow::Result<Outcome> {
        let mut answers = self.ask_all(std::slice::from_ref(scenario))?;
        answers.pop().context("no answer")
    }

    /// What it does in each of these. They are written while the answers are read, so that neither side waits for the
    /// other at each one.
    pub(crate) fn ask_all(&mut self, scenarios: &[Scenario]) -> anyhow::Result<Vec<Outcome>> {
        let questions = self.questions.as_mut().context("the program was stopped")?;
        let answers = &mut self.answers;
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || -> anyhow::Result<()> {
                for scenario in scenarios {
                    serde_json::to_writer(&mut *questions, scenario)?;
                    questions.write_all(b"\n")?;
                }
                Ok(questions.flush()?)
            });
            let read = || -> anyhow::Result<Outcome> {
                let mut line = String::new();
                answers.read_line(&mut line)?;
                serde_json::from_str(&line).with_context(|| format!("the real program answered {line:?}"))
            };
            let outcomes = std::iter::repeat_with(read).take(scenarios.len()).collect();
            match writer.join() {
                Ok(written) => written.context("the real program reads no more")?,
                Err(_) => bail!("the scenarios could not be written"),
            }
            outcomes
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It ends when its input does.
        self.questions = None;
        let _ = self.child.wait();
    }
}

fn overlay_of(module: &Path, version: &str, dialect: &str) -> anyhow::Result<Value> {
    let wanted = format!("{CILIUM}@v{version}");
    let download: Value = serde_json::from_slice(&go(&["mod", "download", "-json", &wanted], module)?)?;
    let sources = download["Dir"].as_str().context("`go mod download` names no directory")?;
    let sources = Path::new(sources).join("operator/pkg/lbipam");
    let shim = root().join("shim").canonicalize()?;
    let mut replace = serde_json::Map::new();
    let mut put = |name: String, from: PathBuf| {
        replace.insert(module.join(name).display().to_string(), json!(from.display().to_string()));
    };
    for entry in std::fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".go") && !name.ends_with("_test.go") {
            put(format!("lbipam/{name}"), path);
        }
    }
    put("main.go".to_owned(), shim.join("main.go"));
    put("lbipam/oracle_scenario.go".to_owned(), shim.join("scenario.go"));
    put("lbipam/oracle_cluster.go".to_owned(), shim.join("cluster.go"));
    put("lbipam/oracle_dialect.go".to_owned(), shim.join(format!("dialect_{dialect}.go")));
    Ok(json!({ "Replace": replace }))
}
