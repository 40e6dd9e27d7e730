//! A name for a finding that stays when lines move, so that a dashboard knows an old one from a new one.
//!
//! It is made of what the finding is (rule, cluster, object, field, the place's file) and of nothing that changes when
//! somebody writes above it: no line, no column. Findings that have all of that in common are numbered.

use std::collections::BTreeMap;

use lbpools_function::report::Finding;
use sha2::{Digest, Sha256};

use super::words::object;

/// The names of the findings, in their order: 32 hexadecimal digits each, all different.
pub(super) fn identities(findings: &[Finding]) -> Vec<String> {
    let mut seen: BTreeMap<[String; 5], usize> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let parts = parts(finding);
            let before = seen.entry(parts.clone()).or_default();
            let name = name(&parts, *before);
            *before += 1;
            name
        })
        .collect()
}

fn parts(finding: &Finding) -> [String; 5] {
    let file = finding.at.as_ref().map(|at| at.path.clone().unwrap_or_else(|| at.source.clone()));
    [
        finding.code.clone(),
        finding.cluster.clone().unwrap_or_default(),
        finding.resource.as_ref().map(object).unwrap_or_default(),
        finding.field.clone().unwrap_or_default(),
        file.unwrap_or_default(),
    ]
}

fn name(parts: &[String; 5], before: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // No name of Kubernetes holds a NUL, so two lists of parts never run together.
        hash.update(part);
        hash.update([0]);
    }
    hash.update(before.to_string());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn moved_lines_change_no_name_and_equal_findings_are_told_apart() {
        let mut findings = sample::fleet().report.findings;
        let before = identities(&findings);
        if let Some(at) = &mut findings[0].at {
            at.line += 20;
            at.start += 400;
            at.end += 400;
        }
        assert_eq!(identities(&findings), before);
        findings.push(findings[0].clone());
        let names = identities(&findings);
        assert_eq!(names[..2], before[..]);
        assert!(!before.contains(&names[2]));
        findings[0].field = Some("spec.blocks[1].cidr".into());
        assert_ne!(identities(&findings)[0], before[0]);
    }
}
