//! Core modules that were made for other people's runtimes, run as those would run them: kpt's ([`go`]) and WASI
//! preview 1 ([`wasi`]). All they can do is read one text and write one; time, memory and output are bounded as for
//! a component, and an import that a filter does not need is refused.

mod go;
mod wasi;

use std::fmt;

use wasmtime::{Engine, Instance, InstancePre, Linker, Memory, Module, Store, TypedFunc, WasmParams, WasmResults};

use super::{Limits, Phase, SandboxError, ceiling::Ceiling, deadline::Deadline, interface::Interface, run::explain};
use crate::contract::{Change, Evaluation, Verdict};

/// All that a module can reach: one call's worth.
struct Outside {
    ceiling: Ceiling,
    tab: Tab,
    go: go::Go,
    stdio: wasi::Stdio,
    /// What it said to a person.
    words: Vec<u8>,
}

/// What the host keeps for a module, in bytes: everything that it hands over counts.
struct Tab {
    left: u64,
}

impl Tab {
    fn spend(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(bytes).ok_or(OutputReached)?;
        Ok(())
    }
}

/// Travels inside the engine's error, from the refused text to the caller.
#[derive(Debug)]
pub(super) struct OutputReached;

impl fmt::Display for OutputReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("output limit reached")
    }
}

impl std::error::Error for OutputReached {}

/// A module called something in a way that its interface does not know. Travels like [`OutputReached`].
#[derive(Debug)]
pub(super) struct Misuse(pub(super) String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// A linked module.
pub(super) struct Filter {
    interface: Interface,
    instance: InstancePre<Outside>,
}

impl Filter {
    /// Hold the imports against what a filter may have, and link.
    pub(super) fn link(engine: &Engine, module: &Module, interface: Interface) -> Result<Self, SandboxError> {
        let mut linker = Linker::new(engine);
        let (of, offers, linked): (_, fn(&str) -> bool, _) = match interface {
            Interface::Kpt => (go::MODULE, go::offers, go::link(&mut linker)),
            _ => (wasi::MODULE, wasi::offers, wasi::link(&mut linker)),
        };
        linked.map_err(|error| SandboxError::Host { detail: format!("{error:#}") })?;
        let foreign = module.imports().filter(|import| import.module() != of || !offers(import.name()));
        let names: Vec<String> = foreign.map(|import| format!("{}.{}", import.module(), import.name())).collect();
        if !names.is_empty() {
            return Err(SandboxError::ForeignImports { interface, names });
        }
        let instance = linker.instantiate_pre(module);
        let instance = instance.map_err(|error| SandboxError::Instantiate { detail: format!("{error:#}") })?;
        Ok(Self { interface, instance })
    }

    pub(super) fn interface(&self) -> Interface {
        self.interface
    }

    /// Text in, text out.
    pub(super) fn evaluate(&self, engine: &Engine, limits: Limits, text: Vec<u8>) -> Result<Evaluation, SandboxError> {
        let mut call = Call::start(engine, &self.instance, limits)?;
        let (code, list) = match self.interface {
            Interface::Kpt => go::run(&mut call, text)?,
            _ => wasi::run(&mut call, text)?,
        };
        let verdict = match code {
            0 => Verdict::Clean,
            1 => Verdict::Findings,
            _ => Verdict::Failed,
        };
        let summary = String::from_utf8_lossy(&call.store.data().words).into_owned();
        let change = Change { path: String::new(), text: Some(list) };
        let changes = if verdict == Verdict::Failed { Vec::new() } else { vec![change] };
        Ok(Evaluation { verdict, changes, summary })
    }

    /// The description that our own guests export besides what their runtimes ask for.
    pub(super) fn describe(&self, engine: &Engine, limits: Limits) -> Result<Vec<u8>, SandboxError> {
        let mut call = Call::start(engine, &self.instance, limits)?;
        let place: u64 = call.run("describe", ()).map_err(|error| match error {
            SandboxError::MissingExport { .. } | SandboxError::WrongExport { .. } => {
                SandboxError::Undescribed { interface: self.interface }
            }
            error => error,
        })?;
        let (start, length) = (index(place >> 32), index(place & u64::from(u32::MAX)));
        if length as u64 > limits.output {
            return Err(SandboxError::Output { limit: limits.output });
        }
        let memory = self.interface.memory();
        let memory = call.instance.get_memory(&mut call.store, memory);
        let text = memory.and_then(|memory| memory.data(&call.store).get(start..)?.get(..length).map(<[u8]>::to_vec));
        text.ok_or_else(|| SandboxError::Malformed { detail: "the description is out of bounds".into() })
    }
}

/// One call: one store, one instance, one clock.
struct Call {
    store: Store<Outside>,
    instance: Instance,
    limits: Limits,
    /// Ends with the call.
    _deadline: Deadline,
}

impl Call {
    fn start(engine: &Engine, instance: &InstancePre<Outside>, limits: Limits) -> Result<Self, SandboxError> {
        let outside = Outside {
            ceiling: Ceiling::new(limits.memory),
            tab: Tab { left: limits.output },
            go: go::Go::default(),
            stdio: wasi::Stdio::default(),
            words: Vec::new(),
        };
        let mut store = Store::new(engine, outside);
        store.limiter(|outside| &mut outside.ceiling);
        let deadline = Deadline::start(&mut store, limits.deadline)
            .map_err(|error| SandboxError::Host { detail: format!("no thread for the deadline: {error}") })?;
        let instance =
            instance.instantiate(&mut store).map_err(|error| explain(error, &store, limits, Phase::Instantiate))?;
        Ok(Self { store, instance, limits, _deadline: deadline })
    }

    fn function<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<TypedFunc<P, R>, SandboxError> {
        if self.instance.get_func(&mut self.store, name).is_none() {
            return Err(SandboxError::MissingExport { names: vec![name.to_owned()] });
        }
        let function = self.instance.get_typed_func(&mut self.store, name);
        function.map_err(|error| SandboxError::WrongExport { name: name.to_owned(), detail: format!("{error:#}") })
    }

    fn run<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> Result<R, SandboxError> {
        let outcome = self.function::<P, R>(name)?.call(&mut self.store, params);
        outcome.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: wasmtime::Error) -> SandboxError {
        explain(error, &self.store, self.limits, Phase::Run)
    }
}

/// An offset into a module's memory.
fn index(word: u64) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}

/// Bytes of a module's memory.
fn bytes(memory: &mut [u8], start: usize, length: usize) -> wasmtime::Result<&mut [u8]> {
    let bytes = memory.get_mut(start..).and_then(|rest| rest.get_mut(..length));
    bytes.ok_or_else(|| Misuse(format!("{length} bytes at {start} are not in its memory")).into())
}

/// The memory and the rest of what a call of an import needs.
fn reach<'c>(
    caller: &'c mut wasmtime::Caller<'_, Outside>,
    name: &str,
) -> wasmtime::Result<(&'c mut [u8], &'c mut Outside)> {
    let memory: Option<Memory> = caller.get_export(name).and_then(wasmtime::Extern::into_memory);
    let memory = memory.ok_or_else(|| Misuse(format!("it exports no memory `{name}`")))?;
    Ok(memory.data_and_store_mut(caller))
}
