//! The guest for kpt's own WebAssembly runtime (`--allow-alpha-wasm`), which was made for programs of the Go compiler.
//!
//! kpt calls `run` once, in which we register two functions of ours under names that it knows, and then the functions;
//! each such call arrives in `resume`. There are two kinds of host: node (`Host::Node`), and a wasmtime that only
//! kpt built with cgo has (`Host::Wasmtime`). They differ in how a run fails and in how texts cross over.

#![cfg(target_family = "wasm")]

#[path = "../../description.rs"]
mod description;
mod go;
#[path = "../../last_words.rs"]
mod last_words;
mod text;

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use go::Value;
use lbpools_function::filter::{self, Answer};

/// Who runs us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// `KPT_FN_WASM_RUNTIME=nodejs`, and whoever behaves alike.
    Node,
    /// kpt's own wasmtime.
    Wasmtime,
}

/// Found out in `run`: a look later could meet node before it knows that the memory has grown.
static IS_NODE: AtomicBool = AtomicBool::new(false);

impl Host {
    /// What is not there is `undefined` under node, and null under the other.
    fn look() -> Self {
        let is_node = go::get(Value::GLOBAL, "lbpools: is there node?") == Value::UNDEFINED;
        IS_NODE.store(is_node, Ordering::Relaxed);
        Self::here()
    }

    fn here() -> Self {
        if IS_NODE.load(Ordering::Relaxed) { Self::Node } else { Self::Wasmtime }
    }
}

/// The id of `processResourceList`, and of its companion.
const PROCESS: f64 = 1.0;
const ERRORS: f64 = 2.0;

/// What the last run had to say, for `processResourceListErrors`.
static WORDS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A list is being worked on. kpt's wasmtime logs a trap, and then asks what went wrong as if nothing had.
static AT_WORK: AtomicBool = AtomicBool::new(false);

/// What is said where a list should be: kpt's wasmtime has no exit code, so a run fails by not handing back a list.
const SEE_BELOW: &str = "lbpools: there are error findings, or the run failed. It says";

/// The words where a run ends in neither an answer nor a panic.
const ON_A_TRAP: &str = "lbpools: the function was aborted by a trap, which is a defect in it\n";

/// Node prints the stack of an uncaught error, which helps nobody who has not written it. A panic says its words
/// itself and sets the exit code.
const ON_AN_ERROR: &str = "\
if (!process.exitCode) process.stderr.write('lbpools: the function was aborted by a trap: ' + error.message + '\\n');
process.exit(2);";

/// Where kpt's frames are.
#[unsafe(no_mangle)]
extern "C" fn getsp() -> u32 {
    go::frame().addr() as u32
}

/// Register what kpt calls.
#[unsafe(no_mangle)]
extern "C" fn run(_argc: u32, _argv: u32) {
    let host = Host::look();
    last_words::keep(say_panic);
    go_on(host);
    for (name, id) in [("processResourceList", PROCESS), ("processResourceListErrors", ERRORS)] {
        let function = go::method(Value::GO, "_makeFuncWrapper", &[Value::number(id)]);
        go::set(Value::GLOBAL, name, function);
    }
    if host == Host::Node {
        let process = go::get(Value::GLOBAL, "process");
        let handler = [go::string(b"error"), go::string(ON_AN_ERROR.as_bytes())];
        let handler = go::method(Value::GLOBAL, "Function", &handler);
        go::method(process, "on", &[go::string(b"uncaughtException"), handler]);
    }
}

/// Serve the call that is waiting.
#[unsafe(no_mangle)]
extern "C" fn resume() {
    let host = Host::here();
    go_on(host);
    let event = go::get(Value::GO, "_pendingEvent");
    if event == Value::NULL || event == Value::UNDEFINED {
        return;
    }
    let id = go::get(event, "id").as_number();
    let result = if id == ERRORS {
        // Under node everything has been said on standard error, and this text would go where the list should be.
        if host == Host::Node { Vec::new() } else { what_went_wrong() }
    } else {
        processed(host, go::index(go::get(event, "args"), 0))
    };
    let result = text::hand_over(host, &result);
    go::set(event, "result", result);
}

/// The list with its results, or a text that kpt takes for a failure.
fn processed(host: Host, argument: Value) -> Vec<u8> {
    AT_WORK.store(true, Ordering::Relaxed);
    let answer = match text::fetch(host, argument) {
        Ok(text) => {
            #[cfg(feature = "defects")]
            defect(&text);
            filter::answer(text)
        }
        Err(why) => Answer { list: None, words: format!("lbpools: {why}\n"), exit: 2 },
    };
    AT_WORK.store(false, Ordering::Relaxed);
    let too_large = |list: &Vec<u8>| host == Host::Wasmtime && list.len() > text::ARENA_BYTES;
    let answer = match answer.list {
        Some(list) if too_large(&list) => {
            Answer { list: None, words: format!("lbpools: {}\n", text::too_large("answer", list.len())), exit: 2 }
        }
        list => Answer { list, ..answer },
    };
    match host {
        Host::Node => {
            go_on(host);
            go::write(2, answer.words.as_bytes());
            if answer.exit != 0 {
                fail(answer.exit);
            }
            answer.list.unwrap_or_default()
        }
        Host::Wasmtime => match answer.list {
            Some(list) if answer.exit == 0 => list,
            _ => {
                keep_words(answer.words.into_bytes());
                SEE_BELOW.into()
            }
        },
    }
}

/// The memory may have grown since the last call of an import.
fn go_on(host: Host) {
    if host == Host::Node {
        go::memory_has_grown();
    }
}

/// Node's exit code; kpt looks at it and still reads the list.
fn fail(code: u8) {
    let process = go::get(Value::GLOBAL, "process");
    go::set(process, "exitCode", Value::number(code.into()));
}

fn what_went_wrong() -> Vec<u8> {
    let words = WORDS.lock().map(|words| words.clone()).unwrap_or_default();
    if words.is_empty() && AT_WORK.load(Ordering::Relaxed) { ON_A_TRAP.into() } else { words }
}

fn keep_words(words: Vec<u8>) {
    if let Ok(mut kept) = WORDS.try_lock() {
        *kept = words;
    }
}

fn say_panic(words: &[u8]) {
    let words = [b"lbpools: the function panicked, which is a defect in it: ", words, b"\n"].concat();
    match Host::here() {
        Host::Node => {
            go_on(Host::Node);
            go::write(2, &words);
            fail(2);
        }
        Host::Wasmtime => keep_words(words),
    }
}

/// What a defect looks like to a user.
#[cfg(feature = "defects")]
fn defect(text: &[u8]) {
    let wants = |what: &[u8]| text.windows(what.len()).any(|window| window == what);
    assert!(!wants(b"lbpools-test: panic"), "out of addresses");
    if wants(b"lbpools-test: trap") {
        core::arch::wasm32::unreachable();
    }
}
