//! The findings as plain lines, for callers that throw structured results away (kustomize does).

use std::fmt::Write;

use super::{Place, Report, Severity};

/// One line a finding with its place and help below it, then a closing count. Empty for a clean run.
pub fn summary(report: &Report) -> String {
    let mut out = String::new();
    if let Some(failure) = &report.failure {
        let _ = writeln!(out, "lbpools: {}{}", place(failure.at.as_ref()), failure.message);
        if let Some(help) = &failure.help {
            let _ = writeln!(out, "  help: {help}");
        }
        return out;
    }
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let _ = write!(out, "{severity}[{}] {}", finding.code, place(finding.at.as_ref()));
        if let Some(resource) = &finding.resource {
            let _ = write!(out, "{} {}", resource.kind, resource.name);
            if let Some(field) = &finding.field {
                let _ = write!(out, " {field}");
            }
            out.push_str(": ");
        }
        if let Some(cluster) = &finding.cluster {
            let _ = write!(out, "(cluster {cluster}) ");
        }
        let _ = writeln!(out, "{}", finding.message);
        for link in &finding.chain {
            let _ = writeln!(out, "  from: {}{}", place(link.at.as_ref()), link.what);
        }
        if let Some(proposed) = &finding.proposed {
            let _ = writeln!(out, "  proposed: {proposed}");
        }
        let _ = writeln!(out, "  help: {}", finding.help);
    }
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error).count();
    if errors > 0 {
        let _ = writeln!(out, "lbpools: {errors} error{}", if errors == 1 { "" } else { "s" });
    }
    out
}

/// `path:line:column: ` when the place is in a file we read, `path[index]: ` for an item of a list.
fn place(at: Option<&Place>) -> String {
    match at {
        None => String::new(),
        Some(at) if !at.source.is_empty() => format!("{}:{}:{}: ", at.source, at.line, at.column),
        Some(at) => match (&at.path, at.index) {
            (Some(path), Some(index)) if index > 0 => format!("{path}[{index}]: "),
            (Some(path), _) => format!("{path}: "),
            (None, _) => format!("stdin:{}:{}: ", at.line, at.column),
        },
    }
}
