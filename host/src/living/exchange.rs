//! One question to the API server, and its answer: bounded in time, in bytes and in tries.
//!
//! The client's own retries are switched off: it would try fifteen times with pauses of up to a thousand seconds. The
//! pauses here are a fixed list, so that a run takes as long as the last one did.

use std::time::Duration;

use http::Request;
use http::header::{HeaderMap, RETRY_AFTER};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::refusal::Refusal;

/// How long to wait for an answer, and how often to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// For one answer, whole.
    pub answer: Duration,
    /// Before each further try: as many tries as there are pauses, and one.
    pub pauses: Vec<Duration>,
    /// A server that asks to stay away longer than this is not waited for.
    pub longest: Duration,
    /// For an object to go once its deletion was accepted.
    pub going: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let pauses = [250, 500, 1000, 2000, 4000].map(Duration::from_millis);
        Self {
            answer: Duration::from_secs(30),
            pauses: pauses.to_vec(),
            longest: Duration::from_secs(30),
            going: Duration::from_secs(15),
        }
    }
}

/// A client that asks with patience.
pub(super) struct Exchange {
    client: Client,
    pub(super) patience: Patience,
}

impl Exchange {
    pub(super) fn new(client: Client, patience: Patience) -> Self {
        Self { client, patience }
    }

    /// Ask once. `room` bounds the answer.
    pub(super) async fn once(&self, request: Request<Vec<u8>>, room: usize) -> Result<Vec<u8>, Refusal> {
        let answer = async {
            let response = self.client.send(request.map(Body::from)).await;
            let response = response.map_err(|error| Refusal::of_client(&error))?;
            let (status, wait) = (response.status(), stay_away(response.headers()));
            let body = collect(response.into_body(), room).await?;
            if status.is_success() { Ok(body) } else { Err(Refusal::of_answer(status, wait, &body)) }
        };
        timeout(self.patience.answer, answer).await.unwrap_or(Err(Refusal::Silent(self.patience.answer)))
    }

    /// Ask for something that may be asked for twice, and again while that can help.
    pub(super) async fn ask(&self, request: Request<Vec<u8>>, room: usize) -> Result<Vec<u8>, Refusal> {
        self.again(request, room, Refusal::passes).await
    }

    /// Ask for something that must not be done twice: again only when the server has surely not begun.
    pub(super) async fn order(&self, request: Request<Vec<u8>>, room: usize) -> Result<Vec<u8>, Refusal> {
        self.again(request, room, Refusal::comes_before_the_work).await
    }

    async fn again(
        &self,
        request: Request<Vec<u8>>,
        room: usize,
        worthwhile: fn(&Refusal) -> bool,
    ) -> Result<Vec<u8>, Refusal> {
        let mut pauses = self.patience.pauses.iter();
        let mut silences = 0;
        loop {
            let refusal = match self.once(request.clone(), room).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => refusal,
            };
            // Whole timeouts add up: one more chance is enough.
            silences += usize::from(matches!(refusal, Refusal::Silent(_)));
            let Some(pause) = pauses.next().filter(|_| worthwhile(&refusal) && silences < 2) else {
                return Err(refusal);
            };
            let pause = match &refusal {
                Refusal::Busy { wait: Some(wait), .. } if *wait > self.patience.longest => return Err(refusal),
                Refusal::Busy { wait: Some(wait), .. } => *wait,
                _ => *pause,
            };
            sleep(pause).await;
        }
    }

    /// `GET`, with the answer as JSON.
    pub(super) async fn get(&self, path: &str, room: usize) -> Result<Value, Refusal> {
        let bytes = self.ask(get(path)?, room).await?;
        serde_json::from_slice(&bytes).map_err(|error| Refusal::Odd(error.to_string()))
    }
}

/// A request for a path.
pub(super) fn get(path: &str) -> Result<Request<Vec<u8>>, Refusal> {
    Request::get(path).body(Vec::new()).map_err(|error| Refusal::Odd(format!("`{path}`: {error}")))
}

/// `Retry-After` in seconds; a date would need a clock that agrees with the server's.
fn stay_away(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

async fn collect(mut body: Body, room: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::of_client(&error))?;
        if let Ok(data) = frame.into_data() {
            if data.len() > room.saturating_sub(bytes.len()) {
                return Err(Refusal::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}
