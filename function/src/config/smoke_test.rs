//! The smoke test that a config can ask for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Deployment and a Service of type LoadBalancer that answer over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(inline)]
pub struct SmokeTest {
    /// Name of the Deployment and the Service. Default: lb-echo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Namespace of both, which must exist. Default: default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The image, which must serve HTTP on port 8080 when started with `netexec --http-port=8080`.
    /// Default: Kubernetes' own test image, agnhost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The address to ask for, or the setting that holds it, or several with commas between. Left out: any free
    /// address of a pool that selects the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Further labels of the Service, for pools and advertisements that select by label.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The file for the smoke test, relative to the root of the package. Default: `output.path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl SmokeTest {
    /// Name of the Deployment and the Service.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("lb-echo")
    }

    /// Namespace of both.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// The image.
    pub fn image(&self) -> &str {
        self.image.as_deref().unwrap_or("registry.k8s.io/e2e-test-images/agnhost:2.53")
    }
}
