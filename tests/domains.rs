//! Domains, seen from outside: which of the two call paths is taken, what a refusal tells, what limits and names are worth,
//! and what closing ends.

#[path = "domains/closing.rs"]
mod closing;
#[path = "domains/handles.rs"]
mod handles;
#[path = "domains/limits.rs"]
mod limits;
#[path = "domains/paths.rs"]
mod paths;
#[path = "domains/refusals.rs"]
mod refusals;
#[path = "domains/shown.rs"]
mod shown;

use membrane::{Error, ErrorKind, Policy, allow, interface};
use runtime::{
    CallError, Domain, Dynamic, DynamicInterface, Limit, Limits, MessageLimits, Object, Runtime,
    Value,
};
use std::sync::{Arc, Mutex, PoisonError};
use tests::Token;

/// Holds what it is given.
///
/// Its documentation speaks of `wipe`.
#[interface(dynamic, version = 3)]
trait Shelf {
    /// Gives it back.
    fn echo(&self, text: &str) -> Result<String, Error>;
    /// Puts another one here.
    fn keep(&self, other: Arc<dyn Shelf>) -> Result<(), Error>;
    /// The one that was put here.
    fn kept(&self) -> Result<Option<Arc<dyn Shelf>>, Error>;
    /// Raises what it is told.
    fn complain(&self, text: &str) -> Result<(), Complaint>;
    /// Closes what the test says.
    fn act(&self) -> Result<(), Error>;
    /// Of nobody's business.
    fn wipe(&self, text: &str) -> Result<(), Error>;
}

#[derive(membrane::Passable, runtime::Dynamic, Debug, PartialEq)]
enum Complaint {
    Membrane(Error),
    Text(String),
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

const ECHO: u32 = 0;
const KEEP: u32 = 1;
const KEPT: u32 = 2;
const COMPLAIN: u32 = 3;
const ACT: u32 = 4;
const WIPE: u32 = 5;

type Log = Arc<Mutex<Vec<&'static str>>>;

#[derive(Default)]
struct Oak {
    entered: Log,
    kept: Mutex<Option<Arc<dyn Shelf>>>,
    act: Option<Box<dyn Fn() + Send + Sync>>,
    #[allow(dead_code, reason = "it counts while it lives")]
    token: Option<Token>,
}

impl Oak {
    fn enter(&self, method: &'static str) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered.push(method);
    }
}

impl Shelf for Oak {
    fn echo(&self, text: &str) -> Result<String, Error> {
        self.enter("echo");
        Ok(text.into())
    }
    fn keep(&self, other: Arc<dyn Shelf>) -> Result<(), Error> {
        self.enter("keep");
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn kept(&self) -> Result<Option<Arc<dyn Shelf>>, Error> {
        self.enter("kept");
        Ok(self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
    fn complain(&self, text: &str) -> Result<(), Complaint> {
        self.enter("complain");
        Err(Complaint::Text(text.into()))
    }
    fn act(&self) -> Result<(), Error> {
        self.enter("act");
        if let Some(act) = &self.act {
            act();
        }
        Ok(())
    }
    fn wipe(&self, _: &str) -> Result<(), Error> {
        self.enter("wipe");
        Ok(())
    }
}

/// All but `wipe`, both ways.
fn policy() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Shelf: echo, keep, kept, complain, act))
        .outbound(allow!(dyn Shelf: echo, keep, kept, complain, act))
        .build()
        .expect("one list each way")
}

fn guest(runtime: &Runtime, name: &str, limits: Limits) -> Domain {
    let guest = runtime.domain(name, limits);
    runtime
        .join(runtime.host(), &guest, policy())
        .expect("the first time");
    guest
}

fn two() -> (Runtime, Domain) {
    let runtime = Runtime::new();
    let guest = guest(&runtime, "guest", Limits::default());
    (runtime, guest)
}

fn oak(domain: &Domain) -> (Object, Log) {
    let entered = Log::default();
    let oak = Oak {
        entered: entered.clone(),
        ..Oak::default()
    };
    (domain.own::<dyn Shelf>(Arc::new(oak)), entered)
}

fn entered(log: &Log) -> Vec<&'static str> {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[track_caller]
fn kind<R: std::fmt::Debug>(result: Result<R, CallError>) -> ErrorKind {
    match result.expect_err("an error") {
        CallError::Membrane(error) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_broken<R: std::fmt::Debug>(result: Result<R, CallError>, reason: &str) {
    match result.expect_err("broken") {
        CallError::Membrane(error) => tests::assert_revoked(Err::<(), _>(error), reason),
        other => panic!("{other:?}"),
    }
}

fn text(size: usize) -> Value {
    "x".repeat(size).into()
}
