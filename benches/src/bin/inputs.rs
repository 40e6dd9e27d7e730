//! Writes what the benches read. A process of its own: a large text in the measuring one would count as the peak
//! memory of every contestant that it starts.

use std::path::{Path, PathBuf};

use anyhow::Context;
use lbpools_benches::{corpus, fleet};

fn main() -> anyhow::Result<()> {
    let directory: PathBuf = std::env::args_os().nth(1).context("usage: inputs DIRECTORY")?.into();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the benches are in the checkout")?;
    std::fs::create_dir_all(&directory)?;
    let put = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("fleet.yaml", fleet::list(&root.join("examples/fleet"))?)?;
    put("10mb.yaml", corpus::list(10_000_000))?;
    put("100mb.yaml", corpus::list(100_000_000))
}
