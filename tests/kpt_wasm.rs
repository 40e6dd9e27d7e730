//! lbpools as a WebAssembly module under the real kpt: no Docker, and no native program of ours. With node, as kpt's
//! releases run it; and with the wasmtime of a kpt that is built with C code, which takes long to build and so belongs
//! to `cargo xtask test --all`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod real;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use real::{Ran, Scratch, expect_fixture, find, guest};

const RENDER: &[&str] = &["fn", "render", ".", "--allow-exec", "--allow-alpha-wasm", "--results-dir=../results"];
const EVAL: &[&str] = &["fn", "eval", ".", "--allow-alpha-wasm", "--exec=../fn.wasm", "--fn-config=lbpools.yaml"];
const POOLS: &str = "network/pools.yaml";
const SETTINGS: &str = "cluster-settings.yaml";
const MODULE: &str = "lbpools-kpt.wasm";
const DEFECTS: &str = "lbpools-kpt-defects.wasm";

/// kpt writes LF for CR LF, whatever function it runs.
const KPT_REWRITES: &str = "services/printer.yaml";

/// The example with a guest in place of the program, and a kpt to run it.
struct Example {
    kpt: PathBuf,
    runtime: &'static str,
    scratch: Scratch,
    before: BTreeMap<String, Vec<u8>>,
}

impl Example {
    fn with_node(module: &str) -> Option<Self> {
        find("node")?;
        Self::new(find("kpt")?, "nodejs", module)
    }

    fn with_wasmtime(module: &str) -> Option<Self> {
        Self::new(find("kpt-cgo")?, "wasmtime", module)
    }

    fn new(kpt: PathBuf, runtime: &'static str, module: &str) -> Option<Self> {
        let scratch = Scratch::of_example("kpt");
        fs::copy(guest(module)?, scratch.package().join("../fn.wasm")).unwrap();
        scratch.replace("Kptfile", "exec: lbpools", "exec: ../fn.wasm");
        let before = scratch.files();
        Some(Self { kpt, runtime, scratch, before })
    }

    /// Make a mistake before kpt runs.
    fn replace(&mut self, path: &str, old: &str, new: &str) {
        self.scratch.replace(path, old, new);
        self.before = self.scratch.files();
    }

    /// Put a file there before kpt runs.
    fn write(&mut self, path: &str, text: &str) {
        self.scratch.write(path, text);
        self.before = self.scratch.files();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let arguments = arguments.iter().copied().chain(["--truncate-output=false"]);
        self.scratch.run_with(&self.kpt, arguments, &[("KPT_FN_WASM_RUNTIME", self.runtime)])
    }

    /// It must have failed, said this, and left every file as it was.
    fn refused(&self, arguments: &[&str], saying: &str) -> Ran {
        let ran = self.run(arguments).refused(saying);
        self.assert_unchanged();
        ran
    }

    /// It must have written the pools that the native program writes, and no other byte.
    fn writes_the_pools(&self, arguments: &[&str]) {
        self.run(arguments).ok();
        expect_fixture("kpt/pools.yaml", &self.scratch.read(POOLS));
        fs::remove_file(self.scratch.package().join(POOLS)).unwrap();
        self.assert_unchanged();
    }

    fn assert_unchanged(&self) {
        let mut files = self.scratch.files();
        assert_eq!(files.keys().collect::<Vec<_>>(), self.before.keys().collect::<Vec<_>>());
        files.retain(|path, text| path != KPT_REWRITES && self.before.get(path) != Some(text));
        assert!(files.is_empty(), "changed: {:?}", files.keys());
    }

    fn results(&self) -> String {
        fs::read_to_string(self.scratch.package().join("../results/results.yaml")).unwrap()
    }
}

/// ConfigMaps of 50 KB each, with a comment.
fn large(number: usize) -> String {
    let text = "x".repeat(50_000);
    let map = |name| {
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: large-{name} # kept\ndata:\n  text: {text}\n")
    };
    (0..number).map(map).collect::<String>().trim_start_matches("---\n").to_owned()
}

