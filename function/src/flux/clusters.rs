//! Which clusters there are, what each applies, and with which settings.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::build::Build;
use super::expression::Dialect;
use super::fact::Fact;
use super::files::{Files, Located, Named, directory_of, normalised};
use super::kustomization::{FluxKustomization, Reference};
use super::object::Object;
use super::readers::Readers;
use super::settings::{Holder, Sources, below};
use super::variables::Variables;
use super::walk::{MissingEntry, Walk, Walked};
use crate::krm::annotations;
use crate::krm::item::Item;
use crate::krm::node::Node;
use crate::report::{NotChecked, Place};

/// A cluster as the config or the input names it, before anything is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterName {
    /// Its name.
    pub name: String,
    /// The directory Flux starts from.
    pub entrypoint: Option<String>,
    /// Name of its settings ConfigMap.
    pub settings_name: String,
    /// Namespace of its settings ConfigMap.
    pub settings_namespace: String,
    /// How its Flux reads expressions, where the config says which it is.
    pub dialect: Option<Dialect>,
}

/// What the clusters of an input are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The clusters of the network plan; empty to find them.
    pub clusters: Vec<ClusterName>,
    /// Name of the settings ConfigMap where no cluster says otherwise.
    pub settings_name: String,
    /// Its namespace.
    pub settings_namespace: String,
    /// The settings key whose value names the cluster.
    pub cluster_key: String,
    /// How Flux reads expressions where nothing is said of a cluster's own; none where the config says nothing of Flux.
    pub dialect: Option<Dialect>,
}

impl Telling {
    /// How a cluster's Flux reads expressions, where the config says which it is.
    fn said(&self, name: &ClusterName) -> Option<Dialect> {
        name.dialect.or(self.dialect)
    }

    /// How expressions are read: as said, else as the newest Flux that is known comes.
    pub fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(Dialect::FLUX_2_9)
    }
}

/// One cluster with everything it applies.
#[derive(Debug)]
pub struct Cluster<'a, 't> {
    /// Its name.
    pub name: String,
    /// The directory Flux starts from.
    pub entrypoint: Option<String>,
    /// Everything it applies, in the order met.
    pub objects: Vec<Object<'a, 't>>,
    /// Its settings, whoever uses them.
    pub settings: Rc<Variables>,
    /// The settings ConfigMap itself, to add keys to.
    pub settings_object: Option<Located<'a, 't>>,
    /// How its Flux reads expressions, where the config says which it is.
    pub dialect: Option<Dialect>,
    /// What the way to its objects looks like.
    pub wiring: Wiring<'a, 't>,
    /// What could not be followed.
    pub not_checked: Vec<NotChecked>,
}

/// How a cluster's objects are delivered: what lies between the entry point and them.
#[derive(Debug, Default)]
pub struct Wiring<'a, 't> {
    /// Its Flux Kustomizations, in the order met.
    pub kustomizations: Vec<FluxKustomization<'a, 't>>,
    /// The kustomization files on the way, by directory.
    pub built: BTreeMap<String, Located<'a, 't>>,
    /// Entries of kustomization files that name what is not there.
    pub missing: Vec<MissingEntry>,
    /// Objects that a further Kustomization applies as well: number of the object, and who.
    pub again: Vec<(usize, Option<Rc<str>>)>,
    /// Why there may be objects that are not known: something lies outside the input.
    pub open: Option<String>,
    /// What `substituteFrom` names and is not there as named.
    pub unresolved: Vec<Unresolved>,
    /// Directories that other clusters start from.
    pub foreign: Vec<String>,
    /// Keys of the settings that nothing in the input reads; none where not every reader is known.
    pub unread: Vec<String>,
    /// What Flux builds for the cluster, in the order met.
    pub builds: Vec<Build>,
}

impl<'a, 't> Wiring<'a, 't> {
    /// The Flux Kustomization of this `namespace/name`.
    pub fn kustomization(&self, name: &str) -> Option<&FluxKustomization<'a, 't>> {
        self.kustomizations.iter().find(|kustomization| *kustomization.name == *name)
    }
}

