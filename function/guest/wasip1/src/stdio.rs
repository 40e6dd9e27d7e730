//! The three functions of WASI preview 1 that a filter needs.

/// An error number of WASI preview 1.
pub(crate) type Errno = u16;

/// Standard output.
pub(crate) const OUT: u32 = 1;
/// Standard error.
pub(crate) const ERR: u32 = 2;
/// Nobody reads any more (`EPIPE`).
pub(crate) const BROKEN_PIPE: Errno = 64;

/// A call was interrupted and wants to be made again (`EINTR`).
const INTERRUPTED: Errno = 27;
/// What is read at once.
const CHUNK: usize = 1 << 20;

/// A piece of memory, as WASI's `iovec` and `ciovec`.
#[repr(C)]
struct Piece {
    start: *const u8,
    length: usize,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn fd_read(fd: u32, pieces: *const Piece, count: usize, read: *mut usize) -> u32;
    fn fd_write(fd: u32, pieces: *const Piece, count: usize, written: *mut usize) -> u32;
    fn proc_exit(code: u32) -> !;
}

/// Everything on standard input.
///
/// # Errors
///
/// WASI's.
pub(crate) fn read_all() -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    loop {
        let had = text.len();
        text.resize(had + CHUNK, 0);
        let room = &mut text[had..];
        let piece = Piece { start: room.as_mut_ptr(), length: room.len() };
        let mut read = 0;
        // SAFETY: the piece is memory of our own that lives through the call, and nobody else looks at it.
        let errno = unsafe { fd_read(0, &raw const piece, 1, &raw mut read) } as Errno;
        if errno != 0 && errno != INTERRUPTED {
            return Err(errno);
        }
        let read = if errno == 0 { read.min(CHUNK) } else { 0 };
        text.truncate(had + read);
        if errno == 0 && read == 0 {
            return Ok(text);
        }
    }
}

/// All of `text`.
///
/// # Errors
///
/// WASI's.
pub(crate) fn write_all(fd: u32, mut text: &[u8]) -> Result<(), Errno> {
    while !text.is_empty() {
        let piece = Piece { start: text.as_ptr(), length: text.len() };
        let mut written = 0;
        // SAFETY: the piece is memory of our own that lives through the call and is only read.
        let errno = unsafe { fd_write(fd, &raw const piece, 1, &raw mut written) } as Errno;
        match errno {
            0 if written == 0 => return Err(BROKEN_PIPE),
            0 => text = text.get(written..).unwrap_or_default(),
            INTERRUPTED => {}
            errno => return Err(errno),
        }
    }
    Ok(())
}

/// End the program.
pub(crate) fn exit(code: u8) -> ! {
    // SAFETY: it takes a number.
    unsafe { proc_exit(code.into()) }
}
