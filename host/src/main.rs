//! The program `lbpools`.

use std::process::ExitCode;

fn main() -> ExitCode {
    lbpools::main()
}
