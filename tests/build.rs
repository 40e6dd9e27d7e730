//! `--build`: the real kustomize and kubectl asked by lbpools itself, on a copy, with what goes wrong told plainly.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod real;

use std::path::Path;

use real::{Ran, Scratch, find};

const DNS: &str = "kubernetes/workloads/dns/kustomization.yaml";

/// The fleet, with a Service whose pin a patch moves out of every pool.
fn patched() -> Scratch {
    let scratch = Scratch::of_example("fleet");
    let kustomization = scratch.read(DNS);
    let patches = "patches:\n  - path: pin.yaml\n    target:\n      kind: Service\n";
    scratch.write(DNS, &format!("{}\n{patches}", kustomization.trim_end()));
    scratch.write("kubernetes/workloads/dns/pin.yaml", PIN);
    scratch
}

const PIN: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: any
  annotations:
    lbipam.cilium.io/ips: 172.16.99.99
";

fn lbpools(scratch: &Scratch, arguments: &[&str]) -> Ran {
    scratch.run(Path::new(env!("CARGO_BIN_EXE_lbpools")), arguments.iter().copied())
}

#[test]
fn a_patch_is_judged_once_it_is_built() {
    let programs = [find("kustomize"), find("kubectl")];
    for program in programs.into_iter().flatten() {
        let scratch = patched();
        let before = scratch.files();
        let unbuilt = lbpools(&scratch, &["check", "."]).ok();
        assert!(!unbuilt.stdout.contains("172.16.99.99"), "{}", unbuilt.stdout);
        assert!(unbuilt.stdout.contains("a patch in kubernetes/workloads/dns"), "{}", unbuilt.stdout);
        let named = format!("--build={}", program.display());
        let built = lbpools(&scratch, &["check", ".", &named]);
        assert_eq!(built.code, Some(1), "{named}\n{}\n{}", built.stdout, built.stderr);
        assert!(built.stdout.contains("172.16.99.99"), "{}", built.stdout);
        assert!(built.stdout.contains("kubernetes/workloads/dns/pin.yaml:6:"), "{}", built.stdout);
        assert!(!built.stdout.contains("lbpools-build-"), "the copy is nobody's business\n{}", built.stdout);
        let plan = lbpools(&scratch, &["plan", ".", &named]).ok();
        assert!(plan.stdout.contains("172.16.99.99"), "{}", plan.stdout);
        let story = lbpools(&scratch, &["explain", "172.16.99.99", ".", &named]).ok();
        assert!(story.stdout.contains("pin.yaml"), "{}", story.stdout);
        assert_eq!(scratch.files(), before, "a file of the repository was written");
    }
}

/// Both sides of a comparison are built, each from its own files: a manifest and what a generator reads.
#[test]
fn a_revision_is_compared_as_it_is_built() {
    let Some(kustomize) = find("kustomize") else { return };
    let build = format!("--build={}", kustomize.display());
    let scratch = patched();
    scratch.write("kubernetes/workloads/dns/pin.yaml", &PIN.replace("172.16.99.99", "10.25.11.130"));
    let temporary = tempfile::tempdir().unwrap();
    let lbpools = |scratch: &Scratch, arguments: &[&str]| {
        let environment = [("TMPDIR", temporary.path().to_str().unwrap())];
        scratch.run_with(Path::new(env!("CARGO_BIN_EXE_lbpools")), arguments.iter().copied(), &environment)
    };
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"];
        let ran = scratch.run(Path::new("git"), identity.into_iter().chain(arguments.iter().copied()));
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {}", ran.stderr);
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "one"]);
    // Only the patch changes: without a build nobody knows what it does, then or now.
    scratch.write("kubernetes/workloads/dns/pin.yaml", &PIN.replace("172.16.99.99", "10.25.11.131"));
    let plan = lbpools(&scratch, &["plan", ".", "--from", "HEAD", &build]).ok();
    let (_, changes) = plan.stdout.split_once("what changes from HEAD").unwrap();
    assert!(changes.contains("10.25.11.130") && changes.contains("10.25.11.131"), "{}", plan.stdout);
    scratch.write("kubernetes/workloads/dns/pin.yaml", PIN);
    let check = lbpools(&scratch, &["check", ".", "--changed-since", "HEAD", &build]);
    assert_eq!(check.code, Some(1), "{}", check.stderr);
    assert!(check.stdout.contains("172.16.99.99"), "{}", check.stdout);
    let map = lbpools(&scratch, &["map", ".", "--from", "HEAD", &build]);
    assert_eq!(map.code, Some(0), "{}", map.stderr);
    // The same tree twice is no difference, whether a revision or a directory.
    git(&["commit", "--quiet", "--all", "--message", "two"]);
    for from in ["HEAD", "."] {
        // Against a tree that is not built, the pin would be news.
        lbpools(&scratch, &["check", ".", "--changed-since", from, &build]).ok();
    }
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "what was unpacked is still there: {left:?}");
}

#[test]
fn what_does_not_build_is_told_in_the_programs_own_words() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = patched();
    scratch.write("kubernetes/workloads/dns/pin.yaml", "- {op: remove, path: /spec/absent}\n");
    let ran = lbpools(&scratch, &["check", ".", &format!("--build={}", kustomize.display())]);
    let told = &ran.stdout;
    assert_eq!(ran.code, Some(1), "{told}");
    assert!(told.contains("LBP430") && told.contains("kubernetes/workloads/dns cannot be built"), "{told}");
    assert!(told.contains("`kustomize build` says: Error:") && told.contains("/spec/absent"), "{told}");
}

#[test]
fn a_program_that_is_not_there_is_a_failed_run() {
    let scratch = patched();
    let ran = lbpools(&scratch, &["check", ".", "--build=./nowhere/kustomize"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("there is no `") && ran.stderr.contains("nowhere/kustomize`"), "{}", ran.stderr);
    let ran = lbpools(&scratch, &["check", ".", "--build=kustomise"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`kustomise` is no program to build with"), "{}", ran.stderr);
}

/// Where nothing needs a build, no program is needed either.
#[test]
fn nothing_is_run_where_all_is_known() {
    let scratch = Scratch::of_example("fleet");
    let plain = lbpools(&scratch, &["check", "."]).ok();
    let built = lbpools(&scratch, &["check", ".", "--build=./nowhere/kustomize"]).ok();
    assert_eq!(plain.stdout, built.stdout);
}
