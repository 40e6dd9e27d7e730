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

#[test]
fn what_does_not_build_is_told_in_the_programs_own_words() {
    let Some(kustomize) = find("kustomize") else { return };
    let scratch = patched();
    scratch.write("kubernetes/workloads/dns/pin.yaml", "- {op: remove, path: /spec/absent}\n");
    let ran = lbpools(&scratch, &["check", ".", &format!("--build={}", kustomize.display())]);
    let told = &ran.stdout;
    assert!(told.contains("what kustomize builds from kubernetes/workloads/dns"), "{told}");
    assert!(told.contains("`kustomize build` failed: Error:") && told.contains("/spec/absent"), "{told}");
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
