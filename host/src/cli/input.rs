//! What a verb hands to the function: a package, or standard input, and perhaps a config from elsewhere.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::contract::{Role, Source};
use crate::package::{self, Package};

/// A package with the config in it.
pub(super) struct Input {
    /// What was read.
    pub(super) package: Package,
    /// What is handed over: the package's texts, and the config when it is not one of them.
    pub(super) sources: Vec<Source>,
    /// The directory as the caller wrote it, for messages.
    pub(super) directory: String,
}

impl Input {
    /// Read a directory or file, with the config beside it.
    pub(super) fn package(path: &Path, config: Option<&PathBuf>, limit: u64) -> anyhow::Result<Self> {
        Self::beside(path, config, &[], limit)
    }

    /// The same without files that lie in it and are none of its manifests.
    pub(super) fn beside(
        path: &Path,
        config: Option<&PathBuf>,
        others: &[PathBuf],
        limit: u64,
    ) -> anyhow::Result<Self> {
        let mut package = package::read(path, limit)?;
        for other in others.iter().filter_map(|other| fs::canonicalize(other).ok()) {
            package.leave_out(&other);
        }
        let outside = match config {
            None => None,
            Some(config) => {
                let real = fs::canonicalize(config).with_context(|| format!("cannot read `{}`", config.display()))?;
                if package.mark_config(&real) { None } else { Some((config, real)) }
            }
        };
        let mut sources = package.sources.clone();
        if let Some((config, real)) = outside {
            // Two texts must not share a name, or a finding would point into the wrong one.
            let given = config.display().to_string();
            let name = if package.text(&given).is_some() { real.display().to_string() } else { given };
            sources.push(Source { path: name, role: Role::Config, text: package::read_file(&real, limit)? });
        }
        let directory = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
        Ok(Self { package, sources, directory: directory.display().to_string() })
    }

    /// What the function gets; a package is small, so the copy for the snippets is cheap.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.sources.clone()
    }
}

/// Read standard input up to the limit.
pub(crate) fn stdin(stdin: &mut dyn Read, limit: u64) -> anyhow::Result<Source> {
    let mut text = Vec::new();
    stdin.take(limit.saturating_add(1)).read_to_end(&mut text).context("cannot read standard input")?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        bail!("standard input is larger than the limit of {limit} bytes; raise --max-input if that is right");
    }
    Ok(Source { path: String::new(), role: Role::Subject, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_of_the_package_is_not_judged_twice() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.yaml"), "a").unwrap();
        fs::write(root.path().join("config.yaml"), "c").unwrap();
        let input = Input::package(root.path(), Some(&root.path().join("config.yaml")), 100).unwrap();
        let roles: Vec<_> = input.sources.iter().map(|source| (source.path.as_str(), source.role)).collect();
        assert_eq!(roles, [("a.yaml", Role::Subject), ("config.yaml", Role::Config)]);
    }

    #[test]
    fn a_config_from_elsewhere_keeps_its_own_name() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.yaml"), "a").unwrap();
        let config = elsewhere.path().join("a.yaml");
        fs::write(&config, "c").unwrap();
        let input = Input::package(root.path(), Some(&config), 100).unwrap();
        assert_eq!(input.sources[1].role, Role::Config);
        assert_eq!(input.sources[1].path, config.display().to_string());
        assert_eq!(input.package.sources.len(), 1);
    }

    #[test]
    fn standard_input_has_a_limit() {
        assert_eq!(stdin(&mut &b"12345"[..], 5).unwrap().text, b"12345");
        let error = stdin(&mut &b"123456"[..], 5).unwrap_err();
        assert!(error.to_string().contains("larger than the limit of 5 bytes"), "{error}");
    }
}