/// Find the keys of the clusters' settings that nothing reads. Silent where a reader may be outside the input.
pub fn find_unread(clusters: &mut [Cluster<'_, '_>], files: &Files<'_, '_>, more: &[&str], telling: &Telling) {
    let generated = files.generating().iter().flat_map(|(_, (_, item))| {
        let lists = ["configMapGenerator", "secretGenerator"].iter().filter_map(|list| item.tree().get(list));
        lists.flat_map(Node::items)
    });
    let unread_files = |entry: &Node<'_>| ["files", "envs", "env"].iter().any(|key| entry.get(key).is_some());
    if generated.into_iter().any(unread_files) {
        return;
    }
    let mut readers = Readers::default();
    more.iter().for_each(|text| readers.read(text));
    files.texts().for_each(|text| readers.read(text));
    if readers.hands_on(&telling.settings_name) {
        return;
    }
    // What lies outside of one cluster reads the settings of that one.
    let object = |cluster: &Cluster<'_, '_>| cluster.settings_object.map(|(_, item)| std::ptr::from_ref(item).addr());
    let open: Vec<usize> =
        clusters.iter().filter(|cluster| cluster.wiring.open.is_some()).filter_map(&object).collect();
    for cluster in clusters.iter_mut().filter(|cluster| cluster.entrypoint.is_some()) {
        if object(cluster).is_none_or(|own| open.contains(&own)) {
            continue;
        }
        let keys = cluster.settings.by_name.keys().filter(|key| **key != telling.cluster_key);
        let unread = keys.filter(|key| !readers.mentions(key) && !readers.speaks_of(key)).cloned().collect();
        cluster.wiring.unread = unread;
    }
}

/// An entry of `substituteFrom` that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The Kustomization, as `namespace/name`.
    pub kustomization: Rc<str>,
    /// What it names.
    pub reference: Reference,
    /// What was found in its place.
    pub instead: Instead,
}

/// What is there in the place of a source of variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Nothing of a like name.
    Nothing,
    /// An object of the same kind that was probably meant, as `namespace/name`, and where it is.
    Like(String, Place),
    /// A generator that puts a hash behind the name.
    Hashed(Place),
}

/// Follow the input to its clusters. Also hands back what no verdict on a whole cluster is possible for.
pub fn clusters<'a, 't>(files: &Files<'a, 't>, telling: &Telling) -> (Vec<Cluster<'a, 't>>, Vec<NotChecked>) {
    let mut names = if telling.clusters.is_empty() { found(files, telling) } else { telling.clusters.clone() };
    for name in &mut names {
        name.entrypoint = name.entrypoint.as_deref().map(normalised);
    }
    let mut notes = Vec::new();
    let has_files = files.all().next().is_some();
    let rooted = has_files && names.iter().any(|n| n.entrypoint.as_ref().is_some_and(|dir| files.has_directory(dir)));
    if !rooted {
        names = told_by_settings(files, telling, names, &mut notes);
    }
    let clusters = names
        .iter()
        .map(|name| {
            let foreign = names.iter().filter(|n| n.name != name.name).filter_map(|n| n.entrypoint.clone()).collect();
            let entrypoint = if rooted { name.entrypoint.as_deref() } else { None };
            let sources = Sources {
                files,
                entrypoint,
                foreign: if rooted { foreign } else { Vec::new() },
                dialect: telling.said(name).unwrap_or(telling.dialect()),
                changed: Vec::new(),
            };
            cluster(files, sources, name, telling.said(name))
        })
        .collect();
    (clusters, notes)
}

