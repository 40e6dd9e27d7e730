//! One change of the fleet after the other, each delivered to a living cluster: what `lbpools plan --from` and
//! `lbpools check` say of it before the merge, held against what the operator then did.

use lbpools_live::{Fleet, Script};

const INFRA: &str = "kubernetes/clusters/infra/cluster-settings.yaml";
const APPS: &str = "kubernetes/clusters/apps/cluster-settings.yaml";
const POOLS: &str = "kubernetes/infrastructure/networking/cilium/ipam/pools.yaml";
const GATEWAY: &str = "kubernetes/infrastructure/networking/cilium/gateway/gateway.yaml";
const REGISTRY: &str = "kubernetes/workloads/registry/service.yaml";
const DNS: &str = "kubernetes/workloads/dns/services.yaml";
const STOREFRONT: &str = "kubernetes/workloads/storefront/services.yaml";

const BLOCK: &str = "  - start: ${CILIUM_LB_POOL_START}\n    stop: ${CILIUM_LB_POOL_END}\n";

/// A Service of type LoadBalancer: annotations and further fields of `spec` in flow style.
fn service(namespace: &str, name: &str, annotations: &str, spec: &str) -> String {
    let annotations =
        if annotations.is_empty() { String::new() } else { format!("  annotations: {{{annotations}}}\n") };
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n{annotations}spec:\n  type: LoadBalancer\n  ports: [{{name: http, port: 80}}]\n{spec}"
    )
}

/// Put a file of these objects beside a directory's others.
fn add(fleet: &Fleet, directory: &str, name: &str, objects: &[String]) {
    fleet.write(&format!("{directory}/{name}.yaml"), &objects.join("\n---\n"));
    let listing = format!("{directory}/kustomization.yaml");
    let text = fleet.read(&listing);
    fleet.write(&listing, &format!("{}\n  - {name}.yaml\n", text.trim_end()));
}

/// Take it away again.
fn remove(fleet: &Fleet, directory: &str, name: &str) {
    fleet.replace(&format!("{directory}/kustomization.yaml"), &format!("  - {name}.yaml\n"), "");
}

fn pins(addresses: &str) -> String {
    format!("lbipam.cilium.io/ips: \"{addresses}\"")
}

