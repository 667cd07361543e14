//! A guest for tests: does what it is told, and every wrong thing that safe Rust in a guest can do.

#![forbid(unsafe_code)]

mod interfaces;
#[cfg(target_arch = "wasm32")]
mod misdeeds;

pub use interfaces::{
    Closure, Counter, Everything, Fault, Inner, Items, Probe, Service, Shape, Visitor,
};

#[cfg(target_arch = "wasm32")]
guest::plugin!(dyn Probe, misdeeds::probe);
