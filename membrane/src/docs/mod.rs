//! Prose that lasts: how to think with a membrane, what it promises, and what it does not.

pub mod graph;
pub mod guide;
pub mod invariants;
pub mod limits;
