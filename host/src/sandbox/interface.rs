//! What a WebAssembly file is made for.

use std::fmt;

use wasmtime::Module;

/// Whom a file can be loaded by, as far as lbpools runs it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// A component of lbpools' own world (`function/wit`).
    Component,
    /// A core module for kpt's own WebAssembly runtime.
    Kpt,
    /// A command for WASI preview 1.
    WasiPreview1,
}

impl Interface {
    /// The interface of a core module, by what it exports.
    pub(super) fn of(module: &Module) -> Option<Self> {
        let exports = |names: &[&str]| names.iter().all(|name| module.get_export(name).is_some());
        if exports(&["mem", "run", "resume", "getsp"]) {
            Some(Self::Kpt)
        } else if exports(&["memory", "_start"]) {
            Some(Self::WasiPreview1)
        } else {
            None
        }
    }

    /// What a core module calls its memory.
    pub(super) fn memory(self) -> &'static str {
        if self == Self::Kpt { "mem" } else { "memory" }
    }

    /// One word for a script.
    pub fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Kpt => "kpt",
            Self::WasiPreview1 => "wasip1",
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Component => "lbpools component",
            Self::Kpt => "kpt's WebAssembly runtime",
            Self::WasiPreview1 => "WASI preview 1",
        })
    }
}
