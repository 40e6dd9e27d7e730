//! Who holds which address together with whom, in the operator's memory.
//!
//! Up to 1.19 the index from sharing key to addresses holds *pointers*, some of them into a Service's own list of
//! addresses. When that list is edited in place the index changes with it, or points at nothing. [`Slots`] are
//! those places in memory, so that the simulation goes wrong exactly where Cilium does.

use super::controller::{RangeId, ViewId};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// An address and the range that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeldAddress {
    pub address: IpAddr,
    pub range: RangeId,
}

/// Places in memory; an emptied one is what Go calls the zero value.
pub(super) type Slots = Vec<Option<HeldAddress>>;

/// A Service's own list: part of the places, with room to grow, as a Go slice.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    start: usize,
    length: usize,
    room: usize,
}

impl Held {
    pub(super) fn iter<'a>(&self, slots: &'a Slots) -> impl DoubleEndedIterator<Item = HeldAddress> + 'a {
        slots[self.start..self.start + self.length].iter().flatten().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// All places of the list, those with room too.
    pub(super) fn places(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.room
    }

    pub(super) fn get(&self, slots: &Slots, at: usize) -> Option<HeldAddress> {
        if at < self.length { slots[self.start + at] } else { None }
    }

    /// Add one at the end and return its place. Where there is no room the list moves to a place twice as large,
    /// and who points at the old one keeps what was there.
    pub(super) fn push(&mut self, slots: &mut Slots, held: HeldAddress) -> usize {
        if self.length == self.room {
            let moved = slots[self.start..self.start + self.length].to_vec();
            self.start = slots.len();
            self.room = (self.room * 2).max(1);
            slots.extend(moved);
            slots.resize(self.start + self.room, None);
        }
        let place = self.start + self.length;
        slots[place] = Some(held);
        self.length += 1;
        place
    }

    /// Remove one: the later ones move up, and the last place is emptied.
    pub(super) fn remove(&mut self, slots: &mut Slots, at: usize) {
        slots[self.start + at..self.start + self.length].rotate_left(1);
        self.length -= 1;
        slots[self.start + self.length] = None;
    }
}

/// Services that hold one address together.
#[derive(Debug, Clone, Default)]
pub(super) struct Clusters(Vec<(Vec<ViewId>, Option<HeldAddress>)>);

impl Clusters {
    pub(super) fn add(&mut self, service: ViewId, held: Option<HeldAddress>) -> usize {
        self.0.push((vec![service], held));
        self.0.len() - 1
    }

    pub(super) fn empty(&mut self) -> usize {
        self.0.push((Vec::new(), None));
        self.0.len() - 1
    }

    pub(super) fn services(&self, cluster: usize) -> &[ViewId] {
        &self.0[cluster].0
    }

    pub(super) fn address(&self, cluster: usize) -> Option<HeldAddress> {
        self.0[cluster].1
    }

    pub(super) fn join(&mut self, cluster: usize, service: ViewId) {
        self.0[cluster].0.push(service);
    }

    /// Take the service out, once. True if it was in and none is left.
    pub(super) fn leave(&mut self, cluster: usize, service: ViewId) -> bool {
        let services = &mut self.0[cluster].0;
        match services.iter().position(|&one| one == service) {
            Some(at) => {
                services.remove(at);
                services.is_empty()
            }
            None => false,
        }
    }
}

/// The addresses that have been taken under a sharing key, in the order in which they were.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedIndex {
    /// Up to 1.19: places.
    pub places: BTreeMap<String, Vec<usize>>,
    /// From 1.20: clusters.
    pub clusters: BTreeMap<String, Vec<usize>>,
    pub slots: Slots,
}

impl SharedIndex {
    /// Note a place under the key, unless one with the same content is there.
    pub(super) fn add_place(&mut self, key: &str, place: usize) {
        let slots = &self.slots;
        let places = self.places.entry(key.to_owned()).or_default();
        if !places.iter().any(|&one| slots[one] == slots[place]) {
            places.push(place);
        }
    }

    /// Note a copy of it under the key.
    pub(super) fn add_copy(&mut self, key: &str, held: HeldAddress) {
        self.slots.push(Some(held));
        self.add_place(key, self.slots.len() - 1);
    }

    /// Forget the first place with this content.
    pub(super) fn remove_place(&mut self, key: &str, held: HeldAddress) {
        let Some(places) = self.places.get_mut(key) else { return };
        if let Some(at) = places.iter().position(|&one| self.slots[one] == Some(held)) {
            places.remove(at);
        }
        if places.is_empty() {
            self.places.remove(key);
        }
    }

    pub(super) fn add_cluster(&mut self, key: &str, cluster: usize) {
        self.clusters.entry(key.to_owned()).or_default().push(cluster);
    }

    pub(super) fn remove_cluster(&mut self, key: &str, cluster: usize) {
        if let Some(clusters) = self.clusters.get_mut(key) {
            if let Some(at) = clusters.iter().position(|&one| one == cluster) {
                clusters.remove(at);
            }
            if clusters.is_empty() {
                self.clusters.remove(key);
            }
        }
    }
}
