//! The certificate that is served.

mod resolver;

pub use resolver::Resolver;