#[test]
#[ignore = "cargo xtask live"]
fn every_change_of_the_infra_cluster_does_what_was_foretold() {
    let registry = "kubernetes/workloads/registry";
    let mut script = Script::start("infra");

    // Pins.
    script.change("the database asks for another address", |fleet| {
        fleet.replace(INFRA, "POSTGRES_LB_IP: 10.25.11.105", "POSTGRES_LB_IP: 10.25.11.108");
    });
    script.change("a Service that had any address asks for one", |fleet| {
        fleet.replace(REGISTRY, "  annotations:\n", &format!("  annotations:\n    {}\n", pins("10.25.11.110")));
    });
    script.change("it asks for two", |fleet| {
        fleet.replace(REGISTRY, &pins("10.25.11.110"), &pins("10.25.11.110,10.25.11.111"));
    });
    script.change("it asks for one outside of every pool", |fleet| {
        fleet.replace(REGISTRY, &pins("10.25.11.110,10.25.11.111"), &pins("10.25.11.250"));
    });
    script.change("it asks for the database's address", |fleet| {
        fleet.replace(REGISTRY, &pins("10.25.11.250"), &pins("${POSTGRES_LB_IP}"));
    });
    script.change("it writes its pin in a form that Cilium does not read", |fleet| {
        fleet.replace(REGISTRY, &pins("${POSTGRES_LB_IP}"), &pins("10.25.11.117/32"));
    });
    script.change("it takes any again", |fleet| {
        fleet.replace(REGISTRY, &format!("    {}\n", pins("10.25.11.117/32")), "");
    });

    // More of them, and fewer.
    script.change("a new Service", |fleet| {
        add(fleet, registry, "mirror", &[service("registry", "mirror", "", "")]);
    });
    script.change_with_history("the first of them goes", |fleet| {
        fleet.replace(REGISTRY, "  type: LoadBalancer\n", "  type: ClusterIP\n");
    });
    script.change_after_history("another comes into its place", |fleet| {
        add(fleet, registry, "proxy", &[service("registry", "proxy", "", "")]);
    });
    script.change("the first comes back with the class of another implementation", |fleet| {
        let other = "  type: LoadBalancer\n  loadBalancerClass: example.com/other\n";
        fleet.replace(REGISTRY, "  type: ClusterIP\n", other);
    });
    script.change_that_fails("it should have no class: the API server refuses", &["registry"], |fleet| {
        fleet.replace(REGISTRY, "  loadBalancerClass: example.com/other\n", "");
        add(fleet, registry, "late", &[service("registry", "late", "", "")]);
    });
    script.change_after_history("the class is put back, and what was delivered with it comes", |fleet| {
        fleet.replace(
            REGISTRY,
            "  type: LoadBalancer\n",
            "  type: LoadBalancer\n  loadBalancerClass: example.com/other\n",
        );
    });

    // The pool.
    script.change("the pool shrinks below a pinned address", |fleet| {
        fleet.replace(INFRA, "CILIUM_LB_POOL_END: 10.25.11.119", "CILIUM_LB_POOL_END: 10.25.11.107");
    });
    script.change("it grows again", |fleet| {
        fleet.replace(INFRA, "CILIUM_LB_POOL_END: 10.25.11.107", "CILIUM_LB_POOL_END: 10.25.11.119");
    });
    script.change("it shrinks to two addresses for three Services", |fleet| {
        fleet.replace(INFRA, "CILIUM_LB_POOL_END: 10.25.11.119", "CILIUM_LB_POOL_END: 10.25.11.102");
    });
    script.change_with_history("it grows again", |fleet| {
        fleet.replace(INFRA, "CILIUM_LB_POOL_END: 10.25.11.102", "CILIUM_LB_POOL_END: 10.25.11.119");
    });

    // The Gateway.
    script.change("a setting moves the Gateway, and the pool makes room", |fleet| {
        fleet.replace(INFRA, "CILIUM_GATEWAY_LB_IP: 10.25.11.100", "CILIUM_GATEWAY_LB_IP: 10.25.11.119");
        fleet.replace(INFRA, "CILIUM_LB_POOL_END: 10.25.11.119", "CILIUM_LB_POOL_END: 10.25.11.118");
    });
    script.change("the Gateway asks for what no pool has", |fleet| {
        fleet.replace(GATEWAY, "value: ${CILIUM_GATEWAY_LB_IP}", "value: 10.25.11.250");
    });
    script.change("it asks for its own again", |fleet| {
        fleet.replace(GATEWAY, "value: 10.25.11.250", "value: ${CILIUM_GATEWAY_LB_IP}");
    });
    script.restart();

    // Others.
    script.by_hand("somebody makes a Service that nobody wrote down", &["default/foreign"], |hand| {
        hand.apply(&service("default", "foreign", "", ""));
    });
    script.change_beside_others("a new Service beside it", |fleet| {
        add(fleet, registry, "neighbour", &[service("registry", "neighbour", "", "")]);
    });
    script.restart();
    script.change_beside_others("the neighbour asks for the foreign Service's address", |fleet| {
        fleet.replace(
            &format!("{registry}/neighbour.yaml"),
            "  namespace: registry\n",
            &format!("  namespace: registry\n  annotations: {{{}}}\n", pins("10.25.11.104")),
        );
    });
    script.by_hand("the foreign Service goes", &["default/foreign", "registry/neighbour"], |hand| {
        hand.must(["delete", "service", "foreign"]);
    });
    script.end(24, 2);
}

