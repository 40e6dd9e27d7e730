//! The real program: built from `tests/oracle/flux`, asked over a pipe.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use lbpools_function::flux::expression::Library;

use super::case::{Answer, Case};

/// The running program; it ends when its input does.
pub(crate) struct Program {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// Why it cannot be had here: there is no Go, or the module at its pin is not to be downloaded.
    pub(crate) fn unavailable(library: Library) -> Option<String> {
        match go(&["mod", "download"], library).output() {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("`go mod download` failed:\n{}", String::from_utf8_lossy(&output.stderr))),
            Err(error) => Some(format!("cannot run `go`: {error}")),
        }
    }

    /// Build it at its pin into `target/oracle/`.
    pub(crate) fn build(library: Library) -> anyhow::Result<PathBuf> {
        let binary = match library {
            Library::V1_5 => "target/oracle/flux-1.5",
            Library::V1_7 => "target/oracle/flux-1.7",
            Library::V1_8 => "target/oracle/flux",
        };
        let path = root().join(binary);
        let mut command = go(&["build"], library);
        let output = command.args(["-trimpath", "-o"]).args([path.as_os_str(), ".".as_ref()]).output()?;
        if !output.status.success() {
            bail!("`go build` in tests/oracle/flux failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(path)
    }

    pub(crate) fn start(path: &Path) -> anyhow::Result<Program> {
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let input = child.stdin.take().map(BufWriter::new);
        let output = child.stdout.take().map(BufReader::new).context("the oracle has no output")?;
        Ok(Program { child, input, output })
    }

    /// Why the program for whole objects cannot be had here.
    pub(crate) fn resources_unavailable() -> Option<String> {
        match go_in("tests/oracle/flux/resources", &["mod", "download"]).output() {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("`go mod download` failed:\n{}", String::from_utf8_lossy(&output.stderr))),
            Err(error) => Some(format!("cannot run `go`: {error}")),
        }
    }

    /// Build the program for whole objects into `target/oracle/`.
    pub(crate) fn build_resources() -> anyhow::Result<PathBuf> {
        let path = root().join("target/oracle/flux-resources");
        let mut command = go_in("tests/oracle/flux/resources", &["build", "-trimpath", "-o"]);
        let output = command.args([path.as_os_str(), ".".as_ref()]).output()?;
        if !output.status.success() {
            bail!("`go build` in tests/oracle/flux/resources failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(path)
    }

    /// Its answers to these cases, in their order.
    pub(crate) fn ask(&mut self, cases: &[Case]) -> anyhow::Result<Vec<Answer>> {
        let questions: Vec<_> = cases.iter().map(Case::question).collect();
        self.answers(&questions)?.iter().map(|line| Answer::read(line)).collect()
    }

    /// Its answers to these questions, in their order, a line each.
    pub(crate) fn answers(&mut self, questions: &[serde_json::Value]) -> anyhow::Result<Vec<String>> {
        let input = self.input.as_mut().context("the oracle has no input")?;
        let output = &mut self.output;
        // Written beside the reading: either pipe may be full.
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                for question in questions {
                    writeln!(input, "{question}")?;
                }
                input.flush()
            });
            let mut answers = Vec::with_capacity(questions.len());
            let mut line = String::new();
            for _ in questions {
                line.clear();
                if output.read_line(&mut line).context("reading from the oracle")? == 0 {
                    bail!("the oracle ended early");
                }
                answers.push(std::mem::take(&mut line));
            }
            match writer.join() {
                Ok(written) => written.context("writing to the oracle")?,
                Err(_) => bail!("writing to the oracle panicked"),
            }
            Ok(answers)
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.input.take();
        // It has nothing left to say; whether it ends well changes no verdict.
        let _ = self.child.wait();
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// A go command in the program's folder, with the pin of this release.
fn go(verb: &[&str], library: Library) -> Command {
    let pin = match library {
        Library::V1_5 => "envsubst-1.5.0.mod",
        Library::V1_7 => "envsubst-1.7.0.mod",
        Library::V1_8 => "go.mod",
    };
    let mut command = go_in("tests/oracle/flux", verb);
    command.arg(format!("-modfile={pin}"));
    command
}

/// A go command in a folder of the checkout.
fn go_in(folder: &str, verb: &[&str]) -> Command {
    let mut command = Command::new("go");
    command.args(verb).env("GOFLAGS", "-p=2 -buildvcs=false").current_dir(root().join(folder));
    command
}
