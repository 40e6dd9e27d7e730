//! Which cluster of the repository a living one is.

use crate::cilium::ServiceKey;
use crate::flux::clusters::Telling;
use crate::flux::files::normalised;
use crate::observed::Observed;

/// A cluster of the repository, as far as it tells itself apart.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// Its name.
    pub name: &'k str,
    /// The directory that Flux starts from.
    pub entrypoint: Option<&'k str>,
}

/// Which one, and by what that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// Its place among the known ones.
    pub at: usize,
    /// In words.
    pub by: String,
}

/// Find it: by the name that was `asked` for, by the settings in the cluster, by the directory that its Flux starts
/// from, or because there is only one.
///
/// # Errors
///
/// A sentence that says why it is not known, or that there is no such cluster.
pub fn which(
    observed: &Observed,
    clusters: &[Known<'_>],
    telling: &Telling,
    asked: Option<&str>,
) -> Result<Which, String> {
    let named = |name: &str| clusters.iter().position(|cluster| cluster.name == name);
    let all = || clusters.iter().map(|cluster| cluster.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = asked {
        let at = named(name).ok_or_else(|| format!("there is no cluster `{name}`; there is {}", all()))?;
        return Ok(Which { at, by: "it was named".into() });
    }
    for (name, namespace) in settings(telling) {
        let key = ServiceKey::new(namespace, name);
        let said = observed.config_maps.get(&key).and_then(|data| data.get(&telling.cluster_key));
        if let Some(said) = said {
            let by = format!("{} of its ConfigMap {key} is {said}", telling.cluster_key);
            return match named(said) {
                Some(at) => Ok(Which { at, by }),
                None => Err(format!("{by}, and the repository has no such cluster: it has {}", all())),
            };
        }
    }
    let starts = |entrypoint: &str| {
        observed.kustomizations.iter().find(|(_, kustomization)| {
            let path = kustomization.spec.get("path").and_then(serde_json::Value::as_str);
            path.is_some_and(|path| normalised(path) == entrypoint)
        })
    };
    let started: Vec<(usize, &ServiceKey)> = (0..clusters.len())
        .filter_map(|at| Some((at, clusters[at].entrypoint.filter(|path| !path.is_empty()).and_then(starts)?.0)))
        .collect();
    match (started.as_slice(), clusters) {
        ([(at, key)], _) => {
            let path = clusters[*at].entrypoint.unwrap_or_default();
            Ok(Which { at: *at, by: format!("its Kustomization {key} applies {path}") })
        }
        (_, [_]) => Ok(Which { at: 0, by: "the repository has only this one".into() }),
        (_, []) => Err("the repository has no cluster".into()),
        _ => Err(format!("nothing that was read says which cluster it is: {}", all())),
    }
}

/// Name and namespace of every ConfigMap that holds settings.
pub fn settings(telling: &Telling) -> impl Iterator<Item = (&str, &str)> {
    let own = telling.clusters.iter().map(|c| (c.settings_name.as_str(), c.settings_namespace.as_str()));
    std::iter::once((telling.settings_name.as_str(), telling.settings_namespace.as_str())).chain(own)
}
