//! What `--dump` names: files in which `kubectl get` saved objects of a living cluster.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::contract::{Role, Source};
use crate::package;

/// The texts, as [`Role::Observed`]; `-` is standard input.
pub(super) fn read(files: &[PathBuf], limit: u64, stdin: &mut dyn Read) -> anyhow::Result<Vec<Source>> {
    let one = |file: &PathBuf| {
        if file == Path::new("-") {
            let text = super::input::stdin(stdin, limit)?.text;
            return Ok(Source { path: "<stdin>".into(), role: Role::Observed, text });
        }
        let text = package::read_file(file, limit)?;
        Ok(Source { path: file.display().to_string(), role: Role::Observed, text })
    };
    files.iter().map(one).collect()
}

/// That the repository is applied to it, and which cluster it is where somebody says so.
pub(super) fn applied(cluster: Option<&str>) -> impl Iterator<Item = Source> {
    let word = |role, text: String| Source { path: String::new(), role, text: text.into_bytes() };
    let cluster = cluster.map(|name| word(Role::Scope, format!("cluster={name}")));
    [word(Role::WhatIf, "applied".into())].into_iter().chain(cluster)
}
