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

/// Why a kubeconfig is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadKubeconfig {
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    #[error("its certificate authority is no PEM certificate: {0}")]
    Authority(rustls_pki_types::pem::Error),
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
pub(super) fn configuration(kubeconfig: Kubeconfig, context: Option<&str>) -> Result<Config, BadKubeconfig> {
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
        config.root_cert = Some(certificates.collect::<Result<_, _>>().map_err(BadKubeconfig::Authority)?);
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
