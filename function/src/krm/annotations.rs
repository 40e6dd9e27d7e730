//! The annotations and labels that functions, kustomize, kpt and lbpools itself go by.

/// File that an item comes from, relative to the package (KRM functions specification).
pub const PATH: &str = "internal.config.kubernetes.io/path";
/// Which document of the file, from 0.
pub const INDEX: &str = "internal.config.kubernetes.io/index";
/// The older spelling of [`PATH`]; kpt refuses two that differ.
pub const LEGACY_PATH: &str = "config.kubernetes.io/path";
/// The older spelling of [`INDEX`].
pub const LEGACY_INDEX: &str = "config.kubernetes.io/index";
/// Says that an object is for tools on the client side only.
pub const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
/// By which kustomize knows an item again; on every item that it sends to a function or a legacy plugin.
pub const KUSTOMIZE_ID: &str = "kustomize.config.k8s.io/id";
/// On objects that lbpools made: the name of the config that asked for them.
pub const GENERATED_BY: &str = "lbpools.dev/generated-by";
/// On pools: who answers for the addresses.
pub const OWNER: &str = "lbpools.dev/owner";
/// On pools: what the addresses are for.
pub const PURPOSE: &str = "lbpools.dev/purpose";
/// On any object: findings that its owner has accepted, `CODE: reason` each, separated by `;`.
pub const ACCEPT: &str = "lbpools.dev/accept";
/// Flux's mark on an object that it must not substitute in (label or annotation, value `disabled`).
pub const FLUX_SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";
