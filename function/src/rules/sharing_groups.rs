//! Who wants to share an address with whom: Services with the same sharing key.

use std::collections::BTreeMap;

use crate::cilium::Service;
use crate::cilium::sharing::Sharing;
use crate::cluster::ClusterView;
use crate::cluster::requests::Request;

/// One Service with a sharing key.
#[derive(Debug)]
pub struct Sharer<'v, 'a, 't> {
    /// Who asks.
    pub request: &'v Request<'a, 't>,
    /// The Service.
    pub service: &'v Service,
    /// What it says about sharing.
    pub sharing: Sharing,
}

/// Larger groups are not looked at: every member would be held against every other.
const MOST: usize = 500;

/// The Services that LB-IPAM serves, by sharing key; groups of one are left out.
pub fn sharing_groups<'v, 'a, 't>(view: &'v ClusterView<'a, 't>) -> BTreeMap<String, Vec<Sharer<'v, 'a, 't>>> {
    let mut groups: BTreeMap<String, Vec<Sharer<'v, 'a, 't>>> = BTreeMap::new();
    for request in view.requests.iter().filter(|request| request.responsible.is_ok()) {
        let Some(service) = request.service.known() else { continue };
        let sharing = Sharing::of(service, &view.profile);
        if let Some(key) = sharing.key.clone() {
            groups.entry(key).or_default().push(Sharer { request, service, sharing });
        }
    }
    groups.retain(|_, group| (2..=MOST).contains(&group.len()));
    groups
}

impl Sharer<'_, '_, '_> {
    /// Whether it asks for addresses.
    pub fn is_pinned(&self) -> bool {
        !self.request.requested.addresses.is_empty()
    }

    /// Whether both ask for addresses, and for none in common: then they do not want to share.
    pub fn apart(&self, other: &Sharer<'_, '_, '_>) -> bool {
        self.is_pinned() && other.is_pinned() && !self.asks_with(other)
    }

    /// Whether they ask for the same address.
    pub fn asks_with(&self, other: &Sharer<'_, '_, '_>) -> bool {
        let theirs = &other.request.requested.addresses;
        self.request.requested.addresses.iter().any(|own| theirs.iter().any(|their| their.address == own.address))
    }
}
