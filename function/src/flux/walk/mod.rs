//! From an entry point through Flux Kustomizations and kustomization files to the objects a cluster applies.
//!
//! What stands in a directory that nothing leads to is applied by nobody, whatever its name says. Where kustomize's own
//! output of a directory was handed in, its objects are taken from that (`built`).

mod built;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::build::Build;
use super::fact::Fact;
use super::files::{Files, Listed, Located, directory_of, join, normalised};
use super::kustomization::{FluxKustomization, Leads, SourceName, repository_of, source};
use super::layer::Layer;
use super::object::Object;
use super::patch::Patches;
use super::settings::Sources;
use super::variables::Variables;
use crate::krm::annotations;
use crate::krm::item::Item;
use crate::krm::node::Node;
use crate::report::{NotChecked, Place};

/// Directories deeper in one another than this are a loop.
const DEPTH: usize = 64;

/// What a walk finds.
#[derive(Debug, Default)]
pub struct Walked<'a, 't> {
    /// Everything the cluster applies, in the order met.
    pub objects: Vec<Object<'a, 't>>,
    /// Its Flux Kustomizations.
    pub kustomizations: Vec<FluxKustomization<'a, 't>>,
    /// The kustomization files on the way, by directory.
    pub built: BTreeMap<String, Located<'a, 't>>,
    /// Entries of kustomization files that name what is not there.
    pub missing: Vec<MissingEntry>,
    /// Objects that a further Kustomization applies as well: number of the object, and who.
    pub again: Vec<(usize, Option<Rc<str>>)>,
    /// What could not be followed.
    pub not_checked: Vec<NotChecked>,
    /// Why there may be objects that the walk does not know: something lies outside the input.
    pub open: Option<String>,
    /// What Flux builds for the cluster, in the order met.
    pub builds: Vec<Build>,
}

/// An entry of a kustomization file that names what is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingEntry {
    /// The path it comes to.
    pub path: String,
    /// Where it is written.
    pub at: Option<Place>,
    /// The Flux Kustomization that fails for it.
    pub kustomization: Option<Rc<str>>,
}

/// What is true for everything below one step of the way.
#[derive(Debug, Clone)]
struct Step<'a, 't> {
    variables: Rc<Variables>,
    kustomization: Option<Rc<str>>,
    suspended: Option<Rc<str>>,
    layer: Rc<Layer<'a, 't>>,
    /// Number of the build that it is a part of.
    build: usize,
}

/// What a Flux Kustomization puts into the kustomization file of its directory.
#[derive(Debug, Default)]
struct Top<'a, 't> {
    /// `namespace`, names and patches.
    layer: Option<Layer<'a, 't>>,
    /// Components.
    added: Added,
}

/// Components that a Flux Kustomization adds to those of its directory, as `(directory, place)`.
type Added = Vec<(String, Option<Place>)>;

/// Walks one cluster.
pub struct Walk<'f, 'a, 't> {
    files: &'f Files<'a, 't>,
    sources: &'f Sources<'f, 'a, 't>,
    found: Walked<'a, 't>,
    position: BTreeMap<(*const Item<'t>, String), usize>,
    visited: BTreeSet<Rc<str>>,
    /// The source of the entry point's own Kustomization, and its address.
    root: Option<(SourceName, Option<String>)>,
    entrypoint: &'f str,
    /// Only the way is looked at: what is applied is taken from kustomize's output.
    only_way: bool,
    /// What the kustomizations on the way to each manifest change, and which in the order of the way it is.
    way: BTreeMap<*const Item<'t>, (usize, Rc<Layer<'a, 't>>)>,
}

