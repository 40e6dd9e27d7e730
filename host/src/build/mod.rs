//! The real kustomize, asked about the directories that only it knows the outcome of.
//!
//! The function names them in its report (`builds`); here the program runs on a copy of the tree, as Flux runs it on an
//! artifact, and its output goes back to the function. The user's files are never written. Nothing here looks into an
//! output.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use lbpools_function::report::BuildNeeded;

use crate::contract::{Role, Source};

mod copy;
mod process;
mod program;

pub use copy::CopyError;
use copy::WorkingCopy;
use process::Trouble;
pub use program::{Program, UnknownProgram};

/// Builds at a time: each reads the whole of what it builds, and kustomize itself uses more than one core.
const AT_A_TIME: usize = 4;

/// Why no build could be done at all.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The program is not there.
    #[error("there is no `{0}` to build with: install it, or name it with --build=PATH")]
    NoProgram(String),
    /// It is there and cannot be started.
    #[error("cannot run `{0}`")]
    Start(String, #[source] std::io::Error),
    /// The tree cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Builds directories of one tree.
#[derive(Debug, Clone)]
pub struct Builder {
    /// What to run.
    pub program: Program,
    /// The tree.
    pub root: PathBuf,
    /// How long one build may take.
    pub timeout: Duration,
    /// How much the tree may hold, and how much one build may print, in bytes.
    pub limit: u64,
}

impl Builder {
    /// The same over another tree.
    #[must_use]
    pub fn over(&self, root: &Path) -> Self {
        Self { root: root.to_path_buf(), ..self.clone() }
    }

    /// Build these; each comes back as a source, built or with the reason why not.
    ///
    /// # Errors
    ///
    /// Where the program cannot be run at all, or the tree not be copied.
    pub fn build(&self, needed: &[&BuildNeeded]) -> Result<Vec<Source>, BuildError> {
        let queue: Mutex<VecDeque<&BuildNeeded>> = Mutex::new(needed.iter().copied().collect());
        let workers = thread::available_parallelism().map_or(1, usize::from).min(AT_A_TIME).min(needed.len());
        let work = || -> Result<Vec<Source>, BuildError> {
            // Each has a copy of its own: a kustomization file that one build puts in is not there for the others.
            let copy = WorkingCopy::of(&self.root, self.limit)?;
            let mut done = Vec::new();
            while let Some(next) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
                done.push(self.one(&copy, next)?);
            }
            Ok(done)
        };
        thread::scope(|scope| {
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let mut sources = Vec::with_capacity(needed.len());
            for worker in running {
                sources.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            sources.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(sources)
        })
    }

    fn one(&self, copy: &WorkingCopy, needed: &BuildNeeded) -> Result<Source, BuildError> {
        let there = copy.put_in(Path::new(&needed.file), &needed.kustomization)?;
        let command = self.program.command(copy.root(), &needed.directory);
        let outcome = process::run(command, self.timeout, self.limit);
        drop(there);
        let unbuilt = |why: String| Source { path: needed.id.clone(), role: Role::Unbuilt, text: why.into_bytes() };
        let told = self.program.told();
        Ok(match outcome {
            Ok(stdout) => Source { path: needed.id.clone(), role: Role::Built, text: stdout },
            Err(Trouble::NotFound) => return Err(BuildError::NoProgram(self.program.name())),
            Err(Trouble::Start(error)) => return Err(BuildError::Start(self.program.name(), error)),
            Err(Trouble::Failed(words)) => unbuilt(format!("refused: `{told}` says: {}", copy.without_root(&words))),
            Err(Trouble::Killed) => unbuilt(format!("`{told}` was ended from outside")),
            Err(Trouble::TimedOut) => unbuilt(format!("`{told}` did not end within {} s", self.timeout.as_secs_f64())),
            Err(Trouble::TooMuch) => unbuilt(format!("`{told}` printed more than {} bytes", self.limit)),
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    use super::*;

    /// A tree, and in its place of kustomize a shell script.
    fn tree(script: &str) -> (tempfile::TempDir, Builder) {
        let place = tempfile::tempdir().expect("a directory");
        let root = place.path().join("tree");
        fs::create_dir_all(root.join("app")).expect("a directory");
        fs::write(root.join("app/kustomization.yaml"), "resources: []\n").expect("a file");
        let program = place.path().join("kustomize");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        let program = Program::named(program.to_str().expect("UTF-8")).expect("a kustomize");
        (place, Builder { program, root, timeout: Duration::from_secs(20), limit: 1 << 20 })
    }

    fn needed(id: &str) -> BuildNeeded {
        BuildNeeded {
            id: id.into(),
            baseline: false,
            cluster: "infra".into(),
            directory: "app".into(),
            because: "a patch".into(),
            file: "app/kustomization.yaml".into(),
            kustomization: format!("{{\"namePrefix\":\"{id}\"}}"),
        }
    }

    fn outcome(builder: &Builder) -> (Role, String) {
        let sources = builder.build(&[&needed("one")]).expect("it runs");
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].path, "one");
        (sources[0].role, String::from_utf8(sources[0].text.clone()).expect("UTF-8"))
    }

    #[test]
    fn each_build_sees_its_own_kustomization_file_and_nobody_else_any() {
        let (_place, builder) = tree("cat app/kustomization.yaml; echo \"$@\"");
        let all: Vec<BuildNeeded> = (0..20).map(|n| needed(&format!("{n:02}"))).collect();
        let sources = builder.build(&all.iter().collect::<Vec<_>>()).unwrap();
        for (source, needed) in sources.iter().zip(&all) {
            let text = String::from_utf8(source.text.clone()).unwrap();
            let want = format!("{}build --load-restrictor LoadRestrictionsNone ./app\n", needed.kustomization);
            assert_eq!((source.role, &source.path, text), (Role::Built, &needed.id, want));
        }
        assert_eq!(fs::read_to_string(builder.root.join("app/kustomization.yaml")).unwrap(), "resources: []\n");
        let left: Vec<_> = fs::read_dir(&builder.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["app"]);
    }

    #[test]
    fn a_failure_is_told_in_the_programs_own_words() {
        let (_place, builder) = tree("echo \"Error: no $PWD/app/x.yaml\" >&2; exit 1");
        assert_eq!(outcome(&builder), (Role::Unbuilt, "refused: `kustomize build` says: Error: no app/x.yaml".into()));
    }

    #[test]
    fn a_program_that_is_killed_finds_no_fault() {
        let (_place, builder) = tree("echo half; kill -9 $$");
        assert_eq!(outcome(&builder), (Role::Unbuilt, "`kustomize build` was ended from outside".into()));
    }

    #[test]
    fn time_and_output_are_bounded() {
        let (_place, mut builder) = tree("sleep 30");
        builder.timeout = Duration::from_millis(200);
        let started = Instant::now();
        assert_eq!(outcome(&builder), (Role::Unbuilt, "`kustomize build` did not end within 0.2 s".into()));
        assert!(started.elapsed() < Duration::from_secs(10));
        let (_place, mut builder) = tree("yes");
        builder.limit = 100_000;
        assert_eq!(outcome(&builder), (Role::Unbuilt, "`kustomize build` printed more than 100000 bytes".into()));
    }

    #[test]
    fn standard_input_is_closed() {
        let (_place, builder) = tree("cat; echo end");
        assert_eq!(outcome(&builder), (Role::Built, "end\n".into()));
    }

    #[test]
    fn a_program_that_is_not_there_fails_the_run() {
        let (place, mut builder) = tree("true");
        fs::remove_file(place.path().join("kustomize")).unwrap();
        assert!(matches!(builder.build(&[&needed("one")]), Err(BuildError::NoProgram(_))));
        builder.limit = 3;
        assert!(matches!(builder.build(&[&needed("one")]), Err(BuildError::Copy(CopyError::TooLarge { .. }))));
    }
}
