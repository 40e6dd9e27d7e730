//! A cluster through one change after the other: each is foretold, pushed, and held against what came of it.

use lbpools_function::report::{ClusterDifference, Moment};

use crate::cluster::{Cluster, Flavour};
use crate::fleet::Fleet;
use crate::kubectl::Kubectl;
use crate::observed::Observed;
use crate::wait::{Patience, until};
use crate::{held, manifests, moved, predicted};

/// What a change is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    /// `plan --from`, and `check` of what it leads to.
    PlanAndCheck,
    /// `plan --from` alone: who came first is history by now, and `check` knows none.
    Plan,
    /// `plan --live` alone: there are others in the cluster than the repository knows.
    PlanFromLiving,
    /// `check` alone: a plan takes the cluster to have settled on the old manifests, and one has something else by its
    /// history.
    Check,
}

/// A cluster, and the fleet that it is at.
#[derive(Debug)]
pub struct Script {
    cluster: Cluster,
    fleet: Fleet,
    /// What the controllers wrote after the last change.
    seen: Observed,
    /// What the last change was to do.
    plan: Option<ClusterDifference>,
    changes: usize,
    restarts: usize,
    /// Where lbpools was wrong. Told at the end, so that one does not hide the others.
    wrong: Vec<String>,
}

impl Script {
    /// Start a cluster of the fleet as it is in the repository.
    pub fn start(name: &str) -> Self {
        let mut cluster = Cluster::start(name, Flavour::Flux);
        let fleet = cluster.fleet();
        let deliveries = cluster.push(&fleet);
        assert!(deliveries.values().all(Option::is_none), "{deliveries:?}");
        cluster.operator_serves();
        let seen = cluster.holds(&fleet);
        let differences = cluster.manifests_differ(&fleet);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        eprintln!("{name}: as foretold: {}", summary(&seen));
        Self { cluster, fleet, seen, plan: None, changes: 0, restarts: 0, wrong: Vec::new() }
    }

