//! What a WebAssembly file is, without running more of it than its description.

use std::{borrow::Cow, path::Path};

use sha2::{Digest, Sha256};

use super::{
    Compiled, Limits, SandboxError,
    builder::{self, Binary},
    embedded,
    interface::Interface,
};
use crate::contract::Function;

/// What there is to know about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it is made for; `None` where it is nothing that lbpools knows.
    pub interface: Option<Interface>,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// What it wants from outside, in its own order.
    pub imports: Vec<String>,
    /// What it offers, in its own order.
    pub exports: Vec<String>,
    /// Why lbpools does not run it, or what went wrong when it was asked about itself.
    pub refused: Option<String>,
    /// What the function inside says about itself: JSON.
    pub description: Option<Vec<u8>>,
}

/// Look at a file. `None`: at the component that is built in.
///
/// # Errors
///
/// It cannot be read, or is no WebAssembly that can be compiled.
pub fn inspect(path: Option<&Path>, limits: Limits) -> Result<Inspection, SandboxError> {
    let (wasm, engine, binary, compiled) = match path {
        Some(path) => {
            let wasm = builder::read(path.to_path_buf())?;
            let (engine, binary) = builder::compile(&wasm)?;
            (Cow::Owned(wasm), engine, binary, Compiled::JustInTime)
        }
        None => {
            let (engine, component, compiled) = embedded::component()?;
            (Cow::Borrowed(super::COMPONENT), engine, Binary::Component(component), compiled)
        }
    };
    let (imports, exports) = match &binary {
        Binary::Component(component) => {
            let world = component.component_type();
            let imports = world.imports(&engine).map(|(name, _)| name.to_owned()).collect();
            (imports, world.exports(&engine).map(|(name, _)| name.to_owned()).collect())
        }
        Binary::Module(module) => {
            let imports = module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect();
            (imports, module.exports().map(|export| export.name().to_owned()).collect())
        }
    };
    let interface = match &binary {
        Binary::Component(_) => Some(Interface::Component),
        Binary::Module(module) => Interface::of(module),
    };
    let sandbox = builder::link(engine, binary, compiled, limits);
    let (description, refused) = match sandbox.and_then(|sandbox| sandbox.describe()) {
        Ok(description) => (Some(description), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let size = u64::try_from(wasm.len()).unwrap_or(u64::MAX);
    let sha256 = format!("{:x}", Sha256::digest(&wasm));
    Ok(Inspection { interface, size, sha256, imports, exports, refused, description })
}
