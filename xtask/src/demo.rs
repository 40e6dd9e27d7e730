//! `cargo xtask demo`: the main job, once, on the example fleet.

use crate::{
    Failure,
    command::{self, program, root},
    wasm,
};

const FLEET: &str = "examples/fleet";

/// Set up, build, judge and render the fleet without writing, and name the next thing to try.
pub(crate) fn run() -> Result<(), Failure> {
    wasm::set_up()?;
    command::run(&mut command::cargo(["build", "--package", "lbpools"]))?;
    command::run(lbpools().args(["render", FLEET, "--dry-run"]))?;
    command::run(lbpools().args(["check", FLEET]))?;
    println!(
        "\nNow break something: change one octet of CILIUM_GATEWAY_LB_IP in\n  \
         {FLEET}/kubernetes/clusters/infra/cluster-settings.yaml\nand run `cargo xtask demo` again. More mistakes to \
         look at: examples/broken."
    );
    Ok(())
}

fn lbpools() -> std::process::Command {
    program(root().join("target/debug/lbpools"))
}
