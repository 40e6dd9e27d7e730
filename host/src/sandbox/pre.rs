//! What all calls share: the engine, the linked component, the limits.

use wasmtime::{Engine, component::InstancePre};

use super::{Compiled, Limits, SandboxError, ceiling::Ceiling, run::Run};
use crate::contract::{Evaluation, Function, Options, Source};

/// A component that is ready to run. Cheap to keep and to share between threads; each call gets a fresh instance, so
/// that nothing one call leaves behind, a trap included, can reach the next.
pub struct SandboxPre {
    engine: Engine,
    instance: InstancePre<Ceiling>,
    limits: Limits,
    compiled: Compiled,
}

impl SandboxPre {
    pub(super) fn new(engine: Engine, instance: InstancePre<Ceiling>, limits: Limits, compiled: Compiled) -> Self {
        Self { engine, instance, limits, compiled }
    }

    /// The limits of every call.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How the machine code came about.
    pub fn compiled(&self) -> Compiled {
        self.compiled
    }

    fn start(&self) -> Result<Run, SandboxError> {
        Run::start(&self.engine, &self.instance, self.limits)
    }
}

impl Function for SandboxPre {
    type Error = SandboxError;

    fn evaluate(&self, sources: Vec<Source>, options: Options) -> Result<Evaluation, SandboxError> {
        self.start()?.evaluate(sources, options)
    }

    fn report(&self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, SandboxError> {
        self.start()?.report(sources, options)
    }

    fn describe(&self) -> Result<Vec<u8>, SandboxError> {
        self.start()?.describe()
    }
}
