//! `lbpools describe`: the document as it is.

use anyhow::Context;

use super::{Exit, Streams};
use crate::contract::Function;
use crate::report::json;

/// Print it.
pub(super) fn run<F: Function>(
    function: impl FnOnce() -> anyhow::Result<F>,
    streams: &mut Streams,
) -> anyhow::Result<Exit> {
    let document = function()?.describe().context("the function did not answer")?;
    json::emit(&document, streams.stdout)?;
    Ok(Exit::Clean)
}
