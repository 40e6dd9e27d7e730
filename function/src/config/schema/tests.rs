use std::path::PathBuf;

use serde_json::json;

use super::*;

/// The example of the documentation: every part of a config once.
const EXAMPLE: &str = include_str!("example.yaml");

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/loadbalancerpools.json")
}

fn example() -> Value {
    let root = crate::krm::parse::document(EXAMPLE).expect("parses");
    crate::krm::decode::decode::<Value>(&root).expect("is data")
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the test compares with a file and writes it when told to")]
fn the_checked_in_schema_is_fresh() {
    let fresh = serde_json::to_string_pretty(&schema()).expect("is JSON") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file(), &fresh).expect("is written");
    }
    let checked_in = std::fs::read_to_string(file()).expect("docs/schema/loadbalancerpools.json is there");
    assert!(checked_in == fresh, "stale: run `BLESS=1 cargo test -p lbpools-function schema`");
}

#[test]
fn the_example_is_read_and_makes_sense() {
    let root = crate::krm::parse::document(EXAMPLE).expect("parses");
    let config: LoadBalancerPools = crate::krm::decode::decode(&root).expect("fits");
    assert_eq!(crate::config::problems(&config, &["unpinned-service"]), []);
    assert_eq!(config.spec.pools.len(), 2);
}

#[test]
fn the_example_fits_the_schema() {
    assert_eq!(misfits(&schema(), &schema(), &example(), ""), Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_reading_refuses() {
    let with = |pointer: &str, value: Value| {
        let mut example = example();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = example.pointer_mut(parent).and_then(Value::as_object_mut).expect("a map");
        parent.insert(key.to_owned(), value);
        example
    };
    for (pointer, value) in [
        ("/kind", json!("LoadBalancerPool")),
        ("/apiVersion", json!("lbpools.dev/v1")),
        ("/spec/pool", json!([])),
        ("/spec/pools/0/bloks", json!([])),
        ("/spec/pools/0/headroom", json!("lots")),
        ("/spec/pools/0/headroom", json!("101%")),
        ("/spec/pools/0/allowFirstLastIPs", json!(true)),
        ("/spec/clusters/0/reserved", json!("10.0.0.1")),
        ("/spec/output/values", json!("literal")),
        ("/spec/severity/x", json!("fatal")),
        ("/spec/cilium/version", json!(1.18)),
        ("/spec/advertise/bgp", json!("yes")),
    ] {
        let broken = with(pointer, value.clone());
        assert!(!misfits(&schema(), &schema(), &broken, "").is_empty(), "schema takes {pointer}: {value}");
        assert!(serde_json::from_value::<LoadBalancerPools>(broken).is_err(), "reading takes {pointer}: {value}");
    }
}

#[test]
fn every_field_is_described() {
    fn check(schema: &Value, path: &str) {
        for (key, child) in schema.as_object().into_iter().flatten() {
            if key == "properties" {
                for (name, property) in child.as_object().into_iter().flatten() {
                    assert!(property["description"].is_string(), "{path}/{name} has no description");
                }
            }
            check(child, &format!("{path}/{key}"));
        }
    }
    check(&schema(), "");
}

/// The part of JSON Schema that ours uses, and an error on any keyword beyond: enough to hold an example against
/// it without a validator's eighty crates.
fn misfits(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let say = |what: String| format!("{path}: {what}");
    for (keyword, expected) in schema.as_object().into_iter().flatten() {
        let list = expected.as_array().map(Vec::as_slice).unwrap_or_default();
        match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" | "examples" | "format" => {}
            "$ref" => {
                let pointer = expected.as_str().unwrap_or_default().trim_start_matches('#');
                found.extend(misfits(root, root.pointer(pointer).expect("a definition"), value, path));
            }
            "type" => {
                let is = |name: &Value| match name.as_str() {
                    Some("object") => value.is_object(),
                    Some("array") => value.is_array(),
                    Some("string") => value.is_string(),
                    Some("boolean") => value.is_boolean(),
                    Some("integer") => value.is_i64() || value.is_u64(),
                    Some("null") => value.is_null(),
                    other => panic!("type {other:?}"),
                };
                if !(expected.is_string() && is(expected) || list.iter().any(is)) {
                    found.push(say(format!("{value} is no {expected}")));
                }
            }
            "enum" | "const" => {
                if !list.contains(value) && value != expected {
                    found.push(say(format!("{value} is not one of {expected}")));
                }
            }
            "properties" => {
                for (name, child) in expected.as_object().into_iter().flatten() {
                    if let Some(inner) = value.get(name) {
                        found.extend(misfits(root, child, inner, &format!("{path}/{name}")));
                    }
                }
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                let others = value.as_object().into_iter().flatten().filter(|(name, _)| known.get(name).is_none());
                for (name, inner) in others {
                    match expected {
                        Value::Bool(false) => found.push(say(format!("unknown field {name}"))),
                        Value::Bool(true) => {}
                        _ => found.extend(misfits(root, expected, inner, &format!("{path}/{name}"))),
                    }
                }
            }
            "required" => {
                for name in list.iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(say(format!("{name} is missing")));
                    }
                }
            }
            "items" => {
                for (at, inner) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(misfits(root, expected, inner, &format!("{path}/{at}")));
                }
            }
            "anyOf" | "oneOf" => {
                if !list.iter().any(|one| misfits(root, one, value, path).is_empty()) {
                    found.push(say(format!("{value} fits none of {expected}")));
                }
            }
            "allOf" => found.extend(list.iter().flat_map(|one| misfits(root, one, value, path))),
            "minLength" => {
                let shortest = expected.as_u64().unwrap_or_default() as usize;
                if value.as_str().is_some_and(|text| text.chars().count() < shortest) {
                    found.push(say(format!("{value} is too short")));
                }
            }
            "maxLength" | "minimum" | "maximum" => {}
            // Three patterns, held against what they mean.
            "pattern" => {
                let fits = |text: &str| match expected.as_str() {
                    Some(r"^v?1\.[0-9]+") => text.trim_start_matches('v').starts_with("1."),
                    Some(r"^v?2\.[0-9]+") => text.trim_start_matches('v').starts_with("2."),
                    Some(_) => text.parse::<crate::config::Headroom>().is_ok(),
                    None => false,
                };
                if value.as_str().is_some_and(|text| !fits(text)) {
                    found.push(say(format!("{value} does not match {expected}")));
                }
            }
            other => panic!("the schema uses {other}, which this check does not know"),
        }
    }
    found
}
