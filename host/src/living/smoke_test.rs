//! The smoke test: make a Deployment and a Service, see which address the Service gets, and remove both.
//!
//! The objects are the function's; each is marked with the run it belongs to. What is there already is never touched:
//! objects are created, not applied, and each is deleted by the uid that its creation gave. Where an answer was lost it
//! is not known whether the object is there; then it is looked up by name, and is ours if it has this run's mark.
//!
//! The removal comes in every case: when the test fails, when the connection breaks, when somebody interrupts. A second
//! interrupt ends it; then, as after a connection that stays away, what may be left is told.

use std::io;
use std::net::IpAddr;
use std::process;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::api::{DeleteParams, GetParams, PostParams, Preconditions};
use kube::core::Request;
use serde_json::Value;
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::exchange::Exchange;
use super::interrupt::Interrupt;
use super::kinds::{DEPLOYMENT, Kind, SERVICE};
use super::reach::{Reach, reach};
use super::refusal::Refusal;

/// By which an object is known as this run's.
pub const MARK: &str = "lbpools.dev/smoke-test";

/// More than an object takes.
const ROOM: usize = 8 << 20;
/// Between two looks at the Service.
const LOOK: Duration = Duration::from_millis(500);
/// How often to look for an object whose creation may still be on its way.
const IN_DOUBT: usize = 3;

/// What to do.
#[derive(Debug, Clone)]
pub struct SmokeTest {
    /// Where.
    pub namespace: String,
    /// The objects to create, in order: Deployments and Services.
    pub objects: Vec<Value>,
    /// How long the Service may take to get an address, and the address to answer.
    pub wait: Duration,
    /// How to reach it; not at all where none.
    pub reach: Option<Reach>,
}

/// How far it is, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Making this object.
    Making(String),
    /// Waiting for the Service's address.
    Waiting,
    /// Trying to reach this address.
    Reaching(IpAddr),
    /// Taking it all away again.
    Removing,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// The addresses that the Service got, and whether they could be reached; or why the test ended.
    pub result: Result<Found, Failure>,
    /// The mark of this run.
    pub run: String,
    /// What could not be removed, with why.
    pub left: Vec<Left>,
}

/// A Service with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What `status.loadBalancer.ingress` says.
    pub addresses: Vec<IpAddr>,
    /// What each answered, where it was to be reached.
    pub reached: Vec<(IpAddr, Result<String, String>)>,
}

/// An object that may still be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// `Service media/lb-echo`.
    pub object: String,
    /// Why it could not be removed.
    pub why: String,
}

