//! Suites
mod at;
mod format;
pub mod schema;
pub use schema::schema;
