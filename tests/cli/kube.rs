//! How the API server is found: kubeconfigs, proxies, exec plugins.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::binary::{COULD_NOT_TELL, OK, REFUSED, command, directory};
use crate::tunnel::proxy;

const STORED: &str = r#"{"vlan":100,"clusterNetwork":"c","range":"10.1.0.0/24"}"#;
const EQUAL: &str = r#"{"clusterNetwork":"c","vlan":100,"range":"10.1.0.0/24"}"#;

/// Answers every request with the Setting. The thread ends with the process.
fn api_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let head = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            head.for_each(drop);
            let body = format!(r#"{{"items":[{{"metadata":{{}},"value":{}}}]}}"#, serde_json::Value::from(STORED));
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    port
}

fn kubeconfig(server: &str, cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{{name: x, context: {{cluster: x, user: x}}}}]\n\
         clusters: [{{name: x, cluster: {{server: '{server}'{cluster}}}}}]\nusers: [{{name: x, user: {{{user}}}}}]\n"
    )
}

fn ask(kubeconfig: &Path) -> Command {
    let mut command = command(&["canonicalize", "--kube", EQUAL]);
    command.env("KUBECONFIG", kubeconfig).env("PATH", "/usr/bin:/bin");
    command
}

fn ran(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn no_proxy_is_about_the_api_server_and_not_about_the_proxy() {
    let server = api_server();
    let (port, requests) = proxy(server);
    let stored = || (OK, STORED.to_owned(), String::new());
    let named = directory(&[("config", &kubeconfig(&format!("http://api.test:{server}"), "", ""))]);
    let local = directory(&[("config", &kubeconfig(&format!("http://127.0.0.1:{server}"), "", ""))]);
    let (named, local) = (named.path().join("config"), local.path().join("config"));
    let connect = format!("CONNECT api.test:{server} HTTP/1.1");

    // Nor does an entry that is none end anything.
    for no_proxy in ["", "127.0.0.2", "127.0.0.0/8", "other.test", "api.test:1", "a,,b", "a,", ",", "no/host", "[::1"] {
        let mut command = ask(&named);
        command.env("HTTP_PROXY", format!("http://127.0.0.2:{port}")).env("NO_PROXY", no_proxy);
        command.env("HTTPS_PROXY", "http://127.0.0.2:9");
        assert_eq!(ran(&mut command), stored(), "{no_proxy}");
        assert_eq!(requests.try_recv().unwrap(), connect, "{no_proxy}");
    }
    // Nobody knows its name but the proxy.
    for no_proxy in ["api.test", ".test", "*"] {
        let mut command = ask(&named);
        command.env("http_proxy", format!("http://127.0.0.2:{port}")).env("no_proxy", no_proxy);
        let (code, _, stderr) = ran(&mut command);
        assert_eq!(code, COULD_NOT_TELL, "{no_proxy}: {stderr}");
        assert!(requests.try_recv().is_err(), "{no_proxy}");
    }
    // What is on this machine is reached directly, also with a proxy that does not answer.
    assert_eq!(ran(ask(&local).env("HTTP_PROXY", "http://127.0.0.2:9").env("NO_PROXY", "127.0.0.2")), stored());
    assert_eq!(ran(ask(&local).env("HTTP_PROXY", "http://127.0.0.2:9").env("NO_PROXY", "127.0.0.1")), stored());
}

/// How far Harvester has come is a line on a terminal, and nothing elsewhere.
#[test]
fn waiting_prints_nothing_to_what_is_no_terminal() {
    let config = kubeconfig(&format!("http://127.0.0.1:{}", api_server()), "", "");
    let files = directory(&[("config", &config)]);
    let mut waiting = command(&["status", "--kube", "--wait=1s", "-o", "short"]);
    let (code, stdout, stderr) = ran(waiting.env("KUBECONFIG", files.path().join("config")));
    assert_eq!((code, &*stderr), (REFUSED, ""), "{stdout}");
}

#[test]
fn a_proxy_url_wins_over_the_environment_and_may_be_socks5() {
    let server = api_server();
    let (port, requests) = proxy(server);
    for (scheme, expected) in
        [("http", format!("CONNECT localhost:{server} HTTP/1.1")), ("socks5", "socks5 localhost".to_owned())]
    {
        let proxy_url = format!(", proxy-url: '{scheme}://127.0.0.2:{port}'");
        let files = directory(&[("config", &kubeconfig(&format!("http://localhost:{server}"), &proxy_url, ""))]);
        let mut command = ask(&files.path().join("config"));
        command.env("HTTP_PROXY", "http://127.0.0.2:9").env("NO_PROXY", "*");
        assert_eq!(ran(&mut command), (OK, STORED.to_owned(), String::new()));
        assert_eq!(requests.try_recv().unwrap(), expected);
    }
}

#[test]
fn a_kubeconfig_that_is_missing_among_several_is_passed_over() {
    let config = kubeconfig(&format!("http://127.0.0.1:{}", api_server()), "", "");
    let files = directory(&[("good", &config)]);
    let (missing, good) = (files.path().join("missing"), files.path().join("good"));
    let both = |paths: [&Path; 2]| std::env::join_paths(paths).unwrap();
    for paths in [both([&missing, &good]), both([&good, &missing])] {
        assert_eq!(ran(&mut ask(Path::new(&paths))), (OK, STORED.to_owned(), String::new()));
    }
}

#[test]
fn what_an_exec_plugin_says_is_shown() {
    let user = |command: &Path, more: &str| {
        let command = command.display();
        let exec = format!("apiVersion: client.authentication.k8s.io/v1, command: '{command}', interactiveMode: Never");
        kubeconfig("http://127.0.0.1:1", "", &format!("exec: {{{exec}{more}}}"))
    };
    let files = directory(&[("plugin", "#!/bin/sh\necho 'run: corp-login' >&2\nexit 3\n")]);
    let (plugin, config) = (files.path().join("plugin"), files.path().join("config"));
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&config, user(&plugin, "")).unwrap();
    let (code, _, stderr) = ran(&mut ask(&config));
    let named = plugin.display();
    assert_eq!(
        (code, stderr),
        (
            COULD_NOT_TELL,
            format!(
                "error: --kube: can't connect to the cluster as configured: the exec plugin \"{named}\" failed \
                 (exit status: 3): run: corp-login\n"
            )
        )
    );

    let missing = files.path().join("missing");
    fs::write(&config, user(&missing, ", installHint: 'apt install corp-login'")).unwrap();
    let (code, _, stderr) = ran(&mut ask(&config));
    let named = missing.display();
    assert_eq!(
        (code, stderr),
        (
            COULD_NOT_TELL,
            format!(
                "error: --kube: can't connect to the cluster as configured: the exec plugin \"{named}\" can't be run: No \
                 such file or directory (os error 2); the kubeconfig says: apt install corp-login\n"
            )
        )
    );
}
