//! The smoke test: what it makes is gone afterwards, whatever happens; and if it is not, it says so.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use lbpools::living::Reach;
use lbpools::living::smoke_test::{Failure, MARK, Outcome, SmokeTest};
use serde_json::{Value, json};

use super::server::{Server, State, Trouble};
use super::{find, smoke_test_role};

const SERVICES: &str = "/api/v1/services";
const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

fn state() -> State {
    let state = State::default().with(SERVICES, []).with(DEPLOYMENTS, []);
    State { operator: Some(("127.0.0.1", 1)), rights: Some(smoke_test_role()), ..state }
}

fn object(api_version: &str, kind: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "lb-echo", "namespace": "default"}})
}

fn test() -> SmokeTest {
    SmokeTest {
        namespace: "lb-test".into(),
        objects: vec![object("apps/v1", "Deployment"), object("v1", "Service")],
        wait: Duration::from_millis(1500),
        reach: None,
    }
}

fn run(state: State, test: &SmokeTest) -> (Outcome, Server) {
    let server = Server::start(state);
    let outcome = find(&server).smoke_test(test, &mut |_| {});
    (outcome, server)
}

fn nothing_left(outcome: &Outcome, server: &Server) {
    assert_eq!(outcome.left, []);
    assert_eq!(server.left(), Vec::<String>::new());
}

#[test]
fn an_address_is_got_and_everything_goes_again() {
    let (outcome, server) = run(state(), &test());
    let found = outcome.result.as_ref().unwrap();
    assert_eq!(found.addresses, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(found.reached, []);
    nothing_left(&outcome, &server);
    let state = server.state();
    let made: Vec<_> = state.seen.iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(made.len(), 2);
    for made in made {
        assert_eq!(made.body["metadata"]["labels"][MARK], outcome.run);
        assert!(made.path.contains("/namespaces/lb-test/"));
    }
    let removed: Vec<_> = state.seen.iter().filter(|seen| seen.method == "DELETE").collect();
    let uids: Vec<_> = removed.iter().map(|seen| seen.body["preconditions"]["uid"].as_str().unwrap()).collect();
    assert_eq!(uids, ["uid-2", "uid-1"], "the Service first, each by its uid");
}

#[test]
fn what_is_there_already_is_not_touched() {
    let mut service = object("v1", "Service");
    service["metadata"]["namespace"] = "lb-test".into();
    service["metadata"]["uid"] = "somebody's".into();
    let (outcome, server) = run(state().with(SERVICES, [service]), &test());
    let failure = outcome.result.as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Exists(object) if object == "Service lb-test/lb-echo"), "{failure}");
    assert_eq!(outcome.left, []);
    assert_eq!(server.left(), ["/api/v1/services lb-test/lb-echo"], "the Deployment went again, the Service stayed");
    assert!(server.state().seen.iter().all(|seen| seen.method != "DELETE" || seen.path.contains("deployments")));
}

#[test]
fn a_service_without_an_address_goes_again() {
    let (outcome, server) = run(State { operator: None, ..state() }, &test());
    let failure = outcome.result.as_ref().unwrap_err();
    assert!(failure.to_string().starts_with("Service lb-test/lb-echo got no address within 1 s"), "{failure}");
    nothing_left(&outcome, &server);
}

#[test]
fn a_right_that_is_missing_is_told_and_nothing_stays() {
    let rights = smoke_test_role().without("services");
    let (outcome, server) = run(State { rights: Some(rights), ..state() }, &test());
    let words = "Service lb-test/lb-echo could not be created: services is forbidden: User \"test\" cannot create";
    let failure = outcome.result.as_ref().unwrap_err();
    assert!(failure.to_string().starts_with(words), "{failure}");
    nothing_left(&outcome, &server);
}

#[test]
fn an_answer_that_got_lost_leaves_nothing_behind() {
    for path in ["/services", "/deployments"] {
        for trouble in [Trouble::DoneAndCut, Trouble::Half, Trouble::Cut, Trouble::Hang, Trouble::Html(502)] {
            let (outcome, server) = run(state().failing("POST", path, 1, trouble.clone()), &test());
            assert!(matches!(outcome.result, Err(Failure::Create { .. })), "{path} {trouble:?}");
            nothing_left(&outcome, &server);
        }
    }
}

