//! The program on a real terminal, which `script` (of util-linux) makes: what a person sees who waits.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Longer than any run here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A function that never answers, so that a run takes as long as it may.
fn endless(place: &Path) -> PathBuf {
    let mut wasm = wat::parse_file(root().join("tests/hostile/endless_loop.wat")).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root().join("function/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("lbpools")).unwrap();
    embed_component_metadata(&mut wasm, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default().module(&wasm).unwrap().validate(true).encode().unwrap();
    let file = place.join("endless.wasm");
    fs::write(&file, component).unwrap();
    file
}

/// The exit code and all that was written, or none when it did not end.
fn ended(command: &mut Command, place: &Path) -> Option<(i32, String)> {
    let log = place.join("log");
    let file = fs::File::create(&log).unwrap();
    command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some((status.code().unwrap(), String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned()));
        }
        sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn who_waits_at_a_terminal_is_told_and_nobody_else() {
    if Command::new("script").arg("--version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED no `script` of util-linux to make a terminal with");
        return;
    }
    let scratch = TempDir::new().unwrap();
    let module = endless(scratch.path());
    let fleet = root().join("examples/fleet");
    let program = env!("CARGO_BIN_EXE_lbpools");
    let arguments =
        ["--module", module.to_str().unwrap(), "--timeout", "3s", "render", "--dry-run", fleet.to_str().unwrap()];
    let quoted: Vec<String> = [program].iter().chain(&arguments).map(|word| format!("'{word}'")).collect();

    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &quoted.join(" "), "/dev/null"]).env("TERM", "xterm");
    let (code, seen) = ended(&mut terminal, scratch.path()).expect("it ends when its time is up");
    assert_eq!(code, 2, "{seen:?}");
    assert!(seen.contains("generating"), "{seen:?}");
    // The line is gone before anything else is written.
    let (waiting, said) = seen.rsplit_once("generating").unwrap();
    assert!(!waiting.contains("lbpools:"), "{seen:?}");
    assert!(said.contains("\u{1b}[2K") && said.contains("lbpools: "), "{seen:?}");

    let mut pipe = Command::new(program);
    let (code, seen) = ended(pipe.args(arguments), scratch.path()).expect("it ends when its time is up");
    assert_eq!(code, 2, "{seen:?}");
    assert!(!seen.contains("generating") && !seen.contains('\u{1b}') && seen.starts_with("lbpools: "), "{seen:?}");
}
