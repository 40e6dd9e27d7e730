//! The text of a panic. The component has no import to print with, so its panic hook
//! (`function/guest/component/src/last_words.rs`) leaves the text in its own memory behind a marker, and the host
//! reads it there after the trap.

use memchr::memmem;
use wasmtime::{Store, WasmCoreDump};

/// The same sixteen bytes as in the guest.
const MARKER: &[u8; 16] = b"\x00lbpools\x00panic:\x00";

/// The most that the hook writes.
const LONGEST: usize = 1024;

/// What the component said before it trapped, if it said anything.
pub(super) fn last_words<T: 'static>(error: &wasmtime::Error, store: &Store<T>) -> Option<String> {
    let dump = error.downcast_ref::<WasmCoreDump>()?;
    dump.memories().iter().find_map(|memory| after_marker(memory.data(store)))
}

/// Behind the marker: the length in four bytes, little endian, then the text.
fn after_marker(memory: &[u8]) -> Option<String> {
    // Static data lies below the heap: the first match is the hook's own, never a copy in some input.
    let at = memmem::find(memory, MARKER)? + MARKER.len();
    let (length, rest) = memory.get(at..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?.min(LONGEST);
    let text = String::from_utf8_lossy(rest.get(..length)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(length: u32, text: &[u8]) -> Vec<u8> {
        [b"noise".as_slice(), MARKER, &length.to_le_bytes(), text].concat()
    }

    #[test]
    fn reads_what_the_hook_wrote() {
        assert_eq!(after_marker(&memory(4, b"oops and more")).as_deref(), Some("oops"));
    }

    #[test]
    fn says_nothing_where_nothing_was_said() {
        assert_eq!(after_marker(&memory(0, b"")), None);
        assert_eq!(after_marker(b"no marker at all"), None);
    }

    #[test]
    fn does_not_trust_the_length() {
        assert_eq!(after_marker(&memory(u32::MAX, b"short")), None);
        assert_eq!(after_marker(MARKER), None);
    }
}
