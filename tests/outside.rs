//! Every report format over every example, held against programs that are not ours: schemas, validators, consumers.
//!
//! `cargo xtask tools` puts them into `target/tools/outside` (npm, pinned in `tests/outside/package-lock.json`).

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const FORMATS: &[&str] = &["json", "sarif", "junit", "github", "gitlab", "markdown", "html"];
const PLAN_FORMATS: &[&str] = &["json", "markdown"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The directory with the outside programs; says `SKIPPED` past the runner's capture where they are not installed.
fn outside() -> Option<PathBuf> {
    let directory = root().join("target/tools/outside");
    if directory.join("node_modules").is_dir() {
        return Some(directory);
    }
    let why = "no outside validators: `cargo xtask tools` installs them, with npm";
    let _ = writeln!(std::io::stderr(), "SKIPPED {why}");
    None
}

/// Every example, as it would be named from the top of the checkout.
fn examples() -> Vec<String> {
    let mut names: Vec<String> = ["fleet", "kustomize", "kpt"].iter().map(|name| format!("examples/{name}")).collect();
    for entry in fs::read_dir(root().join("examples/broken")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            names.push(format!("examples/broken/{}", entry.file_name().to_str().unwrap()));
        }
    }
    names.sort();
    assert!(names.len() > 20, "the examples are not where they were: {names:?}");
    names
}

