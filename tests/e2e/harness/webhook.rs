//! Our server as a process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::assets;
use super::cluster::Plane;
use super::http::Endpoint;
use super::install::{Installed, NAME, SERVICE_NAMES};
use super::manifests::only;
use super::pki::AUTHORITY;
use super::process::{Process, free_port, scratch};
use super::wait::{PATIENCE, eventually};

/// One replica: the binary with the arguments and the `ServiceAccount` of the Deployment as shipped.
#[derive(Debug)]
pub struct Webhook {
    /// The process.
    pub process: Process,
    /// Where it answers reviews.
    pub port: u16,
    /// Where its health and metrics are.
    pub ops: Endpoint,
}

/// A replica that is not started yet.
#[derive(Debug)]
pub struct Replica {
    name: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    directory: PathBuf,
    port: u16,
    ops: u16,
}

impl Replica {
    /// As the Deployment in `installed` says, but on free ports of the loopback interface.
    pub fn of(plane: &Plane, installed: &Installed) -> Self {
        Self::of_account(plane, installed, NAME)
    }

    /// The same with another `ServiceAccount`, in the same namespace.
    pub fn of_account(plane: &Plane, installed: &Installed, account: &str) -> Self {
        let directory = scratch("replica");
        let container = &only(&installed.objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
        let (port, ops) = (free_port(), free_port());
        let mut args = Vec::new();
        for arg in container["args"].as_array().expect("arguments") {
            let arg = arg.as_str().expect("a string");
            // What the kubelet would mount.
            let mounted = "/etc/migration-network-webhook/tls";
            if arg.contains(mounted) {
                AUTHORITY.leaf_files(&SERVICE_NAMES, &directory);
                fs::write(directory.join("ca.crt"), &AUTHORITY.pem).expect("a written file");
            }
            let arg = arg.replace(mounted, &directory.display().to_string());
            args.push(match arg.split_once('=') {
                Some(("--listen", _)) => format!("--listen=127.0.0.1:{port}"),
                Some(("--ops-listen", _)) => format!("--ops-listen=127.0.0.1:{ops}"),
                _ => arg.clone(),
            });
        }
        let mut env: Vec<(String, String)> = Vec::new();
        for variable in container["env"].as_array().into_iter().flatten() {
            let text = |key: &str| variable[key].as_str().expect("a string").to_owned();
            env.push((text("name"), text("value")));
        }
        let kubeconfig = plane.servers.kubeconfig(&plane.token(installed, account));
        env.push(("KUBECONFIG".to_owned(), kubeconfig.display().to_string()));
        Self { name: "webhook".to_owned(), args, env, directory, port, ops }
    }

    /// With more arguments.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// With a mounted certificate of the tests' authority instead of what the overlay says.
    pub fn mounted(mut self) -> Self {
        let files = AUTHORITY.leaf_files(&SERVICE_NAMES, &self.directory);
        self.args.retain(|arg| !["--tls-", "--register"].iter().any(|flag| arg.starts_with(flag)));
        self.args([format!("--tls-cert={}", files.cert.display()), format!("--tls-key={}", files.key.display())])
    }

    /// With one more variable, or another value of one.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where its mounted files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Starts it, and does not wait.
    pub fn start(&self) -> Webhook {
        let mut command = Command::new(assets::webhook());
        command.env_clear().args(&self.args).envs(self.env.iter().map(|(name, value)| (name, value)));
        let process = Process::start(&self.name, command, &self.directory);
        Webhook { process, port: self.port, ops: Endpoint { port: self.ops, tls: None } }
    }

    /// Starts it, and waits until it is ready.
    pub fn ready(&self) -> Webhook {
        let mut webhook = self.start();
        webhook.wait_until_ready();
        webhook
    }
}

impl Webhook {
    /// Waits until `/readyz` says so.
    pub fn wait_until_ready(&mut self) {
        eventually("the webhook is ready", PATIENCE, || {
            if let Some(status) = self.process.ended() {
                panic!("the webhook ended ({status}):\n{}", self.process.log_tail());
            }
            match self.get("/readyz") {
                Ok((200, _)) => Ok(()),
                other => Err(other),
            }
        });
    }

    /// A page of the operators' port: status and body.
    pub fn get(&self, path: &str) -> Result<(u16, String), String> {
        let response = self.ops.send("GET", path, &[], b"").map_err(|error| error.to_string())?;
        Ok((response.status, response.body))
    }

    /// The sum of a counter's samples whose labels contain all of these, such as `operation="UPDATE"`.
    pub fn count(&self, name: &str, labels: &[&str]) -> u64 {
        let (status, page) = self.get("/metrics").expect("metrics");
        assert_eq!(status, 200);
        let samples = page.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let (given, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.split_once('}')?,
                None => ("", rest),
            };
            labels.iter().all(|label| given.contains(label)).then(|| value.trim().parse::<u64>().ok())?
        });
        samples.sum()
    }

    /// SIGTERM, its end, and its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.process.stop(Duration::from_secs(40)).code()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the end of the webhook's log ---\n{}\n---", self.process.log_tail());
        }
    }
}
