//! docs/operations.md, as far as a machine can hold it to its word.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use regex_lite::Regex;
use serde_json::json;

use crate::harness::api::Patch;
use crate::harness::assets::{repository, tool};
use crate::harness::cluster::SETTING;
use crate::harness::control_plane::ADMIN;
use crate::harness::install::{is_configuration, redirect};
use crate::harness::process::scratch;
use crate::harness::webhook::{Replica, Webhook};
use crate::harness::{Cluster, Guarded, PATIENCE, Run, eventually, world};
use crate::own_ca;

/// Each metric with its labels.
type Metrics = BTreeMap<String, BTreeSet<String>>;

/// What the page's table says: `| NAME | LABELS | … |`.
fn documented() -> Metrics {
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let rows =
        page.lines().filter(|line| line.starts_with("| `migration_network_") || line.starts_with("| `controller_"));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let metrics = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        (names(cells[1]).remove(0), names(cells[2]).into_iter().collect())
    });
    metrics.collect()
}

/// What a server shows. A histogram has one name here.
fn shown(replica: &Webhook) -> Metrics {
    let (_, page) = replica.get("/metrics").unwrap();
    let histograms: Vec<&str> =
        page.lines().filter_map(|line| line.strip_suffix(" histogram")?.split(' ').nth(2)).collect();
    let mut metrics = Metrics::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (sample, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
        let histogram = histograms.iter().find(|histogram| {
            name.strip_prefix(**histogram).is_some_and(|rest| ["_bucket", "_count", "_sum"].contains(&rest))
        });
        let keys = labels.split("=\"").map(|part| part.rsplit([',', '"', '}']).next().unwrap().to_owned());
        let keys = keys.filter(|key| !key.is_empty() && key != "le");
        metrics.entry(histogram.unwrap_or(&name).to_string()).or_default().extend(keys);
    }
    metrics
}

#[test]
fn every_metric_is_documented_with_its_labels() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    let installed = cluster.install("harvester");
    let replica = Replica::of(&cluster, &installed).ready();
    for object in installed.objects.iter().filter(|object| is_configuration(object)) {
        let mut configuration = object.clone();
        redirect(&mut configuration, replica.port, None);
        cluster.api.apply(&configuration);
    }
    // Some are there only once they have counted: a verdict, a handshake that fails, a connection that ends.
    TcpStream::connect((Ipv4Addr::LOCALHOST, replica.port)).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    eventually("a verdict", PATIENCE, || match cluster.probe() {
        Err(refusal) if refusal.code == 422 => Ok(()),
        other => Err(other),
    });
    let mut documented = documented();
    // A server that reads files watches no cluster.
    if !shown(&replica).keys().any(|name| name.contains("_cluster_")) {
        documented.retain(|name, _| !name.contains("_cluster_"));
    }
    assert!(documented.len() > 20, "{documented:?}");
    eventually("the page and the table agree", PATIENCE, || {
        let shown = shown(&replica);
        if shown == documented { Ok(()) } else { Err(difference(&documented, &shown)) }
    });
}

