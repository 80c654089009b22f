//! Where facts come from.
