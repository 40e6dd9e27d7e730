//! The smoke test as a person asks for it, and whether what it got is what the function says that it must get.

use std::io::{self, Write};
use std::net::IpAddr;

use lbpools_function::report::{Outcome, SmokeTestReport};

use super::living;
use crate::report::text::line;

/// What `verify` takes for it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// Make the smoke test's Deployment and Service, see which address it gets, and remove both
    #[arg(long, requires = "namespace", conflicts_with = "dump")]
    pub(super) smoke_test: bool,
    /// Make the smoke test in this namespace
    #[arg(long, value_name = "NAME", requires = "smoke_test")]
    pub(super) namespace: Option<String>,
    /// Try to reach the smoke test's address from here: tcp:PORT, http or http:PORT
    #[arg(long, value_name = "HOW", requires = "smoke_test", value_parser = living::reach)]
    pub(super) reach: Option<String>,
}

/// In what the addresses are not those that the function predicted.
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "nothing is made without a client"))]
pub(super) fn contradiction(test: &SmokeTestReport, got: &[IpAddr]) -> Option<String> {
    let outside = got.iter().find(|address| !test.ranges.iter().any(|range| holds(range, **address)));
    if let Some(address) = outside {
        let ranges = if test.ranges.is_empty() { "there is none".to_owned() } else { test.ranges.join(", ") };
        return Some(format!("{address} is in no pool in force that selects it ({ranges})"));
    }
    let possible = |outcome: &Outcome, got: IpAddr| match outcome {
        Outcome::Address { address, .. } => holds(address, got),
        // What is left out of the list may be it.
        Outcome::OneOf { ranges, more, .. } => *more > 0 || ranges.iter().any(|range| holds(range, got)),
        Outcome::Pending { .. } => false,
        Outcome::Unknown { .. } => true,
    };
    let other = got.iter().find(|got| !test.predicted.iter().any(|outcome| possible(outcome, **got)))?;
    let predicted: Vec<_> = test.predicted.iter().map(predicted).collect();
    Some(format!("{other} is in the pool, but {} was predicted", predicted.join(" and ")))
}

/// Of `first-last`, or of a single address.
fn holds(range: &str, address: IpAddr) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    match (first.parse::<IpAddr>(), last.parse::<IpAddr>()) {
        (Ok(first), Ok(last)) => {
            first.is_ipv4() == address.is_ipv4()
                && last.is_ipv4() == address.is_ipv4()
                && (first..=last).contains(&address)
        }
        _ => false,
    }
}

fn predicted(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Address { address, .. } => address.clone(),
        Outcome::OneOf { ranges, .. } => format!("one of {}", ranges.join(", ")),
        Outcome::Pending { reason, .. } => format!("none ({reason})"),
        Outcome::Unknown { because } => format!("nothing ({because})"),
    }
}

/// For a person.
pub(super) fn write(test: &SmokeTestReport, namespace: &str, out: &mut dyn Write) -> io::Result<()> {
    let Some(outcome) = &test.outcome else { return Ok(()) };
    let service = line(&test.service);
    let predicted: Vec<_> = test.predicted.iter().map(self::predicted).collect();
    match (&outcome.failure, outcome.addresses.as_slice()) {
        (Some(failure), _) => writeln!(out, "smoke test: Service {service} failed: {}", line(failure))?,
        (None, addresses) => {
            let (addresses, predicted) = (addresses.join(", "), predicted.join(" and "));
            writeln!(out, "smoke test: Service {service} got {}; predicted: {}", line(&addresses), line(&predicted))?;
        }
    }
    for reached in &outcome.reached {
        let (address, by, words) = (line(&reached.address), line(&reached.by), line(&reached.words));
        let verb = if reached.answered { "reached" } else { "could not be reached" };
        writeln!(out, "  {address} {verb} by {by}: {words}")?;
    }
    if outcome.left.is_empty() {
        return writeln!(out, "  nothing that it made is left");
    }
    for left in &outcome.left {
        writeln!(out, "  MAY BE LEFT: {}: {}", line(&left.object), line(&left.why))?;
    }
    let (namespace, run) = (line(namespace), line(&outcome.run));
    writeln!(out, "  remove it: kubectl -n {namespace} delete service,deployment -l lbpools.dev/smoke-test={run}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lbpools_function::report::{ObjectLeft, SmokeTestOutcome};

    fn test(predicted: Vec<Outcome>) -> SmokeTestReport {
        SmokeTestReport {
            service: "media/lb-echo".into(),
            objects: vec![],
            predicted,
            ranges: vec!["10.25.11.101-10.25.11.119".into(), "fd00::10-fd00::1f".into()],
            outcome: None,
        }
    }

    fn address(address: &str) -> Outcome {
        Outcome::Address { address: address.into(), pool: "services".into(), because: String::new() }
    }

    fn contradicted(predicted: Vec<Outcome>, got: &str) -> Option<String> {
        contradiction(&test(predicted), &[got.parse().unwrap()])
    }

    #[test]
    fn what_was_predicted_is_no_contradiction() {
        assert_eq!(contradicted(vec![address("10.25.11.102")], "10.25.11.102"), None);
        assert_eq!(contradicted(vec![address("10.25.11.102"), address("fd00::10")], "fd00::10"), None);
        let one_of = |more| Outcome::OneOf {
            or_none: false,
            ranges: vec!["10.25.11.103-10.25.11.104".into(), "10.25.11.110".into()],
            pools: vec![],
            more,
            because: String::new(),
        };
        assert_eq!(contradicted(vec![one_of(0)], "10.25.11.104"), None);
        assert_eq!(contradicted(vec![one_of(0)], "10.25.11.110"), None);
        assert!(contradicted(vec![one_of(0)], "10.25.11.105").is_some());
        assert_eq!(contradicted(vec![one_of(3)], "10.25.11.105"), None);
        assert_eq!(contradicted(vec![Outcome::Unknown { because: "x".into() }], "10.25.11.105"), None);
    }

    #[test]
    fn another_address_is() {
        let words = contradicted(vec![address("10.25.11.102")], "10.25.11.103").unwrap();
        assert_eq!(words, "10.25.11.103 is in the pool, but 10.25.11.102 was predicted");
        // Outside of the pools even what nobody could predict is wrong.
        for outside in ["10.25.11.100", "10.25.11.120", "fd00::20", "::ffff:10.25.11.102"] {
            let words = contradicted(vec![Outcome::Unknown { because: "x".into() }], outside).unwrap();
            assert!(words.contains("is in no pool in force that selects it"), "{outside}: {words}");
        }
        let pending = Outcome::Pending { reason: "no_pool".into(), because: String::new() };
        assert!(contradicted(vec![pending], "10.25.11.102").unwrap().ends_with("but none (no_pool) was predicted"));
    }

    #[test]
    fn what_is_left_is_told_with_how_to_remove_it() {
        let mut test = test(vec![]);
        test.outcome = Some(SmokeTestOutcome {
            run: "1-2".into(),
            failure: Some("interrupted (SIGINT)".into()),
            left: vec![ObjectLeft { object: "Service media/lb-echo".into(), why: "the API server is gone".into() }],
            ..SmokeTestOutcome::default()
        });
        let mut out = Vec::new();
        write(&test, "media", &mut out).unwrap();
        let expected = "smoke test: Service media/lb-echo failed: interrupted (SIGINT)\n  \
            MAY BE LEFT: Service media/lb-echo: the API server is gone\n  \
            remove it: kubectl -n media delete service,deployment -l lbpools.dev/smoke-test=1-2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
