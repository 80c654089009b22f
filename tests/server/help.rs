//! The words of `serve --help` are an interface.

use crate::run::binary;

#[test]
fn the_help_of_serve() {
    let output = binary(&["serve", "--help"]).env("COLUMNS", "100").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}
