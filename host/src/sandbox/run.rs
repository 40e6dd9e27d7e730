//! One call: one store, one instance, one clock.

use wasmtime::{
    Engine, Store, Trap,
    component::{ComponentNamedList, Instance, InstancePre, Lift, Lower},
};

use super::{
    Limits, Phase, SandboxError,
    ceiling::{Ceiling, CeilingReached},
    deadline::{Deadline, DeadlinePassed},
    filter::{Misuse, OutputReached},
    last_words::last_words,
    world,
};
use crate::contract::{Evaluation, Options, Source};

/// What wasmtime says when the output limit is hit; its error type is private. `tests/sandbox.rs` notices a change.
const FUEL_EXHAUSTED: &str = "fuel allocated for hostcalls has been exhausted";

/// An instance that serves one call.
pub(super) struct Run {
    store: Store<Ceiling>,
    instance: Instance,
    limits: Limits,
    /// Ends with the call.
    _deadline: Deadline,
}

impl Run {
    pub(super) fn start(
        engine: &Engine,
        instance: &InstancePre<Ceiling>,
        limits: Limits,
    ) -> Result<Self, SandboxError> {
        let mut store = Store::new(engine, Ceiling::new(limits.memory));
        store.limiter(|ceiling| ceiling);
        // Counts every byte that is copied out, so that a list of a million texts that all point to the same
        // megabyte cannot fill the host's memory either.
        store.set_hostcall_fuel(usize::try_from(limits.output).unwrap_or(usize::MAX));
        let deadline = Deadline::start(&mut store, limits.deadline)
            .map_err(|error| SandboxError::Host { detail: format!("no thread for the deadline: {error}") })?;
        let instance =
            instance.instantiate(&mut store).map_err(|error| explain(error, &store, limits, Phase::Instantiate))?;
        Ok(Self { store, instance, limits, _deadline: deadline })
    }

    pub(super) fn evaluate(self, sources: Vec<Source>, options: Options) -> Result<Evaluation, SandboxError> {
        let sources: Vec<world::Source> = sources.into_iter().map(Into::into).collect();
        let (evaluation,): (world::Evaluation,) =
            self.call("evaluate", (sources.as_slice(), world::Options::from(options)))?;
        evaluation.over(sources).map_err(|detail| SandboxError::Malformed { detail })
    }

    pub(super) fn report(self, sources: Vec<Source>, options: Options) -> Result<Vec<u8>, SandboxError> {
        let sources: Vec<world::Source> = sources.into_iter().map(Into::into).collect();
        let (report,) = self.call("report", (sources, world::Options::from(options)))?;
        Ok(report)
    }

    pub(super) fn describe(self) -> Result<Vec<u8>, SandboxError> {
        let (description,) = self.call("describe", ())?;
        Ok(description)
    }

    /// Results are taken as owned values: wasmtime 48 frees the component's own copy (post-return) before `call`
    /// returns, so that a borrowed list would show freed memory.
    fn call<Params, Results>(mut self, name: &str, params: Params) -> Result<Results, SandboxError>
    where
        Params: ComponentNamedList + Lower,
        Results: ComponentNamedList + Lift + 'static,
    {
        // Both were there when the component was linked.
        let (store, instance) = (&mut self.store, self.instance);
        let interface = instance.get_export_index(&mut *store, None, world::INTERFACE);
        let function = instance.get_export_index(&mut *store, interface.as_ref(), name);
        let function =
            function.ok_or_else(|| SandboxError::MissingExport { names: vec![name.to_owned()] }).and_then(|index| {
                instance
                    .get_typed_func::<Params, Results>(&mut *store, index)
                    .map_err(|error| SandboxError::WrongExport { name: name.to_owned(), detail: format!("{error:#}") })
            })?;
        let outcome = function.call(&mut self.store, params);
        outcome.map_err(|error| explain(error, &self.store, self.limits, Phase::Run))
    }
}

/// Say in a user's words what the engine's error means.
pub(super) fn explain<T: 'static>(
    error: wasmtime::Error,
    store: &Store<T>,
    limits: Limits,
    phase: Phase,
) -> SandboxError {
    if error.downcast_ref::<DeadlinePassed>().is_some() {
        return SandboxError::Deadline { deadline: limits.deadline, phase };
    }
    if let Some(CeilingReached { wanted }) = error.downcast_ref() {
        return SandboxError::Memory { limit: limits.memory, wanted: *wanted, phase };
    }
    if error.downcast_ref::<OutputReached>().is_some() {
        return SandboxError::Output { limit: limits.output };
    }
    if let Some(Misuse(detail)) = error.downcast_ref() {
        return SandboxError::Malformed { detail: detail.clone() };
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        let detail = format!("{error:#}");
        return match phase {
            Phase::Instantiate => SandboxError::Instantiate { detail },
            _ if detail.contains(FUEL_EXHAUSTED) => SandboxError::Output { limit: limits.output },
            _ => SandboxError::Malformed { detail },
        };
    };
    if let Some(message) = last_words(&error, store) {
        return SandboxError::Panic { message };
    }
    match trap {
        Trap::StackOverflow => SandboxError::Recursion,
        trap => SandboxError::Trap { detail: trap.to_string(), phase },
    }
}
