//! What is requested of the allocator.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What was requested while something ran, on any thread.
pub(crate) struct Requested {
    /// How often.
    pub(crate) allocations: usize,
    /// Less what was given back, in bytes.
    pub(crate) kept_bytes: i64,
}

/// Counts what is requested while `work` runs.
#[allow(clippy::cast_possible_wrap, reason = "far below 2^63 bytes")]
pub(crate) fn counted(work: impl FnOnce()) -> Requested {
    let region = Region::new(ALLOCATOR);
    work();
    let change = region.change();
    Requested {
        allocations: change.allocations + change.reallocations,
        // What a reallocation added or gave back is in these two.
        kept_bytes: change.bytes_allocated as i64 - change.bytes_deallocated as i64,
    }
}
