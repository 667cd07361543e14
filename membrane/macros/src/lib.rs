//! Macros of `object-membrane`.
