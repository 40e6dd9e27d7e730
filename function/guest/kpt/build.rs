//! kpt finds the memory under the name `mem`.

#[allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a build script speaks to Cargo by both")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-cdylib-link-arg=--export-memory=mem");
    }
}
