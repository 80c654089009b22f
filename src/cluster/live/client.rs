//! Connects to the API server: kubeconfig, context, or `ServiceAccount`.

use std::path::Path;
use std::time::Duration;

use hyper::header::{HeaderValue, USER_AGENT};
use kube::client::AuthError;
use kube::config::{ExecConfig, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;

use super::error::{Error, get};
use super::kubeconfig::{self, BadKubeconfig};
use crate::escape::{Line, Quoted, QuotedPath, Quoting};
use crate::setting::SETTING;

/// How long a connection may take: one that is not answered at all must not outlast the backoff by much.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the API server may take to accept what is sent.
const WRITE: Duration = Duration::from_secs(10);

/// A client for the cluster of a kubeconfig, and the API server's address; or why there is none, safe to print.
///
/// Without a path, that is the one that kubectl would take; where there is none, it is the cluster that this runs in.
/// The client must be made inside a tokio runtime.
pub async fn reach(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<(Client, String), String> {
    let mut config = configure(kubeconfig, context)?;
    if config.cluster_url.scheme().is_none() {
        let server = config.cluster_url.to_string();
        let server = Quoting(&server);
        return Err(unusable(&format!("the server {server} has no scheme; did you mean https://{server}?")));
    }
    config.connect_timeout = Some(CONNECT);
    config.write_timeout = Some(WRITE);
    // Watches may be quiet for long; what has to come in time is watched where it is read.
    config.read_timeout = None;
    // A refusal must be seen, and is tried again at our own pace.
    config.default_retry = false;
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
    // Not as it stands: it may hold a password.
    let address = match (config.cluster_url.host().unwrap_or_default(), config.cluster_url.port_u16()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let exec = config.auth_info.exec.clone();
    let client = Client::try_from(config).map_err(|error| unbuilt(&error, exec.as_ref()))?;
    Ok((client, address))
}

pub async fn version(client: &Client) -> Option<String> {
    let asked = tokio::time::timeout(CONNECT, client.apiserver_version()).await;
    asked.ok()?.ok().map(|info| info.git_version)
}

pub async fn stored_setting(client: &Client) -> Result<Option<Value>, Error> {
    // A list of one: for who may list Settings, as the rules ask it, and need not be allowed to get them.
    let path = format!("/apis/harvesterhci.io/v1beta1/settings?fieldSelector=metadata.name%3D{SETTING}");
    let list: Option<Value> = Error::found("list", get(client, path).await)?;
    Ok(list.and_then(|mut list| list.pointer_mut("/items/0").map(Value::take)))
}

fn configure(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<Config, String> {
    if let Some(path) = kubeconfig {
        let named = |why: String| format!("the kubeconfig {} can't be used: {why}", QuotedPath(path));
        let kubeconfig = Kubeconfig::read_from(path).map_err(|error| named(words(&error)))?;
        return kubeconfig::configuration(kubeconfig, context).map_err(|error| named(words(&error)));
    }
    let kubeconfig = match kubeconfig::usual()
        .map_err(BadKubeconfig::from)
        .and_then(|usual| kubeconfig::configuration(usual, context))
    {
        Ok(config) => return Ok(config),
        Err(error) => words(&error),
    };
    let neither = |in_cluster: &str| {
        format!(
            "no cluster to connect to: the kubeconfig of $KUBECONFIG or ~/.kube/config can't be used ({kubeconfig}), and \
             this is no pod with a service account ({in_cluster}); name a kubeconfig with --kubeconfig"
        )
    };
    if context.is_some() {
        return Err(neither("it has no contexts"));
    }
    Config::incluster().map_err(|error| neither(&words(&error)))
}

/// Why the client can't be built. What an exec plugin said is shown; a missing one, with how to install it.
fn unbuilt(error: &kube::Error, exec: Option<&ExecConfig>) -> String {
    let plugin = Quoted(exec.and_then(|exec| exec.command.as_deref()).unwrap_or_default()).to_string();
    let why = match error {
        kube::Error::Auth(AuthError::AuthExecStart(why)) => {
            let hint =
                exec.and_then(|exec| exec.install_hint.as_deref()).map(str::trim).filter(|hint| !hint.is_empty());
            let hint = hint.map(|hint| format!("; the kubeconfig says: {}", Line(hint))).unwrap_or_default();
            format!("the exec plugin {plugin} can't be run: {why}{hint}")
        }
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = if said.trim().is_empty() { String::new() } else { format!(": {}", Line(said.trim())) };
            format!("the exec plugin {plugin} failed ({}){said}", out.status)
        }
        _ => words(error),
    };
    unusable(&why)
}

fn unusable(why: &str) -> String {
    format!("can't connect to the cluster as configured: {why}")
}

fn words(error: &dyn std::error::Error) -> String {
    Quoting(&error.to_string()).to_string()
}
