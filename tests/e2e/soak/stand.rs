//! The cluster under test: a control plane, three replicas behind a Service, and a relay between both.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::faults::{Fault, Window};
use super::hostile;
use super::link::Link;
use super::random::Random;
use super::report::{Memory, Report};
use super::restores::{self, Restores};
use super::service::Service;
use crate::changes::Changes;
use crate::harness::api::Patch;
use crate::harness::cluster::SETTING;
use crate::harness::install::{Installed, NAME, SERVICE_NAMES, is_configuration, redirect};
use crate::harness::pki::AUTHORITY;
use crate::harness::wait::{PATIENCE, eventually};
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, world};

/// How far the replicas' clocks are from the API server's.
const CLOCKS: [&str; 3] = ["-15s", "+0s", "+15s"];
const FAKE_TIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// What may still go wrong once a fault is over: readiness, and one time-out of the webhook.
pub const AFTERMATH: Duration = Duration::from_secs(15);

/// Where the serving certificates come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// The own CA, which rotates every few minutes, with clocks that differ.
    OwnCa,
    /// Files, which are swapped.
    Mounted,
}

/// The cluster under test.
#[derive(Debug)]
pub struct Stand {
    pub certificates: Certificates,
    pub cluster: Cluster,
    pub installed: Installed,
    pub service: Service,
    pub link: Link,
    pub places: Vec<Replica>,
    pub replicas: Vec<Webhook>,
}

impl Stand {
    /// A guarded cluster, with all of it in effect.
    pub fn build(certificates: Certificates) -> Self {
        let cluster = Cluster::fresh(&[]);
        cluster.apply_all(&world::healthy());
        let mut setting = world::ours(world::CANONICAL);
        setting["default"] = restores::STORED.into();
        cluster.store(&setting);
        let installed = cluster.install(match certificates {
            Certificates::OwnCa => "harvester",
            Certificates::Mounted => "cert-manager",
        });
        let link = Link::to(cluster.servers.port);
        let kubeconfig = cluster.servers.kubeconfig_at(link.port, &cluster.token(&installed, NAME));
        let places: Vec<Replica> = CLOCKS
            .iter()
            .map(|clock| {
                let replica = Replica::of(&cluster, &installed).env("KUBECONFIG", &kubeconfig.display().to_string());
                match certificates {
                    Certificates::Mounted => replica,
                    Certificates::OwnCa => {
                        assert!(
                            fs::exists(FAKE_TIME).unwrap_or(false),
                            "{FAKE_TIME} is missing: Debian's package faketime"
                        );
                        let replica = replica.args(["--tls-ca-lifetime=6m", "--tls-leaf-lifetime=2m"]);
                        let replica = replica.env("LD_PRELOAD", FAKE_TIME).env("FAKETIME", clock);
                        replica.env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                    }
                }
            })
            .collect();
        let replicas: Vec<Webhook> = places.iter().map(Replica::ready).collect();
        let service = Service::start();
        for replica in &replicas {
            service.watch(replica.port, replica.ops.port);
        }
        let stand = Self { certificates, cluster, installed, service, link, places, replicas };
        stand.wait_until_whole();
        stand.register();
        stand
    }

    fn register(&self) {
        if self.certificates == Certificates::Mounted {
            return self.cluster.register(&self.installed, self.service.port);
        }
        for configuration in self.installed.objects.iter().filter(|object| is_configuration(object)) {
            let mut configuration = configuration.clone();
            redirect(&mut configuration, self.service.port, None);
            self.cluster.api.apply(&configuration);
        }
        // Not before both are in place: each is filled in and seen by the API server in its own time.
        let change = json!({"value": world::CANONICAL.replace("100,", "101,")});
        eventually("the API server trusts us in both phases", PATIENCE, || {
            self.cluster.api.patch(&format!("{SETTING}?dryRun=All"), Patch::Merge, &change)
        });
    }

    /// Waits until the Service leads to every replica.
    pub fn wait_until_whole(&self) {
        eventually(
            "every replica gets connections",
            PATIENCE,
            || if self.service.is_whole() { Ok(()) } else { Err(()) },
        );
    }

    /// Waits until the API server answers.
    pub fn wait_for_the_api_server(&self) {
        eventually("the API server answers", PATIENCE, || self.cluster.api.get("/readyz"));
    }

    /// One fault after the other, under changes, until the time is over.
    pub fn endure(mut self, time: Duration, random: &mut Random, report: &mut Report) {
        let started: Vec<Memory> = self.memory();
        let (changes, restores) = (Changes::start(&self.cluster.api), Restores::start(&self.cluster.api));
        let (end, mut windows, mut left) = (Instant::now() + time, Vec::new(), Vec::new());
        let mut peak = Memory::default();
        while Instant::now() < end {
            if left.is_empty() {
                left = Fault::all(self.certificates);
            }
            let fault = random.take(&mut left);
            let began = Instant::now();
            fault.happen(&mut self, random);
            windows.push(Window { fault, began, ended: Instant::now() });
            thread::sleep(AFTERMATH);
            self.wait_until_whole();
            peak = self.memory().into_iter().fold(peak, Memory::max);
        }
        let mut all = changes.each();
        all.extend(restores.each());
        report.changes(&windows, all);
        thread::sleep(Duration::from_mins(1));
        report.memory(self.certificates, &started, peak, &self.memory());
    }

    /// Takes this replica's place again.
    pub fn start_again(&mut self, index: usize) {
        self.replicas[index] = self.places[index].start();
    }

    /// The names under which its certificate is asked for, and who must be trusted.
    pub fn ca_bundle(&self) -> String {
        match self.certificates {
            Certificates::Mounted => AUTHORITY.pem.clone(),
            Certificates::OwnCa => hostile::ca_bundle(&self.cluster, &self.installed),
        }
    }

    fn memory(&self) -> Vec<Memory> {
        self.replicas.iter().map(|replica| Memory::of(&replica.process)).collect()
    }
}

/// The one name that the API server asks a replica for.
pub fn server_name() -> &'static str {
    SERVICE_NAMES[0]
}

/// The path of a Secret of the installation, and what it holds.
pub fn secret_data(stand: &Stand) -> (String, serde_json::Value) {
    let path = crate::harness::api::path(crate::harness::manifests::only(&stand.installed.objects, "Secret"));
    let data = stand.cluster.api.get(&path).map_or(json!({}), |secret| secret["data"].clone());
    (path, data)
}
