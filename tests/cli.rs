//! The command line as its users meet it: the binary, its standard streams and its exit codes.

#[path = "cli/binary.rs"]
mod binary;
#[path = "cli/canonicalize.rs"]
mod canonicalize;
#[path = "cli/cases.rs"]
mod cases;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/review.rs"]
mod review;
#[path = "cli/transcripts.rs"]
mod transcripts;
