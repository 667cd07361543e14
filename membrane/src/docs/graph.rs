//! What an owner sees: live authority as a graph.
//!
//! A host lends a shop's ledger to two holders, one of which lends on. [`Membrane::snapshot`](crate::Membrane::snapshot) is
//! data; [`to_mermaid`](crate::Snapshot::to_mermaid) and [`to_dot`](crate::Snapshot::to_dot) make a picture's source of it.
//!
//! ```
//! use membrane::{Error, Membrane, Policy, allow, interface};
//! use std::sync::Arc;
//!
//! #[interface]
//! pub trait Ledger {
//!     fn read(&self) -> Result<u64, Error>;
//!     fn book(&self, cents: u64) -> Result<(), Error>;
//! }
//!
//! #[interface]
//! pub trait Progress {
//!     fn done(&self) -> Result<(), Error>;
//! }
//!
//! struct Shop;
//! impl Ledger for Shop {
//!     fn read(&self) -> Result<u64, Error> { Ok(0) }
//!     fn book(&self, _: u64) -> Result<(), Error> { Ok(()) }
//! }
//!
//! let all = Policy::builder()
//!     .inbound(allow!(dyn Ledger: read, book))
//!     .outbound(allow!(dyn Progress: done))
//!     .build()?;
//! let read_only = Policy::builder().inbound(allow!(dyn Ledger: read)).build()?;
//!
//! let host = Membrane::new(all.clone()).labelled("shop");
//! let till = host.grant(&all)?.labelled("till");
//! let audit = host.grant(&read_only)?.labelled("tax audit 2026");
//! // Who holds the till lends on to a trainee, for reading only.
//! let trainee = till.attenuate(&read_only)?.labelled("trainee");
//!
//! let ledger: Arc<dyn Ledger> = Arc::new(Shop);
//! let at_till = till.wrap(ledger.clone())?;
//! let at_audit = audit.wrap(ledger)?;
//! let at_trainee = trainee.wrap(at_till.clone())?;
//!
//! assert!(at_till.book(5).is_ok());
//! for _ in 0..3 {
//!     assert!(at_trainee.book(5).is_err());
//! }
//! audit.revoke("audit closed");
//! assert!(at_audit.read().is_err());
//!
//! assert_eq!(
//!     host.snapshot().to_mermaid(),
//!     r#"flowchart TD
//!     g0["shop<br/>membrane, live<br/>inbound Ledger (read, book)<br/>outbound Progress (done)"]
//!     g1["till<br/>grant, live<br/>inbound Ledger (read, book), 1 proxy<br/>outbound Progress (done)"]
//!     g2["tax audit 2026<br/>grant, revoked (audit closed)<br/>inbound Ledger (read)<br/>refused 1 revoked"]
//!     g3["trainee<br/>attenuate, live<br/>inbound Ledger (read), 1 proxy<br/>refused 3 not allowed"]
//!     g0 -->|grant| g1
//!     g0 -->|grant| g2
//!     g1 -->|attenuate| g3
//!     classDef revoked stroke-dasharray: 4
//!     class g2 revoked
//! "#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Drawn, it is this:
//!
//! ```text
//!                     ┌──────────────────────────────┐
//!                     │ shop                         │
//!                     │ membrane, live               │
//!                     │ inbound Ledger (read, book)  │
//!                     │ outbound Progress (done)     │
//!                     └──────┬────────────────┬──────┘
//!                      grant │                │ grant
//!  ┌─────────────────────────▼────────────┐ ┌╌▼╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┐
//!  │ till                                 │ ╎ tax audit 2026                  ╎
//!  │ grant, live                          │ ╎ grant, revoked (audit closed)   ╎
//!  │ inbound Ledger (read, book), 1 proxy │ ╎ inbound Ledger (read)           ╎
//!  │ outbound Progress (done)             │ ╎ refused 1 revoked               ╎
//!  └─────────────────┬────────────────────┘ └╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┘
//!          attenuate │
//!  ┌─────────────────▼────────────────────┐
//!  │ trainee                              │
//!  │ attenuate, live                      │
//!  │ inbound Ledger (read), 1 proxy       │
//!  │ refused 3 not allowed                │
//!  └──────────────────────────────────────┘
//! ```
//!
//! # What is counted, and when
//!
//! - **Proxies** are counted by the tables that identity needs anyway.
//! - **Refusals** are always counted, each by the thread that it happens on and for the grant whose proxy was called. A
//!   refusal takes no lock and no memory for that, but for what a thread needs for its first one in a grant. Of more than
//!   four million grants that have refused something and are alive at once, further ones show zero.
//! - **Running calls** are those of the threads' frames, which a revoker needs anyway.
//!
//! - **Calls** are counted where [`count_calls`](crate::Membrane::count_calls) asks for it, and heard of one by one by the hook
//!   of [`audit`](crate::Membrane::audit): such a membrane's calls take the path of those that are asked about.
//!
//! # Whose text it is
//!
//! A label is the owner's. Whoever lends on by [`attenuate`](crate::Membrane::attenuate) may label the grants that it makes, and
//! owners further up see that text. In both languages it is shown as text, whatever it says: quotes, brackets, backticks, line
//! ends, directives and markup stay inside the box, and marks that are not seen are shown by number.
