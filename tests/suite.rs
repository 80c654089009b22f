//! Policy suites as a user runs them: the binary, on files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test asserts by panicking, in its helpers too")]

#[path = "suite/support.rs"]
mod support;

#[path = "suite/ci.rs"]
mod ci;
#[path = "suite/documents.rs"]
mod documents;
#[path = "suite/fixtures.rs"]
mod fixtures;
#[path = "suite/holes.rs"]
mod holes;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/reader.rs"]
mod reader;
#[path = "suite/reviews.rs"]
mod reviews;
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/rules_page.rs"]
mod rules_page;
#[path = "suite/schema.rs"]
mod schema;
#[path = "suite/thousand.rs"]
mod thousand;
