//! An API server that does as the test says, over a real socket.
//!
//! It keeps objects, serves lists in pages, creates and deletes as Kubernetes does, and checks rights by the roles it is
//! given. What no HTTP library would do for a test it does too: half an answer, none at all, a cut connection, an end in
//! the middle of the run. Hence the bare socket.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rights::Rights;

/// What goes wrong.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// A status with a message of Kubernetes', and perhaps `Retry-After`.
    Status(u16, &'static str, Option<u32>),
    /// A page of some proxy.
    Html(u16),
    /// An answer that promises more than it sends.
    Half,
    /// No answer, and the connection stays open.
    Hang,
    /// No answer, and the connection is cut.
    Cut,
    /// What was asked is done, and then the connection is cut.
    DoneAndCut,
    /// What was asked is done, and then the server is gone.
    DoneAndGone,
    /// The server is gone, with all its connections.
    Gone,
    /// Something that is no JSON, with 200.
    Garbage,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) authorization: Option<String>,
}

/// What a test prepares and looks at.
#[derive(Default)]
pub(crate) struct State {
    /// Objects by the path of their list over all namespaces.
    pub(crate) objects: BTreeMap<String, Vec<Value>>,
    /// Trouble for the next requests with this method whose path ends so, so many times.
    pub(crate) script: Vec<(&'static str, String, usize, Trouble)>,
    /// What is allowed; everything without.
    pub(crate) rights: Option<Rights>,
    /// The only token that is known; any without.
    pub(crate) token: Option<&'static str>,
    /// Everything that was asked.
    pub(crate) seen: Vec<Seen>,
    /// The address that a new Service of type LoadBalancer gets, and after how many looks.
    pub(crate) operator: Option<(&'static str, usize)>,
    /// A finalizer that nobody removes is put on what is created.
    pub(crate) finalizer: bool,
    pub(crate) gone: bool,
    pub(crate) created: u64,
}

/// The server, gone with the value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
    /// Holds the kubeconfig.
    directory: tempfile::TempDir,
}

impl Server {
    /// Start with this state.
    pub(crate) fn start(state: State) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            while !shared.0.lock().unwrap().gone {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let shared = Arc::clone(&shared);
                        thread::spawn(move || converse(&stream, &shared));
                    }
                    Err(_) => sleep(Duration::from_millis(2)),
                }
            }
        });
        Self { address, state, directory: tempfile::tempdir().unwrap() }
    }

    /// Look at it, or change it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap()
    }

    /// Wait until something holds of the state.
    pub(crate) fn until(&self, holds: impl Fn(&State) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut state = self.state();
        while !holds(&state) {
            assert!(Instant::now() < deadline, "it never came to that; asked so far: {:#?}", state.seen);
            state = self.state.1.wait_timeout(state, Duration::from_millis(50)).unwrap().0;
        }
    }

    /// A kubeconfig with the context `test`, which is the current one, and `other`, which leads nowhere.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        let path = self.directory.path().join("kubeconfig");
        if !path.exists() {
            std::fs::write(&path, kubeconfig(self.address)).unwrap();
        }
        path
    }

    /// Every object that is there, as `/api/v1/services NAMESPACE/NAME`.
    pub(crate) fn left(&self) -> Vec<String> {
        let state = self.state();
        let all = state.objects.iter().flat_map(|(path, objects)| objects.iter().map(move |object| (path, object)));
        all.map(|(path, object)| format!("{path} {}/{}", text(object, "namespace"), text(object, "name"))).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state().gone = true;
    }
}

fn kubeconfig(address: SocketAddr) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters:\n- name: test\n  cluster: {{server: \"http://{address}\"}}\n\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\n\
         - name: other\n  context: {{cluster: none, user: test}}\n\
         users:\n- name: test\n  user: {{token: right}}\n"
    )
}

