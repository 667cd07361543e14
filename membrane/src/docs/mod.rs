//! Prose that lasts: how to think with a membrane, what it promises, and what it does not.
//!
//! Begin with [`guide`]. [`proposal`] argues why it is built as it is and shows that it holds.

pub mod graph;
pub mod guide;
pub mod invariants;
pub mod limits;
pub mod proposal;
