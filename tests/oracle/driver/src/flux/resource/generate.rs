//! Draws objects, Kustomizations and holders of variables, with what Flux treats specially drawn often.

use serde_json::{Map, Value, json};

use super::super::generate::{AROUND, TYPED, expression};
use super::case::Case;
use crate::random::Random;

const NAMES: &[&str] = &["A", "B", "C", "E", "N", "_x", "LONG_name9"];

const MARK: &str = "kustomize.toolkit.fluxcd.io/substitute";

const KEYS: &[&str] = &["a", "b", "cidr", "start", "replicas", "y", "no", "42", "with.dot/and", "f g", "Übung"];

/// Case number so and so of a seed.
pub(crate) fn case(seed: u64, number: u64) -> Case {
    let mut random = Random::of_case(seed, number);
    let random = &mut random;
    let mut held = Vec::new();
    let mut encrypted = Vec::new();
    for name in ["one", "two", "three"] {
        if random.once_in(4) {
            continue;
        }
        let kind = random.pick(&["ConfigMap", "ConfigMap", "Secret"]);
        let namespace = if random.once_in(12) { "other" } else { "flux-system" };
        let data: Map<String, Value> = (0..random.below(5))
            .map(|_| {
                let value = value(random);
                let value = if kind == "Secret" { base64(value.as_bytes()) } else { value };
                (variable(random), Value::String(value))
            })
            .collect();
        let mut holder = json!({
            "apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": data,
        });
        if random.once_in(8) {
            // The mark on a holder means nothing.
            holder["metadata"]["labels"] = json!({MARK: "disabled"});
        }
        held.push(holder);
        encrypted.push(random.once_in(if kind == "Secret" { 3 } else { 10 }));
    }
    let mut post_build = Map::new();
    if !random.once_in(6) {
        let from: Vec<Value> = (0..random.below(4)).map(|_| reference(random, &held)).collect();
        post_build.insert("substituteFrom".into(), from.into());
    }
    if random.once_in(2) {
        let inline: Map<String, Value> =
            (0..random.below(4)).map(|_| (variable(random), Value::String(value(random)))).collect();
        post_build.insert("substitute".into(), inline.into());
    }
    if random.once_in(4) {
        post_build.insert("substituteStrategy".into(), random.pick(&["Always", "WithVariables"]).into());
    }
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"}, "spec": {"postBuild": post_build},
    });
    Case { kustomization, held, encrypted, resource: resource(random), strict: random.once_in(2) }
}

/// Mostly to something that is there.
fn reference(random: &mut Random, held: &[Value]) -> Value {
    let mut reference = if random.once_in(8) || held.is_empty() {
        json!({"kind": random.pick(&["ConfigMap", "Secret"]), "name": random.pick(&["one", "two", "three", "none"])})
    } else {
        let holder = &held[random.below(held.len())];
        json!({"kind": holder["kind"], "name": holder["metadata"]["name"]})
    };
    if random.once_in(3) {
        reference["optional"] = Value::Bool(!random.once_in(4));
    }
    reference
}

fn variable(random: &mut Random) -> String {
    if random.once_in(60) {
        return random.pick(&["with-dash", "1st", "größe", "a.b", "x y"]).to_owned();
    }
    random.pick(NAMES).to_owned()
}

fn value(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("{}\n", random.pick(TYPED)),
        1 => format!("{}{}", random.pick(TYPED), random.pick(TYPED)),
        2 => random.pick(&["10.25.11.100", "10.25.11.0/24", "${A}", "$${B}", "two words", "\n", "-"]).to_owned(),
        _ => random.pick(TYPED).to_owned(),
    }
}

fn resource(random: &mut Random) -> Value {
    let mut metadata = json!({"name": "thing"});
    if random.once_in(2) {
        metadata["namespace"] = "apps".into();
    }
    if random.once_in(20) {
        metadata["name"] = text(random).into();
    }
    for list in ["labels", "annotations"] {
        if random.once_in(2) {
            let mut map: Map<String, Value> =
                (0..random.below(3)).map(|_| (key(random), Value::String(text(random)))).collect();
            if random.once_in(8) {
                let mark = random.pick(&["disabled", "disabled", "Disabled", "enabled", "${A}"]);
                map.insert(MARK.into(), mark.into());
            }
            metadata[list] = map.into();
        }
    }
    // Of other kinds lbpools keeps no more than the name.
    let (version, kind) = random.pick(&[("cilium.io/v2", "CiliumLoadBalancerIPPool"), ("v1", "Service")]);
    let mut resource = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
    resource["spec"] = branch(random, 3);
    resource
}

fn branch(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0..=3 => Value::String(text(random)),
        4 => plain(random.below(6)),
        5 => (0..random.below(4)).map(|_| branch(random, depth - 1)).collect(),
        _ => {
            let pairs: Map<String, Value> =
                (0..random.below(4)).map(|_| (key(random), branch(random, depth - 1))).collect();
            pairs.into()
        }
    }
}

fn plain(which: usize) -> Value {
    match which {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(42),
        3 => json!(-7.25),
        4 => json!("yes"),
        _ => json!(""),
    }
}

fn key(random: &mut Random) -> String {
    if random.once_in(15) {
        return format!("{}{}", random.pick(&["", "k-", "x "]), random.pick(&["${A}", "${B:-k}", "$$", "${U}"]));
    }
    random.pick(KEYS).to_owned()
}

fn text(random: &mut Random) -> String {
    match random.below(12) {
        0 => random.pick(TYPED).to_owned(),
        1 => expression(random, 2),
        2 => long(random),
        _ => {
            let mut text = random.pick(AROUND).to_owned();
            for _ in 0..random.below(3) {
                text += random.pick(&[
                    "${A}",
                    "${A}",
                    "${B}",
                    "${C:-yes}",
                    "${U:=012}",
                    "${U}",
                    "$${A}",
                    "${E}",
                    "${N:1:2}",
                ]);
                text += random.pick(AROUND);
            }
            text
        }
    }
}

/// Longer than a line that goyaml writes.
fn long(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..8 + random.below(14) {
        text += random.pick(&["word", "longer-word", "${A}", "${B:-a default of words}", "10.0.0.1", "x:", "$$"]);
        text += random.pick(&[" ", " ", " ", "  ", "\n", ", "]);
    }
    text
}

/// As the API server keeps a Secret's values.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_everybody_writes_it() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
