//! `docs/cli.md` is what the binary says of itself. `cargo xtask generate` rewrites it (`BLESS=1`).

use std::path::Path;
use std::process::Command;

const VERBS: &[&str] = &["", "render", "check", "plan", "map", "explain", "inspect", "completions", "man"];

#[test]
fn the_reference_is_fresh() {
    let mut text = String::from("# The command line\n\nWhat `lbpools --help` and `lbpools VERB --help` print.\n");
    for verb in VERBS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
        if !verb.is_empty() {
            command.arg(verb);
        }
        let output = command.arg("--help").env("COLUMNS", "100").output().expect("lbpools runs");
        assert!(output.status.success(), "{verb}");
        let help = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!help.trim().is_empty(), "{verb} has no help");
        let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        text.push_str(
            &format!("\n## lbpools {verb}\n\n```text\n{}\n```\n", help.trim_end()).replace("lbpools \n", "lbpools\n"),
        );
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &text).expect("a writable file");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "docs/cli.md is stale: run `cargo xtask generate`");
}
