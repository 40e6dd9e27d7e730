//! What several emitters call things.

use lbpools_function::report::{Between, Finding, ResourceRef, Severity};

/// `Kind namespace/name`, as it is written: an emitter escapes it in its own way.
pub(super) fn object(resource: &ResourceRef) -> String {
    let namespace = resource.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {namespace}{}", resource.kind, resource.name)
}

/// What a finding is about: `cluster apps, Gateway network/public, spec.addresses[0].value`.
pub(super) fn subject(finding: &Finding) -> String {
    let cluster = finding.cluster.as_ref().map(|cluster| format!("cluster {cluster}"));
    let parts = [cluster, finding.resource.as_ref().map(object), finding.field.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `error`, `warning` or `info`.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// `blue, green and 3 more`.
pub(super) fn pools(named: &[String], more: usize) -> String {
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// `3`, or `1 to 3` where it is not certain, or `?` where nothing is known.
pub(super) fn amount(exact: Option<&String>, between: Option<&Between>) -> String {
    match (exact, between) {
        (Some(exact), _) => exact.clone(),
        (None, Some(between)) => format!("{} to {}", between.at_least, between.at_most),
        (None, None) => "?".to_owned(),
    }
}

/// `no errors`, `1 error`, `2 things not checked`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let (first, rest) = what.split_once(' ').unwrap_or((what, ""));
    let number = if count == 0 { "no".to_owned() } else { count.to_string() };
    let plural = if count == 1 { "" } else { "s" };
    format!("{number} {first}{plural} {rest}").trim_end().to_owned()
}

/// `1 address`, `256 addresses`: the report writes such numbers as text, for there may be very many.
pub(super) fn addresses(count: &str) -> String {
    if count == "1" { "1 address".to_owned() } else { format!("{count} addresses") }
}