/// Judge `target` from `from`, with a report in every format in `to`. Hands back the exit code.
fn report(from: &Path, target: &str, to: &Path) -> i32 {
    fs::create_dir_all(to).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
    command.current_dir(from).args(["check", target, "--quiet"]);
    for format in FORMATS {
        command.arg("--output").arg(format!("{format}={}", to.join(format!("report.{format}")).display()));
    }
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    assert!(to.join("report.json").is_file(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    code
}

/// Plan `target` from `from`, against another state if there is one, into `to`. Hands back the exit code.
fn plan(from: &Path, target: &str, before: Option<&str>, to: &Path) -> i32 {
    fs::create_dir_all(to).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbpools"));
    command.current_dir(from).args(["plan", target, "--quiet"]);
    for format in PLAN_FORMATS {
        command.arg("--output").arg(format!("{format}={}", to.join(format!("report.{format}")).display()));
    }
    if let Some(before) = before {
        command.arg("--from").arg(from.join(before));
    }
    let output = command.output().unwrap();
    assert!(to.join("report.json").is_file(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    output.status.code().unwrap()
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

/// A package whose names are hard to write down, with findings.
fn odd_names(place: &Path) -> &'static str {
    let directory = place.join("50% of: my flöte, \"x\" & <y>#?");
    copy(&root().join("examples/broken/pin-outside-pools"), &directory);
    fs::rename(directory.join("service.yaml"), directory.join("sörvice: a=b, 100%25 'q'.yaml")).unwrap();
    copy(&root().join("examples/broken/bad-octet/kubernetes"), &directory.join("kubernetes"));
    "50% of: my flöte, \"x\" & <y>#?"
}

#[test]
fn every_format_is_accepted_by_those_who_read_it() {
    let Some(outside) = outside() else { return };
    let scratch = TempDir::new().unwrap();
    let mut cases = Vec::new();
    let mut case = |from: &Path, target: &str, exit: &[i32]| {
        let directory = scratch.path().join(format!("reports/{}", cases.len()));
        let code = report(from, target, &directory);
        assert!(exit.contains(&code), "{target}: exit code {code}");
        let formats: Vec<_> = FORMATS.iter().map(|format| [format, format]).collect();
        cases.push(json!({"name": target, "root": from, "directory": directory, "formats": formats}));
    };
    for example in examples() {
        let exit: &[i32] = if example.contains("broken") { &[0, 1] } else { &[0] };
        case(&root(), &example, exit);
    }
    case(scratch.path(), odd_names(scratch.path()), &[1]);
    case(scratch.path(), failing(scratch.path()), &[2]);
    checked(&outside, scratch.path(), &cases);
}

/// The plan of each example alone, and what it would be to come from the example before it: clusters, pools and
/// Services that come, go and change in all ways.
#[test]
fn every_format_of_a_plan_is_accepted_by_those_who_read_it() {
    let Some(outside) = outside() else { return };
    let scratch = TempDir::new().unwrap();
    let mut cases = Vec::new();
    let mut case = |from: &Path, target: &str, before: Option<&str>, exit: i32| {
        let directory = scratch.path().join(format!("plans/{}", cases.len()));
        let code = plan(from, target, before, &directory);
        assert_eq!(code, exit, "{target} from {before:?}");
        let name = format!("plan of {target} from {before:?}");
        let formats = [["json", "json"], ["markdown", "plan"]];
        cases.push(json!({"name": name, "root": from, "directory": directory, "formats": formats}));
    };
    let examples = examples();
    let mut before = None;
    for example in &examples {
        case(&root(), example, None, 0);
        case(&root(), example, before.or(examples.last()).map(String::as_str), 0);
        before = Some(example);
    }
    let odd = odd_names(scratch.path());
    copy(&root().join("examples/fleet"), &scratch.path().join("a fleet"));
    case(scratch.path(), odd, None, 0);
    case(scratch.path(), odd, Some("a fleet"), 0);
    case(scratch.path(), "a fleet", Some(odd), 0);
    case(scratch.path(), failing(scratch.path()), None, 2);
    let markdown = |at: usize| fs::read_to_string(scratch.path().join(format!("plans/{at}/report.markdown"))).unwrap();
    let told = (0..cases.len()).filter(|at| markdown(*at).contains("As soon as it is applied")).count();
    assert!(told > 10, "only {told} plans say what changes");
    checked(&outside, scratch.path(), &cases);
}

/// A package with a config that cannot be.
fn failing(place: &Path) -> &'static str {
    let directory = place.join("a config that cannot be");
    fs::create_dir(&directory).unwrap();
    let config = "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: {name: x}\nspec: {poools: []}\n";
    fs::write(directory.join("lbpools: config.yaml"), config).unwrap();
    "a config that cannot be"
}

/// Have the outside programs judge the cases: `formats` of each are pairs of a file's ending and what to hold it for.
fn checked(outside: &Path, scratch: &Path, cases: &[Value]) {
    let list = scratch.join("cases.json");
    fs::write(&list, Value::from(cases).to_string()).unwrap();
    let mut check = Command::new("node");
    check.arg(outside.join("check.mjs")).arg(&list).arg(root().join("docs/schema/report.json"));
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(&format!("checked {} reports", cases.len())), "{said}");
}

/// The fingerprints of a SARIF log, and of a GitLab report, of one package.
fn fingerprints(package: &Path, to: &Path) -> (Vec<Value>, Vec<Value>) {
    report(package, ".", to);
    let read = |name: &str| -> Value { serde_json::from_slice(&fs::read(to.join(name)).unwrap()).unwrap() };
    let results = read("report.sarif")["runs"][0]["results"].as_array().unwrap().clone();
    let issues = read("report.gitlab").as_array().unwrap().clone();
    (
        results.iter().map(|result| result["partialFingerprints"].clone()).collect(),
        issues.iter().map(|issue| issue["fingerprint"].clone()).collect(),
    )
}

#[test]
fn fingerprints_stay_when_lines_are_put_above() {
    let scratch = TempDir::new().unwrap();
    for example in examples().iter().filter(|example| example.contains("broken")) {
        let package = scratch.path().join(example);
        copy(&root().join(example), &package);
        let before = fingerprints(&package, &scratch.path().join("before"));
        assert!(!before.0.is_empty(), "{example} has no findings");
        prepend(&package);
        assert_eq!(fingerprints(&package, &scratch.path().join("after")), before, "{example}");
    }
}

/// Twenty lines on top of every manifest.
fn prepend(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            prepend(&path);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{}{text}", "# a line\n".repeat(20))).unwrap();
        }
    }
}
