//! The command line end to end: what is written where, with which exit code.
//!
//! Two ways in. Most tests run the verbs in this process on a function that answers as the test says
//! ([`Scripted`]), because what the runner does with an answer must hold for every answer. The rest start the real
//! program.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use lbpools::cli::{Bounds, Exit, Streams, Surroundings, run};
use lbpools::contract::{Change, Evaluation, Function, Options, Role, Source, Verdict};
use serde_json::json;

/// A function that gives one answer and notes what it was asked.
struct Scripted<'a> {
    verdict: Verdict,
    changes: Vec<(&'a str, Option<&'a str>)>,
    expected: &'a dyn Fn(&[Source], Options),
}

#[derive(Debug)]
struct Never;
impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the time is up")
    }
}
impl std::error::Error for Never {}

impl Function for Scripted<'_> {
    type Error = Never;

    fn evaluate(&self, sources: Vec<Source>, options: Options) -> Result<Evaluation, Never> {
        (self.expected)(&sources, options);
        let changes = self.changes.iter();
        let changes = changes.map(|(path, text)| Change { path: (*path).into(), text: text.map(Into::into) });
        Ok(Evaluation { verdict: self.verdict, changes: changes.collect(), summary: "a summary\n".into() })
    }

    fn report(&self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, Never> {
        (self.expected)(&sources, options);
        let finding = json!({
            "code": "LBP000", "rule": "scripted", "severity": "error", "category": "plan",
            "message": "a scripted mistake", "help": "nothing to do"
        });
        let (verdict, findings) = match self.verdict {
            Verdict::Clean => ("clean", vec![]),
            Verdict::Findings => ("findings", vec![finding]),
            Verdict::Failed => ("failed", vec![]),
        };
        let failure = (self.verdict == Verdict::Failed).then(|| json!({"message": "a scripted failure"}));
        let mut report = json!({
            "version": "lbpools.dev/report/v1alpha1", "function": "0", "verdict": verdict, "clusters": [],
            "findings": findings, "notChecked": [], "changes": []
        });
        if let Some(failure) = failure {
            report["failure"] = failure;
        }
        Ok(serde_json::to_vec(&report).unwrap())
    }

    fn describe(&self) -> Result<Vec<u8>, Never> {
        let rules = json!([{"code": "LBP000", "name": "scripted", "summary": "A sample.", "page": "# A sample\n"}]);
        Ok(serde_json::to_vec(&json!({ "function": "0", "rules": rules })).unwrap())
    }
}

fn scripted(verdict: Verdict) -> Scripted<'static> {
    Scripted { verdict, changes: vec![], expected: &|_, _| {} }
}

/// What came out.
struct Outcome {
    exit: Exit,
    stdout: String,
    stderr: String,
}

fn call_with(surroundings: Surroundings, stdin: &str, function: Scripted) -> Outcome {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut stdin = stdin.as_bytes();
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    let exit = run(&surroundings, &mut streams, |_: &Bounds| Ok(function));
    Outcome { exit, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}

fn args(args: &[&str]) -> Surroundings {
    Surroundings { args: args.iter().map(Into::into).collect(), ..Surroundings::default() }
}

fn call(typed: &[&str], stdin: &str, function: Scripted) -> Outcome {
    call_with(args(&[&["lbpools"], typed].concat()), stdin, function)
}

fn package(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        fs::write(root.path().join(path), text).unwrap();
    }
    root
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

// --- the function -------------------------------------------------------------------------------------------------

#[test]
fn function_mode_writes_the_list_and_the_verdict() {
    for (verdict, exit) in [(Verdict::Clean, Exit::Clean), (Verdict::Findings, Exit::Findings)] {
        let expected = |sources: &[Source], options: Options| {
            let only = Source { path: String::new(), role: Role::Subject, text: b"kind: ResourceList\r\n".to_vec() };
            assert_eq!((sources, options), (&[only][..], Options::default()));
        };
        let function = Scripted { verdict, changes: vec![("", Some("the list\n"))], expected: &expected };
        let outcome = call(&[], "kind: ResourceList\r\n", function);
        assert_eq!(
            (outcome.exit, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (exit, "the list\n", "a summary\n")
        );
    }
}

#[test]
fn a_failed_function_writes_nothing_to_standard_output() {
    let function = Scripted { changes: vec![("", Some("half a list"))], ..scripted(Verdict::Failed) };
    let outcome = call(&[], "x", function);
    assert_eq!((outcome.exit, outcome.stdout.as_str(), outcome.stderr.as_str()), (Exit::Failed, "", "a summary\n"));
}

#[test]
fn no_list_is_never_a_success() {
    // kustomize and kpt would delete every object.
    for changes in [vec![], vec![("", None)], vec![("a.yaml", Some("x"))], vec![("", Some("x")), ("b", Some("y"))]] {
        let outcome = call(&[], "x", Scripted { changes, ..scripted(Verdict::Clean) });
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Failed, ""));
        assert!(outcome.stderr.contains("handed back no list"), "{}", outcome.stderr);
    }
}

