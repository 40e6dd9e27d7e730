use super::*;
use crate::config::{Block, FirstLast, Headroom, SeverityOverride};

fn map(name: &str, data: &[(&str, &str)]) -> ConfigMap {
    ConfigMap {
        metadata: ConfigMapMetadata { name: name.to_owned() },
        data: data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

fn refused(data: &[(&str, &str)]) -> (String, String, String) {
    let mut all = map(FUNCTION_INPUT, data).config(&["unpinned-service"]).expect_err("is refused");
    assert_eq!(all.len(), 1, "{all:?}");
    let ConfigProblem { path, message, help } = all.remove(0);
    (path, message, help)
}

#[test]
fn no_data_is_no_config() {
    assert_eq!(map(FUNCTION_INPUT, &[]).config(&[]), Ok(LoadBalancerPools::default()));
    assert_eq!(map("", &[]).config(&[]), Ok(LoadBalancerPools::default()));
}

#[test]
fn keys_become_a_config() {
    let config = map(
        FUNCTION_INPUT,
        &[
            ("cilium-version", "1.18"),
            ("l2-announcements", "on"),
            ("settings-name", "lab-settings"),
            ("cluster", "lab"),
            ("ranges", "192.168.40.10-192.168.40.30, 192.168.41.0/28"),
            ("network", "192.168.40.0/24"),
            ("reserved", "192.168.40.1"),
            ("pool-gateway-blocks", "${CILIUM_GATEWAY_LB_IP}/32"),
            ("pool-gateway-selector", "io.kubernetes.service.namespace=network"),
            ("pool-gateway-allow-first-last-ips", "no"),
            ("pool-web-blocks-remainder", "yes"),
            ("pool-web-blocks-headroom", "25%"),
            ("gateway-gateway", "${CILIUM_GATEWAY_LB_IP}"),
            ("advertise", "l2"),
            ("l2-interfaces", "^eth0$"),
            ("smoke-test", "true"),
            ("smoke-test-namespace", "testing"),
            ("values", "Literal"),
            ("path", "network/pools.yaml"),
            ("severity-unpinned-service", "off"),
        ],
    )
    .config(&["unpinned-service"])
    .expect("makes sense");
    let spec = &config.spec;
    assert_eq!(config.metadata.name, "lb-pools");
    assert_eq!((spec.cilium.version.as_deref(), spec.cilium.l2_announcements), (Some("1.18"), Some(true)));
    assert_eq!((spec.settings.name(), spec.settings.namespace()), ("lab-settings", "flux-system"));
    assert_eq!(spec.clusters[0].name, "lab");
    assert_eq!(spec.clusters[0].ranges.0, ["192.168.40.10-192.168.40.30", "192.168.41.0/28"]);
    assert_eq!(spec.clusters[0].kept_free().count(), 1);
    let (gateway, rest) = (&spec.pools[0], &spec.pools[1]);
    assert_eq!(gateway.blocks, [Block { cidr: Some("${CILIUM_GATEWAY_LB_IP}/32".into()), ..Block::default() }]);
    assert_eq!(gateway.allow_first_last_ips, Some(FirstLast::No));
    assert_eq!((rest.name.as_str(), rest.remainder, rest.headroom), ("web-blocks", true, Some(Headroom::Percent(25))));
    assert_eq!((spec.gateways[0].pool.as_str(), spec.gateways.len()), ("gateway", 1));
    let l2 = spec.advertise.as_ref().and_then(|advertise| advertise.l2.as_ref()).expect("asked for");
    assert_eq!((l2.interfaces.as_slice(), l2.load_balancer_ips), (["^eth0$".to_owned()].as_slice(), true));
    assert_eq!(spec.smoke_test.as_ref().map(SmokeTest::namespace), Some("testing"));
    assert_eq!(spec.output.values, Values::Literal);
    assert_eq!(spec.severity.get("unpinned-service"), Some(&SeverityOverride::Off));
}

#[test]
fn the_name_is_the_configmap_s_or_a_key_s() {
    let name = |name: &str, data: &[(&str, &str)]| map(name, data).config(&[]).expect("makes sense").metadata.name;
    assert_eq!(name("my-pools", &[]), "my-pools");
    assert_eq!(name("my-pools", &[("name", "edge")]), "edge");
    assert_eq!(name(FUNCTION_INPUT, &[("name", "edge")]), "edge");
}

#[test]
fn an_unknown_key_is_answered_with_the_closest() {
    let (path, message, help) = refused(&[("cilium-versoin", "1.18")]);
    assert_eq!((path.as_str(), message.as_str()), ("data.cilium-versoin", "unknown key `cilium-versoin`"));
    assert_eq!(help, "did you mean `cilium-version`?");
    assert!(refused(&[("pool-a-bloks", "10.0.0.1")]).2.contains("-blocks"));
    assert_eq!(refused(&[("pool--blocks", "10.0.0.1")]).0, "data.pool--blocks");
    assert_eq!(refused(&[("a.b", "x")]).0, "data[\"a.b\"]");
}

#[test]
fn problems_stand_at_the_key_that_they_come_from() {
    assert_eq!(refused(&[("cilium-version", "2")]).0, "data.cilium-version");
    assert_eq!(refused(&[("pool-a-blocks", "10.0.0.1,10.0.0.9-10.0.0.2")]).0, "data.pool-a-blocks");
    assert_eq!(refused(&[("pool-a-owner", "me")]).0, "data.pool-a-owner", "a pool without addresses");
    assert_eq!(refused(&[("gateway-a", "10.0.0.1")]).0, "data.gateway-a");
    assert_eq!(refused(&[("ranges", "10.0.0.1-")]).0, "data.ranges");
    assert_eq!(refused(&[("severity-nope", "off")]).0, "data.severity-nope");
    assert_eq!(refused(&[("ipv4", "no"), ("ipv6", "no")]).0, "data.ipv4");
    assert_eq!(refused(&[("ipv4", "maybe")]).1, "`maybe` is neither true nor false");
}

#[test]
fn words_that_kpt_writes_bare_are_read_as_texts() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\n\
                data: {l2-announcements: on, pool-a-blocks: 10.0.0.1, pool-a-owner: no, pool-a-headroom: 25%}\n";
    let root = crate::krm::parse::document(text).expect("parses");
    let flat: ConfigMap = crate::krm::decode::decode(&root).expect("fits");
    let config = flat.config(&[]).expect("makes sense");
    assert_eq!(config.spec.cilium.l2_announcements, Some(true));
    assert_eq!(config.spec.pools[0].owner.as_deref(), Some("no"));
}

#[test]
fn a_file_beside_the_list_may_leave_out_data() {
    let root = crate::krm::parse::document("kind: ConfigMap\nmetadata: {name: x, labels: {a: b}}\n").expect("parses");
    let flat: ConfigMap = crate::krm::decode::decode(&root).expect("fits");
    assert_eq!(flat.config(&[]).expect("makes sense"), LoadBalancerPools::named("x"));
}
