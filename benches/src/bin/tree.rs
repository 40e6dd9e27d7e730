//! A full parse of the same bytes into a tree, and nothing else: the least that a function built on serde_yaml does
//! before its author has written a line.

use std::io::Read;

fn main() -> anyhow::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let tree: serde_yaml::Value = serde_yaml::from_slice(&input)?;
    anyhow::ensure!(tree.get("items").is_some(), "not a ResourceList");
    // Freeing the tree is part of the price in a long-lived program; a function just ends.
    std::mem::forget(tree);
    Ok(())
}
