//! A living cluster, where one was read: which of the repository's it is, and how the two stand to each other.

use std::collections::BTreeSet;

use super::beside::Beside;
use super::configured::Config;
use super::{Attempt, planned};
use crate::cilium::ServiceKey;
use crate::cluster::difference::of_living;
use crate::cluster::{ClusterView, facts};
use crate::flux::clusters::Telling;
use crate::generate;
use crate::krm::place::Text;
use crate::observed::{NotRead, Observed, read};
use crate::report::{Difference, Failure, NotChecked, Verification};
use crate::rules::finding::Findings;
use crate::rules::judge_living;
use crate::verification::which::{Known, settings, which};
use crate::verification::{Living, Verified};

/// What the living cluster shows; absent where none was read. Rules about it speak on the way.
pub(super) fn verification(
    live: &[&ClusterView<'_, '_>],
    beside: &Beside<'_>,
    (config, telling): (&Config, &Telling),
    findings: &mut Findings<'_>,
) -> Attempt<Option<(Verification, Option<Difference>)>> {
    if beside.observed.is_empty() && beside.unread.is_empty() {
        return Ok(None);
    }
    let observed = observed(beside, telling)?;
    let known: Vec<Known<'_>> = live
        .iter()
        .map(|view| Known { name: &view.cluster.name, entrypoint: view.cluster.entrypoint.as_deref() })
        .collect();
    let which = which(&observed, &known, telling, beside.scope.cluster()).map_err(|message| {
        let help = "name it with --cluster, or read its settings ConfigMap as well";
        Box::new(Failure {
            message: format!("which cluster it is cannot be told: {message}"),
            at: None,
            help: Some(help.into()),
        })
    })?;
    let stated = live[which.at];
    let living = Living::of(&observed, (&stated.profile, stated.version_known), &stated.flags);
    let (profile, flags) = ((living.profile.clone(), living.version_known), living.flags.clone());
    // What is predicted is what the Cilium that runs would do.
    let view = ClusterView::new(stated.cluster, stated.plan.clone(), profile, flags, true);
    let verified = Verified::of(&view, (stated, planned::said(config, &view.cluster.name)), live, &observed, living);
    judge_living(&verified, findings);
    let cluster = Some(view.cluster.name.clone());
    findings.not_checked.extend(verified.not_checked.iter().map(|(what, because)| NotChecked {
        cluster: cluster.clone(),
        what: what.clone(),
        because: because.clone(),
        at: None,
    }));
    let mut told = verified.told(&which.by, &facts::facts(&view).requests);
    if let Some(namespace) = beside.smoke_test {
        told.smoke_test = Some(smoke_test(&verified, config, namespace)?);
    }
    let difference = beside.supposed.applied.then(|| {
        let clusters = vec![of_living(&view, verified.applied())];
        let mut difference = Difference { baseline: true, supposed: Vec::new(), clusters };
        difference.clusters.retain(|cluster| !cluster.is_empty());
        difference
    });
    Ok(Some((told, difference)))
}

/// Read what there is of it.
fn observed(beside: &Beside<'_>, telling: &Telling) -> Attempt<Observed> {
    let names: BTreeSet<&str> = settings(telling).map(|(name, _)| name).collect();
    let mut observed = read(&beside.observed, &names).map_err(|error| {
        let NotRead { path, offset, message } = error;
        let text = beside.observed.iter().find(|(own, _)| *own == path).map(|(_, text)| *text);
        let at = offset.zip(text).map(|(offset, text)| Text::new(&path, text).place(&(offset..offset), None, None));
        Box::new(Failure {
            message: format!("`{path}` is no dump of a cluster: {message}"),
            at,
            help: Some("save one with `kubectl get KINDS -A -o json` or `-o yaml`".into()),
        })
    })?;
    for unread in &beside.unread {
        let (kind, why) = unread.split_once(':').unwrap_or((unread, "nobody says why"));
        observed.unread.insert(kind.trim().to_owned(), why.trim().to_owned());
    }
    Ok(observed)
}

/// The smoke test that is about to be made in a namespace.
fn smoke_test(
    verified: &Verified<'_, '_, '_>,
    config: &Config,
    namespace: &str,
) -> Attempt<crate::report::SmokeTestReport> {
    let observed = verified.living.observed;
    let taken = |name: &str| {
        let key = ServiceKey::new(namespace, name);
        let known = verified.request(&key).is_some() || observed.other_services.contains(&key);
        known || observed.services.contains_key(&key)
    };
    let objects = generate::smoke_test(&config.pools, verified.view.cluster, namespace, &taken).map_err(|why| {
        let message = format!("the smoke test cannot be made: {why}");
        Box::new(Failure { message, at: None, help: Some("see `smokeTest` in the config".into()) })
    })?;
    Ok(verified.smoke_test(&objects))
}
