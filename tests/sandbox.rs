//! The sandbox against hostile components (`tests/hostile/*.wat`, each with its attack in a comment), and the embedded
//! component against the same library linked natively.
//!
//! An attack that speaks the whole canonical ABI is written as a core module and gets its types from
//! `function/wit` here, so that the text holds nothing but the attack. One that is about imports, exports or types is
//! written as a component.

#![allow(clippy::unwrap_used)] // helpers of tests count as code to the lint

use std::{path::Path, thread, time::Duration};

use lbpools::{
    contract::{Change, Function, Options, Role, Source, Verdict},
    sandbox::{COMPONENT, Compiled, Phase, SandboxBuilder, SandboxError, SandboxPre},
};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const MIB: u64 = 1024 * 1024;

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The bytes of `tests/hostile/NAME.wat`, as a component.
fn hostile(name: &str) -> Vec<u8> {
    let path = here("tests/hostile").join(name).with_extension("wat");
    let mut wasm = wat::parse_file(&path).unwrap();
    if Parser::is_component(&wasm) {
        return wasm;
    }
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(here("function/wit")).unwrap();
    let world = resolve.select_world(&[package], Some("lbpools")).unwrap();
    embed_component_metadata(&mut wasm, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&wasm).unwrap().validate(true).encode().unwrap()
}

/// Limits that a test can wait for, and that an honest little call stays far below.
fn builder(name: &str) -> SandboxBuilder {
    SandboxBuilder::new()
        .component(hostile(name))
        // Far more than any attack but the endless ones takes, on a busy machine too.
        .deadline(Duration::from_secs(30))
        .memory(128 * MIB)
        .output(16 * MIB)
}

fn sandbox(name: &str) -> SandboxPre {
    builder(name).build().unwrap()
}

fn stdin(text: &str) -> Vec<Source> {
    vec![Source { path: String::new(), role: Role::Subject, text: text.into() }]
}

/// What `evaluate` of a hostile component ends in.
fn evaluate(name: &str) -> SandboxError {
    sandbox(name).evaluate(stdin("items: []\n"), Options::default()).unwrap_err()
}

/// What comes of loading and linking something that must not get as far as running.
fn refused(component: impl Into<Vec<u8>>) -> SandboxError {
    match SandboxBuilder::new().component(component).build() {
        Ok(_) => panic!("accepted"),
        Err(error) => error,
    }
}

mod time {
    use super::*;

    fn sandbox(name: &str) -> SandboxPre {
        builder(name).deadline(Duration::from_millis(300)).build().unwrap()
    }

    fn evaluate(name: &str) -> SandboxError {
        sandbox(name).evaluate(stdin("items: []\n"), Options::default()).unwrap_err()
    }

    #[test]
    fn an_endless_loop_ends_at_the_deadline() {
        let error = evaluate("endless_loop");
        assert!(matches!(error, SandboxError::Deadline { phase: Phase::Run, .. }), "{error:?}");
        assert_eq!(error.to_string(), "the function was stopped: it ran longer than the deadline of 300ms");
    }

    #[test]
    fn so_does_one_in_the_allocator_that_the_host_calls() {
        let error = evaluate("endless_realloc");
        assert!(matches!(error, SandboxError::Deadline { phase: Phase::Run, .. }), "{error:?}");
    }

    #[test]
    fn so_does_one_in_start_code() {
        let error = evaluate("endless_start");
        assert!(matches!(error, SandboxError::Deadline { phase: Phase::Instantiate, .. }), "{error:?}");
    }

    /// All calls share the engine's epoch: the first to run out of time must not end the others.
    #[test]
    fn one_call_out_of_time_leaves_others_alone() {
        let honest = SandboxBuilder::new().build().unwrap();
        let hostile = sandbox("endless_loop");
        thread::scope(|scope| {
            let stopped = scope.spawn(|| hostile.evaluate(Vec::new(), Options::default()));
            let also = scope.spawn(|| hostile.evaluate(Vec::new(), Options::default()));
            for _ in 0..20 {
                assert!(honest.describe().is_ok());
            }
            for call in [stopped, also] {
                let error = call.join().unwrap().unwrap_err();
                assert!(matches!(error, SandboxError::Deadline { .. }), "{error:?}");
            }
        });
    }

