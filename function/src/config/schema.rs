//! The JSON Schema of the config, for editors.
//!
//! Draft 7, because that is what the YAML language server of most editors understands in full. It is checked in as
//! `docs/schema/loadbalancerpools.json`; `BLESS=1 cargo test -p lbpools-function schema` writes it anew.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::LoadBalancerPools;

/// The JSON Schema of a whole `LoadBalancerPools` object.
pub fn schema() -> Value {
    let root = SchemaSettings::draft07().into_generator().into_root_schema_for::<LoadBalancerPools>().to_value();
    let Value::Object(mut fields) = root else { return root };
    // What the file is comes first, for the people who open it.
    let first = ["$schema", "title", "description"].map(|key| (key.to_owned(), fields.shift_remove(key)));
    let head = first.into_iter().filter_map(|(key, value)| Some((key, value?)));
    head.chain(fields).collect()
}

#[cfg(test)]
mod tests;
