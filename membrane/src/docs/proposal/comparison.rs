//! Row by row with others, and where they are better.
//!
//! What is said of other systems is from their source, their documentation, their advisories, or a run, as of 2026. They
//! change; where a cell is wrong, we want to hear of it. Ratios are to that language's own plain call on one machine each, so
//! they compare a system with its language and not with each other. A dash means that the row does not apply, or was not
//! looked at.
//!
//! # Membranes and proxies
//!
//! | | this | zope.security | Cap'n Proto `membrane.h` | near-membrane | es-membrane | vm2's bridge | `@endo/exo` |
//! |---|---|---|---|---|---|---|---|
//! | language, and what is mediated | Rust; methods of traits marked `#[interface]` | Python; every attribute and operator | C++; calls of Cap'n Proto interfaces | JavaScript; every property | JavaScript; every property | JavaScript; every property | JavaScript; methods of one object |
//! | denied unless listed | yes, by method, when it is compiled | yes, by name, a checker for each type | as the policy is written: a function is asked of each call | no: what is distorted differs, the rest passes | no: rules take away | no | a method guard; one that is missing permits |
//! | results are wrapped | yes | yes, by their own type's checker | yes, pipelined ones too | yes | yes | yes | - |
//! | arguments are wrapped | yes | no | yes | yes | yes | yes | checked by patterns, not wrapped |
//! | errors | converted like results; the membrane's own say a kind | raised as they are; the denial itself holds the raw object | text | wrapped | thrown values get out raw | wrapped; many advisories | redacted |
//! | what is not known how to wrap | does not compile | a list of basic types passes | - | - | passes by its type | - | refused |
//! | one object, one proxy | yes, for a scope, direction and interface | no | yes, for a policy | yes | yes | yes | - |
//! | round trip unwraps | yes; or stays wrapped, or is refused | no | yes; can be overridden | yes | yes | yes | - |
//! | several membranes in a row | foreign proxies stay wrapped; tested over two hops | a proxy is not wrapped again | yes | 34 files of tests | many sides in one | - | - |
//! | revocation | at once, both ways, a subtree, with a reason | no | a promise rejects; calls that are under way are cancelled with its reason | no | of the whole graph | no | added and taken out again |
//! | what was asked before it | is withheld | - | may still run (capnproto#1667, open) | - | an object is refused, plain data and errors are delivered | - | - |
//! | waiting until nothing runs | yes, and says what still does | - | no | - | no | - | - |
//! | derived rights | only narrower, one hop at any depth | the checker of a proxy is not replaced, and can be edited | policies nest | - | - | - | facets by hand |
//! | rules on arguments | closures, and checks that are data | no | in the policy's code | distortions | no | no | patterns, with size limits by default |
//! | budgets, rate, expiry, suspension | yes | no | in the policy's code | no | no | time of a script | no |
//! | audit, and what is lent to whom | yes | watching checkers, for debugging | no | no | no | no | no |
//! | what a live wrapper takes | 91 B of 10⁶ | 48 B | - | 138 B to 970 B in JavaScript, all systems | 1,005 B stay when it is gone | as before | as before |
//! | a call, to a plain one | 1.7× to 2.6× | about 30× | - | about 340× | about 2,700× | about 170× | about 2,000× |
//!
//! # Where they are better
//!
//! - **zope.security** needs nothing of the classes that it protects: it takes any object, down to operators, and was in production
//!   for twenty years. Its checkers may ask who is at work (an interaction); here authority is in the reference alone, and whoever
//!   needs a decision by person has to write it into the target. It is also the smallest of all: one C type.
//! - **Cap'n Proto** works across processes and machines, in many languages, with pipelining; a fault of the other side is not a fault
//!   of this one. A policy is code, and may send a call to another object instead; here a call is let through or refused.
//!   Cancelling a call stops it, where it cooperates; here a running target is not stopped, its result is withheld.
//! - **near-membrane** and **es-membrane** take in a graph that nobody has declared (the DOM, say). Here each interface is written down.
//!   es-membrane joins more than two sides in one membrane; near-membrane can put another value in the place of one, and keeps
//!   the original from shining through when that is deleted.
//! - **vm2** is the warning, and the best teacher: its list of attacks is the longest there is, each with a folder of tests, and it
//!   sweeps its own tests for those that never reach their attack. One boundary has taken 54 categories of attack and some seventy
//!   advisories (patriksimek/vm2#575): that is what it costs to hold a whole language.
//! - **`@endo/exo`** has a language of patterns that composes, with limits on sizes by default; checks here are fewer and simpler. Its
//!   objects describe their own guards to whoever holds them; a proxy here shows that in `Debug` only, and a dynamic one by
//!   `describe`.
//!
//! # Engines, kernels and others
//!
//! | | what it does that this does, too | what it does better | what it does not |
//! |---|---|---|---|
//! | wasmtime, resources of the component model | references that cannot be forged, a table for each instance, fuel and deadlines | holds hostile machine code, with memory of its own: the runtime here is built on it for that reason. It is fuzzed without end | no list of methods on a resource, no revocation by the host; a host's table may name the next object by an old index, but for a check of its type (wasmtime#7902) |
//! | cap-std | no ambient authority at the door; paths below a directory | is the very thing for files: the powers here stand on it | "write a wrapper" for rights and revocation |
//! | `ww-membrane` (wetware, on capnp-rpc) | a list of methods, stacked lists, rates, denials with a stable code; a cast does not get past it | works over the network, on any Cap'n Proto client | arguments go in unwrapped (its text says so); one thread; results after a revocation are delivered; two wraps have two identities |
//! | Linux `Revocable` (Rust) | a value that is taken back while guards may be in use, with no lock on the reader's way | no memory barrier for the whole process: it has RCU | one value, not what is reached through it; no list |
//! | Jenkins script-security | a list of methods for scripts that were not written for it | its list is reviewed and approved call by call, as a script first makes it | resolution of overloads and casts differed from the check: many advisories |
//! | E, KeyKOS, CapROS | revoker as a facet of its own; losing it revokes; suspension; one forwarder for each holder | the operating system or the language has no ambient authority at all. KeyKOS can point a forwarder elsewhere | - |
//! | seL4, Zircon, KasperskyOS | derivation tree, revocation of a subtree, widening is an error | processes with memory of their own; seL4 is proved down to the binary. Here there are models under loom, Miri and fuzzing, and no proof | they are kernels: a call is a message |
//! | Workers RPC, Cap'n Web | references in errors are dropped, private names cannot be reached, disposing twice is harmless | an argument lives as long as the call unless it is kept on purpose; here a callback works until it is dropped or revoked | no list; no limit on counts |
//!
//! # In Rust, by hand
//!
//! `Weak`, an `Option` behind a lock, or `ArcSwapOption` take one object back. None wraps what is reached through it, and each costs more
//! than a call here: `cargo bench -p object-membrane --bench report` measures them in the same run; the README shows one.