#[test]
fn a_list_above_the_limit_is_refused() {
    let outcome = call(&["--max-input", "4"], "12345", scripted(Verdict::Clean));
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Failed, ""));
    assert!(outcome.stderr.contains("--max-input"), "{}", outcome.stderr);
}

#[test]
fn a_legacy_plugin_call_brings_its_config_in_a_file() {
    let root = package(&[("config", "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\n")]);
    let config = root.path().join("config");
    let expected = |sources: &[Source], _: Options| {
        let seen: Vec<_> = sources.iter().map(|source| (source.path.as_str(), source.role)).collect();
        assert_eq!(seen, [(shown(&config), Role::Config), ("", Role::Subject)]);
        assert_eq!(sources[1].text, b"kind: Service\n");
    };
    let function = || Scripted { changes: vec![("", Some("out\n"))], expected: &expected, ..scripted(Verdict::Clean) };
    let by_variable = Surroundings { kustomize_plugin: true, ..args(&["/bin/lbpools", shown(&config)]) };
    let by_name = args(&["/plugins/lbpools.dev/v1alpha1/loadbalancerpools/LoadBalancerPools", shown(&config)]);
    let with_flags = Surroundings { kustomize_plugin: true, ..args(&["lbpools", shown(&config), "--timeout=5s"]) };
    for surroundings in [by_variable, by_name, with_flags] {
        let outcome = call_with(surroundings, "kind: Service\n", function());
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Clean, "out\n"), "{}", outcome.stderr);
    }
    let outcome = call(&[shown(&config)], "kind: Service\n", function());
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Failed, ""));
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (typed, exit) in [(&["lbpools"][..], Exit::Findings), (&["lbpools", "check", "-"], Exit::Clean)] {
        let function = Scripted { changes: vec![("", Some("x"))], ..scripted(Verdict::Findings) };
        let (mut stdin, mut stderr) = (&b"x"[..], Vec::new());
        let mut streams = Streams { stdin: &mut stdin, stdout: &mut Closed, stderr: &mut stderr };
        assert_eq!(run(&args(typed), &mut streams, |_| Ok(function)), exit);
    }
}

#[test]
fn without_a_pipe_there_is_help() {
    let outcome =
        call_with(Surroundings { stdin_is_terminal: true, ..args(&["lbpools"]) }, "", scripted(Verdict::Failed));
    assert_eq!(outcome.exit, Exit::Clean);
    assert!(outcome.stdout.contains("Exit codes:") && !outcome.stdout.contains('\u{1b}'), "{}", outcome.stdout);
}

// --- check ----------------------------------------------------------------------------------------------------------

