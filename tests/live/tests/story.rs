//! The acceptance criteria of the story that lbpools was made from (docs/story), one test each, in both clusters of
//! the fleet: delivered as Flux does it, served by Cilium, foretold by lbpools.

use lbpools_function::report::{ClusterReport, Verdict};
use lbpools_live::held::within;
use lbpools_live::{Cluster, Flavour, Fleet, predicted};

/// The clusters of the fleet, and the addresses that the story plans for each.
const PLAN: [(&str, &str, &str); 2] =
    [("infra", "10.25.11.100-10.25.11.119", "10.25.11.100"), ("apps", "10.25.11.120-10.25.11.139", "10.25.11.120")];

/// Each cluster in turn, with the fleet as it is in the repository delivered.
fn each(hold: impl Fn(&mut Cluster, &Fleet, &str, &str)) {
    for (name, range, gateway) in PLAN {
        let mut cluster = Cluster::start(name, Flavour::Flux);
        let fleet = cluster.fleet();
        let deliveries = cluster.push(&fleet);
        assert!(deliveries.values().all(Option::is_none), "{deliveries:?}");
        hold(&mut cluster, &fleet, range, gateway);
    }
}

fn setting<'a>(predicted: &'a ClusterReport, key: &str) -> &'a str {
    let setting = predicted.settings.iter().find(|setting| setting.key == key);
    setting.and_then(|it| it.value.as_deref()).unwrap_or_else(|| panic!("no setting {key}"))
}

#[test]
#[ignore = "cargo xtask live"]
fn ac1_flux_applies_the_pools_and_each_cluster_has_its_own() {
    each(|cluster, fleet, range, _| {
        let predicted = cluster.predicted(fleet);
        let pools = cluster.kubectl().list("ciliumloadbalancerippools.cilium.io");
        assert_eq!(pools.len(), predicted.pools.len());
        for pool in &pools {
            let labels = &pool["metadata"]["labels"];
            assert_eq!(labels["kustomize.toolkit.fluxcd.io/name"], "cilium", "Flux applied it: {pool}");
            let name = pool["metadata"]["name"].as_str().unwrap_or_default();
            let foretold = predicted.pools.iter().find(|pool| pool.name == name).expect("it is foretold");
            let blocks = pool["spec"]["blocks"].as_array().expect("it has blocks");
            assert_eq!(blocks.len(), foretold.blocks.len());
            for (block, foretold) in blocks.iter().zip(&foretold.blocks) {
                let first = block["start"].as_str().or_else(|| block["cidr"].as_str()?.strip_suffix("/32"));
                let first = first.expect("its first address");
                let last = block["stop"].as_str().unwrap_or(first);
                let came = if first == last { first.to_owned() } else { format!("{first}-{last}") };
                assert_eq!(Some(came.as_str()), foretold.range.as_deref());
                assert!(within(first, range) && within(last, range), "{came} is not in {range}");
            }
        }
    });
}

#[test]
#[ignore = "cargo xtask live"]
fn ac2_services_have_addresses_of_their_pool_and_the_gateway_shows_its_setting() {
    each(|cluster, fleet, range, _| {
        let observed = cluster.holds(fleet);
        let predicted = cluster.predicted(fleet);
        let gateway = setting(&predicted, "CILIUM_GATEWAY_LB_IP");
        let public = &observed.gateways["network/public"];
        assert!(public.addresses.iter().eq([gateway]), "{public:?}");
        assert_eq!(public.programmed, Some(("True".into(), "Programmed".into())));
        // Every other Service draws from the pool of all, which does not hold the Gateway's address.
        let (first, last) = (setting(&predicted, "CILIUM_LB_POOL_START"), setting(&predicted, "CILIUM_LB_POOL_END"));
        let others = observed.services.iter().filter(|(name, _)| *name != "network/cilium-gateway-public");
        let others: Vec<_> = others.collect();
        assert!(others.len() >= 2, "{others:?}");
        for (name, service) in others {
            let one = service.addresses.iter().next();
            let address = one.filter(|_| service.addresses.len() == 1).unwrap_or_else(|| panic!("{name}: {service:?}"));
            assert!(within(address, &format!("{first}-{last}")) && within(address, range), "{name} has {address}");
        }
    });
}

#[test]
#[ignore = "cargo xtask live"]
fn ac3_the_gateways_setting_lies_in_the_range_of_its_cluster_and_lbpools_says_when_it_does_not() {
    each(|cluster, fleet, range, gateway| {
        let predicted = cluster.predicted(fleet);
        assert_eq!(setting(&predicted, "CILIUM_GATEWAY_LB_IP"), gateway);
        assert!(within(gateway, range));
        assert_eq!(predicted::check(fleet.path()).verdict, Verdict::Clean);

        // The address of the other cluster: an error before the merge, and Cilium would indeed hand it out.
        let (_, _, foreign) = PLAN.iter().find(|(name, ..)| *name != cluster.name()).expect("there are two");
        let file = format!("kubernetes/clusters/{}/cluster-settings.yaml", cluster.name());
        fleet.replace(&file, &format!("CILIUM_GATEWAY_LB_IP: {gateway}"), &format!("CILIUM_GATEWAY_LB_IP: {foreign}"));
        let report = predicted::check(fleet.path());
        assert_eq!(report.verdict, Verdict::Findings);
        let told = report.findings.iter().any(|finding| {
            finding.cluster.as_deref() == Some(cluster.name())
                && finding.current.as_deref().is_some_and(|it| it.contains(foreign))
        });
        assert!(told, "{:#?}", report.findings);
        cluster.push(fleet);
        let observed = cluster.holds(fleet);
        assert!(observed.gateways["network/public"].addresses.iter().eq([foreign]));
    });
}
