//! The chart's network policy under an engine that enforces it: kube-router, beside kube-proxy. Alone: `make e2e-policy`.

use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

use super::changes::{CALM, Changes};
use super::lab::{Lab, ROLLOUT, chart, lease};
use super::report;
use crate::harness::control_plane::ADMIN;
use crate::harness::install::NAME;
use crate::harness::process::{Process, scratch};
use crate::harness::wait::eventually;

/// A pod, seen from inside and from outside.
#[derive(Debug)]
struct Place {
    /// A process of it: its network is the pod's.
    process: String,
    address: String,
}

impl Place {
    fn of(lab: &Lab, pod: &Value) -> Option<Self> {
        let id = pod["status"]["containerStatuses"][0]["containerID"].as_str()?.strip_prefix("containerd://")?;
        let tasks = lab.machines[0].run(&["ctr", "-n", "k8s.io", "tasks", "ls"]);
        let process = tasks.lines().find_map(|line| line.strip_prefix(id))?.split_whitespace().next()?.to_owned();
        Some(Self { process, address: pod["status"]["podIP"].as_str()?.to_owned() })
    }

    /// A pod in a namespace of its own, which has these labels. It does nothing.
    fn beside(lab: &Lab, name: &str, labels: &Value) -> Self {
        let api = &lab.plane.api;
        let metadata = json!({"name": name, "labels": labels});
        api.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": name},
            "spec": {
                "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "pause", "image": "localhost/e2e/pause:1", "imagePullPolicy": "Never"}],
            },
        });
        eventually("its ServiceAccount is there", ROLLOUT, || api.create(&pod, ""));
        let path = format!("/api/v1/namespaces/{name}/pods/{name}");
        eventually("it runs", ROLLOUT, || {
            let pod = api.get(&path).expect("it was made");
            Self::of(lab, &pod).ok_or_else(|| pod["status"].clone())
        })
    }

    /// Runs a line of bash in the pod's network, for a moment at most: what is dropped is not answered.
    fn run(&self, line: &str) -> Output {
        let words = ["-t", &self.process, "-n", "timeout", "2", "bash", "-c", line];
        Command::new("nsenter").args(words).output().expect("nsenter(1) runs")
    }

    fn reaches(&self, address: &str, port: u16) -> bool {
        self.run(&format!("exec 3<>/dev/tcp/{address}/{port}")).status.success()
    }

    fn reads_metrics_of(&self, address: &str) -> bool {
        let get = "printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
        let answer = self.run(&format!("exec 3<>/dev/tcp/{address}/8080; {get}")).stdout;
        String::from_utf8_lossy(&answer).contains("\nmigration_network_webhook_")
    }
}

/// Who reaches whom now.
#[derive(Debug, PartialEq, Eq)]
struct Reach {
    reviews: [bool; 2],
    metrics: [bool; 3],
    api_server: [bool; 2],
    kubelet: bool,
}

impl Reach {
    /// Of a pod of any namespace, of one where Prometheus may be, and of a replica.
    fn now(lab: &Lab, stranger: &Place, prometheus: &Place) -> Self {
        let ours: Vec<Place> = lab.pods().iter().filter_map(|pod| Place::of(lab, pod)).collect();
        let [one, other, ..] = &ours[..] else { panic!("too few replicas: {ours:?}") };
        Self {
            reviews: [stranger, prometheus].map(|caller| caller.reaches(&other.address, 8443)),
            metrics: [stranger, prometheus, one].map(|caller| caller.reads_metrics_of(&other.address)),
            // By its Service, and by its own address.
            api_server: [one.reaches("10.96.0.1", 443), one.reaches("10.99.0.1", 6443)],
            kubelet: one.reaches("10.99.0.1", 10250),
        }
    }
}

/// What is closed is open without the policy, and all that Kubernetes itself needs stays open.
#[test]
fn the_policy_closes_what_the_chart_says_and_no_change_is_lost() {
    let program = std::env::var_os("KUBE_ROUTER").expect("an engine: run `make e2e-policy`");
    let lab = lease();
    let mut engine = Command::new(program);
    engine.arg(format!("--kubeconfig={}", lab.plane.servers.kubeconfig(ADMIN).display()));
    engine.args(["--hostname-override=node-1", "--service-cluster-ip-range=10.96.0.0/16"]);
    engine.args(["--run-firewall=true", "--run-router=false", "--run-service-proxy=false"]);
    let engine = Process::start("kube-router", engine, &scratch("kube-router"));

    lab.install(4, &chart(), &[]);
    let stranger = Place::beside(&lab, "stranger", &json!({}));
    let prometheus = Place::beside(&lab, "prometheus", &json!({"migration-network-webhook/scrape": "true"}));
    let open = Reach { reviews: [true; 2], metrics: [true; 3], api_server: [true; 2], kubelet: true };
    assert_eq!(Reach::now(&lab, &stranger, &prometheus), open);

    let changes = Changes::start(&lab.plane.api);
    thread::sleep(CALM);
    lab.install(4, &chart(), &["networkPolicy.enabled=true"]);
    // Any pod may ask, as the API server's addresses are not known; a replica asks nobody but the API server.
    let guarded = Reach { reviews: [true; 2], metrics: [false, true, false], api_server: [true; 2], kubelet: false };
    let enforced = |when: &str| {
        eventually(when, ROLLOUT, || match Reach::now(&lab, &stranger, &prometheus) {
            reach if reach == guarded => Ok(()),
            reach => Err((reach, engine.log_tail())),
        });
    };
    enforced("the policy is enforced");
    lab.kubectl(&["-n", NAME, "rollout", "restart", &format!("deployment/{NAME}")]);
    lab.rolled_out(NAME);
    eventually("only the new replicas are left", ROLLOUT, || match lab.pods().len() {
        3 => Ok(()),
        count => Err(count),
    });
    enforced("the policy is enforced for the new replicas");
    thread::sleep(CALM);
    let tally = changes.end();
    report::add("a network policy comes, then `kubectl rollout restart`", &tally);
    assert!(tally.faults.is_empty(), "{tally:?}");
    assert_eq!(lab.ready_pods(), 3);
    lab.restarts(0);
}