    #[test]
    fn a_deadline_beyond_all_clocks_is_none() {
        let sandbox = builder("trap").deadline(Duration::MAX).build().unwrap();
        assert_eq!(sandbox.describe().unwrap(), b"fine");
    }
}

mod memory {
    use super::*;

    #[test]
    fn growth_ends_at_the_limit() {
        let error = evaluate("runaway_memory");
        let SandboxError::Memory { limit, wanted, phase: Phase::Run } = error else { panic!("{error:?}") };
        assert_eq!(limit, 128 * MIB);
        assert!(wanted > limit && wanted <= limit + MIB, "{wanted}");
        assert!(error.to_string().contains("it asked for"), "{error}");
    }

    #[test]
    fn initial_memory_counts() {
        let error = evaluate("huge_memory");
        assert!(matches!(error, SandboxError::Memory { phase: Phase::Instantiate, .. }), "{error:?}");
    }

    #[test]
    fn tables_count() {
        let error = evaluate("runaway_table");
        assert!(matches!(error, SandboxError::Memory { phase: Phase::Run, .. }), "{error:?}");
    }

    #[test]
    fn recursion_ends_with_the_stack() {
        let error = evaluate("deep_recursion");
        assert!(matches!(error, SandboxError::Recursion), "{error:?}");
        assert_eq!(error.to_string(), "the function was stopped: its calls nest too deeply (endless recursion?)");
    }
}

mod output {
    use super::*;

    #[test]
    fn a_huge_text_is_refused() {
        let error = sandbox("huge_output").describe().unwrap_err();
        assert!(matches!(error, SandboxError::Output { limit } if limit == 16 * MIB), "{error:?}");
        assert_eq!(error.to_string(), "the function's output was refused: it is larger than 16777216 bytes");
    }

    #[test]
    fn many_texts_count_together() {
        let error = evaluate("repeated_output");
        assert!(matches!(error, SandboxError::Output { .. }), "{error:?}");
    }

    #[test]
    fn edits_must_fit_their_source() {
        let error = evaluate("edits_out_of_bounds");
        assert!(matches!(error, SandboxError::Malformed { .. }), "{error:?}");
        assert!(error.to_string().contains("edits to \"\" that do not fit it"), "{error}");
    }

    #[test]
    fn the_limit_is_the_limit_and_no_less() {
        let sandbox = builder("huge_output").output(64 * MIB).build().unwrap();
        assert_eq!(sandbox.describe().unwrap().len() as u64, 64 * MIB);
    }

    #[test]
    fn what_breaks_its_type_is_refused() {
        let malformed = |error: SandboxError, why: &str| {
            assert!(matches!(&error, SandboxError::Malformed { detail } if detail.contains(why)), "{error:?}");
            assert_eq!(error.phase(), Phase::Output);
        };
        malformed(sandbox("output_out_of_bounds").describe().unwrap_err(), "out of bounds");
        malformed(evaluate("output_not_utf8"), "utf-8");
        malformed(evaluate("verdict_out_of_range"), "discriminant");
    }
}

mod traps {
    use super::*;

