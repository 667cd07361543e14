//! Async methods, futures and streams: each poll is a call, and a revocation wakes whoever waits.

#[path = "asynchronous/allocating.rs"]
mod allocating;
#[path = "asynchronous/audit.rs"]
mod audit;
#[path = "asynchronous/calling.rs"]
mod calling;
#[path = "asynchronous/cancelling.rs"]
mod cancelling;
#[path = "asynchronous/carriers.rs"]
mod carriers;
#[path = "asynchronous/conditions.rs"]
mod conditions;
#[path = "asynchronous/executors.rs"]
mod executors;
#[path = "asynchronous/joining.rs"]
mod joining;
#[path = "asynchronous/library.rs"]
mod library;
#[path = "asynchronous/nesting.rs"]
mod nesting;
#[path = "asynchronous/revoking.rs"]
mod revoking;
#[path = "asynchronous/streams.rs"]
mod streams;
#[path = "asynchronous/values.rs"]
mod values;
#[path = "asynchronous/waking.rs"]
mod waking;