impl<'f, 'a, 't> Walk<'f, 'a, 't> {
    /// Start at a directory.
    pub fn from(files: &'f Files<'a, 't>, sources: &'f Sources<'f, 'a, 't>, entrypoint: &'f str) -> Walked<'a, 't> {
        let mut walk = Walk {
            files,
            sources,
            found: Walked::default(),
            position: BTreeMap::new(),
            visited: BTreeSet::new(),
            root: None,
            entrypoint,
            only_way: false,
            way: BTreeMap::new(),
        };
        let step = Step {
            variables: Rc::new(Variables::none(sources.dialect)),
            kustomization: None,
            suspended: None,
            layer: Rc::default(),
            build: 0,
        };
        if !files.has_directory(entrypoint) {
            walk.outside(
                format!("everything the cluster applies below {entrypoint}"),
                "the directory is not in the input",
                None,
            );
            return walk.found;
        }
        // A bootstrap applies the entry point once; from then on its own Kustomization does, and that is what counts.
        if let Some(own) = walk.own_kustomization(entrypoint, &step) {
            let namespace = own.namespace().known().cloned().unwrap_or_default();
            walk.root = source(&own, &namespace).map(|source| {
                let url = walk.address(&source);
                (source, url)
            });
            walk.ignored();
            walk.flux_kustomization(&own);
            if walk.found.builds.first().is_some_and(|build| walk.is_built(build, entrypoint)) {
                return walk.found;
            }
        }
        // The first round of a bootstrap is of the same files as the rounds of its own Kustomization.
        let build = if walk.found.builds.is_empty() { walk.build(entrypoint, None, None) } else { 0 };
        walk.applied(entrypoint, &Step { build, ..step }, None, Top::default());
        walk.found
    }

    /// What the source of the entry point leaves out of the artifact, in words of its own, is not looked up.
    fn ignored(&mut self) {
        let Some((source, _)) = &self.root else { return };
        let found = source.name.split_once('/').and_then(|(space, name)| self.sources.git_repository(space, name));
        let Some((document, item)) = found.filter(|_| source.kind == "GitRepository") else { return };
        if let Some(entry) =
            item.tree().at(&["spec"]).and_then(|spec| spec.entry("ignore")).filter(|e| !e.value.is_null())
        {
            let what = format!("whether GitRepository {} leaves out a file that is judged", source.name);
            let at = document.place(item, &entry.key.span);
            self.note(what, "its spec.ignore is not followed; a .sourceignore is", Some(at));
        }
    }

    /// The Kustomization in or below a directory that applies the directory itself.
    fn own_kustomization(&self, entrypoint: &str, step: &Step<'a, 't>) -> Option<Object<'a, 't>> {
        let below = self.files.below(entrypoint).map(|(_, located)| located);
        below
            .filter(|(_, item)| item.is("kustomize.toolkit.fluxcd.io", "Kustomization"))
            .map(|located| {
                // Its neighbours' patches on it, which `gotk-patches` and the like use.
                let directory = located.1.path.as_deref().or(Some(located.0.text.path)).map_or("", directory_of);
                let layer = match self.files.kustomization_of(directory) {
                    Some(kustomization) => self.layers(directory, kustomization, &step.layer, Top::default()).0,
                    None => step.layer.clone(),
                };
                self.built_object(located, &Step { layer, ..step.clone() })
            })
            .find(|object| {
                let path = object.text_at(&["spec", "path"]);
                path.is_some_and(|path| path.known().map(normalised).as_deref() == Some(entrypoint))
            })
    }

    fn note(&mut self, what: impl Into<String>, because: impl Into<String>, at: Option<Place>) {
        if self.only_way {
            return;
        }
        self.found.not_checked.push(NotChecked { cluster: None, what: what.into(), because: because.into(), at });
    }

    /// Note what lies outside: it may hold objects of any kind.
    fn outside(&mut self, what: impl Into<String>, because: impl Into<String>, at: Option<Place>) {
        let (what, because) = (what.into(), because.into());
        if self.only_way {
            return;
        }
        self.found.open.get_or_insert_with(|| format!("{what}: {because}"));
        self.note(what, because, at);
    }

