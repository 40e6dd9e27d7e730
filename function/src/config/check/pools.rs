//! The pools and the Gateways that they are for.

use std::collections::BTreeMap;

use super::{Findings, names, varies};
use crate::cilium;
use crate::config::closest::unknown_name;
use crate::config::{Block, LoadBalancerPools, Pool, Selector};

pub(super) fn check(found: &mut Findings, config: &LoadBalancerPools) {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut remainder: Option<usize> = None;
    for (at, one) in config.spec.pools.iter().enumerate() {
        let path = format!("spec.pools[{at}]");
        names::object(found, &format!("{path}.name"), &one.name);
        if let Some(first) = names.insert(&one.name, at) {
            names.insert(&one.name, first);
            found.add(
                format!("{path}.name"),
                format!("spec.pools[{first}] is called `{}` already", one.name),
                "give each pool a name of its own",
            );
        }
        addresses(found, &path, one);
        if one.remainder {
            match remainder {
                None => {
                    remainder = Some(at);
                    remainder_of_what(found, &path, config);
                }
                Some(first) => found.add(
                    format!("{path}.remainder"),
                    format!("spec.pools[{first}] takes the remainder already"),
                    "let one pool take the remainder, and give the other its blocks",
                ),
            }
        }
        if let Some(wanted) = &one.service_selector {
            selector(found, &format!("{path}.serviceSelector"), wanted);
        }
    }
    gateways(found, config);
}

fn addresses(found: &mut Findings, path: &str, pool: &Pool) {
    match (pool.blocks.is_empty(), pool.remainder) {
        (true, false) => found.add(
            path,
            format!("the pool `{}` has no addresses", pool.name),
            "give it `blocks`, or `remainder: true` for what the other pools leave of the cluster's ranges",
        ),
        (false, true) => found.add(
            format!("{path}.remainder"),
            format!("the pool `{}` has both blocks and the remainder", pool.name),
            "leave one of them out",
        ),
        _ => {}
    }
    for (at, block) in pool.blocks.iter().enumerate() {
        self::block(found, &format!("{path}.blocks[{at}]"), block);
    }
}

/// Only the form: Cilium takes `cidr` and leaves `start` unread beside it, and a `stop` alone breaks the pool.
/// Numbers are judged where they are numbers already.
fn block(found: &mut Findings, path: &str, block: &Block) {
    let numbers = "write `cidr`, or `start` and `stop`, or `start` alone for a single address";
    for (field, text) in block.fields() {
        if text.trim().is_empty() {
            found.add(format!("{path}.{field}"), format!("`{field}` is empty"), numbers);
            return;
        }
    }
    match (&block.cidr, &block.start, &block.stop) {
        (None, None, None) => found.add(path, "the block is empty", numbers),
        (Some(_), None, None) | (None, Some(_), _) => {
            if block.fields().any(|(_, text)| varies(text)) {
                return;
            }
            let parsed = cilium::Block::parse(block.cidr.as_deref(), block.start.as_deref(), block.stop.as_deref());
            match parsed {
                Err(error) => found.add(path, format!("the block cannot be used: {error}"), numbers),
                Ok(parsed) if parsed.host_bits => found.add(
                    format!("{path}.cidr"),
                    format!("the prefix has bits set behind its length, and Cilium would take {}", parsed.range),
                    "write the first address of the prefix in front of the slash, or `start` and `stop`",
                ),
                Ok(_) => {}
            }
        }
        (None, None, Some(_)) => found.add(path, "the block has `stop` without `start`", numbers),
        (Some(_), ..) => found.add(
            path,
            "the block has `cidr` and `start` or `stop`, of which Cilium reads only `cidr`",
            "leave one of them out",
        ),
    }
}

fn remainder_of_what(found: &mut Findings, path: &str, config: &LoadBalancerPools) {
    let help = "write the ranges that the cluster owns under `spec.clusters[].ranges`";
    if config.spec.clusters.is_empty() {
        found.add(format!("{path}.remainder"), "there is no network plan to take the remainder of", help);
    }
    for cluster in config.spec.clusters.iter().filter(|cluster| cluster.ranges.is_empty()) {
        found.add(
            format!("{path}.remainder"),
            format!("the cluster `{}` has no ranges to take the remainder of", cluster.name),
            help,
        );
    }
}

/// A selector that Cilium cannot compile is accepted by the API server, and then fails every Service event that
/// meets it, without a condition on anything.
pub(super) fn selector(found: &mut Findings, path: &str, selector: &Selector) {
    let texts = selector.match_labels.iter().flat_map(|(key, value)| [key, value]);
    let more = selector.match_expressions.iter().flat_map(|one| one.values.iter().chain([&one.key]));
    if texts.chain(more).any(|text| varies(text)) {
        return;
    }
    if let Err(error) = selector.compile() {
        found.add(
            path,
            format!("the selector cannot be used: {error}"),
            "In and NotIn need values, Exists and DoesNotExist have none, and keys and values follow Kubernetes' \
             rules for labels",
        );
    }
}

