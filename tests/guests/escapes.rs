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
use membrane::{Error, PolicyBuilder, allow};
use probe::{Fault, Items, Service, Visitor};
use runtime::{DynamicInterface, Limits};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What the guest answers with if the host answered its last call; below it, the number of the failure.
const ANSWERED: u64 = 100;
const REFUSED: u64 = 0;
const REVOKED: u64 = 1;

/// What nobody but the host may learn.
const SECRET: u64 = 0x5EC_4E7;

type Next = Box<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

/// The host's service.
#[derive(Default)]
struct Oak {
    log: Mutex<Vec<&'static str>>,
    next: Option<Next>,
    /// What `echo` gives instead of what it gets.
    instead: Option<Arc<dyn Visitor>>,
    kept: Mutex<Vec<Arc<dyn Visitor>>>,
    child: Mutex<Option<Arc<Self>>>,
}

impl Oak {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Its `next` does this.
    fn doing(next: impl Fn(u64) -> Result<u64, Error> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            next: Some(Box::new(next)),
            ..Self::default()
        })
    }

    fn enter(&self, method: &'static str) {
        self.log.lock().expect("no panic").push(method);
    }

    /// How often `method` was entered.
    fn entered(&self, method: &str) -> usize {
        let log = self.log.lock().expect("no panic");
        log.iter().filter(|entered| **entered == method).count()
    }
}

impl Service for Oak {
    fn next(&self, to: u64) -> Result<u64, Error> {
        self.enter("next");
        self.next.as_ref().map_or(Ok(to), |next| next(to))
    }

    fn fail(&self, missing: u64) -> Result<(), Fault> {
        self.enter("fail");
        Err(Fault::Poor { missing })
    }

    fn secret(&self) -> Result<String, Error> {
        self.enter("secret");
        Ok(SECRET.to_string())
    }

    fn child(&self) -> Result<Arc<dyn Service>, Error> {
        self.enter("child");
        let child = Self::new();
        *self.child.lock().expect("no panic") = Some(child.clone());
        Ok(child)
    }

    fn echo(&self, visitor: Arc<dyn Visitor>) -> Result<Arc<dyn Visitor>, Error> {
        self.enter("echo");
        Ok(self.instead.clone().unwrap_or(visitor))
    }

    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error> {
        self.enter("visit");
        visitor.visited(times)
    }

    fn keep(&self, visitor: Arc<dyn Visitor>) -> Result<(), Error> {
        self.enter("keep");
        self.kept.lock().expect("no panic").push(visitor);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        self.enter("wait");
        Ok(())
    }

    fn bytes(&self, count: u64) -> Result<Vec<u8>, Error> {
        self.enter("bytes");
        Ok(vec![7; usize::try_from(count).expect("a test's number")])
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        self.enter("items");
        Ok(Box::new((0..count).map(Ok)))
    }
}

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

/// A guest of which `code` is what it does, and which may call `next` and `echo`.
fn forged(code: &str) -> Forged {
    let policy = reachable().inbound(allow!(dyn Service: next, echo));
    start(code, policy, Limits::default())
}
