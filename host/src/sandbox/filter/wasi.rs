//! WASI preview 1, as far as a filter needs it: read standard input, write standard output and error, end.

use std::fmt;

use wasmtime::{Caller, Linker};

use super::{Call, Outside, bytes, index, reach};
use crate::sandbox::SandboxError;

/// The name of the interface in a module's imports.
pub(super) const MODULE: &str = "wasi_snapshot_preview1";
const MEMORY: &str = "memory";

/// `EBADF`: only the three standard streams are there.
const BAD_DESCRIPTOR: u32 = 8;
/// `EINVAL`
const INVALID: u32 = 28;
/// As many pieces as Linux takes at once.
const MOST_PIECES: u32 = 1024;

/// The streams.
#[derive(Default)]
pub(super) struct Stdio {
    input: Vec<u8>,
    read: usize,
    output: Vec<u8>,
}

/// Travels inside the engine's error, from `proc_exit` to [`run`].
#[derive(Debug)]
struct Exited(u32);

impl fmt::Display for Exited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

impl std::error::Error for Exited {}

/// Whether a module may import this function.
pub(super) fn offers(name: &str) -> bool {
    ["fd_read", "fd_write", "proc_exit"].contains(&name)
}

/// Offer the functions.
pub(super) fn link(linker: &mut Linker<Outside>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "fd_read", fd_read)?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "proc_exit", |code: u32| -> wasmtime::Result<()> { Err(Exited(code).into()) })?;
    Ok(())
}

/// Run the command: its exit code and what it wrote.
pub(super) fn run(call: &mut Call, text: Vec<u8>) -> Result<(u32, Vec<u8>), SandboxError> {
    call.store.data_mut().stdio.input = text;
    let start = call.function::<(), ()>("_start")?;
    let code = match start.call(&mut call.store, ()) {
        Ok(()) => 0,
        Err(error) => match error.downcast_ref() {
            Some(Exited(code)) => *code,
            None => return Err(call.explain(error)),
        },
    };
    Ok((code, std::mem::take(&mut call.store.data_mut().stdio.output)))
}

fn fd_read(mut caller: Caller<'_, Outside>, fd: u32, pieces: u32, count: u32, done: u32) -> wasmtime::Result<u32> {
    if fd != 0 {
        return Ok(BAD_DESCRIPTOR);
    }
    let (memory, outside) = reach(&mut caller, MEMORY)?;
    let stdio = &mut outside.stdio;
    each(memory, pieces, count, done, |room| {
        let rest = &stdio.input[stdio.read..];
        let length = room.len().min(rest.len());
        room[..length].copy_from_slice(&rest[..length]);
        stdio.read += length;
        Ok(length)
    })
}

fn fd_write(mut caller: Caller<'_, Outside>, fd: u32, pieces: u32, count: u32, done: u32) -> wasmtime::Result<u32> {
    let (memory, outside) = reach(&mut caller, MEMORY)?;
    let stream = match fd {
        1 => &mut outside.stdio.output,
        2 => &mut outside.words,
        _ => return Ok(BAD_DESCRIPTOR),
    };
    let tab = &mut outside.tab;
    each(memory, pieces, count, done, |text| {
        tab.spend(text.len())?;
        stream.extend_from_slice(text);
        Ok(text.len())
    })
}

/// Go through the pieces and say how many bytes were moved in all.
fn each(
    memory: &mut [u8],
    pieces: u32,
    count: u32,
    done: u32,
    mut step: impl FnMut(&mut [u8]) -> wasmtime::Result<usize>,
) -> wasmtime::Result<u32> {
    if count > MOST_PIECES {
        return Ok(INVALID);
    }
    let mut moved = 0_usize;
    for piece in 0..u64::from(count) {
        let at = index(u64::from(pieces) + piece * 8);
        let (start, length) = (word(memory, at)?, word(memory, at.saturating_add(4))?);
        moved = moved.saturating_add(step(bytes(memory, start, length)?)?);
    }
    let moved = u32::try_from(moved).unwrap_or(u32::MAX);
    bytes(memory, index(done.into()), 4)?.copy_from_slice(&moved.to_le_bytes());
    Ok(0)
}

fn word(memory: &mut [u8], at: usize) -> wasmtime::Result<usize> {
    let mut word = [0; 4];
    word.copy_from_slice(bytes(memory, at, 4)?);
    Ok(index(u32::from_le_bytes(word).into()))
}
