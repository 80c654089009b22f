//! An API server in memory, for tests: objects by path, lists in pages or as a stream, watches, discovery, optimistic
//! locking, and faults on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, Uri};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// What a call asks for, in RBAC's words.
pub(crate) type Verb = &'static str;

/// Done once, as if someone else had been faster.
type Interlude = Box<dyn FnOnce(&mut FakeState) + Send>;

/// What a watch is told.
struct Watcher {
    collection: String,
    selector: String,
    events: mpsc::UnboundedSender<Result<String, Infallible>>,
}

pub(crate) struct FakeApiServer(Mutex<FakeState>);

#[derive(Default)]
struct FakeState {
    /// The collections, as `/api/v1/nodes`, each with the first version that a watch may begin from.
    served: BTreeMap<String, u64>,
    /// By path, as `/api/v1/nodes/node-0`.
    objects: BTreeMap<String, String>,
    version: u64,
    watchers: Vec<Watcher>,
    silent: bool,
    /// By verb or by the start of the path.
    refused: BTreeMap<String, Response<String>>,
    calls: Vec<(Verb, String)>,
    interlude: Option<(Verb, Interlude)>,
}

impl FakeApiServer {
    /// One that serves nothing yet, and streams lists.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::default()))
    }

    pub(crate) fn client(self: &Arc<Self>) -> kube::Client {
        let server = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let server = Arc::clone(&server);
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        kube::Client::new(service, "default")
    }

    /// Serves a collection.
    pub(crate) fn serve(&self, collection: &str) {
        let state = &mut *self.lock();
        state.served.entry(collection.to_owned()).or_insert(state.version);
    }

    /// Takes a definition away, with all objects and watches.
    pub(crate) fn unserve(&self, collection: &str) {
        let state = &mut *self.lock();
        state.served.remove(collection);
        state.objects.retain(|path, _| !is_in(path, collection));
        state.watchers.retain(|watcher| watcher.collection != collection);
    }

    /// Puts an object there, under a new version, and under a new uid if it has none.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.lock().put(path, object);
    }

    /// As [`Self::put`], where the object's name and namespace have it.
    pub(crate) fn put_in(&self, collection: &str, object: Value) {
        self.put(&path_in(collection, &object), object);
    }

    /// Puts an object there that no JSON value can be made of. `VERSION` in it becomes its version.
    pub(crate) fn put_text(&self, path: &str, text: &str) {
        let state = &mut *self.lock();
        state.version += 1;
        let text = text.replace("VERSION", &state.version.to_string());
        state.store(path, text);
    }

    pub(crate) fn remove(&self, path: &str) {
        self.lock().remove(path);
    }

    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.lock().objects.get(path).map(|text| serde_json::from_str(text).unwrap())
    }

    /// Breaks all watches, and forgets what was before now.
    pub(crate) fn forget(&self) {
        let state = &mut *self.lock();
        state.version += 1;
        let version = state.version;
        state.served.values_mut().for_each(|oldest| *oldest = version);
        state.watchers.clear();
    }

    /// Whether nothing is answered any more, and watches say nothing.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.lock().silent = silent;
    }

    /// Refuses a verb, or whatever is at paths that start so.
    pub(crate) fn refuse(&self, what: &str, code: u16, message: &str) {
        self.answer_with(what, status(code, message));
    }

    /// Answers a verb, or whatever is at paths that start so, with this.
    pub(crate) fn answer_with(&self, what: &str, answer: Response<String>) {
        self.lock().refused.insert(what.to_owned(), answer);
    }

    pub(crate) fn allow(&self, what: &str) {
        self.lock().refused.remove(what);
    }

    /// Someone else puts an object there right before the next call of the verb.
    pub(crate) fn put_before(&self, verb: Verb, path: &str, object: Value) {
        let path = path.to_owned();
        self.lock().interlude = Some((verb, Box::new(move |state| state.put(&path, object))));
    }

    /// Someone else takes an object away right before the next call of the verb.
    pub(crate) fn remove_before(&self, verb: Verb, path: &str) {
        let path = path.to_owned();
        self.lock().interlude = Some((verb, Box::new(move |state| state.remove(&path))));
    }

    /// Every call so far: the verb, and the path with its query.
    pub(crate) fn calls(&self) -> Vec<(Verb, String)> {
        self.lock().calls.clone()
    }

    pub(crate) fn count(&self, verb: Verb) -> usize {
        self.lock().calls.iter().filter(|(called, _)| *called == verb).count()
    }

    /// The watches that someone still listens to.
    pub(crate) fn watches(&self) -> usize {
        self.lock().watchers.iter().filter(|watcher| !watcher.events.is_closed()).count()
    }

    fn lock(&self) -> MutexGuard<'_, FakeState> {
        self.0.lock().unwrap()
    }

    async fn answer(&self, request: Request<kube::client::Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body: Value = serde_json::from_slice(&body.collect_bytes().await.unwrap()).unwrap_or_default();
        if self.lock().silent {
            std::future::pending::<()>().await;
        }
        let state = &mut *self.lock();
        let path = head.uri.path();
        let verb = match head.method {
            Method::GET if parameter(&head.uri, "watch") == "true" => "watch",
            Method::GET if state.served.contains_key(path) => "list",
            Method::GET => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            _ => "other",
        };
        state.calls.push((verb, head.uri.to_string()));
        let refused = state.refused.iter().find(|(what, _)| *what == verb || path.starts_with(*what));
        if let Some((_, answer)) = refused {
            return answer.clone().map(Body::from);
        }
        if let Some((_, act)) = state.interlude.take_if(|(before, _)| *before == verb) {
            act(state);
        }
        let answer = match verb {
            "watch" => return state.watch(&head.uri),
            "list" => state.list(&head.uri),
            "get" => state.objects.get(path).map_or_else(|| state.discover(path), ok),
            "create" => state.create(path, body),
            "update" => state.update(path, body),
            "patch" => state.apply(path, &body),
            _ => status(405, "no such verb here"),
        };
        answer.map(Body::from)
    }
}

