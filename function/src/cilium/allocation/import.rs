//! Taking back what a Service may no longer have, and taking over what its status says it has.

use super::chance::Chance;
use super::controller::{Controller, Stop, ViewId, plain};
use super::holders::HeldAddress;
use crate::cilium::address::{Family, number};

impl Controller {
    /// Take back every address that the Service may no longer have (`stripInvalidAllocations`).
    pub(super) fn strip(&mut self, view: ViewId) -> Result<(), Stop> {
        let mut failed = None;
        for at in (0..self.views[view].held.len()).rev() {
            let Some(held) = self.views[view].held.get(&self.shared.slots, at) else { continue };
            match self.keeps(view, held) {
                Ok(true) => {}
                Ok(false) => self.give_back(view, held, at)?,
                Err(Stop::Error(error)) => failed = Some(Stop::Error(error)),
                Err(panic) => return Err(panic),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn keeps(&self, view: ViewId, held: HeldAddress) -> Result<bool, Stop> {
        if self.selects(held.range, view)? != Some(true) || !self.still_compatible(view, held)? {
            return Ok(false);
        }
        let this = &self.views[view];
        Ok(if this.requested.is_empty() {
            this.families.has(Family::of(held.address))
        } else {
            this.requested.contains(&held.address)
        })
    }

    /// Whether the Service may go on sharing. Up to 1.19 all its addresses are looked at each time.
    fn still_compatible(&self, view: ViewId, held: HeldAddress) -> Result<bool, Stop> {
        if self.has_clusters() {
            return match self.ranges[held.range].holders.get(&number(held.address)) {
                Some(Some(cluster)) => Ok(self.joins(view, *cluster).is_ok()),
                _ => Err(Stop::Panic("an address is held that is free or reserved")),
            };
        }
        let this = &self.views[view];
        Ok(this.held.iter(&self.shared.slots).all(|held| {
            let (services, _) = self.holders(held);
            services.len() == 1
                || services
                    .iter()
                    .filter(|&&other| other != view)
                    .all(|&other| self.views[other].sharing.compatible(&this.sharing, self.ports).is_ok())
        }))
    }

    fn give_back(&mut self, view: ViewId, held: HeldAddress, at: usize) -> Result<(), Stop> {
        let number = number(held.address);
        let holder = self.ranges[held.range].holders.get(&number).copied();
        let key = self.views[view].sharing.key.clone();
        self.touch(held.range);
        if self.has_clusters() {
            let Some(Some(cluster)) = holder else {
                return Err(Stop::Panic("an address is given back that is free or reserved"));
            };
            if self.leave(view, held, cluster) {
                self.free(held.range, number);
                if let Some(key) = key {
                    self.shared.remove_cluster(&key, cluster);
                }
            }
        } else {
            if let Some(Some(cluster)) = holder {
                self.leave(view, held, cluster);
            }
            if self.holders(held).0.is_empty() {
                self.free(held.range, number);
                self.shared.remove_place(key.as_deref().unwrap_or_default(), held);
            }
        }
        self.views[view].held.remove(&mut self.shared.slots, at);
        self.stir_sharers(view);
        Ok(())
    }

    /// Forget the Service (`handleDeletedService`).
    pub(super) fn forget(&mut self, view: ViewId) -> Result<(), Stop> {
        let held: Vec<HeldAddress> = self.views[view].held.iter(&self.shared.slots).collect();
        let key = self.views[view].sharing.key.clone();
        for one in held {
            let number = number(one.address);
            let Some(holder) = self.ranges[one.range].holders.get(&number).copied() else { continue };
            self.touch(one.range);
            match holder {
                Some(cluster) => {
                    self.leave(view, one, cluster);
                }
                None if self.has_clusters() => return Err(Stop::Panic("a reserved address is given back")),
                None => {}
            }
            if !self.holders(one).0.is_empty() {
                continue;
            }
            self.free(one.range, number);
            if let Some(key) = &key {
                match holder {
                    Some(cluster) if self.has_clusters() => self.shared.remove_cluster(key, cluster),
                    _ => self.shared.remove_place(key, one),
                }
            }
        }
        self.by_key.remove(&self.views[view].key);
        self.views[view].known = false;
        self.satisfied.remove(&view);
        self.unsatisfied.remove(&view);
        self.stir_sharers(view);
        self.waiting.leave(view, &self.views[view]);
        Ok(())
    }

    /// Drop from the status what the Service does not hold and cannot take over (`stripOrImportIngresses`). True
    /// if the status is to be written.
    pub(super) fn import(&mut self, view: ViewId, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let before = self.views[view].ingress.clone();
        let mut kept: Vec<String> = Vec::new();
        for text in &before {
            let Some(address) = plain(text) else { continue };
            let held = self.views[view].held.iter(&self.shared.slots).any(|held| held.address == address);
            if held || self.take_over(view, address, chance)? {
                kept.push(text.clone());
            }
        }
        kept.dedup();
        let modified = kept.len() != before.len();
        self.stir(view);
        self.views[view].ingress = kept;
        Ok(modified)
    }

    fn take_over(&mut self, view: ViewId, address: std::net::IpAddr, chance: &mut dyn Chance) -> Result<bool, Stop> {
        let this = &self.views[view];
        let wanted = this.requested.is_empty() || this.requested.contains(&address);
        if !wanted || !this.families.has(Family::of(address)) {
            return Ok(false);
        }
        let Ok(range) = self.range_of(view, address, chance)? else { return Ok(false) };
        let held = HeldAddress { address, range };
        let key = self.views[view].sharing.key.clone();
        let cluster = match self.ranges[range].holders.get(&number(address)).copied() {
            None => {
                let cluster = self.clusters.add(view, Some(held));
                self.take(range, number(address), Some(cluster));
                cluster
            }
            Some(holder) => {
                let joined = self.profile.imports_shared && key.is_some() && self.join_on_import(view, held, holder);
                if joined && !self.has_clusters() {
                    self.note(view, held, key);
                } else if joined {
                    self.hold(view, held);
                }
                return Ok(joined);
            }
        };
        self.touch(range);
        if self.has_clusters() {
            self.hold(view, held);
            if let Some(key) = key {
                self.shared.add_cluster(&key, cluster);
            }
        } else {
            self.note(view, held, key);
        }
        Ok(true)
    }

    /// Up to 1.19 the index of the key points into the Service's own list here.
    fn note(&mut self, view: ViewId, held: HeldAddress, key: Option<String>) {
        let place = self.hold(view, held);
        if let Some(key) = key {
            self.shared.add_place(&key, place);
        }
    }

    /// 1.19.7 and later: an address that compatible Services hold is joined (PR #46262).
    fn join_on_import(&mut self, view: ViewId, held: HeldAddress, holder: Option<usize>) -> bool {
        let cluster = match holder {
            Some(cluster) => cluster,
            None if self.has_clusters() => return false,
            None => {
                let cluster = self.clusters.empty();
                self.ranges[held.range].holders.insert(number(held.address), Some(cluster));
                self.stir_asking(held.address);
                cluster
            }
        };
        let joins = self.joins(view, cluster).is_ok();
        if joins {
            self.join(view, held, cluster);
        }
        joins
    }
}
