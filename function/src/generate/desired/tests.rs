//! One small golden for each kind, and each way in which clusters differ.

use std::collections::BTreeMap;

use super::*;
use crate::krm::emit::to_yaml;

const NETWORK: &str = r#""clusters": [{"name": "infra", "ranges": "10.25.11.100-10.25.11.119"}]"#;

fn config(spec: &str) -> LoadBalancerPools {
    let text = format!(
        r#"{{"apiVersion": "lbpools.dev/v1alpha1", "kind": "LoadBalancerPools", "metadata": {{"name": "lb-pools"}},
            "spec": {spec}}}"#
    );
    let config = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{spec}: {error}"));
    assert_eq!(crate::config::problems(&config, &[]), [], "{spec}");
    config
}

/// A run of these clusters, each with its settings; a text that is nothing but `${KEY}` or `${KEY}` and a prefix
/// length is looked up.
fn run(config: &LoadBalancerPools, clusters: &[(&str, &[(&str, &str)])]) -> Outcome {
    let values: Vec<BTreeMap<&str, &str>> = clusters.iter().map(|(_, set)| set.iter().copied().collect()).collect();
    let resolvers: Vec<_> = values
        .iter()
        .map(|values| {
            move |text: &str| match text.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
                None => Fact::Known(text.to_owned()),
                Some((key, rest)) => match values.get(key) {
                    Some(value) => Fact::Known(format!("{value}{rest}")),
                    None => Fact::Unknown(format!("{key} comes from a Secret")),
                },
            }
        })
        .collect();
    let clusters: Vec<ClusterValues<'_>> = clusters
        .iter()
        .zip(&resolvers)
        .map(|((name, _), resolve)| ClusterValues {
            name,
            plan: config.spec.clusters.iter().find(|cluster| cluster.name == *name),
            resolve,
        })
        .collect();
    desired(config, &clusters)
}

fn yaml(outcome: &Outcome) -> String {
    let texts: Vec<String> = outcome.objects.iter().map(|made| to_yaml(&made.object).expect("emits")).collect();
    texts.join("---\n")
}

fn blocks(outcome: &Outcome, pool: &str) -> Vec<(String, String)> {
    let made = outcome.objects.iter().find_map(|made| match &made.object {
        Object::Pool(one) if one.metadata.name == pool => Some(&one.spec.blocks),
        _ => None,
    });
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    made.into_iter().flatten().map(|block| (text(&block.start), text(&block.stop))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(start, stop)| ((*start).to_owned(), (*stop).to_owned())).collect()
}

#[test]
fn pools_with_variables() {
    let config = config(
        r#"{"cilium": {"version": "1.18"}, "pools": [
            {"name": "gateway", "blocks": [{"cidr": "${CILIUM_GATEWAY_LB_IP}/32"}],
             "serviceSelector": {"matchLabels": {"io.kubernetes.service.namespace": "network"}},
             "owner": "platform-engineering", "purpose": "the public Gateway of each cluster"},
            {"name": "services", "blocks": [{"start": "${CILIUM_LB_POOL_START}", "stop": "${CILIUM_LB_POOL_END}"}],
             "allowFirstLastIPs": "No", "disabled": true}],
            "output": {"path": "ipam/pools.yaml"}}"#,
    );
    let outcome = run(&config, &[("infra", &[])]);
    assert_eq!(
        yaml(&outcome),
        r#"apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata:
  name: gateway
  annotations:
    lbpools.dev/owner: platform-engineering
    lbpools.dev/purpose: the public Gateway of each cluster
    lbpools.dev/generated-by: lb-pools
spec:
  blocks:
  - cidr: ${CILIUM_GATEWAY_LB_IP}/32
  serviceSelector:
    matchLabels:
      io.kubernetes.service.namespace: network
---
apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata:
  name: services
  annotations:
    lbpools.dev/generated-by: lb-pools
spec:
  blocks:
  - start: ${CILIUM_LB_POOL_START}
    stop: ${CILIUM_LB_POOL_END}
  allowFirstLastIPs: "No"
  disabled: true
"#
    );
    assert!(
        outcome.objects.iter().all(|made| made.cluster.is_none() && made.path.as_deref() == Some("ipam/pools.yaml"))
    );
    assert_eq!((outcome.settings.len(), outcome.withheld.len(), outcome.problems.len()), (0, 0, 0));
}

