//! External commands: shown before they run, and from one place of the checkout.

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::Failure;

/// The top of the checkout.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The cargo that runs us, in the checkout.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut cargo = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments);
    cargo
}

/// A program, in the checkout.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Whether a program can be started at all; asked without a word on the screen.
pub(crate) fn is_there(name: &str, argument: &str) -> bool {
    program(name).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// Run it to its end on our own terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", line(command))) }
}

/// As [`run`], for a command whose exit code means something to the caller.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Failure> {
    echo(command);
    command.status().map_err(|error| cannot_start(command, &error))
}

/// Run it, show its lines as they come, stdout and stderr in the order they were written, and hand each to `seen`.
pub(crate) fn watch(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<ExitStatus, Failure> {
    echo(command);
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let broken = |error: std::io::Error| format!("cannot read what a command prints: {error}");
    let (reader, writer) = std::io::pipe().map_err(broken)?;
    command.stdout(writer.try_clone().map_err(broken)?).stderr(writer);
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    // Our copies of the pipe's writing end close here, else the reading below would never end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).map_err(broken)? > 0 {
        // A closed standard output is the reader's business; the tests go on.
        let _ = std::io::stdout().write_all(&bytes);
        seen(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
    child.wait().map_err(broken)
}

fn echo(command: &Command) {
    println!("$ {}", line(command));
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    format!("cannot start `{}`: {error}", command.get_program().display())
}

/// The command as one would type it, with what it adds to the environment in front.
fn line(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), quoted(&value?.to_string_lossy()))));
    let program = Path::new(command.get_program());
    // `/home/me/.rustup/toolchains/…/bin/cargo` says no more than `cargo`.
    let short = if program.file_name().is_some_and(|name| name == "cargo") { Path::new("cargo") } else { program };
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    let words: Vec<String> = variables.chain([short.display().to_string()]).chain(arguments).collect();
    let mut line = words.join(" ");
    if let Some(directory) = command.get_current_dir().filter(|directory| *directory != root()) {
        let directory = directory.strip_prefix(root()).unwrap_or(directory);
        line = format!("(cd {} && {line})", directory.display());
    }
    line
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = cargo(["doc", "--no-deps", "two words"]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line(&command), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'two words'");
        command.current_dir(root().join("tests"));
        assert!(line(&command).starts_with("(cd tests && RUSTDOCFLAGS="));
    }

    #[test]
    fn both_streams_of_a_command_are_seen() {
        let mut lines = Vec::new();
        let mut shell = program("sh");
        shell.args(["-c", "echo one; echo two >&2; exit 3"]);
        let status = watch(&mut shell, |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(status.map(|status| status.code()), Ok(Some(3)));
    }
}