fn cluster<'a, 't>(
    files: &Files<'a, 't>,
    mut sources: Sources<'_, 'a, 't>,
    name: &ClusterName,
    dialect: Option<Dialect>,
) -> Cluster<'a, 't> {
    let mut walked = sources.entrypoint.map(|entrypoint| Walk::from(files, &sources, entrypoint));
    let changed = walked.as_ref().map(|walked| Sources::changed(&walked.objects)).unwrap_or_default();
    if !changed.is_empty() {
        // What the cluster gets is only known once it was walked; the variables count from the beginning.
        sources.changed = changed;
        walked = sources.entrypoint.map(|entrypoint| Walk::from(files, &sources, entrypoint));
    }
    let sources = &sources;
    let mut settings = Variables::none(sources.dialect);
    sources.add(&mut settings, "ConfigMap", &name.settings_namespace, &name.settings_name);
    settings.runs = true;
    let settings_object = match sources.find("ConfigMap", &name.settings_namespace, &name.settings_name) {
        Some(Holder::Object(located)) => Some(located),
        _ => None,
    };
    // What the cluster applies counts before what only stands there, such as a patch of the same name.
    let applied = walked.as_ref().and_then(|walked| {
        walked.objects.iter().find(|object| {
            object.item.is("", "ConfigMap")
                && object.resource().name == name.settings_name
                && object.namespace().known().is_none_or(|own| *own == name.settings_namespace)
                && files
                    .named(Named::ConfigMap, &object.item.resource.name)
                    .iter()
                    .any(|(_, (_, item))| std::ptr::eq(*item, object.item))
        })
    });
    let settings_object = applied.map(|object| (object.document, object.item)).or(settings_object);
    let walked = match walked {
        Some(walked) => walked,
        None => Walked { objects: flat(files, sources, &mut settings), ..Walked::default() },
    };
    let Walked { objects, kustomizations, built, missing, again, mut not_checked, open, builds } = walked;
    let unresolved = kustomizations.iter().flat_map(|kustomization| unresolved(sources, kustomization)).collect();
    let foreign = sources.foreign.clone();
    let wiring =
        Wiring { kustomizations, built, missing, again, open, unresolved, foreign, unread: Vec::new(), builds };
    if sources.entrypoint.is_some() && settings_object.is_none() {
        // No ConfigMap of the configured name: what its Kustomizations substitute is what it has.
        if let Some(object) =
            objects.iter().filter(|o| o.kustomization.is_some()).max_by_key(|o| o.variables.by_name.len())
            && !object.variables.by_name.is_empty()
        {
            settings = (*object.variables).clone();
        }
    }
    for note in &mut not_checked {
        note.cluster = Some(name.name.clone());
    }
    Cluster {
        name: name.name.clone(),
        entrypoint: sources.entrypoint.map(str::to_owned),
        objects,
        settings: Rc::new(settings),
        settings_object,
        dialect,
        wiring,
        not_checked,
    }
}

/// The sources of variables that a Kustomization names and that are not there.
fn unresolved<'a, 't>(sources: &Sources<'_, 'a, 't>, kustomization: &FluxKustomization<'a, 't>) -> Vec<Unresolved> {
    let namespace = kustomization.namespace();
    let mut found = Vec::new();
    for reference in kustomization.references() {
        let Fact::Known(name) = &reference.name else { continue };
        let instead = match sources.find(&reference.kind, namespace, name) {
            Some(Holder::Object(_)) => continue,
            Some(Holder::Generator(located, entry)) => match generated_with_hash(located, entry) {
                Some(place) => Instead::Hashed(place),
                None => continue,
            },
            None => {
                sources.like(&reference.kind, namespace, name).map_or(Instead::Nothing, |(name, (document, item))| {
                    let node = item.tree().at(&["metadata", "name"]);
                    Instead::Like(name, document.place(item, &node.map_or(item.span.clone(), |node| node.span.clone())))
                })
            }
        };
        found.push(Unresolved { kustomization: kustomization.name.clone(), reference, instead });
    }
    found
}