    /// What Flux or kustomize builds from a directory.
    fn directory(&mut self, directory: &str, step: &Step<'a, 't>, at: Option<Place>, top: Top<'a, 't>, depth: usize) {
        if depth > DEPTH {
            self.outside(directory, "kustomizations lead in a circle", at);
            return;
        }
        if let Some(located) = self.files.kustomization_of(directory) {
            self.kustomization(directory, located, step, top, depth);
            return;
        }
        let Top { layer, added } = top;
        let own = match layer {
            Some(layer) => Rc::new(Layer { outer: Some(step.layer.clone()), ..layer }),
            None => step.layer.clone(),
        };
        let step = &Step { layer: own, ..step.clone() };
        let layer = self.components(&added, &step.layer).0;
        let inner = Step { layer, ..step.clone() };
        for listed in self.files.generated_listing(directory) {
            match listed {
                Listed::File(path) => self.file(&path, &inner),
                Listed::Directory(sub) => self.directory(&sub, &inner, at.clone(), Top::default(), depth + 1),
            }
        }
        for path in self.files.unread_below(directory) {
            self.outside(path, "it cannot be read", at.clone());
        }
        self.added(&added, step, depth);
    }

    fn kustomization(
        &mut self,
        directory: &str,
        located: Located<'a, 't>,
        outer: &Step<'a, 't>,
        top: Top<'a, 't>,
        depth: usize,
    ) {
        self.found.built.insert(directory.to_owned(), located);
        let added = top.added.clone();
        let (layer, components) = self.layers(directory, located, &outer.layer, top);
        self.listed(directory, located, &Step { layer, ..outer.clone() }, depth);
        for (component, located, layer) in components {
            self.found.built.insert(component.clone(), located);
            self.listed(&component, located, &Step { layer, ..outer.clone() }, depth);
        }
        let (document, item) = located;
        for entry in item.tree().get("components").map(Node::items).unwrap_or_default() {
            if let Some(target) = entry.text().filter(|text| is_remote(text)) {
                self.needs(outer.build, &format!("{target} is fetched from outside the input"));
                self.outside(target, "it is fetched from outside the input", Some(document.place(item, &entry.span)));
            }
        }
        for (path, at) in component_paths(directory, located).into_iter().chain(added) {
            if let Some(at) = at.filter(|_| self.files.kustomization_of(&path).is_none()) {
                self.missing_entry(path, Some(at), outer);
            }
        }
    }

    /// Components that only a Flux Kustomization names, for a directory without a kustomization file.
    fn added(&mut self, added: &Added, step: &Step<'a, 't>, depth: usize) {
        for (component, located, layer) in self.components(added, &step.layer).1 {
            self.found.built.insert(component.clone(), located);
            self.listed(&component, located, &Step { layer, ..step.clone() }, depth);
        }
    }

    /// The layer of a kustomization's own resources, and its components, each with the layer of theirs.
    fn layers(
        &self,
        directory: &str,
        located: Located<'a, 't>,
        outer: &Rc<Layer<'a, 't>>,
        top: Top<'a, 't>,
    ) -> (Rc<Layer<'a, 't>>, Components<'a, 't>) {
        let mut own = self.layer(directory, located, outer);
        if let Some(flux) = top.layer {
            own.put_in(flux);
        }
        let mut components = component_paths(directory, located);
        components.extend(top.added);
        self.components(&components, &Rc::new(own))
    }

    fn components(&self, components: &Added, own: &Rc<Layer<'a, 't>>) -> (Rc<Layer<'a, 't>>, Components<'a, 't>) {
        self.components_within(components, own, 0)
    }

