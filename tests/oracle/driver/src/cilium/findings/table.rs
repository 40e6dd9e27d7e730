//! Which rule speaks about which recorded cluster, and what is to be seen there.

use super::{ROW, Row};

/// The network plan of the clusters that have one.
const PLAN: &str = r#"[{"name":"infra","entrypoint":"clusters/infra","ranges":["10.25.11.100-10.25.11.119"],"reserved":{"router":"10.25.11.1"}},
    {"name":"apps","entrypoint":"clusters/apps","ranges":["10.25.11.120-10.25.11.139"]}]"#;

/// Clusters that stand on a segment which their pool fills.
const SEGMENT_OF_FOUR: &str = r#"[{"name":"infra","entrypoint":"clusters/infra","network":"10.0.10.16/30"}]"#;
const SEGMENT_OF_EIGHT: &str = r#"[{"name":"infra","entrypoint":"clusters/infra","network":"10.0.10.0/29"}]"#;

const POOL_OF_METALLB: &str = "{apiVersion: metallb.io/v1beta1, kind: IPAddressPool, metadata: {name: lan, namespace: metallb}, spec: {addresses: [192.168.7.0/24]}}";

pub(super) const TABLE: &[Row] = &[
    Row {
        code: "LBP101",
        case: "bad-block",
        shows: &["Service a/s 10.0.0.0 True", "Service a/t - False no_pool"],
        ..ROW
    },
    Row { code: "LBP101", speaks: false, case: "host-bits", shows: &["Service a/s 10.0.0.200 True"], ..ROW },
    Row {
        code: "LBP102",
        case: "lbp102-start-after-stop",
        minor: "1.20",
        shows: &["Service home/a - - -", "pool p total - free -"],
        ..ROW
    },
    Row {
        code: "LBP102",
        speaks: false,
        case: "lbp309-somebody-came-first",
        minor: "1.20",
        shows: &["pool all total 13"],
        ..ROW
    },
    Row {
        code: "LBP103",
        case: "lbp103-two-families-in-a-block",
        minor: "1.20",
        shows: &["Service home/a - - -", "pool p total - free -"],
        ..ROW
    },
    Row {
        code: "LBP103",
        speaks: false,
        case: "lbp319-two-families-one-pin",
        minor: "1.20",
        shows: &["pool p total 65792"],
        ..ROW
    },
    Row { code: "LBP104", case: "host-bits", shows: &["Service a/s 10.0.0.200 True", "pool p total 256"], ..ROW },
    Row { code: "LBP104", speaks: false, case: "first-last-allowed", shows: &["pool p total 4 free 3"], ..ROW },
    Row {
        code: "LBP105",
        case: "pool-internal-conflict",
        after: 2,
        seen: 2,
        shows: &["pool p total 272 free 272 conflict True", "Service a/s - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP105",
        speaks: false,
        case: "pool-internal-conflict",
        shows: &["Service a/s 10.0.10.0 True", "pool p total 256 free 255 conflict False"],
        ..ROW
    },
    Row {
        code: "LBP106",
        case: "conflict-resolution",
        after: 2,
        seen: 2,
        shows: &["pool pool-b total 1208925819614629174706432 free 1208925819614629174706432 conflict True"],
        ..ROW
    },
    Row {
        code: "LBP106",
        speaks: false,
        case: "conflict-resolution",
        shows: &[
            "pool pool-b total 1208925819614629174706176 free 1208925819614629174706175 conflict False",
            "Service a/s 10.0.10.0",
        ],
        ..ROW
    },
    Row {
        code: "LBP110",
        case: "bad-selector",
        after: 2,
        seen: 2,
        shows: &["error it gave", "Service a/s - - -"],
        ..ROW
    },
    Row { code: "LBP110", speaks: false, case: "bad-selector", shows: &["Service a/s 10.0.10.0 True"], ..ROW },
    Row {
        code: "LBP111",
        case: "lbp111-pool-without-blocks",
        shows: &["Service home/a - False no_pool", "pool bare total 0"],
        ..ROW
    },
    Row { code: "LBP111", speaks: false, case: "lbp305-pin-in-no-pool", shows: &["pool p total 256"], ..ROW },
    Row {
        code: "LBP204",
        case: "lbp204-reserved-of-the-plan-given-out",
        plan: PLAN,
        shows: &["Service home/a 10.25.11.1 True"],
        ..ROW
    },
    Row {
        code: "LBP204",
        speaks: false,
        case: "lbp303-gateway-of-the-other-cluster",
        plan: PLAN,
        shows: &["pool gateway total 20"],
        ..ROW
    },
    Row {
        code: "LBP207",
        case: "first-last-allowed",
        plan: SEGMENT_OF_FOUR,
        shows: &["Service a/s 10.0.10.16 True"],
        ..ROW
    },
    Row {
        code: "LBP207",
        speaks: false,
        case: "next-address-ends-reserved",
        plan: SEGMENT_OF_EIGHT,
        shows: &["Service a/s00 10.0.10.1 True", "Service a/s05 10.0.10.6 True", "pool p total 8 free 0"],
        ..ROW
    },
    Row {
        code: "LBP301",
        case: "lbp301-prefix-for-an-address",
        gateway: "infrastructure: {annotations: {io.cilium/lb-ipam-ips: 10.0.0.5/32}}",
        shows: &["Service network/cilium-gateway-public 10.0.0.0 True"],
        ..ROW
    },
    Row {
        code: "LBP301",
        speaks: false,
        case: "lbp302-gateway-in-no-pool",
        gateway: "addresses: [{value: 10.25.11.140}]",
        shows: &["Service network/cilium-gateway-public - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP302",
        case: "lbp302-gateway-in-no-pool",
        gateway: "addresses: [{value: 10.25.11.140}]",
        shows: &["Service network/cilium-gateway-public - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP302",
        speaks: false,
        case: "lbp321-annotation-beside-addresses",
        gateway: "infrastructure: {annotations: {lbipam.cilium.io/ips: 10.0.0.9}}, addresses: [{value: 10.0.0.8}]",
        shows: &["Service network/cilium-gateway-public 10.0.0.9 True"],
        ..ROW
    },
    Row {
        code: "LBP303",
        case: "lbp303-gateway-of-the-other-cluster",
        gateway: "addresses: [{value: 10.25.11.121}]",
        plan: PLAN,
        shows: &["Service network/cilium-gateway-public - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP304",
        case: "lbp304-pool-selects-the-gateways-own-label",
        gateway: "addresses: [{value: 10.0.0.8}]",
        shows: &["Service network/cilium-gateway-public - False pool_selector_mismatch"],
        ..ROW
    },
    Row {
        code: "LBP304",
        speaks: false,
        case: "lbp321-annotation-beside-addresses",
        gateway: "addresses: [{value: 10.0.0.9}]",
        shows: &["Service network/cilium-gateway-public 10.0.0.9 True"],
        ..ROW
    },
    Row { code: "LBP305", case: "lbp305-pin-in-no-pool", shows: &["Service home/a - False no_pool"], ..ROW },
    Row {
        code: "LBP305",
        speaks: false,
        case: "requested-addresses",
        shows: &["Service a/b 10.0.10.21,10.0.10.22,10.0.10.23 True"],
        ..ROW
    },
    Row { code: "LBP306", case: "requested-addresses", shows: &["Service a/c - False already_allocated"], ..ROW },
    Row {
        code: "LBP306",
        speaks: false,
        case: "requested-addresses",
        after: 3,
        shows: &["Service a/b 10.0.10.21,10.0.10.22,10.0.10.23 True"],
        ..ROW
    },
    Row {
        code: "LBP306",
        case: "incompatible-key",
        shows: &[
            "Service a/t - False already_allocated_incompatible_service The IP '10.0.10.5' is already allocated to an incompatible service. Reason: different sharing key",
        ],
        ..ROW
    },
    Row {
        code: "LBP307",
        case: "dropped-requests",
        shows: &["Service a/a 10.0.10.0 True", "Service a/b 10.0.10.1 True"],
        ..ROW
    },
    Row {
        code: "LBP307",
        speaks: false,
        case: "requested-addresses",
        after: 3,
        shows: &["Service a/b 10.0.10.21,10.0.10.22,10.0.10.23 True"],
        ..ROW
    },
    Row {
        code: "LBP308",
        case: "requested-with-wrong-label",
        shows: &["Service a/s - False pool_selector_mismatch"],
        ..ROW
    },
    Row { code: "LBP308", case: "lbp308-reserved-end", shows: &["Service home/a - False already_allocated"], ..ROW },
    Row { code: "LBP308", case: "lbp308-pool-disabled", shows: &["Service home/a - False no_pool"], ..ROW },
    Row {
        code: "LBP308",
        speaks: false,
        case: "lbp601-reserved-end-with-key",
        shows: &["Service dns/dns 10.0.0.8 True"],
        ..ROW
    },
    Row {
        code: "LBP309",
        case: "lbp309-somebody-came-first",
        shows: &["Service data/registry 10.0.0.8 True", "Service data/postgres - False already_allocated"],
        ..ROW
    },
    Row { code: "LBP309", speaks: false, case: "requested-addresses", shows: &["Service a/a 10.0.10.20 True"], ..ROW },
    Row { code: "LBP310", case: "selector-basic", shows: &["Service a/blue - False no_pool"], ..ROW },
    Row {
        code: "LBP310",
        speaks: false,
        case: "lbp305-pin-in-no-pool",
        shows: &["Service home/a - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP311",
        case: "lbp311-class-of-a-feature-that-is-off",
        shows: &["Service home/a - - -", "Service home/b - - -"],
        ..ROW
    },
    Row { code: "LBP311", speaks: false, case: "class-required", shows: &["Service a/t 10.0.10.0 True"], ..ROW },
    Row {
        code: "LBP312",
        case: "lbp312-dedicated-pool-beside-one-for-all",
        minor: "1.20",
        shows: &["Service home/mqtt 10.0.0.8", "Service home/mqtt 10.0.1.0"],
        ..ROW
    },
    Row {
        code: "LBP312",
        speaks: false,
        case: "lbp309-somebody-came-first",
        minor: "1.20",
        shows: &["Service data/registry 10.0.0.8"],
        ..ROW
    },
    Row {
        code: "LBP313",
        case: "lbp313-key-and-one-port",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP313",
        case: "lbp313-key-and-two-policies",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP313",
        case: "lbp313-one-sided-namespaces",
        shows: &["Service x/a 10.0.0.0", "Service y/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP313",
        case: "lbp313-out-of-ips-names-the-wrong-reason",
        shows: &["Service home/b - False out_of_ips"],
        ..ROW
    },
    Row {
        code: "LBP313",
        speaks: false,
        case: "lbp314-joins-one-of-two",
        shows: &["Service home/b 10.0.0.5 True"],
        ..ROW
    },
    Row {
        code: "LBP314",
        case: "lbp314-joins-one-of-two",
        shows: &["Service home/a 10.0.0.5,10.0.0.6", "Service home/b 10.0.0.5 True"],
        ..ROW
    },
    Row { code: "LBP314", speaks: false, case: "lbp313-key-and-one-port", shows: &["Service home/b 10.0.0.1"], ..ROW },
    Row { code: "LBP315", case: "lbp315-another-default", shows: &["Service home/a - - -"], ..ROW },
    Row {
        code: "LBP315",
        case: "lbp315-unknown-class",
        shows: &["Service home/a - - -", "Service home/b - - -"],
        ..ROW
    },
    Row { code: "LBP315", speaks: false, case: "class-required", shows: &["Service a/s - - -"], ..ROW },
    Row {
        code: "LBP316",
        case: "lbp316-newer-spelling-on-1-15",
        minor: "1.15",
        shows: &["Service home/a 10.0.0.1", "Service home/b 10.0.0.2"],
        ..ROW
    },
    Row {
        code: "LBP316",
        case: "lbp316-alias-hidden",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP316",
        case: "lbp316-different-pods-not-read",
        minor: "1.20",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP316",
        speaks: false,
        case: "lbp316-newer-spelling-on-1-15",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.0"],
        ..ROW
    },
    Row {
        code: "LBP317",
        case: "lbp317-misspelt-annotation",
        shows: &["Service home/a 10.0.0.0", "Service home/b 10.0.0.1"],
        ..ROW
    },
    Row {
        code: "LBP317",
        speaks: false,
        case: "lbp318-field-and-annotation",
        shows: &["Service home/a 10.0.0.5,10.0.0.6"],
        ..ROW
    },
    Row { code: "LBP318", case: "lbp318-field-and-annotation", shows: &["Service home/a 10.0.0.5,10.0.0.6"], ..ROW },
    Row {
        code: "LBP318",
        speaks: false,
        case: "lbp305-pin-in-no-pool",
        shows: &["Service home/a - False no_pool"],
        ..ROW
    },
    Row { code: "LBP319", case: "lbp319-pin-of-another-family", shows: &["Service home/a fd00::5 True"], ..ROW },
    Row { code: "LBP319", case: "lbp319-two-families-one-pin", shows: &["Service home/a 10.0.0.5 True"], ..ROW },
    Row {
        code: "LBP319",
        speaks: false,
        case: "lbp318-field-and-annotation",
        shows: &["Service home/a 10.0.0.5,10.0.0.6"],
        ..ROW
    },
    Row {
        code: "LBP320",
        case: "lbp320-labels-of-the-gateway",
        gateway_labels: "tier: edge",
        shows: &["Service network/cilium-gateway-public - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP320",
        speaks: false,
        case: "lbp304-pool-selects-the-gateways-own-label",
        gateway: "addresses: [{value: 10.0.0.8}]",
        shows: &["Service network/cilium-gateway-public - False"],
        ..ROW
    },
    Row {
        code: "LBP321",
        case: "lbp321-annotation-beside-addresses",
        gateway: "infrastructure: {annotations: {lbipam.cilium.io/ips: 10.0.0.9}}, addresses: [{value: 10.0.0.8}]",
        shows: &["Service network/cilium-gateway-public 10.0.0.9 True"],
        ..ROW
    },
    Row {
        code: "LBP321",
        speaks: false,
        case: "lbp302-gateway-in-no-pool",
        gateway: "addresses: [{value: 10.25.11.140}]",
        shows: &["Service network/cilium-gateway-public - False no_pool"],
        ..ROW
    },
    Row {
        code: "LBP322",
        case: "lbp322-ingress-annotation-left-behind",
        ingress: "io.cilium/lb-ipam-ips: 10.0.0.5",
        shows: &["Service home/cilium-ingress-shop 10.0.0.0 True"],
        ..ROW
    },
    Row {
        code: "LBP322",
        speaks: false,
        case: "lbp322-ingress-annotation-left-behind",
        ingress: "example.org/note: any",
        shows: &["Service home/cilium-ingress-shop 10.0.0.0 True"],
        ..ROW
    },
    Row { code: "LBP324", case: "lbp324-overlap-and-restart", shows: &["Service data/postgres - False"], ..ROW },
    Row {
        code: "LBP324",
        speaks: false,
        case: "requested-addresses",
        after: 2,
        shows: &["Service a/a 10.0.10.20 True"],
        ..ROW
    },
    Row { code: "LBP601", case: "lbp601-reserved-end-with-key", minor: "1.20", shows: &["panic"], ..ROW },
    Row {
        code: "LBP601",
        speaks: false,
        case: "lbp601-reserved-end-with-key",
        minor: "1.19",
        shows: &["Service dns/dns 10.0.0.8 True"],
        ..ROW
    },
    Row {
        code: "LBP601",
        speaks: false,
        case: "lbp308-reserved-end",
        minor: "1.20",
        shows: &["Service home/a - False already_allocated"],
        ..ROW
    },
    Row {
        code: "LBP602",
        case: "ends-turned-under-holder",
        after: 3,
        before: Some(2),
        shows: &["Service a/s 10.0.0.0 True", "Service a/t 10.0.0.0 True"],
        ..ROW
    },
    Row {
        code: "LBP602",
        case: "ends-turned-under-holder",
        minor: "1.20",
        after: 3,
        before: Some(2),
        shows: &["panic"],
        ..ROW
    },
    Row {
        code: "LBP602",
        speaks: false,
        case: "lbp604-end-freed-under-a-sharer",
        after: 3,
        before: Some(2),
        shows: &["Service n/a 10.0.0.8 True"],
        ..ROW
    },
    Row {
        code: "LBP603",
        case: "block-listed-twice-by-edit",
        after: 3,
        before: Some(2),
        shows: &["Service a/s - False no_pool", "pool p total 512"],
        ..ROW
    },
    Row {
        code: "LBP603",
        speaks: false,
        case: "range-added",
        after: 3,
        before: Some(2),
        shows: &["Service a/s 10.0.20.10 True", "pool p total 512 free 511 conflict False"],
        ..ROW
    },
    Row {
        code: "LBP604",
        case: "lbp604-end-freed-under-a-sharer",
        after: 3,
        before: Some(2),
        shows: &["Service n/a 10.0.0.8 True", "Service n/b 10.0.0.8 True"],
        ..ROW
    },
    Row {
        code: "LBP604",
        speaks: false,
        case: "ends-turned-under-holder",
        minor: "1.20",
        after: 3,
        before: Some(2),
        shows: &["panic"],
        ..ROW
    },
    Row {
        code: "LBP607",
        case: "pool-deleted",
        after: 4,
        before: Some(3),
        shows: &["Service a/s 10.0.30.0 True"],
        ..ROW
    },
    Row {
        code: "LBP607",
        speaks: false,
        case: "pool-deleted",
        after: 3,
        before: Some(2),
        seen: 3,
        shows: &["Service a/s 10.0.10.0 True"],
        ..ROW
    },
    Row {
        code: "LBP326",
        case: "lbp326-another-controller-writes",
        beside: POOL_OF_METALLB,
        // Over the 192.168.7.240 that the other has written.
        shows: &["Service home/a 10.0.0.0 True"],
        ..ROW
    },
    Row {
        code: "LBP326",
        speaks: false,
        case: "foreign-class",
        beside: POOL_OF_METALLB,
        shows: &["Service a/s - - -"],
        ..ROW
    },
    Row {
        code: "LBP327",
        case: "restart-on-full-pool",
        shows: &["Service a/s7 10.0.10.7 True", "Service a/s8 - False out_of_ips"],
        ..ROW
    },
    Row {
        code: "LBP327",
        case: "next-address-ends-reserved",
        shows: &["Service a/s06 - False out_of_ips", "pool p total 8 free 0"],
        ..ROW
    },
    Row {
        code: "LBP327",
        speaks: false,
        case: "pool-extended",
        shows: &["Service a/c 10.0.10.2 True", "Service a/d 10.0.10.3 True", "pool p total 8 free 4"],
        ..ROW
    },
    Row {
        code: "LBP303",
        speaks: false,
        case: "lbp302-gateway-in-no-pool",
        gateway: "addresses: [{value: 10.25.11.110}]",
        plan: PLAN,
        shows: &["pool gateway total 1"],
        ..ROW
    },
];
