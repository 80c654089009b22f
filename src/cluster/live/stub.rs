//! An API server in memory, for tests: lists, watches, discovery, and faults on demand.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, Uri};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::source::Source;

/// What a watch is told; nothing more when it breaks.
type Watch = mpsc::UnboundedSender<Result<String, Infallible>>;

#[derive(Default)]
pub(super) struct Stub(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    /// By path: `/api/v1/nodes`.
    served: BTreeMap<String, Resource>,
    version: u64,
    /// Whether lists may be streamed.
    pub(super) streams: bool,
    /// Whether nothing is answered any more, and watches say nothing.
    pub(super) silent: bool,
    /// Answers with this instead, by the start of the path.
    pub(super) refused: BTreeMap<String, (u16, &'static str)>,
    /// Each request's path and query.
    pub(super) calls: Vec<String>,
}

#[derive(Default)]
struct Resource {
    objects: BTreeMap<String, String>,
    watches: Vec<(String, Watch)>,
    /// Versions before this one are forgotten.
    oldest: u64,
}

/// Where a source is, in its usual version.
pub(super) fn path(source: &Source) -> String {
    source.request(source.version).url_path
}

impl Stub {
    /// One that serves everything and streams lists.
    pub(super) fn new() -> Arc<Self> {
        let stub = Self::default();
        stub.lock().streams = true;
        for source in &Source::ALL {
            stub.lock().serve(&path(source));
        }
        Arc::new(stub)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn client(self: &Arc<Self>) -> kube::Client {
        let stub = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let stub = Arc::clone(&stub);
            let uri = request.uri().clone();
            async move { Ok::<_, Infallible>(stub.answer(&uri).await) }
        });
        kube::Client::new(service, "default")
    }

    async fn answer(&self, uri: &Uri) -> Response<Body> {
        let path = uri.path().to_owned();
        let query = uri.query().unwrap_or_default();
        let asked = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().replace("%3D", "=")
        };
        if self.lock().silent {
            std::future::pending::<()>().await;
        }
        let mut state = self.lock();
        state.calls.push(format!("{path}?{query}"));
        if let Some((_, (code, message))) = state.refused.iter().find(|(start, _)| path.starts_with(*start)) {
            return status(*code, message);
        }
        if !state.served.contains_key(&path) {
            return state.discover(&path);
        }
        if asked("watch") == "true" { state.watch(&path, &asked) } else { state.list(&path, &asked) }
    }
}