    /// A component's changes run over what is gathered before it and by it, so it lies further in than its parent,
    /// and than the components after it.
    fn components_within(
        &self,
        components: &Added,
        own: &Rc<Layer<'a, 't>>,
        depth: usize,
    ) -> (Rc<Layer<'a, 't>>, Components<'a, 't>) {
        let mut layer = own.clone();
        let mut found = Vec::new();
        for (path, _) in components.iter().rev().filter(|_| depth < DEPTH) {
            let Some(located) = self.files.kustomization_of(path) else { continue };
            let own = Rc::new(self.layer(path, located, &layer));
            let (inner, nested) = self.components_within(&component_paths(path, located), &own, depth + 1);
            found.splice(0..0, std::iter::once((path.clone(), located, inner.clone())).chain(nested));
            layer = inner;
        }
        (layer, found)
    }

    /// What one kustomization file changes.
    fn layer(&self, directory: &str, located: Located<'a, 't>, outer: &Rc<Layer<'a, 't>>) -> Layer<'a, 't> {
        let tree = located.1.tree();
        let mut layer = Layer::read(tree, Some(outer.clone()), directory);
        let list = |key: &str| tree.get(key).map(Node::items).unwrap_or_default();
        let holder = format!("a patch in {directory}").into();
        let patches = Patches { files: self.files, directory, holder };
        layer.patches.extend(list("patchesStrategicMerge").iter().flat_map(|e| patches.strategic_entry(located, e)));
        layer.patches.extend(list("patches").iter().flat_map(|entry| patches.of_kustomization(located, entry)));
        let late = list("patchesJson6902").iter().flat_map(|entry| patches.of_kustomization(located, entry));
        layer.late_patches.extend(late);
        layer
    }

    /// The resources that a kustomization file lists.
    fn listed(&mut self, directory: &str, (document, item): Located<'a, 't>, step: &Step<'a, 't>, depth: usize) {
        let tree = item.tree();
        let place = |node: &Node<'_>| Some(document.place(item, &node.span));
        for list in ["resources", "bases"] {
            for entry in tree.get(list).map(Node::items).unwrap_or_default() {
                let Some(target) = entry.text() else { continue };
                if is_remote(target) {
                    self.needs(step.build, &format!("{target} is fetched from outside the input"));
                    self.outside(target, "it is fetched from outside the input", place(entry));
                    continue;
                }
                let path = join(directory, target);
                if self.files.file(&path).is_some() && !self.files.has_directory(&path) {
                    self.file(&path, step);
                } else if self.files.has_directory(&path) {
                    self.directory(&path, step, place(entry), Top::default(), depth + 1);
                } else if self.files.is_unread(&path) {
                    self.outside(path, "the kustomization names it and it cannot be read", place(entry));
                } else {
                    self.missing_entry(path, place(entry), step);
                }
            }
        }
        if let Some(entry) = tree.get("generators").and_then(|list| list.items().first()) {
            let because = format!("a generator in {directory} makes them; it is not run");
            self.needs(step.build, &because);
            self.outside(format!("some objects of {directory}"), because, place(entry));
        }
        if let Some(name) = self.sources.reads_files(tree) {
            self.needs(step.build, &format!("{name} is generated from files"));
        }
        if tree.get("helmCharts").is_some() {
            self.note(directory, "Helm charts are not rendered", Some(document.place(item, &item.span)));
        }
    }

    fn missing_entry(&mut self, path: String, at: Option<Place>, step: &Step<'a, 't>) {
        if self.only_way {
            return;
        }
        let entry = MissingEntry { path: path.clone(), at: at.clone(), kustomization: step.kustomization.clone() };
        if !self.found.missing.contains(&entry) {
            self.found.missing.push(entry);
        }
        self.note(path, "the kustomization names it and it is not in the input", at);
    }

    fn file(&mut self, path: &str, step: &Step<'a, 't>) {
        for &located in self.files.file(path).unwrap_or_default() {
            self.object(located, step);
        }
    }

    fn built_object(&self, located: Located<'a, 't>, step: &Step<'a, 't>) -> Object<'a, 't> {
        let mut object = Object::with_variables(located, step.variables.clone());
        object.kustomization.clone_from(&step.kustomization);
        object.suspended.clone_from(&step.suspended);
        step.layer.apply(&mut object, located);
        if let (None, Some(name)) = (&object.altered, &step.suspended)
            && !located.1.is("kustomize.toolkit.fluxcd.io", "Kustomization")
        {
            object.altered =
                Some(format!("Kustomization {name} is suspended, so the cluster keeps what it has").into());
        }
        object
    }

