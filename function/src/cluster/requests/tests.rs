//! What Cilium 1.15 to 1.20 make of Gateways, Ingresses and values (facts of the sources of each).

use crate::report::{Outcome, Report, RequestReport};
use crate::rules::cases::evaluated;

fn config(version: &str) -> String {
    format!(
        "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: {{name: p}}\n\
         spec: {{cilium: {{version: \"{version}\"}}}}\n---\n"
    )
}

/// A pool 10.0.0.8-10.0.0.15 that selects these labels.
fn selecting(labels: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2alpha1\nkind: CiliumLoadBalancerIPPool\nmetadata: {{name: pool}}\n\
         spec: {{blocks: [{{start: 10.0.0.8, stop: 10.0.0.15}}], serviceSelector: {{matchLabels: {{{labels}}}}}}}\n---\n"
    )
}

fn pool() -> String {
    selecting("")
}

fn gateway(metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{namespace: network, {metadata}}}\n\
         spec: {{gatewayClassName: cilium, {spec}}}\n---\n"
    )
}

fn ingress(annotations: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: shop, namespace: web, annotations: \
         {{{annotations}}}}}\nspec: {{ingressClassName: cilium}}\n---\n"
    )
}

fn chart(values: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: cilium, namespace: kube-system}}\n\
         spec:\n  chart: {{spec: {{chart: cilium}}}}\n  values: {values}\n---\n"
    )
}

fn report(case: &str) -> Report {
    evaluated(case).report
}

fn one(case: &str) -> RequestReport {
    let mut requests = report(case).clusters.remove(0).requests;
    assert_eq!(requests.len(), 1, "{requests:#?}");
    requests.remove(0)
}

fn address(request: &RequestReport) -> Option<&str> {
    match &request.outcomes[..] {
        [Outcome::Address { address, .. }] => Some(address),
        _ => None,
    }
}

#[test]
fn the_service_of_a_gateway() {
    let plain = one(&(pool() + &gateway("name: public", "")));
    assert_eq!(plain.service.as_deref(), Some("network/cilium-gateway-public"));
    let name = "the-public-gateway-of-the-storefront-in-the-second-region";
    let long = one(&(pool() + &gateway(&format!("name: {name}"), "")));
    assert_eq!(
        long.service.as_deref(),
        Some("network/cilium-gateway-the-public-gateway-of-the-storefront--dh29ktcktg")
    );
    let selected = |version: &str, labels: &str, spec: &str| {
        let case = config(version) + &selecting(labels) + &gateway("name: public, labels: {team: web}", spec);
        address(&one(&case)).is_some()
    };
    assert!(selected("1.15", "io.cilium.gateway/owning-gateway: public", ""));
    assert!(!selected("1.15", "gateway.networking.k8s.io/gateway-name: public", ""));
    assert!(selected("1.16", "gateway.networking.k8s.io/gateway-name: public", ""));
    assert!(!selected("1.20", "team: web", ""), "labels of the Gateway itself are not copied");
    assert!(selected("1.15", "team: web", "infrastructure: {labels: {team: web}}"));
    let own = "infrastructure: {labels: {gateway.networking.k8s.io/gateway-name: mine}}";
    assert!(selected("1.18", "gateway.networking.k8s.io/gateway-name: mine", own), "they win over Cilium's own");
}

#[test]
fn pins_of_a_gateway() {
    let pins = |version: &str, spec: &str| one(&(config(version) + &pool() + &gateway("name: public", spec))).pinned;
    let addresses = "addresses: [{value: 10.0.0.9}, {type: IPAddress, value: 10.0.0.10}]";
    assert!(pins("1.16", addresses).is_empty());
    assert_eq!(pins("1.17", addresses), ["10.0.0.9", "10.0.0.10"]);
    let infrastructure = "infrastructure: {annotations: {io.cilium/lb-ipam-ips: 10.0.0.11}}";
    assert_eq!(pins("1.15", infrastructure), ["10.0.0.11"]);
    assert_eq!(pins("1.20", &format!("{addresses}, {infrastructure}")), ["10.0.0.11"], "the annotation wins");
}

#[test]
fn the_class_of_a_gateway_says_more() {
    let class = |group: &str, kind: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: cilium}}\nspec:\n  \
             controllerName: io.cilium/gateway-controller\n  \
             parametersRef: {{group: {group}, kind: {kind}, name: c, namespace: network}}\n---\n"
        )
    };
    let classed = class("cilium.io", "CiliumGatewayClassConfig");
    let config_of = |service: &str| {
        format!(
            "apiVersion: cilium.io/v2alpha1\nkind: CiliumGatewayClassConfig\nmetadata: {{name: c, namespace: network}}\n\
             spec: {{service: {service}}}\n---\n"
        )
    };
    let outcome = |version: &str, rest: &str| {
        one(&(config(version) + &pool() + &gateway("name: public", "") + rest)).outcomes.remove(0)
    };
    let node_port = classed.clone() + &config_of("{type: NodePort}");
    assert!(matches!(outcome("1.18", &node_port), Outcome::Pending { reason, .. } if reason == "ignored"));
    assert!(matches!(outcome("1.17", &node_port), Outcome::Address { .. }), "read from 1.18 on");
    let foreign = classed.clone() + &config_of("{loadBalancerClass: example.org/other}");
    assert!(matches!(outcome("1.18", &foreign), Outcome::Pending { .. }));
    assert!(matches!(outcome("1.18", &classed), Outcome::Unknown { .. }), "it is not in the input");
    let unusable = class("example.org", "Other");
    assert!(matches!(outcome("1.18", &unusable), Outcome::Address { .. }));
    assert!(matches!(outcome("1.19", &unusable), Outcome::Pending { reason, .. } if reason == "ignored"));
    let parameters = "infrastructure: {parametersRef: {group: g, kind: k, name: n}}";
    let refused =
        |version: &str| address(&one(&(config(version) + &pool() + &gateway("name: a", parameters)))).is_none();
    assert!(!refused("1.19") && refused("1.20"));
}

