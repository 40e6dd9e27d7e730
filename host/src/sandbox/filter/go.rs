//! kpt's interface: the few functions of module `go` that a filter needs, and as much of a JavaScript world as they
//! can see. It behaves as kpt's node does: what is not there is undefined, and the exit code is a property.
//!
//! Every function takes the address of a frame of eight-byte words in the module's memory; the first is unused.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem;
use wasmtime::{Caller, Linker};

use super::{Call, Misuse, Outside, bytes, index, reach};
use crate::sandbox::SandboxError;

/// The name of the interface in a module's imports.
pub(super) const MODULE: &str = "go";
const MEMORY: &str = "mem";

/// What kpt's node looks for in an answer, to tell a list from an error.
const A_LIST: &[u8] = b"kind: ResourceList";
/// Where kpt writes the arguments: there are none.
const ARGV: u32 = 4096;
/// The high half of a reference that is not a number.
const NAN: u64 = 0x7FF8_0000;
/// What one value of the table is held to cost.
const VALUE: usize = 64;

/// A value of JavaScript, as far as a filter can come across one.
#[derive(Debug, Clone)]
enum Value {
    Undefined,
    Null,
    Bool,
    Number(f64),
    Text(Arc<[u8]>),
    Global,
    Go,
    Process,
    Event,
    Arguments,
    Function(f64),
}

/// The world on the other side.
pub(super) struct Go {
    values: Vec<Value>,
    registered: BTreeMap<Vec<u8>, f64>,
    pending: bool,
    id: f64,
    argument: Arc<[u8]>,
    result: Option<Arc<[u8]>>,
    exit_code: u32,
}

impl Default for Go {
    fn default() -> Self {
        let fixed = [Value::Number(f64::NAN), Value::Number(0.0), Value::Null, Value::Bool, Value::Bool];
        let values = fixed.into_iter().chain([Value::Global, Value::Go]).collect();
        let (registered, argument) = (BTreeMap::new(), Arc::default());
        Self { values, registered, pending: false, id: 0.0, argument, result: None, exit_code: 0 }
    }
}

/// One call of an import.
struct Frame<'c> {
    memory: &'c mut [u8],
    outside: &'c mut Outside,
    start: usize,
}

type Import = fn(&mut Frame<'_>) -> wasmtime::Result<()>;

/// The functions, by name.
const OFFERED: [(&str, Import); 9] = [
    ("runtime.resetMemoryDataView", |_| Ok(())),
    ("runtime.wasmWrite", wasm_write),
    ("syscall/js.stringVal", string_val),
    ("syscall/js.valueCall", value_call),
    ("syscall/js.valueGet", value_get),
    ("syscall/js.valueIndex", value_index),
    ("syscall/js.valueLoadString", value_load_string),
    ("syscall/js.valuePrepareString", value_prepare_string),
    ("syscall/js.valueSet", value_set),
];
/// Whether a module may import this function.
pub(super) fn offers(name: &str) -> bool {
    OFFERED.iter().any(|(offered, _)| *offered == name)
}

/// Offer the functions.
pub(super) fn link(linker: &mut Linker<Outside>) -> wasmtime::Result<()> {
    for (name, import) in OFFERED {
        linker.func_wrap(MODULE, name, move |mut caller: Caller<'_, Outside>, start: u32| -> wasmtime::Result<()> {
            let (memory, outside) = reach(&mut caller, MEMORY)?;
            import(&mut Frame { memory, outside, start: index(start.into()) })
        })?;
    }
    Ok(())
}

/// Run the function as kpt's node does: its exit code, and the list where it handed one back.
pub(super) fn run(call: &mut Call, text: Vec<u8>) -> Result<(u32, Vec<u8>), SandboxError> {
    call.run::<_, ()>("run", (0_u32, ARGV))?;
    let text: Arc<[u8]> = text.into();
    let list = serve(call, "processResourceList", &text)?;
    let code = call.store.data().go.exit_code;
    if memmem::find(&list, A_LIST).is_some() {
        return Ok((code, list.to_vec()));
    }
    let why = serve(call, "processResourceListErrors", &text)?;
    call.store.data_mut().words.extend_from_slice(&why);
    Ok((code.max(2), Vec::new()))
}

/// Call a function that the module has registered.
fn serve(call: &mut Call, name: &str, text: &Arc<[u8]>) -> Result<Arc<[u8]>, SandboxError> {
    let go = &mut call.store.data_mut().go;
    let malformed = |detail: &str| SandboxError::Malformed { detail: format!("{detail} `{name}`") };
    let id = *go.registered.get(name.as_bytes()).ok_or_else(|| malformed("the module has not registered"))?;
    (go.id, go.pending, go.argument, go.result) = (id, true, text.clone(), None);
    call.run::<_, ()>("resume", ())?;
    call.store.data_mut().go.result.take().ok_or_else(|| malformed("there is no text from"))
}

