//! What a smoke test is to get in the cluster as it is.

use serde_json::Value;

use super::Verified;
use crate::cilium::Family;
use crate::cilium::Service;
use crate::cilium::history::{Arrival, Mark, arrival};
use crate::cilium::prediction;
use crate::observed;
use crate::report::{Outcome, SmokeTestReport};

impl Verified<'_, '_, '_> {
    /// The objects, of which the last is the Service, and what it is to get.
    pub fn smoke_test(&self, objects: &[Value]) -> SmokeTestReport {
        let living = &self.living;
        let service = objects.last().map(|object| observed::service(object).service).unwrap_or_default();
        let enabled: Vec<Family> = [(Family::V4, living.flags.ipv4), (Family::V6, living.flags.ipv6)]
            .into_iter()
            .filter_map(|(family, on)| on.then_some(family))
            .collect();
        let service = service.with_server_defaults(&enabled);
        SmokeTestReport {
            service: service.key.to_string(),
            objects: objects.iter().map(Value::to_string).collect(),
            predicted: self.arriving(&service),
            ranges: self.serving(&service),
            outcome: None,
        }
    }

    fn arriving(&self, service: &Service) -> Vec<Outcome> {
        let living = &self.living;
        if living.observed.unread.contains_key("Service") || !living.observed.coverage.contains_key("Service") {
            return vec![Outcome::Unknown { because: "the Services of the cluster were not read".into() }];
        }
        match arrival(living.seen(), service) {
            Arrival::NotServed(why) => vec![Outcome::Pending { reason: "ignored".into(), because: why.to_string() }],
            Arrival::Open => {
                let because = "a pool stops the operator, or has not been looked at as it is".into();
                vec![Outcome::Unknown { because }]
            }
            Arrival::Wishes(wishes) => wishes.iter().map(|(_, outcome)| self.told_outcome(outcome)).collect(),
        }
    }

    fn told_outcome(&self, outcome: &prediction::Outcome) -> Outcome {
        let name = |pool: &usize| self.living.pools.get(*pool).map(|pool| pool.name.clone()).unwrap_or_default();
        match outcome {
            prediction::Outcome::Address { address, pool } => Outcome::Address {
                address: address.to_string(),
                pool: name(pool),
                because: "it is the first of the only gap".into(),
            },
            prediction::Outcome::OneOf { addresses, pools, or_pending, .. } => Outcome::OneOf {
                ranges: addresses.iter().map(ToString::to_string).collect(),
                pools: pools.iter().map(name).collect(),
                more: 0,
                or_none: !or_pending.is_empty(),
                because: "each is the first of a gap, and which one is used hangs on what the operator gave before"
                    .into(),
            },
            prediction::Outcome::Pending(reason) => {
                Outcome::Pending { reason: reason.word(&self.living.profile).into(), because: reason.to_string() }
            }
            prediction::Outcome::Fails { .. } | prediction::Outcome::EndsOperator { .. } => {
                Outcome::Unknown { because: "the operator cannot handle it".into() }
            }
        }
    }

    /// The addresses of pools in force that select it.
    fn serving(&self, service: &Service) -> Vec<String> {
        let labels = service.selectable_labels();
        let pools = self.living.pools.iter().zip(&self.living.marks);
        let serving = pools
            .filter(|(pool, mark)| !pool.disabled && **mark != Mark::Conflicting && pool.selects(&labels) == Ok(true));
        let ranges =
            serving.flat_map(|(pool, _)| pool.assignable(&self.living.profile).iter().copied().collect::<Vec<_>>());
        let all: crate::cilium::Ranges = ranges.collect();
        all.iter().map(ToString::to_string).collect()
    }
}
