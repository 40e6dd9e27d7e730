//! The function inside other people's runtimes (`cargo xtask guests`), run by our own host: the same bytes as the
//! native library, and hostile modules that get nowhere.

#![allow(clippy::unwrap_used)] // helpers of tests count as code to the lint

#[path = "hostile/filters.rs"]
mod hostile;
mod real;

use std::{fs, sync::OnceLock};

use lbpools::{
    contract::{Evaluation, Function, Options, Role, Source, Verdict},
    sandbox::{Interface, Limits, SandboxBuilder, SandboxError, SandboxPre, inspect},
};
use lbpools_function::filter;
use real::{find, guest, root};

const MIB: u64 = 1024 * 1024;

fn stdin(text: &[u8]) -> Vec<Source> {
    vec![Source { path: String::new(), role: Role::Subject, text: text.to_vec() }]
}

fn native(text: &[u8]) -> Evaluation {
    let answer = filter::answer(text.to_vec());
    let verdict = [Verdict::Clean, Verdict::Findings, Verdict::Failed][usize::from(answer.exit)];
    let change = |list| lbpools::contract::Change { path: String::new(), text: Some(list) };
    Evaluation { verdict, changes: answer.list.map(change).into_iter().collect(), summary: answer.words }
}

/// A directory as kpt would send it: one list of all documents, with the config as its config.
fn as_list(sources: &[Source]) -> Vec<u8> {
    let (mut items, mut config) = (String::from("items:\n"), String::new());
    for source in sources {
        let Ok(text) = str::from_utf8(&source.text) else { continue };
        let text = format!("\n{}", text.replace('\r', ""));
        for document in text.split("\n---\n").filter(|document| document.contains("kind: ")) {
            if document.contains("kind: LoadBalancerPools") {
                config = format!("functionConfig:\n{}", indented(document, "  "));
            } else {
                items.push_str(&indented(document, "- "));
            }
        }
    }
    format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{config}{items}").into_bytes()
}

fn indented(document: &str, first: &str) -> String {
    let lines = document.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
    lines.enumerate().map(|(at, line)| format!("{}{line}\n", if at == 0 { first } else { "  " })).collect()
}

/// Every golden (a package as a list, a file as it is), and texts that are none of our business or damaged.
fn inputs() -> Vec<Vec<u8>> {
    let brackets = "[".repeat(100_000);
    let mut bomb = String::from("kind: ResourceList\nitems:\n- a: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = [format!("*a{}", level - 1).as_str(); 9].join(", ");
        bomb.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
    }
    let list =
        "\u{feff}apiVersion: config.kubernetes.io/v1\r\nkind: ResourceList\r\nitems:\r\n- {kind: a, kind: b}\r\n";
    let hostile: [&[u8]; 9] = [
        b"",
        b"a: [\n",
        b"\xff\xfe",
        b"kind: ResourceList\nitems: [\0]\n",
        b"kind: ResourceList\n",
        b"kind: ResourceList\nitems: {}\n",
        brackets.as_bytes(),
        bomb.as_bytes(),
        list.as_bytes(),
    ];
    let mut inputs: Vec<Vec<u8>> = hostile.map(Vec::from).into();
    let mut open = vec![root().join("tests/goldens")];
    while let Some(directory) = open.pop() {
        if directory.join("cmd").is_file() {
            inputs.push(as_list(&lbpools::package::read(&directory.join("in"), 64 * MIB).unwrap().sources));
            continue;
        }
        for path in fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                inputs.push(fs::read(&path).unwrap());
            }
        }
    }
    inputs
}

/// The component that is built in, and the two other guests. Compiled once: that takes seconds.
fn sandboxes() -> Option<&'static [SandboxPre; 3]> {
    static SANDBOXES: OnceLock<[SandboxPre; 3]> = OnceLock::new();
    let (kpt, wasip1) = (guest("lbpools-kpt.wasm")?, guest("lbpools-wasip1.wasm")?);
    let load = |path| SandboxBuilder::new().component_file(path).build().unwrap();
    Some(SANDBOXES.get_or_init(|| [SandboxBuilder::new().build().unwrap(), load(kpt), load(wasip1)]))
}

fn assert_same(sandbox: &SandboxPre, input: &[u8], native: &Evaluation) {
    let came = sandbox.evaluate(stdin(input), Options::default()).unwrap();
    let is_list = native.changes.iter().filter_map(|change| change.text.as_deref()).any(says_list);
    if sandbox.interface() == Interface::Kpt && native.verdict != Verdict::Failed && !is_list {
        // kpt tells a list by these words in the text: a bare stream is an error to it.
        assert_eq!((came.verdict, came.changes), (Verdict::Failed, Vec::new()));
        return;
    }
    assert_eq!(&came, native, "{}\n{}", sandbox.interface(), input.escape_ascii());
}

fn says_list(text: &[u8]) -> bool {
    text.windows(18).any(|part| part == b"kind: ResourceList")
}

#[test]
fn every_golden_gives_the_same_bytes() {
    let Some(sandboxes) = sandboxes() else { return };
    let interfaces = sandboxes.each_ref().map(SandboxPre::interface);
    assert_eq!(interfaces, [Interface::Component, Interface::Kpt, Interface::WasiPreview1]);
    let inputs = inputs();
    let (mut clean, mut findings, mut written) = (0, 0, 0);
    for input in &inputs {
        let native = native(input);
        clean += usize::from(native.verdict == Verdict::Clean);
        findings += usize::from(native.verdict == Verdict::Findings);
        written += usize::from(native.changes.iter().any(|change| change.text.as_deref() != Some(input)));
        sandboxes.iter().for_each(|sandbox| assert_same(sandbox, input, &native));
    }
    assert!(inputs.len() > 40 && clean > 5 && findings > 15 && written > 15, "{clean} {findings} {written}");
    #[allow(clippy::disallowed_methods)]
    let description = serde_json::to_vec(&lbpools_function::describe()).unwrap();
    for sandbox in sandboxes {
        assert_eq!(sandbox.describe().unwrap(), description);
    }
}

