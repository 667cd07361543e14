//! How to think with a membrane.
//!
//! # The words
//!
//! | word | meaning |
//! |---|---|
//! | membrane | a boundary that wraps every reference crossing either way; all die together |
//! | proxy, target | what the other side holds, and the real object |
//! | wet, dry | the side that owns the targets, and the side they are lent to |
//! | inbound, outbound | from dry to wet (dry calls wet's objects), from wet to dry |
//! | policy, allow, attenuate | the allowed methods; listing them; deriving no more than there is |
//! | grant | a child membrane given to one holder |
//! | revoker | the facet whose only power is to end access |
//! | broken | a reference that fails for ever, with a reason |
//!
//! # Alice lends to Bob
//!
//! Alice has a directory, Bob is a plugin. Alice wraps the directory and gives Bob the proxy. Bob asks the proxy for a
//! file: Alice's directory returns one of Alice's files, and what Bob gets is a proxy of it. Bob passes a progress object
//! in: what Alice's code gets is a proxy of it, too, so that her calls into Bob's code end when the lending does, and Bob's
//! objects are not handed about beyond what she listed. When the file comes back to Alice as an argument, her code
//! gets her own file, not a proxy.
//!
//! ```
//! use membrane::{Error, Membrane, Policy, allow, interface};
//! use std::sync::{Arc, Mutex};
//!
//! #[interface]
//! pub trait File {
//!     fn len(&self) -> Result<u64, Error>;
//! }
//!
//! #[interface]
//! pub trait Progress {
//!     fn done(&self, files: u64) -> Result<(), Error>;
//! }
//!
//! #[interface]
//! pub trait Dir {
//!     fn files(&self, progress: Arc<dyn Progress>) -> Result<Vec<Arc<dyn File>>, Error>;
//!     fn is_mine(&self, file: Arc<dyn File>) -> Result<bool, Error>;
//! }
//!
//! struct Alice(Arc<dyn File>);
//! struct Note;
//! struct Bob(Mutex<u64>);
//!
//! impl File for Note {
//!     fn len(&self) -> Result<u64, Error> { Ok(3) }
//! }
//!
//! impl Progress for Bob {
//!     fn done(&self, files: u64) -> Result<(), Error> {
//!         *self.0.lock().unwrap() += files;
//!         Ok(())
//!     }
//! }
//!
//! impl Dir for Alice {
//!     fn files(&self, progress: Arc<dyn Progress>) -> Result<Vec<Arc<dyn File>>, Error> {
//!         progress.done(1)?; // goes through the membrane, the other way
//!         Ok(vec![self.0.clone()])
//!     }
//!     fn is_mine(&self, file: Arc<dyn File>) -> Result<bool, Error> {
//!         Ok(Arc::ptr_eq(&file, &self.0)) // came home
//!     }
//! }
//!
//! let policy = Policy::builder()
//!     .inbound(allow!(dyn Dir: files, is_mine))
//!     .inbound(allow!(dyn File: len))
//!     .outbound(allow!(dyn Progress: done))
//!     .build()?;
//! let membrane = Membrane::new(policy);
//! let note: Arc<dyn File> = Arc::new(Note);
//! let dir = membrane.wrap::<dyn Dir>(Arc::new(Alice(note.clone())))?;
//!
//! // Bob's side.
//! let bob = Arc::new(Bob(Mutex::new(0)));
//! let file = dir.files(bob.clone())?.remove(0);
//! assert_eq!(*bob.0.lock().unwrap(), 1);
//! assert!(!Arc::ptr_eq(&file, &note));
//! assert_eq!(file.len(), Ok(3));
//! assert_eq!(dir.is_mine(file.clone()), Ok(true));
//!
//! // Alice takes everything back.
//! membrane.revoke("lending hours are over");
//! assert!(file.len().is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Two kinds of children
//!
//! [`Membrane::grant`](crate::Membrane::grant) is for an owner with several holders: each gets a grant with its own list
//! and its own switch, and all of them lend the owner's objects. [`Membrane::attenuate`](crate::Membrane::attenuate) is for
//! a holder that lends on what it was lent: the new membrane stands between it and a further holder. What was lent on
//! is called in one hop, however long the chain; what is sent back up stops at each holder as the proxy that this holder
//! knows.
//!
//! A handle belongs to the wet side of its membrane. Never hand a holder the handle of the membrane that its own proxies
//! came from: with it, the holder would speak as the owner.
//!
//! # What may be said
//!
//! A list says which methods may be called; a rule, what their arguments must be like. It is a closure over all arguments of
//! one method, which the compiler knows the types of, or [`Check`](crate::Check)s on single arguments, which are plain data:
//!
//! ```
//! use membrane::{Check, Error, ErrorKind, Membrane, Policy, allow, interface, rule};
//! use std::sync::Arc;
//!
//! #[interface]
//! pub trait Files {
//!     fn write(&self, path: &str, data: Vec<u8>) -> Result<(), Error>;
//!     fn send(&self, from: &str, to: &str, bytes: u64) -> Result<(), Error>;
//! }
//!
//! struct Disk;
//!
//! impl Files for Disk {
//!     fn write(&self, _: &str, _: Vec<u8>) -> Result<(), Error> { Ok(()) }
//!     fn send(&self, _: &str, _: &str, _: u64) -> Result<(), Error> { Ok(()) }
//! }
//!
//! let policy = Policy::builder()
//!     .inbound(allow!(dyn Files: write, send))
//!     .inbound_rule(rule!(dyn Files: write, path: Check::within("out"), data: Check::length(..=4096)))
//!     .inbound_rule(rule!(dyn Files: send, |from, to, bytes| from != to && *bytes < 1_000_000))
//!     .build()?;
//! let owner = Membrane::new(policy);
//! let files = owner.wrap::<dyn Files>(Arc::new(Disk))?;
//! assert_eq!(files.write("out/a.txt", vec![1]), Ok(()));
//! assert_eq!(files.write("out/../etc", vec![1]).unwrap_err().kind(), ErrorKind::Rejected);
//! assert_eq!(files.send("a", "a", 1).unwrap_err().kind(), ErrorKind::Rejected);
//!
//! // Who lends on may add rules, and cannot drop any.
//! let texts = Policy::builder()
//!     .inbound(allow!(dyn Files: write))
//!     .inbound_rule(rule!(dyn Files: write, path: Check::suffix(".txt")))
//!     .build()?;
//! let lent_on = owner.attenuate(&texts)?.wrap(files)?;
//! assert_eq!(lent_on.write("out/b.txt", vec![1]), Ok(()));
//! assert!(lent_on.write("out/b.exe", vec![1]).is_err());
//! assert!(lent_on.write("b.txt", vec![1]).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - What a closure is shown, its author gets. So it is asked about calls that leave or reach its author's side; and where an
//!   argument may hold references, closures are for the membrane that derives from none, about calls of its owner's objects.
//!   Anybody else uses checks, or lends through a membrane of their own.
//! - Rules see the converted arguments by reference, just before the target gets them; a refusal tells the caller
//!   [`Rejected`](crate::ErrorKind::Rejected), like any argument that may not cross, and not which rule it was.
//! - A rule bounds what is passed in one call. What a name in an argument stands for (a path, a key) is the target's to look
//!   up; prefer an interface that hands out objects.
//! - Calls of a membrane whose policy has rules take a slower path, all of them; others are as fast as without.
//!
//! # How long, how often, how much
//!
//! [`Conditions`](crate::Conditions) are fixed when a membrane or a grant is made, and hold beside its policy: expiry, a budget
//! of calls, a rate, calls at once, bytes each way, live proxies. They compose, and a grant's hold together with those of
//! all that it derives from: a child never outlives or outspends its parent. Access can also be taken away for a while, from
//! any membrane and all that derives from it.
//!
//! ```
//! use membrane::{Condition, Conditions, Error, ErrorKind, ManualClock, Membrane, Policy, allow, interface};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! #[interface]
//! pub trait Search {
//!     fn find(&self, words: &str) -> Result<String, Error>;
//! }
//!
//! struct Index;
//!
//! impl Search for Index {
//!     fn find(&self, words: &str) -> Result<String, Error> { Ok(words.to_uppercase()) }
//! }
//!
//! let policy = Policy::builder().inbound(allow!(dyn Search: find)).build()?;
//! let clock = ManualClock::new(); // in a test; otherwise leave it out
//! let day = Conditions::builder()
//!     .expires_after(Duration::from_secs(86_400))
//!     .rate(2, Duration::from_secs(1))
//!     .bytes_out(1_000_000)
//!     .clock(clock.clone())
//!     .build()?;
//! let service = Membrane::with_conditions(policy.clone(), &day)?;
//!
//! // A holder with three calls, within the same day and the same rate.
//! let guest = service.grant_with(&policy, &Conditions::builder().calls(3).build()?)?;
//! let search = guest.wrap::<dyn Search>(Arc::new(Index))?;
//! assert_eq!(search.find("one")?, "ONE");
//! assert_eq!(search.find("two")?, "TWO");
//!
//! // Too fast: told when to try again.
//! let error = search.find("three").unwrap_err();
//! assert_eq!(error.condition(), Some(Condition::Rate));
//! clock.advance(error.retry_after().unwrap());
//! assert_eq!(search.find("three")?, "THREE");
//!
//! // Spent; and what is left of the service is seen by its owner.
//! clock.advance(Duration::from_secs(1));
//! assert_eq!(search.find("four").unwrap_err().condition(), Some(Condition::Calls));
//! assert_eq!(service.conditions().bytes_out_left, Some(1_000_000 - 11));
//!
//! // For a while, nobody.
//! service.suspend("reindexing", Some(Duration::from_secs(30)));
//! assert_eq!(search.find("five").unwrap_err().kind(), ErrorKind::Suspended);
//! service.resume();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - Limits hold exactly, whatever the threads: never a call above the budget, never more at once, never a byte more.
//! - A call is let in if it is not suspended, not expired, and there is a call left, by the rate, too, and a place to run in. It
//!   is spent, with the bytes of its arguments, when its target is entered: after arguments are converted and rules have
//!   agreed. The bytes of its result are spent before that is delivered, or it is withheld.
//! - Each call counts, whichever way it goes: of methods and closures, callbacks, each step of an iterator, and calls inside of
//!   calls. What one level refuses is charged to none.
//! - Expiry has no timer: nobody is woken, and targets are kept until the membrane is revoked or its proxies are dropped. What
//!   still runs when time is over is withheld.
//! - A suspension lets running calls go on, and lets references cross and membranes be derived; those are born suspended.
//! - Calls of a membrane with conditions, its own or from above, take a slower path; others are as fast as without, those of
//!   a membrane that was suspended and resumed, too.
//!
//! # Designing interfaces
//!
//! - Methods take `&self` and return `Result<_, E>` with `E: From<membrane::Error>`, because any call can be refused.
//! - Plain data goes as `&str`, `&[u8]` or by value; objects as `Arc<dyn Interface>`; functions as
//!   `Arc<dyn Fn(..) -> Result<..> + Send + Sync>`; long lists as `Box<dyn Iterator<Item = Result<..>> + Send>`, or, with
//!   the feature `stream`, as streams of `Result`s.
//! - What takes its time is an `async fn`, in the trait and in its impl blocks under `#[interface]`. Nothing happens before
//!   the first poll; each poll is guarded as a call is; a revocation wakes the waiting caller at once with
//!   [`Revoked`](crate::ErrorKind::Revoked), and drops the target's future. What is borrowed is copied for the call.
//! - An interface is as wide as its widest object: if two objects need different rights at the same holder, wrap
//!   them through two grants, or give them two interfaces. Rights follow from membrane, direction and interface.
//! - The lists of an interface and of its super-interface are two lists. An object that crosses as `dyn Account` has the
//!   first; if your code takes it back as `dyn Named` and gives it out again as `dyn Named`, it has the second.
//! - A method that does something on the caller's behalf by name (`call(name)`, `get_path("a/b")`) hides what it allows
//!   from the policy. Return objects instead.
//! - The author of an interface is trusted by both sides: a hand-written [`Passable`](crate::Passable) that leaves a
//!   reference as it is lets it through unwrapped.
