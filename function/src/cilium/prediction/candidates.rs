//! What each Service asks for, and which pools can be asked.

use super::{Question, Serving, Wish, serving};
use crate::cilium::effort::looked;
use crate::cilium::pool::Pool;
use crate::cilium::request::{NotResponsible, families, requested, responsible};
use crate::cilium::selecting::{PoolSelector, Selecting};
use crate::cilium::sharing::Sharing;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A Service as a request.
#[derive(Debug)]
pub(in crate::cilium) struct Request {
    pub wishes: Vec<Wish>,
    pub sharing: Sharing,
    /// Pools that select it, in order; those whose selector cannot be compiled are in `broken`.
    pub selected_by: Arc<[usize]>,
    pub broken: Arc<[usize]>,
    /// The two lists by their number in [`Requests::selections`].
    pub selection: usize,
}

/// All requests, and what ties them together.
#[derive(Debug)]
pub(in crate::cilium) struct Requests {
    pub each: Vec<Result<Request, NotResponsible>>,
    pub serving: Vec<Serving>,
    pub selections: Vec<Selection>,
    /// Who asks for an address.
    pub pinned: BTreeMap<IpAddr, Vec<usize>>,
    /// Who has a sharing key.
    pub keys: BTreeMap<String, Vec<usize>>,
}

impl Requests {
    pub(in crate::cilium) fn of(question: Question<'_>) -> Requests {
        let mut selections = Selections::of(question.pools);
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
                let selection = selections.selecting(&service.selectable_labels());
                let Selection { selected_by, broken } = selections.all[selection].clone();
                Ok(Request { wishes, sharing, selected_by, broken, selection })
            })
            .collect();
        let selections = selections.all;
        Requests { each, serving: serving(question.pools, question.profile), selections, pinned, keys }
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

/// Pools that select a Service, and pools that make an error of it.
#[derive(Debug, Clone)]
pub(in crate::cilium) struct Selection {
    /// In order.
    pub selected_by: Arc<[usize]>,
    /// Those whose selector cannot be compiled, in order.
    pub broken: Arc<[usize]>,
}

/// All selections that there are. Pools with equal selectors are asked once, and Services that the same selectors
/// select have one list of pools together.
struct Selections<'a> {
    index: Selecting<usize>,
    /// Each selector, and the pools that have it.
    classes: Vec<(&'a PoolSelector, Vec<usize>)>,
    known: BTreeMap<Vec<usize>, usize>,
    all: Vec<Selection>,
}

impl<'a> Selections<'a> {
    fn of(pools: &'a [Pool]) -> Selections<'a> {
        let mut index = Selecting::default();
        let mut classes: Vec<(&PoolSelector, Vec<usize>)> = Vec::new();
        for (at, pool) in pools.iter().enumerate() {
            let beside: &[usize] = index.beside(&pool.selector);
            match beside.iter().copied().find(|&class| *classes[class].0 == pool.selector) {
                Some(class) => classes[class].1.push(at),
                None => {
                    index.insert(&pool.selector, classes.len());
                    classes.push((&pool.selector, vec![at]));
                }
            }
        }
        Selections { index, classes, known: BTreeMap::new(), all: Vec::new() }
    }

    fn selecting(&mut self, labels: &BTreeMap<String, String>) -> usize {
        let mut met = self.index.near(labels);
        met.retain(|&class| {
            looked();
            !matches!(self.classes[class].0, Some(Ok(selector)) if !selector.matches(labels))
        });
        if let Some(&known) = self.known.get(&met) {
            return known;
        }
        let pools = |broken: bool| {
            let of_kind = met.iter().filter(|&&class| matches!(self.classes[class].0, Some(Err(_))) == broken);
            let mut pools: Vec<usize> = of_kind.flat_map(|&class| &self.classes[class].1).copied().collect();
            pools.sort_unstable();
            pools.into()
        };
        self.all.push(Selection { selected_by: pools(false), broken: pools(true) });
        self.known.insert(met, self.all.len() - 1);
        self.all.len() - 1
    }
}
