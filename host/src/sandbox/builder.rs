//! From bytes to something that can be run: load, compile, link.

use std::{fs, path::PathBuf, time::Duration};

use wasmtime::{
    Config, Engine, Module,
    component::{Component, Linker, types::ComponentItem},
};

use super::{
    Interface, Limits, SandboxError, SandboxPre,
    config::config,
    embedded,
    filter::Filter,
    pre::Stack,
    world::{FUNCTIONS, INTERFACE},
};

/// The largest file that is compiled. The embedded component has about two megabytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Which component to run.
enum Origin {
    /// The one that was compiled into this program.
    Embedded,
    /// WebAssembly in memory.
    Bytes(Vec<u8>),
    /// WebAssembly in a file.
    File(PathBuf),
}

/// How the machine code came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compiled {
    /// When this program was built.
    AheadOfTime,
    /// Just now, by this program.
    JustInTime,
}

/// Says what to run and within which limits; [`build`](Self::build) checks it all before anything runs.
///
/// ```no_run
/// use std::time::Duration;
/// use lbpools::{contract::Function, sandbox::SandboxBuilder};
///
/// let sandbox = SandboxBuilder::new().deadline(Duration::from_secs(5)).build()?;
/// let description = sandbox.describe()?;
/// # Ok::<(), lbpools::sandbox::SandboxError>(())
/// ```
pub struct SandboxBuilder {
    origin: Origin,
    limits: Limits,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl SandboxBuilder {
    /// The embedded component with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Origin::Embedded, limits: Limits::default() }
    }

    /// Run this component (binary WebAssembly) instead.
    #[must_use]
    pub fn component(mut self, wasm: impl Into<Vec<u8>>) -> Self {
        self.origin = Origin::Bytes(wasm.into());
        self
    }

    /// Run the component in this file instead.
    #[must_use]
    pub fn component_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.origin = Origin::File(path.into());
        self
    }

    /// All limits at once.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Wall-clock time of one call.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Bytes of memory of one call.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Bytes that one call may hand back.
    #[must_use]
    pub fn output(mut self, bytes: u64) -> Self {
        self.limits.output = bytes;
        self
    }

    /// Load, compile and link. No code of the component runs yet.
    pub fn build(self) -> Result<SandboxPre, SandboxError> {
        let (engine, binary, compiled) = match self.origin {
            Origin::Embedded => {
                let (engine, component, compiled) = embedded::component()?;
                (engine, Binary::Component(component), compiled)
            }
            Origin::Bytes(wasm) => just_in_time(&wasm)?,
            Origin::File(path) => just_in_time(&read(path)?)?,
        };
        link(engine, binary, compiled, self.limits)
    }
}

/// What the preamble says a file is.
pub(super) enum Binary {
    /// A component.
    Component(Component),
    /// A core module.
    Module(Module),
}

fn just_in_time(wasm: &[u8]) -> Result<(Engine, Binary, Compiled), SandboxError> {
    compile(wasm).map(|(engine, binary)| (engine, binary, Compiled::JustInTime))
}

/// See what it is made for, and give it what that offers.
pub(super) fn link(
    engine: Engine,
    binary: Binary,
    compiled: Compiled,
    limits: Limits,
) -> Result<SandboxPre, SandboxError> {
    let stack = match binary {
        Binary::Component(component) => {
            check_world(&engine, &component)?;
            // Nothing is ever added to this linker: a component that imports anything cannot be linked, even if the
            // check above had a hole.
            let instance = Linker::new(&engine)
                .instantiate_pre(&component)
                .map_err(|error| SandboxError::Instantiate { detail: format!("{error:#}") })?;
            Stack::Component(instance)
        }
        Binary::Module(module) => {
            let interface = Interface::of(&module).ok_or(SandboxError::CoreModule)?;
            Stack::Filter(Filter::link(&engine, &module, interface)?)
        }
    };
    Ok(SandboxPre::new(engine, stack, limits, compiled))
}

pub(super) fn engine(config: &Config) -> Result<Engine, SandboxError> {
    Engine::new(config).map_err(|error| SandboxError::Host { detail: format!("{error:#}") })
}

pub(super) fn read(path: PathBuf) -> Result<Vec<u8>, SandboxError> {
    let unreadable = |source| SandboxError::Unreadable { path: path.clone(), source };
    let found = fs::metadata(&path).map_err(unreadable)?.len();
    if found > LARGEST {
        return Err(SandboxError::TooLarge { found, limit: LARGEST });
    }
    fs::read(&path).map_err(unreadable)
}

/// See what the bytes are before the compiler does: its own words for these cases help nobody.
pub(super) fn compile(wasm: &[u8]) -> Result<(Engine, Binary), SandboxError> {
    // The preamble: magic, then version and layer, where layer 1 is a component (Component Model, Binary.md).
    let is_component = match wasm {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => true,
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => false,
        [0, b'a', b's', b'm', ..] => {
            return Err(SandboxError::NotAComponent { detail: "a WebAssembly binary of an unknown version".into() });
        }
        [] => return Err(SandboxError::NotAComponent { detail: "it is empty".into() }),
        _ => {
            let start = wasm[..wasm.len().min(8)].escape_ascii();
            return Err(SandboxError::NotAComponent { detail: format!("it starts with \"{start}\"") });
        }
    };
    if let Some(found) = u64::try_from(wasm.len()).ok().filter(|found| *found > LARGEST) {
        return Err(SandboxError::TooLarge { found, limit: LARGEST });
    }
    let engine = engine(&config())?;
    let binary = if is_component {
        Component::from_binary(&engine, wasm).map(Binary::Component)
    } else {
        Module::from_binary(&engine, wasm).map(Binary::Module)
    };
    Ok((engine, binary.map_err(|error| SandboxError::Compile { detail: format!("{error:#}") })?))
}

/// No import, and the interface with its three functions. Their types are compared when an instance is made.
fn check_world(engine: &Engine, component: &Component) -> Result<(), SandboxError> {
    let world = component.component_type();
    let imports: Vec<String> = world.imports(engine).map(|(name, _)| name.to_owned()).collect();
    if !imports.is_empty() {
        return Err(SandboxError::Imports { names: imports });
    }
    let Some(interface) = world.get_export(engine, INTERFACE) else {
        return Err(SandboxError::OtherWorld {
            exports: world.exports(engine).map(|(name, _)| name.to_owned()).collect(),
        });
    };
    let ComponentItem::ComponentInstance(interface) = interface.ty else {
        return Err(SandboxError::WrongExport { name: INTERFACE.into(), detail: "it is not an interface".into() });
    };
    let missing = |name: &&str| interface.get_export(engine, name).is_none();
    let names: Vec<String> = FUNCTIONS.into_iter().filter(missing).map(str::to_owned).collect();
    if names.is_empty() { Ok(()) } else { Err(SandboxError::MissingExport { names }) }
}
