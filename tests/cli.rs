//! The command line as its users meet it: the binary, its standard streams and its exit codes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking, its helpers too")]

#[path = "cli/binary.rs"]
mod binary;
#[path = "cli/canonicalize.rs"]
mod canonicalize;
#[path = "cli/capture.rs"]
mod capture;
#[path = "cli/cases.rs"]
mod cases;
#[path = "shared/corpus.rs"]
mod corpus;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/docs.rs"]
mod docs;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/kube.rs"]
mod kube;
#[path = "cli/pictures.rs"]
mod pictures;
#[path = "cli/plan.rs"]
mod plan;
#[path = "cli/repository.rs"]
mod repository;
#[path = "cli/review.rs"]
mod review;
#[path = "cli/status.rs"]
mod status;
#[path = "cli/transcripts.rs"]
mod transcripts;
#[path = "shared/tunnel.rs"]
mod tunnel;
