//! What Flux applies in each cluster of the fleet, manifest by manifest, and that a difference would be seen.

use lbpools_live::{Cluster, Flavour, Fleet};

fn delivered(cluster: &str, flavour: Flavour) -> (Cluster, Fleet) {
    let mut cluster = Cluster::start(cluster, flavour);
    let fleet = cluster.fleet();
    let deliveries = cluster.push(&fleet);
    assert!(deliveries.len() >= 5 && deliveries.values().all(Option::is_none), "{deliveries:?}");
    (cluster, fleet)
}

#[test]
#[ignore = "cargo xtask live"]
fn flux_applies_in_each_cluster_what_lbpools_says_manifest_by_manifest() {
    for name in ["infra", "apps"] {
        let (cluster, fleet) = delivered(name, Flavour::Flux);
        let differences = cluster.manifests_differ(&fleet);
        assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n"));
    }
}

#[test]
#[ignore = "cargo xtask live"]
fn so_it_does_from_a_registry() {
    let (mut cluster, fleet) = delivered("infra", Flavour::FluxFromRegistry);
    let sources =
        cluster.kubectl().list("gitrepositories.source.toolkit.fluxcd.io,ocirepositories.source.toolkit.fluxcd.io");
    assert!(sources.len() == 1 && sources[0]["kind"] == "OCIRepository", "{sources:?}");
    assert_eq!(cluster.manifests_differ(&fleet), Vec::<String>::new());
    cluster.operator_serves();
    cluster.holds(&fleet);
    let settings = "kubernetes/clusters/infra/cluster-settings.yaml";
    fleet.replace(settings, "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.108");
    let deliveries = cluster.push(&fleet);
    assert!(deliveries.values().all(Option::is_none), "{deliveries:?}");
    assert_eq!(cluster.manifests_differ(&fleet), Vec::<String>::new());
    let observed = cluster.holds(&fleet);
    assert!(observed.services["databases/postgres"].addresses.contains("10.25.11.108"));
}

const SETTINGS: &str = "kubernetes/clusters/apps/cluster-settings.yaml";
const SERVICES: &str = "kubernetes/workloads/dns/services.yaml";
const DEPLOYMENT: &str = "kubernetes/workloads/dns/deployment.yaml";
const LISTING: &str = "kubernetes/workloads/dns/kustomization.yaml";

/// What is edited in the repository and not pushed, and what must be told of it.
type Edit = (&'static str, fn(&Fleet), &'static [&'static str]);

const EDITS: &[Edit] = &[
    (
        "another value",
        |fleet| fleet.replace(SERVICES, "port: 853", "port: 8853"),
        &["dns: Service dns/resolver-tls: ", "8853"],
    ),
    (
        "a field more",
        |fleet| fleet.replace(SERVICES, "      port: 853\n", "      port: 853\n      appProtocol: tls\n"),
        &["dns: Service dns/resolver-tls: ", "/appProtocol: foretold \"tls\", it is null"],
    ),
    (
        "a field less",
        |fleet| fleet.replace(SERVICES, "      targetPort: dns\n", ""),
        &["dns: Service dns/resolver: ", "/targetPort"],
    ),
    (
        "an annotation less",
        |fleet| fleet.replace(SERVICES, "  annotations:\n    lbipam.cilium.io/sharing-key: resolver\n", ""),
        &["dns: Service dns/resolver: ", "/object/metadata/annotations: foretold null"],
    ),
    (
        "a setting",
        |fleet| fleet.replace(SETTINGS, "CILIUM_LB_POOL_END: 10.25.11.139", "CILIUM_LB_POOL_END: 10.25.11.138"),
        &[
            "cilium: CiliumLoadBalancerIPPool services: ",
            "10.25.11.138",
            "flux-system: ConfigMap flux-system/cluster-settings",
        ],
    ),
    (
        "a kind that lbpools does not look into",
        |fleet| fleet.replace(DEPLOYMENT, "replicas: 2", "replicas: 3"),
        &["dns: Deployment dns/resolver: ", "/spec/replicas: foretold 3, it is 2"],
    ),
    (
        "an object less",
        |fleet| fleet.replace(LISTING, "  - deployment.yaml\n", ""),
        &["dns: Deployment dns/resolver is not foretold"],
    ),
    (
        "an object more",
        |fleet| fleet.append(SERVICES, "apiVersion: v1\nkind: Service\nmetadata: {name: more, namespace: dns}\n"),
        &["dns: Service dns/more is missing"],
    ),
    (
        "a Kustomization less",
        |fleet| fleet.replace("kubernetes/clusters/apps/kustomization.yaml", "  - workloads.yaml\n", ""),
        &["Kustomization dns: not foretold", "flux-system: Kustomization flux-system/dns is not foretold"],
    ),
];

#[test]
#[ignore = "cargo xtask live"]
fn every_kind_of_difference_is_seen() {
    let (cluster, fleet) = delivered("apps", Flavour::Flux);
    assert_eq!(cluster.manifests_differ(&fleet), Vec::<String>::new());
    for (what, edit, told) in EDITS {
        let edited = fleet.remembered();
        edit(&edited);
        let differences = cluster.manifests_differ(&edited).join("\n");
        for words in *told {
            assert!(differences.contains(words), "{what}: {words:?} is not told in:\n{differences}");
        }
    }
    // The other way round: somebody changes what Flux applied, or removes it.
    let hand = cluster.kubectl();
    hand.must(["scale", "--namespace=dns", "deployment/resolver", "--replicas=5"]);
    let differences = cluster.manifests_differ(&fleet).join("\n");
    assert!(
        differences.contains("dns: Deployment dns/resolver: /object/spec/replicas: foretold 2, it is 5"),
        "{differences}"
    );
    hand.must(["delete", "--namespace=dns", "deployment/resolver"]);
    let differences = cluster.manifests_differ(&fleet);
    assert_eq!(differences, ["dns: Deployment dns/resolver is in the inventory, and not there"]);
}