#[test]
fn check_ends_as_the_report_says() {
    let root = package(&[("a.yaml", "a: 1\n")]);
    let cases = [
        (Verdict::Clean, Exit::Clean, "clean: no errors"),
        (Verdict::Findings, Exit::Findings, "error[LBP000]: a scripted mistake"),
        (Verdict::Failed, Exit::Failed, "error: a scripted failure"),
    ];
    for (verdict, exit, words) in cases {
        let outcome = call(&["check", shown(root.path())], "", scripted(verdict));
        assert_eq!(outcome.exit, exit);
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn check_in_json_is_the_report_and_nothing_else() {
    let outcome = call(&["check", "-", "--format", "json"], "x", scripted(Verdict::Findings));
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.exit, &report["verdict"]), (Exit::Findings, &json!("findings")));
}

#[test]
fn quiet_prints_errors_only() {
    let outcome = call(&["check", "-", "-q"], "x", scripted(Verdict::Clean));
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Clean, ""));
    let outcome = call(&["check", "-", "-q"], "x", scripted(Verdict::Findings));
    assert!(outcome.stdout.starts_with("error[LBP000]") && !outcome.stdout.contains("refused"), "{}", outcome.stdout);
}

#[test]
fn check_of_a_stream_expects_what_the_config_asks_for() {
    let root = package(&[("config.yaml", "c")]);
    let config = root.path().join("config.yaml");
    for (typed, expect) in [(vec!["check", "-"], false), (vec!["check", "-", "--config", shown(&config)], true)] {
        let expected = |sources: &[Source], options: Options| {
            assert_eq!(options, Options { fix: false, expect_generated: expect });
            let roles: Vec<Role> = sources.iter().map(|source| source.role).collect();
            assert_eq!(
                roles,
                if expect { vec![Role::Subject, Role::Config, Role::Scope] } else { vec![Role::Subject, Role::Scope] }
            );
        };
        let outcome = call(&typed, "kind: Service\n", Scripted { expected: &expected, ..scripted(Verdict::Clean) });
        assert_eq!(outcome.exit, Exit::Clean, "{}", outcome.stderr);
    }
}

#[test]
fn check_of_a_terminal_is_a_mistake() {
    let surroundings = Surroundings { stdin_is_terminal: true, ..args(&["lbpools", "check", "-"]) };
    let outcome = call_with(surroundings, "", scripted(Verdict::Clean));
    assert_eq!(outcome.exit, Exit::Failed);
    assert!(outcome.stderr.contains("kustomize build DIR | lbpools check -"), "{}", outcome.stderr);
}

#[test]
fn colours_only_when_wanted() {
    let root = package(&[("a.yaml", "a: 1\n")]);
    let typed = ["lbpools", "check", shown(root.path())];
    let on_terminal = Surroundings { stdout_is_terminal: true, ..args(&typed) };
    assert!(call_with(on_terminal.clone(), "", scripted(Verdict::Findings)).stdout.contains('\u{1b}'));
    let no_color = Surroundings { no_color: true, ..on_terminal };
    assert!(!call_with(no_color, "", scripted(Verdict::Findings)).stdout.contains('\u{1b}'));
    assert!(!call_with(args(&typed), "", scripted(Verdict::Findings)).stdout.contains('\u{1b}'));
}

// --- render ---------------------------------------------------------------------------------------------------------

#[test]
fn render_writes_what_changed() {
    let root = package(&[("a.yaml", "a: 1\n"), ("b.yaml", "b: 1\n")]);
    let changes = vec![("a.yaml", Some("a: 2\n")), ("ipam/pools.yaml", Some("p: 1\n")), ("b.yaml", None)];
    let outcome = call(&["render", shown(root.path())], "", Scripted { changes, ..scripted(Verdict::Clean) });
    assert_eq!(outcome.exit, Exit::Clean, "{}", outcome.stderr);
    assert_eq!(text(root.path().join("a.yaml")), "a: 2\n");
    assert_eq!(text(root.path().join("ipam/pools.yaml")), "p: 1\n");
    assert!(!root.path().join("b.yaml").exists());
    let base = shown(root.path());
    let list = format!("updated {base}/a.yaml\ncreated {base}/ipam/pools.yaml\nremoved {base}/b.yaml\n");
    assert_eq!(outcome.stdout, list);
}

