//! What the config asks for, written.
//!
//! [`desired`] is the pure half: from the config and each cluster's values to the objects that should be there. It
//! knows no file and no manifest that exists already; [`mod@reconcile`] holds both against each other. [`proposals`]
//! says which settings keys the config needs and what the network plan would give them.

pub mod desired;
pub mod expected;
pub mod proposals;
pub mod reconcile;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::Options;
use crate::cluster::plan::{OutdatedObject, TakenName};
use crate::config::{ConfigProblem, LoadBalancerPools, Values};
use crate::flux::clusters::Cluster;
use crate::flux::expression;
use crate::flux::fact::Fact;
use crate::flux::variables::Variables;
use crate::krm::document::Document;
use crate::krm::merge::{Ownership, merge};
use crate::krm::write::Changes;
use crate::report::{NotChecked, ObjectChange};
use desired::settings::ProposedSetting;
use desired::{ClusterValues, Outcome};
use reconcile::{Wanted, reconcile};

/// What generation wants changed.
#[derive(Debug, Default)]
pub struct Generated {
    /// By position of the document.
    pub changes: BTreeMap<usize, Changes>,
    /// Files that are not there yet.
    pub new_files: BTreeMap<String, String>,
    /// What is done to which object.
    pub objects: Vec<ObjectChange>,
    /// Names that somebody else's objects have.
    pub taken: Vec<TakenName>,
    /// Objects of its own that it would change or remove, and left as they are for who only wants to know.
    pub outdated: Vec<OutdatedObject>,
    /// What could not be made for want of a value.
    pub withheld: Vec<NotChecked>,
    /// What the config asks for and no value can give.
    pub problems: Vec<ConfigProblem>,
}

/// What the config comes to for these clusters.
pub fn outcome(config: &LoadBalancerPools, clusters: &[Cluster<'_, '_>]) -> Outcome {
    let resolvers: Vec<_> = clusters.iter().map(|cluster| |text: &str| resolve(&cluster.settings, text)).collect();
    let values: Vec<ClusterValues<'_>> = clusters
        .iter()
        .zip(&resolvers)
        .map(|(cluster, resolve)| ClusterValues {
            name: &cluster.name,
            plan: config.spec.clusters.iter().find(|planned| planned.name == cluster.name),
            resolve,
        })
        .collect();
    desired::desired(config, &values)
}

/// The objects of a smoke test in a namespace of one cluster, Deployment and Service: as the config asks for them, or
/// those that it would get by default. The name is another where it is `taken`.
///
/// # Errors
///
/// Why a value that they need is not known.
pub fn smoke_test(
    config: &LoadBalancerPools,
    cluster: &Cluster<'_, '_>,
    namespace: &str,
    taken: &dyn Fn(&str) -> bool,
) -> Result<Vec<Json>, String> {
    let mut config = config.clone();
    let mut test = config.spec.smoke_test.take().unwrap_or_default();
    let mut name = test.name().to_owned();
    while taken(&name) {
        name.push_str("-smoke");
    }
    (test.name, test.namespace, test.path) = (Some(name), Some(namespace.to_owned()), None);
    (config.spec.pools, config.spec.advertise, config.spec.smoke_test) = (Vec::new(), None, Some(test));
    config.spec.output.values = Values::Literal;
    let outcome = outcome(&config, std::slice::from_ref(cluster));
    match outcome.withheld.first() {
        Some(withheld) => Err(withheld.because.clone()),
        None => Ok(outcome.objects.iter().filter_map(|one| serde_json::to_value(&one.object).ok()).collect()),
    }
}

/// A text of the config as a cluster with these settings sees it.
pub fn resolve(settings: &Variables, text: &str) -> Fact<String> {
    if !expression::has_expression(text) {
        return Fact::Known(text.to_owned());
    }
    match expression::evaluate(text, &|name| settings.lookup(name), settings.dialect) {
        Ok(evaluated) => match evaluated.unknown {
            Some(why) => Fact::Unknown(why),
            None => Fact::Known(evaluated.text),
        },
        Err(error) => Fact::Unknown(error.to_string()),
    }
}

/// Make the input hold what the config asks for.
pub fn generate(
    documents: &[Document<'_>],
    clusters: &[Cluster<'_, '_>],
    config: &LoadBalancerPools,
    beside: Option<&str>,
    options: Options,
) -> Generated {
    let outcome = outcome(config, clusters);
    let wanted: Vec<Wanted> = outcome
        .objects
        .iter()
        .map(|desired| Wanted {
            resource: desired.resource(),
            value: serde_json::to_value(&desired.object).unwrap_or(Json::Null),
            path: desired.path.clone(),
        })
        .collect();
    let withheld: Vec<_> = outcome.withheld.iter().map(|withheld| withheld.resource.clone()).collect();
    let mut reconciled = reconcile(documents, &wanted, &withheld, &config.metadata.name, beside);
    if options.keep_generated {
        reconciled.keep();
    }
    let mut generated = Generated {
        changes: reconciled.changes,
        new_files: reconciled.new_files,
        objects: reconciled.objects,
        taken: reconciled.taken,
        outdated: if options.keep_generated { reconciled.outdated } else { Vec::new() },
        withheld: outcome
            .withheld
            .iter()
            .map(|withheld| NotChecked {
                cluster: Some(withheld.because_of.clone()),
                what: format!("{} {} was not written", withheld.resource.kind, withheld.resource.name),
                because: withheld.because.clone(),
                at: None,
            })
            .collect(),
        problems: outcome.problems.clone(),
    };
    if options.fix {
        for cluster in clusters {
            let missing = proposals::missing(config, cluster, &outcome.settings);
            add_settings(&mut generated, documents, cluster, &missing);
        }
    }
    generated
}

/// Add keys to a cluster's settings ConfigMap.
fn add_settings(
    generated: &mut Generated,
    documents: &[Document<'_>],
    cluster: &Cluster<'_, '_>,
    missing: &[ProposedSetting],
) {
    let Some((document, item)) = cluster.settings_object else { return };
    let Some(at) = documents.iter().position(|known| std::ptr::eq(known, document)) else { return };
    if missing.is_empty() {
        return;
    }
    let data: Map<String, Json> = missing.iter().map(|setting| (setting.key.clone(), json!(setting.value))).collect();
    let edits = merge(document.text, item.tree(), &json!({ "data": data }), &|_| Ownership::Shared);
    generated.changes.entry(at).or_default().edits.extend(edits);
}
