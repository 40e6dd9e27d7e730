//! What was verified, in the words of the report.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kept, PoolDrift, Verified, requests, scenario, words};
use crate::cilium::ServiceKey;
use crate::observed::{Condition, Conditions, LivingService};
use crate::report::{
    DeliveryVerified, GatewayVerified, OriginReport, PoolCounts, PoolVerified, Presences, RequestReport,
    RequestVerified, ResourceRef, Standing, Verification,
};

/// As many scenarios as a report holds.
const MOST_SCENARIOS: usize = 8;

impl Verified<'_, '_, '_> {
    /// As part of the report; `reports` are the requests of the cluster as the report has them.
    pub fn told(&self, known_by: &str, reports: &[RequestReport]) -> Verification {
        Verification {
            cluster: self.view.cluster.name.clone(),
            known_by: known_by.to_owned(),
            cilium: super::living::version(self.living.observed).map(|version| version.to_string()),
            requests: self.requests_told(reports),
            pools: self.pools_told(),
            gateways: self.gateways_told(),
            kustomizations: self.kustomizations_told(),
            smoke_test: None,
        }
    }

    fn requests_told(&self, reports: &[RequestReport]) -> Vec<RequestVerified> {
        let mut scenarios = 0;
        let mut scenario_of = |key: Option<&ServiceKey>, standing: Standing| {
            let at = self.living.place(key.filter(|_| standing == Standing::WrongPrediction)?)?;
            scenarios += 1;
            (scenarios <= MOST_SCENARIOS).then(|| scenario::of(&self.living, &self.living.services[at]))
        };
        let mut told: Vec<RequestVerified> = Vec::with_capacity(reports.len() + self.others.len());
        for (stand, report) in self.requests.iter().zip(reports) {
            told.push(RequestVerified {
                resource: report.resource.clone(),
                service: report.service.clone(),
                at: report.at.clone(),
                origin: OriginReport::Repository,
                predicted: report.outcomes.clone(),
                actual: stand.actual.clone(),
                reason: stand.reason.clone(),
                standing: stand.standing,
                because: stand.because.clone(),
                scenario: scenario_of(stand.key.as_ref(), stand.standing),
            });
        }
        for (key, origin) in &self.others {
            let Some(living) = self.living.observed.services.get(key) else { continue };
            let (standing, because) = self.other(key, living, *origin);
            told.push(RequestVerified {
                resource: ResourceRef {
                    api_version: "v1".into(),
                    kind: "Service".into(),
                    namespace: Some(key.namespace.clone()),
                    name: key.name.clone(),
                },
                service: None,
                at: None,
                origin: *origin,
                predicted: Vec::new(),
                actual: requests::actual(self, living),
                reason: requests::reason(living),
                standing,
                because,
                scenario: scenario_of(Some(key), standing),
            });
        }
        told
    }

    /// How a Service stands that the repository does not have.
    fn other(&self, key: &ServiceKey, living: &LivingService, origin: OriginReport) -> (Standing, String) {
        let accounts = self.living.accounts(key);
        if let Some((address, why)) = accounts.and_then(|accounts| accounts.contradiction()) {
            return (Standing::WrongPrediction, words::contradiction(self, address, why));
        }
        let because = match (origin, &living.origin) {
            (OriginReport::Helm, origin) => {
                let release = origin.helm_release.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("Helm release {release} made it, which is not rendered here")
            }
            (OriginReport::Owned, origin) => {
                let owner = origin.owner.as_ref().map(|(kind, name)| format!("{kind} {name}")).unwrap_or_default();
                format!("{owner} owns it")
            }
            _ => match self.open() {
                Some(why) => format!("it is in no manifest that is known here: {why}"),
                None => "the repository does not know it".into(),
            },
        };
        (Standing::NotPredicted, because)
    }

    fn pools_told(&self) -> Vec<PoolVerified> {
        let counted = self.living.counted();
        let observed = &self.living.observed.pools;
        let ours = self.view.pools.iter().map(|pool| pool.label());
        let names: BTreeSet<String> = ours.chain(observed.keys().cloned()).collect();
        let held_by: BTreeMap<&str, &Kept> =
            self.objects.iter().filter(|held| held.is_pool()).map(|held| (held.name.as_str(), &held.kept)).collect();
        let place: BTreeMap<&str, usize> =
            self.living.pools.iter().enumerate().map(|(at, pool)| (pool.name.as_str(), at)).collect();
        let told = |name: String| {
            let living = observed.get(&name);
            let at = place.get(name.as_str()).copied();
            let differs = match held_by.get(name.as_str()) {
                Some(Kept::There(edits)) => edits
                    .iter()
                    .map(|edit| format!("{} is {}, in the repository {}", edit.path, edit.living, edit.written))
                    .collect(),
                _ => Vec::new(),
            };
            PoolVerified {
                presence: match (self.pools.get(&name), living) {
                    (Some(PoolDrift::Missing), _) => Presences::Repository,
                    (Some(PoolDrift::Foreign), _) => Presences::Cluster,
                    (_, Some(_)) => Presences::Both,
                    (_, None) => Presences::NotKnown,
                },
                differs,
                counts: living.and_then(|pool| {
                    let count = |which| pool.count(which).map(str::to_owned);
                    Some(PoolCounts { total: count("Total")?, available: count("Available")?, used: count("Used") })
                }),
                counted: at.and_then(|at| counted.get(at).cloned()),
                conflict: living.and_then(|pool| pool.conflict()),
                name,
            }
        };
        names.into_iter().map(told).collect()
    }

    fn gateways_told(&self) -> Vec<GatewayVerified> {
        let observed = &self.living.observed.gateways;
        let ours = self.objects.iter().filter(|held| held.object.item.is("gateway.networking.k8s.io", "Gateway"));
        let mut told: Vec<GatewayVerified> = ours
            .map(|held| {
                let living = held.name.split_once('/').and_then(|(ns, name)| observed.get(&ServiceKey::new(ns, name)));
                GatewayVerified {
                    name: held.name.clone(),
                    presence: presence(&held.kept),
                    addresses: living.map(|gateway| gateway.addresses.clone()).unwrap_or_default(),
                    programmed: living.and_then(|gateway| condition(&gateway.conditions, "Programmed")),
                    accepted: living.and_then(|gateway| condition(&gateway.conditions, "Accepted")),
                }
            })
            .collect();
        let known: BTreeSet<String> = told.iter().map(|gateway| gateway.name.clone()).collect();
        told.extend(observed.iter().filter(|(key, _)| !known.contains(&key.to_string())).map(|(key, gateway)| {
            GatewayVerified {
                name: key.to_string(),
                presence: Presences::Cluster,
                addresses: gateway.addresses.clone(),
                programmed: condition(&gateway.conditions, "Programmed"),
                accepted: condition(&gateway.conditions, "Accepted"),
            }
        }));
        told
    }

    fn kustomizations_told(&self) -> Vec<DeliveryVerified> {
        let ours =
            self.objects.iter().filter(|held| held.object.item.is("kustomize.toolkit.fluxcd.io", "Kustomization"));
        ours.map(|held| {
            let key = held.name.split_once('/').map(|(namespace, name)| ServiceKey::new(namespace, name));
            let living = key.as_ref().and_then(|key| self.living.observed.kustomizations.get(key));
            DeliveryVerified {
                name: held.name.clone(),
                presence: presence(&held.kept),
                ready: living.and_then(|living| condition(&living.conditions, "Ready")),
                revision: living.and_then(|living| living.applied.clone()),
                offered: key.as_ref().and_then(|key| self.offered(key)).map(str::to_owned),
                suspended: living.is_some_and(|living| living.suspended),
            }
        })
        .collect()
    }

    /// The revision that the source of a living Kustomization offers.
    pub fn offered(&self, key: &ServiceKey) -> Option<&str> {
        self.living.observed.sources.get(&self.source(key)?)?.revision.as_deref()
    }

    /// The source of a living Kustomization, by kind and name.
    pub fn source(&self, key: &ServiceKey) -> Option<(String, ServiceKey)> {
        let living = self.living.observed.kustomizations.get(key)?;
        let reference = |field: &str| living.spec.get("sourceRef")?.get(field)?.as_str();
        let namespace = reference("namespace").unwrap_or(&key.namespace);
        Some((reference("kind")?.to_owned(), ServiceKey::new(namespace, reference("name")?)))
    }
}

fn presence(kept: &Kept) -> Presences {
    match kept {
        Kept::There(_) | Kept::OtherType => Presences::Both,
        Kept::Missing => Presences::Repository,
        Kept::NotKnown(_) => Presences::NotKnown,
    }
}

/// `True`, or `False (Reason)`.
fn condition(conditions: &Conditions, of: &str) -> Option<String> {
    let Condition { status, reason, .. } = conditions.get(of)?;
    Some(match status.as_str() {
        "True" => status.clone(),
        status => format!("{status} ({reason})"),
    })
}