#[test]
fn render_with_errors_writes_nothing() {
    for verdict in [Verdict::Findings, Verdict::Failed] {
        let root = package(&[("a.yaml", "a: 1\n")]);
        let changes = vec![("a.yaml", Some("a: 2\n")), ("b.yaml", Some("b\n"))];
        let outcome = call(&["render", shown(root.path())], "", Scripted { changes, ..scripted(verdict) });
        assert_ne!(outcome.exit, Exit::Clean);
        assert!(outcome.stderr.contains("a scripted"), "{}", outcome.stderr);
        assert_eq!(text(root.path().join("a.yaml")), "a: 1\n");
        assert!(!root.path().join("b.yaml").exists());
    }
}

#[test]
fn render_never_leaves_the_package() {
    let outer = package(&[]);
    let root = outer.path().join("package");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a.yaml"), "a: 1\n").unwrap();
    for path in ["../escaped.yaml", "/escaped.yaml", "a.yaml/b.yaml"] {
        let changes = vec![("a.yaml", Some("a: 2\n")), (path, Some("x"))];
        let outcome = call(&["render", shown(&root)], "", Scripted { changes, ..scripted(Verdict::Clean) });
        assert_eq!(outcome.exit, Exit::Failed);
        assert!(outcome.stderr.contains(path), "{}", outcome.stderr);
        assert_eq!(text(root.join("a.yaml")), "a: 1\n");
    }
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn render_into_a_read_only_directory_leaves_it_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let root = package(&[("a.yaml", "a: 1\n")]);
    let sub = root.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::set_permissions(&sub, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(sub.join("probe"), "").is_ok() {
        // The superuser writes everywhere, so there is nothing to see here.
        eprintln!("SKIPPED: this user can write into a read-only directory");
        return;
    }
    let changes = vec![("a.yaml", Some("a: 2\n")), ("sub/b.yaml", Some("b\n"))];
    let outcome = call(&["render", shown(root.path())], "", Scripted { changes, ..scripted(Verdict::Clean) });
    assert_eq!(outcome.exit, Exit::Failed);
    assert!(outcome.stderr.contains("no file was changed"), "{}", outcome.stderr);
    assert_eq!(text(root.path().join("a.yaml")), "a: 1\n");
}

#[test]
fn diff_and_dry_run_only_show() {
    let root = package(&[("a.yaml", "a: 1\n")]);
    let changes = || vec![("a.yaml", Some("a: 2\n"))];
    let function = || Scripted { changes: changes(), ..scripted(Verdict::Clean) };
    let outcome = call(&["render", shown(root.path()), "--diff"], "", function());
    assert_eq!(outcome.stdout, "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n");
    let outcome = call(&["render", shown(root.path()), "--dry-run"], "", function());
    assert_eq!(outcome.stdout, format!("would update {}/a.yaml\n", shown(root.path())));
    assert_eq!(text(root.path().join("a.yaml")), "a: 1\n");
}

#[test]
fn fix_is_passed_on() {
    let root = package(&[("a.yaml", "a: 1\n")]);
    let expected = |_: &[Source], options: Options| assert!(options.fix && !options.expect_generated);
    let outcome = call(
        &["render", shown(root.path()), "--fix"],
        "",
        Scripted { expected: &expected, ..scripted(Verdict::Clean) },
    );
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Clean, "nothing to change\n"));
}

// --- the rest -------------------------------------------------------------------------------------------------------

#[test]
fn explain_finds_a_page_by_code_and_by_name() {
    for asked in ["LBP000", "lbp000", "scripted"] {
        let outcome = call(&["explain", asked], "", scripted(Verdict::Clean));
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Clean, "LBP000 scripted\n\n# A sample\n"));
    }
    assert_eq!(call(&["explain"], "", scripted(Verdict::Clean)).stdout, "LBP000  scripted  A sample.\n");
    let outcome = call(&["explain", "LBP123"], "", scripted(Verdict::Clean));
    assert_eq!(outcome.exit, Exit::Failed);
    assert!(outcome.stderr.contains("there is no finding `LBP123`"), "{}", outcome.stderr);
}

