//! What goes wrong, one at a time.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::hostile;
use super::random::Random;
use super::stand::{Certificates, Stand, secret_data, server_name};
use crate::harness::api::Patch;
use crate::harness::cluster::SETTING;
use crate::harness::http::Endpoint;
use crate::harness::pki::AUTHORITY;

/// How long a fault lasts where it lasts at all.
const LASTS: Duration = Duration::from_secs(20);

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Killed,
    Restarted,
    Paused,
    CertificateSwapped,
    PairMismatched,
    SecretGarbled,
    ApiServerRestarted,
    EtcdStopped,
    AnswersDelayed,
    AnswersCut,
    WatchesExpired,
    HostileClients,
    LargeValues,
}

/// When it was.
#[derive(Debug)]
pub struct Window {
    pub fault: Fault,
    pub began: Instant,
    pub ended: Instant,
}

impl Fault {
    /// Those that can happen there.
    pub fn all(certificates: Certificates) -> Vec<Self> {
        let mut all = vec![
            Self::Killed,
            Self::Restarted,
            Self::Paused,
            Self::ApiServerRestarted,
            Self::EtcdStopped,
            Self::AnswersDelayed,
            Self::AnswersCut,
            Self::WatchesExpired,
            Self::HostileClients,
            Self::LargeValues,
        ];
        all.extend(match certificates {
            Certificates::OwnCa => vec![Self::SecretGarbled],
            Certificates::Mounted => vec![Self::CertificateSwapped, Self::PairMismatched],
        });
        all
    }

    /// In the table's words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Killed => "a replica is killed",
            Self::Restarted => "a replica is restarted",
            Self::Paused => "a replica stands still for 7 s",
            Self::CertificateSwapped => "the mounted certificate is renewed",
            Self::PairMismatched => "certificate and key do not match for 20 s",
            Self::SecretGarbled => "the CA's Secret is garbage for 20 s",
            Self::ApiServerRestarted => "the API server is restarted",
            Self::EtcdStopped => "etcd stands still for 10 s",
            Self::AnswersDelayed => "the API server's answers to us are late by 300 ms each, for 20 s",
            Self::AnswersCut => "we are cut off from the API server for 20 s",
            Self::WatchesExpired => "etcd is compacted while our watches are cut",
            Self::HostileClients => "500 hostile connections to one replica for 20 s",
            Self::LargeValues => "values of 3 MiB",
        }
    }

    /// Lets it happen, and ends it.
    pub fn happen(self, stand: &mut Stand, random: &mut Random) {
        let index = random.below(stand.replicas.len());
        match self {
            Self::Killed => {
                stand.replicas[index].process.kill();
                sleep(Duration::from_secs(1));
                stand.start_again(index);
            }
            Self::Restarted => {
                stand.service.terminating(stand.replicas[index].port);
                assert_eq!(stand.replicas[index].stop(), Some(0));
                stand.start_again(index);
            }
            Self::Paused => {
                stand.replicas[index].process.signal("STOP");
                sleep(Duration::from_secs(7));
                stand.replicas[index].process.signal("CONT");
            }
            Self::CertificateSwapped => {
                for place in &stand.places {
                    AUTHORITY.leaf_files(&[server_name()], place.directory());
                }
            }
            Self::PairMismatched => {
                let (certificate, _) = AUTHORITY.leaf(&[server_name()]);
                for place in &stand.places {
                    fs::write(place.directory().join("tls.crt"), &certificate).expect("a written file");
                }
                sleep(LASTS);
                for place in &stand.places {
                    AUTHORITY.leaf_files(&[server_name()], place.directory());
                }
            }
            Self::SecretGarbled => {
                let (path, data) = secret_data(stand);
                let garbage = json!({"authority.json": BASE64.encode(b"{")});
                stand.cluster.api.patch(&path, Patch::Merge, &json!({"data": garbage})).expect("it is written");
                sleep(LASTS);
                stand.cluster.api.patch(&path, Patch::Merge, &json!({"data": data})).expect("it is written");
            }
            Self::ApiServerRestarted => {
                stand.cluster.servers.stop_apiserver();
                stand.cluster.servers.start_apiserver();
            }
            Self::EtcdStopped => {
                stand.cluster.servers.etcd.signal("STOP");
                sleep(Duration::from_secs(10));
                stand.cluster.servers.etcd.signal("CONT");
                stand.wait_for_the_api_server();
            }
            Self::AnswersDelayed => {
                stand.link.slow(Duration::from_millis(300));
                sleep(LASTS);
                stand.link.mend();
            }
            Self::AnswersCut => {
                stand.link.cut();
                sleep(LASTS);
                stand.link.mend();
            }
            Self::WatchesExpired => {
                stand.link.cut();
                // What the watches know is older than what is kept.
                sleep(Duration::from_secs(2));
                compact(stand.cluster.servers.etcd_port);
                stand.link.mend();
            }
            Self::HostileClients => hostile::come(stand.replicas[index].port, &stand.ca_bundle(), LASTS),
            Self::LargeValues => {
                for _ in 0..5 {
                    let answer =
                        stand.cluster.api.patch(SETTING, Patch::Merge, &json!({"value": hostile::large_value()}));
                    assert!(answer.is_err(), "a value of 3 MiB with a vlan of 5000 was admitted");
                }
            }
        }
    }
}

fn compact(port: u16) {
    let etcd = Endpoint { port, tls: None };
    let ask = |path: &str, body: &Value| -> Value {
        let answer = etcd.send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes());
        serde_json::from_str(&answer.expect("etcd answers").body).expect("JSON")
    };
    let revision = ask("/v3/kv/range", &json!({"key": BASE64.encode(b"a")}))["header"]["revision"].take();
    let compacted = ask("/v3/kv/compaction", &json!({"revision": revision}));
    assert!(compacted["header"].is_object(), "{compacted}");
}