/// The kpt ABI from the side of its input: random damage to a list crosses over as any other text.
#[test]
fn damaged_lists_give_the_same_bytes() {
    let Some(sandboxes) = sandboxes() else { return };
    let package = root().join("examples/broken/pools-overlap-same-cluster");
    let list = as_list(&lbpools::package::read(&package, 64 * MIB).unwrap().sources);
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..40 {
        let mut damaged = list.clone();
        for _ in 0..=random(3) {
            let at = 60 + random(damaged.len() - 100);
            match random(3) {
                0 => damaged[at] = u8::try_from(random(256)).unwrap(),
                1 => drop(damaged.drain(at..at + random(40))),
                _ => damaged.insert(at, b"[]{}:#&*!|>'\"%@`\n -\0"[random(20)]),
            }
        }
        let native = native(&damaged);
        sandboxes.iter().for_each(|sandbox| assert_same(sandbox, &damaged, &native));
    }
}

/// Each of the other two by one way in: compiling a guest takes seconds.
#[test]
fn a_guest_says_what_it_is_and_wants_no_more_than_it_needs() {
    let Some(path) = guest("lbpools-kpt.wasm") else { return };
    let inspection = inspect(Some(&path), Limits::default()).unwrap();
    assert_eq!((inspection.interface, inspection.refused), (Some(Interface::Kpt), None));
    assert!(inspection.imports.iter().all(|import| import.starts_with("go.")), "{:?}", inspection.imports);
    assert_eq!(inspection.imports.len(), 9);
    assert!(inspection.description.is_some());
}

#[test]
fn a_guest_only_takes_a_list() {
    let Some([_, sandbox, _]) = sandboxes() else { return };
    let error = sandbox.report(stdin(b""), Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a module for kpt's WebAssembly runtime only takes a ResourceList from standard input; this needs a component"
    );
    let error = sandbox.evaluate(Vec::new(), Options::default()).unwrap_err();
    assert!(matches!(error, SandboxError::OnlyAFilter { .. }), "{error:?}");
}

#[test]
fn a_panic_arrives_with_its_text() {
    let Some(path) = guest("lbpools-kpt-defects.wasm") else { return };
    let sandbox = SandboxBuilder::new().component_file(path).build().unwrap();
    let error = sandbox.evaluate(stdin(b"# lbpools-test: panic\n"), Options::default()).unwrap_err();
    let SandboxError::Panic { message } = &error else { panic!("{error:?}") };
    assert!(message.ends_with("out of addresses"), "{message}");
    let error = sandbox.evaluate(stdin(b"# lbpools-test: trap\n"), Options::default()).unwrap_err();
    assert!(matches!(error, SandboxError::Trap { .. }), "{error:?}");
}

/// As a function, with `--module`.
#[test]
fn the_program_runs_a_guest() {
    let mistake = "kind: ResourceList\nitems:\n- {apiVersion: cilium.io/v2, kind: CiliumLoadBalancerIPPool, \
                   metadata: {name: a}, spec: {blocks: [{cidr: 10.0.0.300/24}]}}\n";
    let Some(path) = guest("lbpools-wasip1.wasm") else { return };
    let program = || assert_cmd::Command::new(env!("CARGO_BIN_EXE_lbpools"));
    let ours = program().write_stdin(mistake).assert().code(1);
    let ran = program().arg("--module").arg(&path).write_stdin(mistake).assert().code(1);
    assert_eq!(ran.get_output().stdout, ours.get_output().stdout);
    assert_eq!(ran.get_output().stderr, ours.get_output().stderr);
}

/// The runtime in pure Go that kustomize's KEP-4944 names, with a command's streams and exit code.
#[test]
fn wazero_gives_the_same_bytes() {
    let (Some(wazero), Some(wasm)) = (find("wazero"), guest("lbpools-wasip1.wasm")) else { return };
    let text = |package: &str| {
        let mut list =
            as_list(&lbpools::package::read(&root().join("examples").join(package), 64 * MIB).unwrap().sources);
        list.extend_from_slice(b"- {apiVersion: v1, kind: ConfigMap, metadata: {name: last}} # kept\n");
        list
    };
    let mut large = text("kpt");
    for number in 0..120 {
        let map = format!(
            "- kind: ConfigMap\n  metadata: {{name: large-{number}}}\n  data: {{text: {}}}\n",
            "x".repeat(50_000)
        );
        large.extend_from_slice(map.as_bytes());
    }
    let inputs = [(text("kpt"), 0), (text("broken/pool-over-router"), 1), (b"a: [\n".to_vec(), 2), (large, 0)];
    for (input, code) in inputs {
        let answer = filter::answer(input.clone());
        assert_eq!(answer.exit, code, "{}", answer.words);
        let came = assert_cmd::Command::new(&wazero).arg(&wasm).write_stdin(input).assert().code(i32::from(code));
        assert_eq!(String::from_utf8_lossy(&came.get_output().stderr), answer.words);
        assert!(came.get_output().stdout == answer.list.unwrap_or_default(), "another list came back");
    }
}
