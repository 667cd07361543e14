//! Live authority made visible: who holds what at this moment, what was refused, and when the last of it is gone.
//!
//! - [`tally`]: how often what happened, counted per thread;
//! - [`snapshot`]: the data that an owner gets;
//! - [`survey`]: how it is gathered;
//! - [`graph`] and [`text`]: the same as a picture;
//! - [`handle`]: what [`Membrane`](crate::Membrane) offers of it.
//!
//! None of it costs a call that is let through anything, and a scope nothing but its number.

mod graph;
mod handle;
mod snapshot;
mod survey;
pub(crate) mod tally;
mod text;

pub use snapshot::{
    GrantId, GrantKind, GrantSnapshot, GrantState, InterfaceSnapshot, Refusals, RunningSnapshot,
    Snapshot,
};