#[test]
fn render_and_eval_write_the_pools_and_leave_every_other_byte() {
    let Some(example) = Example::with_node(MODULE) else { return };
    example.writes_the_pools(RENDER);
    example.writes_the_pools(EVAL);
}

#[test]
fn a_mistake_fails_the_pipeline_and_is_shown() {
    for arguments in [RENDER, EVAL] {
        let Some(mut example) = Example::with_node(MODULE) else { return };
        example.replace(SETTINGS, "192.168.40.30", "192.168.40.3");
        let results = [arguments, &["--results-dir=../results"]].concat();
        let ran = example.refused(&results, "[error] cilium.io/");
        assert!(ran.stderr.contains("comes after stop 192.168.40.3"), "{}", ran.stderr);
        let results = example.results();
        assert!(results.contains("exitCode: 1") && results.contains("code: LBP102"), "{results}");
    }
}

#[test]
fn a_config_that_cannot_be_read_is_exit_code_2() {
    let Some(mut example) = Example::with_node(MODULE) else { return };
    example.replace("lbpools.yaml", "spec:", "spce:");
    let ran = example.refused(RENDER, "Exit code: 2");
    assert!(ran.stderr.contains("spce"), "{}", ran.stderr);
}

#[test]
fn a_panic_or_a_trap_ends_in_a_sentence_and_not_in_a_stack() {
    for (defect, says) in [("panic", "the function panicked"), ("trap", "the function was aborted by a trap")] {
        let Some(mut example) = Example::with_node(DEFECTS) else { return };
        let text = example.scratch.read(SETTINGS);
        example.write(SETTINGS, &format!("# lbpools-test: {defect}\n{text}"));
        let ran = example.refused(EVAL, says);
        assert!(ran.stderr.contains("Exit code: 2") && !ran.stderr.contains("wasm-function"), "{}", ran.stderr);
    }
}

/// The memory of the module grows many times over.
#[test]
fn a_list_of_18_megabytes() {
    let Some(mut example) = Example::with_node(MODULE) else { return };
    example.write("large.yaml", &large(360));
    example.writes_the_pools(RENDER);
    example.writes_the_pools(EVAL);
}

/// The same exit code and the same results as with the native program, and every file as that leaves it.
fn as_the_native_program(package: &str) {
    let run = |arguments: &[&str]| {
        let scratch = Scratch::of_example(&format!("broken/{package}"));
        fs::copy(guest(MODULE)?, scratch.package().join("../fn.wasm")).unwrap();
        let more = ["--fn-config=lbpools.yaml", "--results-dir=../results"];
        let arguments = ["fn", "eval", "."].iter().chain(arguments).chain(&more).copied();
        let ran = scratch.run_with(&find("kpt")?, arguments, &[("KPT_FN_WASM_RUNTIME", "nodejs")]);
        let results = fs::read_to_string(scratch.package().join("../results/results.yaml")).unwrap();
        let results = results.split_once("    results:\n").expect("there are findings").1.to_owned();
        assert!(results.contains("code: LBP"), "{package}: {results}");
        Some((ran.code, results, scratch.files()))
    };
    find("node").and_then(|_| run(&["--allow-alpha-wasm", "--exec=../fn.wasm"])).inspect(|came| {
        assert_eq!(Some(came), run(&["--exec=lbpools"]).as_ref(), "{package}");
    });
}

#[test]
fn broken_packages_end_as_with_the_native_program() {
    for package in ["bad-octet", "pool-over-router", "setting-undefined"] {
        as_the_native_program(package);
    }
}

#[test]
#[ignore = "part of `cargo xtask test --all`: a minute of kpt"]
fn every_broken_package_ends_as_with_the_native_program() {
    for entry in fs::read_dir(real::root().join("examples/broken")).unwrap() {
        as_the_native_program(entry.unwrap().file_name().to_str().unwrap());
    }
}

