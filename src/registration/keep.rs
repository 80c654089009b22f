//! The CA of a mounted certificate, kept in `caBundle`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::{Bundle, Registration, WriteOutcome};
use crate::api_call::Failure;
use crate::escape::Quoted;

/// File and configurations are read this often: to watch the configurations would be another right.
const INTERVAL: Duration = Duration::from_secs(10);
/// A configuration that others keep changing is left to them until the next time after this many tries.
const TRIES: usize = 8;

impl Registration {
    /// Keeps the CA certificates of a PEM file in `caBundle`, until it is dropped. While the file holds none, what is in
    /// `caBundle` stays.
    pub async fn keep(mut self, file: PathBuf) {
        let shown = Quoted(&file.display().to_string()).to_string();
        loop {
            let path = file.clone();
            let contents = spawn_blocking(move || fs::read(path).map_err(|error| error.to_string())).await;
            match contents.map_err(|error| error.to_string()).and_then(of_file) {
                Ok(bundle) => {
                    self.failures.over("read", &shown);
                    self.put(&bundle).await;
                }
                Err(why) => {
                    let why = format!("can't read the CA in {shown}: {why}");
                    self.failures.add(&shown, &Failure { verb: "read", why, code: None });
                }
            }
            sleep(INTERVAL).await;
        }
    }

    async fn put(&mut self, bundle: &Bundle) {
        for _ in 0..TRIES {
            self.read().await;
            if self.write(bundle).await != WriteOutcome::Conflict {
                return;
            }
        }
    }
}

fn of_file(contents: Result<Vec<u8>, String>) -> Result<Bundle, String> {
    let bundle = Bundle::read_pem(&contents?);
    if bundle.iter().next().is_some() { Ok(bundle) } else { Err("it holds no certificate in PEM".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_bundle() {
        assert_eq!(of_file(Err("no such file".to_owned())), Err("no such file".to_owned()));
        for contents in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n"] {
            assert_eq!(of_file(Ok(contents.into())), Err("it holds no certificate in PEM".to_owned()), "{contents}");
        }
    }
}
