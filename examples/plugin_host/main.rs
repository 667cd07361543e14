//! Lends a directory to a plugin that nobody trusts, and takes it back while the plugin is at work.
//!
//! ```text
//! cargo run --release --example plugin_host -- [--native] [--json] [DIR]
//! ```
//!
//! Look for: the plugin, a crate of its own (`plugin/`), is ordinary code over `Arc<dyn Dir>`, and [`host`], to which it is
//! an `Arc<dyn Plugin>`, is short; what the policy does not list is refused, and what the power does not have (a way up, a
//! way along a link) is refused as well; the plugin's own object, by which the host asks how far it is, comes in wrapped,
//! too; the host revokes while a call is running, that call's result is not delivered, and the counters of [`ledger`] show
//! that every object that was lent is gone although the plugin still holds its proxies. The host steers the plugin on the
//! plugin's side of the membrane, so after revoking it still hears from the plugin what it has seen, and why it was cut off.
//!
//! Weak: with `--native` the plugin is linked into the same program. Safe Rust keeps it from the objects behind the proxies,
//! not from `std::fs`; as a component, which it is otherwise, it has nothing but what it is given. The
//! plugin's numbers are its own claims, and a plugin that does not return keeps its thread. Memory grows with neither the
//! number nor the size of the files, but with the depth of the tree (see `plugin/src/walk.rs`).

#![forbid(unsafe_code)]

mod command;
mod component;
mod escape;
mod forged;
mod host;
mod ledger;
mod progress;
mod report;
#[cfg(test)]
mod tests;

use std::{
    env,
    io::{self, IsTerminal},
    process::ExitCode,
};

use command::Streams;

fn main() -> ExitCode {
    let mut err = io::stderr();
    let is_terminal = err.is_terminal();
    let streams = Streams {
        out: &mut io::stdout().lock(),
        err: &mut err,
        is_terminal,
    };
    ExitCode::from(command::run(env::args_os().skip(1), streams))
}
