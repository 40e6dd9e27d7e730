//! Changes that never arrive: the API server refuses one object, and what is delivered with it stays behind.
//!
//! A Service keeps its `loadBalancerClass` for as long as its type is LoadBalancer; setting one, changing it and
//! taking it away are all answered by "may not change once set" (Kubernetes' `validateLoadBalancerClassField`, run
//! with 1.37.2). Flux tries every object of a Kustomization before it applies the first of them
//! (fluxcd/pkg/ssa, `ApplyAll`): one that is refused holds all back, except namespaces and definitions, and whatever
//! waits for that Kustomization.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::ClusterView;
use super::marks::is_marked;
use super::requests::{Asker, Request};
use crate::flux::object::Object;

/// A Service that the API server does not let change.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'v, 'a, 't> {
    /// As it was and stays.
    pub before: &'v Request<'a, 't>,
    /// As the manifest wants it.
    pub after: &'v Request<'a, 't>,
}

impl Refused<'_, '_, '_> {
    /// The class before and after, when there is one.
    pub fn classes(&self) -> [Option<&str>; 2] {
        [self.before, self.after].map(|request| request.service.known().and_then(|service| service.class.as_deref()))
    }

    /// The Kustomization that fails over it; none where something else applies it.
    pub fn kustomization(&self) -> Option<&Rc<str>> {
        self.after.object.kustomization.as_ref()
    }
}

/// What of a change the API server refuses, as far as both sides are known.
pub fn refused<'v, 'a, 't>(
    before: &'v ClusterView<'a, 't>,
    after: &'v ClusterView<'a, 't>,
) -> Vec<Refused<'v, 'a, 't>> {
    let balances = |request: &&'v Request<'a, 't>| {
        let known = request.service.known();
        request.asker == Asker::Service && known.is_some_and(|service| service.service_type == "LoadBalancer")
    };
    let old: Vec<&Request<'a, 't>> = before.requests.iter().filter(balances).collect();
    let pair = |request: &'v Request<'a, 't>| {
        let now = request.service.known()?;
        let same = |old: &&&'v Request<'a, 't>| old.service.known().is_some_and(|service| service.key == now.key);
        let was = old.iter().find(same)?;
        let changed = was.service.known().is_some_and(|service| service.class != now.class);
        // Flux looks at the marks of what is there as well.
        let anew = is_made_anew(request.object, after) || is_marked(was.object, "force", "enabled");
        (changed && !anew && !is_left_alone(request.object)).then_some(Refused { before: was, after: request })
    };
    after.requests.iter().filter(balances).filter_map(pair).collect()
}

/// Flux deletes and makes anew what the API server refuses: `force` of the Kustomization or a mark on the object.
fn is_made_anew(object: &Object<'_, '_>, view: &ClusterView<'_, '_>) -> bool {
    let wiring = &view.cluster.wiring;
    let kustomization = object.kustomization.as_ref().and_then(|name| wiring.kustomization(name));
    // What may say so counts as if it did: nothing is claimed then.
    let forces = kustomization.is_some_and(|it| it.field(&["force"]).is_some_and(|text| text.known() != Some("false")));
    forces || is_marked(object, "force", "enabled")
}

/// Flux does not apply changes of it at all.
fn is_left_alone(object: &Object<'_, '_>) -> bool {
    [("reconcile", "disabled"), ("ssa", "IfNotPresent"), ("ssa", "Ignore")]
        .iter()
        .any(|(mark, value)| is_marked(object, mark, value))
}

/// The Kustomizations of which a change applies nothing: those that fail over what is refused, and those that wait
/// for one of them.
pub fn held_back(refused: &[Refused<'_, '_, '_>], after: &ClusterView<'_, '_>) -> BTreeSet<Rc<str>> {
    let mut back: BTreeSet<Rc<str>> = refused.iter().filter_map(Refused::kustomization).cloned().collect();
    // Applied, but never ready: with `wait` one is ready only when those that it creates are.
    let mut unready = back.clone();
    loop {
        let mut found = false;
        for kustomization in &after.cluster.wiring.kustomizations {
            let name = &kustomization.name;
            let waits = |other: &str| unready.contains(other);
            let dependencies = kustomization.dependencies();
            if dependencies.iter().filter_map(|it| it.name.known()).any(|other| waits(other)) {
                found |= back.insert(Rc::clone(name)) | unready.insert(Rc::clone(name));
            }
            if unready.contains(name)
                && let Some(parent) = kustomization.applied_by().filter(|parent| *parent != name)
                && after.cluster.wiring.kustomization(parent).is_some_and(|parent| parent.is_set("wait"))
            {
                found |= unready.insert(Rc::clone(parent));
            }
        }
        if !found {
            return back;
        }
    }
}

/// Whether this object stays as it was when a change comes: it is refused itself, or delivered with what is.
pub fn stays_behind(object: &Object<'_, '_>, refused: &[Refused<'_, '_, '_>], back: &BTreeSet<Rc<str>>) -> bool {
    let held = object.kustomization.as_ref().is_some_and(|name| back.contains(name));
    held || refused.iter().any(|one| std::ptr::eq(one.after.object, object) || std::ptr::eq(one.before.object, object))
}
