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
    /// The most objects that a guest has names for.
    pub handles: usize,
    /// How large the arguments of one call together, and its result, may be, whichever way they go.
    pub message: MessageLimits,
    /// The most bytes of memory that a guest's instance has. Where a guest runs in an engine.
    pub memory_bytes: usize,
    /// The most instructions that a guest takes for one call from outside, calls inside it included; `None` for no such
    /// limit. Where a guest runs in an engine.
    pub fuel: Option<u64>,
    /// The longest time for one call from outside, calls inside it and the time that it waits for the host included; `None`
    /// for no such limit. Where a guest runs in an engine.
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
