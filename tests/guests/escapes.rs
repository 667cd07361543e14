//! Known ways out of a membrane, staged by guests that no compiler made: named after their classes in the catalogue of
//! `tests/escapes`, whose attacks are the same, through other doors.
//!
//! In the ordinary build nothing gets out. Built with `--cfg membrane_faults`, the same tests are the positive controls: with a
//! fault switched on, each attack must succeed; see [`lab`](super::lab).

mod checking;
mod crossing;
mod side_doors;

use super::engine;
use super::forger::{Forged, Parts, reachable};
use super::oak::{Oak, SECRET};
use membrane::{Error, PolicyBuilder, allow};
use probe::{Service, Visitor};
use runtime::{DynamicInterface, Limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What the guest answers with if the host answered its last call; below it, the number of the failure.
const ANSWERED: u64 = 100;
const REFUSED: u64 = 0;
const REVOKED: u64 = 1;

/// A visitor of the host's, or of another guest's.
#[derive(Default)]
struct Elm(AtomicUsize);

impl Visitor for Elm {
    fn visited(&self, _: u64) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(SECRET)
    }
}

fn number(method: &str) -> u32 {
    let interface = <dyn Service>::interface();
    interface.number(method).expect("it has it")
}

/// The code of a call of `method` of `object` with the first `arity` of so many nodes at `nodes`.
fn call(object: &str, method: u32, arity: u32, nodes: u32, count: u32) -> String {
    format!(
        "(call $call {object} (i32.const {method}) (i32.const {arity}) (i32.const {nodes}) (i32.const {count})
           (i32.const 0) (i32.const 0) (i32.const 2048))"
    )
}

/// The same without arguments.
fn plain(object: &str, method: u32) -> String {
    call(object, method, 0, 0, 0)
}

/// The code of a node at `at`: an object of the guest's own, a visitor.
fn own(at: u32, id: u32) -> String {
    format!(
        "(i32.store8 (i32.const {at}) (i32.const 10)) (i64.store (i32.const {}) (i64.const {id}))
         (i64.store (i32.const {}) (i64.const VISITOR))",
        at + 8,
        at + 16
    )
}

/// The code of an answer: what `value` computes.
fn answers(value: &str) -> String {
    format!("(call $number {value})")
}

/// The code of an answer: a list of one object of its own.
fn gives_visitor(id: u32) -> String {
    [
        "(i32.store8 (i32.const 1024) (i32.const 7)) (i32.store (i32.const 1032) (i32.const 1016))",
        "(i32.store (i32.const 1036) (i32.const 1)) (i32.store (i32.const 1016) (i32.const 1))",
        &own(1056, id),
        "(call $answer (i32.const 1024) (i32.const 2) (i32.const 0) (i32.const 0))",
    ]
    .concat()
}

/// What the host lends.
const VICTIM: &str = "(local.get $h)";
/// A handle that the last answer brought.
const BROUGHT: &str = "(i32.load (i32.load (i32.const 2060)))";

fn start(code: &str, policy: PolicyBuilder, limits: Limits) -> Forged {
    let policy = policy.build().expect("one list for each");
    let parts = Parts::attack(code);
    parts
        .start_under(engine(), policy, limits)
        .expect("it starts")
}

/// Has the guest called, with `oak` lent to it, and gives what it tells.
fn strike(forged: &Forged, oak: &Arc<Oak>) -> Result<u64, Error> {
    forged.forger.strike(oak.clone(), oak.clone())
}

/// A guest of which `code` is what it does, and which may call `next` and `echo`.
fn forged(code: &str) -> Forged {
    let policy = reachable().inbound(allow!(dyn Service: next, echo));
    start(code, policy, Limits::default())
}
