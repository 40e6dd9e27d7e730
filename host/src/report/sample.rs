//! A report written by hand over texts written by hand, for the emitters' tests. The numbers follow the story's
//! network plan; no rule has been run.

use lbpools_function::report::{Place, Report};
use serde_json::json;

use super::description::{Description, Rule};
use super::{Presented, Texts};
use crate::contract::{Role, Source};

/// Texts and what a function could say about them.
pub(crate) struct Sample {
    pub(crate) sources: Vec<Source>,
    pub(crate) report: Report,
}

pub(crate) fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), role: Role::Subject, text: text.into() }
}

/// The first place of `needle` in a text.
pub(crate) fn place(source: &Source, needle: &str) -> Place {
    let text = std::str::from_utf8(&source.text).unwrap();
    let start = text.find(needle).unwrap();
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let column = text[line_start..start].trim_start_matches('\u{feff}').chars().count() + 1;
    Place {
        source: source.path.clone(),
        path: Some(source.path.clone()),
        index: Some(0),
        line: u32::try_from(text[..start].matches('\n').count() + 1).unwrap(),
        column: u32::try_from(column).unwrap(),
        start,
        end: start + needle.len(),
    }
}

/// What an emitter makes of the fleet, with a directory whose name is not easy to write down.
pub(crate) fn emitted(emit: fn(Presented<'_>, &mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let sample = fleet();
    let texts = Texts::new(&sample.sources, "50% of: my flöte");
    let mut out = Vec::new();
    emit(Presented { report: &sample.report, texts: &texts, rules: &rules() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn rules() -> Vec<Rule> {
    let described: Description = serde_json::from_value(json!({"rules": [{
        "code": "LBP000", "name": "sample-rule", "category": "plan", "severity": "error",
        "summary": "A block outside the plan.", "page": "A block outside the plan.\n\n## What to do\n\nMove it."
    }]}))
    .unwrap();
    described.rules
}

const POOLS: &str = "\
apiVersion: cilium.io/v2
kind: CiliumLoadBalancerIPPool
metadata:
  name: gateway
spec:
  blocks:
  - cidr: ${CILIUM_GATEWAY_LB_IP}/32 # the Gateway's own address
";

const SETTINGS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster-settings
  namespace: flux-system
data:
  CILIUM_GATEWAY_LB_IP: \"10.25.12.120\"
";

/// Two clusters; the second one's Gateway address has a wrong octet.
pub(crate) fn fleet() -> Sample {
    let pools = source("kubernetes/infrastructure/networking/cilium/ipam/pools.yaml", POOLS);
    let settings = source("kubernetes/clusters/apps/cluster-settings.yaml", SETTINGS);
    let report = json!({
        "version": "lbpools.dev/report/v1alpha1",
        "function": "0.1.0",
        "verdict": "findings",
        "clusters": [cluster("infra", "10.25.11.110"), apps()],
        "findings": [
            {
                "code": "LBP000", "rule": "sample-rule", "severity": "error", "category": "plan", "cluster": "apps",
                "resource": {"apiVersion": "cilium.io/v2", "kind": "CiliumLoadBalancerIPPool", "name": "gateway"},
                "field": "spec.blocks[0].cidr", "current": "10.25.12.120/32", "proposed": "10.25.11.120",
                "fix": {"at": place(&settings, "\"10.25.12.120\""), "text": "\"10.25.11.120\""},
                "at": place(&pools, "${CILIUM_GATEWAY_LB_IP}/32"),
                "chain": [{
                    "what": "setting CILIUM_GATEWAY_LB_IP = 10.25.12.120", "at": place(&settings, "10.25.12.120")
                }],
                "message": "this block is outside the ranges of cluster apps, so no router sends its traffic there",
                "help": "Set CILIUM_GATEWAY_LB_IP to an address in 10.25.11.120-10.25.11.139."
            },
            {
                "code": "LBP999", "rule": "other-sample", "severity": "warning", "category": "suspicious",
                "message": "a warning without a place", "help": "Nothing."
            }
        ],
        "notChecked": [{
            "cluster": "apps", "what": "Service media/player",
            "because": "its address comes from Secret flux-system/cluster-secrets, which is encrypted",
            "at": place(&settings, "cluster-settings")
        }],
        "changes": [{
            "action": "created", "path": "kubernetes/testing/lb-echo.yaml",
            "resource": {"apiVersion": "v1", "kind": "Service", "namespace": "default", "name": "lb-echo"}
        }]
    });
    Sample { sources: vec![pools, settings], report: serde_json::from_value(report).unwrap() }
}

fn cluster(name: &str, gateway: &str) -> serde_json::Value {
    json!({
        "name": name, "entrypoint": format!("kubernetes/clusters/{name}"), "cilium": "1.18",
        "ranges": ["10.25.11.100-10.25.11.119"], "reserved": [], "settings": [],
        "pools": [
            {
                "name": "gateway", "blocks": [{"written": format!("{gateway}/32"), "range": format!("{gateway}-{gateway}")}],
                "selector": "namespace network", "disabled": false, "total": "1", "used": "1", "free": "0", "generated": true
            },
            {
                "name": "services", "disabled": false, "generated": true, "total": "18", "reserved": "2", "used": "1", "free": "15",
                "blocks": [
                    {"written": "10.25.11.100-10.25.11.109", "range": "10.25.11.100-10.25.11.109"},
                    {"written": "10.25.11.112-10.25.11.119", "range": "10.25.11.112-10.25.11.119"}
                ]
            }
        ],
        "requests": [
            {
                "resource": {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "namespace": "network", "name": "public"},
                "service": "network/cilium-gateway-public", "pinned": [gateway],
                "outcomes": [{"kind": "address", "address": gateway, "pool": "gateway", "because": "it is pinned"}]
            },
            {
                "resource": {"apiVersion": "v1", "kind": "Service", "namespace": "default", "name": "lb-echo"},
                "pinned": [],
                "outcomes": [{
                    "kind": "oneOf", "ranges": ["10.25.11.101-10.25.11.109", "10.25.11.112-10.25.11.118"],
                    "pools": ["services"], "because": "two Services may come first"
                }]
            }
        ],
        "announcements": [{
            "resource": {"apiVersion": "cilium.io/v2", "kind": "CiliumBGPAdvertisement", "name": "lb-pools"},
            "announces": "all LoadBalancer addresses to every BGP peer"
        }]
    })
}

fn apps() -> serde_json::Value {
    json!({
        "name": "apps", "cilium": "1.17", "ranges": [], "reserved": [], "settings": [], "announcements": [],
        "pools": [{
            "name": "媒体", "blocks": [{"written": "${MEDIA}/28", "unknown": "MEDIA is not set anywhere"}],
            "disabled": true, "generated": false
        }],
        "requests": [
            {
                "resource": {"apiVersion": "v1", "kind": "Service", "namespace": "media", "name": "player"},
                "pinned": ["10.0.0.5", "10.0.0.6"],
                "outcomes": [
                    {"kind": "pending", "reason": "no_pool", "because": "no pool holds 10.0.0.5"},
                    {"kind": "unknown", "because": "the pool 媒体 is unknown"}
                ]
            }
        ]
    })
}
