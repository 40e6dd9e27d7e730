//! The runner as a KRM function: standard input to standard output, an exit code, and words on standard error.
//!
//! Three callers, one behaviour:
//! * kustomize (exec) and kpt start the program without a verb and send a ResourceList.
//! * kustomize's legacy exec plugins, which is all that `kubectl kustomize --enable-alpha-plugins` offers, pass the
//!   config as a file in the first argument and a bare stream of documents on standard input; a generator gets none.
//!
//! kustomize throws `results` away and kpt looks at the exit code only, so findings go to standard error as well.
//! kpt still reads the list of a run that failed with findings; kustomize drops it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::cli::{Exit, Setting, Streams, Surroundings, input};
use crate::contract::{Function, Options, Role, Source, Verdict};
use crate::package;

/// The kinds that a legacy plugin's config can have.
const KINDS: [&str; 2] = ["LoadBalancerPools", "ConfigMap"];
/// `kind:` stands in the first lines; kustomize sorts the keys and drops comments.
const HEAD: u64 = 64 * 1024;

/// Read a ResourceList (or a bare stream), write what the function made of it.
pub fn run<F: Function>(
    function: impl FnOnce() -> anyhow::Result<F>,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let subject = input::stdin(streams.stdin, setting.max_input)?;
    answer(&function()?, vec![subject], streams)
}

/// The same for a legacy plugin, whose config is in a file.
pub fn run_plugin<F: Function>(
    function: impl FnOnce() -> anyhow::Result<F>,
    config: &Path,
    setting: &Setting,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let text = package::read_file(config, setting.max_input)?;
    let config = Source { path: config.display().to_string(), role: Role::Config, text };
    let subject = input::stdin(streams.stdin, setting.max_input)?;
    answer(&function()?, vec![config, subject], streams)
}

fn answer<F: Function>(function: &F, sources: Vec<Source>, streams: &mut Streams) -> anyhow::Result<Exit> {
    let mut evaluation = function.evaluate(sources, Options::default()).context("the function did not answer")?;
    // Said first: kustomize shows it only when the run fails, kpt cuts it after four lines.
    streams.stderr.write_all(evaluation.summary.as_bytes())?;
    if evaluation.verdict == Verdict::Failed {
        return Ok(Exit::Failed);
    }
    // Empty output with exit code 0 makes kustomize and kpt delete every object, so it must be meant.
    let text = match (evaluation.changes.pop(), evaluation.changes.is_empty()) {
        (Some(change), true) if change.path.is_empty() => change.text,
        _ => None,
    };
    let Some(text) = text else { bail!("the function handed back no list; nothing is written") };
    match streams.stdout.write_all(&text).and_then(|()| streams.stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write the list"),
        // The reader has enough; the verdict stands.
        Ok(()) | Err(_) => Ok(evaluation.verdict.into()),
    }
}

/// The config file of a legacy plugin call, or nothing when this is not one: kustomize says so by its variables or
/// by the name under which it found the plugin, and the first argument is a file of a kind that is ours.
pub fn plugin_config(surroundings: &Surroundings) -> Option<PathBuf> {
    let name = surroundings.args.first().map(Path::new).and_then(Path::file_stem);
    if !surroundings.kustomize_plugin && name != Some(OsStr::new("LoadBalancerPools")) {
        return None;
    }
    let config = PathBuf::from(surroundings.args.get(1)?);
    let mut head = Vec::new();
    File::open(&config).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    is_ours(&head).then_some(config)
}

/// Whether a text has one of our kinds at its top level. Only a guard against taking some other argument for a
/// config; the function reads the text properly.
fn is_ours(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let kinds = head.lines().filter_map(|line| line.trim_start_matches('\u{feff}').strip_prefix("kind:"));
    kinds.map(|kind| kind.trim().trim_matches(['"', '\''])).any(|kind| KINDS.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_kinds_are_recognised() {
        assert!(is_ours(b"apiVersion: lbpools.dev/v1alpha1\r\nkind: LoadBalancerPools\r\n"));
        assert!(is_ours(b"kind: \"ConfigMap\"\n"));
        assert!(!is_ours(b"kind: Deployment\nspec:\n  kind: ConfigMap\n"));
        assert!(!is_ours(b"\xff\x00\xfe"));
        assert!(!is_ours(b""));
    }

    #[test]
    fn a_plugin_call_needs_a_sign_and_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("kust-plugin-config-1");
        std::fs::write(&config, "kind: LoadBalancerPools\n").unwrap();
        let call = |name: &str, file: &Path, kustomize_plugin| {
            plugin_config(&Surroundings {
                args: vec![name.into(), file.into()],
                kustomize_plugin,
                ..Surroundings::default()
            })
        };
        assert_eq!(call("/bin/lbpools", &config, true), Some(config.clone()));
        assert_eq!(call("/plugins/LoadBalancerPools", &config, false), Some(config.clone()));
        assert_eq!(call("/bin/lbpools", &config, false), None);
        assert_eq!(call("/bin/lbpools", Path::new("check"), true), None);
        std::fs::write(&config, "kind: Deployment\n").unwrap();
        assert_eq!(call("/bin/lbpools", &config, true), None);
    }
}