#[test]
fn pools_with_literal_values_are_one_set_for_each_cluster() {
    let config = config(
        r#"{"cilium": {"version": "1.18"},
            "clusters": [{"name": "infra"}, {"name": "apps", "cilium": {"version": "1.17"}}],
            "pools": [{"name": "gateway", "blocks": [{"cidr": "${IP}/32"}]}],
            "output": {"values": "Literal", "path": "clusters/{cluster}/pools.yaml"}}"#,
    );
    let outcome = run(&config, &[("infra", &[("IP", "10.25.11.110")]), ("apps", &[("IP", "10.25.11.120")])]);
    assert_eq!(
        yaml(&outcome),
        r#"apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata:
  name: gateway
  annotations:
    lbpools.dev/generated-by: lb-pools
    lbpools.dev/cluster: infra
spec:
  blocks:
  - cidr: 10.25.11.110/32
---
apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata:
  name: gateway
  annotations:
    lbpools.dev/generated-by: lb-pools
    lbpools.dev/cluster: apps
spec:
  blocks:
  - cidr: 10.25.11.120/32
"#
    );
    let places: Vec<_> = outcome.objects.iter().map(|made| (made.cluster.as_deref(), made.path.as_deref())).collect();
    assert_eq!(
        places,
        [(Some("infra"), Some("clusters/infra/pools.yaml")), (Some("apps"), Some("clusters/apps/pools.yaml"))]
    );
    assert_eq!(outcome.problems, []);
}