#[test]
fn a_lost_deletion_is_asked_for_again() {
    for trouble in [Trouble::DoneAndCut, Trouble::Half, Trouble::Cut, Trouble::Status(503, "down for a moment", None)] {
        let (outcome, server) = run(state().failing("DELETE", "/lb-echo", 2, trouble), &test());
        assert!(outcome.result.is_ok());
        nothing_left(&outcome, &server);
    }
}

#[test]
fn a_look_that_fails_leaves_nothing_behind() {
    let (outcome, server) = run(state().failing("GET", "/services/lb-echo", 5, Trouble::Cut), &test());
    assert!(matches!(outcome.result, Err(Failure::Watch { .. })));
    nothing_left(&outcome, &server);
}

#[test]
fn a_server_that_dies_on_the_way_leaves_what_is_told() {
    let (outcome, server) = run(state().failing("POST", "/services", 1, Trouble::DoneAndGone), &test());
    assert!(outcome.result.is_err());
    let left: Vec<_> = outcome.left.iter().map(|left| left.object.as_str()).collect();
    assert_eq!(left, ["Service lb-test/lb-echo", "Deployment lb-test/lb-echo"]);
    assert_eq!(server.left().len(), 2);
    assert!(outcome.left[0].why.contains("cannot be reached: the connection was refused"), "{:?}", outcome.left);
}

#[test]
fn what_a_finalizer_holds_is_told() {
    let (outcome, server) = run(State { finalizer: true, ..state() }, &test());
    assert!(outcome.result.is_ok());
    assert!(outcome.left[0].why.contains("a finalizer holds it"), "{:?}", outcome.left);
    assert_eq!(server.left().len(), 2);
}

#[test]
fn somebody_elses_object_of_the_name_is_not_removed() {
    // The answer is lost, and meanwhile another has made one of the name.
    let mut service = object("v1", "Service");
    service["metadata"]["namespace"] = "lb-test".into();
    service["metadata"]["uid"] = "somebody's".into();
    service["metadata"]["labels"] = json!({MARK: "another-run"});
    let state = state().with(SERVICES, [service]).failing("POST", "/services", 1, Trouble::Cut);
    let (outcome, server) = run(state, &test());
    assert!(outcome.result.is_err());
    assert_eq!(outcome.left, []);
    assert_eq!(server.left(), ["/api/v1/services lb-test/lb-echo"]);
}

#[test]
fn an_address_is_reached_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (outcome, server) = run(state(), &SmokeTest { reach: Some(Reach::Tcp(port)), ..test() });
    let found = outcome.result.as_ref().unwrap();
    assert_eq!(found.reached[0].1, Ok("accepts a connection".into()));
    nothing_left(&outcome, &server);
    drop(listener);
    let (outcome, server) = run(state(), &SmokeTest { reach: Some(Reach::Tcp(port)), ..test() });
    let found = outcome.result.as_ref().unwrap();
    assert!(found.reached[0].1.as_ref().is_err_and(|why| why.contains("refused")), "{found:?}");
    nothing_left(&outcome, &server);
}

#[test]
fn an_address_is_reached_over_http() {
    for (status, reached) in [("200 OK", true), ("404 Not Found", true), ("503 Service Unavailable", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        thread::spawn(move || {
            use std::io::{Read, Write};
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let (outcome, server) = run(state(), &SmokeTest { reach: Some(Reach::Http(port)), ..test() });
        let found = outcome.result.as_ref().unwrap();
        let words = format!("answers {status}");
        assert_eq!(found.reached[0].1, if reached { Ok(words) } else { Err(words) });
        nothing_left(&outcome, &server);
    }
}

#[test]
fn the_documented_role_can_do_nothing_else() {
    let role = smoke_test_role();
    assert_eq!(role.resources(), ["deployments", "services"]);
    assert_eq!(role.verbs(), ["create", "delete", "get"]);
    assert!(!role.allow("delete", "", "services", Some("lb-test"), Some("other")));
    assert!(!role.allow("create", "", "services", Some("default"), None));
}