/// Where a generator's name is, when kustomize puts a hash behind it. Flux reads the name of a source as it stands:
/// kustomize follows no reference in a Kustomization.
fn generated_with_hash((document, item): Located<'_, '_>, entry: &Node<'_>) -> Option<Place> {
    let disabled = |options: Option<&Node<'_>>| {
        options.and_then(|options| options.text_at(&["disableNameSuffixHash"])) == Some("true")
    };
    if disabled(entry.get("options")) || disabled(item.tree().get("generatorOptions")) {
        return None;
    }
    Some(document.place(item, &entry.get("name")?.span))
}

/// Without an entry point: everything is applied, and with the settings.
fn flat<'a, 't>(files: &Files<'a, 't>, sources: &Sources<'_, 'a, 't>, settings: &mut Variables) -> Vec<Object<'a, 't>> {
    let all: Vec<Located<'a, 't>> =
        files.all().map(|(_, located)| located).chain(files.pathless().iter().copied()).collect();
    let bare = Rc::new(Variables::none(sources.dialect));
    if settings.by_name.is_empty() {
        // Follow a Flux Kustomization of the list to the settings it names.
        for &located in all.iter().filter(|(_, item)| item.is("kustomize.toolkit.fluxcd.io", "Kustomization")) {
            let variables = sources.of_kustomization(&Object::with_variables(located, bare.clone()));
            if !variables.by_name.is_empty() {
                *settings = variables;
                break;
            }
        }
    }
    settings.runs = true;
    let variables = Rc::new(settings.clone());
    all.into_iter()
        .filter(|(_, item)| item.annotation(annotations::LOCAL_CONFIG) != Some("true"))
        .map(|located| {
            let plain = located.1.is("kustomize.toolkit.fluxcd.io", "Kustomization") || located.1.is("", "ConfigMap");
            Object::with_variables(located, if plain { bare.clone() } else { variables.clone() })
        })
        .collect()
}