#[test]
fn bounds_reach_the_sandbox() {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut streams = Streams { stdin: &mut io::empty(), stdout: &mut stdout, stderr: &mut stderr };
    let typed = ["lbpools", "check", "-", "--module=m.wasm", "--timeout=2s", "--max-memory=64MiB", "--max-output=1k"];
    let exit = run(&args(&typed), &mut streams, |bounds: &Bounds| -> anyhow::Result<Scripted> {
        assert_eq!(bounds.module.as_deref(), Some(Path::new("m.wasm")));
        assert_eq!((bounds.timeout.as_secs(), bounds.max_memory, bounds.max_output), (2, 64 << 20, 1024));
        anyhow::bail!("no such module")
    });
    assert_eq!(exit, Exit::Failed);
    assert_eq!(String::from_utf8(stderr).unwrap(), "lbpools: no such module\n");
}

fn program() -> assert_cmd::Command {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_lbpools"))
}

#[test]
fn the_program_prints_completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = program().args(["completions", shell]).assert().code(0).get_output().stdout.clone();
        assert!(String::from_utf8(output).unwrap().contains("max-memory"), "{shell}");
    }
    for page in [&["man"][..], &["man", "render"]] {
        let output = program().args(page).assert().code(0).get_output().stdout.clone();
        let output = String::from_utf8(output).unwrap();
        assert!(output.contains(".TH lbpools") && output.contains("Examples"), "{output}");
    }
}

#[test]
fn the_program_explains_itself_and_refuses_nonsense() {
    let help = program().arg("--help").assert().code(0).get_output().stdout.clone();
    let help = String::from_utf8(help).unwrap();
    for word in ["render", "check", "explain", "completions", "man", "Exit codes:", "--max-memory"] {
        assert!(help.contains(word), "{word}\n{help}");
    }
    let output = program().args(["chekc"]).assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("check"));
    program().args(["check", "no/such/directory"]).assert().code(2);
}

#[test]
fn the_program_stops_reading_where_it_is_told() {
    let mut stdin = String::new();
    io::repeat(b'x').take(100).read_to_string(&mut stdin).unwrap();
    program().args(["--max-input", "10"]).write_stdin(stdin).assert().code(2).stdout("");
}

#[test]
fn the_program_says_what_a_wasm_file_is() {
    let page = program().arg("inspect").assert().success();
    let page = String::from_utf8(page.get_output().stdout.clone()).unwrap();
    for part in ["for       lbpools component\n", "imports   nothing\n", "  LBP101  error    block-does-not-parse\n"] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }

    let foreign = package(&[("fn.wasm", "\0asm\u{1}\0\0\0"), ("README.md", "# text")]);
    let file = foreign.path().join("fn.wasm");
    let outcome = program().args(["inspect", "--format=json"]).arg(&file).assert().code(2);
    let document: serde_json::Value = serde_json::from_slice(&outcome.get_output().stdout).unwrap();
    // By `sha256sum` of the eight bytes.
    let digest = "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476";
    assert_eq!((&document["size"], &document["sha256"]), (&json!(8), &json!(digest)));
    assert_eq!((&document["interface"], &document["function"]), (&json!(null), &json!(null)));
    assert!(document["refused"].as_str().unwrap().contains("for neither kpt nor WASI preview 1"), "{document}");

    let outcome = program().arg("inspect").arg(foreign.path().join("README.md")).assert().code(2);
    assert!(String::from_utf8_lossy(&outcome.get_output().stderr).contains("not a WebAssembly component or module"));
}

