//! The repository that Flux reads: each push is a commit, served by git itself over HTTP on loopback.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::program::{Keeper, Program, free_port};
use crate::tool;

/// Its user.
pub(crate) const USER: &str = "git";
/// Its password, for the Secret that the fleet's GitRepository names. It guards nothing.
pub(crate) const PASSWORD: &str = "loopback";

/// A bare repository and its server.
#[derive(Debug)]
pub(crate) struct Repository {
    _server: Program,
    directory: PathBuf,
    /// Where it is read from.
    pub(crate) url: String,
}

impl Repository {
    pub(crate) fn serve(directory: &Path, keeper: &Arc<Keeper>) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let repositories = directory.join("git");
        let url = format!("http://{address}/fleet.git");
        let bare = repositories.join("fleet.git");
        std::fs::create_dir_all(&bare).expect("a directory");
        let mut command = Command::new(tool("git-server"));
        command.arg(&repositories).arg(&address).arg(format!("{USER}:{PASSWORD}"));
        let repository =
            Self { _server: Program::start("git-server", command, directory, keeper), directory: bare, url };
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main"], &repository.directory);
        repository
    }

    /// Commit a directory as it is; gives the revision as Flux writes it.
    pub(crate) fn commit(&self, tree: &Path) -> String {
        self.git(&["add", "--all", "."], tree);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=change"], tree);
        format!("main@sha1:{}", self.git(&["rev-parse", "HEAD"], tree).trim())
    }

    fn git(&self, arguments: &[&str], tree: &Path) -> String {
        let mut command = Command::new("git");
        // Nobody's own settings: they may want signatures, or hooks.
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), USER).env(format!("GIT_{who}_EMAIL"), "git@example.com");
        }
        command.arg("--git-dir").arg(&self.directory);
        if tree != self.directory {
            command.arg("--work-tree").arg(tree);
        }
        let output = command.args(arguments).current_dir(tree).output().expect("git starts");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("git writes UTF-8")
    }
}
