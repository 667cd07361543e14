//! Live authority made visible: who holds what at this moment, what was refused, and when the last of it is gone.
//!
//! - [`tally`]: how often what happened, by the gate's counters;
//! - [`snapshot`]: the data that an owner gets;
//! - [`survey`]: how it is gathered;
//! - [`graph`] and [`text`]: the same as a picture;
//! - [`audit`] and [`watch`]: who is told of what happens;
//! - [`handle`]: what [`Membrane`](crate::Membrane) offers of it.
//!
//! None of it costs a call that is let through anything, and a scope nothing but its number.

mod audit;
mod graph;
mod handle;
mod snapshot;
mod survey;
pub(crate) mod tally;
mod text;
pub use text::visible;
pub(crate) mod watch;

pub use audit::{Audit, AuditEvent, AuditRecord, CallId, Decision, Outcome};
pub use snapshot::{
    ConditionsSnapshot, GrantId, GrantKind, GrantSnapshot, GrantState, InterfaceSnapshot, Refusals,
    RunningSnapshot, Snapshot,
};
