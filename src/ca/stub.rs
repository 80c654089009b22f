//! An API server in memory, for tests: objects by path, optimistic locking, and refusals on demand.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::stored;
use super::succession::Succession;

/// What a call asks for, in RBAC's words.
pub(crate) type Verb = &'static str;

type Objects = BTreeMap<String, Value>;

pub(crate) struct Stub(watch::Sender<State>);

#[derive(Default)]
struct State {
    objects: Objects,
    version: u64,
    refused: BTreeMap<Verb, u16>,
    calls: Vec<(Verb, String)>,
    /// Done once right before the next call of this verb is answered, as if someone else had been faster.
    interlude: Option<(Verb, Interlude)>,
}

type Interlude = Box<dyn FnOnce(&mut State) + Send + Sync>;

impl Stub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(State::default())))
    }

    pub(crate) fn client(self: &Arc<Self>) -> kube::Client {
        let stub = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let stub = Arc::clone(&stub);
            async move { Ok::<_, Infallible>(stub.answer(request).await) }
        });
        kube::Client::new(service, "default")
    }

    /// Puts an object there, under a new version, and under a new uid if it has none.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.0.send_modify(|state| state.put(path, object));
    }

    pub(crate) fn remove(&self, path: &str) {
        self.0.send_modify(|state| drop(state.objects.remove(path)));
    }

    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.0.borrow().objects.get(path).cloned()
    }

    pub(crate) fn refuse(&self, verb: Verb, code: u16) {
        self.0.send_modify(|state| {
            state.refused.insert(verb, code);
        });
    }

    pub(crate) fn allow(&self, verb: Verb) {
        self.0.send_modify(|state| {
            state.refused.remove(verb);
        });
    }

    /// Someone else puts an object there right before the next call of the verb.
    pub(crate) fn put_before(&self, verb: Verb, path: &str, object: Value) {
        let path = path.to_owned();
        let act: Interlude = Box::new(move |state| state.put(&path, object));
        self.0.send_modify(|state| state.interlude = Some((verb, act)));
    }

    /// Someone else takes an object away right before the next call of the verb.
    pub(crate) fn remove_before(&self, verb: Verb, path: &str) {
        let path = path.to_owned();
        let act: Interlude = Box::new(move |state| drop(state.objects.remove(&path)));
        self.0.send_modify(|state| state.interlude = Some((verb, act)));
    }

    /// Every call so far: the verb, and the path with its query.
    pub(crate) fn calls(&self) -> Vec<(Verb, String)> {
        self.0.borrow().calls.clone()
    }

    pub(crate) fn count(&self, verb: Verb) -> usize {
        self.0.borrow().calls.iter().filter(|(called, _)| *called == verb).count()
    }

    async fn answer(&self, request: Request<kube::client::Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().unwrap().to_string();
        let path = head.uri.path().to_owned();
        let body: Value = serde_json::from_slice(&body.collect_bytes().await.unwrap()).unwrap_or_default();
        let verb = match head.method {
            Method::GET if target.contains("watch=true") => "watch",
            Method::GET => "get",
            Method::PUT => "update",
            Method::PATCH => "patch",
            _ => "other",
        };
        let mut answer = status(405, "no such verb here");
        self.0.send_modify(|state| {
            state.calls.push((verb, target.clone()));
            if let Some(code) = state.refused.get(verb) {
                answer = status(*code, "refused by the stub");
                return;
            }
            if let Some((_, act)) = state.interlude.take_if(|(before, _)| *before == verb) {
                act(state);
            }
            answer = match verb {
                "get" => state.objects.get(&path).map_or_else(|| status(404, "not found"), ok),
                "update" => state.update(&path, body),
                "patch" => state.apply(&path, &body),
                "watch" => self.watch(&path, &target),
                _ => return,
            };
        });
        answer
    }

    /// One event, once the object is no longer at the version that is named.
    fn watch(&self, collection: &str, target: &str) -> Response<Body> {
        let parameter = |name: &str| {
            let found = target.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let name = parameter("fieldSelector").replace("metadata.name%3D", "");
        let (path, version) = (format!("{collection}/{name}"), parameter("resourceVersion"));
        let mut states = self.0.subscribe();
        let event = async move {
            let is_news = |state: &State| {
                state.objects.get(&path).is_none_or(|object| object["metadata"]["resourceVersion"] != *version)
            };
            let object = match states.wait_for(is_news).await {
                Ok(state) => state.objects.get(&path).cloned(),
                Err(_) => None,
            };
            let event = object.map(|object| json!({"type": "MODIFIED", "object": object}).to_string() + "\n");
            Ok::<_, Infallible>(event.unwrap_or_default())
        };
        Response::new(Body::from_stream(stream::once(event)))
    }
}

impl State {
    fn put(&mut self, path: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", self.version).into();
        }
        self.objects.insert(path.to_owned(), object);
    }

    fn update(&mut self, path: &str, object: Value) -> Response<Body> {
        match self.objects.get(path) {
            None => status(404, "not found"),
            Some(stored) if stored["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] => {
                status(409, "the object has been modified")
            }
            Some(_) => {
                self.put(path, object);
                ok(&self.objects[path])
            }
        }
    }

    /// Server-side apply as far as a list by name with one field in each item goes.
    fn apply(&mut self, path: &str, fields: &Value) -> Response<Body> {
        let Some(stored) = self.objects.get(path) else { return status(409, "uid mismatch") };
        let named = ["uid", "resourceVersion"].map(|key| (&stored["metadata"][key], &fields["metadata"][key]));
        if named.iter().any(|(stored, named)| stored != named) {
            return status(409, "the object has been modified");
        }
        let mut object = stored.clone();
        for webhook in object["webhooks"].as_array_mut().unwrap() {
            let applied = fields["webhooks"].as_array().unwrap().iter().find(|one| one["name"] == webhook["name"]);
            match applied {
                Some(applied) => {
                    webhook["clientConfig"]["caBundle"] = applied["clientConfig"]["caBundle"].clone();
                }
                None => drop(webhook["clientConfig"].as_object_mut().unwrap().remove("caBundle")),
            }
        }
        self.put(path, object);
        ok(&self.objects[path])
    }
}

fn ok(object: &Value) -> Response<Body> {
    Response::new(Body::from(object.to_string()))
}

fn status(code: u16, message: &str) -> Response<Body> {
    let reason = if code == 404 { "NotFound" } else { "" };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, "reason": reason});
    Response::builder().status(code).body(Body::from(body.to_string())).unwrap()
}

/// A Secret with these CAs in it.
pub(crate) fn secret(name: &str, namespace: &str, succession: &Succession) -> Value {
    let mut data = stored::Data::new();
    stored::write(succession, &mut data).unwrap();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    })
}
