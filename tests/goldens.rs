//! Goldens that read as documentation: an input with its command in the first line, and what must come out.
//!
//! * `tests/goldens/**/NAME.yaml` begins with `# RUN: check %s --format json` (exit code 0), `# FAIL: …` (1) or
//!   `# BROKEN: …` (2). `%s` is the file itself; `< %s` at the end feeds it to standard input. What is expected stands
//!   in `NAME.stdout` and `NAME.stderr`; a file that is not there means that nothing must come out.
//! * `tests/goldens/**/NAME/cmd` holds such a line (without `#`) for a whole package: `%s` is a copy of `NAME/in`,
//!   and what is in the copy afterwards must be `NAME/out`, or `NAME/in` where there is no `out`. Expected output
//!   stands in `NAME/stdout` and `NAME/stderr`.
//!
//! `BLESS=1 cargo test --test goldens` writes what came out. Adding a case needs no Rust.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens");
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let bless = std::env::var_os("BLESS").is_some();
    let mut trials = Vec::new();
    collect(&root, &root, bless, &mut trials).expect("the goldens can be listed");
    libtest_mimic::run(&arguments, trials).exit();
}

/// Make a trial of every case below a directory.
fn collect(root: &Path, directory: &Path, bless: bool, trials: &mut Vec<Trial>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if path.join("cmd").is_file() {
            trials.push(Trial::test(name, move || package(&path, bless)));
        } else if path.is_dir() {
            collect(root, &path, bless, trials)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            trials.push(Trial::test(name, move || file(&path, bless)));
        } else if !path.with_extension("yaml").is_file() {
            // An expectation without a case would never fail, so it fails at once.
            trials.push(Trial::test(name, || Err("there is no .yaml file for this expectation".into())));
        }
    }
    Ok(())
}

/// One file with its command in the first line.
fn file(path: &Path, bless: bool) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let first = text.lines().next().unwrap_or_default();
    let first = first.trim_start_matches('\u{feff}').strip_prefix("# ").ok_or("the first line is not `# RUN: …`")?;
    let directory = path.parent().ok_or("no directory")?;
    let name = path.file_name().and_then(|name| name.to_str()).ok_or("no name")?;
    let came = Command::parse(first)?.run(directory, name)?;
    expect(&path.with_extension("stdout"), &came.stdout, bless)?;
    expect(&path.with_extension("stderr"), &came.stderr, bless)?;
    came.exit()
}

/// One package with its command beside it.
fn package(path: &Path, bless: bool) -> Result<(), Failed> {
    let line = fs::read_to_string(path.join("cmd"))?;
    let copy = tempfile::tempdir()?;
    let before = tree(&path.join("in"))?;
    lay(&copy.path().join("in"), &before)?;
    let came = Command::parse(line.trim())?.run(copy.path(), "in")?;
    expect(&path.join("stdout"), &came.stdout, bless)?;
    expect(&path.join("stderr"), &came.stderr, bless)?;
    let after = tree(&copy.path().join("in"))?;
    let out = path.join("out");
    if bless {
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        if after != before {
            lay(&out, &after)?;
        }
    }
    let expected = if out.exists() { tree(&out)? } else { before };
    for name in expected.keys().chain(after.keys()) {
        let (expected, came) = (expected.get(name), after.get(name));
        if expected != came {
            let shown = |text: Option<&Vec<u8>>| text.map(|text| String::from_utf8_lossy(text).into_owned());
            let message = format!("{name} differs\n--- expected\n{:?}\n--- came\n{:?}", shown(expected), shown(came));
            return Err(message.into());
        }
    }
    came.exit()
}

/// A command line with the exit code that it must have.
struct Command {
    exit: i32,
    words: Vec<String>,
    stdin: bool,
}

impl Command {
    fn parse(line: &str) -> Result<Self, Failed> {
        let (kind, words) = line.split_once(':').ok_or("write `RUN: …`, `FAIL: …` or `BROKEN: …`")?;
        let exit = match kind {
            "RUN" => 0,
            "FAIL" => 1,
            "BROKEN" => 2,
            other => return Err(format!("`{other}` is not RUN, FAIL or BROKEN").into()),
        };
        let mut words: Vec<String> = words.split_whitespace().map(Into::into).collect();
        let stdin = words.ends_with(&["<".into(), "%s".into()]);
        if stdin {
            words.truncate(words.len() - 2);
        }
        Ok(Self { exit, words, stdin })
    }

    fn run(&self, directory: &Path, subject: &str) -> Result<Came, Failed> {
        let mut program = assert_cmd::Command::new(env!("CARGO_BIN_EXE_lbpools"));
        program.current_dir(directory).args(self.words.iter().map(|word| word.replace("%s", subject)));
        program.env_remove("KUSTOMIZE_PLUGIN_CONFIG_ROOT").env_remove("KUSTOMIZE_PLUGIN_CONFIG_STRING");
        program.write_stdin(if self.stdin { fs::read(directory.join(subject))? } else { Vec::new() });
        let output = program.output()?;
        Ok(Came { expected: self.exit, code: output.status.code(), stdout: output.stdout, stderr: output.stderr })
    }
}

/// What came out.
struct Came {
    expected: i32,
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Came {
    fn exit(&self) -> Result<(), Failed> {
        if self.code == Some(self.expected) {
            return Ok(());
        }
        let message = format!(
            "exit code {:?}, expected {}\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.expected,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr)
        );
        Err(message.into())
    }
}

/// Hold an output against its file, or write the file.
fn expect(file: &Path, came: &[u8], bless: bool) -> Result<(), Failed> {
    if bless {
        match (came.is_empty(), file.exists()) {
            (true, true) => fs::remove_file(file)?,
            (true, false) => {}
            (false, _) => fs::write(file, came)?,
        }
        return Ok(());
    }
    let expected = if file.exists() { fs::read(file)? } else { Vec::new() };
    if expected == came {
        return Ok(());
    }
    let (expected, came) = (String::from_utf8_lossy(&expected), String::from_utf8_lossy(came));
    let diff = similar::TextDiff::from_lines(expected.as_ref(), came.as_ref());
    let diff = diff.unified_diff().header("expected", "came").to_string();
    Err(format!("{} differs (BLESS=1 writes it anew)\n{diff}", file.display()).into())
}

/// All files below a directory, hidden ones too: nothing may be left behind.
fn tree(root: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

fn lay(root: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for (name, text) in files {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap_or(root))?;
        fs::write(file, text)?;
    }
    Ok(())
}
