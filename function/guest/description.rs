//! What the function says about itself, for a host that finds it in a core module: `lbpools inspect`.

/// The function's JSON description, as its address in the memory (high half) and its length in bytes (low half). It
/// is never freed: a module serves one call.
#[unsafe(no_mangle)]
extern "C" fn describe() -> u64 {
    let text = serde_json::to_vec(&lbpools_function::describe()).unwrap_or_default().leak();
    ((text.as_ptr().addr() as u64) << 32) | text.len() as u64
}