    fn object(&mut self, located: Located<'a, 't>, step: &Step<'a, 't>) {
        let (_, item) = located;
        if item.annotation(annotations::LOCAL_CONFIG) == Some("true") {
            return;
        }
        if self.only_way {
            let number = self.way.len();
            self.way.entry(std::ptr::from_ref(item)).or_insert_with(|| (number, step.layer.clone()));
            return;
        }
        let object = self.built_object(located, step);
        if let Some(why) = object.altered.as_ref().filter(|_| step.suspended.is_none() && item.is_read()) {
            self.needs(step.build, why);
        }
        self.enter(object, step);
    }

    /// Take an object that the cluster applies.
    fn enter(&mut self, object: Object<'a, 't>, step: &Step<'a, 't>) {
        let item = object.item;
        let identity = {
            let resource = object.resource();
            format!("{}/{}", resource.namespace.unwrap_or_default(), resource.name)
        };
        match self.position.get(&(std::ptr::from_ref(item), identity.clone())) {
            // The bootstrap's first round: its own Kustomization was followed before.
            Some(_) if step.kustomization.is_none() => return,
            Some(&at) => self.found.again.push((at, step.kustomization.clone())),
            None => {
                self.position.insert((std::ptr::from_ref(item), identity), self.found.objects.len());
                self.found.objects.push(object.clone());
            }
        }
        if item.is("kustomize.toolkit.fluxcd.io", "Kustomization") {
            self.flux_kustomization(&object);
        }
    }

    fn flux_kustomization(&mut self, object: &Object<'a, 't>) {
        let resource = object.resource();
        let name: Rc<str> =
            format!("{}/{}", object.namespace().known().cloned().unwrap_or_default(), resource.name).into();
        if !self.visited.insert(name.clone()) {
            return;
        }
        let variables = Rc::new(self.sources.of_kustomization(object));
        let leads = self.leads(object);
        let what = format!("what Kustomization {name} applies");
        let at = Some(object.place_of_name());
        self.found.kustomizations.push(FluxKustomization {
            name: name.clone(),
            object: object.clone(),
            leads: leads.clone(),
            variables: variables.clone(),
        });
        let directory = match leads {
            Leads::To(directory) => directory,
            // What is certainly not there holds nothing.
            Leads::Nowhere { directory, ours: true } => {
                self.note(what, format!("its path {directory:?} is not in the input"), at);
                return;
            }
            Leads::Nowhere { directory, ours: false } => {
                self.outside(what, format!("its path {directory:?} is not in the input"), at);
                return;
            }
            Leads::Unknown(why) => {
                self.outside(what, why, at);
                return;
            }
        };
        let suspends = object.text_at(&["spec", "suspend"]).is_some_and(|text| text.known() == Some("true"));
        if suspends && object.suspended.is_none() {
            self.note(what, "it is suspended: the cluster keeps what it has", at.clone());
        }
        let added = object.tree().at(&["spec", "components"]).map(Node::items).unwrap_or_default();
        let added = added
            .iter()
            .filter_map(|node| {
                let path = object.text(node)?.known().filter(|path| !is_remote(path)).map(|p| join(&directory, p))?;
                Some((path, Some(object.place(&node.span))))
            })
            .collect();
        let step = Step {
            variables,
            kustomization: Some(name.clone()),
            suspended: object.suspended.clone().or_else(|| suspends.then_some(name)),
            layer: Rc::default(),
            build: self.build(&directory, Some(object), at.clone()),
        };
        let layer = Some(self.flux_layer(object, &directory));
        self.applied(&directory, &step, at, Top { layer, added });
    }

