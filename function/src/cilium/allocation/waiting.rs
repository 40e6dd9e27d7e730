//! Which of the Services that lack something are worth another attempt.
//!
//! After every event the operator tries again to give all of them what they lack, in vain for most. One whose attempt
//! changed nothing is set aside here, by what it depends on: the labels by which pools select it, the addresses that
//! it asks for, the key that it shares by. Until something about these changes, another attempt would change nothing
//! again, so it is left out. What happens is the same; a test tries all that is set aside after each event.

use super::controller::{View, ViewId};
use crate::cilium::effort::looked;
use crate::cilium::range::Range;
use crate::cilium::selecting::{PoolSelector, required_values};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Services that lack something.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    /// Worth an attempt.
    stirred: BTreeSet<ViewId>,
    /// Set aside.
    quiet: BTreeSet<ViewId>,
    /// Of the quiet, those that ask for no address: all, and by their labels.
    generic: BTreeSet<ViewId>,
    by_label: BTreeMap<String, BTreeMap<String, BTreeSet<ViewId>>>,
    /// Of the quiet, those that ask for the address.
    by_address: BTreeMap<IpAddr, BTreeSet<ViewId>>,
    /// Of the quiet, those with the sharing key.
    by_key: BTreeMap<String, BTreeSet<ViewId>>,
}

impl Waiting {
    /// Those that are worth an attempt, if they lack something.
    pub(super) fn stirred(&self) -> impl Iterator<Item = ViewId> + '_ {
        self.stirred.iter().copied()
    }

    /// Those that are set aside.
    #[cfg(test)]
    pub(super) fn quiet(&self) -> Vec<ViewId> {
        self.quiet.iter().copied().collect()
    }

    /// Those with the key that are set aside.
    pub(super) fn quiet_with_key(&self, key: &str) -> impl Iterator<Item = ViewId> + '_ {
        self.by_key.get(key).into_iter().flatten().copied()
    }

    /// It lacks something; without more being known it is worth an attempt.
    pub(super) fn lacks(&mut self, id: ViewId) {
        if !self.quiet.contains(&id) {
            self.stirred.insert(id);
        }
    }

    /// It lacks nothing any more, or is gone.
    pub(super) fn leave(&mut self, id: ViewId, view: &View) {
        self.stir(id, view);
        self.stirred.remove(&id);
    }

    /// An attempt has changed nothing, and would not until something that it depends on changes.
    pub(super) fn set_aside(&mut self, id: ViewId, view: &View) {
        looked();
        if !self.quiet.insert(id) {
            return;
        }
        self.stirred.remove(&id);
        for &address in &view.requested {
            self.by_address.entry(address).or_default().insert(id);
        }
        if view.requested.is_empty() {
            self.generic.insert(id);
            for (key, value) in &view.labels {
                let by_value = self.by_label.entry(key.clone()).or_default();
                by_value.entry(value.clone()).or_default().insert(id);
            }
        }
        if let Some(key) = &view.sharing.key {
            self.by_key.entry(key.clone()).or_default().insert(id);
        }
    }

    /// Something about it has changed, or is about to.
    pub(super) fn stir(&mut self, id: ViewId, view: &View) {
        looked();
        self.stirred.insert(id);
        if !self.quiet.remove(&id) {
            return;
        }
        for address in &view.requested {
            remove(&mut self.by_address, address, id);
        }
        if self.generic.remove(&id) {
            for (key, value) in &view.labels {
                if let Some(by_value) = self.by_label.get_mut(key) {
                    remove(by_value, value, id);
                    if by_value.is_empty() {
                        self.by_label.remove(key);
                    }
                }
            }
        }
        if let Some(key) = &view.sharing.key {
            remove(&mut self.by_key, key, id);
        }
    }

    /// A pool with this selector has begun or ceased to serve, or has a free address again.
    pub(super) fn stir_selected(&mut self, selector: &PoolSelector, views: &[View]) {
        let selected: Vec<ViewId> = match required_values(selector) {
            Some((key, values)) => {
                let by_value = self.by_label.get(&key);
                let of = |value: String| by_value.and_then(|by_value| by_value.get(&value)).into_iter().flatten();
                values.into_iter().flat_map(of).copied().collect()
            }
            None => self.generic.iter().copied().collect(),
        };
        selected.into_iter().for_each(|id| self.stir(id, &views[id]));
    }

    /// Who holds the address has changed, or what they share.
    pub(super) fn stir_asking(&mut self, address: IpAddr, views: &[View]) {
        for id in self.by_address.get(&address).cloned().unwrap_or_default() {
            self.stir(id, &views[id]);
        }
    }

    /// A range with these addresses has begun or ceased to serve.
    pub(super) fn stir_asking_in(&mut self, range: Range, views: &[View]) {
        let asking = self.by_address.range(range.first()..=range.last());
        let asking: BTreeSet<ViewId> = asking.flat_map(|(_, ids)| ids).copied().collect();
        asking.into_iter().for_each(|id| self.stir(id, &views[id]));
    }

    /// What is held under the key has changed.
    pub(super) fn stir_key(&mut self, key: &str, views: &[View]) {
        for id in self.by_key.get(key).cloned().unwrap_or_default() {
            self.stir(id, &views[id]);
        }
    }
}

fn remove<K: Ord>(from: &mut BTreeMap<K, BTreeSet<ViewId>>, key: &K, id: ViewId) {
    if let Some(here) = from.get_mut(key) {
        here.remove(&id);
        if here.is_empty() {
            from.remove(key);
        }
    }
}