#[test]
fn a_dedicated_ingress() {
    const DEDICATED: &str = "ingress.cilium.io/loadbalancer-mode: dedicated";
    let plain = one(&(pool() + &ingress(DEDICATED)));
    assert_eq!(plain.service.as_deref(), Some("web/cilium-ingress-shop"));
    let pins = |version: &str, annotations: &str| {
        one(&(config(version) + &pool() + &ingress(&format!("{DEDICATED}, {annotations}")))).pinned
    };
    assert_eq!(pins("1.18", "lbipam.cilium.io/ips: 10.0.0.9"), ["10.0.0.9"]);
    assert!(pins("1.15", "lbipam.cilium.io/ips: 10.0.0.9").is_empty());
    assert!(pins("1.18", "io.cilium/lb-ipam-ips: 10.0.0.9").is_empty(), "no prefix covers it");
    let prefixed = chart("{ingressController: {ingressLBAnnotationPrefixes: [io.cilium]}}");
    let case =
        config("1.18") + &pool() + &ingress(&format!("{DEDICATED}, io.cilium/lb-ipam-ips: 10.0.0.9")) + &prefixed;
    assert_eq!(one(&case).pinned, ["10.0.0.9"]);
}

#[test]
fn dedicated_or_shared() {
    let by_default = pool() + &ingress("") + &chart("{ingressController: {loadbalancerMode: dedicated}}");
    assert_eq!(one(&by_default).service.as_deref(), Some("web/cilium-ingress-shop"));
    let shared = "{ingressController: {enabled: true, loadbalancerMode: shared, service: {annotations: \
                  {lbipam.cilium.io/ips: 10.0.0.9}}}}";
    let served = one(&(pool() + &ingress("") + &chart(shared)));
    assert_eq!(served.service.as_deref(), Some("kube-system/cilium-ingress"));
    assert_eq!(address(&served), Some("10.0.0.9"));
    let unknown = report(&(pool() + &ingress("")));
    assert!(unknown.not_checked.iter().any(|note| note.because.contains("setting of Cilium's chart")));
    assert!(unknown.clusters[0].requests.is_empty());
    let classless = ingress("").replace("ingressClassName: cilium", "rules: []");
    assert!(report(&(pool() + &classless)).clusters[0].requests.is_empty());
    let default = chart("{ingressController: {enabled: false, default: true}}");
    assert_eq!(one(&(pool() + &classless + &default)).service.as_deref(), Some("web/cilium-ingress-shop"));
}

fn release(values: &str) -> String {
    chart(values)
        .replace("name: cilium, namespace: kube-system", "name: plex, namespace: media")
        .replace("chart: cilium", "chart: app-template")
}

#[test]
fn values_of_a_chart() {
    let values = "{service: {main: {type: LoadBalancer, annotations: {lbipam.cilium.io/ips: 10.0.0.9}}}}";
    let request = one(&(pool() + &release(values)));
    assert_eq!(request.pinned, ["10.0.0.9"]);
    assert!(matches!(&request.outcomes[0], Outcome::OneOf { ranges, .. } if ranges == &["10.0.0.9"]));
    let outside = one(&(pool() + &release("{controller: {service: {loadBalancerIP: 192.0.2.1}}}")));
    assert!(matches!(&outside.outcomes[0], Outcome::Pending { reason, .. } if reason == "no_pool"));
    for nothing in [
        "{service: {main: {enabled: false, annotations: {lbipam.cilium.io/ips: 10.0.0.9}}}}",
        "{service: {type: ClusterIP, loadBalancerIP: 10.0.0.9}}",
        "{service: {loadBalancerIP: ''}}",
    ] {
        assert!(report(&(pool() + &release(nothing))).clusters[0].requests.is_empty(), "{nothing}");
    }
    // A Service that might get it first is promised nothing; one of another pool is.
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: LoadBalancer}\n---\n";
    let first = "{service: {main: {annotations: {lbipam.cilium.io/ips: 10.0.0.8}}}}";
    let both = report(&(pool() + service + &release(first))).clusters.remove(0).requests;
    assert!(matches!(&both[0].outcomes[0], Outcome::Unknown { because } if because.contains("HelmRelease media/plex")));
    let beside = report(&(pool() + service + &release(values))).clusters.remove(0).requests;
    assert_eq!(address(&beside[0]), Some("10.0.0.8"));
}

#[test]
fn an_envoy_proxy() {
    let proxy = "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyProxy\nmetadata: {name: e, namespace: envoy}\n\
                 spec: {provider: {kubernetes: {envoyService: {annotations: {lbipam.cilium.io/ips: 10.0.0.9}}}}}\n---\n";
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: envoy}\nspec:\n  \
                 controllerName: gateway.envoyproxy.io/gatewayclass-controller\n  \
                 parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: e, namespace: envoy}\n";
    assert_eq!(one(&(pool() + proxy + class)).pinned, ["10.0.0.9"]);
    let unused = report(&(pool() + proxy));
    assert!(unused.clusters[0].requests.is_empty());
    assert!(unused.not_checked.iter().any(|note| note.what.contains("EnvoyProxy e")));
}

#[test]
fn a_version_newer_than_any_known_says_so() {
    let notes = |version: &str| report(&(config(version) + &pool())).not_checked;
    assert!(notes("1.23").iter().any(|note| note.what.contains("1.23") && note.because.contains("1.20")));
    assert!(notes("1.20").is_empty());
}
