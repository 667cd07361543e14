//! The numbered promises, each with what breaks when it is false.
//!
//! Files are those of the package `tests` unless a crate is named. The lock-free part has invariants of its own, in
//! the documentation of `object-membrane-gate`, with loom models for each.
//!
//! | | promise | shown by |
//! |---|---|---|
//! | **K1** | A value of a type that is not [`Passable`](crate::Passable) does not cross: it does not compile. | `compile.rs` |
//! | **K2** | Every reference that crosses is a proxy on the side of arrival, or an object of that side. | `confinement.rs`, `containers.rs`, `callbacks.rs`, `iterators.rs`, `two_hops.rs` |
//! | **K3** | A method runs only if the policy of the proxy's membrane lists it for that interface and direction. | `policy.rs`, `confinement.rs`, `lease.rs` |
//! | **K4** | A derived membrane allows no more than its parent, and dies with it. | `attenuation.rs`, `revocation.rs` |
//! | **K5** | While it lives, an object has one proxy for each membrane, direction, side and interface. | `identity.rs`, `threads.rs`, loom models of `membrane` |
//! | **K6** | A reference that comes home is the object itself, or what the policy says; only the proxy that is asked is believed about whose it is. | `identity.rs`, `hostile.rs` |
//! | **K7** | When `revoke` returns, no call passes the switch and nothing is delivered through the subtree, either way; what passed before counts as running, and `revoke_and_wait` waits for it. | `revocation.rs`, `threads.rs`, `lease.rs`, loom models of `gate` and `membrane` |
//! | **K8** | A target is dropped once, never in use, as soon as it is idle after a revocation. | `revocation.rs`, `lease.rs`, loom models and stress test of `gate` |
//! | **K9** | No foreign code runs under a lock of ours. | `reentrancy.rs`, loom models of `membrane` |
//! | **K10** | What the dry side is told of a refusal is its kind; for a revocation and a suspension the reason; for a condition its name, and when to try again. | `errors.rs`, `conditions.rs` |
//! | **K11** | A panic goes no further than the call that it happened in, unless the owner's policy says `OnPanic::Propagate`; then a panic without its payload does. | `panics.rs` |
//! | **K12** | `Debug` of a proxy shows its interface and allowed methods, and asks the target nothing. | `confinement.rs`, `errors.rs` |
//! | **K13** | Calls inside calls are bounded, with an error and not an overflow; so is the stack on which proxies behind proxies are dropped. | `reentrancy.rs`, `iterators.rs`, `lease.rs` |
//! | **K14** | A rule on arguments is asked about the very values that the target is given, and refuses before the target is entered; what is derived has the rules of all its ancestors. | `rules.rs` |
//! | **K15** | Conditions hold exactly, whatever the threads: a call is let in, entered and delivered only as every membrane of the line has left, and charged to all of them or to none. | `conditions.rs`, `grant_model.rs`, loom models of `membrane` |
//! | **K16** | When `suspend` returns, no call starts in the subtree until every suspension of its line is resumed; then calls are as fast as before. | `conditions.rs`, `grant_model.rs`, loom models of `membrane` |
//! | **K17** | A caller that waits for an async call, a future or a stream is woken when the revocation has cut, before anything that may block; the target's future is dropped by the revoker, or at the end of the poll that it is in. | `asynchronous.rs`, loom models of `membrane` |
//! | **K18** | The target's side never sees a caller's waker, and wakes nobody once the call is over, given up or revoked. | `asynchronous.rs` |
//! | **K19** | A snapshot counts every refusal that was told before it, shows nothing further up than its handle, keeps nothing alive, and no label leaves its box in a picture; what is counted is freed with its grant. | `authority.rs`, `memory.rs`, unit tests of `authority` |
//! | **K20** | An audit hook hears of every call that its subtree lets in or refuses, once, when it is over and how it ended, whatever hooks further down do; of one that waits also that it was let in; it is called under no lock. | `authority.rs`, `asynchronous.rs` |
