//! Flags of earlier releases: refused, with the name of what replaces them.

use std::convert::Infallible;

/// A parser of values that takes none, for `#[arg(value_parser = …)]`.
pub(super) fn replaced_by(
    flag: &'static str,
) -> impl Fn(&str) -> Result<Infallible, String> + Clone + Send + Sync + 'static {
    move |_| Err(format!("this flag is gone; use {flag}"))
}
