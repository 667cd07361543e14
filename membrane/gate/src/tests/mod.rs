//! The gate's proofs: models of the production code under loom, unit tests (which Miri runs, too) without it.
//!
//! | under loom | races |
//! |---|---|
//! | `loom_revoke` | a call with a revocation, calls with each other, two revokers, and the result withheld |
//! | `loom_wait` | the waiter: with nothing to free, with two revokers, from inside a call |
//! | `loom_frames` | the revoker's scan with frames taken anew for another scope, and with frames being added |
//! | `loom_orphans` | ending threads, which share a frame, with the revoker's scan and with each other |
//! | `loom_cells` | a new cell, a dying holder, a lying holder and a pin with a revocation |
//! | `loom_guarded` | guarded calls, and the guard itself, with a revocation |
//! | `loom_leases` | holds with a revocation and its waiter |
//! | `loom_fenced` | the main races in the mode without `membarrier` |

#[cfg(not(loom))]
mod calls;
#[cfg(not(loom))]
mod drops;
#[cfg(not(loom))]
mod fixture;
#[cfg(not(loom))]
mod guarded;
#[cfg(not(loom))]
mod leases;
#[cfg(loom)]
mod loom_cells;
#[cfg(loom)]
mod loom_fenced;
#[cfg(loom)]
mod loom_frames;
#[cfg(loom)]
mod loom_guarded;
#[cfg(loom)]
mod loom_leases;
#[cfg(loom)]
mod loom_orphans;
#[cfg(loom)]
mod loom_revoke;
#[cfg(loom)]
mod loom_wait;
#[cfg(loom)]
mod model;
#[cfg(not(loom))]
mod panics;
#[cfg(all(
    not(loom),
    not(miri),
    target_os = "linux",
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64"
    )
))]
mod refused_barrier;
#[cfg(not(loom))]
mod revocation;
#[cfg(not(loom))]
mod tallies;
#[cfg(not(loom))]
mod threads;
#[cfg(not(loom))]
mod waiting;
