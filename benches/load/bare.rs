//! The bare server: reads a request, answers a fixed review, which is what ours answered.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use migration_network_webhook::server::tls::{self, Resolver};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves this answer until the process is ended; prints its address first.
pub fn serve(directory: &Path, answer: &Path) -> Result<()> {
    let answer = Bytes::from(std::fs::read(answer)?);
    let chain = CertificateDer::pem_file_iter(directory.join("tls.crt"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(directory.join("tls.key"))?;
    let provider = tls::provider();
    let resolver = Arc::new(Resolver::default());
    resolver.replace(Arc::new(CertifiedKey::from_der(chain, key, &provider)?));
    let acceptor = TlsAcceptor::from(tls::config(provider, resolver, None)?);
    let answer = async move |_: Bytes| ([(CONTENT_TYPE, "application/json")], answer.clone());
    let router = Router::new().route("/mutate", post(answer.clone())).route("/validate", post(answer));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = TowerToHyperService::new(router);
                let connection =
                    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                // The client went away: nothing to tell anyone.
                let _ = connection.await;
            });
        }
    })
}
