//! The least case that still differs.

use serde_json::Value;

use super::case::Case;

/// Take away from a case what its difference does not need. `differs` asks both sides.
pub(crate) fn shrink(case: &Case, differs: &mut dyn FnMut(&Case) -> anyhow::Result<bool>) -> anyhow::Result<Case> {
    let mut least = case.clone();
    'smaller: loop {
        for candidate in smaller(&least) {
            if differs(&candidate)? {
                least = candidate;
                continue 'smaller;
            }
        }
        return Ok(least);
    }
}

fn smaller(case: &Case) -> Vec<Case> {
    let mut candidates = Vec::new();
    for n in 0..case.held.len() {
        let mut without = case.clone();
        without.held.remove(n);
        without.encrypted.remove(n);
        candidates.push(without);
        for held in less(&case.held[n], &["apiVersion", "kind", "metadata", "name", "namespace"]).filter(is_storable) {
            let mut with = case.clone();
            with.held[n] = held;
            candidates.push(with);
        }
        if case.encrypted[n] {
            let mut plain = case.clone();
            plain.encrypted[n] = false;
            candidates.push(plain);
        }
    }
    let kept = ["apiVersion", "kind", "metadata", "name", "namespace", "spec"];
    candidates.extend(less(&case.kustomization, &kept).map(|kustomization| Case { kustomization, ..case.clone() }));
    let kept = ["apiVersion", "kind", "metadata", "name"];
    candidates.extend(less(&case.resource, &kept).map(|resource| Case { resource, ..case.clone() }));
    if case.strict {
        candidates.push(Case { strict: false, ..case.clone() });
    }
    candidates
}

/// Whether an API server could hold it: a Secret's values are base64.
fn is_storable(holder: &Value) -> bool {
    let values = holder.get("data").and_then(Value::as_object).into_iter().flatten();
    holder["kind"] != "Secret" || values.into_iter().all(|(_, v)| v.as_str().is_some_and(|text| text.len() % 4 == 0))
}

/// The value without one of its parts, big parts first; what is under these keys stays.
fn less(value: &Value, kept: &[&str]) -> impl Iterator<Item = Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for key in map.keys().filter(|key| !kept.contains(&key.as_str())) {
                let mut without = map.clone();
                without.remove(key);
                found.push(Value::Object(without));
            }
            for (key, inner) in map {
                if kept.contains(&key.as_str()) && inner.is_string() {
                    continue;
                }
                for inner in less(inner, kept) {
                    let mut with = map.clone();
                    with.insert(key.clone(), inner);
                    found.push(Value::Object(with));
                }
            }
        }
        Value::Array(items) => {
            for n in 0..items.len() {
                let mut without = items.clone();
                without.remove(n);
                found.push(Value::Array(without));
            }
            for (n, item) in items.iter().enumerate() {
                for item in less(item, kept) {
                    let mut with = items.clone();
                    with[n] = item;
                    found.push(Value::Array(with));
                }
            }
        }
        Value::String(text) => found.extend(super::super::shrink::shorter(text).map(Value::String)),
        _ => {}
    }
    found.into_iter()
}
