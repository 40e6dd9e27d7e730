//! What all calls share: the engine, the linked component, the limits.

use wasmtime::{Engine, component::InstancePre};

use super::{Compiled, Interface, Limits, SandboxError, ceiling::Ceiling, filter::Filter, run::Run};
use crate::contract::{Evaluation, Function, Options, Role, Source};

/// A component that is ready to run. Cheap to keep and to share between threads; each call gets a fresh instance, so
/// that nothing one call leaves behind, a trap included, can reach the next.
pub struct SandboxPre {
    engine: Engine,
    stack: Stack,
    limits: Limits,
    compiled: Compiled,
}

/// What is run, and how.
pub(super) enum Stack {
    /// A component of our world.
    Component(InstancePre<Ceiling>),
    /// A core module, which does less.
    Filter(Filter),
}

impl SandboxPre {
    pub(super) fn new(engine: Engine, stack: Stack, limits: Limits, compiled: Compiled) -> Self {
        Self { engine, stack, limits, compiled }
    }

    /// The limits of every call.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How the machine code came about.
    pub fn compiled(&self) -> Compiled {
        self.compiled
    }

    /// What the function was made for.
    pub fn interface(&self) -> Interface {
        match &self.stack {
            Stack::Component(_) => Interface::Component,
            Stack::Filter(filter) => filter.interface(),
        }
    }

    fn start(&self) -> Result<Run, SandboxError> {
        match &self.stack {
            Stack::Component(instance) => Run::start(&self.engine, instance, self.limits),
            Stack::Filter(filter) => Err(SandboxError::OnlyAFilter { interface: filter.interface() }),
        }
    }
}

impl Function for SandboxPre {
    type Error = SandboxError;

    fn evaluate(&self, sources: Vec<Source>, options: Options) -> Result<Evaluation, SandboxError> {
        let Stack::Filter(filter) = &self.stack else { return self.start()?.evaluate(sources, options) };
        match <[Source; 1]>::try_from(sources) {
            Ok([Source { path, role: Role::Subject, text }]) if path.is_empty() && options == Options::default() => {
                filter.evaluate(&self.engine, self.limits, text)
            }
            _ => Err(SandboxError::OnlyAFilter { interface: filter.interface() }),
        }
    }

    fn report(&self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, SandboxError> {
        self.start()?.report(sources, options)
    }

    fn describe(&self) -> Result<Vec<u8>, SandboxError> {
        match &self.stack {
            Stack::Component(_) => self.start()?.describe(),
            Stack::Filter(filter) => filter.describe(&self.engine, self.limits),
        }
    }
}
