//! Who waits for whom: `dependsOn`, the Kustomization that creates another, and `wait`.
//!
//! A Kustomization is applied after its parent created it and everything it depends on is ready. It is ready once it
//! is applied and, with `wait: true`, once the Kustomizations among what it applied are ready too. A circle in that
//! never ends.

use std::collections::{BTreeMap, VecDeque};

use super::kustomization::{Dependency, FluxKustomization};

/// A dependency that is never met, because meeting it needs the dependant itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// Number of the Kustomization that waits.
    pub dependant: usize,
    /// What it waits for.
    pub dependency: Dependency,
    /// The way back from the dependency to the dependant.
    pub way: Vec<Wait>,
}

/// One step of waiting, between Kustomizations by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The first depends on the second.
    Depends(usize, usize),
    /// The first exists only once the second is applied.
    CreatedBy(usize, usize),
    /// The first is ready only once the second, which it applies, is.
    WaitsFor(usize, usize),
}

impl Deadlock {
    /// Whether nothing but `dependsOn` is in it.
    pub fn is_circle(&self) -> bool {
        self.way.iter().all(|wait| matches!(wait, Wait::Depends(..)))
    }
}

/// The dependencies that are never met. Of the edges of one circle only the first is told.
pub fn deadlocks(kustomizations: &[FluxKustomization<'_, '_>]) -> Vec<Deadlock> {
    let number: BTreeMap<&str, usize> = kustomizations.iter().enumerate().map(|(n, k)| (&*k.name, n)).collect();
    let dependencies: Vec<Vec<(usize, Dependency)>> = kustomizations
        .iter()
        .map(|kustomization| {
            let known = |dependency: Dependency| Some((*number.get(dependency.name.known()?.as_str())?, dependency));
            kustomization.dependencies().into_iter().filter_map(known).collect()
        })
        .collect();
    let parent = |n: usize| kustomizations[n].applied_by().and_then(|name| number.get(&**name).copied());
    // What must come before an event; 2n is "n is applied", 2n + 1 "n is ready".
    let mut before: Vec<Vec<(usize, Option<Wait>)>> = vec![Vec::new(); kustomizations.len() * 2];
    for (n, kustomization) in kustomizations.iter().enumerate() {
        before[2 * n + 1].push((2 * n, None));
        before[2 * n].extend(dependencies[n].iter().map(|(other, _)| (2 * other + 1, Some(Wait::Depends(n, *other)))));
        // The one that applies itself was there before.
        if let Some(parent) = parent(n).filter(|parent| *parent != n) {
            before[2 * n].push((2 * parent, Some(Wait::CreatedBy(n, parent))));
            if kustomizations[parent].is_set("wait") && !kustomization.is_set("suspend") {
                before[2 * parent + 1].push((2 * n + 1, Some(Wait::WaitsFor(parent, n))));
            }
        }
    }
    let mut found: Vec<Deadlock> = Vec::new();
    for (n, own) in dependencies.iter().enumerate() {
        for (other, dependency) in own {
            let Some(way) = way(&before, 2 * other + 1, 2 * n) else { continue };
            let told = found.iter().any(|known| known.way.contains(&Wait::Depends(n, *other)));
            if !told {
                found.push(Deadlock { dependant: n, dependency: dependency.clone(), way });
            }
        }
    }
    found
}

/// The shortest way from one event back to another.
fn way(before: &[Vec<(usize, Option<Wait>)>], from: usize, to: usize) -> Option<Vec<Wait>> {
    let mut came: Vec<Option<(usize, Option<Wait>)>> = vec![None; before.len()];
    let mut open = VecDeque::from([from]);
    came[from] = Some((from, None));
    while let Some(event) = open.pop_front() {
        if event == to {
            let mut steps = Vec::new();
            let mut at = to;
            while at != from {
                let Some((previous, wait)) = came[at] else { break };
                steps.extend(wait);
                at = previous;
            }
            steps.reverse();
            return Some(steps);
        }
        for &(next, wait) in &before[event] {
            if came[next].is_none() {
                came[next] = Some((event, wait));
                open.push_back(next);
            }
        }
    }
    None
}
