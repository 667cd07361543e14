//! Restricted execution against proxies, and what twenty years of escapes teach.
//!
//! # Two ways
//!
//! **Restricted execution** runs untrusted code in a mode in which the interpreter holds back what is dangerous: attributes that
//! lead from an object to its class, its frame, its globals. Each such way needs a check of its own, wherever the interpreter
//! has it, and each new feature may be a new way.
//!
//! **Proxies** leave the language as it is. What is protected is wrapped *before* untrusted code sees it. Mediation is in one
//! type, which can be read, tested and proved by itself. Untrusted code keeps every means of introspection on objects that it
//! made itself, and has none on objects that were lent to it.
//!
//! The two were set against each other on python-dev in March 2003, when Python's `rexec` and `Bastion` were known to have holes and
//! Zope had proxies. It was argued that proxies make a restricted environment possible without the restrictions in the
//! interpreter, and answered that two things remain to be shown: that untrusted code gets nothing but what it was given (there,
//! by way of `__builtins__` and `import`), and, by "some very careful analysis", that no primitive of the language gets
//! past the proxy (there, `object.__getattribute__`)
//! ([033821](https://mail.python.org/pipermail/python-dev/2003-March/033821.html),
//! [033878](https://mail.python.org/pipermail/python-dev/2003-March/033878.html)).
//!
//! Both are still what has to be shown:
//!
//! - **Nothing but what it was given.** Rust code in the same process has ambient authority: files, threads, memory by `unsafe`.
//!   The membrane does not pretend otherwise. Code that must begin with nothing runs as a guest, in an engine that gives it
//!   nothing; the membrane then decides what it is lent. [`threats`](super::threats) says which is which.
//! - **No primitive gets past.** [`hiding`](super::hiding) is that analysis, for Rust.
//!
//! # Why a membrane, and not proxies alone
//!
//! A proxy that wraps results only is half a boundary. What E, Caja and Cap'n Proto call a membrane adds
//!
//! - **arguments**: what the untrusted side passes in is wrapped, too, or the owner's code would hold it raw, past any revocation;
//! - **identity**: one object, one proxy; or comparison, tables and memory go wrong;
//! - **home**: an object that comes back is itself; or each round trip adds a layer, and policies intersect by accident;
//! - **one switch** for the graph: revoking object by object misses what nobody listed.
//!
//! # What the escapes have in common
//!
//! The systems below are sandboxes, membranes and brokers in other languages. Each class was found in a real one; each is
//! answered here by construction where that can be, and by a test where it cannot. (vm2's numbers are those of advisories
//! and of the categories in its own list of attacks.)
//!
//! ## A value crosses without being wrapped
//!
//! Thrown values: vm2 #32, #138, CVE-2019-10761. Errors inside errors: vm2 GHSA-55hx-c926-fr95 (`SuppressedError`). The error is
//! wrapped and its fields are live authority: vm2 GHSA-m283-3h24-438v. Native bulk operations that iterate by themselves:
//! RestrictedPython 9.0 (#335), AccessControl #98. The asynchronous way: vm2 CVE-2023-37466, CVE-2026-22709. A suspended
//! generator that shows its frames: RestrictedPython CVE-2023-37271. A compatible exception: zope.security 4.2.0, whose
//! `providedBy` "returns unproxied objects".
//!
//! *Lesson.* There must be no list of places where to wrap, but one conversion that each type has. Here it is the trait
//! [`Passable`](crate::Passable): what has none does not compile (K1), and results, errors, callbacks, items and what a
//! future ends with all go through it (K2). Data is exempt only where its type cannot hold a reference.
//!
//! ## It is wrapped, and unwrapping goes wrong
//!
//! An object of one's own is taken for foreign, and writing through it unwraps: vm2 GHSA-9vg3-4rfj-wgcm. Recognition hangs on
//! something that the attacker can change: vm2 GHSA-v6mx-mf47-r5wg. What holds over one crossing fails over two: near-membrane
//! #493. The guest makes wrappers itself: Caja 650e115a.
//!
//! *Lesson.* Where an object belongs is a fact about a scope, kept beside the target, and nobody else is asked. A proxy answers only
//! for itself, by address, and only to its own tree; what comes from another tree is never stripped (K6). Every property is
//! tested over two hops.
//!
//! ## The check and the act differ
//!
//! A key is checked as one text and used as another: SandboxJS, commit 67cb186. The check picks one overload, the dispatch
//! another: Jenkins SECURITY-2824. A path is checked by name and followed by link: vm2 GHSA-cp6g-6699-wx9c. A method is taken now
//! and called later, unchecked: Jenkins SECURITY-1465; format strings that walk attributes: RestrictedPython CVE-2023-41039
//! and CVE-2026-76825.
//!
//! *Lesson.* A method is a number that the compiler fixes; there is no name to read twice on the typed path, and the dynamic path
//! looks a name up once. Each call asks, however old the reference is. Rules see the very values that the target is given
//! (K14), and interfaces hand out objects where names would be walked.
//!
//! ## The machinery runs the attacker's code
//!
//! A list inside the bridge inherits a setter: vm2 GHSA-9qj6-qjgg-37qq. The hostile object throws inside the sanitiser: vm2
//! CVE-2023-30547. A helper was replaced: vm2 CVE-2022-25893. Converting the result runs guest code after the guard has ended:
//! redis #11032.
//!
//! *Lesson.* Foreign code runs under no lock of ours (K9), inside the catch (K11), and the switch is looked at again after it (K7).
//! It is `Drop`, `Hash`, `Debug`, wakers, clocks, rules and hooks as much as methods.
//!
//! ## Side doors
//!
//! Formatting: vm2 GHSA-v37h-5mfm-c47c (inspection). Texts with paths: vm2 GHSA-x6m4-chr9-cg97. Revocation in one direction:
//! tc39/proposal-shadowrealm#299. A request that was made before and still runs: capnproto/capnproto#1667. Tables that pin the
//! dead: es-membrane #237, #62, #166. A wildcard that grows: vm2 GHSA-947f-4v7f-x2v8. A setting of an odd type that fails
//! open: vm2 GHSA-8hr7-r645-pc6w. A number of a handle that names the next object in its place: wasmtime #12465.
//!
//! *Lesson.* Each is a promise of its own: K12, K10, K7, K24, K3, K22; and R5 of the runtime for handles.
//!
//! ## Tests that never reach the attack
//!
//! vm2 swept its own suite for tests in which the attack failed before it met the defence. An escape test that cannot fail is worse
//! than none.
//!
//! *Lesson.* A test here has a positive control, or was seen to fail with the defence taken out, and says which edit does it. Loom
//! models have variants in which one step is left out, kept as tests that must fail. Classes of escapes are staged
//! in `tests/escapes`, and staged once more against a library that is broken on purpose, one defence at a time, where it must succeed.
//!
//! # What was not chosen
//!
//! - **An interpreter of our own, or a filter over source.** It would hold its own language only.
//! - **A flag on each object.** It is checked where somebody thought of it.
//! - **A permission looked up by who calls.** A confused deputy has the right identity. Authority is in the reference.
//! - **Reference counts or epochs on the call path.** They cost more than the call, and two threads that share an object wait for
//!   each other. The revoker pays instead: see the documentation of `object-membrane-gate`.
//! - **Wildcards.** A method that is added later must not be allowed by what was written before.
//! - **Putting a proxy's rights into the wrap.** Rights follow from scope, direction and interface, or two wraps of one object would
//!   be two objects. Whoever needs less gets a grant.
