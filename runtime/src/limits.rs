//! What a domain may use.

use crate::value::MessageLimits;
use std::time::Duration;

/// What a domain may use. Calls inside calls are bounded by the policy that it is joined under
/// ([`PolicyBuilder::depth_limit`](membrane::PolicyBuilder::depth_limit)); stack, and what a guest is made of, by the engine
/// (`wasm::EngineOptions`).
///
/// # Examples
///
/// ```
/// use runtime::Limits;
/// use std::time::Duration;
///
/// let limits = Limits { memory_bytes: 16 << 20, deadline: Some(Duration::from_millis(50)), ..Limits::default() };
/// assert_eq!(limits.handles, 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most objects that a guest has names for. Of these it may have several handles each, 4 for each name and 64 more
    /// together: what is lent beyond that is refused as beyond a limit, and a guest that shares one more is ended
    /// (`wasm::End::Broke`).
    pub handles: usize,
    /// How large the arguments of one call together, and its result, may be, whichever way they go.
    pub message: MessageLimits,
    /// The most bytes of memory that a guest's instance has. Where a guest runs in an engine.
    pub memory_bytes: usize,
    /// The most instructions that a guest takes for one call from outside, calls inside it included; `None` for no such
    /// limit. Where a guest runs in an engine.
    ///
    /// Being called back counts: whoever the guest calls can call it back until its fuel is used up. And at the end of the call
    /// the guest is told which of its objects the host has dropped, before the caller has the result: for that it may take as
    /// many instructions again.
    pub fuel: Option<u64>,
    /// The longest time for one call from outside, calls inside it and the time that it waits for the host included; `None`
    /// for no such limit. Where a guest runs in an engine.
    ///
    /// As with [`fuel`](Self::fuel), what the guest is told at the end of the call may take as long again; and a call waits as
    /// long before it, where the guest is at work for another thread.
    ///
    /// A guest that waits for another one's call spends its own time. If its deadline is no longer than the other's, one that
    /// does not return ends both. So give guests that others call a shorter deadline than their callers, by what the callers
    /// need beside, and for each such call that they make in one call.
    pub deadline: Option<Duration>,
}

impl Default for Limits {
    /// 10,000 names, [`MessageLimits::default`], 64 MiB, 10 seconds, no limit on instructions.
    fn default() -> Self {
        Self {
            handles: 10_000,
            message: MessageLimits::default(),
            memory_bytes: 64 << 20,
            fuel: None,
            deadline: Some(Duration::from_secs(10)),
        }
    }
}