    /// What the fields of a Flux Kustomization change.
    fn flux_layer(&self, object: &Object<'a, 't>, directory: &str) -> Layer<'a, 't> {
        let text = |key: &str| object.text_at(&["spec", key]).and_then(|text| text.known().map(str::to_owned));
        let holder = format!("a patch of Kustomization {}", object.resource().name).into();
        let patches = Patches { files: self.files, directory, holder };
        let entries = object.tree().at(&["spec", "patches"]).map(Node::items).unwrap_or_default();
        Layer {
            namespace: text("targetNamespace").map(Into::into),
            prefix: text("namePrefix").unwrap_or_default(),
            suffix: text("nameSuffix").unwrap_or_default(),
            patches: entries.iter().flat_map(|entry| patches.of_flux(object, entry)).collect(),
            ..Layer::default()
        }
    }

    /// Where a Flux Kustomization leads.
    fn leads(&self, object: &Object<'a, 't>) -> Leads {
        if object.tree().at(&["spec", "kubeConfig"]).is_some_and(|node| !node.is_null()) {
            return Leads::Unknown("it applies to another cluster".into());
        }
        let directory = match object.text_at(&["spec", "path"]).map(|text| text.value) {
            None => String::new(),
            Some(Fact::Known(path)) => normalised(&path),
            Some(Fact::Unknown(why)) => return Leads::Unknown(format!("its path is not known: {why}")),
        };
        let namespace = object.namespace().known().cloned().unwrap_or_default();
        let ours = match source(object, &namespace) {
            None => false,
            Some(source) => match self.is_ours(&source) {
                Ok(ours) => ours,
                Err(why) => return Leads::Unknown(why),
            },
        };
        if self.files.has_directory(&directory) {
            Leads::To(directory)
        } else if directory.split('/').any(|part| part.starts_with('.')) {
            Leads::Unknown(format!("its path {directory:?} is hidden, and hidden directories are not read"))
        } else {
            Leads::Nowhere { directory, ours }
        }
    }

    /// Whether a source is certainly the repository at hand; an error says that it is certainly another.
    fn is_ours(&self, source: &SourceName) -> Result<bool, String> {
        if self.root.as_ref().is_some_and(|(root, _)| root == source) {
            return Ok(true);
        }
        if source.kind != "GitRepository" {
            return Err(format!("its source, {} {}, is outside the input", source.kind, source.name));
        }
        let known = self.root.as_ref().and_then(|(_, url)| url.as_deref());
        match (known, self.address(source)) {
            (Some(root), Some(url)) if root == url => Ok(true),
            (Some(_), Some(_)) => Err(format!("its source, GitRepository {}, is another repository", source.name)),
            _ => Ok(false),
        }
    }

    /// The address of a GitRepository of the input.
    fn address(&self, source: &SourceName) -> Option<String> {
        let (namespace, name) = source.name.split_once('/')?;
        let (_, item) = self.sources.git_repository(namespace, name)?;
        let url = item.tree().text_at(&["spec", "url"])?;
        (!url.contains("${")).then(|| repository_of(url))
    }
}

/// Components with their kustomization files and the layers of what they list.
type Components<'a, 't> = Vec<(String, Located<'a, 't>, Rc<Layer<'a, 't>>)>;

/// The local components that a kustomization file names.
fn component_paths(directory: &str, (document, item): Located<'_, '_>) -> Added {
    let entries = item.tree().get("components").map(Node::items).unwrap_or_default();
    let local = entries.iter().filter_map(|entry| Some((entry, entry.text().filter(|text| !is_remote(text))?)));
    local.map(|(entry, text)| (join(directory, text), Some(document.place(item, &entry.span)))).collect()
}

/// Whether an entry of a kustomization file is fetched from somewhere.
fn is_remote(target: &str) -> bool {
    target.contains("://")
        || target.contains("?ref=")
        || target.starts_with("git@")
        || target.starts_with("github.com/")
}
