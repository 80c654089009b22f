//! etcd and kube-apiserver on the loopback interface.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rcgen::KeyPair;

use super::api::Api;
use super::pki::{AUTHORITY, Files};
use super::process::{self, Process, free_port};
use super::wait::{PATIENCE, eventually};
use super::{assets, pki};

/// The token of a cluster administrator.
pub const ADMIN: &str = "admin-token";

/// What the API server is called by; the second address is the first of its Services, `kubernetes`.
const NAMES: [&str; 4] = ["127.0.0.1", "10.99.0.1", "10.96.0.1", "localhost"];

/// Every write with its audit annotations, nothing of reads.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
    resources:
      - group: harvesterhci.io
  - level: None
";

/// Who may come to a node's control plane besides the administrator; each name is its token.
const COMPONENTS: [(&str, &str); 5] = [
    ("system:node:node-1", "system:nodes"),
    ("system:node:node-2", "system:nodes"),
    ("system:kube-controller-manager", ""),
    ("system:kube-scheduler", ""),
    ("system:kube-proxy", ""),
];

/// Without controllers: no garbage collection, no pods.
const ALONE: [&str; 5] = [
    "--advertise-address=127.0.0.1",
    // Its own endpoint would have to be an address that is not loopback's.
    "--endpoint-reconciler-type=none",
    "--service-cluster-ip-range=10.53.0.0/16",
    "--authorization-mode=RBAC",
    "--disable-admission-plugins=ServiceAccount",
];

/// For real nodes, on the network of `tests/e2e/node/init`.
const FOR_NODES: [&str; 5] = [
    "--advertise-address=10.99.0.1",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--kubelet-preferred-address-types=InternalIP",
];

/// etcd and kube-apiserver, with every admission plugin that matters here.
#[derive(Debug)]
pub struct ControlPlane {
    /// Where it keeps its files and logs.
    pub directory: PathBuf,
    /// The API server's port; it stays the same over a restart.
    pub port: u16,
    /// Of etcd: for what would take the API server minutes to store.
    pub etcd_port: u16,
    flags: Vec<String>,
    serving: Files,
    apiserver: Option<Process>,
    /// etcd itself.
    pub etcd: Process,
}

impl ControlPlane {
    /// Starts both, without controllers; `flags` are added to the API server's.
    pub fn start(flags: &[&str]) -> Self {
        Self::launch(&[&["--bind-address=127.0.0.1"], &ALONE[..], flags].concat(), free_port())
    }

    /// Starts both for real nodes, on the port that a network policy names: the network is their own.
    pub fn for_nodes() -> Self {
        Self::launch(&[&["--bind-address=0.0.0.0"], &FOR_NODES[..]].concat(), 6443)
    }

    fn launch(flags: &[&str], port: u16) -> Self {
        let directory = process::scratch("control-plane");
        let (etcd_port, peer_port) = (free_port(), free_port());
        let mut etcd = Command::new(assets::tool("etcd"));
        etcd.arg("--data-dir").arg(directory.join("etcd"));
        for (flag, port) in [("client", etcd_port), ("peer", peer_port)] {
            etcd.arg(format!("--listen-{flag}-urls=http://127.0.0.1:{port}"));
        }
        etcd.arg(format!("--advertise-client-urls=http://127.0.0.1:{etcd_port}"));
        etcd.arg(format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer_port}"));
        etcd.arg(format!("--initial-cluster=default=http://127.0.0.1:{peer_port}"));
        etcd.args(["--unsafe-no-fsync", "--log-level=error"]);
        let etcd = Process::start("etcd", etcd, &directory);

        let serving = AUTHORITY.leaf_files(&NAMES, &directory);
        let accounts = KeyPair::generate().expect("a key");
        write(&directory, "sa.key", &accounts.serialize_pem());
        write(&directory, "sa.pub", &accounts.public_key_pem());
        let components = COMPONENTS.map(|(name, group)| format!("{name},{name},{name},{group}\n"));
        write(&directory, "tokens.csv", &format!("{ADMIN},admin,admin,system:masters\n{}", components.concat()));
        write(&directory, "audit.yaml", AUDIT_POLICY);
        write(&directory, "ca.crt", &pki::AUTHORITY.pem);
        let mut started = Self {
            directory,
            port,
            etcd_port,
            flags: flags.iter().map(ToString::to_string).collect(),
            serving,
            apiserver: None,
            etcd,
        };
        started.start_apiserver();
        started
    }