/// Ends with its standard input, so with this value.
struct Registry {
    child: Child,
    address: String,
}

impl Registry {
    fn start() -> Option<Self> {
        let mut command = Command::new(find("registry")?);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn a_module_goes_through_a_registry() {
    let (Some(example), Some(registry)) = (Example::with_node(MODULE), Registry::start()) else { return };
    let image = format!("{}/functions:v1", registry.address);
    example.run(&["alpha", "wasm", "push", "../fn.wasm", &image]).ok();
    example.run(&["alpha", "wasm", "pull", &image, "../pulled.wasm"]).ok();
    let module = |name| fs::read(example.scratch.package().join("..").join(name)).unwrap();
    assert!(module("pulled.wasm") == module("fn.wasm"), "another module came back");
    example.writes_the_pools(&["fn", "eval", ".", "--allow-alpha-wasm", "--image", &image, "--fn-config=lbpools.yaml"]);

    let mut example = example;
    example.replace("Kptfile", "exec: ../fn.wasm", &format!("image: {image}"));
    example.writes_the_pools(&["fn", "render", ".", "--allow-alpha-wasm"]);
}

mod wasmtime {
    use super::*;

    #[test]
    #[ignore = "part of `cargo xtask test --all`: kpt with wasmtime takes minutes to build"]
    fn render_and_eval_write_the_pools_and_leave_every_other_byte() {
        let Some(example) = Example::with_wasmtime(MODULE) else { return };
        example.writes_the_pools(RENDER);
        example.writes_the_pools(EVAL);
    }

    #[test]
    #[ignore = "part of `cargo xtask test --all`: kpt with wasmtime takes minutes to build"]
    fn a_mistake_fails_the_pipeline_and_is_shown() {
        for arguments in [RENDER, EVAL] {
            let Some(mut example) = Example::with_wasmtime(MODULE) else { return };
            example.replace(SETTINGS, "192.168.40.30", "192.168.40.3");
            let ran = example.refused(arguments, "error[LBP102] network/pools.yaml");
            assert!(ran.stderr.contains("comes after stop 192.168.40.3"), "{}", ran.stderr);
        }
    }

    #[test]
    #[ignore = "part of `cargo xtask test --all`: kpt with wasmtime takes minutes to build"]
    fn a_panic_or_a_trap_ends_in_a_sentence() {
        for (defect, says) in [("panic", "the function panicked"), ("trap", "the function was aborted by a trap")] {
            let Some(mut example) = Example::with_wasmtime(DEFECTS) else { return };
            let text = example.scratch.read(SETTINGS);
            example.write(SETTINGS, &format!("# lbpools-test: {defect}\n{text}"));
            example.refused(EVAL, says);
        }
    }

    /// 64 MiB cross, in and out; a byte more does not, either way.
    #[test]
    #[ignore = "part of `cargo xtask test --all`: kpt with wasmtime takes minutes to build"]
    fn what_is_larger_than_the_arena_is_refused() {
        const ARENA: usize = 64 << 20;
        let Some(mut example) = Example::with_wasmtime(MODULE) else { return };
        let text = large(1329);
        example.write("large.yaml", &text);
        let ran = example.refused(EVAL, "bytes, and at most 67108864 cross into a module under kpt's wasmtime");
        let length = ran.stderr.split_once("the ResourceList has ").unwrap().1.split_once(' ').unwrap().0;
        let over: usize = length.parse::<usize>().unwrap() - ARENA;

        // The last text, of 50,000 bytes, is cut so that the list just crosses; the answer has the pools as well.
        let shorter = |by: usize| format!("{}\n", &text[..text.len() - 1 - by]);
        example.write("large.yaml", &shorter(over));
        example.refused(EVAL, "lbpools: the answer has ");
        example.write("large.yaml", &shorter(over - 1));
        example.refused(EVAL, "lbpools: the ResourceList has 67108865 bytes");
        example.write("large.yaml", &shorter(over + 10_000));
        example.writes_the_pools(EVAL);
    }
}
