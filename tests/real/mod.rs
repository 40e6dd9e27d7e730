//! The real programs, and a place to run them in: what `kustomize.rs`, `kubectl.rs` and `kpt.rs` share.
//!
//! Never a mock. A program that is not on the machine makes its test say `SKIPPED` and return; `cargo xtask test`
//! counts such tests as skipped.

#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses its part")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the host is in the checkout").to_path_buf()
}

/// The program at its pin, or else the one on PATH; says `SKIPPED` past the runner's capture where there is none.
pub fn find(name: &str) -> Option<PathBuf> {
    let pinned = root().join("target/tools").join(name);
    let on_path = || std::env::split_paths(&path_variable()).map(|place| place.join(name)).find(|it| it.is_file());
    let found = if pinned.is_file() { Some(pinned) } else { on_path() };
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED no {name}: `cargo xtask tools` builds kustomize and kpt");
    }
    found
}

/// A guest that `cargo xtask guests --quick` built; says `SKIPPED` where there is none, or one from before the last
/// change of the function.
pub fn guest(name: &str) -> Option<PathBuf> {
    let path = root().join("target/guests").join(name);
    let built = fs::metadata(&path).and_then(|data| data.modified()).ok();
    let stale = built.is_none_or(|built| newest(&root().join("function")) > built);
    if stale {
        let _ = writeln!(std::io::stderr(), "SKIPPED no {name} of this checkout: run `cargo xtask guests --quick`");
    }
    (!stale).then_some(path)
}

fn newest(directory: &Path) -> std::time::SystemTime {
    let entries = fs::read_dir(directory).expect("the sources can be listed").map(|entry| entry.expect("an entry"));
    let times = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        _ => entry.metadata().and_then(|data| data.modified()).expect("a source has an age"),
    });
    times.max().unwrap_or(std::time::SystemTime::UNIX_EPOCH)
}

#[expect(clippy::disallowed_methods, reason = "a test's own look at the machine")]
fn path_variable() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// A copy of an example to work in, with a home of its own, so that no plugin of the user's is found.
pub struct Scratch {
    place: TempDir,
}

impl Scratch {
    /// A copy of `examples/NAME`.
    pub fn of_example(name: &str) -> Self {
        let scratch = Self { place: TempDir::new().expect("a temporary directory") };
        fs::create_dir(scratch.home()).expect("a home");
        copy(&root().join("examples").join(name), &scratch.package());
        scratch
    }

    /// Where the copy is.
    pub fn package(&self) -> PathBuf {
        self.place.path().join("package")
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Put a file into the copy.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.package().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        fs::write(path, text).expect("a file of the copy can be written");
    }

    /// A file of the copy.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.package().join(path)).expect("a file of the copy can be read")
    }

    /// Make one mistake: replace a text that must be there.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} does not say {old:?}");
        self.write(path, &text.replace(old, new));
    }

    /// Every file of the copy by its path, as bytes.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.package()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).expect("the copy can be listed") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(self.package()).expect("it is inside").display().to_string();
                    files.insert(name, fs::read(&path).expect("a file of the copy can be read"));
                }
            }
        }
        files
    }

    /// Put `lbpools` where kustomize looks for legacy plugins of this kind.
    pub fn install_plugin(&self) {
        let directory = self.home().join(".config/kustomize/plugin/lbpools.dev/v1alpha1/loadbalancerpools");
        fs::create_dir_all(&directory).expect("the plugin's directory");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lbpools"), directory.join("LoadBalancerPools"))
            .expect("a link to lbpools");
    }

    /// Run a program in the copy, with the `lbpools` of this build first on PATH.
    pub fn run<'a>(&self, program: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        self.run_with(program, arguments, &[])
    }

    /// As [`run`](Self::run), with more in the environment.
    pub fn run_with<'a>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
        environment: &[(&str, &str)],
    ) -> Ran {
        let mut command = Command::new(program);
        command.envs(environment.iter().copied());
        command.args(arguments).current_dir(self.package()).env("HOME", self.home());
        for variable in ["KUSTOMIZE_PLUGIN_HOME", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        let lbpools = Path::new(env!("CARGO_BIN_EXE_lbpools")).parent().expect("it is in a directory");
        let path = path_variable();
        let places = std::iter::once(lbpools.to_path_buf()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(places).expect("a PATH"));
        let output = command.output().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory of the copy");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("no {}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file of the example can be copied");
        }
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// It must have succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "it failed\n{}\n{}", self.stderr, self.stdout);
        self
    }

    /// It must have failed and said this.
    pub fn refused(self, saying: &str) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "it succeeded\n{}", self.stdout);
        assert!(self.stderr.contains(saying), "it does not say {saying:?}\n{}", self.stderr);
        self
    }
}

/// The documents of a stream that are pools.
pub fn pools(stream: &str) -> Vec<&str> {
    stream.split("---\n").filter(|document| document.contains("\nkind: CiliumLoadBalancerIPPool\n")).collect()
}

/// `tests/fixtures/NAME`, which another test holds against the real program.
pub fn fixture(name: &str) -> String {
    fs::read_to_string(root().join("tests/fixtures").join(name)).expect("the fixture is there")
}

/// Compare with `tests/fixtures/NAME`; `BLESS=1` writes it.
pub fn expect_fixture(name: &str, came: &str) {
    let path = root().join("tests/fixtures").join(name);
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let bless = std::env::var_os("BLESS").is_some();
    if bless {
        fs::create_dir_all(path.parent().expect("a directory")).expect("the fixtures' directory");
        fs::write(&path, came).expect("a fixture can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(came, expected, "{} differs; BLESS=1 writes what came out", path.display());
}