#[test]
#[ignore = "cargo xtask live"]
fn every_change_of_the_apps_cluster_does_what_was_foretold() {
    let dns = "kubernetes/workloads/dns";
    let mut script = Script::start("apps");

    // Sharing.
    script.change("two that share come to need the same port", |fleet| {
        fleet.replace(DNS, "port: 853\n", "port: 53\n      protocol: UDP\n");
    });
    script.change("one of the two goes", |fleet| {
        let (first, _) =
            fleet.read(DNS).split_once("---\n").map(|(one, two)| (one.to_owned(), two.to_owned())).expect("two");
        fleet.write(DNS, &first);
    });
    script.change_with_history("it comes back with a port of its own, and shares again", |fleet| {
        let original = lbpools_live::root().join("examples/fleet").join(DNS);
        fleet.write(DNS, &std::fs::read_to_string(original).expect("the example is there"));
    });
    script.change_with_history("one of them is pinned", |fleet| {
        let key = "    lbipam.cilium.io/sharing-key: resolver\nspec:\n  type: LoadBalancer\n  selector:\n    app.kubernetes.io/name: resolver\n  ports:\n    - name: dns\n";
        fleet.replace(DNS, key, &format!("    {}\n{key}", pins("10.25.11.125")));
    });
    script.change_with_history("so is the other, to the same", |fleet| {
        let key = "    lbipam.cilium.io/sharing-key: resolver\nspec:\n  type: LoadBalancer\n  selector:\n    app.kubernetes.io/name: resolver\n  ports:\n    - name: dns-over-tls\n";
        fleet.replace(DNS, key, &format!("    {}\n{key}", pins("10.25.11.125")));
    });
    script.change("a third, without the key, asks for it too", |fleet| {
        fleet.replace(
            STOREFRONT,
            "  name: storefront-metrics\n",
            &format!("  name: storefront-metrics\n  annotations: {{{}}}\n", pins("10.25.11.125")),
        );
    });
    script.change("it asks for its own", |fleet| {
        fleet.replace(
            STOREFRONT,
            &format!("annotations: {{{}}}", pins("10.25.11.125")),
            &format!("annotations: {{{}}}", pins("10.25.11.130")),
        );
    });

    // Pools.
    script.change("the pools are kept by hand from now on", |fleet| fleet.remove("lbpools.yaml"));
    script.change("the pool of all selects by a label that none has", |fleet| {
        fleet.replace(POOLS, BLOCK, &format!("{BLOCK}  serviceSelector:\n    matchLabels:\n      pool: public\n"));
    });
    script.change("one Service gets the label", |fleet| {
        fleet.replace(
            STOREFRONT,
            "  name: storefront-metrics\n",
            "  name: storefront-metrics\n  labels: {pool: public}\n",
        );
    });
    script.change("the pool is for all again", |fleet| {
        fleet.replace(POOLS, "  serviceSelector:\n    matchLabels:\n      pool: public\n", "");
    });
    script.change("a second pool, for one namespace", |fleet| {
        let pool = "apiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: media\nspec:\n  blocks:\n  - cidr: 192.0.2.0/28\n  serviceSelector:\n    matchLabels:\n      io.kubernetes.service.namespace: media\n";
        fleet.append(POOLS, pool);
    });
    script.change("a pinned Service there", |fleet| {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: media\n".to_owned();
        add(fleet, dns, "media", &[namespace, service("media", "films", &pins("192.0.2.7"), "")]);
    });
    script.change("its pool keeps the first and the last address back", |fleet| {
        fleet.replace(POOLS, "  name: media\nspec:\n", "  name: media\nspec:\n  allowFirstLastIPs: \"No\"\n");
    });
    script.change("the Service asks for the first", |fleet| {
        fleet.replace(&format!("{dns}/media.yaml"), &pins("192.0.2.7"), &pins("192.0.2.0"));
    });
    script.change("the Service goes", |fleet| remove(fleet, dns, "media"));
    script.change("a pool that overlaps an older one", |fleet| {
        fleet.replace(POOLS, "cidr: 192.0.2.0/28", "cidr: 10.25.11.136/29");
    });
    script.change("it goes", |fleet| {
        let pools = fleet.read(POOLS);
        let (rest, _) = pools
            .split_once("---\napiVersion: cilium.io/v2\nkind: CiliumLoadBalancerIPPool\nmetadata:\n  name: media")
            .expect("it is there");
        fleet.write(POOLS, rest);
    });
    script.change_with_history("the pool is disabled: its holders feel nothing yet", |fleet| {
        fleet.replace(POOLS, BLOCK, &format!("{BLOCK}  disabled: true\n"));
    });
    script.restart();
    script.change("it is enabled", |fleet| fleet.replace(POOLS, "  disabled: true\n", ""));

    // Delivery.
    script.change("a Kustomization goes, and Flux takes away what it brought", |fleet| {
        let workloads = "kubernetes/clusters/apps/workloads.yaml";
        let text = fleet.read(workloads);
        let (rest, _) = text.split_once("---\n").expect("there are two");
        fleet.write(workloads, rest);
    });
    let ingress = |fleet: &Fleet, pin: &str| {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  namespace: dns\n  annotations: \
             {{ingress.cilium.io/loadbalancer-mode: dedicated{pin}}}\nspec:\n  ingressClassName: cilium\n  \
             defaultBackend: {{service: {{name: resolver-tls, port: {{number: 853}}}}}}\n"
        );
        fleet.write(&format!("{dns}/ingress.yaml"), &text);
    };
    script.change("an Ingress with a Service of its own", |fleet| {
        add(fleet, dns, "ingress", &[]);
        ingress(fleet, "");
    });
    assert!(script.seen().services["dns/cilium-ingress-shop"].satisfied);
    script.change("the Ingress is pinned", |fleet| ingress(fleet, &format!(", {}", pins("10.25.11.126"))));
    assert!(script.seen().services["dns/cilium-ingress-shop"].addresses.contains("10.25.11.126"));
    script.change("a setting moves the Gateway", |fleet| {
        fleet.replace(APPS, "CILIUM_GATEWAY_LB_IP: 10.25.11.120", "CILIUM_GATEWAY_LB_IP: 10.25.11.139");
        fleet.replace(APPS, "CILIUM_LB_POOL_END: 10.25.11.139", "CILIUM_LB_POOL_END: 10.25.11.138");
    });
    script.restart();
    script.end(24, 2);
}
