//! Flux: what each cluster applies and with which values.

pub mod expression;
