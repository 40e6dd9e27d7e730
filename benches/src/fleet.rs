//! The story's fleet as one ResourceList: what kustomize hands to an exec function, without its annotations.

use std::path::Path;

use anyhow::Context;

/// `examples/fleet` as a list, its `lbpools.yaml` as the function's config.
pub fn list(directory: &Path) -> anyhow::Result<String> {
    let mut files = Vec::new();
    collect(directory, &mut files)?;
    files.sort();
    let mut out = String::from("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n");
    let mut config = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if file.file_name().is_some_and(|name| name == "lbpools.yaml") {
            config = indented(&text);
            continue;
        }
        for document in text.split("\n---\n") {
            let document = document.trim_start_matches("---\n");
            // kustomize never hands its own file on.
            let is_object = document.lines().any(|line| line.starts_with("apiVersion:"));
            if is_object && !document.contains("\nkind: Kustomization\nresources:") {
                out.push_str("-\n");
                out.push_str(&indented(document));
            }
        }
    }
    out.push_str("functionConfig:\n");
    out.push_str(&config);
    Ok(out)
}

fn collect(directory: &Path, files: &mut Vec<std::path::PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}
