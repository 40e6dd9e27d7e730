//! The functions of module `go` that kpt offers to a WebAssembly function, made for programs of the Go compiler.
//!
//! Each takes the address of a frame, with its arguments and results in eight-byte words. Values of the host's
//! JavaScript are 64-bit references: a number is itself as a double, anything else a NaN whose low half is an id.
//! kpt calls `getsp` in the middle of some of them to find the frame again, so there is one, in a fixed place.

use std::cell::UnsafeCell;

/// A value of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value(u64);

impl Value {
    /// Node's answer for what is not there.
    pub(crate) const UNDEFINED: Self = Self(0);
    /// JavaScript's null, and wasmexec's answer for what is not there.
    pub(crate) const NULL: Self = Self(0x7FF8_0000_0000_0002);
    /// The global object.
    pub(crate) const GLOBAL: Self = Self(0x7FF8_0001_0000_0005);
    /// The object that runs us.
    pub(crate) const GO: Self = Self(0x7FF8_0001_0000_0006);

    /// A number other than zero, which has an id of its own.
    pub(crate) fn number(number: f64) -> Self {
        Self(number.to_bits())
    }

    /// As a number, if it is one.
    pub(crate) fn as_number(self) -> f64 {
        f64::from_bits(self.0)
    }
}

#[link(wasm_import_module = "go")]
unsafe extern "C" {
    #[link_name = "runtime.resetMemoryDataView"]
    fn reset_memory_data_view(frame: *mut Frame);
    #[link_name = "runtime.wasmWrite"]
    fn wasm_write(frame: *mut Frame);
    #[link_name = "syscall/js.stringVal"]
    fn string_val(frame: *mut Frame);
    #[link_name = "syscall/js.valueCall"]
    fn value_call(frame: *mut Frame);
    #[link_name = "syscall/js.valueGet"]
    fn value_get(frame: *mut Frame);
    #[link_name = "syscall/js.valueIndex"]
    fn value_index(frame: *mut Frame);
    #[link_name = "syscall/js.valueLoadString"]
    fn value_load_string(frame: *mut Frame);
    #[link_name = "syscall/js.valuePrepareString"]
    fn value_prepare_string(frame: *mut Frame);
    #[link_name = "syscall/js.valueSet"]
    fn value_set(frame: *mut Frame);
}

/// The words of a call: the first is never used, the longest call (`valueCall`) ends with the ninth.
type Frame = [u64; 10];

/// Something that lives at one place and is only touched by one thread: WebAssembly has no other here.
#[repr(C, align(8))]
pub(crate) struct Fixed<T>(UnsafeCell<T>);

// SAFETY: the module has no shared memory and starts no thread.
unsafe impl<T> Sync for Fixed<T> {}

impl<T> Fixed<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(crate) const fn place(&self) -> *mut T {
        self.0.get()
    }
}

static FRAME: Fixed<Frame> = Fixed::new([0; 10]);

/// Where the frame is, for `getsp`.
pub(crate) fn frame() -> *mut Frame {
    FRAME.place()
}

/// Put the arguments into the frame, call, take the frame.
fn call(import: unsafe extern "C" fn(*mut Frame), arguments: &[u64]) -> Frame {
    let mut words = [0; 10];
    words[1..=arguments.len()].copy_from_slice(arguments);
    // SAFETY: nobody else looks at the frame between these lines but the import, which kpt gives us for that.
    unsafe {
        FRAME.place().write_volatile(words);
        import(FRAME.place());
        FRAME.place().read_volatile()
    }
}

fn address<T>(pointer: *const T) -> u64 {
    pointer.addr() as u64
}

/// Tell node that the memory has grown, since it keeps a view of the old one. kpt's wasmtime only logs the call, so
/// it is for node alone.
pub(crate) fn memory_has_grown() {
    call(reset_memory_data_view, &[]);
}

/// Write to a file descriptor. Under kpt's wasmtime 1 and 2 both are kpt's standard output.
pub(crate) fn write(fd: u64, text: &[u8]) {
    call(wasm_write, &[fd, address(text.as_ptr()), text.len() as u64]);
}

/// A string of the host.
pub(crate) fn string(text: &[u8]) -> Value {
    Value(call(string_val, &[address(text.as_ptr()), text.len() as u64])[3])
}

/// `of.name`
pub(crate) fn get(of: Value, name: &str) -> Value {
    Value(call(value_get, &[of.0, address(name.as_ptr()), name.len() as u64])[4])
}

/// `of.name = value`
pub(crate) fn set(of: Value, name: &str, value: Value) {
    call(value_set, &[of.0, address(name.as_ptr()), name.len() as u64, value.0]);
}

/// `of[index]`
pub(crate) fn index(of: Value, index: u64) -> Value {
    Value(call(value_index, &[of.0, index])[3])
}

/// `of.name(arguments)`
pub(crate) fn method(of: Value, name: &str, arguments: &[Value]) -> Value {
    let (name, length) = (address(name.as_ptr()), name.len() as u64);
    Value(call(value_call, &[of.0, name, length, address(arguments.as_ptr()), arguments.len() as u64])[7])
}

/// Make a string ready to be fetched: its bytes as UTF-8, and how many they are.
pub(crate) fn prepare_string(of: Value) -> (Value, usize) {
    let words = call(value_prepare_string, &[of.0]);
    (Value(words[2]), words[3] as usize)
}

/// Fetch the bytes of a prepared string.
///
/// # Safety
///
/// `length` bytes can be written at `to`.
pub(crate) unsafe fn load_string(of: Value, to: *mut u8, length: usize) {
    call(value_load_string, &[of.0, address(to), length as u64]);
}
