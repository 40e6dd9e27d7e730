//! Outcomes of the real controllers, recorded as data, so that the simulation can be held against them where
//! there is no Go.
//!
//! `lbpools-oracle cilium --record` plays every scenario of `tests/oracle/cilium/cases` and writes what each
//! version did into `tests/oracle/cilium/recorded`, one line a scenario.

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::program::{Program, root};
use super::scenario::{Outcome, Scenario};

/// How often a scenario is played; outcomes that differ are all kept.
const TIMES: usize = 20;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub case: String,
    pub outcomes: Vec<Outcome>,
}

/// The scenarios that are kept, by name.
pub(crate) fn cases() -> anyhow::Result<Vec<(String, Scenario)>> {
    let folder = root().join("cases");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path)?;
            cases.push((name, serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?));
        }
    }
    cases.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(cases)
}

fn file(minor: &str) -> PathBuf {
    root().join("recorded").join(format!("{minor}.jsonl"))
}

/// Play all cases and write down what came of them.
pub(crate) fn record(program: &mut Program, minor: &str) -> anyhow::Result<usize> {
    let mut text = String::new();
    let cases = cases()?;
    for (case, scenario) in &cases {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for _ in 0..TIMES {
            let outcome = program.ask(scenario)?;
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
            }
        }
        outcomes.sort_by_key(|outcome| serde_json::to_string(outcome).unwrap_or_default());
        text.push_str(&serde_json::to_string(&Record { case: case.clone(), outcomes })?);
        text.push('\n');
    }
    let file = file(minor);
    std::fs::create_dir_all(file.parent().context("no folder")?)?;
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(cases.len())
}

#[cfg(test)]
mod tests {
    use super::super::compare::{Verdict, compare};
    use super::super::program::VERSIONS;
    use super::*;
    use lbpools_function::cilium::CiliumVersion;
    use std::collections::{BTreeMap, BTreeSet};

    /// All six versions are recorded in every case, and the simulation says what each did.
    #[test]
    fn the_simulation_agrees_with_what_was_recorded() -> anyhow::Result<()> {
        let cases: BTreeMap<String, Scenario> = cases()?.into_iter().collect();
        let mut compared = 0;
        for (minor, version, _) in VERSIONS {
            let text = std::fs::read_to_string(file(minor)).with_context(|| format!("{version} is not recorded"))?;
            let mut recorded = BTreeSet::new();
            for line in text.lines() {
                let record: Record = serde_json::from_str(line)?;
                let scenario = cases.get(&record.case).context("recorded, but no longer a case")?;
                assert!(!record.outcomes.is_empty());
                for outcome in &record.outcomes {
                    let verdict = compare(scenario, outcome, CiliumVersion::parse(version)?);
                    assert!(
                        matches!(verdict, Verdict::Same | Verdict::Possible { .. }),
                        "{version} {}: {verdict:?}",
                        record.case
                    );
                    compared += 1;
                }
                recorded.insert(record.case);
            }
            assert!(recorded.iter().eq(cases.keys()), "{version} is not recorded in every case");
        }
        assert!(compared > 100, "only {compared} outcomes are recorded");
        Ok(())
    }

    /// A difference is seen: an outcome with one octet changed is no outcome of the simulation.
    #[test]
    fn a_wrong_address_is_told_apart() -> anyhow::Result<()> {
        let cases: BTreeMap<String, Scenario> = cases()?.into_iter().collect();
        let text = std::fs::read_to_string(file("1.18"))?;
        let mut told_apart = 0;
        for line in text.lines() {
            let changed = line.replace("\"10.0.10.0\"", "\"10.0.10.77\"");
            if changed == line {
                continue;
            }
            let record: Record = serde_json::from_str(&changed)?;
            for outcome in &record.outcomes {
                let verdict = compare(&cases[&record.case], outcome, CiliumVersion::parse("1.18.11")?);
                assert!(matches!(verdict, Verdict::Different { .. }), "{}: {verdict:?}", record.case);
                told_apart += 1;
            }
        }
        assert!(told_apart > 10, "only {told_apart} were changed");
        Ok(())
    }
}