    /// The cluster.
    pub fn cluster(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// What the controllers wrote after the last change.
    pub fn seen(&self) -> &Observed {
        &self.seen
    }

    /// What the last change was to do.
    pub fn plan(&self) -> Option<&ClusterDifference> {
        self.plan.as_ref()
    }

    /// Edit the fleet and push it.
    pub fn change(&mut self, what: &str, edit: impl FnOnce(&Fleet)) {
        self.make(what, edit, Against::PlanAndCheck, &[]);
    }

    /// As [`change`](Self::change), where the outcome hangs on who was there before: only a plan knows that.
    pub fn change_with_history(&mut self, what: &str, edit: impl FnOnce(&Fleet)) {
        self.make(what, edit, Against::Plan, &[]);
    }

    /// As [`change`](Self::change), where somebody has something else by history than a plan takes for granted.
    pub fn change_after_history(&mut self, what: &str, edit: impl FnOnce(&Fleet)) {
        self.make(what, edit, Against::Check, &[]);
    }

    /// As [`change`](Self::change), beside Services that the repository does not know: the plan starts from the cluster.
    pub fn change_beside_others(&mut self, what: &str, edit: impl FnOnce(&Fleet)) {
        self.make(what, edit, Against::PlanFromLiving, &[]);
    }

    /// Somebody does something by hand. The Services named may be served as they will; all others keep what they have.
    pub fn by_hand(&mut self, what: &str, theirs: &[&str], hand: impl FnOnce(&Kubectl)) {
        self.changes += 1;
        hand(self.cluster.kubectl());
        let (cluster, seen) = (&self.cluster, &self.seen);
        let held = until(Patience::CHANGE, || {
            let now = cluster.observed();
            let mut before = seen.clone();
            for name in theirs {
                let own = now.services.get(*name).cloned();
                // Whoever is made gets something, or there is nothing to see.
                if own.as_ref().is_some_and(|service| service.addresses.is_empty()) {
                    return Err(format!("Service {name} has no address"));
                }
                before.services.remove(*name);
                before.services.extend(own.map(|own| ((*name).to_owned(), own)));
            }
            let wrong = moved::differences(None, Moment::AtOnce, &before, &now);
            if wrong.is_empty() { Ok(now) } else { Err(wrong.join("\n    ")) }
        });
        self.note(what, held);
        self.plan = None;
    }

    /// Edit the fleet and push it; these Kustomizations must fail, and no other.
    pub fn change_that_fails(&mut self, what: &str, failing: &[&str], edit: impl FnOnce(&Fleet)) {
        self.make(what, edit, Against::Plan, failing);
    }

    fn make(&mut self, what: &str, edit: impl FnOnce(&Fleet), against: Against, failing: &[&str]) {
        self.changes += 1;
        let name = self.cluster.name().to_owned();
        let before = self.fleet.remembered();
        edit(&self.fleet);
        let config = |fleet: &Fleet| std::fs::read(fleet.path().join("lbpools.yaml")).ok();
        if manifests::same(before.path(), self.fleet.path(), &name) && config(&before) == config(&self.fleet) {
            self.wrong.push(format!("{what}: that changes nothing in the cluster"));
        }
        self.plan = match against {
            Against::PlanFromLiving => {
                predicted::from_living(self.fleet.path(), self.cluster.kubectl().config(), &name)
            }
            Against::PlanAndCheck | Against::Plan | Against::Check => {
                predicted::change(before.path(), self.fleet.path(), &name)
            }
        };
        let foretold = self.cluster.predicted(&self.fleet);
        let deliveries = self.cluster.push(&self.fleet);
        let failed: Vec<(&String, &String)> =
            deliveries.iter().filter_map(|(name, complaint)| Some((name, complaint.as_ref()?))).collect();
        if !failed.iter().map(|(name, _)| name.as_str()).eq(failing.iter().copied()) {
            self.wrong.push(format!("{what}: {failing:?} should fail, {failed:?} did"));
        }
        let (cluster, seen, plan) = (&self.cluster, &self.seen, self.plan.as_ref());
        let held = until(Patience::CHANGE, || {
            let now = cluster.observed();
            let mut wrong = match against {
                Against::Check => Vec::new(),
                Against::PlanAndCheck | Against::Plan | Against::PlanFromLiving => {
                    moved::differences(plan, Moment::AtOnce, seen, &now)
                }
            };
            if matches!(against, Against::PlanAndCheck | Against::Check) {
                wrong.extend(held::differences(&foretold, &now));
            }
            if wrong.is_empty() { Ok(now) } else { Err(wrong.join("\n    ")) }
        });
        self.note(what, held);
        let differences = self.cluster.manifests_differ(&self.fleet);
        self.wrong
            .extend(differences.iter().map(|difference| format!("{what}: Flux applied something else: {difference}")));
    }

    /// Restart the operator; what the last change was to do then must happen, and nothing else.
    pub fn restart(&mut self) {
        self.restarts += 1;
        self.cluster.restart_operator();
        let (cluster, seen, plan) = (&self.cluster, &self.seen, self.plan.as_ref());
        let held = until(Patience::CHANGE, || {
            let now = cluster.observed();
            let wrong = moved::differences(plan, Moment::AtRestart, seen, &now);
            if wrong.is_empty() { Ok(now) } else { Err(wrong.join("\n    ")) }
        });
        let what = format!("the operator restarts ({})", self.restarts);
        self.note(&what, held);
        // What it was to do is done.
        self.plan = None;
    }

    fn note(&mut self, what: &str, held: Result<Observed, String>) {
        let verdict = match held {
            Ok(now) => {
                self.seen = now;
                "as foretold"
            }
            Err(reason) => {
                self.seen = self.cluster.at_rest();
                eprintln!("  {reason}");
                self.wrong.push(format!("{what}: {reason}"));
                "WRONG"
            }
        };
        let (number, name) = (self.changes, self.cluster.name());
        eprintln!("{name} {number}: {what}: {verdict}: {}", summary(&self.seen));
    }

    /// Say how many changes were held, and fail when lbpools was wrong about one.
    pub fn end(self, changes: usize, restarts: usize) {
        let name = self.cluster.name();
        eprintln!("{name}: {} changes, {} restarts, {} wrong", self.changes, self.restarts, self.wrong.len());
        assert!(self.wrong.is_empty(), "{name}: lbpools was wrong:\n{}", self.wrong.join("\n"));
        assert!(self.changes >= changes && self.restarts >= restarts, "the script is shorter than it should be");
    }
}

/// Who has what, in one line.
fn summary(seen: &Observed) -> String {
    let mut words: Vec<String> = Vec::new();
    for (name, service) in &seen.services {
        let addresses: Vec<&str> = service.addresses.iter().map(String::as_str).collect();
        let refused = service.refused.as_deref().unwrap_or("nothing");
        let (_, short) = name.split_once('/').unwrap_or_default();
        let has = if addresses.is_empty() { format!("({refused})") } else { addresses.join("+") };
        words.push(format!("{short}={}", has.replace("10.25.11.", ".")));
    }
    words.join(" ")
}
