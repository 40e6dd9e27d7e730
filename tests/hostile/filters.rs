//! Modules for kpt's runtime and for WASI that mean no good: each gets its own clear error, in bounded time and memory.

use std::time::Duration;

use lbpools::{
    contract::{Function, Options, Verdict},
    sandbox::{SandboxBuilder, SandboxError, SandboxPre},
};

use super::{MIB, stdin};

fn sandbox(wat: &str) -> Result<SandboxPre, SandboxError> {
    SandboxBuilder::new()
        .component(wat::parse_str(wat).unwrap())
        .deadline(Duration::from_millis(500))
        .memory(16 * MIB)
        .output(4 * MIB)
        .build()
}

fn evaluate(wat: &str) -> SandboxError {
    sandbox(wat).unwrap().evaluate(stdin(b"items: []\n"), Options::default()).unwrap_err()
}

/// A module for kpt with this body of `run`.
fn kpt(imports: &str, run: &str) -> String {
    format!(
        "(module {imports} (memory (export \"mem\") 1) (func (export \"run\") (param i32 i32) {run})
         (func (export \"resume\")) (func (export \"getsp\") (result i32) (i32.const 0)))"
    )
}

/// A WASI command with this body.
fn wasi(imports: &str, start: &str) -> String {
    format!("(module {imports} (memory (export \"memory\") 1) (func (export \"_start\") {start}))")
}

const STRING: &str = "(import \"go\" \"syscall/js.stringVal\" (func $string (param i32)))";
const WRITE: &str = "(import \"wasi_snapshot_preview1\" \"fd_write\"
    (func $write (param i32 i32 i32 i32) (result i32)))";

#[test]
fn endless_loops_end_at_the_deadline() {
    for wat in
        [kpt("", "(loop (br 0))"), wasi("", "(loop (br 0))"), kpt(STRING, "(loop (call $string (i32.const 0)) (br 0))")]
    {
        let error = evaluate(&wat);
        assert!(matches!(error, SandboxError::Deadline { .. } | SandboxError::Output { .. }), "{error:?}");
    }
}

#[test]
fn memory_ends_at_the_limit() {
    for wat in [kpt("", "(drop (memory.grow (i32.const 1000)))"), wasi("", "(drop (memory.grow (i32.const 1000)))")] {
        let error = evaluate(&wat);
        assert!(matches!(error, SandboxError::Memory { .. }), "{error:?}");
    }
}

/// The same 60 KB as a string, or written, over and over.
#[test]
fn output_ends_at_the_limit() {
    let strings = "(i64.store (i32.const 16) (i64.const 60000)) (loop (call $string (i32.const 0)) (br 0))";
    let writes = "(i32.store (i32.const 4) (i32.const 60000))
        (loop (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))";
    for wat in [kpt(STRING, strings), wasi(WRITE, writes)] {
        let error = evaluate(&wat);
        assert!(matches!(error, SandboxError::Output { .. }), "{error:?}");
    }
}

#[test]
fn addresses_out_of_its_memory_are_refused() {
    let strings = "(i64.store (i32.const 8) (i64.const -1)) (i64.store (i32.const 16) (i64.const 1))
        (call $string (i32.const 0))";
    let frame = "(call $string (i32.const -8))";
    let writes = "(drop (call $write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)))";
    let pieces = "(i32.store (i32.const 0) (i32.const -1)) (i32.store (i32.const 4) (i32.const 1))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))";
    for wat in [kpt(STRING, strings), kpt(STRING, frame), wasi(WRITE, writes), wasi(WRITE, pieces)] {
        let error = evaluate(&wat);
        assert!(
            matches!(&error, SandboxError::Malformed { detail } if detail.contains("not in its memory")),
            "{error:?}"
        );
    }
}

#[test]
fn nothing_registered_and_recursion_and_traps() {
    let error = evaluate(&kpt("", ""));
    assert!(error.to_string().contains("has not registered `processResourceList`"), "{error}");
    let error = evaluate(&kpt("", "(unreachable)"));
    assert!(matches!(error, SandboxError::Trap { .. }), "{error:?}");
    let deep = "(module (memory (export \"memory\") 1) (func $f (export \"_start\") (call $f) (call $f)))";
    assert!(matches!(evaluate(deep), SandboxError::Recursion), "recursion");
}

#[test]
fn imports_that_a_filter_does_not_need_are_refused() {
    let exit = "(import \"go\" \"runtime.getRandomData\" (func (param i32)))";
    let open = "(import \"wasi_snapshot_preview1\" \"path_open\" (func))";
    let other = "(import \"env\" \"fd_write\" (func))";
    for (wat, name) in [
        (kpt(exit, ""), "go.runtime.getRandomData"),
        (wasi(open, ""), "wasi_snapshot_preview1.path_open"),
        (wasi(other, ""), "env.fd_write"),
    ] {
        let error = sandbox(&wat).err().unwrap();
        assert!(matches!(&error, SandboxError::ForeignImports { names, .. } if names == &[name]), "{error:?}");
    }
    // The right name with another type.
    let wrong = wasi("(import \"wasi_snapshot_preview1\" \"fd_write\" (func))", "");
    assert!(matches!(sandbox(&wrong).err().unwrap(), SandboxError::Instantiate { .. }));
}

#[test]
fn a_command_may_fail_and_then_hands_back_nothing() {
    let exit = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))";
    let came = sandbox(&wasi(exit, "(call $exit (i32.const 77))")).unwrap();
    let came = came.evaluate(stdin(b""), Options::default()).unwrap();
    assert_eq!((came.verdict, came.changes), (Verdict::Failed, Vec::new()));
}

/// The host's side of kpt's ABI: whatever a module puts into the frames, it gets an answer or an error.
#[test]
fn random_frames_are_answered_or_refused() {
    const CALLS: [&str; 8] = [
        "stringVal",
        "valueCall",
        "valueGet",
        "valueIndex",
        "valueLoadString",
        "valuePrepareString",
        "valueSet",
        "stringVal",
    ];
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let imports: String = CALLS[..7]
        .iter()
        .map(|call| format!("(import \"go\" \"syscall/js.{call}\" (func ${call} (param i32)))"))
        .collect();
    let names = "(data (i32.const 1024) \"_pendingEventprocessexitCoderesult_makeFuncWrapperid\")";
    let (mut refused, mut answered) = (0, 0);
    for _ in 0..150 {
        let mut run = String::new();
        for _ in 0..1 + random(3) {
            for word in 1..8 {
                let value = match random(6) {
                    0 => random(80),
                    1 => 1024 + random(64),
                    2 => 0x7FF8_0001_0000_0000 | random(12),
                    3 => 0x7FF8_0002_0000_0000 | random(12),
                    4 => 0x3FF0_0000_0000_0000,
                    _ => random(u64::from(u32::MAX)) << random(33),
                };
                let value = i64::from_ne_bytes(value.to_ne_bytes());
                run.push_str(&format!("(i64.store (i32.const {}) (i64.const {value}))", word * 8));
            }
            let call = CALLS[usize::try_from(random(8)).unwrap()];
            run.push_str(&format!("(call ${call} (i32.const 0))"));
        }
        let wat =
            kpt(&imports, &run).replace("(func (export \"resume\"))", &format!("(func (export \"resume\")) {names}"));
        match evaluate(&wat) {
            SandboxError::Malformed { detail } if detail.contains("has not registered") => answered += 1,
            SandboxError::Malformed { .. } | SandboxError::Output { .. } => refused += 1,
            error => panic!("{error:?}\n{wat}"),
        }
    }
    assert!(refused > 10 && answered > 0, "{refused} refused, {answered} answered");
}