    #[test]
    fn a_trap_is_named() {
        let error = evaluate("trap");
        assert!(matches!(error, SandboxError::Trap { phase: Phase::Run, .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the function was aborted by a trap: wasm trap: wasm `unreachable` instruction executed"
        );
    }

    #[test]
    fn the_next_call_is_served() {
        let sandbox = sandbox("trap");
        for _ in 0..3 {
            assert!(sandbox.evaluate(stdin("a: 1\n"), Options::default()).is_err());
            assert_eq!(sandbox.describe().unwrap(), b"fine");
        }
    }

    #[test]
    fn a_panic_arrives_with_its_text() {
        let error = evaluate("panic");
        let SandboxError::Panic { message } = &error else { panic!("{error:?}") };
        assert_eq!(message, "panicked at src/run.rs:7:9:\nout of addresses");
        assert!(error.to_string().starts_with("the function panicked, which is a defect in it: "), "{error}");
    }

    /// The component's side of it: the marker, with no text yet, lies in its static data.
    #[test]
    fn the_embedded_component_can_tell_of_its_panics() {
        let marker = b"\0lbpools\0panic:\0\0\0\0\0";
        assert!(COMPONENT.windows(marker.len()).any(|window| window == marker));
    }
}

mod world {
    use super::*;

    #[test]
    fn no_import_of_any_kind() {
        for (name, import) in [
            ("imports_wasi", "wasi:clocks/monotonic-clock@0.2.0"),
            ("imports_custom", "shell"),
            ("imports_type", "evil:types/names@1.0.0"),
        ] {
            let error = refused(hostile(name));
            assert!(matches!(&error, SandboxError::Imports { names } if names == &[import]), "{error:?}");
            assert_eq!(
                error.to_string(),
                format!("the component imports `{import}`; the sandbox offers no import at all")
            );
        }
    }

    #[test]
    fn a_component_of_another_world() {
        let error = refused(hostile("other_world"));
        assert!(matches!(error, SandboxError::OtherWorld { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "this component is of another world: it exports `add`, not `lbpools:function/run@0.1.0`"
        );
    }

    #[test]
    fn a_missing_function() {
        let error = refused(hostile("missing_export"));
        assert!(matches!(error, SandboxError::MissingExport { .. }), "{error:?}");
        assert_eq!(error.to_string(), "the component's `lbpools:function/run@0.1.0` lacks `evaluate`, `report`");
    }

    #[test]
    fn a_function_of_another_type() {
        let sandbox = sandbox("wrong_type");
        let error = sandbox.describe().unwrap_err();
        assert!(matches!(&error, SandboxError::WrongExport { name, .. } if name == "describe"), "{error:?}");
        assert_eq!(error.phase(), Phase::Link);
        let error = sandbox.evaluate(Vec::new(), Options::default()).unwrap_err();
        assert!(matches!(&error, SandboxError::WrongExport { name, .. } if name == "evaluate"), "{error:?}");
    }
}

mod loading {
    use super::*;

    #[test]
    fn garbage() {
        for garbage in
            [&b""[..], b"\0", b"apiVersion: v1\nkind: List\n", b"\x7fELF\x02\x01\x01\0", b"\0asm\x63\0\x07\0"]
        {
            let error = refused(garbage);
            assert!(matches!(error, SandboxError::NotAComponent { .. }), "{error:?}");
            assert_eq!(error.phase(), Phase::Load);
        }
    }

    #[test]
    fn a_core_module() {
        let error = refused(wat::parse_str("(module)").unwrap());
        assert!(matches!(error, SandboxError::CoreModule), "{error:?}");
    }

    #[test]
    fn a_damaged_component() {
        let error = refused(&COMPONENT[..COMPONENT.len() / 2]);
        assert!(matches!(error, SandboxError::Compile { .. }), "{error:?}");
    }

    #[test]
    fn a_file_that_is_not_there() {
        let error = SandboxBuilder::new().component_file("no/such/file.wasm").build().err().unwrap();
        assert!(matches!(error, SandboxError::Unreadable { .. }), "{error:?}");
        assert_eq!(error.to_string(), "cannot read the component no/such/file.wasm");
    }
}

mod embedded {
    use super::*;

    /// Nothing compiles while a user waits.
    #[test]
    fn is_machine_code_already() {
        assert_eq!(SandboxBuilder::new().build().unwrap().compiled(), Compiled::AheadOfTime);
    }

    /// Neither the component nor any core module in it: it cannot reach a file, the network, a clock or the
    /// environment, because there is nothing to call.
    #[test]
    fn imports_nothing() {
        let mut depth = 0;
        let mut modules = 0;
        for payload in Parser::new(0).parse_all(COMPONENT) {
            match payload.unwrap() {
                Payload::ComponentImportSection(imports) if depth == 0 => assert_eq!(imports.count(), 0),
                Payload::ImportSection(imports) => assert_eq!(imports.count(), 0),
                Payload::ModuleSection { .. } => (depth, modules) = (depth + 1, modules + 1),
                Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ => {}
            }
        }
        assert_eq!(modules, 1, "the guest and no adapter");
    }

    /// The same bytes as the same library linked natively, for standard input and for files.
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn answers_as_the_native_library_does() {
        let list = "\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: cilium.io/v2
  kind: CiliumLoadBalancerIPPool # kept
  metadata: {name: services}
  spec:
    blocks:
    - start: 10.25.11.100
      stop: 10.25.11.119
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: default}
  spec: {type: LoadBalancer, ports: [{port: 80}]}
";
        let file = |path: &str, text: &str| Source { path: path.into(), role: Role::Subject, text: text.into() };
        let files = vec![
            file("pools/pool.yaml", list.split_once("items:\n- ").unwrap().1.split_once("\n- ").unwrap().0),
            file("not-yaml.txt", "[[[\u{feff}"),
        ];
        let sandbox = SandboxBuilder::new().build().unwrap();
        for sources in [Vec::new(), stdin(list), stdin("a: [\n"), files] {
            same(&sandbox, sources, Options::default());
        }
        assert_eq!(sandbox.describe().unwrap(), serde_json::to_vec(&lbpools_function::describe()).unwrap());
    }

    /// Every package of `examples/` and every golden, as it stands and with `--fix`.
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn every_example_and_golden_gives_the_same_bytes() {
        let sandbox = SandboxBuilder::new().build().unwrap();
        let mut packages = 0;
        for parent in ["examples", "examples/broken"] {
            for entry in std::fs::read_dir(here(parent)).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_dir() || path.ends_with("broken") {
                    continue;
                }
                let sources = lbpools::package::read(&path, 64 * MIB).unwrap().sources;
                same(&sandbox, sources.clone(), Options::default());
                same(&sandbox, sources, Options { fix: true, expect_generated: false });
                packages += 1;
            }
        }
        assert!(packages > 20, "only {packages} examples");
        let mut files = 0;
        for entry in std::fs::read_dir(here("tests/goldens/usage")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read(&path).unwrap();
                let source = Source { path: String::new(), role: Role::Subject, text };
                same(&sandbox, vec![source.clone()], Options::default());
                same(&sandbox, vec![source], Options { fix: false, expect_generated: true });
                files += 1;
            }
        }
        assert!(files > 0, "no goldens");
    }

    /// The component and the native library say the same, to the byte.
    #[allow(clippy::disallowed_methods)]
    fn same(sandbox: &SandboxPre, sources: Vec<Source>, options: Options) {
        let native_options = lbpools_function::Options {
            fix: options.fix,
            expect_generated: options.expect_generated,
            ..lbpools_function::Options::default()
        };
        let native = lbpools_function::evaluate(&native(&sources), native_options);
        let inside = sandbox.evaluate(sources.clone(), options).unwrap();
        let old = |path: &str| {
            let subject = sources.iter().find(|source| source.path == path && source.role == Role::Subject);
            subject.map_or(&[][..], |source| &source.text)
        };
        let changes = native.changes.iter().map(|change| Change {
            path: change.path.clone(),
            text: change.text.as_ref().map(|text| text.over(old(&change.path))),
        });
        let changes: Vec<Change> = changes.collect();
        assert_eq!(inside.changes, changes);
        assert_eq!(inside.summary, lbpools_function::report::summary(&native.report));
        assert_eq!(inside.verdict, verdict(native.report.verdict));
        let report = sandbox.report(sources, options).unwrap();
        assert_eq!(report, serde_json::to_vec(&native.report).unwrap());
    }

    fn native(sources: &[Source]) -> Vec<lbpools_function::Source> {
        let role = |role| match role {
            Role::Subject => lbpools_function::Role::Subject,
            Role::Config => lbpools_function::Role::Config,
            Role::Baseline => lbpools_function::Role::Baseline,
            Role::WhatIf => lbpools_function::Role::WhatIf,
            Role::Explain => lbpools_function::Role::Explain,
            Role::Scope => lbpools_function::Role::Scope,
            Role::Observed => lbpools_function::Role::Observed,
            Role::Unread => lbpools_function::Role::Unread,
            Role::SmokeTest => lbpools_function::Role::SmokeTest,
            Role::Built => lbpools_function::Role::Built,
            Role::Unbuilt => lbpools_function::Role::Unbuilt,
        };
        let source = |source: &Source| lbpools_function::Source {
            path: source.path.clone(),
            role: role(source.role),
            text: source.text.clone(),
        };
        sources.iter().map(source).collect()
    }

    fn verdict(verdict: lbpools_function::report::Verdict) -> Verdict {
        use lbpools_function::report::Verdict as Native;
        match verdict {
            Native::Clean => Verdict::Clean,
            Native::Findings => Verdict::Findings,
            Native::Failed => Verdict::Failed,
        }
    }
}
