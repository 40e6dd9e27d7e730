//! Clusters as people really run them, in which there is nothing to find. A false alarm is as bad as a miss.

use lbpools_function::report::{Finding, Report};
use lbpools_function::{Options, Source, evaluate};

/// Findings under every version that the config may name, and under none.
fn findings(manifests: &str, cilium: &str) -> Vec<(String, Finding)> {
    let versions = ["", "1.15", "1.16", "1.17", "1.18", "1.19", "1.20"];
    let mut all = Vec::new();
    for version in versions {
        let report = report(manifests, version, cilium);
        all.extend(report.findings.into_iter().map(|finding| (version.to_owned(), finding)));
    }
    all
}

fn report(manifests: &str, version: &str, cilium: &str) -> Report {
    let version = if version.is_empty() { String::new() } else { format!("version: \"{version}\", ") };
    let config = format!(
        "apiVersion: lbpools.dev/v1alpha1\nkind: LoadBalancerPools\nmetadata: {{name: p}}\nspec: {{cilium: {{{version}{cilium}}}}}\n"
    );
    let sources = [Source::file("lbpools.yaml", config), Source::file("apps.yaml", manifests)];
    let report = evaluate(&sources, Options::default()).report;
    assert_eq!(report.failure, None);
    report
}

/// A house: one open pool, every Service pinned, told by L2 and BGP at once, charts that ask in their values.
const HOUSE: &str = r#"
apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata: {name: pool}
spec:
  allowFirstLastIPs: "No"
  blocks: [{cidr: 192.168.42.0/24}]
---
apiVersion: cilium.io/v2alpha1
kind: CiliumL2AnnouncementPolicy
metadata: {name: lan}
spec:
  loadBalancerIPs: true
  interfaces: ["^enp.*"]
  nodeSelector: {matchLabels: {kubernetes.io/os: linux}}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPAdvertisement
metadata: {name: all, labels: {advertise: bgp}}
spec:
  advertisements:
  - advertisementType: Service
    service: {addresses: [LoadBalancerIP]}
    selector: {matchExpressions: [{key: none, operator: NotIn, values: [never]}]}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPPeerConfig
metadata: {name: router}
spec:
  families: [{afi: ipv4, safi: unicast, advertisements: {matchLabels: {advertise: bgp}}}]
---
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPClusterConfig
metadata: {name: cluster}
spec:
  nodeSelector: {matchLabels: {kubernetes.io/os: linux}}
  bgpInstances:
  - name: cilium
    localASN: 64514
    peers: [{name: router, peerASN: 64513, peerAddress: 192.168.1.1, peerConfigRef: {name: router}}]
---
apiVersion: v1
kind: Service
metadata:
  name: kube-api
  namespace: kube-system
  annotations: {io.cilium/lb-ipam-ips: 192.168.42.120, lbipam.cilium.io/ips: 192.168.42.120}