/// Why the test ended before its end.
#[derive(Debug, Error)]
pub enum Failure {
    /// Not a Deployment or Service with a name.
    #[error("the function gave an object that is no Deployment or Service: {0}")]
    Object(String),
    /// An object of that name is somebody else's.
    #[error("{0} is there already; nothing that exists is touched: remove it, or choose another namespace")]
    Exists(String),
    /// Could not be created.
    #[error("{object} could not be created: {why}")]
    Create {
        /// Which.
        object: String,
        /// Why.
        why: String,
    },
    /// The Service could not be looked at.
    #[error("{object} could not be watched: the API server {refusal}")]
    Watch {
        /// Which.
        object: String,
        /// Why.
        refusal: Refusal,
    },
    /// The time is up.
    #[error("{object} got no address within {} s{}", .wait.as_secs(), reason(.said))]
    NoAddress {
        /// Which.
        object: String,
        /// How long was waited.
        wait: Duration,
        /// What Cilium's operator wrote about it.
        said: Option<String>,
    },
    /// Somebody wants an end.
    #[error("interrupted ({0})")]
    Interrupted(&'static str),
    /// The signals cannot be listened to, so nothing was made.
    #[error("cannot listen to interrupts, so nothing was made: {0}")]
    Signals(#[source] io::Error),
}

fn reason(said: &Option<String>) -> String {
    said.as_ref().map(|said| format!(": {said}")).unwrap_or_default()
}

/// An object that was, or may have been, created.
#[derive(Debug, Clone)]
struct Made {
    kind: &'static Kind,
    namespace: String,
    name: String,
    /// Not known where the answer was lost.
    uid: Option<String>,
}

impl Made {
    fn path(&self) -> String {
        self.kind.path("v1", Some(&self.namespace))
    }

    fn title(&self) -> String {
        format!("{} {}/{}", self.kind.kind, self.namespace, self.name)
    }
}

/// Make, look, remove.
pub(super) async fn run(exchange: &Exchange, test: &SmokeTest, told: &mut dyn FnMut(Stage)) -> Outcome {
    let run = run_mark();
    let mut interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => return Outcome { result: Err(Failure::Signals(error)), run, left: Vec::new() },
    };
    let mut made = Vec::new();
    let result = tokio::select! {
        biased;
        signal = interrupt.came() => Err(Failure::Interrupted(signal)),
        result = attempt(exchange, test, &run, &mut made, told) => result,
    };
    told(Stage::Removing);
    let mut left = Vec::new();
    // The Service first: its address is what others may be waiting for.
    while let Some(object) = made.pop() {
        let outcome = tokio::select! {
            biased;
            signal = interrupt.came() => Err(format!("interrupted again ({signal})")),
            outcome = remove(exchange, &object, &run) => outcome,
        };
        if let Err(why) = outcome {
            left.push(Left { object: object.title(), why: why.clone() });
            // A server that is gone for one is gone for the next.
            let rest = made.drain(..).rev();
            left.extend(rest.map(|object| Left { object: object.title(), why: why.clone() }));
        }
    }
    Outcome { result, run, left }
}

async fn attempt(
    exchange: &Exchange,
    test: &SmokeTest,
    run: &str,
    made: &mut Vec<Made>,
    told: &mut dyn FnMut(Stage),
) -> Result<Found, Failure> {
    for object in &test.objects {
        create(exchange, test, object, run, made, told).await?;
    }
    let service = made.iter().rfind(|made| made.kind == &SERVICE).cloned();
    let service = service.ok_or_else(|| Failure::Object("there is no Service".into()))?;
    told(Stage::Waiting);
    let addresses = addresses(exchange, &service, test.wait).await?;
    let mut reached = Vec::new();
    for address in addresses.iter().filter(|_| test.reach.is_some()) {
        if let Some(how) = test.reach {
            told(Stage::Reaching(*address));
            reached.push((*address, reach(*address, how, test.wait).await));
        }
    }
    Ok(Found { addresses, reached })
}

async fn create(
    exchange: &Exchange,
    test: &SmokeTest,
    object: &Value,
    run: &str,
    made: &mut Vec<Made>,
    told: &mut dyn FnMut(Stage),
) -> Result<(), Failure> {
    let (entry, body) = prepared(test, object, run)?;
    let title = entry.title();
    told(Stage::Making(title.clone()));
    let create = |why: String| Failure::Create { object: title.clone(), why };
    let params = PostParams { field_manager: Some("lbpools".into()), ..PostParams::default() };
    let request = Request::new(entry.path()).create(&params, body).map_err(|error| create(error.to_string()))?;
    // Noted before it is asked for: whatever happens from here on, it is looked for afterwards.
    made.push(entry);
    let answer = exchange.order(request, ROOM).await;
    let answer = answer.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| Refusal::Odd(e.to_string())));
    match answer {
        Ok(answer) => {
            if let Some(made) = made.last_mut() {
                made.uid = uid(&answer);
            }
            Ok(())
        }
        Err(refusal) => {
            if !refusal.leaves_in_doubt() {
                made.pop();
            }
            Err(match refusal {
                Refusal::Exists(_) => Failure::Exists(title),
                Refusal::Forbidden(why) => create(why),
                refusal => create(format!("the API server {refusal}")),
            })
        }
    }
}

/// The object with the run's mark, in the namespace that was named.
fn prepared(test: &SmokeTest, object: &Value, run: &str) -> Result<(Made, Vec<u8>), Failure> {
    let kind = [&DEPLOYMENT, &SERVICE].into_iter().find(|kind| {
        let same = |field: &str, value: &str| object.get(field).and_then(Value::as_str) == Some(value);
        same("kind", kind.kind) && same("apiVersion", &kind.api_version("v1"))
    });
    let name = object.pointer("/metadata/name").and_then(Value::as_str);
    let (Some(kind), Some(name)) = (kind, name) else {
        return Err(Failure::Object(object.to_string()));
    };
    let name = name.to_owned();
    let mut object = object.clone();
    object["metadata"]["namespace"] = test.namespace.clone().into();
    object["metadata"]["labels"][MARK] = run.into();
    let made = Made { kind, namespace: test.namespace.clone(), name, uid: None };
    Ok((made, object.to_string().into_bytes()))
}

/// Look at the Service until it has an address.
async fn addresses(exchange: &Exchange, service: &Made, wait: Duration) -> Result<Vec<IpAddr>, Failure> {
    let until = Instant::now() + wait;
    loop {
        let found = look(exchange, service).await;
        let found = found.map_err(|refusal| Failure::Watch { object: service.title(), refusal })?;
        let ingress = found.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
        let addresses = ingress.into_iter().flatten().filter_map(|ingress| ingress.get("ip")?.as_str()?.parse().ok());
        let addresses: Vec<IpAddr> = addresses.collect();
        if !addresses.is_empty() {
            return Ok(addresses);
        }
        if Instant::now() + LOOK >= until {
            return Err(Failure::NoAddress { object: service.title(), wait, said: condition(&found) });
        }
        sleep(LOOK).await;
    }
}

