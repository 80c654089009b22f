//! Reads kubeconfigs as kubectl does.
//!
//! kube's own way from a kubeconfig to a client's configuration fails on a `NO_PROXY` that kubectl takes, such as `a,,b`,
//! and holds it against the proxy's own address.

use std::env;

use kube::Config;
use kube::config::{ExecAuthCluster, Kubeconfig, KubeconfigError};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::proxy::{ProxyVariables, proxy};

#[derive(Debug, thiserror::Error)]
pub(crate) enum BadKubeconfig {
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    #[error("its certificate authority is no PEM certificate")]
    Authority,
    #[error("{0}")]
    Proxy(&'static str),
}

/// The kubeconfig that kubectl would take. Of several files that are named, those that are there.
pub(super) fn usual() -> Result<Kubeconfig, KubeconfigError> {
    let named = env::var_os("KUBECONFIG").unwrap_or_default();
    let named: Vec<_> = env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    let mut there = named.iter().filter(|path| !matches!(path.try_exists(), Ok(false)));
    let Some(first) = there.next() else { return Kubeconfig::read() };
    there.try_fold(Kubeconfig::read_from(first)?, |merged, path| merged.merge(Kubeconfig::read_from(path)?))
}

/// How a client reaches the cluster of a context, else of the current one.
pub(crate) fn configuration(kubeconfig: Kubeconfig, context: Option<&str>) -> Result<Config, BadKubeconfig> {
    let current =
        context.or(kubeconfig.current_context.as_deref()).ok_or(KubeconfigError::CurrentContextNotSet)?.to_owned();
    let contexts = kubeconfig.contexts.into_iter();
    let context = { contexts }.find(|named| named.name == current).and_then(|named| named.context);
    let context = context.ok_or(KubeconfigError::LoadContext(current))?;
    let clusters = kubeconfig.clusters.into_iter();
    let cluster = { clusters }.find(|named| named.name == context.cluster).and_then(|named| named.cluster);
    let cluster = cluster.ok_or(KubeconfigError::LoadClusterOfContext(context.cluster))?;
    let users = kubeconfig.auth_infos.into_iter();
    // Who is not there has no credentials, as with kubectl.
    let user = { users }.find(|named| Some(&named.name) == context.user.as_ref()).and_then(|named| named.auth_info);

    // It reads the certificate authority, which the cluster itself does not offer.
    let shown = ExecAuthCluster::try_from(&cluster)?;
    let server = cluster.server.as_deref().ok_or(KubeconfigError::MissingClusterUrl)?;
    let mut config = Config::new(server.parse().map_err(KubeconfigError::ParseClusterUrl)?);
    if let Some(pem) = &shown.certificate_authority_data {
        let certificates = CertificateDer::pem_slice_iter(pem).map(|found| found.map(|der| der.to_vec()));
        config.root_cert = Some(certificates.collect::<Result<_, _>>().map_err(|_| BadKubeconfig::Authority)?);
    }
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.disable_compression = cluster.disable_compression.unwrap_or_default();
    config.proxy_url = proxy(&config.cluster_url, cluster.proxy_url.as_deref(), &ProxyVariables::read())
        .map_err(BadKubeconfig::Proxy)?;
    config.tls_server_name = cluster.tls_server_name;
    config.auth_info = user.unwrap_or_default();
    if let Some(exec) = config.auth_info.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
        exec.cluster = Some(shown);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kubeconfig whose current context has this cluster and user.
    fn of(cluster: &str, user: &str) -> Kubeconfig {
        Kubeconfig::from_yaml(&format!(
            "{{current-context: a, contexts: [{{name: a, context: {{cluster: c, user: u}}}}, {{name: b, context: {{cluster: none}}}}], \
             clusters: [{{name: c, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{{user}}}}}]}}"
        ))
        .unwrap()
    }

    #[test]
    fn a_cluster_and_its_user_are_taken_whole() {
        // -----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----
        let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBRUMKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
        let cluster = format!("server: 'https://c:6443', certificate-authority-data: {pem}, tls-server-name: n");
        let exec = "exec: {command: login, provideClusterInfo: true, interactiveMode: Never}";
        let config = configuration(of(&cluster, exec), None).unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://c:6443/");
        assert_eq!(config.root_cert, Some(vec![vec![0, 1, 2]]));
        assert_eq!((config.tls_server_name.as_deref(), config.accept_invalid_certs), (Some("n"), false));
        let shown = config.auth_info.exec.unwrap().cluster.unwrap();
        assert_eq!(shown.server.as_deref(), Some("https://c:6443"));

        let lax =
            configuration(of("server: 'http://c', insecure-skip-tls-verify: true", "token: t"), Some("a")).unwrap();
        assert_eq!((lax.root_cert, lax.accept_invalid_certs), (None, true));
        assert!(lax.auth_info.token.is_some());
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |cluster: &str, context| configuration(of(cluster, ""), context).unwrap_err().to_string();
        let server = "server: 'http://c'";
        assert_eq!(error(server, Some("x")), "failed to load current context: x");
        assert_eq!(error(server, Some("b")), "failed to load the cluster of context: none");
        assert_eq!(error("", None), "cluster url is missing on selected cluster");
        let bad = "server: 'https://c', certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==";
        assert_eq!(error(bad, None), "its certificate authority is no PEM certificate");
        let empty = Kubeconfig::from_yaml("{}").unwrap();
        assert_eq!(configuration(empty, None).unwrap_err().to_string(), "failed to determine current context");
    }
}