#[test]
fn literal_values_of_several_clusters_need_several_files() {
    let plan = r#""clusters": [{"name": "infra"}, {"name": "apps"}]"#;
    let pools = r#""pools": [{"name": "a", "blocks": [{"start": "10.0.0.1"}]}]"#;
    let one_file = config(&format!(r#"{{{plan}, {pools}, "output": {{"values": "Literal", "path": "pools.yaml"}}}}"#));
    let outcome = run(&one_file, &[("infra", &[]), ("apps", &[])]);
    assert_eq!(outcome.problems.len(), 1);
    assert_eq!(outcome.problems[0].path, "spec.output.path");
    assert!(outcome.problems[0].help.contains("{cluster}"));
    assert_eq!(run(&one_file, &[("infra", &[])]).problems, [], "one cluster in the run");
    let no_file = config(&format!(r#"{{{plan}, {pools}, "output": {{"values": "Literal"}}}}"#));
    assert_eq!(run(&no_file, &[("infra", &[]), ("apps", &[])]).problems[0].path, "spec.output");
}

#[test]
fn the_api_version_is_that_of_the_oldest_cluster() {
    let version = |cilium: &str, own: &str| {
        let config = config(&format!(
            r#"{{"cilium": {{{cilium}}}, "clusters": [{{"name": "a"}}, {{"name": "b", "cilium": {{{own}}}}}],
                "pools": [{{"name": "p", "blocks": [{{"start": "10.0.0.1"}}]}}], "advertise": {{"bgp": {{}}, "l2": {{}}}}}}"#
        ));
        let made = run(&config, &[("a", &[]), ("b", &[])]);
        made.objects.iter().map(|made| made.resource().api_version.replace("cilium.io/", "")).collect::<Vec<_>>()
    };
    assert_eq!(version(r#""version": "1.20""#, ""), ["v2", "v2", "v2alpha1"]);
    assert_eq!(version(r#""version": "1.18.0""#, ""), ["v2", "v2", "v2alpha1"]);
    assert_eq!(version(r#""version": "1.20""#, r#""version": "1.17.9""#), ["v2alpha1"; 3]);
    assert_eq!(version("", ""), ["v2alpha1"; 3], "nobody says which, and every version serves v2alpha1");
    assert_eq!(version("", r#""version": "1.20""#), ["v2alpha1"; 3]);
}

#[test]
fn what_is_not_known_is_withheld_and_not_guessed() {
    let config = config(
        r#"{"clusters": [{"name": "infra"}],
            "pools": [{"name": "a", "blocks": [{"cidr": "${SECRET}/32"}]}, {"name": "b", "blocks": [{"start": "10.0.0.1"}]}],
            "output": {"values": "Literal"}}"#,
    );
    let outcome = run(&config, &[("infra", &[])]);
    assert_eq!(outcome.objects.len(), 1);
    assert_eq!(outcome.objects[0].resource().name, "b");
    let withheld = &outcome.withheld[0];
    assert_eq!(
        (withheld.resource.name.as_str(), withheld.because_of.as_str(), withheld.because.as_str()),
        ("a", "infra", "SECRET comes from a Secret")
    );
}

#[test]
fn bgp_advertisement() {
    let plain = config(r#"{"cilium": {"version": "1.18"}, "advertise": {"bgp": {}}}"#);
    assert_eq!(
        yaml(&run(&plain, &[("infra", &[])])),
        r#"apiVersion: cilium.io/v2
kind: CiliumBGPAdvertisement
metadata:
  name: lb-pools
  labels:
    advertise: bgp
  annotations:
    lbpools.dev/generated-by: lb-pools
spec:
  advertisements:
  - advertisementType: Service
    service:
      addresses:
      - LoadBalancerIP
    selector:
      matchExpressions:
      - key: lbpools.dev/advertise
        operator: NotIn
        values:
        - never
"#
    );
    let full = config(
        r#"{"cilium": {"version": "1.17"}, "advertise": {"bgp": {"name": "services", "labels": {"peer": "tor"},
            "selector": {"matchLabels": {"public": "yes"}},
            "communities": {"standard": ["64512:100"], "wellKnown": ["no-export"]}, "localPreference": 150}}}"#,
    );
    assert_eq!(
        yaml(&run(&full, &[("infra", &[])])),
        r#"apiVersion: cilium.io/v2alpha1
kind: CiliumBGPAdvertisement
metadata:
  name: services
  labels:
    peer: tor
  annotations:
    lbpools.dev/generated-by: lb-pools
spec:
  advertisements:
  - advertisementType: Service
    service:
      addresses:
      - LoadBalancerIP
    selector:
      matchLabels:
        public: "yes"
    attributes:
      communities:
        standard:
        - 64512:100
        wellKnown:
        - no-export
      localPreference: 150
"#
    );
}

#[test]
fn an_advertisement_is_never_without_a_selector() {
    for selector in ["", r#""selector": {}"#, r#""selector": {"matchLabels": {}}"#] {
        let config = config(&format!(r#"{{"advertise": {{"bgp": {{{selector}}}}}}}"#));
        assert!(yaml(&run(&config, &[("infra", &[])])).contains("operator: NotIn"), "{selector}");
    }
}

#[test]
fn l2_announcement_policy() {
    let config = config(
        r#"{"cilium": {"version": "1.20"}, "advertise": {"l2": {"interfaces": ["^eth[0-9]+$"],
            "nodeSelector": {"matchExpressions": [{"key": "node-role.kubernetes.io/control-plane", "operator": "DoesNotExist"}]}}}}"#,
    );
    assert_eq!(
        yaml(&run(&config, &[("infra", &[])])),
        r#"apiVersion: cilium.io/v2alpha1
kind: CiliumL2AnnouncementPolicy
metadata:
  name: lb-pools
  annotations:
    lbpools.dev/generated-by: lb-pools
spec:
  nodeSelector:
    matchExpressions:
    - key: node-role.kubernetes.io/control-plane
      operator: DoesNotExist
  interfaces:
  - ^eth[0-9]+$
  loadBalancerIPs: true
"#
    );
}

#[test]
fn smoke_test() {
    let config = config(
        r#"{"cilium": {"version": "1.18"}, "output": {"path": "pools.yaml"},
            "smokeTest": {"namespace": "testing", "address": "${ECHO_IP}", "labels": {"team": "net"}, "path": "lb-echo.yaml"}}"#,
    );
    let outcome = run(&config, &[("infra", &[])]);
    assert_eq!(
        yaml(&outcome),
        r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: lb-echo
  namespace: testing
  labels:
    app.kubernetes.io/name: lb-echo
  annotations:
    lbpools.dev/generated-by: lb-pools
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: lb-echo
  template:
    metadata:
      labels:
        app.kubernetes.io/name: lb-echo
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: echo
        image: registry.k8s.io/e2e-test-images/agnhost:2.53
        args:
        - netexec
        - --http-port=8080
        ports:
        - name: http
          containerPort: 8080
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
        resources:
          requests:
            cpu: 10m
            memory: 32Mi
          limits:
            memory: 32Mi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
---
apiVersion: v1
kind: Service
metadata:
  name: lb-echo
  namespace: testing
  labels:
    app.kubernetes.io/name: lb-echo
    team: net
  annotations:
    lbipam.cilium.io/ips: ${ECHO_IP}
    lbpools.dev/generated-by: lb-pools
spec:
  type: LoadBalancer
  selector:
    app.kubernetes.io/name: lb-echo
  ports:
  - name: http
    port: 80
    targetPort: http
"#
    );
    assert!(outcome.objects.iter().all(|made| made.path.as_deref() == Some("lb-echo.yaml")));
}

#[test]
fn the_smoke_test_asks_in_the_way_of_the_version() {
    let annotations = |version: &str| {
        let config = config(&format!(r#"{{"cilium": {{{version}}}, "smokeTest": {{"address": "10.0.0.5"}}}}"#));
        yaml(&run(&config, &[("infra", &[])]))
    };
    assert!(annotations(r#""version": "1.16""#).contains("lbipam.cilium.io/ips: \"10.0.0.5\"\n"));
    assert!(annotations(r#""version": "1.15""#).contains("io.cilium/lb-ipam-ips: \"10.0.0.5\"\n"));
    assert!(annotations("").contains("io.cilium/lb-ipam-ips: \"10.0.0.5\"\n"));
    let unpinned = config(r#"{"smokeTest": {}}"#);
    assert!(!yaml(&run(&unpinned, &[("infra", &[])])).contains("ips"));
}

/// The remainder of one cluster with a gateway at `gateway`, and `reserved` kept free.
fn carved(ranges: &str, gateway: &str, reserved: &str) -> Vec<(String, String)> {
    let config = config(&format!(
        r#"{{"clusters": [{{"name": "infra", "ranges": {ranges}, "reserved": {reserved}}}],
            "pools": [{{"name": "gateway", "blocks": [{{"cidr": "${{IP}}"}}]}}, {{"name": "services", "remainder": true}}],
            "output": {{"values": "Literal"}}}}"#
    ));
    let outcome = run(&config, &[("infra", &[("IP", gateway)])]);
    assert_eq!((outcome.problems.len(), outcome.withheld.len()), (0, 0));
    blocks(&outcome, "services")
}

#[test]
fn the_remainder_is_carved_around_the_others() {
    let ranges = r#""10.25.11.100-10.25.11.119""#;
    assert_eq!(carved(ranges, "10.25.11.100/32", "{}"), pairs(&[("10.25.11.101", "10.25.11.119")]));
    assert_eq!(carved(ranges, "10.25.11.119/32", "{}"), pairs(&[("10.25.11.100", "10.25.11.118")]));
    assert_eq!(
        carved(ranges, "10.25.11.110/32", "{}"),
        pairs(&[("10.25.11.100", "10.25.11.109"), ("10.25.11.111", "10.25.11.119")])
    );
    assert_eq!(
        carved(
            ranges,
            "10.25.11.110/32",
            r#"{"old": ["10.25.11.105-10.25.11.106", "10.25.11.119"], "router": "10.25.11.1"}"#
        ),
        pairs(&[("10.25.11.100", "10.25.11.104"), ("10.25.11.107", "10.25.11.109"), ("10.25.11.111", "10.25.11.118")])
    );
    assert_eq!(
        carved(r#"["10.0.0.0/30", "10.0.1.0/32"]"#, "10.0.9.9/32", "{}"),
        pairs(&[("10.0.0.0", "10.0.0.3"), ("10.0.1.0", "10.0.1.0")])
    );
}

#[test]
fn the_remainder_of_both_families() {
    assert_eq!(
        carved(r#"["fd00:25::/64", "10.25.11.100-10.25.11.119"]"#, "fd00:25::10/128", r#"{"router": "fd00:25::"}"#),
        pairs(&[
            ("10.25.11.100", "10.25.11.119"),
            ("fd00:25::1", "fd00:25::f"),
            ("fd00:25::11", "fd00:25::ffff:ffff:ffff:ffff")
        ])
    );
}

const TWO: &str = r#""clusters": [{"name": "infra", "ranges": "10.25.11.100-10.25.11.119"},
                                  {"name": "apps", "ranges": "10.25.11.120-10.25.11.139"}],
    "pools": [{"name": "gateway", "blocks": [{"cidr": "${IP}/32"}]}, {"name": "services", "remainder": true}]"#;

fn proposed(outcome: &Outcome) -> Vec<(&str, &str, &str)> {
    outcome.settings.iter().map(|one| (one.cluster.as_str(), one.key.as_str(), one.value.as_str())).collect()
}

#[test]
fn the_remainder_as_settings() {
    let config = config(&format!("{{{TWO}}}"));
    let outcome = run(&config, &[("infra", &[("IP", "10.25.11.119")]), ("apps", &[("IP", "10.25.11.120")])]);
    assert_eq!(blocks(&outcome, "services"), pairs(&[("${LB_POOL_SERVICES_START}", "${LB_POOL_SERVICES_END}")]));
    assert_eq!(
        proposed(&outcome),
        [
            ("infra", "LB_POOL_SERVICES_START", "10.25.11.100"),
            ("infra", "LB_POOL_SERVICES_END", "10.25.11.118"),
            ("apps", "LB_POOL_SERVICES_START", "10.25.11.121"),
            ("apps", "LB_POOL_SERVICES_END", "10.25.11.139"),
        ]
    );
}

#[test]
fn clusters_share_one_manifest_so_they_have_equally_many_pieces() {
    let config = config(&format!("{{{TWO}}}"));
    let outcome = run(&config, &[("infra", &[("IP", "10.25.11.110")]), ("apps", &[("IP", "10.25.11.120")])]);
    assert_eq!(
        blocks(&outcome, "services"),
        pairs(&[
            ("${LB_POOL_SERVICES_START}", "${LB_POOL_SERVICES_END}"),
            ("${LB_POOL_SERVICES_START_2}", "${LB_POOL_SERVICES_END_2}")
        ])
    );
    let apps: Vec<_> = proposed(&outcome).into_iter().filter(|(cluster, ..)| *cluster == "apps").collect();
    assert_eq!(
        apps,
        [
            ("apps", "LB_POOL_SERVICES_START", "10.25.11.121"),
            ("apps", "LB_POOL_SERVICES_END", "10.25.11.138"),
            ("apps", "LB_POOL_SERVICES_START_2", "10.25.11.139"),
            ("apps", "LB_POOL_SERVICES_END_2", "10.25.11.139"),
        ]
    );
}

#[test]
fn a_cluster_outside_of_the_run_counts_too() {
    let config = config(&format!("{{{TWO}}}"));
    let outcome = run(&config, &[("infra", &[("IP", "10.25.11.110")])]);
    assert_eq!(blocks(&outcome, "services"), []);
    let withheld = &outcome.withheld[0];
    assert_eq!((withheld.resource.name.as_str(), withheld.because_of.as_str()), ("services", "apps"));
    assert_eq!(withheld.because, "a block of the pool `gateway`: its settings are not in this run");
    assert_eq!(outcome.settings, []);
}

#[test]
fn nothing_left_is_a_problem() {
    let config = config(&format!(
        r#"{{{NETWORK}, "pools": [{{"name": "all", "blocks": [{{"cidr": "10.25.11.0/24"}}]}}, {{"name": "rest", "remainder": true}}],
            "output": {{"values": "Literal"}}}}"#
    ));
    let outcome = run(&config, &[("infra", &[])]);
    assert_eq!(outcome.objects.len(), 1);
    assert_eq!(outcome.problems[0].path, "spec.pools[1].remainder");
    assert_eq!(
        outcome.problems[0].message,
        "the other pools and the reserved addresses leave nothing of the ranges of `infra`"
    );
}

#[test]
fn a_block_that_cannot_be_read_withholds_the_remainder() {
    let config = config(&format!(
        r#"{{{NETWORK}, "pools": [{{"name": "gateway", "blocks": [{{"cidr": "${{IP}}/32"}}]}}, {{"name": "rest", "remainder": true}}],
            "output": {{"values": "Literal"}}}}"#
    ));
    let outcome = run(&config, &[("infra", &[("IP", "10.25.11.300")])]);
    assert_eq!(outcome.withheld.len(), 1);
    assert!(outcome.withheld[0].because.starts_with("a block of the pool `gateway`: `cidr` does not parse"));
}

#[test]
fn nothing_is_made_of_nothing() {
    assert_eq!(run(&LoadBalancerPools::default(), &[("infra", &[])]), Outcome::default());
}
