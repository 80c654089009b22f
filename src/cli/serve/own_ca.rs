//! The server's own CA as the source of its certificate, and `caBundle`, also with another one.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use prometheus_client::registry::Registry;

use super::Follow;
use crate::ca::{CaSecret, Controller, Lifetimes, Names};
use crate::cli::cluster::KubeArgs;
use crate::cli::flags::{self, replaced_by};
use crate::escape::Quoted;
use crate::registration::{Registration, Service};
use crate::server::tls::Resolver;

/// The CA that the replicas share.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Own CA")]
pub(super) struct OwnCaArgs {
    /// Sign certificates with the CA in this Secret, which all replicas share; it must exist, and is filled when empty
    #[arg(
        long,
        value_name = "NAMESPACE/NAME",
        env = "MNW_TLS_SECRET",
        group = "registered",
        requires_all = ["tls_service", "register"],
        conflicts_with_all = ["tls_cert", "tls_key", "tls_self_signed"]
    )]
    tls_secret: Option<NamespacedName>,

    /// Service in the Secret's namespace that the API server calls: certificates are for NAME.NAMESPACE.svc
    #[arg(long, value_name = "NAME", env = "MNW_TLS_SERVICE", requires = "tls_secret", value_parser = label)]
    tls_service: Option<String>,

    /// Write the CAs into caBundle of the mutating and the validating webhook configuration of this name, where they call
    /// the Service. Changes nothing else in them, and creates neither
    #[arg(long, value_name = "NAME", env = "MNW_REGISTER", requires = "registered", value_parser = subdomain)]
    register: Option<String>,

    /// Write the CA certificates in this PEM file into caBundle, for a certificate from --tls-cert; reloaded every ten
    /// seconds
    #[arg(
        long,
        value_name = "FILE",
        env = "MNW_REGISTER_CA",
        group = "registered",
        requires_all = ["tls_cert", "register", "register_service"]
    )]
    register_ca: Option<PathBuf>,

    /// Service that the API server calls, with --register-ca
    #[arg(long, value_name = "NAMESPACE/NAME", env = "MNW_REGISTER_SERVICE", requires = "register_ca")]
    register_service: Option<NamespacedName>,

    /// CA validity, up to ten years (87600h); the next CA takes over after a third to two thirds of it
    #[arg(long, value_name = "TIME", default_value = "8760h", env = "MNW_TLS_CA_LIFETIME", value_parser = flags::time)]
    tls_ca_lifetime: Duration,

    /// Certificate validity, up to a third of the CA's; each replica renews its certificate after two thirds of it
    #[arg(long, value_name = "TIME", default_value = "168h", env = "MNW_TLS_LEAF_LIFETIME", value_parser = flags::time)]
    tls_leaf_lifetime: Duration,

    #[arg(long, hide = true, env = "MNW_TLS_CA_GRACE", value_parser = replaced_by("--tls-ca-lifetime alone; a CA waits until both configurations hold it"))]
    tls_ca_grace: Option<Infallible>,
}

impl OwnCaArgs {
    /// Prepares to keep the CA of a mounted certificate in `caBundle`; `None` without these flags. Fails if
    /// there is no API server to be found.
    pub(super) async fn keep(self, kube: &KubeArgs, registry: &mut Registry) -> anyhow::Result<Option<Follow>> {
        let (Some(file), Some(service), Some(name)) = (self.register_ca, self.register_service, self.register) else {
            return Ok(None);
        };
        let client = kube.client().await.context("--register needs an API server")?;
        let service = Service { name: service.name, namespace: service.namespace };
        let registration = Registration::new(&client, &name, &service)?;
        registration.register(registry);
        Ok(Some(Box::pin(registration.keep(file))))
    }

    /// Prepares the controller; `None` without these flags. The certificate comes once the Secret was read.
    /// Fails if it can't work as it was asked for, or there is no API server to be found.
    pub(super) async fn open(
        self,
        more_names: &[String],
        kube: &KubeArgs,
        resolver: Arc<Resolver>,
        registry: &mut Registry,
    ) -> anyhow::Result<Option<Follow>> {
        let (Some(secret), Some(service), Some(name)) = (self.tls_secret, self.tls_service, self.register) else {
            return Ok(None);
        };
        let lifetimes = Lifetimes::new(self.tls_ca_lifetime, self.tls_leaf_lifetime)
            .context("--tls-ca-lifetime and --tls-leaf-lifetime do not go together")?;
        let names = Names::new(&service, &secret.namespace, more_names)
            .map_err(|error| anyhow::anyhow!("--tls-service and --tls-san: {error}"))?;
        let client = kube.client().await.context("--tls-secret needs an API server")?;
        let ca = CaSecret::new(client.clone(), &secret.namespace, &secret.name);
        let service = Service { name: service, namespace: secret.namespace };
        let registration = Registration::new(&client, &name, &service)?;
        let controller = Controller::new(ca, registration, names, lifetimes, resolver);
        controller.register(registry);
        Ok(Some(Box::pin(controller.run())))
    }
}

/// A Secret or a Service, as `NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NamespacedName {
    namespace: String,
    name: String,
}

impl FromStr for NamespacedName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(namespace, name)| Some((label(namespace).ok()?, subdomain(name).ok()?)));
        let (namespace, name) = parts.ok_or("must be a namespace and a name, such as harvester-system/webhook-ca")?;
        Ok(Self { namespace, name })
    }
}

/// A name as Services and namespaces have it.
fn label(text: &str) -> Result<String, String> {
    if is_label(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is no name: lower-case letters, digits and -, at most 63", Quoted(text)))
    }
}

/// A name as most other objects have it.
fn subdomain(text: &str) -> Result<String, String> {
    if text.len() <= 253 && text.split('.').all(is_label) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is no name: lower-case letters, digits, - and .", Quoted(text)))
    }
}

fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_before_they_are_asked_for() {
        let secret = |text: &str| text.parse::<NamespacedName>().map(|secret| (secret.namespace, secret.name));
        assert_eq!(secret("here/my.ca"), Ok(("here".to_owned(), "my.ca".to_owned())));
        for text in ["", "ca", "/ca", "here/", "here/a/b", "my.here/ca", "Here/ca", "here/-ca"] {
            let error = "must be a namespace and a name, such as harvester-system/webhook-ca";
            assert_eq!(secret(text), Err(error.to_owned()), "{text}");
        }
        assert_eq!(label("a.b"), Err(r#""a.b" is no name: lower-case letters, digits and -, at most 63"#.to_owned()));
        assert_eq!(subdomain("a..b"), Err(r#""a..b" is no name: lower-case letters, digits, - and ."#.to_owned()));
    }
}
