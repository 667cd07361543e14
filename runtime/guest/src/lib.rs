//! For authors of guests: WebAssembly components that a host loads with `runtime::wasm`.
//!
//! A guest is an ordinary library over the interfaces that it shares with its host. It names its root object in one place;
//! what the host passes to that comes as `Arc<dyn Trait>`, and so do the guest's objects reach the host. It has nothing
//! else: no files, no clock, no network, no standard output.
//!
//! ```
//! use membrane::{Error, interface};
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
//!
//! struct Greeter;
//! impl Plugin for Greeter {
//!     fn run(&self, log: Arc<dyn Log>) -> Result<u64, Error> {
//!         log.line("hello")?;
//!         Ok(1)
//!     }
//! }
//!
//! guest::plugin!(dyn Plugin, || Arc::new(Greeter));
//! ```
//!
//! The crate is a `cdylib`, is compiled for `wasm32-unknown-unknown`, and is made a component: `object-membrane-guest-build`
//! does the two from a host's build script, and `wasm-tools component new` does the latter by hand.
//!
//! The host calls one object at a time. A guest that calls the host may be called by it meanwhile, so a lock is not to be held
//! across a call. A panic ends the guest.
//!
//! Nothing is written here that is `unsafe`; what is generated from the WIT package, to pass values to the host's engine,
//! is.

#![forbid(unsafe_code)]

mod codec;
mod exports;
mod imports;
mod state;

/// What [`plugin!`] names. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::{self, exports::object_membrane::guest::guest::Guest};
    pub use crate::export_plugin;
    pub use crate::exports::{call, release, start};
}

/// What `wit/guest.wit` says, in Rust.
#[doc(hidden)]
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "it is generated"
)]
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    reason = "it is generated"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "guest::__private::bindings",
    });
}

#[doc(hidden)]
pub use bindings::export_plugin;

/// Makes this crate a guest: names the interface of its root object, and what makes the object when the guest starts.
///
/// # Examples
///
/// See the crate's.
#[macro_export]
macro_rules! plugin {
    (dyn $root:path, $make:expr) => {
        const _: () = {
            struct __Guest;

            impl $crate::__private::Guest for __Guest {
                fn start() -> ::core::result::Result<
                    $crate::__private::bindings::exports::object_membrane::guest::guest::OwnObject,
                    $crate::__private::bindings::exports::object_membrane::guest::guest::Failure,
                > {
                    let make: fn() -> ::std::sync::Arc<dyn $root> = $make;
                    ::core::result::Result::Ok($crate::__private::start::<dyn $root>(make()))
                }

                fn call(
                    id: u64,
                    method: u32,
                    arity: u32,
                    nodes: ::std::vec::Vec<
                        $crate::__private::bindings::object_membrane::guest::values::Node,
                    >,
                    objects: ::std::vec::Vec<
                        $crate::__private::bindings::object_membrane::guest::host::Object,
                    >,
                ) -> ::core::result::Result<
                    $crate::__private::bindings::object_membrane::guest::host::Message,
                    $crate::__private::bindings::object_membrane::guest::host::Failure,
                > {
                    $crate::__private::call(id, method, arity, nodes, objects)
                }

                fn release(ids: ::std::vec::Vec<(u64, u64)>) {
                    $crate::__private::release(&ids);
                }
            }

    $crate::__private::export_plugin!(__Guest with_types_in $crate::__private::bindings);
        };
    };
}
