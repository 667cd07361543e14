//! What the membrane does not do.
//!
//! - **Unsafe code and the operating system.** Code in the same process that uses `unsafe`, or opens files by itself, is
//!   not held by anything here. The membrane holds *safe Rust that was given nothing else*, and guests that the host runs in
//!   an engine of their own.
//! - **Time and memory.** A target, and a callback, may take for ever or allocate without end; a revocation, and the end of
//!   its time, withhold its result but cannot stop it. Conditions bound calls, bytes and live proxies; not what a target does
//!   meanwhile.
//! - **Side channels.** How long a call takes, and how much memory is left, are not hidden.
//! - **`panic = "abort"`.** Panics become errors by unwinding. A program that is built to abort has no second chance, and a
//!   dry object can end it.
//! - **The panic hook.** It runs before the membrane sees a panic, with the message that the panicking side wrote.
//! - **Threads and stacks.** A call runs on the caller's thread. Whoever is called, by whichever side, can read that thread's id and
//!   name, and by a backtrace the names of the functions that called it. A guest cannot.
//! - **How deep a call is.** Whoever is called can find out in how many calls of membranes its thread is, by making more of its own.
//! - **Shared conditions.** A condition of an ancestor is one for all that derive from it: each sees by its refusals, and
//!   by what is [left](crate::Membrane::conditions), that others used it. Give each holder a grant with conditions of its own where that matters.
//! - **What data shows beside what it says.** A buffer shows its capacity. An `Arc<str>` or `Arc<[u8]>` is shared, and shows to both
//!   sides how many references there are, also after a revocation. A map that is lent by `&` for a call shows the state that
//!   it hashes by, with which keys can be found that collide in it; one that crosses has a state of its own.
//! - **Stack overflow.** Calls through membranes are bounded in depth (128, unless set otherwise), and what lies behind many
//!   proxies is dropped on a bounded stack; what a target does between two calls, and in its own `Drop`, is not.
//! - **What a listed method does.** A policy is about methods. That an allowed method of the owner's calls a denied one itself, or
//!   hands out more than it should, is the owner's business.
//! - **What a rule on arguments cannot see.** A rule is about one call of one method, of objects that crossed as one interface.
//!   Calls of a closure that crossed have none; items of an iterator are not looked at; a check on a path does not know what
//!   links lead to. Types with a hand-written [`Passable`](crate::Passable) show what their author says. A rule's own code may
//!   take for ever.
//! - **An owner that uses its own proxies.** Which side calls is told by the proxy that is called, not by who calls it. An owner
//!   that passes an object of its own through a proxy that it made for the dry side has given that object to the dry side.
//! - **A handle stands on both sides.** Whoever has one can lend through it, and call what was lent. So an attenuated grant's
//!   policy binds its handle's holder towards the owner, and not towards those whom that holder lends to: their objects come
//!   home to it as they are, unless the policy [keeps them wrapped](crate::Homecoming::KeepWrapped).
//! - **An owner hears of what is lent on.** Its audit hook, its counters and its conditions take in every call through what
//!   derives from its membrane, also of objects that holders lend each other: which interface and method, when and how large,
//!   not what was said. Holders who want that between themselves lend through a membrane of their own.
//! - **A dry side is one side.** Two handles attenuated from one membrane are two hands of one holder. For two holders, one grant
//!   each.
//! - **A revoker runs what others set.** Wakers, observers, audit hooks and the `Drop`s of targets run on its thread, those of
//!   grants further down as well: one that does not return holds up [`revoke`](crate::Membrane::revoke), and
//!   [`revoke_and_wait`](crate::Membrane::revoke_and_wait) whatever its timeout. The cut came before.
//! - **Iterators have no identity.** One that crosses back is wrapped once more.
//! - **A call past the switch.** A call looks at the switch before the target's code, and again after each argument whose
//!   conversion can run foreign code. Past its last look it is running, and its thread may be held up before the target's
//!   first instruction: the target's code may begin after `revoke` has returned. Its result is withheld, its callbacks fail,
//!   and [`revoke_and_wait`](crate::Membrane::revoke_and_wait) returns only when it is over.
//! - **Arguments of a refused call.** They are the caller's own and are dropped as such, on the caller's thread: a panic in the
//!   `Drop` of one is the caller's panic.
//! - **A delivered result.** A caller past its last look at the switch has its result, even if the thread is then held up, by the
//!   system or by an audit hook that hears of the call, a holder's own among them. "When `revoke` returns" is to be read so.
//! - **Bytes are measured, not weighed.** A budget counts what values hold, as
//!   [`Passable::size_bytes`](crate::Passable::size_bytes) says: not spare capacity, nor what a container takes to keep its order. A
//!   result is measured when it exists: it is withheld, not prevented.
//! - **A suspended call may be past the switch.** A call that is converting its arguments when `suspend` is called is running: its
//!   target may be entered after `suspend` has returned.
//! - **A clock is believed.** Conditions hold by the clock that their maker names.
//! - **Deep lines of conditions cost.** A call asks every membrane with conditions that it derives from. Whoever derives a
//!   thousand from each other makes its own calls slow, nobody else's.
//! - **Errors lose their reason in transit.** A [`membrane::Error`](crate::Error) that a target passes on as its own tells its kind
//!   only: reason, condition and time were for the holders of another membrane.
//! - **Reasons are kept.** Each different reason text stays in memory for the life of the process, up to 65,536 of them.
//!   Whoever runs in the process can use them up, and then later reasons read "no reason given"; and whoever makes one of a
//!   text learns whether that text is in use.
//! - **Calls of ending threads.** In destructors of thread-locals that run after the library's own, all threads share 256 places:
//!   while 256 such calls run at once, whoever makes them, a further one is answered
//!   [`TooDeep`](crate::ErrorKind::TooDeep).
//! - **Numbers of grants tell how many there are.** They are given out in order, so whoever has a handle and makes a grant can
//!   tell how many the process made meanwhile.
//! - **An audit hook takes time.** It runs on the thread of the call that it hears of: whoever lends on and audits its own
//!   grants can hold up calls through them. Inside eight hooks at once on one thread only the one furthest up is told.
//! - **A call that is forgotten is never over.** A caller that leaks the future of a call that waits, as by
//!   [`mem::forget`](std::mem::forget), keeps its place among those that run, and an audit hook hears that it was let in and
//!   nothing more, until its scope is revoked: that ends it.
//! - **A lease is use.** Whoever has a [`lease`](crate::lease()) of an object keeps its target in memory, revoked or not, until the
//!   lease is dropped, and for ever if it is forgotten. No call goes through it after the revocation.
//!   [`revoke_and_wait`](crate::Membrane::revoke_and_wait) says who is waited for.
//! - **A barrier that is refused.** On Linux a revocation makes one system call, `membarrier`. In a process that lets it through
//!   when it makes its first membrane and refuses it later, as by a seccomp filter, a revocation cuts as ever; but targets stay
//!   until their proxies are dropped, and [`revoke_and_wait`](crate::Membrane::revoke_and_wait) lasts until its timeout. A filter
//!   that was there before costs calls a fence each, and nothing else.
//! - **Frames are kept.** The bookkeeping of a thread (a few hundred bytes) is reused by later threads, never freed.
//! - **Wakers.** A waiting caller's waker is that caller's code. One that blocks when it is woken delays whoever woke it: the
//!   owner's code that the future waited for, or the revoker, before observers are told and targets are freed. The cut came
//!   before. The wet side's callers are woken first.
//! - **A future that is dropped.** A caller that gives up drops the target's future, and so runs its `Drop`, on the caller's
//!   own thread; as with a proxy that is dropped, nobody waits for that.
//! - **A future between two polls** is neither running nor idle work: what it has started elsewhere (a task that it spawned)
//!   is the target's own, and goes on after a revocation.
//! - **Futures and streams have no identity**, as iterators have none. A suspension is told to a waiting caller at its next
//!   poll, which ends the call.
//! - **Async methods have no dynamic form.** `#[interface(dynamic)]` refuses them.
