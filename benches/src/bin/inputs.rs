//! Writes what the benches read. A process of its own: a large text in the measuring one would count as the peak
//! memory of every contestant that it starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use lbpools_benches::corpus;

fn main() -> anyhow::Result<()> {
    let directory: PathBuf = std::env::args_os().nth(1).context("usage: inputs DIRECTORY")?.into();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the benches are in the checkout")?;
    std::fs::create_dir_all(&directory)?;
    let put = |name: &str, text: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("fleet.yaml", &fleet(root)?)?;
    put("10mb.yaml", corpus::list(10_000_000).as_bytes())?;
    put("100mb.yaml", corpus::list(100_000_000).as_bytes())
}

/// `examples/fleet` as one list with its config, as the real kpt sends it to a function.
fn fleet(root: &Path) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(root.join("target/tools/kpt"))
        .args(["fn", "source", "examples/fleet", "--fn-config", "examples/fleet/lbpools.yaml"])
        .current_dir(root)
        .output()
        .context("cannot start kpt: `cargo xtask tools` builds it")?;
    anyhow::ensure!(output.status.success(), "kpt failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