spec: {type: LoadBalancer, selector: {k8s-app: kube-apiserver}, ports: [{port: 6443}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: internal
  namespace: kube-system
  annotations: {external-dns.alpha.kubernetes.io/target: internal.example.org}
spec:
  gatewayClassName: cilium
  infrastructure: {annotations: {io.cilium/lb-ipam-ips: 192.168.42.121}}
  listeners: [{name: https, protocol: HTTPS, port: 443}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: envoy}
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
  parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: envoy, namespace: network}
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: {name: envoy, namespace: network}
spec: {provider: {type: Kubernetes, kubernetes: {envoyService: {externalTrafficPolicy: Cluster}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: external, namespace: network}
spec:
  gatewayClassName: envoy
  infrastructure: {annotations: {lbipam.cilium.io/ips: 192.168.42.122, io.cilium/lb-ipam-ips: 192.168.42.122}}
  listeners: [{name: https, protocol: HTTPS, port: 443}]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: plex, namespace: media}
spec:
  chartRef: {kind: OCIRepository, name: app-template}
  values:
    controllers: {plex: {containers: {app: {image: {repository: plex, tag: "1"}}}}}
    service:
      app:
        type: LoadBalancer
        annotations: {lbipam.cilium.io/ips: 192.168.42.124, io.cilium/lb-ipam-ips: 192.168.42.124}
        ports: {http: {port: 32400}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: cilium, namespace: kube-system}
spec:
  chart: {spec: {chart: cilium, sourceRef: {kind: HelmRepository, name: cilium}}}
  values:
    kubeProxyReplacement: true
    l2announcements: {enabled: true}
    bgpControlPlane: {enabled: true}
    gatewayAPI: {enabled: true}
"#;

#[test]
fn a_house() {
    let found = findings(HOUSE, "bgpControlPlane: true, l2Announcements: true");
    // The config says that 1.15 has a BGP control plane, which there does not read these kinds; from 1.19 the older
    // apiVersion of pools is on its way out.
    let (_, rest): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(version, f)| f.code == "LBP112" || (version == "1.15" && f.code == "LBP505"));
    assert!(rest.is_empty(), "{rest:#?}");
}

#[test]
fn the_house_is_seen() {
    let report = report(HOUSE, "1.18", "bgpControlPlane: true, l2Announcements: true");
    let requests = &report.clusters[0].requests;
    let pinned: Vec<&str> = requests.iter().flat_map(|request| request.pinned.iter().map(String::as_str)).collect();
    assert_eq!(pinned, ["192.168.42.120", "192.168.42.121", "192.168.42.122", "192.168.42.124"]);
    let gateway = requests.iter().find(|request| request.resource.name == "internal").expect("the Gateway");
    let by: Vec<&str> = gateway.announced_by.iter().map(|by| by.kind.as_str()).collect();
    assert_eq!(by, ["CiliumL2AnnouncementPolicy", "CiliumBGPAdvertisement"]);
}

/// Two pools apart by their selectors, two Services on one address, an Ingress of its own, a class for each announcer.
const OFFICE: &str = r#"
apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata: {name: edge}
spec:
  blocks: [{start: 10.0.0.10, stop: 10.0.0.19}]
  allowFirstLastIPs: "Yes"
  serviceSelector: {matchLabels: {io.kubernetes.service.namespace: edge}}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumLoadBalancerIPPool
metadata: {name: services}
spec:
  blocks: [{start: 10.0.0.20, stop: 10.0.0.200}]
  serviceSelector: {matchExpressions: [{key: io.kubernetes.service.namespace, operator: NotIn, values: [edge]}]}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumBGPAdvertisement
metadata: {name: edge, labels: {to: router}}
spec:
  advertisements:
  - {advertisementType: Service, service: {addresses: [LoadBalancerIP]}, selector: {}}
---
apiVersion: v1
kind: Service
metadata:
  name: dns-udp
  namespace: dns
  annotations: {lbipam.cilium.io/sharing-key: dns, io.cilium/lb-ipam-sharing-key: dns}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: dns}, ports: [{port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata:
  name: dns-tls
  namespace: dns
  annotations: {lbipam.cilium.io/sharing-key: dns, io.cilium/lb-ipam-sharing-key: dns}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: dns}, ports: [{port: 853, protocol: TCP}]}
---
apiVersion: v1
kind: Service
metadata: {name: tunnel, namespace: vpn}
spec: {type: LoadBalancer, loadBalancerClass: tailscale, ports: [{port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: web}
spec: {type: ClusterIP, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: web
  annotations: {ingress.cilium.io/loadbalancer-mode: dedicated}
spec: {ingressClassName: cilium, defaultBackend: {service: {name: api, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: wiki, namespace: web, annotations: {lbipam.cilium.io/ips: 10.0.0.30}}
spec: {ingressClassName: nginx, defaultBackend: {service: {name: api, port: {number: 80}}}}
"#;

#[test]
fn an_office() {
    let (expected, rest): (Vec<_>, Vec<_>) = findings(OFFICE, "bgpControlPlane: true")
        .into_iter()
        .partition(|(version, f)| f.code == "LBP112" || (version == "1.15" && f.code == "LBP505"));
    assert!(rest.is_empty(), "{rest:#?}");
    assert!(expected.iter().all(|(version, _)| version != "1.18"), "{expected:#?}");
}
