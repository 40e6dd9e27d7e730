//! What the cluster comes to when the repository is applied to it: what is there stays as it is where nothing differs,
//! so that only differences move anything; what Flux put there and the repository no longer has is pruned.

use std::collections::BTreeSet;

use super::{Kept, Verified};
use crate::cilium::{Pool, Service, ServiceKey};
use crate::cluster::difference::Applied;
use crate::cluster::requests::Asker;
use crate::observed::Origin;

impl Verified<'_, '_, '_> {
    /// Pools and Services before and after.
    pub fn applied(&self) -> Applied {
        let mut unknown = Vec::new();
        let pools = self.pools_applied(&mut unknown);
        let services = self.services_applied(&mut unknown);
        for kustomization in &self.view.cluster.wiring.kustomizations {
            if kustomization.is_set("suspend") {
                unknown.push(format!(
                    "Kustomization {} is suspended: what it would bring is not applied",
                    kustomization.name
                ));
            }
        }
        Applied {
            pools: [self.living.pools.clone(), pools],
            services: [self.living.services.clone(), services],
            unknown,
        }
    }

    /// Whether Flux takes an object away that the repository no longer has.
    fn is_pruned(&self, origin: &Origin) -> bool {
        let by = origin.kustomization.as_ref().map(ToString::to_string);
        let by = by.as_deref().and_then(|by| self.view.cluster.wiring.kustomization(by));
        self.open().is_none() && by.is_some_and(|by| by.is_set("prune") && !by.is_set("suspend"))
    }

    fn pools_applied(&self, unknown: &mut Vec<String>) -> Vec<Pool> {
        let observed = &self.living.observed.pools;
        // What comes is younger than all that is there.
        let newest = self.living.pools.iter().filter_map(|pool| pool.created).max().unwrap_or(-1) + 1;
        let edited: BTreeSet<&str> = self
            .objects
            .iter()
            .filter(|held| held.is_pool() && matches!(&held.kept, Kept::There(edits) if !edits.is_empty()))
            .map(|held| held.name.as_str())
            .collect();
        let mut pools = Vec::new();
        let mut ours = BTreeSet::new();
        for view in &self.view.pools {
            let name = view.label();
            let living = observed.get(&name).map(|living| &living.pool);
            if let Some(why) = view.uncertain() {
                unknown.push(format!("pool {name}: {why}"));
                pools.extend(living.cloned());
            } else {
                match living {
                    Some(living) if !edited.contains(name.as_str()) => pools.push(living.clone()),
                    Some(living) => pools.push(Pool { created: living.created, ..view.model() }),
                    None => pools.push(Pool { created: Some(newest), ..view.model() }),
                }
            }
            ours.insert(name);
        }
        let others = observed.iter().filter(|(name, living)| !ours.contains(*name) && !self.is_pruned(&living.origin));
        pools.extend(others.map(|(_, living)| living.pool.clone()));
        pools.sort_by(|one, two| one.name.cmp(&two.name));
        pools
    }

    fn services_applied(&self, unknown: &mut Vec<String>) -> Vec<Service> {
        let observed = self.living.observed;
        let mut services: Vec<Service> = Vec::with_capacity(self.living.services.len());
        let mut ours: BTreeSet<&ServiceKey> = BTreeSet::new();
        for request in &self.view.requests {
            let Some(service) = request.service.known() else {
                let why = request.service.unknown().unwrap_or_default();
                unknown.push(format!("{}: {why}", request.label()));
                continue;
            };
            ours.insert(&service.key);
            let held = self.held(request.object).map(|held| &held.kept);
            let differs = match held {
                Some(Kept::There(edits)) => !edits.is_empty(),
                _ => false,
            };
            match observed.services.get(&service.key).map(|living| &living.service) {
                Some(living) if !differs || request.object.suspended.is_some() => services.push(living.clone()),
                Some(living) => services.push(over(living, service, request.asker == Asker::Service)),
                None if request.object.suspended.is_some() => {}
                None => services.push(service.clone()),
            }
        }
        for (key, living) in observed.services.iter().filter(|(key, _)| !ours.contains(*key)) {
            if self.others.contains_key(key) && self.is_pruned(&living.origin) {
                continue;
            }
            services.push(living.service.clone());
        }
        services.sort_by(|one, two| one.key.cmp(&two.key));
        services
    }
}

/// A Service of the cluster with what the repository says of it. Of a derived one Cilium only ever adds labels and
/// annotations, and makes the rest anew.
fn over(living: &Service, ours: &Service, written: bool) -> Service {
    let mut labels = living.labels.clone();
    labels.extend(ours.labels.clone());
    let mut annotations = if written { Default::default() } else { living.annotations.clone() };
    annotations.extend(ours.annotations.clone());
    Service { labels, annotations, class: living.class.clone(), ingress: living.ingress.clone(), ..ours.clone() }
}
