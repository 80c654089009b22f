//! Flags and variables: those that are gone, empty ones, and errors that they cause.

use crate::reviews;
use crate::run::{Running, binary};

/// What the binary says on standard error when it ends with 2.
fn error_of(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = binary(arguments).envs(variables.iter().copied()).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{errors}");
    errors
}

#[test]
fn what_is_gone_is_refused_with_what_replaces_it() {
    for (name, replacement) in [
        ("max-ops-connections", "--max-connections"),
        ("max-header-size", "--max-body-size"),
        ("max-headers", "--max-body-size"),
        ("handshake-timeout", "--idle-timeout"),
        ("first-request-timeout", "--idle-timeout"),
        ("header-timeout", "--idle-timeout"),
        ("body-timeout", "--request-timeout"),
        ("response-timeout", "--idle-timeout"),
        ("tls-ca-grace", "--tls-ca-lifetime"),
    ] {
        let flag = format!("--{name}");
        let upper = name.to_uppercase().replace('-', "_");
        let expected = format!("error: invalid value '9' for '{flag} <{upper}>': this flag is gone; use {replacement}");
        let error = error_of(&["serve", &flag, "9"], &[]);
        assert!(error.starts_with(&expected), "{error}");
        let variable = format!("MNW_{upper}");
        let error = error_of(&["serve", "--tls-self-signed"], &[(&variable, "9")]);
        let note = format!("note: {flag} is set by the environment variable {variable}\n");
        assert!(error.starts_with(&expected) && error.ends_with(&note), "{error}");
    }
}

#[test]
fn an_error_that_a_variable_causes_names_it() {
    let usage = "\n\nFor more information, try '--help'.\n";
    let invalid =
        "error: invalid value '90' for '--idle-timeout <TIME>': must be a duration such as 500ms, 10s or 1m30s";
    let note = "note: --idle-timeout is set by the environment variable MNW_IDLE_TIMEOUT\n";
    assert_eq!(error_of(&["serve"], &[("MNW_IDLE_TIMEOUT", "90")]), format!("{invalid}{usage}{note}"));
    let on_command_line = error_of(&["serve", "--idle-timeout", "90"], &[("MNW_IDLE_TIMEOUT", "5s")]);
    assert_eq!(on_command_line, format!("{invalid}{usage}"));
    let absent = "error: --cluster takes files or directories of manifests: there is nothing at \"nowhere\"; a path names a \
                  file or directory of YAML or JSON manifests\nnote: --cluster is set by the environment variable MNW_CLUSTER\n";
    assert_eq!(error_of(&["serve", "--tls-self-signed"], &[("MNW_CLUSTER", "nowhere")]), absent);
    let error = error_of(&["review", "-"], &[("MNW_WARN_RULE", "no-rule")]);
    assert!(error.ends_with("note: --warn-rule is set by the environment variable MNW_WARN_RULE\n"), "{error}");
}

#[tokio::test]
async fn an_empty_variable_is_not_set() {
    let cluster = reviews::corpus::fixture("clusters/ready.yaml");
    let ports = ["serve", "--tls-self-signed", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];
    let mut command = binary(&[&ports[..], &["--cluster", cluster.to_str().unwrap()]].concat());
    for name in ["MNW_IDLE_TIMEOUT", "MNW_HEADER_TIMEOUT", "MNW_MAX_BODY_SIZE", "MNW_WARN_RULE", "MNW_TLS_CERT"] {
        command.env(name, "");
    }
    let server = Running::spawn(command);
    assert_eq!(server.page("/readyz").await.0, 200);
}
