//! What `lbpools plan --from` says of a change, held against what the change did.

use std::collections::{BTreeMap, BTreeSet};

use lbpools_function::report::{AddressChange, AddressFate, ClusterDifference, HeldReport, Moment};

use crate::held::within;
use crate::observed::Observed;

/// Where the two differ, in words; empty when what was told came true, and nothing else happened.
pub fn differences(
    plan: Option<&ClusterDifference>,
    moment: Moment,
    before: &Observed,
    after: &Observed,
) -> Vec<String> {
    let changes = plan.map(|plan| plan.addresses.as_slice()).unwrap_or_default();
    let told: BTreeMap<String, &AddressChange> =
        changes.iter().filter(|change| change.moment == moment).map(|change| (service_of(change), change)).collect();
    let names: BTreeSet<&String> = before.services.keys().chain(after.services.keys()).chain(told.keys()).collect();
    let none = BTreeSet::new();
    let mut differences = Vec::new();
    for name in names {
        let had = before.services.get(name).map_or(&none, |service| &service.addresses);
        let has = after.services.get(name).map_or(&none, |service| &service.addresses);
        match told.get(name) {
            // One that is there from now on and waits is told as well.
            None if had == has => {}
            None => differences.push(format!("Service {name}: nothing is told, and it had {had:?} and has {has:?}")),
            Some(change) => differences.extend(differs(name, change, had, has)),
        }
    }
    differences
}

fn service_of(change: &AddressChange) -> String {
    let resource = &change.resource;
    let own = || format!("{}/{}", resource.namespace.as_deref().unwrap_or("default"), resource.name);
    change.service.clone().unwrap_or_else(own)
}

fn differs(name: &str, change: &AddressChange, had: &BTreeSet<String>, has: &BTreeSet<String>) -> Option<String> {
    let fate = change.change;
    let told = format!("{fate:?}{}", if change.certain { "" } else { " perhaps" });
    let wrong = |what: &str| {
        let (before, after) = (&change.before.ranges, &change.after.ranges);
        Some(format!("Service {name}: told {told} {before:?} -> {after:?}, it had {had:?} and has {has:?}: {what}"))
    };
    if !covers(&change.after, has) {
        return wrong("it does not have that now");
    }
    // A plan takes the cluster to have settled on the old manifests. One that has something else by its history may
    // keep it or not.
    if !change.certain || !covers(&change.before, had) {
        return None;
    }
    let came = match fate {
        AddressFate::Moved => had != has && !has.is_empty(),
        AddressFate::Lost => has.len() < had.len(),
        AddressFate::Pending => has.len() < had.len() || (had.is_empty() && has.is_empty()),
        AddressFate::Gained => had.len() < has.len(),
        AddressFate::Settled => !has.is_empty(),
    };
    if came { None } else { wrong("that did not happen") }
}

/// Whether these addresses are among what was told.
fn covers(told: &HeldReport, addresses: &BTreeSet<String>) -> bool {
    if addresses.is_empty() {
        return told.or_none || told.ranges.is_empty();
    }
    let one = |address: &String| told.more > 0 || told.ranges.iter().any(|range| within(address, range));
    addresses.iter().all(one)
}

#[cfg(test)]
mod tests {
    use lbpools_function::report::ResourceRef;

    use super::*;
    use crate::observed::Service;

    fn observed(address: &str) -> Observed {
        let addresses = Some(address.to_owned()).filter(|it| !it.is_empty()).into_iter().collect();
        let service = Service { addresses, ..Service::default() };
        Observed { services: [("n/a".to_owned(), service)].into(), ..Observed::default() }
    }

    fn plan(change: AddressFate, certain: bool, before: &str, after: &str) -> ClusterDifference {
        let held = |range: &str| HeldReport {
            ranges: Some(range.to_owned()).filter(|it| !it.is_empty()).into_iter().collect(),
            more: 0,
            or_none: false,
        };
        let resource = ResourceRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: Some("n".into()),
            name: "a".into(),
        };
        let change = AddressChange {
            resource,
            service: None,
            at: None,
            change,
            certain,
            moment: Moment::AtOnce,
            before: held(before),
            after: held(after),
            because: String::new(),
            taken_by: Vec::new(),
        };
        ClusterDifference { addresses: vec![change], ..ClusterDifference::default() }
    }

    fn true_to(plan: Option<&ClusterDifference>, before: &str, after: &str) -> bool {
        differences(plan, Moment::AtOnce, &observed(before), &observed(after)).is_empty()
    }

    #[test]
    fn what_nobody_told_must_not_happen() {
        assert!(true_to(None, "10.0.0.1", "10.0.0.1"));
        assert!(!true_to(None, "10.0.0.1", "10.0.0.2"));
        assert!(!true_to(None, "10.0.0.1", ""));
        assert!(!true_to(None, "", "10.0.0.1"));
    }

    #[test]
    fn what_is_told_must_happen() {
        let moves = plan(AddressFate::Moved, true, "10.0.0.1", "10.0.0.2-10.0.0.3");
        assert!(true_to(Some(&moves), "10.0.0.1", "10.0.0.3"));
        assert!(!true_to(Some(&moves), "10.0.0.1", "10.0.0.1"));
        assert!(!true_to(Some(&moves), "10.0.0.1", "10.0.0.4"));
        assert!(!true_to(Some(&moves), "10.0.0.1", ""));
        // What it has by its history is not what the plan is about; where it comes to is.
        assert!(true_to(Some(&moves), "10.0.0.9", "10.0.0.3"));
        assert!(!true_to(Some(&moves), "10.0.0.9", "10.0.0.9"));
        let pending = plan(AddressFate::Pending, true, "10.0.0.1", "");
        assert!(true_to(Some(&pending), "10.0.0.1", ""));
        assert!(!true_to(Some(&pending), "10.0.0.1", "10.0.0.1"));
        let gained = plan(AddressFate::Gained, true, "", "10.0.0.1");
        assert!(true_to(Some(&gained), "", "10.0.0.1"));
        assert!(!true_to(Some(&gained), "", ""));
    }

    #[test]
    fn what_may_happen_may_as_well_not() {
        let moves = plan(AddressFate::Moved, false, "10.0.0.1", "10.0.0.1-10.0.0.2");
        assert!(true_to(Some(&moves), "10.0.0.1", "10.0.0.1"));
        assert!(true_to(Some(&moves), "10.0.0.1", "10.0.0.2"));
        assert!(!true_to(Some(&moves), "10.0.0.1", "10.0.0.3"));
    }

    #[test]
    fn another_moment_is_another_story() {
        let moves = plan(AddressFate::Moved, true, "10.0.0.1", "10.0.0.2");
        let at_restart = |after| differences(Some(&moves), Moment::AtRestart, &observed("10.0.0.1"), &observed(after));
        assert!(at_restart("10.0.0.1").is_empty());
        assert_eq!(at_restart("10.0.0.2").len(), 1);
    }
}
