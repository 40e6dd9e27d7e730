//! Goldens.
fn main() {}
