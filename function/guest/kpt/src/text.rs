//! How texts cross over.
//!
//! kpt's wasmtime looks at the memory as it was when the module started: what the allocator got later it cannot see.
//! So texts cross through a piece of memory that is there from the start. Node sees all of it, once it is told.

use crate::{
    Host,
    go::{self, Fixed, Value},
};

/// The largest text that crosses under kpt's wasmtime. Memory that is not used costs nothing.
pub(crate) const ARENA_BYTES: usize = 64 << 20;

/// A little longer: kpt's wasmtime refuses a text that ends where the memory ends.
static ARENA: Fixed<[u8; ARENA_BYTES + 64]> = Fixed::new([0; ARENA_BYTES + 64]);

/// The bytes of a string of the host.
///
/// # Errors
///
/// It does not fit, in words.
pub(crate) fn fetch(host: Host, value: Value) -> Result<Vec<u8>, String> {
    let (prepared, length) = go::prepare_string(value);
    match host {
        Host::Node => {
            let mut text = Vec::with_capacity(length);
            go::memory_has_grown();
            // SAFETY: the capacity is `length`, and node writes as many bytes as it said the string has.
            unsafe {
                go::load_string(prepared, text.as_mut_ptr(), length);
                text.set_len(length);
            }
            Ok(text)
        }
        Host::Wasmtime if length > ARENA_BYTES => Err(too_large("ResourceList", length)),
        Host::Wasmtime => {
            // SAFETY: the arena is longer than `length`, and only these lines and `hand_over` look at it.
            Ok(unsafe {
                go::load_string(prepared, ARENA.place().cast(), length);
                std::slice::from_raw_parts(ARENA.place().cast(), length).to_vec()
            })
        }
    }
}

/// Make a string of the host; what does not fit is cut, for what is a list has been measured before.
pub(crate) fn hand_over(host: Host, text: &[u8]) -> Value {
    match host {
        Host::Node => {
            go::memory_has_grown();
            go::string(text)
        }
        Host::Wasmtime => {
            let length = text.len().min(ARENA_BYTES);
            // SAFETY: as in `fetch`; `text` is never in the arena.
            let seen = unsafe {
                ARENA.place().cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), length);
                std::slice::from_raw_parts(ARENA.place().cast(), length)
            };
            go::string(seen)
        }
    }
}

/// What to do about it.
pub(crate) fn too_large(what: &str, length: usize) -> String {
    format!(
        "the {what} has {length} bytes, and at most {ARENA_BYTES} cross into a module under kpt's wasmtime; \
         use KPT_FN_WASM_RUNTIME=nodejs, or the lbpools binary with --allow-exec"
    )
}