impl State {
    pub(super) fn serve(&mut self, path: &str) {
        let resource = Resource { oldest: self.version, ..Resource::default() };
        self.served.entry(path.to_owned()).or_insert(resource);
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Takes a definition away, with all objects and watches.
    pub(super) fn unserve(&mut self, path: &str) {
        self.served.remove(path);
    }

    /// Puts an object there, under a new version.
    pub(super) fn put(&mut self, path: &str, mut object: Value) {
        object["metadata"]["resourceVersion"] = (self.version + 1).to_string().into();
        let key = format!("{}/{}", object["metadata"]["namespace"], object["metadata"]["name"]);
        self.put_text(path, &key, &object.to_string());
    }

    /// Puts an object there that no JSON value can be made of. It has to have its version in it.
    pub(super) fn put_text(&mut self, path: &str, key: &str, text: &str) {
        self.version += 1;
        let resource = self.served.get_mut(path).unwrap();
        let known = resource.objects.insert(key.to_owned(), text.to_owned());
        resource.tell(text, if known.is_some() { "MODIFIED" } else { "ADDED" });
    }

    pub(super) fn remove(&mut self, path: &str, name: &str) {
        self.version += 1;
        let resource = self.served.get_mut(path).unwrap();
        let key = resource.objects.keys().find(|key| key.ends_with(&format!("/\"{name}\""))).unwrap().clone();
        let mut object: Value = serde_json::from_str(&resource.objects.remove(&key).unwrap()).unwrap();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        resource.tell(&object.to_string(), "DELETED");
    }

    /// Breaks all watches, and forgets what was before now.
    pub(super) fn forget(&mut self) {
        self.version += 1;
        for resource in self.served.values_mut() {
            resource.oldest = self.version;
            resource.watches.clear();
        }
    }

    /// The watches that someone still listens to.
    pub(super) fn watches(&self) -> usize {
        let watches = self.served.values().flat_map(|resource| &resource.watches);
        watches.filter(|(_, watch)| !watch.is_closed()).count()
    }

    fn discover(&self, path: &str) -> Response<Body> {
        let under: Vec<_> = self.served.keys().filter_map(|served| served.strip_prefix(&format!("{path}/"))).collect();
        if under.is_empty() || path == "/apis" {
            return plain(StatusCode::NOT_FOUND, "404 page not found\n");
        }
        let versions: Vec<_> =
            under.iter().filter_map(|rest| rest.split_once('/')).map(|(version, _)| version).collect();
        if versions.is_empty() {
            let resources: Vec<_> = under.iter().map(|name| json!({"name": name})).collect();
            return plain(StatusCode::OK, json!({"resources": resources}).to_string());
        }
        let versions: Vec<_> = versions.iter().map(|version| json!({"version": version})).collect();
        plain(StatusCode::OK, json!({"versions": versions}).to_string())
    }

    fn list(&self, path: &str, asked: &dyn Fn(&str) -> String) -> Response<Body> {
        let resource = &self.served[path];
        let limit: usize = asked("limit").parse().unwrap();
        let from: usize = asked("continue").parse().unwrap_or(0);
        let selected: Vec<_> = resource.selected(&asked("fieldSelector")).collect();
        let page = selected.iter().skip(from).take(limit).copied().collect::<Vec<_>>().join(",");
        let token = if from + limit < selected.len() { (from + limit).to_string() } else { String::new() };
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": token});
        plain(StatusCode::OK, format!(r#"{{"items":[{page}],"metadata":{metadata}}}"#))
    }

    fn watch(&mut self, path: &str, asked: &dyn Fn(&str) -> String) -> Response<Body> {
        let (version, selector) = (self.version, asked("fieldSelector"));
        let resource = self.served.get_mut(path).unwrap();
        let (watch, events) = mpsc::unbounded_channel();
        if asked("sendInitialEvents") == "true" {
            if !self.streams {
                return status(422, "sendInitialEvents: Forbidden: unless the WatchList feature gate is enabled");
            }
            for object in resource.selected(&selector) {
                watch.send(Ok(event("ADDED", object))).unwrap();
            }
            let annotations = json!({"k8s.io/initial-events-end": "true"});
            let metadata = json!({"resourceVersion": version.to_string(), "annotations": annotations});
            watch.send(Ok(event("BOOKMARK", &json!({"metadata": metadata}).to_string()))).unwrap();
        } else {
            let after: u64 = asked("resourceVersion").parse().unwrap();
            if after < resource.oldest {
                let gone = json!({"code": 410, "reason": "Expired", "message": "too old resource version"});
                watch.send(Ok(event("ERROR", &gone.to_string()))).unwrap();
            }
            for object in resource.selected(&selector) {
                let object_version = serde_json::from_str::<Value>(object).ok();
                let object_version =
                    object_version.map_or_else(|| "0".into(), |it| it["metadata"]["resourceVersion"].clone());
                if object_version.as_str().unwrap_or_default().parse::<u64>().unwrap_or_default() > after {
                    watch.send(Ok(event("MODIFIED", object))).unwrap();
                }
            }
        }
        resource.watches.push((selector, watch));
        let ends = tokio::time::Instant::now() + Duration::from_secs(asked("timeoutSeconds").parse().unwrap());
        let events = stream::unfold(events, move |mut events| async move {
            let next = tokio::time::timeout_at(ends, events.recv()).await.ok().flatten();
            next.map(|line| (line, events))
        });
        Response::new(Body::from_stream(events))
    }
}

impl Resource {
    fn selected(&self, selector: &str) -> impl Iterator<Item = &str> {
        let name = selector.strip_prefix("metadata.name=").map(|name| format!(r#""name":"{name}""#));
        let matches = move |object: &&str| name.as_ref().is_none_or(|name| object.contains(name));
        self.objects.values().map(String::as_str).filter(matches)
    }

    fn tell(&mut self, object: &str, what: &str) {
        for (selector, watch) in &self.watches {
            let name = selector.strip_prefix("metadata.name=").map(|name| format!(r#""name":"{name}""#));
            if name.is_none_or(|name| object.contains(&name)) {
                // Nobody may listen any more.
                let _ = watch.send(Ok(event(what, object)));
            }
        }
    }
}

fn event(what: &str, object: &str) -> String {
    format!("{{\"type\":\"{what}\",\"object\":{object}}}\n")
}

fn plain(code: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    response
}

fn status(code: u16, message: &str) -> Response<Body> {
    let reason = match code {
        403 => "Forbidden",
        422 => "Invalid",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "code": code, "reason": reason, "message": message});
    plain(StatusCode::from_u16(code).unwrap(), body.to_string())
}
