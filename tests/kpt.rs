//! lbpools under the real kpt: `fn eval` and `fn render` with `--exec`, its results, and every byte it must not touch.

mod real;

use std::collections::BTreeMap;

use real::{Scratch, expect_fixture, find, fixture};

const RENDER: [&str; 5] = ["fn", "render", ".", "--allow-exec", "--results-dir=../results"];
const EVAL: [&str; 7] = [
    "fn",
    "eval",
    ".",
    "--exec=lbpools",
    "--fn-config=lbpools.yaml",
    "--results-dir=../results",
    "--truncate-output=false",
];
const POOLS: &str = "network/pools.yaml";

/// kpt writes LF for CR LF, whatever function it runs.
const KPT_REWRITES: [&str; 1] = ["services/printer.yaml"];

fn without_kpts_own(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|path, _| !KPT_REWRITES.contains(&path.as_str()));
    files
}

fn text(files: &BTreeMap<String, Vec<u8>>, path: &str) -> String {
    let bytes = files.get(path).unwrap_or_else(|| panic!("there is no {path}, only {:?}", files.keys()));
    String::from_utf8(bytes.clone()).expect("manifests are UTF-8")
}

#[test]
fn eval_and_render_write_the_pools_and_leave_every_other_byte() {
    let Some(kpt) = find("kpt") else { return };
    for arguments in [&RENDER[..], &EVAL[..]] {
        let scratch = Scratch::of_example("kpt");
        let before = scratch.files();
        scratch.run(&kpt, arguments.iter().copied()).ok();
        let mut after = scratch.files();
        expect_fixture("kpt/pools.yaml", &text(&after, POOLS));
        after.remove(POOLS);
        assert!(after.len() > 10, "the example has lost files: {:?}", after.keys());
        assert_eq!(without_kpts_own(after), without_kpts_own(before), "{arguments:?}");
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let Some(kpt) = find("kpt") else { return };
    let scratch = Scratch::of_example("kpt");
    scratch.run(&kpt, RENDER).ok();
    let once = scratch.files();
    scratch.run(&kpt, RENDER).ok();
    assert_eq!(scratch.files(), once);
}

#[test]
fn the_host_alone_writes_the_same_pools_and_leaves_every_other_byte() {
    let scratch = Scratch::of_example("kpt");
    let mut before = scratch.files();
    scratch.run("lbpools".as_ref(), ["render", "."]).ok();
    let mut after = scratch.files();
    let pools = after.remove(POOLS).expect("the pools are written");
    before.remove(POOLS);
    assert_eq!(after, before);
    assert_eq!(String::from_utf8_lossy(&pools), fixture("kpt/pools.yaml"));
}

#[test]
fn a_mistake_fails_the_pipeline_and_is_in_its_results() {
    let Some(kpt) = find("kpt") else { return };
    for arguments in [&RENDER[..], &EVAL[..]] {
        let scratch = Scratch::of_example("kpt");
        scratch.replace("cluster-settings.yaml", "192.168.40.30", "192.168.40.3");
        let before = scratch.files();
        let ran = scratch.run(&kpt, arguments.iter().copied());
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        let results = scratch.package().join("../results/results.yaml");
        let results = std::fs::read_to_string(results).expect("kpt wrote its results");
        for part in ["exitCode: 1", "severity: error", "code: LBP", "currentValue:"] {
            assert!(results.contains(part), "no {part:?} in\n{results}");
        }
        assert_eq!(without_kpts_own(scratch.files()), without_kpts_own(before), "a failed run leaves the files");
    }
}

/// `-- key=value` arrives as a ConfigMap; none at all as one without data.
#[test]
fn eval_without_a_config_only_judges() {
    let Some(kpt) = find("kpt") else { return };
    let scratch = Scratch::of_example("kpt");
    let before = scratch.files();
    scratch.run(&kpt, ["fn", "eval", ".", "--exec=lbpools"]).ok();
    assert_eq!(without_kpts_own(scratch.files()), without_kpts_own(before));
}
