//! A pool as the config asks for it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::selector::Selector;

/// A pool to generate: one CiliumLoadBalancerIPPool. It has either `blocks` or `remainder: true`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// Name of the CiliumLoadBalancerIPPool.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The addresses, as numbers or as settings such as ${CILIUM_LB_POOL_START}.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// Take what is left: the cluster's ranges less what the other pools hold and less its reserved addresses.
    /// So a dedicated address can never be taken by a Service that came first, and two pools never overlap. One
    /// pool may say this. With `values: Literal` the pieces are written as numbers; with `values: Variables` as
    /// ${LB_POOL_NAME_START} and ${LB_POOL_NAME_END} (NAME is the pool's name in capitals; further pieces are
    /// ${LB_POOL_NAME_START_2}, ${LB_POOL_NAME_END_2} and so on), and the settings keys are proposed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remainder: bool,
    /// Which Services may have an address of this pool. Left out: every Service. Cilium matches the labels of the
    /// Service and two of its own: io.kubernetes.service.name and io.kubernetes.service.namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_selector: Option<Selector>,
    /// Whether the first and the last address of a `cidr` block are given away. Left out: Cilium's default, which
    /// is No in 1.15 and Yes from 1.16.
    #[serde(default, rename = "allowFirstLastIPs", skip_serializing_if = "Option::is_none")]
    pub allow_first_last_ips: Option<FirstLast>,
    /// A disabled pool gives no new address and still takes part in overlaps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Who to ask about this pool; the annotation lbpools.dev/owner of the generated object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What this pool is for; the annotation lbpools.dev/purpose of the generated object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What must stay free for growth: a percentage of the pool such as 25%, or a number of addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Headroom>,
}

/// One run of addresses: `cidr`, or `start` with or without `stop`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// A prefix, such as 10.25.11.112/29 or ${CILIUM_GATEWAY_LB_IP}/32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    /// The first address. Without `stop` it is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The last address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
}

impl Block {
    /// The three fields with their names.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("cidr", &self.cidr), ("start", &self.start), ("stop", &self.stop)]
            .into_iter()
            .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
    }
}

/// Whether the first and the last address of a `cidr` block are given away, in Cilium's own words (the enum of
/// its schema).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum FirstLast {
    /// They are given away.
    Yes,
    /// They are kept.
    No,
}

/// What must stay free in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headroom {
    /// So many hundredths of the pool.
    Percent(u32),
    /// So many addresses.
    Count(u64),
}

const HEADROOM: &str = "headroom is a percentage from 0% to 100% or a number of addresses";

impl FromStr for Headroom {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let text = text.trim();
        match text.strip_suffix('%').map(str::trim_end) {
            Some(percent) if digits(percent) => {
                percent.parse().ok().filter(|&percent| percent <= 100).map(Headroom::Percent).ok_or(HEADROOM)
            }
            None if digits(text) => text.parse().map(Headroom::Count).map_err(|_| HEADROOM),
            _ => Err(HEADROOM),
        }
    }
}

impl fmt::Display for Headroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Headroom::Percent(percent) => write!(f, "{percent}%"),
            Headroom::Count(1) => f.write_str("1 address"),
            Headroom::Count(count) => write!(f, "{count} addresses"),
        }
    }
}

impl Serialize for Headroom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Headroom::Percent(percent) => serializer.collect_str(&format_args!("{percent}%")),
            Headroom::Count(count) => serializer.serialize_u64(*count),
        }
    }
}

// By hand: an untagged enum would buffer the value and lose its place in the file.
impl<'de> Deserialize<'de> for Headroom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PercentOrCount;

        impl Visitor<'_> for PercentOrCount {
            type Value = Headroom;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage such as 25% or a number of addresses")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Headroom, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Headroom, E> {
                Ok(Headroom::Count(count))
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Headroom, E> {
                u64::try_from(count).map(Headroom::Count).map_err(|_| E::custom(HEADROOM))
            }
        }

        deserializer.deserialize_any(PercentOrCount)
    }
}

impl JsonSchema for Headroom {
    fn schema_name() -> Cow<'static, str> {
        "Headroom".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "string", "pattern": "^(([0-9]|[1-9][0-9]|100)%|[0-9]+)$"},
                {"type": "integer", "minimum": 0},
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_is_a_percentage_or_a_count() {
        let read = |json: &str| serde_json::from_str::<Headroom>(json).map_err(|error| error.to_string());
        assert_eq!(read("\"25%\""), Ok(Headroom::Percent(25)));
        assert_eq!(read("\"100%\""), Ok(Headroom::Percent(100)));
        assert_eq!(read("\"5\""), Ok(Headroom::Count(5)));
        assert_eq!(read("5"), Ok(Headroom::Count(5)));
        for wrong in ["\"101%\"", "\"%\"", "\"-1\"", "-1", "\"+5\"", "\"a lot\"", "\"25.5%\"", "\"\""] {
            let message = read(wrong).expect_err("is refused");
            assert!(message.starts_with(HEADROOM), "{wrong}: {message}");
        }
        assert!(read("1.5").is_err());
        assert_eq!(serde_json::to_string(&Headroom::Percent(25)).ok().as_deref(), Some("\"25%\""));
        assert_eq!(Headroom::Count(5).to_string(), "5 addresses");
    }
}
