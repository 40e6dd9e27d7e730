//! The JSON Schema of the config, for editors.
//!
//! Draft 7, because that is what the YAML language server of most editors understands in full. It is checked in as
//! `docs/schema/loadbalancerpools.json`; `BLESS=1 cargo test -p lbpools-function schema` writes it anew.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::LoadBalancerPools;

/// The JSON Schema of a whole `LoadBalancerPools` object.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<LoadBalancerPools>();
    schema.insert("title".to_owned(), "LoadBalancerPools".into());
    schema.to_value()
}

#[cfg(test)]
mod tests;