/// Clusters of an input whose config names none. One for each directory that a Flux Kustomization in it applies, as a
/// bootstrap leaves it; else one for each settings ConfigMap that has Flux Kustomizations below its directory; else
/// one for each settings ConfigMap, else one.
fn found(files: &Files<'_, '_>, telling: &Telling) -> Vec<ClusterName> {
    let roots = roots(files);
    let root_of = |directory: &str| roots.iter().find(|root| directory == *root || below(directory, root));
    let mut names: Vec<ClusterName> = Vec::new();
    let all = files.named(Named::ConfigMap, &telling.settings_name);
    let mut settings: Vec<(&str, &Item<'_>)> =
        all.iter().filter_map(|(path, (_, item))| Some((path.as_deref()?, *item))).collect();
    settings.sort_by_key(|(path, _)| *path);
    for (path, item) in settings {
        if !is_settings(item, &telling.settings_namespace, &telling.settings_name) {
            continue;
        }
        let directory = directory_of(path).to_owned();
        let entrypoint = match root_of(&directory) {
            Some(root) => Some(root.clone()),
            None => {
                let mut below = files.below(&directory);
                below
                    .any(|(_, (_, item))| item.is("kustomize.toolkit.fluxcd.io", "Kustomization"))
                    .then(|| directory.clone())
            }
        };
        // Beside clusters with entry points it is shared, or of no cluster.
        if entrypoint.is_none() && !roots.is_empty() {
            continue;
        }
        if entrypoint.is_some() && names.iter().any(|name| name.entrypoint == entrypoint) {
            continue;
        }
        let said = item.tree().text_at(&["data", &telling.cluster_key]).map(str::to_owned);
        let name = said.unwrap_or_else(|| named_after(entrypoint.as_deref().unwrap_or(&directory)));
        names.push(ClusterName { name, entrypoint, ..ClusterName::default() });
    }
    for root in &roots {
        if !names.iter().any(|name| name.entrypoint.as_ref() == Some(root)) {
            let entrypoint = Some(root.clone());
            names.push(ClusterName { name: named_after(root), entrypoint, ..ClusterName::default() });
        }
    }
    if names.is_empty() {
        names.push(ClusterName { name: "cluster".into(), ..ClusterName::default() });
    }
    names.sort_by(|a, b| a.entrypoint.cmp(&b.entrypoint));
    for name in &mut names {
        name.settings_name.clone_from(&telling.settings_name);
        name.settings_namespace.clone_from(&telling.settings_namespace);
    }
    names
}

/// The directories that a Flux Kustomization in them applies, the outermost ones.
fn roots(files: &Files<'_, '_>) -> Vec<String> {
    let mut roots: Vec<String> = files
        .all()
        .filter(|(_, (_, item))| item.is("kustomize.toolkit.fluxcd.io", "Kustomization"))
        .filter_map(|(path, (_, item))| {
            let applied = item.tree().text_at(&["spec", "path"]).filter(|text| !text.contains("${"))?;
            let applied = normalised(applied);
            (item.tree().at(&["spec", "sourceRef"]).is_some() && below(path, &applied)).then_some(applied)
        })
        .collect();
    roots.sort();
    roots.dedup();
    // A bootstrap puts the source beside it; a Kustomization elsewhere that applies its own directory has none there.
    let sources = ["GitRepository", "OCIRepository", "Bucket"];
    let has_source = |root: &String| {
        files.below(root).any(|(_, (_, item))| sources.iter().any(|kind| item.is("source.toolkit.fluxcd.io", kind)))
    };
    if roots.iter().any(has_source) {
        roots.retain(has_source);
    }
    let outermost = roots.clone();
    roots.retain(|root| !outermost.iter().any(|other| other != root && (other.is_empty() || below(root, other))));
    roots
}

/// A cluster's name when nothing says it: that of its directory, without what Flux calls its own.
fn named_after(directory: &str) -> String {
    let parts = directory.rsplit('/').filter(|part| !part.is_empty());
    let own = |part: &&str| !matches!(*part, "flux-system" | "flux" | "cluster" | "config");
    parts.clone().find(own).or(parts.clone().next()).unwrap_or("cluster").to_owned()
}

/// A list without entry points, as kustomize sends it, is one cluster's or says by its settings which clusters
/// it is for.
fn told_by_settings(
    files: &Files<'_, '_>,
    telling: &Telling,
    names: Vec<ClusterName>,
    notes: &mut Vec<NotChecked>,
) -> Vec<ClusterName> {
    if names.len() < 2 {
        return names;
    }
    let sources =
        Sources { files, entrypoint: None, foreign: Vec::new(), dialect: telling.dialect(), changed: Vec::new() };
    let told: Vec<ClusterName> = names
        .iter()
        .filter(|name| {
            let mut settings = Variables::none(telling.said(name).unwrap_or(telling.dialect()));
            sources.add(&mut settings, "ConfigMap", &name.settings_namespace, &name.settings_name);
            let says = settings.by_name.get(&telling.cluster_key).map(|variable| &variable.value);
            let own_settings = names
                .iter()
                .filter(|n| {
                    (&n.settings_name, &n.settings_namespace) == (&name.settings_name, &name.settings_namespace)
                })
                .count()
                == 1;
            match says {
                Some(Fact::Known(value)) => *value == name.name,
                _ => own_settings && settings.open.is_none(),
            }
        })
        .cloned()
        .collect();
    if told.is_empty() {
        let all: Vec<&str> = names.iter().map(|n| n.name.as_str()).collect();
        notes.push(NotChecked {
            cluster: None,
            what: format!("the plan of {}", all.join(" and ")),
            because: format!(
                "nothing in the input says which of these clusters it is for: no settings with the key {}",
                telling.cluster_key
            ),
            at: None,
        });
        // What needs no plan is judged all the same.
        return vec![ClusterName {
            name: "cluster".into(),
            entrypoint: None,
            settings_name: telling.settings_name.clone(),
            settings_namespace: telling.settings_namespace.clone(),
            dialect: None,
        }];
    }
    told
}

fn is_settings(item: &Item<'_>, namespace: &str, name: &str) -> bool {
    item.is("", "ConfigMap")
        && item.resource.name == name
        && item.resource.namespace.as_deref().is_none_or(|own| own == namespace)
}
