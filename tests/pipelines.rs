//! The files for pipelines, each under the real program or its own schema: the pre-commit hook under `pre-commit`, the
//! GitHub Action and the GitLab template under the schemas that `check-jsonschema` ships, the action's scripts under
//! bash as a runner would call them.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod real;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use real::root;
use tempfile::TempDir;

/// A program of `tests/python`; says `SKIPPED` past the runner's capture where it is not installed.
fn python(name: &str) -> Option<PathBuf> {
    let program = root().join("target/tools/python/bin").join(name);
    if program.is_file() {
        return Some(program);
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED no {name}: `cargo xtask tools` installs it, with Python");
    None
}

#[expect(clippy::disallowed_methods, reason = "a test's own look at the machine")]
fn path_with_lbpools() -> std::ffi::OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_lbpools")).parent().unwrap().to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).unwrap()
}

fn ran(command: &mut Command) -> (Output, String) {
    let output = command.env("PATH", path_with_lbpools()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, said)
}

fn git(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]);
    let (output, said) = ran(command.args(arguments));
    assert!(output.status.success(), "git {arguments:?}: {said}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_hook_passes_and_refuses_under_pre_commit() {
    let Some(pre_commit) = python("pre-commit") else { return };
    let scratch = TempDir::new().unwrap();
    let hooks = scratch.path().join("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    git(&hooks, &["init", "-q"]);
    git(&hooks, &["add", "-A"]);
    git(&hooks, &["commit", "-qm", "hooks"]);
    for (example, hook, passes) in
        [("fleet", "lbpools", true), ("fleet", "lbpools-render", true), ("broken/bad-octet", "lbpools", false)]
    {
        let repository = scratch.path().join(format!("{hook} of {}", example.replace('/', "-")));
        copy(&root().join("examples").join(example), &repository);
        git(&repository, &["init", "-q"]);
        git(&repository, &["add", "-A"]);
        let mut command = Command::new(&pre_commit);
        command.current_dir(&repository).env("PRE_COMMIT_HOME", scratch.path().join("cache"));
        command.args(["try-repo", hooks.to_str().unwrap(), hook, "--all-files"]);
        let (output, said) = ran(&mut command);
        assert_eq!(output.status.success(), passes, "{example}: {said}");
        assert!(said.contains(if passes { "Passed" } else { "LBP303" }), "{example}: {said}");
    }
}

#[test]
fn the_action_and_the_template_are_what_their_platforms_read() {
    let Some(check) = python("check-jsonschema") else { return };
    let scratch = TempDir::new().unwrap();
    let judged = |schema: &str, more: &[&str], file: &Path| {
        let (output, said) = ran(Command::new(&check).args(["--builtin-schema", schema]).args(more).arg(file));
        assert!(output.status.success(), "{}: {said}", file.display());
    };
    judged("vendor.github-actions", &[], &root().join("action.yml"));
    // GitLab fills the inputs in before it reads the jobs; the schema is for the jobs.
    let template = fs::read_to_string(root().join("templates/lbpools.yml")).unwrap();
    let (inputs, jobs) = template.split_once("\n---\n").unwrap();
    assert!(inputs.contains("inputs:"));
    let mut jobs = jobs.to_owned();
    for (input, value) in [("stage", "test"), ("directory", "."), ("image", "lbpools:v1")] {
        assert!(inputs.contains(&format!("    {input}:\n")), "{input}");
        jobs = jobs.replace(&format!("$[[ inputs.{input} ]]"), value);
    }
    assert!(!jobs.contains("$[["), "{jobs}");
    let file = scratch.path().join("jobs.yml");
    fs::write(&file, jobs).unwrap();
    judged("vendor.gitlab-ci", &["--data-transform", "gitlab-ci"], &file);
    // The schema must be able to refuse.
    fs::write(&file, "job: {script: {}}\n").unwrap();
    let (output, said) = ran(Command::new(&check).args(["--builtin-schema", "vendor.gitlab-ci"]).arg(&file));
    assert!(!output.status.success(), "{said}");
}

/// The workflow of the docs page, with the action as its own repository would use it, under the linter of workflows.
#[test]
fn the_workflow_of_the_page_uses_the_action_as_it_is() {
    let Some(actionlint) = real::find("actionlint") else { return };
    let page = fs::read_to_string(root().join("docs/ci/github.md")).unwrap();
    let (_, workflow) = page.split_once("```yaml\n").unwrap();
    let (workflow, _) = workflow.split_once("```").unwrap();
    let workflow = workflow.replace("OWNER/lbpools@v1", "./");
    assert!(workflow.contains("uses: ./"), "{workflow}");
    let scratch = TempDir::new().unwrap();
    git(scratch.path(), &["init", "--quiet"]);
    fs::copy(root().join("action.yml"), scratch.path().join("action.yml")).unwrap();
    let file = scratch.path().join(".github/workflows/lbpools.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let judged = |text: &str| {
        fs::write(&file, text).unwrap();
        ran(Command::new(&actionlint).args(["-shellcheck=", "-pyflakes=", "-no-color"]).current_dir(scratch.path()))
    };
    let (output, said) = judged(&workflow);
    assert!(output.status.success(), "{said}");
    // The linter must be able to refuse: it has read the inputs of our action.
    let (output, said) = judged(&workflow.replacen("directory:", "directori:", 1));
    assert!(!output.status.success() && said.contains("input \"directori\" is not defined"), "{said}");
}

/// The script of the action's step of this id.
fn step(id: &str) -> String {
    let action = fs::read_to_string(root().join("action.yml")).unwrap();
    let (_, rest) = action.split_once(&format!("      id: {id}\n")).unwrap();
    let (_, script) = rest.split_once("      run: |\n").unwrap();
    script.lines().map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line))).collect()
}

#[test]
fn the_action_annotates_and_hands_on_the_exit_code() {
    for (example, code) in [("fleet", 0), ("broken/bad-octet", 1)] {
        let scratch = TempDir::new().unwrap();
        let at = |name: &str| scratch.path().join(name);
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step("check")]).current_dir(root());
        command.env("DIRECTORY", format!("examples/{example}")).env("CONFIG", "").env("SUMMARY", "true");
        command.env("SARIF", at("a b.sarif")).env("MARKDOWN", at("a b.md")).env("RUNNER_TEMP", scratch.path());
        command.env("GITHUB_OUTPUT", at("output")).env("GITHUB_STEP_SUMMARY", at("summary"));
        let (output, said) = ran(&mut command);
        assert_eq!(output.status.code(), Some(code), "{example}: {said}");
        assert_eq!(said.contains("::error title=LBP303"), code == 1, "{said}");
        assert_eq!(fs::read_to_string(at("output")).unwrap(), format!("exit-code={code}\n"));
        let summary = fs::read_to_string(at("summary")).unwrap();
        assert!(summary.starts_with("<!-- lbpools -->\n### lbpools: "), "{summary}");
        assert!(at("a b.sarif").is_file());
    }
}
