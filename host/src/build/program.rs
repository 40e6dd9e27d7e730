//! Which program builds, and how it is called.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that no call is known for.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no program to build with: kustomize or kubectl, on PATH or with its path")]
pub struct UnknownProgram(String);

/// How a program is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Kustomize,
    Kubectl,
}

/// A program that builds kustomizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    call: Call,
}

impl Program {
    /// The program of this name or path. What it is, its file name says: `kustomize-v5.8` is a kustomize.
    ///
    /// # Errors
    ///
    /// Where it is neither.
    pub fn named(name: &str) -> Result<Self, UnknownProgram> {
        let file = Path::new(name).file_name().and_then(|file| file.to_str()).unwrap_or_default();
        let call = match () {
            () if file.starts_with("kustomize") => Call::Kustomize,
            () if file.starts_with("kubectl") => Call::Kubectl,
            () => return Err(UnknownProgram(name.to_owned())),
        };
        let path = PathBuf::from(name);
        // It is started elsewhere, so a relative path must not stay one.
        let path = if path.components().count() > 1 { std::path::absolute(&path).unwrap_or(path) } else { path };
        Ok(Self { path, call })
    }

    /// Its name as given.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The call in words.
    pub(super) fn told(&self) -> &'static str {
        match self.call {
            Call::Kustomize => "kustomize build",
            Call::Kubectl => "kubectl kustomize",
        }
    }

    /// The call for a directory of a tree. No shell. Files from anywhere in the tree may be read and no plugin is run,
    /// as in Flux (`fluxcd/pkg/kustomize`, `Build`).
    pub(super) fn command(&self, tree: &Path, directory: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.arg(match self.call {
            Call::Kustomize => "build",
            Call::Kubectl => "kustomize",
        });
        // A directory may be called like a flag.
        command.args(["--load-restrictor", "LoadRestrictionsNone"]).arg(format!("./{directory}"));
        command.current_dir(tree);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_what_its_file_is_called() {
        for (name, told) in [
            ("kustomize", Some("kustomize build")),
            ("/opt/kustomize-v5.8.1", Some("kustomize build")),
            ("bin/kubectl", Some("kubectl kustomize")),
            ("kustomise", None),
            ("", None),
        ] {
            assert_eq!(Program::named(name).ok().map(|program| program.told()), told, "{name}");
        }
        assert!(Program::named("bin/kubectl").unwrap().path.is_absolute());
        assert_eq!(Program::named("kubectl").unwrap().path, Path::new("kubectl"));
    }
}
