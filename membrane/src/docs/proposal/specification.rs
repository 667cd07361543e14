//! What is promised, in one place: words, crossing, order of checks, revocation, refusals.
//!
//! # Words
//!
//! [`guide`](crate::docs::guide) has the words and an example. Two more: a **scope** is a membrane or a grant, with its own list and
//! its own switch; a **tree** is a membrane and all that derives from it. A **side** is the owner of a tree, or the holder of
//! one of its handles.
//!
//! # What crosses
//!
//! | a value is | it becomes |
//! |---|---|
//! | data that cannot hold a reference | itself, as it is; a map or set that hashes is rebuilt, since its hasher is the giver's |
//! | a container, struct or enum of values that cross | the same, rebuilt, each part by its own rule; refused whole if one part is |
//! | a reference to an object of an interface, or a closure | see below |
//! | an iterator, a future, a stream | one whose steps are calls; it has no identity |
//! | [`Error`](crate::Error), as data | its kind; reason, condition and time stay behind |
//! | anything else | a program that does not compile |
//!
//! A reference that crosses in scope `S` is one of these:
//!
//! | it is | it becomes |
//! |---|---|
//! | an object, a proxy of another tree, or broken | a proxy of `S` for it |
//! | a proxy whose target lives on the side of arrival, or stands for such a one | that target (**home**; the policy may keep it wrapped, or refuse it) |
//! | a proxy of `S` that belongs on the side of arrival | itself |
//! | on the way out: a proxy of an ancestor of `S`, for an object further in | a proxy of `S` for the same object (**one hop**) |
//! | on the way in: a proxy derived from one that the side of arrival had | that one, never the target |
//! | any other proxy (a sibling's, a descendant's) | a proxy of `S` for that proxy: both are checked at each call |
//!
//! Where a proxy is replaced by another for the same object, it must have crossed as the very interface that is asked for: the list
//! of a super-interface may be longer. Rights follow from scope, direction and interface, and from nothing else.
//!
//! # The order of checks
//!
//! | | what is asked | if not |
//! |---|---|---|
//! | 1 | is the method listed for this interface and direction? | [`Refused`](crate::ErrorKind::Refused) |
//! | 2 | is the scope live? | [`Revoked`](crate::ErrorKind::Revoked) |
//! | 3 | is there room for a call inside the calls of this thread? | [`TooDeep`](crate::ErrorKind::TooDeep) |
//! | 4 | is nothing of the line suspended? | [`Suspended`](crate::ErrorKind::Suspended) |
//! | 5 | has the time not run out, and is there a call left, by budget, rate and places? | [`Expired`](crate::ErrorKind::Expired), [`Exhausted`](crate::ErrorKind::Exhausted) |
//! | 6 | may each argument cross? In their order; after one whose conversion may run foreign code, 2 again | [`Rejected`](crate::ErrorKind::Rejected), [`TooDeep`](crate::ErrorKind::TooDeep), [`Exhausted`](crate::ErrorKind::Exhausted) |
//! | 7 | do all rules agree to the arguments as the target will see them? After a closure, 2 again | [`Rejected`](crate::ErrorKind::Rejected) |
//! | 8 | is what 5 found still there, and are there bytes for the arguments? It is spent now; after a clock, 2 again | as 5 |
//! | | **the target is entered** | |
//! | 9 | did it panic? | [`Panicked`](crate::ErrorKind::Panicked), or a fresh panic if the policy says so |
//! | 10 | may the result, or the error, cross, and are there bytes for it? | [`Rejected`](crate::ErrorKind::Rejected), [`Exhausted`](crate::ErrorKind::Exhausted), [`Expired`](crate::ErrorKind::Expired) |
//! | 11 | is the scope still live? | [`Revoked`](crate::ErrorKind::Revoked); the result is dropped |
//! | | **the result is delivered** | |
//!
//! 4, 5, 7, 8 and an audit hook cost nothing where there is none: the switch has one fast state, "live, nothing attached". A poll of
//! a future or a stream is a call in this order; a later poll of a call that was let in skips what was spent. A call through a
//! [`lease`](crate::lease()) asks 1, 2, 6, 9, 10 and 11, and takes the ordinary way wherever more is to be asked.
//!
//! # Revocation
//!
//! [`revoke`](crate::Membrane::revoke) goes one way, has a reason, and may be repeated: the first reason stays. In this order:
//!
//! 1. **The cut.** The switch of the scope and of each scope below is flipped. One barrier runs on all threads of the process.
//!    From here on no call passes 2, and none passes 11. The cut does not depend on the number of proxies.
//! 2. **Waiting callers** are woken, the wet side's first.
//! 3. **Observers** are told, each once.
//! 4. **Targets** that no call is in are dropped. One that is in use is dropped by the last call to leave it, or with the last
//!    lease of it.
//!
//! [`revoke_and_wait`](crate::Membrane::revoke_and_wait) then waits until nothing runs, or says what still does. From inside a call
//! of the same scope it returns an error, not a deadlock.
//!
//! A suspension is the same cut without an end: calls that are in go on and deliver, references still cross, and what derives is born
//! suspended.
//!
//! # What each refusal tells
//!
//! | kind | when | it tells | it does not tell |
//! |---|---|---|---|
//! | `Refused` | the method is not listed, or does not exist | nothing else | which; whether the scope is live; whether there is a target |
//! | `Revoked` | the scope or an ancestor was cut | the reason of whoever cut | which of them |
//! | `TooDeep` | too many calls inside calls on this thread, or data nested too deeply | nothing else | whose calls |
//! | `Suspended` | the scope or an ancestor is suspended | the reason; when to try again, if the suspender said | which of them |
//! | `Expired` | a time is over | nothing else | whose |
//! | `Exhausted` | a condition is not met, or a table is full | the condition's name; for a rate, when to try again | whose condition, what is left, who used it |
//! | `Rejected` | an argument or result may not cross, or a rule does not agree | nothing else | which argument, which rule |
//! | `Panicked` | the call ended in a panic | nothing else | message, payload, place |
//! | `Failed` | an answer was not of the interface's types | nothing else | the answer |
//! | `Busy` | the target is of a guest or a peer that is at work for somebody else, and nothing of the call has reached it | nothing else | for whom |
//!
//! An interface's own errors are data, and cross by their own conversion. A target can answer with any kind, and cannot answer with
//! a reason, a condition or a time: these are the membrane's. The full cause of a panic stays where it happened, with the panic hook.