/// What a command prints and how it ends, on a cluster that is guarded; nothing for those that need a checkout or what
/// does not run here.
fn expected(command: &str) -> Option<(i32, &'static str)> {
    let told = [
        (" delete mutatingwebhookconfiguration,validating", 0, "\" deleted\n"),
        (" label namespace ", 0, " labeled\n"),
        (" set env ", 0, "deployment.apps/migration-network-webhook env updated\n"),
        (" get virtualmachineinstancemigrations.kubevirt.io -A", 0, "default     stuck"),
        (" delete virtualmachineinstancemigrations.kubevirt.io ", 0, "\"stuck\" deleted"),
        (" annotate ", 0, "setting.harvesterhci.io/vm-migration-network annotated\n"),
        (" --dry-run=server", 1, "! The Setting \"vm-migration-network\" is invalid: value: Invalid value: "),
        (" | base64 -d", 0, "\n  \"version\": 2,\n"),
        (" | openssl x509 ", 0, "\n-----END CERTIFICATE-----\n"),
        (" patch secret ", 0, "secret/migration-network-webhook-ca patched\n"),
        (" rollout restart ", 0, "deployment.apps/migration-network-webhook restarted\n"),
    ];
    let elsewhere = [
        " apply -f ",
        " rollout status ",
        " port-forward ",
        " -n harvester-system delete ",
        " delete clusterrole,",
        " delete namespace ",
    ];
    let found = told.iter().rev().find(|(part, ..)| command.contains(part));
    assert!(found.is_some() || elsewhere.iter().any(|part| command.contains(part)), "{command}");
    found.map(|(_, code, told)| (*code, *told))
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let cluster = Cluster::lease();
    cluster.apply_all(&world::healthy());
    cluster.store(&world::ours(world::CANONICAL));
    let installed = cluster.install("harvester");
    let replica = Replica::of(&cluster, &installed).ready();
    own_ca::configure(&cluster, &installed, replica.port);
    own_ca::in_effect(&cluster, std::slice::from_ref(&replica));
    cluster.api.apply(&world::migration("stuck", "Running"));

    let kubeconfig = cluster.servers.kubeconfig(ADMIN);
    let tools = tool("kubectl").parent().unwrap().display().to_string();
    let path = format!("{tools}:{}", std::env::var("PATH").unwrap_or_default());
    let shell = |command: &str| {
        let mut shell = Command::new("sh");
        shell.env_clear().env("PATH", &path).env("KUBECONFIG", &kubeconfig).env("HOME", scratch("home"));
        let output = shell.args(["-c", command]).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Run { code: output.status.code().unwrap_or(-1), stdout, stderr }
    };
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let mut commands: Vec<&str> =
        page.lines().map(str::trim_start).filter(|line| line.starts_with("kubectl ")).collect();
    // The emergency comes first on the page; here it would leave nothing to look at.
    let emergency = commands.remove(0);
    commands.push(emergency);
    let mut tried = 0;
    for command in commands {
        let Some((code, told)) = expected(command) else { continue };
        // openssl is not on every machine.
        let command = command.split(" | openssl ").next().unwrap().replace("=RULE", "=range-reserved");
        let command = command.replace("NAMESPACE NAME", "default stuck").replace("=SHA1", "=0");
        let run = shell(&command);
        assert_eq!(run.code, code, "{command}\n{run}");
        assert!(run.to_string().contains(told), "{command}\n{run}");
        tried += 1;
    }
    assert_eq!(tried, 14);
    eventually("nothing is checked any more", PATIENCE, || cluster.probe());
}

/// Queries of figures of the API server: a name or a label that it does not have would never show one.
#[test]
fn alerts_and_dashboard_ask_the_api_server_for_what_it_has() {
    let mut cluster = Guarded::new(&world::healthy(), Some(&world::ours(world::CANONICAL)));
    cluster.stop_webhook();
    let changed = world::CANONICAL.replace("100,", "101,");
    cluster.api.patch(SETTING, Patch::Merge, &json!({"value": changed})).unwrap_err();
    cluster.api.patch(SETTING, Patch::Merge, &json!({"value": ""})).unwrap();
    let page = cluster.api.get("/metrics").unwrap();
    let page = page.as_str().unwrap();

    let file = |name: &str| fs::read_to_string(repository().join("manifests/chart/files").join(name)).unwrap();
    // In JSON, quotes and backslashes are behind a backslash.
    let dashboard = Regex::new(r#"\\(["\\])"#).unwrap().replace_all(&file("dashboard.json"), "$1").into_owned();
    let queries = file("alerts.yaml") + &dashboard;
    let asked = Regex::new(r"\b(apiserver_\w+)\{([^}]*)\}").unwrap();
    let matcher = Regex::new(r#"^(\w+)(=~?)"(.*)"$"#).unwrap();
    let mut names = BTreeSet::new();
    for selector in asked.captures_iter(&queries) {
        let matchers: Vec<Regex> = selector[2]
            .split(',')
            .map(|one| {
                let found = matcher.captures(one).unwrap_or_else(|| panic!("{one}"));
                let (label, value) = (&found[1], found[3].replace(r"\\", r"\"));
                let value = if &found[2] == "=" { value.replace('.', r"\.") } else { value };
                Regex::new(&format!(r#"[{{,]{label}="(?:{value})"[,}}]"#)).unwrap()
            })
            .collect();
        let start = format!("{}{{", &selector[1]);
        let mut samples = page.lines().filter(|line| line.starts_with(&start));
        assert!(samples.any(|sample| matchers.iter().all(|matcher| matcher.is_match(sample))), "{}", &selector[0]);
        names.insert(selector[1].to_owned());
    }
    let expected = [
        "apiserver_admission_webhook_admission_duration_seconds_bucket",
        "apiserver_admission_webhook_fail_open_count",
        "apiserver_admission_webhook_rejection_count",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
}

fn difference(documented: &Metrics, shown: &Metrics) -> String {
    let only = |one: &Metrics, other: &Metrics| -> Vec<String> {
        one.iter()
            .filter(|(name, labels)| other.get(*name) != Some(*labels))
            .map(|entry| format!("{entry:?}"))
            .collect()
    };
    format!("documented: {:?}\nshown: {:?}", only(documented, shown), only(shown, documented))
}