/// A port on which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A kubeconfig that leads to this address.
pub(crate) fn kubeconfig_to(address: SocketAddr, directory: &Path) -> PathBuf {
    let path = directory.join("kubeconfig");
    std::fs::write(&path, kubeconfig(address)).unwrap();
    path
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

fn converse(stream: &TcpStream, shared: &(Mutex<State>, Condvar)) {
    // So that a server that is gone closes what is open.
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    while let Some(request) = read(&mut reader, shared) {
        let (outcome, trouble) = {
            let mut state = shared.0.lock().unwrap();
            state.seen.push(request.clone());
            let trouble = state.trouble(&request);
            let works = matches!(trouble, None | Some(Trouble::DoneAndCut | Trouble::DoneAndGone | Trouble::Half));
            let outcome = works.then(|| state.answer(&request));
            if matches!(trouble, Some(Trouble::Gone | Trouble::DoneAndGone)) {
                state.gone = true;
            }
            (outcome, trouble)
        };
        shared.1.notify_all();
        let (status, body) = outcome.unwrap_or((200, json!({})));
        let body = body.to_string();
        let sent = match trouble {
            None => send(&mut out, status, "", &body),
            Some(Trouble::Status(status, message, wait)) => {
                let reason = if status == 410 { "Expired" } else { "Scripted" };
                let body = json!({"kind": "Status", "message": message, "reason": reason, "code": status});
                let wait = wait.map(|wait| format!("Retry-After: {wait}\r\n")).unwrap_or_default();
                send(&mut out, status, &wait, &body.to_string())
            }
            Some(Trouble::Html(status)) => send(&mut out, status, "", "<html>\n<h1>upstream is away</h1>"),
            Some(Trouble::Garbage) => send(&mut out, 200, "", "<html>welcome</html>"),
            Some(Trouble::Half) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = out.write_all(head.as_bytes());
                let _ = out.write_all(&body.as_bytes()[..body.len() / 2]);
                return;
            }
            Some(Trouble::Hang) => {
                while !shared.0.lock().unwrap().gone {
                    sleep(Duration::from_millis(10));
                }
                return;
            }
            Some(Trouble::Cut | Trouble::DoneAndCut | Trouble::DoneAndGone | Trouble::Gone) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

fn send(out: &mut impl Write, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    // In one piece: in two, the second would wait for the other end's delayed acknowledgement.
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    out.write_all(answer.as_bytes())
}

/// The next request; none when the other end is gone, or this one.
fn read(reader: &mut BufReader<&TcpStream>, shared: &(Mutex<State>, Condvar)) -> Option<Seen> {
    let line = |reader: &mut BufReader<&TcpStream>| {
        let mut line = Vec::new();
        loop {
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) if line.ends_with(b"\n") => return Some(String::from_utf8(line).unwrap().trim().to_owned()),
                Ok(_) => {}
                // Nothing yet: still there?
                Err(_) if shared.0.lock().unwrap().gone => return None,
                Err(_) => {}
            }
        }
    };
    let first = line(reader)?;
    let mut parts = first.split(' ');
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let (mut length, mut authorization) = (0, None);
    loop {
        let header = line(reader)?;
        match header.split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                authorization = Some(value.trim().to_owned());
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match reader.read(&mut body[filled..]) {
            Ok(0) => return None,
            Ok(read) => filled += read,
            Err(_) if shared.0.lock().unwrap().gone => return None,
            Err(_) => {}
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query.map(|(key, value)| (key.to_owned(), value.replace("%3D", "=").replace("%2F", "/")));
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(Seen { method, path: path.to_owned(), query: query.collect(), body, authorization })
}

/// What a path names.
struct Named<'a> {
    list: String,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    group: &'a str,
    resource: &'a str,
}

fn named(path: &str) -> Named<'_> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, root, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", format!("/api/{version}"), rest),
        ["apis", group, version, rest @ ..] => (*group, format!("/apis/{group}/{version}"), rest),
        _ => panic!("no path of the API: {path}"),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let resource = rest.first().copied().unwrap_or_default();
    Named { list: format!("{root}/{resource}"), namespace, name: rest.get(1).copied(), group, resource }
}

fn status(code: u16, reason: &str, message: &str) -> (u16, Value) {
    let body = json!({"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message});
    (code, body)
}

impl State {
    /// Put objects into the list at this path.
    pub(crate) fn with(mut self, list: &str, objects: impl IntoIterator<Item = Value>) -> Self {
        self.objects.entry(list.to_owned()).or_default().extend(objects);
        self
    }

    /// Let the next request of this method, whose path ends so, go wrong.
    pub(crate) fn failing(mut self, method: &'static str, path: &str, times: usize, trouble: Trouble) -> Self {
        self.script.push((method, path.to_owned(), times, trouble));
        self
    }

    fn trouble(&mut self, request: &Seen) -> Option<Trouble> {
        let fits = |(method, path, times, _): &&mut (&str, String, usize, Trouble)| {
            *times > 0 && *method == request.method && request.path.ends_with(path.as_str())
        };
        let (_, _, times, trouble) = self.script.iter_mut().find(fits)?;
        *times -= 1;
        Some(trouble.clone())
    }

    fn answer(&mut self, request: &Seen) -> (u16, Value) {
        let right = self.token.map(|token| format!("Bearer {token}"));
        if right.is_some() && right != request.authorization {
            return status(401, "Unauthorized", "Unauthorized");
        }
        if let Some(discovered) = self.discovery(&request.path) {
            return discovered;
        }
        let named = named(&request.path);
        let verb = match (request.method.as_str(), named.name) {
            ("GET", None) => "list",
            ("GET", Some(_)) => "get",
            ("POST", _) => "create",
            ("DELETE", _) => "delete",
            other => panic!("nobody should ask {other:?}"),
        };
        let allowed = self
            .rights
            .as_ref()
            .is_none_or(|rights| rights.allow(verb, named.group, named.resource, named.namespace, named.name));
        if !allowed {
            let (group, resource) = (named.group, named.resource);
            let place =
                named.namespace.map_or("at the cluster scope".to_owned(), |n| format!("in the namespace \"{n}\""));
            let message = format!(
                "{resource} is forbidden: User \"test\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}"
            );
            return status(403, "Forbidden", &message);
        }
        if !self.objects.contains_key(&named.list) {
            return (404, json!("404 page not found"));
        }
        match verb {
            "list" => self.list(&named, request),
            "get" => self.get(&named),
            "create" => self.create(&named, request),
            _ => self.delete(&named, request),
        }
    }

    fn discovery(&self, path: &str) -> Option<(u16, Value)> {
        let versions = self.objects.keys().filter_map(|path| path.strip_prefix("/apis/")?.rsplit_once('/'));
        if path == "/apis" {
            let versions: Vec<_> = versions.map(|(version, _)| json!({"groupVersion": version})).collect();
            return Some((200, json!({"kind": "APIGroupList", "groups": [{"name": "all", "versions": versions}]})));
        }
        let asked = path.strip_prefix("/apis/").filter(|rest| rest.split('/').count() == 2)?;
        let names: Vec<_> =
            versions.filter(|(version, _)| *version == asked).map(|(_, name)| json!({"name": name})).collect();
        Some(if names.is_empty() { (404, json!("404 page not found")) } else { (200, json!({"resources": names})) })
    }

    fn list(&self, named: &Named<'_>, request: &Seen) -> (u16, Value) {
        let label = request.query.get("labelSelector").and_then(|selector| selector.split_once('='));
        let fits = |object: &&Value| {
            named.namespace.is_none_or(|namespace| text(object, "namespace") == namespace)
                && label.is_none_or(|(key, value)| object["metadata"]["labels"][key] == value)
        };
        let limit = request.query.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
        let from = request.query.get("continue").map_or(0, |from| from.parse().unwrap());
        let fitting = self.objects[&named.list].iter().filter(fits).skip(from);
        let items: Vec<_> = fitting.clone().take(limit).collect();
        let more = fitting.count() > items.len();
        let next = if more { (from + items.len()).to_string() } else { String::new() };
        (200, json!({"kind": "List", "metadata": {"resourceVersion": "1", "continue": next}, "items": items}))
    }

    fn at(&self, named: &Named<'_>) -> Option<usize> {
        self.objects[&named.list].iter().position(|object| {
            Some(text(object, "name")) == named.name && text(object, "namespace") == named.namespace.unwrap_or_default()
        })
    }

    fn get(&mut self, named: &Named<'_>) -> (u16, Value) {
        let Some(index) = self.at(named) else {
            return status(404, "NotFound", &format!("{} not found", named.resource));
        };
        let operator = self.operator.as_mut().filter(|_| named.resource == "services");
        let given = match operator {
            Some((address, 0)) => Some(*address),
            Some((_, looks)) => {
                *looks -= 1;
                None
            }
            None => None,
        };
        let object = &mut self.objects.get_mut(&named.list).unwrap()[index];
        if let Some(address) = given {
            object["status"] = json!({"loadBalancer": {"ingress": [{"ip": address}]}});
        }
        (200, object.clone())
    }

    fn create(&mut self, named: &Named<'_>, request: &Seen) -> (u16, Value) {
        let name = text(&request.body, "name").to_owned();
        let wanted = Named { name: Some(&name), list: named.list.clone(), ..*named };
        if self.at(&wanted).is_some() {
            return status(409, "AlreadyExists", &format!("{} \"{name}\" already exists", named.resource));
        }
        self.created += 1;
        let mut object = request.body.clone();
        object["metadata"]["uid"] = format!("uid-{}", self.created).into();
        self.objects.get_mut(&named.list).unwrap().push(object.clone());
        (201, object)
    }

    fn delete(&mut self, named: &Named<'_>, request: &Seen) -> (u16, Value) {
        let Some(index) = self.at(named) else {
            return status(404, "NotFound", &format!("{} not found", named.resource));
        };
        let objects = self.objects.get_mut(&named.list).unwrap();
        let uid = &request.body["preconditions"]["uid"];
        if !uid.is_null() && *uid != objects[index]["metadata"]["uid"] {
            return status(409, "Conflict", "Precondition failed: UID in precondition");
        }
        if self.finalizer {
            return (200, objects[index].clone());
        }
        objects.remove(index);
        (200, json!({"kind": "Status", "status": "Success"}))
    }
}