impl FakeState {
    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", self.version).into();
        }
        self.store(path, object.to_string());
    }

    fn store(&mut self, path: &str, text: String) {
        let what = if self.objects.contains_key(path) { "MODIFIED" } else { "ADDED" };
        self.tell(path, what, &text);
        self.objects.insert(path.to_owned(), text);
    }

    fn remove(&mut self, path: &str) {
        let Some(text) = self.objects.remove(path) else { return };
        self.version += 1;
        let mut object: Value = serde_json::from_str(&text).unwrap();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        self.tell(path, "DELETED", &object.to_string());
    }

    fn tell(&self, path: &str, what: &str, text: &str) {
        for watcher in &self.watchers {
            if is_in(path, &watcher.collection) && is_selected(path, &watcher.selector) {
                // Nobody may listen any more.
                let _ = watcher.events.send(Ok(event(what, text)));
            }
        }
    }

    fn selected(&self, collection: &str, selector: &str) -> Vec<&String> {
        let of = self.objects.iter().filter(|(path, _)| is_in(path, collection) && is_selected(path, selector));
        of.map(|(_, text)| text).collect()
    }

    fn create(&mut self, collection: &str, object: Value) -> Response<String> {
        let path = path_in(collection, &object);
        if self.objects.contains_key(&path) {
            return status(409, "it exists");
        }
        self.put(&path, object);
        ok(&self.objects[&path])
    }

    fn update(&mut self, path: &str, object: Value) -> Response<String> {
        let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
        match self.objects.get(path).map(|text| serde_json::from_str::<Value>(text).unwrap()) {
            None => status(404, "not found"),
            Some(stored) if version(&stored) != version(&object) => status(409, "the object has been modified"),
            Some(_) => {
                self.put(path, object);
                ok(&self.objects[path])
            }
        }
    }

    /// Server-side apply as far as the bundles of webhooks go, which are listed by name.
    fn apply(&mut self, path: &str, fields: &Value) -> Response<String> {
        let Some(text) = self.objects.get(path) else { return status(409, "uid mismatch") };
        let mut object: Value = serde_json::from_str(text).unwrap();
        for key in ["uid", "resourceVersion"] {
            if object["metadata"][key] != fields["metadata"][key] {
                return status(409, "the object has been modified");
            }
        }
        for webhook in object["webhooks"].as_array_mut().unwrap() {
            let applied = fields["webhooks"].as_array().unwrap().iter().find(|one| one["name"] == webhook["name"]);
            let bundle = applied.map(|applied| applied["clientConfig"]["caBundle"].clone());
            let config = webhook["clientConfig"].as_object_mut().unwrap();
            match bundle {
                Some(bundle) => drop(config.insert("caBundle".to_owned(), bundle)),
                None => drop(config.remove("caBundle")),
            }
        }
        self.put(path, object);
        ok(&self.objects[path])
    }

    fn list(&self, uri: &Uri) -> Response<String> {
        let limit = parameter(uri, "limit").parse().unwrap_or(usize::MAX);
        let from: usize = parameter(uri, "continue").parse().unwrap_or(0);
        let all = self.selected(uri.path(), &parameter(uri, "fieldSelector"));
        let page = all.iter().skip(from).take(limit).map(|text| text.as_str()).collect::<Vec<_>>().join(",");
        let token = from.checked_add(limit).filter(|next| *next < all.len()).map(|next| next.to_string());
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": token.unwrap_or_default()});
        ok(format!(r#"{{"apiVersion":"v1","kind":"List","metadata":{metadata},"items":[{page}]}}"#))
    }

    fn watch(&mut self, uri: &Uri) -> Response<Body> {
        let (collection, selector) = (uri.path().to_owned(), parameter(uri, "fieldSelector"));
        let Some(oldest) = self.served.get(&collection).copied() else {
            return status(404, "404 page not found").map(Body::from);
        };
        let (events, told) = mpsc::unbounded_channel();
        let tell = |what: &str, text: &str| events.send(Ok(event(what, text))).unwrap();
        let after: u64 = parameter(uri, "resourceVersion").parse().unwrap_or_default();
        if after < oldest {
            let gone =
                json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"});
            tell("ERROR", &gone.to_string());
        }
        for text in self.selected(&collection, &selector) {
            if version(text) > after {
                tell("MODIFIED", text);
            }
        }
        self.watchers.push(Watcher { collection, selector, events });
        let lasts = Duration::from_secs(parameter(uri, "timeoutSeconds").parse().unwrap_or(290));
        let ends = Instant::now() + lasts;
        let told = stream::unfold(told, move |mut told| async move {
            let next = timeout_at(ends, told.recv()).await.ok().flatten();
            next.map(|line| (line, told))
        });
        Response::new(Body::from_stream(told))
    }

    /// The versions of a group, or the resources of one of these.
    fn discover(&self, path: &str) -> Response<String> {
        let under = self.served.keys().filter_map(|served| served.strip_prefix(path)?.strip_prefix('/'));
        let parts: Vec<Vec<&str>> = under.map(|rest| rest.split('/').collect()).collect();
        let versions: BTreeSet<_> = parts.iter().filter(|rest| rest.len() == 2).map(|rest| rest[0]).collect();
        let resources: Vec<_> = parts.iter().filter(|rest| rest.len() == 1).map(|rest| rest[0]).collect();
        let of = path.trim_start_matches("/apis/");
        if !versions.is_empty() {
            let versions = versions.iter().map(|it| json!({"groupVersion": format!("{of}/{it}"), "version": it}));
            return ok(json!({"name": of, "versions": versions.collect::<Vec<_>>()}).to_string());
        }
        if resources.is_empty() {
            return status(404, "not found");
        }
        let resources = resources.iter().map(|name| {
            json!({"name": name, "singularName": "", "kind": name, "namespaced": false, "verbs": ["list", "watch"]})
        });
        ok(json!({"groupVersion": of, "resources": resources.collect::<Vec<_>>()}).to_string())
    }
}

/// Whether an object is in a collection, be it of one namespace or of all.
fn is_in(path: &str, collection: &str) -> bool {
    let Some((parent, _)) = path.rsplit_once('/') else { return false };
    let in_all = || {
        let (root, rest) = parent.split_once("/namespaces/")?;
        let (_, plural) = rest.split_once('/')?;
        Some(format!("{root}/{plural}") == collection)
    };
    parent == collection || in_all().unwrap_or_default()
}

fn is_selected(path: &str, selector: &str) -> bool {
    selector.strip_prefix("metadata.name=").is_none_or(|name| path.rsplit('/').next() == Some(name))
}

fn path_in(collection: &str, object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap();
    match (object["metadata"]["namespace"].as_str(), collection.rsplit_once('/')) {
        (Some(namespace), Some((root, plural))) if !root.contains("/namespaces/") => {
            format!("{root}/namespaces/{namespace}/{plural}/{name}")
        }
        _ => format!("{collection}/{name}"),
    }
}

fn version(text: &str) -> u64 {
    let version = text.split_once(r#""resourceVersion":""#).and_then(|(_, rest)| rest.split('"').next());
    version.and_then(|version| version.parse().ok()).unwrap_or_default()
}

fn parameter(uri: &Uri, name: &str) -> String {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_default().replace("%3D", "=")
}

fn event(what: &str, object: &str) -> String {
    format!("{{\"type\":\"{what}\",\"object\":{object}}}\n")
}

fn ok(text: impl AsRef<str>) -> Response<String> {
    Response::new(text.as_ref().to_owned())
}

fn status(code: u16, message: &str) -> Response<String> {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        422 => "Invalid",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, "reason": reason});
    let mut response = Response::new(body.to_string());
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

mod tests;
