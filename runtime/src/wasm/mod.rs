//! Guests that are WebAssembly components.
//!
//! A guest begins with nothing: it imports what the WIT package `object-membrane:guest` in this crate's folder `wit` says,
//! and no WASI. What it reaches is what it is lent. Its own objects come to the host as `Arc<dyn Trait>` behind the
//! membrane that joins its domain to the host's.
//!
//! # Who calls whom
//!
//! One thread at a time runs a guest. While a guest waits for the host, in a call that it made, the host may call the
//! guest back, on that thread; also through another guest, which the first may call again, and so on to and fro, as far as the
//! policies' limits of calls inside calls and the stack go. A call from another thread waits for the guest to be idle, at most
//! as long as the guest's deadline, or ten seconds if it has none; a thread that is inside some guest does not wait, since two
//! that wait for each other would for ever. A call that does not get in is answered with
//! [`ErrorKind::Busy`](membrane::ErrorKind::Busy), before anything of it has reached the guest; a guest that answers so itself
//! has [`Failed`](membrane::ErrorKind::Failed).
//!
//! A guest that is called from inside another stands on the same stack: it is not called, but answered with
//! [`ErrorKind::TooDeep`](membrane::ErrorKind::TooDeep), where the two could use more of it than
//! [`EngineOptions::thread_stack_bytes`].
//!
//! # When a guest misbehaves
//!
//! A trap, an endless loop or recursion, a forged handle ends the guest: its domain is closed, with a reason that tells
//! what kind of end it was and nothing of the host. The host goes on, and so do other guests; those that wait for it need a
//! longer deadline than it has ([`Limits::deadline`](crate::Limits::deadline)). What a guest's deadline
//! cannot end is a call of the host's own that does not return; the guest is ended when it does.
//!
//! # Examples
//!
//! ```no_run
//! use membrane::{Error, Policy, allow, interface};
//! use runtime::{Limits, Runtime, wasm};
//! use std::sync::Arc;
//!
//! #[interface(dynamic)]
//! pub trait Plugin {
//!     fn run(&self, log: Arc<dyn Log>) -> Result<u64, Error>;
//! }
//! #[interface(dynamic)]
//! pub trait Log {
//!     fn line(&self, text: &str) -> Result<(), Error>;
//! }
//! struct Stderr;
//! impl Log for Stderr {
//!     fn line(&self, text: &str) -> Result<(), Error> { eprintln!("{text}"); Ok(()) }
//! }
//!
//! let runtime = Runtime::new();
//! runtime.know::<dyn Plugin>();
//! let engine = wasm::Engine::new(wasm::EngineOptions::default())?;
//! let code = engine.load("plugin.wasm")?;
//! let policy = Policy::builder().outbound(allow!(dyn Plugin: run)).inbound(allow!(dyn Log: line)).build()?;
//! let guest = wasm::Guest::start(&runtime, &code, "plugin", policy, Limits::default())?;
//! let plugin: Arc<dyn Plugin> = guest.root()?;
//! println!("{}", plugin.run(Arc::new(Stderr))?);
//! guest.stop("that was all");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;
mod convert;
mod engine;
mod frames;
mod guest;
mod host;
mod instance;
mod outline;
mod stack;
mod state;

pub use code::{Code, Found, LoadError};
pub use engine::{Engine, EngineError, EngineOptions};
pub use guest::{Guest, Parts, Report, StartError};
pub use state::End;

/// What `wit/guest.wit` says, in Rust.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "plugin",
        with: { "object-membrane:guest/host.object": super::state::Held },
        imports: { default: trappable },
    });
}
