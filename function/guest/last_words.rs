//! The text of a panic. The component has no import to print with, so the hook leaves the text in a static behind
//! a marker; after the trap the host finds it in the memory (`host/src/sandbox/last_words.rs`). The other guests can
//! also say it, and do.

use std::{
    fmt::{self, Write},
    panic,
    sync::{Mutex, Once},
};

/// Found by the host; the same sixteen bytes stand there.
const MARKER: &[u8; 16] = b"\x00lbpools\x00panic:\x00";

/// The most that is kept of a message.
const LONGEST: usize = 1024;

/// Marker, length and text lie one behind the other: bytes only, so there is no padding between them.
#[repr(C)]
struct LastWords {
    marker: [u8; 16],
    length: [u8; 4],
    text: [u8; LONGEST],
}

/// `used`: nothing in the component ever reads it, and yet it must stay.
#[used]
static LAST_WORDS: Mutex<LastWords> = Mutex::new(LastWords { marker: *MARKER, length: [0; 4], text: [0; LONGEST] });

/// Keep the text of a panic from now on, and `say` it where there is somebody to say it to.
pub(crate) fn keep(say: fn(&[u8])) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        panic::set_hook(Box::new(move |panic| {
            // A second panic while the first is written changes nothing.
            if let Ok(mut words) = LAST_WORDS.try_lock() {
                let mut pen = Pen { words: &mut words.text, at: 0 };
                let _ = write!(pen, "{panic}");
                let length = pen.at;
                words.length = u32::try_from(length).unwrap_or_default().to_le_bytes();
                say(&words.text[..length]);
            }
        }));
    });
}

/// Writes as much as fits and allocates nothing: the panic may be about memory.
struct Pen<'a> {
    words: &'a mut [u8],
    at: usize,
}

impl Write for Pen<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.words.get_mut(self.at..).unwrap_or_default();
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.at += fits;
        Ok(())
    }
}
