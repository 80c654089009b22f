//! What `make run` shows.

use std::path::Path;

#[path = "../../certs/development.rs"]
#[expect(dead_code, reason = "its main is for make certs")]
mod certificates;
#[path = "../../docs/sample/demo.rs"]
#[expect(dead_code, reason = "its main is for make run")]
mod sample;

#[test]
fn the_sample_is_served_and_answered_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    certificates::make(directory.path(), std::iter::empty()).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_migration-network-webhook"));
    let mut shown = Vec::new();
    sample::run(binary, directory.path(), &mut shown).unwrap();
    insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT")]}, {
        insta::assert_snapshot!(String::from_utf8(shown).unwrap());
    });
}
