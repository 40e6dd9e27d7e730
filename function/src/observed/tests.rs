//! What texts tell, and what they do not.

use std::collections::BTreeSet;

use super::*;

fn read_one(text: &str) -> Result<Observed, NotRead> {
    read(&[("dump", text)], &BTreeSet::from(["cluster-settings"]))
}

fn observed(text: &str) -> Observed {
    read_one(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

const SERVICE: &str = "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\", \"namespace\": \"n\", \
                       \"annotations\": {\"lbipam.cilium.io/ips\": \"10.0.0.1\", \"other\": \"x\"}}, \
                       \"spec\": {\"type\": \"LoadBalancer\", \"ports\": [{\"port\": 80}]}, \
                       \"status\": {\"loadBalancer\": {\"ingress\": [{\"ip\": \"10.0.0.1\"}]}}}";

#[test]
fn the_same_from_json_and_yaml() {
    let json = format!("{{\"apiVersion\": \"v1\", \"items\": [{SERVICE}], \"kind\": \"List\"}}");
    let yaml = format!("apiVersion: v1\nitems:\n- {SERVICE}\nkind: List\n");
    assert_eq!(observed(&json), observed(&yaml));
    let service = &observed(&json).services[&ServiceKey::new("n", "a")];
    assert_eq!(service.service.ingress, ["10.0.0.1"]);
    assert_eq!(service.service.ports[0].protocol, "TCP");
    // What Cilium does not read is not kept.
    assert_eq!(service.service.annotations.len(), 1);
}

#[test]
fn several_documents_and_lists_of_one_kind() {
    let elements = SERVICE.replace("\"apiVersion\": \"v1\", \"kind\": \"Service\", ", "");
    for text in [
        format!("{SERVICE}\n{SERVICE}"),
        format!("---\n{SERVICE}\n---\n# nothing\n---\n{SERVICE}\n"),
        format!("{{\"kind\": \"ServiceList\", \"apiVersion\": \"v1\", \"items\": [{elements}, {elements}]}}"),
        format!("{{\"items\": [{elements}, {elements}], \"kind\": \"ServiceList\", \"apiVersion\": \"v1\"}}"),
    ] {
        let observed = observed(&text);
        assert_eq!((observed.services.len(), observed.objects), (1, 2), "{text}");
    }
}

#[test]
fn what_is_not_shown_may_be_there() {
    let list = |items: &str| format!("{{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [{items}]}}");
    let other = SERVICE.replace("\"n\"", "\"m\"");
    let pool =
        "{\"apiVersion\": \"cilium.io/v2\", \"kind\": \"CiliumLoadBalancerIPPool\", \"metadata\": {\"name\": \"p\"}}";
    let lacks = |text: &str, kind: &str, namespace: &str| {
        let namespace = (!namespace.is_empty()).then_some(namespace);
        observed(text).lacks(kind, namespace) == Lacks::Surely
    };
    // One object; a list of one namespace; of all.
    assert!(!lacks(SERVICE, "Service", "n"));
    assert!(lacks(&list(SERVICE), "Service", "n") && !lacks(&list(SERVICE), "Service", "m"));
    assert!(lacks(&list(&format!("{SERVICE}, {other}")), "Service", "x"));
    // In one list the Services of all namespaces say so of Gateways too, where there is one.
    assert!(lacks(&list(pool), "CiliumLoadBalancerIPPool", ""));
    assert!(!lacks(&list(pool), "Service", "n"));
    assert!(lacks("{\"kind\": \"ServiceList\", \"apiVersion\": \"v1\", \"items\": []}", "Service", "n"));
    let mut unread = observed("{\"kind\": \"ServiceList\", \"apiVersion\": \"v1\", \"items\": []}");
    unread.unread.insert("Service".into(), "forbidden".into());
    assert_eq!(unread.lacks("Service", None), Lacks::NotKnown("Service objects could not be read: forbidden".into()));
}

#[test]
fn what_is_no_dump() {
    for (text, says) in [
        ("{\"kind\": ", "no JSON"),
        ("a: 1\n", "no kind"),
        ("- 1\n", "found a list"),
        ("kind: [\n", ""),
        ("{\"kind\": \"List\", \"items\": [{\"a\": 1}]}", "has no kind"),
        ("{\"kind\": \"Deployment\", \"items\": [{\"kind\": \"Service\"}]}", "is no list"),
    ] {
        let error = read_one(text).expect_err(text);
        assert!(error.message.contains(says), "{text}: {}", error.message);
    }
    assert_eq!(observed("# nothing\n").objects, 0);
}

#[test]
fn no_secret_value_is_kept() {
    let secret = "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"s\", \"namespace\": \"n\"}, \
                  \"data\": {\"key\": \"c2VjcmV0\"}}";
    let observed = observed(secret);
    assert_eq!(observed.secrets[&ServiceKey::new("n", "s")], BTreeSet::from(["key".to_owned()]));
    assert!(!format!("{observed:?}").contains("c2VjcmV0"));
}
