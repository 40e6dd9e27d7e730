//! Every object of a kind, page by page.
//!
//! The server keeps a list for some minutes only. When it has forgotten where the pages began (410), the list is read
//! from its start: pages of two lists side by side could show an object twice or not at all.

use kube::api::ListParams;
use kube::core::Request;
use serde_json::Value;

use super::exchange::Exchange;
use super::kinds::Kind;
use super::page::Page;
use super::refusal::Refusal;

/// How many objects to ask for at once: what kubectl asks for.
const PAGE: u32 = 500;
/// A page of objects of the largest size that etcd takes (1.5 MiB) would be larger, but is not to be expected.
const PAGE_ROOM: usize = 256 << 20;
/// How often a list may be begun again.
const RESTARTS: usize = 3;

/// What is listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The kind.
    pub(super) kind: &'a Kind,
    /// In this version.
    pub(super) version: &'static str,
    /// In this namespace, or in all.
    pub(super) namespace: Option<&'a str>,
    /// With these labels.
    pub(super) labels: Option<&'a str>,
}

/// The texts of all pages, at least one. `room` bounds them together; `seen` is told each object, and how many there
/// were when a page is done.
pub(super) async fn list(
    exchange: &Exchange,
    wanted: Wanted<'_>,
    room: u64,
    seen: &mut dyn FnMut(&[Value]),
) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut restarts = 0;
    loop {
        match pages(exchange, wanted, room, seen).await {
            Err(Refusal::Expired) if restarts < RESTARTS => restarts += 1,
            outcome => return outcome,
        }
    }
}

async fn pages(
    exchange: &Exchange,
    wanted: Wanted<'_>,
    room: u64,
    seen: &mut dyn FnMut(&[Value]),
) -> Result<Vec<Vec<u8>>, Refusal> {
    let Wanted { kind, version, .. } = wanted;
    let api_version = kind.api_version(version);
    let (mut texts, mut size, mut next) = (Vec::new(), 0_u64, None::<String>);
    loop {
        let mut params = ListParams::default().limit(PAGE);
        params.label_selector = wanted.labels.map(str::to_owned);
        params.continue_token = next;
        let request = Request::new(kind.path(version, wanted.namespace)).list(&params);
        let request = request.map_err(|error| Refusal::Odd(error.to_string()))?;
        let bytes = exchange.ask(request, PAGE_ROOM).await?;
        let page = Page::read(&bytes, kind, &api_version).map_err(|error| Refusal::Odd(error.to_string()))?;
        drop(bytes);
        seen(&page.items);
        let text = Page::text(&page.items, kind, &api_version);
        size = size.saturating_add(text.len() as u64);
        if size > room {
            return Err(Refusal::TooLarge);
        }
        texts.push(text);
        next = page.next;
        if next.is_none() {
            return Ok(texts);
        }
    }
}
