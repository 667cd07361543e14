//! Leases: each call is checked and wrapped as a call through the proxy is, whatever the lease saves.
//!
//! That a call went the short way shows in `depth`, which is how many calls with a frame the target's thread is inside of.

#[path = "lease/answers.rs"]
mod answers;
#[path = "lease/depth.rs"]
mod depth;
#[path = "lease/ordinary.rs"]
mod ordinary;
#[path = "lease/revoking.rs"]
mod revoking;

use membrane::{
    Error, ErrorKind, Lease, Membrane, OnPanic, Passable, Policy, PolicyBuilder, WaitError, allow,
    interface, lease,
};
use object_membrane_gate::depth;
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{Census, Token, assert_kind, assert_revoked, sized, soon, start};

type Callback = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;

#[interface]
trait Named: Debug {
    fn name(&self) -> Result<String, Error>;
    fn rename(&self) -> Result<(), Error>;
}

#[interface]
trait Account: Named {
    fn depth(&self) -> Result<u64, Error>;
    fn destroy(&self) -> Result<u64, Error>;
    fn run(&self, callback: Callback) -> Result<u64, Error>;
    fn run_long(&self, callback: Callback) -> Result<[u64; 8], Error>;
    fn same(&self, other: Arc<dyn Account>) -> Result<Arc<dyn Account>, Error>;
    fn is_self(&self, other: Arc<dyn Account>) -> Result<bool, Error>;
    fn fail(&self) -> Result<u64, Failure>;
    fn pass_on(&self, error: Error) -> Result<u64, Error>;
    fn text(&self, text: &str) -> Result<String, Error>;
}

#[derive(Debug, Passable)]
enum Failure {
    Membrane(Error),
    Owns(Arc<dyn Account>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

struct Savings {
    me: std::sync::Weak<Savings>,
    /// How often `depth` was entered.
    entered: Arc<AtomicU64>,
    _token: Option<Token>,
}

impl Savings {
    fn counted(token: Option<Token>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            entered: Arc::default(),
            _token: token,
        })
    }

    fn opened() -> Arc<dyn Account> {
        Self::counted(None)
    }
}

impl Debug for Savings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the target's own Debug")
    }
}

impl Named for Savings {
    fn name(&self) -> Result<String, Error> {
        Ok(format!("savings, {} deep", depth()))
    }
    fn rename(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Account for Savings {
    fn depth(&self) -> Result<u64, Error> {
        self.entered.fetch_add(1, SeqCst);
        Ok(depth() as u64)
    }
    fn destroy(&self) -> Result<u64, Error> {
        panic!("never allowed")
    }
    fn run(&self, callback: Callback) -> Result<u64, Error> {
        callback()
    }
    fn run_long(&self, callback: Callback) -> Result<[u64; 8], Error> {
        Ok([callback()?; 8])
    }
    fn same(&self, other: Arc<dyn Account>) -> Result<Arc<dyn Account>, Error> {
        Ok(other)
    }
    fn is_self(&self, other: Arc<dyn Account>) -> Result<bool, Error> {
        let me: Arc<dyn Account> = self.me.upgrade().expect("it is being called");
        Ok(Arc::ptr_eq(&other, &me))
    }
    fn fail(&self) -> Result<u64, Failure> {
        Err(Failure::Owns(
            self.me.upgrade().expect("it is being called"),
        ))
    }
    fn pass_on(&self, error: Error) -> Result<u64, Error> {
        Err(error)
    }
    fn text(&self, text: &str) -> Result<String, Error> {
        assert_ne!(text, "panic", "told to");
        Ok(text.repeat(2))
    }
}

fn opening() -> PolicyBuilder {
    let list = allow!(
        dyn Account: name, depth, run, run_long, same, is_self, fail, pass_on, text
    );
    Policy::builder().inbound(list).outbound(list)
}

fn membrane() -> Membrane {
    Membrane::new(opening().build().unwrap())
}

struct Stage {
    membrane: Membrane,
    account: Arc<dyn Account>,
    alive: Census,
    entered: Arc<AtomicU64>,
}

/// An account that is lent, and counted while it lives.
fn stage() -> Stage {
    let (membrane, alive) = (membrane(), Census::default());
    let savings = Savings::counted(Some(alive.token()));
    let entered = savings.entered.clone();
    let account = membrane.wrap::<dyn Account>(savings).unwrap();
    Stage {
        membrane,
        account,
        alive,
        entered,
    }
}

fn callback(f: impl Fn() -> u64 + Send + Sync + 'static) -> Callback {
    Arc::new(move || Ok(f()))
}

#[track_caller]
fn assert_short(lease: &Lease<dyn Account>) {
    assert_eq!(lease.depth(), Ok(0), "a call without a frame");
}
