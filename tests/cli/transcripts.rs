//! What is printed, word for word. `TRYCMD=overwrite cargo test --test cli transcripts` writes it anew, to be read
//! before it is kept.

#[test]
fn the_output_is_as_recorded() {
    trycmd::TestCases::new().case("tests/cli/transcripts/*.trycmd");
}
