//! The two halves of the asymmetric barrier: free for callers, one system call for the revoker.
//!
//! `membarrier(PRIVATE_EXPEDITED)` makes every running thread of the process pass a full memory barrier. A pair of
//! (compiler barrier here, `membarrier` there) orders as two `SeqCst` fences would, which is how loom sees it.
//! Source: Linux `membarrier(2)`; the pattern is that of user-space RCU and of hazard pointers in folly.

/// The caller's half: keeps the compiler from moving memory accesses across.
#[inline(always)]
pub(crate) fn light() {
    #[cfg(not(loom))]
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    #[cfg(loom)]
    loom::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

/// Keeps the compiler from moving memory accesses across, and says nothing to loom: for what does not rest on [`heavy`].
#[inline(always)]
pub(crate) fn compiler() {
    #[cfg(not(loom))]
    std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
}

/// Whether [`heavy`] orders the callers' plain accesses, so that scopes may start in the fast live state.
///
/// Asked once per process; registers the process with the kernel the first time.
pub(crate) fn asymmetric() -> bool {
    #[cfg(loom)]
    return true;
    #[cfg(not(loom))]
    imp::asymmetric()
}

/// The revoker's half. Returns `false` if the barrier could not be had, in which case nothing may be freed on the
/// strength of it.
#[must_use]
pub(crate) fn heavy() -> bool {
    use crate::fault::{self, Fault};
    if fault::on(Fault::NoHeavyBarrier) || cfg!(gate_no_barrier) {
        return true;
    }
    // The fence serves the scopes whose callers fence for themselves, and pairs with `Scope::check_fenced`/`leave_cold`.
    crate::sync::fence(std::sync::atomic::Ordering::SeqCst);
    #[cfg(loom)]
    return true;
    #[cfg(not(loom))]
    imp::heavy()
}

#[cfg(all(not(loom), not(miri), target_os = "linux"))]
mod imp {
    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};
    use std::sync::OnceLock;

    static REGISTERED: OnceLock<bool> = OnceLock::new();

    pub(super) fn asymmetric() -> bool {
        *REGISTERED.get_or_init(|| {
            membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
                && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
        })
    }

    pub(super) fn heavy() -> bool {
        // A process that never registered has no scope in the fast live state: the fence above is all it needs.
        // A failure after registering (a seccomp filter installed since) is reported: cells then stay with their
        // proxies instead of being freed early.
        !asymmetric() || membarrier(MembarrierCommand::PrivateExpedited).is_ok()
    }
}

#[cfg(all(not(loom), any(miri, not(target_os = "linux"))))]
mod imp {
    pub(super) fn asymmetric() -> bool {
        false
    }

    pub(super) fn heavy() -> bool {
        true
    }
}
