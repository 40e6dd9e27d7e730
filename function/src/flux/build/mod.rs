//! What the real kustomize makes of a directory, where the walk alone cannot tell.
//!
//! A patch on a kind that kustomize has a schema for, a replacement, a generator of files: what they do, only
//! kustomize knows. So the walk says which directories it would have to be asked about ([`Build`]), with the
//! kustomization file that Flux would write there; the caller runs the program and hands its output in
//! ([`crate::Role::Built`]). [`traced`] then leads each piece of the output back to the place where it is written.

mod kustomization;
mod traced;

use std::rc::Rc;

use crate::krm::document::Document;
use crate::report::Place;

pub use kustomization::written;
pub use traced::{Traced, traced};
pub(in crate::flux) use traced::{made, origin};

/// One build that Flux does for a cluster: a Kustomization's directory, or the entry point itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// By which its output is handed in: `ENTRYPOINT:NAMESPACE/NAME` of the Kustomization, `ENTRYPOINT` without one.
    pub id: Rc<str>,
    /// The directory to build.
    pub directory: String,
    /// The kustomization file in it as Flux writes it, or why that is not known.
    pub kustomization: Result<Written, String>,
    /// The first thing that nobody but kustomize knows; none where everything is known without it.
    pub because: Option<Rc<str>>,
    /// Where the directory is named, or the kustomization file.
    pub at: Option<Place>,
    /// Why kustomize builds nothing of it, in its own words, where that can only be the tree's fault.
    pub refused: Option<Rc<str>>,
}

impl Build {
    /// The Kustomization that it is for, as `namespace/name`; none for the entry point itself.
    pub fn made_for(&self) -> Option<&str> {
        self.id.rsplit_once(':').map(|(_, name)| name)
    }
}

/// A directory in a sentence: that of the whole package has no name.
pub fn named(directory: &str) -> &str {
    if directory.is_empty() { "the top directory" } else { directory }
}

/// A kustomization file as Flux writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path: that of the file which it stands in for, or of a new one.
    pub path: String,
    /// Its text: JSON, which is YAML.
    pub text: String,
}

/// What was handed in for a build.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a, 't> {
    /// The objects that kustomize made.
    Built(&'a Document<'t>),
    /// The program found fault with the tree; its own words.
    Refused(&'a str),
    /// There is no output, for this reason.
    Failed(&'a str),
}
