//! Objects from kustomize's own output, each led back to the manifest it was read from.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Step, Top, Walk};
use crate::flux::build::{Build, Outcome, Traced, made, named, origin, traced, written};
use crate::flux::files::{Located, join};
use crate::flux::object::Object;
use crate::flux::patch::Patched;
use crate::krm::document::Document;
use crate::krm::item::Item;
use crate::report::Place;

impl<'a, 't> Walk<'_, 'a, 't> {
    /// Enter a build of a directory, for a Flux Kustomization or for the entry point itself; says its number.
    pub(super) fn build(&mut self, directory: &str, flux: Option<&Object<'a, 't>>, at: Option<Place>) -> usize {
        let id = match flux {
            None => self.entrypoint.to_owned(),
            Some(flux) => {
                let namespace = flux.namespace().known().cloned().unwrap_or_default();
                format!("{}:{namespace}/{}", self.entrypoint, flux.resource().name)
            }
        };
        let located = self.files.kustomization_of(directory);
        let file = located.map(|(document, item)| document.place(item, &(item.span.start..item.span.start)));
        self.found.builds.push(Build {
            id: id.into(),
            directory: directory.to_owned(),
            kustomization: written(self.files, directory, located, flux),
            because: None,
            at: file.or(at),
            refused: None,
        });
        self.found.builds.len() - 1
    }

    /// Say that only kustomize knows what a build makes.
    pub(super) fn needs(&mut self, build: usize, because: &str) {
        if let Some(build) = self.found.builds.get_mut(build).filter(|_| !self.only_way) {
            build.because.get_or_insert_with(|| because.into());
        }
    }

    /// Whether a build is of this directory and its output was handed in.
    pub(super) fn is_built(&self, build: &Build, directory: &str) -> bool {
        build.directory == directory && matches!(self.files.built(&build.id), Some(Outcome::Built(_)))
    }

    /// What the cluster applies from a directory.
    pub(super) fn applied(&mut self, directory: &str, step: &Step<'a, 't>, at: Option<Place>, top: Top<'a, 't>) {
        let build = self.found.builds.get(step.build).cloned();
        let outcome = build.as_ref().and_then(|build| self.files.built(&build.id));
        match outcome {
            Some(Outcome::Built(document)) => {
                self.way.clear();
                self.only_way = true;
                self.directory(directory, step, at.clone(), top, 0);
                self.only_way = false;
                let put_in = self.put_in(directory, at);
                self.objects_of(document, directory, step, &put_in);
            }
            Some(Outcome::Refused(words)) => {
                // What kustomize cannot fetch here, Flux perhaps can.
                let open = self.found.open.take();
                self.directory(directory, step, at, top, 0);
                let outside = self.found.open.is_some();
                self.found.open = open.or(self.found.open.take());
                if outside {
                    let what = named(directory);
                    self.note(format!("what kustomize builds from {what}"), words, build.and_then(|build| build.at));
                } else if let Some(build) = self.found.builds.get_mut(step.build) {
                    build.refused = Some(words.trim().into());
                }
            }
            Some(Outcome::Failed(why)) => {
                let what = named(directory);
                self.note(format!("what kustomize builds from {what}"), why, build.and_then(|build| build.at));
                self.directory(directory, step, at, top, 0);
            }
            None => {
                self.directory(directory, step, at, top, 0);
                let build = self.found.builds.get(step.build).cloned();
                if let Some((build, because)) = build.and_then(|build| Some((build.clone(), build.because?))) {
                    let what = named(directory);
                    self.note(format!("what kustomize makes of {what} (--build asks it)"), &*because, build.at);
                }
            }
        }
    }

    /// Where a person looks for what is not written in a manifest: the patches of the kustomization file, else what
    /// names the directory.
    fn put_in(&self, directory: &str, at: Option<Place>) -> Option<Place> {
        let Some((document, item)) = self.files.kustomization_of(directory) else { return at };
        let lists = [
            "patches",
            "patchesStrategicMerge",
            "patchesJson6902",
            "replacements",
            "components",
            "configMapGenerator",
            "secretGenerator",
        ];
        let entry = lists.iter().find_map(|key| item.tree().entry(key));
        let span = entry.map_or(item.span.start..item.span.start, |entry| entry.key.span.clone());
        Some(document.place(item, &span))
    }

    fn objects_of(&mut self, document: &'a Document<'t>, directory: &str, step: &Step<'a, 't>, put_in: &Option<Place>) {
        let mut taken = BTreeSet::new();
        let mut items = Vec::new();
        for item in &document.items {
            let source = self.source_of(item, directory, &taken);
            let number = source.and_then(|(_, source)| self.way.get(&std::ptr::from_ref(source))).map(|(n, _)| *n);
            taken.extend(source.map(|(_, source)| std::ptr::from_ref(source)));
            items.push((number.unwrap_or(usize::MAX), item, source));
        }
        // In the order of the way, as without a build; kustomize sorts by kind.
        items.sort_by_key(|(number, ..)| *number);
        for (_, item, source) in items {
            let mut object = Object::with_variables(source.unwrap_or((document, item)), step.variables.clone());
            object.kustomization.clone_from(&step.kustomization);
            object.suspended.clone_from(&step.suspended);
            object.patched = self.patched(item, source, (document, item), put_in);
            if object.item.resource.namespace.is_none() {
                object.namespace_override = item.resource.namespace.as_deref().map(Into::into);
            }
            if let Some(name) = step.suspended.as_ref().filter(|_| !is_kustomization(item)) {
                object.altered =
                    Some(format!("Kustomization {name} is suspended, so the cluster keeps what it has").into());
            }
            self.enter(object, step);
        }
    }

    /// The tree of a built object, where it is not as written.
    fn patched(
        &self,
        item: &'a Item<'t>,
        source: Option<Located<'a, 't>>,
        own: Located<'a, 't>,
        put_in: &Option<Place>,
    ) -> Option<Rc<Patched<'a, 't>>> {
        let nowhere = || own.0.place(item, &(item.span.start..item.span.start));
        let place = |key: &str, text: Option<&str>| {
            let way = source.and_then(|(_, source)| Some((&self.way.get(&std::ptr::from_ref(source))?.1, source)));
            let said = way.zip(text).and_then(|((layer, source), text)| layer.says(source, key, text));
            said.or_else(|| put_in.clone()).unwrap_or_else(nowhere)
        };
        let Some(source) = source else {
            return Some(Rc::new(made(item.tree(), Patched::elsewhere(own, place("", None)), &place)));
        };
        match traced(item.tree(), source.1.tree(), Patched::new(source), &place) {
            Traced::AsWritten => None,
            Traced::Changed(patched) => Some(Rc::new(patched)),
        }
    }

    /// The manifest that a built object was read from: of its kind in the file it says, by the name that it has still
    /// got, or has most of.
    fn source_of(
        &self,
        item: &Item<'_>,
        directory: &str,
        taken: &BTreeSet<*const Item<'t>>,
    ) -> Option<Located<'a, 't>> {
        let path = join(directory, &origin(item.tree())?);
        let same_kind = |other: &Item<'_>| other.resource.kind == item.resource.kind && other.group() == item.group();
        let candidates = self.files.file(&path)?.iter().filter(|(_, other)| same_kind(other));
        let free = candidates.filter(|(_, other)| !taken.contains(&std::ptr::from_ref(*other)));
        let (name, namespace) = (item.resource.name.as_str(), &item.resource.namespace);
        let within = free.filter(|(_, other)| name.contains(other.resource.name.as_str()));
        within.max_by_key(|(_, other)| (other.resource.name.len(), other.resource.namespace == *namespace)).copied()
    }
}

fn is_kustomization(item: &Item<'_>) -> bool {
    item.is("kustomize.toolkit.fluxcd.io", "Kustomization")
}
