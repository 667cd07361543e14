//! What an owner sees of the authority that it gave away, and hears of its end.

#[path = "authority/audit.rs"]
mod audit;
#[path = "authority/dropped.rs"]
mod dropped;
#[path = "authority/labels.rs"]
mod labels;
#[path = "authority/refusals.rs"]
mod refusals;
#[path = "authority/running.rs"]
mod running;
#[path = "authority/snapshots.rs"]
mod snapshots;
#[path = "authority/threads.rs"]
mod threads;

use membrane::{GrantSnapshot, Membrane};

/// What is seen of `membrane` itself.
fn seen(membrane: &Membrane) -> GrantSnapshot {
    membrane.snapshot().grants.swap_remove(0)
}
