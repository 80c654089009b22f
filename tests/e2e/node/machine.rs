//! One machine: containerd, kubelet and kube-proxy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::assets;
use crate::harness::helm::EARLIER;
use crate::harness::install::NAME;
use crate::harness::process::{Process, scratch};
use crate::harness::wait::{PATIENCE, eventually};

/// The daemons of a node, in the namespaces of `holder` when there is one.
#[derive(Debug)]
pub struct Machine {
    directory: PathBuf,
    inside: Vec<String>,
    // In this order: the kubelet goes before what it drives.
    daemons: Vec<Process>,
    _holder: Option<Process>,
}

/// Names and addresses, by the machine's number.
struct Place {
    name: String,
    address: String,
    pods: String,
    cgroup: &'static str,
}

impl Place {
    fn of(number: u8) -> Self {
        Self {
            name: format!("node-{number}"),
            address: format!("10.99.0.{number}"),
            pods: format!("10.98.{}.0/24", number - 1),
            cgroup: if number == 1 { "/" } else { "/node-2" },
        }
    }
}

const CONTAINERD: &str = r#"version = 2
root = "DIRECTORY/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/e2e/pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "DIRECTORY/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#;

const CNI: &str = r#"{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp", "ipMasq": false, "ipam": {
"type": "host-local", "ranges": [[{"subnet": "PODS"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "/run/cni-ipam"}}]}
"#;

/// The limits that would evict pods or collect the imported image are off: the disk is shared with whatever else runs here.
const KUBELET: &str = r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: CGROUP
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
failSwapOn: false
protectKernelDefaults: true
volumePluginDir: /run/kubelet-plugins
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
localStorageCapacityIsolation: false
resolvConf: /run/resolv.conf
syncFrequency: 5s
"#;

/// Sysctls of connection tracking can't be written in a network namespace.
const PROXY: &str = r"apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: 10.98.0.0/16
hostnameOverride: NAME
clientConnection: {kubeconfig: KUBECONFIG}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
";

impl Machine {
    /// Starts containerd and imports these images; [`Self::join`] does the rest.
    pub fn start(number: u8, images: &[&Path]) -> Self {
        let directory = scratch(&format!("machine-{number}"));
        let holder = (number > 1).then(|| hold(&directory));
        let inside = match &holder {
            Some(holder) => {
                ["nsenter", "-t", &holder.id().to_string(), "-m", "-u", "-n", "--"].map(String::from).into()
            }
            None => vec![],
        };
        let mut machine = Self { directory, inside, daemons: vec![], _holder: holder };
        let place = Place::of(number);
        fs::create_dir(machine.directory.join("cni")).expect("a directory");
        machine.write("cni/pods.conflist", &CNI.replace("PODS", &place.pods));
        let directory = machine.directory.display().to_string();
        let config = machine.write("containerd.toml", &CONTAINERD.replace("DIRECTORY", &directory));
        machine.daemon("containerd", Path::new("containerd"), &[&format!("--config={config}")]);
        eventually("containerd answers", PATIENCE, || machine.try_run(&["ctr", "version"]));
        for image in images {
            machine.run(&["ctr", "-n", "k8s.io", "images", "import", &image.display().to_string()]);
        }
        let image = |tag: &str| format!("docker.io/library/{NAME}:{tag}");
        let [ours, earlier] = [env!("CARGO_PKG_VERSION"), EARLIER].map(image);
        machine.run(&["ctr", "-n", "k8s.io", "images", "tag", &ours, &earlier]);
        machine
    }

    /// Starts what makes it a node of a cluster; `kubeconfig` makes one for a token.
    pub fn join(&mut self, number: u8, kubeconfig: impl Fn(&str) -> PathBuf) {
        let place = Place::of(number);
        let access = kubeconfig(&format!("system:node:{}", place.name));
        let config = self.write("kubelet.yaml", &KUBELET.replace("CGROUP", place.cgroup));
        self.daemon(
            "kubelet",
            &assets::node("kubelet"),
            &[
                &format!("--config={config}"),
                &format!("--kubeconfig={}", access.display()),
                &format!("--hostname-override={}", place.name),
                &format!("--node-ip={}", place.address),
                "--root-dir=/var/lib/kubelet",
                &format!("--cert-dir={}", self.directory.join("kubelet-certs").display()),
            ],
        );
        let access = kubeconfig("system:kube-proxy").display().to_string();
        let config = self.write("proxy.yaml", &PROXY.replace("NAME", &place.name).replace("KUBECONFIG", &access));
        self.daemon("kube-proxy", &assets::node("kube-proxy"), &[&format!("--config={config}")]);
    }

    fn daemon(&mut self, name: &str, program: &Path, args: &[&str]) {
        let mut command = self.command(&program.display().to_string());
        command.args(args);
        self.daemons.insert(0, Process::start(name, command, &self.directory));
    }

    fn command(&self, program: &str) -> Command {
        let mut words = self.inside.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words);
        command
    }

    /// Runs a command on this machine, and returns what it prints.
    pub fn run(&self, words: &[&str]) -> String {
        self.try_run(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn try_run(&self, words: &[&str]) -> Result<String, String> {
        let output = self.command(words[0]).args(&words[1..]).output().map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        fs::write(&path, text).expect("a written file");
        path.display().to_string()
    }
}

/// A process with namespaces of its own, made a second machine.
fn hold(directory: &Path) -> Process {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--uts", "--propagation", "private", "sleep", "infinity"]);
    let holder = Process::start("holder", command, directory);
    let link = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net"));
    let (ours, its) = (link("self").expect("a namespace"), holder.id().to_string());
    eventually("it has namespaces of its own", PATIENCE, || match link(&its) {
        Ok(theirs) if theirs != ours => Ok(()),
        other => Err(other),
    });
    let script = assets::repository().join("tests/e2e/node/second");
    let made = Command::new(&script).arg(&its).output().expect("a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    holder
}
