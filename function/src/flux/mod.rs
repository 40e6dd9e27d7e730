//! What each cluster really applies, and with which values: Flux's view of the input.
//!
//! [`files`] sorts the objects into their files, [`clusters`] finds the clusters, [`walk`] follows each from its
//! entry point through Kustomizations, [`settings`] finds the variables on the way, and an [`object::Object`] is
//! one manifest as one cluster sees it. Where only kustomize itself knows what becomes of a directory, [`build`] says so
//! and takes its answer. A value that cannot be known says so ([`fact::Fact`]) instead of guessing.

pub mod applied;
pub mod build;
pub mod clusters;
pub mod expression;
pub mod fact;
pub mod files;
pub mod kustomization;
pub mod layer;
pub mod mentions;
pub mod object;
pub mod patch;
pub mod readers;
pub mod retype;
pub mod settings;
pub mod variables;
pub mod version;
pub mod waiting;
pub mod walk;