/// What Cilium's operator says about a Service that has no address.
fn condition(service: &Value) -> Option<String> {
    let conditions = service.pointer("/status/conditions").and_then(Value::as_array)?;
    let named = |condition: &&Value| condition["type"] == "cilium.io/IPAMRequestSatisfied";
    let condition = conditions.iter().find(named)?;
    let text = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(format!("{} {}", text("reason"), text("message")).trim().to_owned())
}

async fn look(exchange: &Exchange, object: &Made) -> Result<Value, Refusal> {
    let request = Request::new(object.path()).get(&object.name, &GetParams::default());
    let bytes = exchange.ask(request.map_err(|error| Refusal::Odd(error.to_string()))?, ROOM).await?;
    serde_json::from_slice(&bytes).map_err(|error| Refusal::Odd(error.to_string()))
}

/// Take an object away, and see it go.
async fn remove(exchange: &Exchange, object: &Made, run: &str) -> Result<(), String> {
    let Some(uid) = identity(exchange, object, run).await? else {
        return Ok(());
    };
    let params = DeleteParams::background();
    let params = params.preconditions(Preconditions { uid: Some(uid.clone()), resource_version: None });
    let request = Request::new(object.path()).delete(&object.name, &params).map_err(|error| error.to_string())?;
    match exchange.ask(request, ROOM).await {
        Ok(_) => {}
        // Gone, or another object by now: an earlier try was heard although its answer was lost.
        Err(Refusal::NotFound(_) | Refusal::Conflict(_)) => return Ok(()),
        Err(refusal) => return Err(said(&refusal)),
    }
    let until = Instant::now() + exchange.patience.going;
    loop {
        match look(exchange, object).await {
            Err(Refusal::NotFound(_)) => return Ok(()),
            Ok(found) if self::uid(&found).is_some_and(|now| now != uid) => return Ok(()),
            Ok(_) if Instant::now() + LOOK >= until => {
                return Err("its deletion was accepted, but it is still there: a finalizer holds it".into());
            }
            Ok(_) => sleep(LOOK).await,
            Err(refusal) => return Err(said(&refusal)),
        }
    }
}

/// The uid of an object if it is this run's.
async fn identity(exchange: &Exchange, object: &Made, run: &str) -> Result<Option<String>, String> {
    if let Some(uid) = &object.uid {
        return Ok(Some(uid.clone()));
    }
    for remaining in (0..IN_DOUBT).rev() {
        match look(exchange, object).await {
            Ok(found) => {
                let ours = found["metadata"]["labels"][MARK] == run;
                return Ok(uid(&found).filter(|_| ours));
            }
            Err(Refusal::NotFound(_)) if remaining == 0 => return Ok(None),
            Err(Refusal::NotFound(_)) => sleep(LOOK).await,
            Err(refusal) => return Err(said(&refusal)),
        }
    }
    Ok(None)
}

fn said(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Forbidden(why) => why.clone(),
        refusal => format!("the API server {refusal}"),
    }
}

fn uid(object: &Value) -> Option<String> {
    Some(object.pointer("/metadata/uid")?.as_str()?.to_owned())
}

/// No two runs have the same: the time, and the process at that time.
fn run_mark() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", now.as_millis(), process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn test() -> SmokeTest {
        SmokeTest { namespace: "media".into(), objects: vec![], wait: Duration::from_secs(1), reach: None }
    }

    #[test]
    fn an_object_gets_the_mark_and_keeps_the_rest() {
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "lb-echo", "namespace": "default", "labels": {"app": "echo"}}
        });
        let (made, body) = prepared(&test(), &service, "run").unwrap();
        assert_eq!(made.title(), "Service media/lb-echo");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["metadata"]["labels"], json!({"app": "echo", MARK: "run"}));
        assert_eq!(body["metadata"]["namespace"], "media");
    }

    #[test]
    fn nothing_else_is_ever_made() {
        for (api_version, kind) in [("v1", "Secret"), ("v1", "Deployment"), ("apps/v1", "DaemonSet")] {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
            assert!(matches!(prepared(&test(), &object, "run"), Err(Failure::Object(_))), "{kind}");
        }
    }

    #[test]
    fn the_operators_reason_is_told() {
        let service = json!({"status": {"conditions": [
            {"type": "Other", "reason": "x"},
            {"type": "cilium.io/IPAMRequestSatisfied", "reason": "no_pool", "message": "There are no enabled pools"}
        ]}});
        let failure = Failure::NoAddress {
            object: "Service media/lb-echo".into(),
            wait: Duration::from_secs(60),
            said: condition(&service),
        };
        let words = "Service media/lb-echo got no address within 60 s: no_pool There are no enabled pools";
        assert_eq!(failure.to_string(), words);
    }
}