impl Frame<'_> {
    fn word(&mut self, at: usize) -> wasmtime::Result<u64> {
        let mut word = [0; 8];
        word.copy_from_slice(bytes(self.memory, self.start.saturating_add(at * 8), 8)?);
        Ok(u64::from_le_bytes(word))
    }

    fn put(&mut self, at: usize, word: u64) -> wasmtime::Result<()> {
        bytes(self.memory, self.start.saturating_add(at * 8), 8)?.copy_from_slice(&word.to_le_bytes());
        Ok(())
    }

    /// The bytes that two words, address and length, tell of.
    fn text(&mut self, at: usize) -> wasmtime::Result<&mut [u8]> {
        let (start, length) = (self.word(at)?, self.word(at + 1)?);
        bytes(self.memory, index(start), index(length))
    }

    fn value(&mut self, at: usize) -> wasmtime::Result<Value> {
        let word = self.word(at)?;
        self.referred(word)
    }

    fn referred(&self, word: u64) -> wasmtime::Result<Value> {
        if word == 0 {
            return Ok(Value::Undefined);
        }
        let number = f64::from_bits(word);
        if !number.is_nan() {
            return Ok(Value::Number(number));
        }
        let id = index(word & u64::from(u32::MAX));
        let value = self.outside.go.values.get(id).cloned();
        value.ok_or_else(|| Misuse(format!("there is no value {id}")).into())
    }

    /// Put a reference to a value.
    fn refer(&mut self, at: usize, value: Value) -> wasmtime::Result<()> {
        let fixed = |id: u64, flag: u64| ((NAN | flag) << 32) | id;
        let word = match value {
            Value::Undefined => 0,
            Value::Number(number) if number.is_nan() => fixed(0, 0),
            Value::Number(0.0) => fixed(1, 0),
            Value::Number(number) => number.to_bits(),
            Value::Null => fixed(2, 0),
            Value::Bool => fixed(3, 0),
            Value::Global => fixed(5, 1),
            Value::Go => fixed(6, 1),
            value => {
                let flag = match value {
                    Value::Text(_) => 2,
                    Value::Function(_) => 4,
                    _ => 1,
                };
                self.outside.tab.spend(VALUE)?;
                self.outside.go.values.push(value);
                fixed(self.outside.go.values.len() as u64 - 1, flag)
            }
        };
        self.put(at, word)
    }
}

fn wasm_write(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let (fd, start, length) = (frame.word(1)?, frame.word(2)?, frame.word(3)? & u64::from(u32::MAX));
    if fd != 2 {
        return Err(Misuse(format!("it writes to file descriptor {fd}; only 2 is there")).into());
    }
    let text = bytes(frame.memory, index(start), index(length))?;
    frame.outside.tab.spend(text.len())?;
    frame.outside.words.extend_from_slice(text);
    Ok(())
}

fn string_val(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let length = frame.text(1)?.len();
    frame.outside.tab.spend(length)?;
    let text = Value::Text(Arc::from(&*frame.text(1)?));
    frame.refer(3, text)
}

fn value_get(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let of = frame.value(1)?;
    let name = frame.text(2)?.to_vec();
    let go = &frame.outside.go;
    let value = match (of, name.as_slice()) {
        (Value::Global, b"process") => Value::Process,
        (Value::Global, name) => go.registered.get(name).map_or(Value::Undefined, |id| Value::Function(*id)),
        (Value::Go, b"_pendingEvent") => {
            if go.pending {
                Value::Event
            } else {
                Value::Null
            }
        }
        (Value::Event, b"id") => Value::Number(go.id),
        (Value::Event, b"args") => Value::Arguments,
        (Value::Undefined | Value::Null, _) => return Err(Misuse("it reads a property of nothing".into()).into()),
        _ => Value::Undefined,
    };
    frame.refer(4, value)
}

fn value_set(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let (of, value) = (frame.value(1)?, frame.value(4)?);
    let name = frame.text(2)?.to_vec();
    let go = &mut frame.outside.go;
    match (of, name.as_slice(), value) {
        (Value::Global, _, Value::Function(id)) => {
            frame.outside.tab.spend(name.len().saturating_add(VALUE))?;
            go.registered.insert(name, id);
        }
        (Value::Go, b"_pendingEvent", Value::Null) => go.pending = false,
        (Value::Event, b"result", Value::Text(text)) => go.result = Some(text),
        // A number that is no exit code of ours is a failure like any other.
        (Value::Process, b"exitCode", Value::Number(code)) => {
            go.exit_code = if code == 0.0 {
                0
            } else if code == 1.0 {
                1
            } else {
                2
            };
        }
        _ => {}
    }
    Ok(())
}

fn value_call(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let of = frame.value(1)?;
    let wraps = matches!(of, Value::Go) && frame.text(2)? == b"_makeFuncWrapper";
    let (arguments, count) = (index(frame.word(4)?), frame.word(5)?);
    let mut value = Value::Undefined;
    if wraps && count > 0 {
        let mut word = [0; 8];
        word.copy_from_slice(bytes(frame.memory, arguments, 8)?);
        if let Value::Number(id) = frame.referred(u64::from_le_bytes(word))? {
            value = Value::Function(id);
        }
    }
    // Whatever else there is to call, such as `process.on`, does nothing here.
    frame.refer(7, value)?;
    bytes(frame.memory, frame.start.saturating_add(64), 1)?[0] = 1;
    Ok(())
}

fn value_index(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let value = match (frame.value(1)?, frame.word(2)?) {
        (Value::Arguments, 0) => Value::Text(frame.outside.go.argument.clone()),
        _ => Value::Undefined,
    };
    frame.refer(3, value)
}

fn value_prepare_string(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let Value::Text(text) = frame.value(1)? else {
        return Err(Misuse("it takes for a text what is none".into()).into());
    };
    let (word, length) = (frame.word(1)?, text.len() as u64);
    frame.put(2, word)?;
    frame.put(3, length)
}

fn value_load_string(frame: &mut Frame<'_>) -> wasmtime::Result<()> {
    let Value::Text(text) = frame.value(1)? else {
        return Err(Misuse("it takes for a text what is none".into()).into());
    };
    let room = frame.text(2)?;
    let length = room.len().min(text.len());
    room[..length].copy_from_slice(&text[..length]);
    Ok(())
}
