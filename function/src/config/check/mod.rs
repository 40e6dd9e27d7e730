//! What has the right shape and makes no sense: the config judged by itself, before any manifest is looked at.
//!
//! A value with `${...}` in it is a cluster's business and judged by the rules, once for each cluster; here only
//! what is the same everywhere is. Everything found is reported, not just the first.

use super::LoadBalancerPools;

mod delivery;
mod names;
mod plan;
mod pools;

/// One thing that makes no sense in the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Path of the field, such as `spec.pools[0].headroom`. Where a field is missing, the path of what misses it.
    pub path: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// One sentence: what to do.
    pub help: String,
}

/// Everything that makes no sense in a config, in the order of its fields.
///
/// `rules` are the names and codes that `severity` may speak of; none to leave that to somebody else.
pub fn problems(config: &LoadBalancerPools, rules: &[&str]) -> Vec<ConfigProblem> {
    let mut found = Findings::default();
    names::object(&mut found, "metadata.name", &config.metadata.name);
    plan::check(&mut found, config);
    pools::check(&mut found, config);
    delivery::check(&mut found, config, rules);
    found.problems
}

/// Whether a text holds an expression that Flux evaluates, and so may be another text in each cluster.
pub(super) fn varies(text: &str) -> bool {
    text.contains("${")
}

#[derive(Default)]
struct Findings {
    problems: Vec<ConfigProblem>,
}

impl Findings {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(ConfigProblem { path: path.into(), message: message.into(), help: help.into() });
    }
}

/// A step into a map whose keys are anybody's.
fn key(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if plain { format!("{path}.{key}") } else { format!("{path}[\"{key}\"]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of a config whose `spec` is this JSON.
    pub(super) fn found(spec: &str) -> Vec<(String, String, String)> {
        let text = format!(
            r#"{{"apiVersion": "lbpools.dev/v1alpha1", "kind": "LoadBalancerPools", "metadata": {{"name": "x"}},
                "spec": {spec}}}"#
        );
        let config: LoadBalancerPools = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{spec}: {error}"));
        problems(&config, &["LBP001", "unpinned-service"])
            .into_iter()
            .map(|problem| (problem.path, problem.message, problem.help))
            .collect()
    }

    /// The one problem of such a config: its path and message.
    pub(super) fn only(spec: &str) -> (String, String) {
        let mut found = found(spec);
        assert_eq!(found.len(), 1, "{spec}: {found:?}");
        let (path, message, help) = found.remove(0);
        for sentence in [&message, &help] {
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{sentence}");
        }
        (path, message)
    }

    #[test]
    fn nothing_is_wrong_with_nothing() {
        assert_eq!(found("{}"), []);
        assert_eq!(problems(&LoadBalancerPools::default(), &[]), []);
    }

    #[test]
    fn everything_is_reported() {
        let paths: Vec<String> = found(
            r#"{"cilium": {"version": "2.0"}, "pools": [{"name": "A"}, {"name": "b"}], "severity": {"nope": "off"}}"#,
        )
        .into_iter()
        .map(|(path, ..)| path)
        .collect();
        assert_eq!(
            paths,
            ["spec.cilium.version", "spec.pools[0].name", "spec.pools[0]", "spec.pools[1]", "spec.severity.nope"]
        );
    }

    #[test]
    fn the_name_marks_what_is_generated_and_must_be_one() {
        let problems = problems(&LoadBalancerPools::named("LB pools"), &[]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].path, "metadata.name");
    }
}
