//! lbpools as a WebAssembly module under the real kpt, with node: no Docker, and no native program of ours.

mod real;

use real::{Ran, Scratch, expect_fixture, find, guest};

const RENDER: [&str; 6] = ["fn", "render", ".", "--allow-exec", "--allow-alpha-wasm", "--results-dir=../results"];
const EVAL: [&str; 8] = [
    "fn",
    "eval",
    ".",
    "--allow-alpha-wasm",
    "--exec=../fn.wasm",
    "--fn-config=lbpools.yaml",
    "--results-dir=../results",
    "--truncate-output=false",
];
const POOLS: &str = "network/pools.yaml";
/// kpt writes LF for CR LF, whatever function it runs.
const KPT_REWRITES: &str = "services/printer.yaml";

/// The example with a guest in place of the program.
fn example(name: &str) -> Option<(std::path::PathBuf, Scratch)> {
    let (kpt, guest, _) = (find("kpt")?, guest(name)?, find("node")?);
    let scratch = Scratch::of_example("kpt");
    std::fs::copy(guest, scratch.package().join("../fn.wasm")).expect("a copy of the module");
    scratch.replace("Kptfile", "exec: lbpools", "exec: ../fn.wasm");
    Some((kpt, scratch))
}

fn run<const N: usize>(scratch: &Scratch, kpt: &std::path::Path, arguments: [&str; N]) -> Ran {
    scratch.run_with(kpt, arguments, &[("KPT_FN_WASM_RUNTIME", "nodejs")])
}

fn assert_unchanged(scratch: &Scratch, mut before: std::collections::BTreeMap<String, Vec<u8>>) {
    let mut after = scratch.files();
    after.remove(KPT_REWRITES);
    before.remove(KPT_REWRITES);
    assert_eq!(after, before);
}

#[test]
fn render_and_eval_write_the_pools_and_leave_every_other_byte() {
    let Some((kpt, rendered)) = example("lbpools-kpt.wasm") else { return };
    let Some((_, evaluated)) = example("lbpools-kpt.wasm") else { return };
    for scratch in [&rendered, &evaluated] {
        let before = scratch.files();
        if std::ptr::eq(scratch, &rendered) {
            run(scratch, &kpt, RENDER).ok()
        } else {
            run(scratch, &kpt, EVAL).ok()
        };
        expect_fixture("kpt/pools.yaml", &scratch.read(POOLS));
        std::fs::remove_file(scratch.package().join(POOLS)).expect("the pools are there");
        assert_unchanged(scratch, before);
    }
}

#[test]
fn a_mistake_fails_the_pipeline_and_is_shown() {
    let Some((kpt, scratch)) = example("lbpools-kpt.wasm") else { return };
    scratch.replace("cluster-settings.yaml", "192.168.40.30", "192.168.40.3");
    let before = scratch.files();
    let ran = run(&scratch, &kpt, RENDER).refused("[Results]: [error] cilium.io/");
    assert!(ran.stderr.contains("LBP102"), "{}", ran.stderr);
    let results = std::fs::read_to_string(scratch.package().join("../results/results.yaml")).expect("results");
    assert!(results.contains("exitCode: 1") && results.contains("code: LBP102"), "{results}");
    assert_unchanged(&scratch, before);
}

#[test]
fn a_config_that_cannot_be_read_is_exit_code_2() {
    let Some((kpt, scratch)) = example("lbpools-kpt.wasm") else { return };
    scratch.replace("lbpools.yaml", "spec:", "spce:");
    let before = scratch.files();
    let ran = run(&scratch, &kpt, RENDER).refused("Exit code: 2");
    assert!(ran.stderr.contains("spce"), "{}", ran.stderr);
    assert_unchanged(&scratch, before);
}

#[test]
fn a_panic_or_a_trap_ends_in_a_sentence_and_not_in_a_stack() {
    for (defect, says) in [("panic", "the function panicked"), ("trap", "the function was aborted by a trap")] {
        let Some((kpt, scratch)) = example("lbpools-kpt-defects.wasm") else { return };
        let text = scratch.read("cluster-settings.yaml");
        scratch.write("cluster-settings.yaml", &format!("# lbpools-test: {defect}\n{text}"));
        let before = scratch.files();
        let ran = run(&scratch, &kpt, EVAL).refused(says);
        assert!(!ran.stderr.contains("wasm-function"), "{}", ran.stderr);
        assert!(ran.stderr.contains("Exit code: 2"), "{}", ran.stderr);
        assert_unchanged(&scratch, before);
    }
}

/// The memory of the module grows many times over.
#[test]
fn a_list_of_18_megabytes() {
    let Some((kpt, scratch)) = example("lbpools-kpt.wasm") else { return };
    let mut large = String::new();
    for number in 0..360 {
        large.push_str(&format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: large-{number} # kept\n"));
        large.push_str(&format!("data:\n  text: \"{}\"\n", "x".repeat(50_000)));
    }
    scratch.write("large.yaml", large.trim_start_matches("---\n"));
    run(&scratch, &kpt, EVAL).ok();
    expect_fixture("kpt/pools.yaml", &scratch.read(POOLS));
    assert!(scratch.read("large.yaml").contains("large-359 # kept"));
}
