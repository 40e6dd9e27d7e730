//! What each Service asks for, and which pools can be asked.

use super::{Question, Serving, Wish, serving};
use crate::cilium::pool::Pool;
use crate::cilium::request::{NotResponsible, families, requested, responsible};
use crate::cilium::sharing::Sharing;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A Service as a request.
#[derive(Debug)]
pub(in crate::cilium) struct Request {
    pub wishes: Vec<Wish>,
    pub sharing: Sharing,
    /// Pools that select it, in order; those whose selector cannot be compiled are in `broken`.
    pub selected_by: Vec<usize>,
    pub broken: Vec<usize>,
}

/// All requests, and what ties them together.
#[derive(Debug)]
pub(in crate::cilium) struct Requests {
    pub each: Vec<Result<Request, NotResponsible>>,
    pub serving: Vec<Serving>,
    /// Who asks for an address.
    pub pinned: BTreeMap<IpAddr, Vec<usize>>,
    /// Who has a sharing key.
    pub keys: BTreeMap<String, Vec<usize>>,
}

impl Requests {
    pub(in crate::cilium) fn of(question: Question<'_>) -> Requests {
        let index = PoolIndex::of(question.pools);
        let mut pinned: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
        let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let each: Vec<_> = question
            .services
            .iter()
            .enumerate()
            .map(|(at, service)| {
                responsible(service, question.flags, question.profile)?;
                let mut wishes: Vec<Wish> = Vec::new();
                for asked in requested(service, question.profile).addresses {
                    if !wishes.contains(&Wish::This(asked.address)) {
                        wishes.push(Wish::This(asked.address));
                        pinned.entry(asked.address).or_default().push(at);
                    }
                }
                if wishes.is_empty() {
                    wishes.extend(families(service, question.flags).iter().map(Wish::Any));
                }
                let sharing = Sharing::of(service, question.profile);
                if let Some(key) = &sharing.key {
                    keys.entry(key.clone()).or_default().push(at);
                }
                let labels = service.selectable_labels();
                let (mut selected_by, mut broken) = (Vec::new(), Vec::new());
                for pool in index.near(&labels) {
                    match question.pools[pool].selects(&labels) {
                        Ok(true) => selected_by.push(pool),
                        Ok(false) => {}
                        Err(_) => broken.push(pool),
                    }
                }
                Ok(Request { wishes, sharing, selected_by, broken })
            })
            .collect();
        Requests { each, serving: serving(question.pools, question.profile), pinned, keys }
    }

    /// The requests that LB-IPAM serves, with their place.
    pub(in crate::cilium) fn served(&self) -> impl Iterator<Item = (usize, &Request)> {
        self.each.iter().enumerate().filter_map(|(at, request)| request.as_ref().ok().map(|request| (at, request)))
    }

    /// Whether a pool may hand out addresses at all.
    pub(in crate::cilium) fn may_serve(&self, pool: usize) -> bool {
        matches!(self.serving[pool], Serving::Always | Serving::Undecided)
    }
}

/// Finds the pools that may select a Service without asking all of them: most selectors ask for one value of one
/// label.
struct PoolIndex {
    by_label: BTreeMap<(String, String), Vec<usize>>,
    others: Vec<usize>,
}

impl PoolIndex {
    fn of(pools: &[Pool]) -> PoolIndex {
        let mut index = PoolIndex { by_label: BTreeMap::new(), others: Vec::new() };
        for (at, pool) in pools.iter().enumerate() {
            match pool.selector.as_ref().and_then(|selector| selector.as_ref().ok()).and_then(|s| s.required_values()) {
                Some((key, values)) => {
                    for value in values {
                        index.by_label.entry((key.clone(), value)).or_default().push(at);
                    }
                }
                None => index.others.push(at),
            }
        }
        index
    }

    fn near(&self, labels: &BTreeMap<String, String>) -> Vec<usize> {
        let mut near = self.others.clone();
        for (key, value) in labels {
            near.extend(self.by_label.get(&(key.clone(), value.clone())).into_iter().flatten());
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}