fn gateways(found: &mut Findings, config: &LoadBalancerPools) {
    let pools: Vec<&str> = config.spec.pools.iter().map(|pool| pool.name.as_str()).collect();
    for (at, gateway) in config.spec.gateways.iter().enumerate() {
        let path = format!("spec.gateways[{at}]");
        if !varies(&gateway.address) && cilium::address::parse_address(&gateway.address).is_err() {
            found.add(
                format!("{path}.address"),
                format!("`{}` is no address", gateway.address),
                "write an address without a prefix length, or the setting that holds it, such as \
                 ${CILIUM_GATEWAY_LB_IP}",
            );
        }
        if !pools.contains(&gateway.pool.as_str()) {
            let (message, help) = unknown_name("pool", &gateway.pool, &pools);
            let help = if pools.is_empty() { "list it under `spec.pools`".to_owned() } else { help };
            found.add(format!("{path}.pool"), message, help);
        }
        if let Some(name) = &gateway.name {
            names::object(found, &format!("{path}.name"), name);
        }
        if let Some(namespace) = &gateway.namespace {
            names::label(found, &format!("{path}.namespace"), namespace, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, only};

    fn pool(rest: &str) -> String {
        format!(r#"{{"pools": [{{"name": "a", {rest}}}]}}"#)
    }

    #[test]
    fn a_pool_has_blocks_or_the_remainder() {
        assert_eq!(only(&pool(r#""disabled": true"#)).0, "spec.pools[0]");
        let both = r#"{"clusters": [{"name": "c", "ranges": "10.0.0.0/24"}],
            "pools": [{"name": "a", "remainder": true, "blocks": [{"start": "10.0.0.1"}]}]}"#;
        assert_eq!(only(both).0, "spec.pools[0].remainder");
    }

    #[test]
    fn one_pool_takes_the_remainder_of_a_plan() {
        let two = r#"{"clusters": [{"name": "c", "ranges": "10.0.0.0/24"}],
            "pools": [{"name": "a", "remainder": true}, {"name": "b", "remainder": true}]}"#;
        assert_eq!(only(two).0, "spec.pools[1].remainder");
        assert_eq!(only(&pool(r#""remainder": true"#)).1, "there is no network plan to take the remainder of");
        let unplanned = r#"{"clusters": [{"name": "c"}], "pools": [{"name": "a", "remainder": true}]}"#;
        assert_eq!(only(unplanned).1, "the cluster `c` has no ranges to take the remainder of");
    }

    #[test]
    fn names_are_names_and_are_used_once() {
        assert_eq!(only(r#"{"pools": [{"name": "Web", "blocks": [{"start": "10.0.0.1"}]}]}"#).0, "spec.pools[0].name");
        let twice = r#"{"pools": [{"name": "a", "blocks": [{"start": "10.0.0.1"}]},
                                  {"name": "a", "blocks": [{"start": "10.0.0.2"}]}]}"#;
        assert_eq!(only(twice).0, "spec.pools[1].name");
    }

    #[test]
    fn blocks_have_a_form_that_cilium_reads() {
        for (block, path, start) in [
            (r#"{}"#, "", "the block is empty"),
            (r#"{"stop": "10.0.0.1"}"#, "", "the block has `stop` without `start`"),
            (r#"{"cidr": "10.0.0.0/30", "start": "10.0.0.1"}"#, "", "the block has `cidr` and `start`"),
            (r#"{"start": "10.0.0.9", "stop": "10.0.0.1"}"#, "", "the block cannot be used: `start` comes after"),
            (r#"{"start": "10.0.0.9", "stop": "fd00::1"}"#, "", "the block cannot be used"),
            (r#"{"cidr": "10.0.0.9"}"#, "", "the block cannot be used"),
            (r#"{"cidr": "10.0.0.9/24"}"#, ".cidr", "the prefix has bits set behind its length"),
            (r#"{"cidr": ""}"#, ".cidr", "`cidr` is empty"),
        ] {
            let (at, message) = only(&pool(&format!(r#""blocks": [{block}]"#)));
            assert_eq!(at, format!("spec.pools[0].blocks[0]{path}"), "{block}");
            assert!(message.starts_with(start), "{block}: {message}");
        }
        for block in [
            r#"{"cidr": "10.0.0.0/24"}"#,
            r#"{"start": "10.0.0.1"}"#,
            r#"{"start": "fd00::1", "stop": "fd00::9"}"#,
            r#"{"cidr": "${A}/32"}"#,
            r#"{"start": "${A}", "stop": "10.0.0.1"}"#,
        ] {
            assert_eq!(found(&pool(&format!(r#""blocks": [{block}]"#))), [], "{block}");
        }
    }

    #[test]
    fn selectors_compile() {
        let with =
            |selector: &str| pool(&format!(r#""blocks": [{{"start": "10.0.0.1"}}], "serviceSelector": {selector}"#));
        for wrong in [
            r#"{"matchExpressions": [{"key": "a", "operator": "In"}]}"#,
            r#"{"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}"#,
            r#"{"matchLabels": {"a": "no blanks"}}"#,
        ] {
            assert_eq!(only(&with(wrong)).0, "spec.pools[0].serviceSelector", "{wrong}");
        }
        for right in [r#"{"matchLabels": {"a": "${TEAM}"}}"#, r#"{"matchLabels": {"a": ""}}"#, "{}"] {
            assert_eq!(found(&with(right)), [], "{right}");
        }
    }

    #[test]
    fn a_gateway_has_an_address_and_a_pool() {
        let with = |gateway: &str| {
            format!(
                r#"{{"pools": [{{"name": "gateway", "blocks": [{{"cidr": "${{A}}/32"}}]}}], "gateways": [{gateway}]}}"#
            )
        };
        assert_eq!(found(&with(r#"{"address": "${A}", "pool": "gateway"}"#)), []);
        let all = found(&with(r#"{"address": "${A}", "pool": "gatway"}"#));
        assert_eq!((all[0].0.as_str(), all[0].2.as_str()), ("spec.gateways[0].pool", "did you mean `gateway`?"));
        assert_eq!(only(&with(r#"{"address": "10.0.0.1/32", "pool": "gateway"}"#)).0, "spec.gateways[0].address");
        let (path, _) = only(r#"{"gateways": [{"address": "10.0.0.1", "pool": "x"}]}"#);
        assert_eq!(path, "spec.gateways[0].pool");
    }
}