/// In a narrow terminal every line fits, and what was a column is a label.
#[test]
fn a_narrow_terminal_is_enough() {
    let fleet = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples/fleet");
    let smaller = tempfile::tempdir().unwrap();
    let file = smaller.path().join("a.yaml");
    fs::write(&file, "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer}\n").unwrap();
    let from = ["--from", shown(smaller.path())];
    for verb in
        [&["plan"][..], &["check"], &["map"], &["explain", "databases/postgres"], &[&["plan"], &from[..]].concat()]
    {
        let output = program().current_dir(&fleet).env("COLUMNS", "60").args(verb).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.lines().count() > 5, "{verb:?}: {said}");
        for line in said.lines() {
            // A path is never broken in two, so that it can be opened.
            let place = line.trim_start().strip_prefix("at ").is_some_and(|place| !place.contains(' '));
            assert!(line.chars().count() <= 60 || place, "{verb:?}: {line:?} is too long\n{said}");
        }
        if verb[0] != "explain" && verb[0] != "map" {
            assert!(said.contains("\n  pool gateway\n    ADDRESSES"), "{verb:?}: {said}");
        }
    }
}

// --- living clusters ----------------------------------------------------------------------------------------------

#[test]
fn verify_hands_over_what_was_read_and_leaves_it_out_of_the_repository() {
    let root = package(&[("pools.yaml", "a"), ("cluster.json", "{}"), ("settings.yaml", "b")]);
    let dumps = [root.path().join("cluster.json"), root.path().join("settings.yaml")];
    let typed = ["verify", shown(root.path()), "--cluster", "infra", "--dump", shown(&dumps[0]), "-", shown(&dumps[1])];
    for (verdict, exit) in
        [(Verdict::Clean, Exit::Clean), (Verdict::Findings, Exit::Findings), (Verdict::Failed, Exit::Failed)]
    {
        let expected = |sources: &[Source], options: Options| {
            assert_eq!(options, Options::default());
            let told: Vec<(Role, &str, &[u8])> =
                sources.iter().map(|source| (source.role, source.path.as_str(), source.text.as_slice())).collect();
            assert_eq!(
                told,
                [
                    (Role::Subject, "pools.yaml", &b"a"[..]),
                    (Role::Observed, shown(&dumps[0]), b"{}"),
                    (Role::Observed, "<stdin>", b"piped"),
                    (Role::Observed, shown(&dumps[1]), b"b"),
                    (Role::Scope, "", b"cluster=infra"),
                ]
            );
        };
        let outcome = call(&typed, "piped", Scripted { expected: &expected, ..scripted(verdict) });
        assert_eq!(outcome.exit, exit, "{}{}", outcome.stdout, outcome.stderr);
    }
}

#[test]
fn verify_needs_something_to_hold_against() {
    let outcome = call(&["verify", "."], "", scripted(Verdict::Clean));
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Failed, ""));
    let outcome = call(&["verify", ".", "--dump", "no/such/file"], "", scripted(Verdict::Clean));
    assert_eq!(outcome.exit, Exit::Failed);
    assert!(outcome.stderr.contains("no/such/file"), "{}", outcome.stderr);
}

#[test]
fn plan_of_a_living_cluster_supposes_that_all_is_applied() {
    let root = package(&[("pools.yaml", "a"), ("cluster.json", "{}")]);
    let dump = root.path().join("cluster.json");
    let expected = |sources: &[Source], _: Options| {
        let told: Vec<(Role, &[u8])> = sources.iter().map(|source| (source.role, source.text.as_slice())).collect();
        assert_eq!(told, [(Role::Subject, &b"a"[..]), (Role::Observed, b"{}"), (Role::WhatIf, b"applied")]);
    };
    let typed = ["plan", shown(root.path()), "--dump", shown(&dump)];
    let outcome = call(&typed, "", Scripted { expected: &expected, ..scripted(Verdict::Clean) });
    assert_eq!(outcome.exit, Exit::Clean, "{}", outcome.stderr);
    let both = ["plan", shown(root.path()), "--from", "main", "--dump", shown(&dump)];
    let outcome = call(&both, "", scripted(Verdict::Clean));
    assert_eq!(outcome.exit, Exit::Failed);
    assert!(outcome.stderr.contains("cannot be used with"), "{}", outcome.stderr);
}