    /// Adds flags to the API server's, from its next start on.
    pub fn add_flags(&mut self, flags: &[String]) {
        self.flags.extend_from_slice(flags);
    }

    /// Starts the API server, again after [`Self::stop_apiserver`]; ready when this returns.
    pub fn start_apiserver(&mut self) {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let mut command = Command::new(assets::tool("kube-apiserver"));
        command.arg(format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port));
        command.arg(format!("--secure-port={}", self.port));
        command.arg(format!("--tls-cert-file={}", self.serving.cert.display()));
        command.arg(format!("--tls-private-key-file={}", self.serving.key.display()));
        command.arg(format!("--cert-dir={}", file("certs")));
        command.arg(format!("--service-account-key-file={}", file("sa.pub")));
        command.arg(format!("--service-account-signing-key-file={}", file("sa.key")));
        command.arg(format!("--token-auth-file={}", file("tokens.csv")));
        command.arg(format!("--audit-policy-file={}", file("audit.yaml")));
        command.arg(format!("--audit-log-path={}", file("audit.log")));
        command.args([
            "--service-account-issuer=https://localhost",
            "--allow-privileged=true",
            "--audit-log-mode=blocking",
            "--profiling=false",
        ]);
        command.args(&self.flags);
        self.apiserver = Some(Process::start("kube-apiserver", command, &self.directory));
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let api = self.admin();
        let start = Instant::now();
        eventually("the API server is ready", PATIENCE * 2, || {
            let apiserver = self.apiserver.as_mut().expect("it was just started");
            if let Some(status) = apiserver.ended() {
                panic!("kube-apiserver ended after {:?} ({status}):\n{}", start.elapsed(), apiserver.log_tail());
            }
            api.get("/readyz")
        });
    }

    /// Ends the API server and leaves etcd, with all that is stored.
    pub fn stop_apiserver(&mut self) {
        if let Some(mut apiserver) = self.apiserver.take() {
            apiserver.signal("TERM");
            // Open watches may keep it for a minute; what matters is that it is gone.
            let start = Instant::now();
            while apiserver.ended().is_none() && start.elapsed() < Duration::from_secs(2) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// A client with every right.
    pub fn admin(&self) -> Api {
        Api::new(self.port, ADMIN)
    }

    /// Where it listens, as clients write it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A kubeconfig for the bearer of `token`, in a file of its own.
    pub fn kubeconfig(&self, token: &str) -> PathBuf {
        self.kubeconfig_at(self.port, token)
    }

    /// The same, for whoever reaches the API server at another port.
    pub fn kubeconfig_at(&self, port: u16, token: &str) -> PathBuf {
        let path = process::scratch("kubeconfig").join("config");
        let ca = self.directory.join("ca.crt");
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: e2e\n\
             clusters: [{{name: e2e, cluster: {{server: 'https://127.0.0.1:{port}', certificate-authority: '{ca}'}}}}]\n\
             users: [{{name: e2e, user: {{token: '{token}'}}}}]\n\
             contexts: [{{name: e2e, context: {{cluster: e2e, user: e2e}}}}]\n",
            ca = ca.display(),
        );
        fs::write(&path, config).expect("a written file");
        path
    }

    /// The audit log's events so far, one JSON object a line.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let log = fs::read_to_string(self.directory.join("audit.log")).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).expect("a written file");
}
