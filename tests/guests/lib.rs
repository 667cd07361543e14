//! WebAssembly guests: what they can do, and what they cannot.

#![cfg(test)]
#![forbid(unsafe_code)]

mod bounds;
mod churn;
mod data;
mod escapes;
mod files;
mod forged;
mod forger;
mod generated;
mod generator;
#[path = "../escapes/lab.rs"]
mod lab;
mod lifetimes;
mod limits;
mod oak;
mod pools;
mod stack;
mod two_guests;

use membrane::{Error, Policy, PolicyBuilder, allow};
use probe::{Counter, Fault, Items, Probe, Service, Visitor};
use runtime::{Limits, Runtime, wasm};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tests::{Census, Door, Token};

/// What nobody but the host may learn.
const SECRET: &str = "the host's secret";

fn engine() -> &'static wasm::Engine {
    static ENGINE: OnceLock<wasm::Engine> = OnceLock::new();
    ENGINE.get_or_init(|| wasm::Engine::new(wasm::EngineOptions::default()).expect("an engine"))
}

fn code() -> &'static wasm::Code {
    static CODE: OnceLock<wasm::Code> = OnceLock::new();
    CODE.get_or_init(|| engine().load(env!("PROBE")).expect("a component"))
}

fn listed() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Service: next, fail, child, echo, visit, keep, wait, bytes, items))
        .outbound(allow!(dyn Probe: echo, lengths, fault, counter, counters, one_counter, work, refused, round_trip, call_back,
            back_and_forth, keep, use_kept, forget, drop_inside, same, flood, sum, apply, adder, items, large, spin,
            recurse, grow, panic, panic_inside, wait, meet))
        .outbound(allow!(dyn Visitor: visited))
        .outbound(allow!(dyn Counter: visited, count))
}

fn policy() -> Policy {
    listed().depth_limit(24).build().expect("one list for each")
}

fn knowing() -> Runtime {
    let runtime = Runtime::new();
    runtime.know::<dyn Probe>();
    runtime.know::<dyn Counter>();
    runtime
}

/// A probe, and the host around it.
struct Started {
    runtime: Runtime,
    guest: wasm::Guest,
    probe: Arc<dyn Probe>,
}

impl Started {
    fn new(limits: Limits) -> Self {
        Self::under(policy(), limits)
    }

    fn under(policy: Policy, limits: Limits) -> Self {
        let runtime = knowing();
        let (guest, probe) = start_in(&runtime, "probe", policy, limits);
        Self {
            runtime,
            guest,
            probe,
        }
    }
}

fn start_in(
    runtime: &Runtime,
    name: &str,
    policy: Policy,
    limits: Limits,
) -> (wasm::Guest, Arc<dyn Probe>) {
    let guest = wasm::Guest::start(runtime, code(), name, policy, limits).expect("it starts");
    let probe = guest.root().expect("a probe");
    (guest, probe)
}

/// Limits with a deadline that a test can wait for.
fn brief() -> Limits {
    Limits {
        deadline: Some(Duration::from_millis(300)),
        ..Limits::default()
    }
}

/// Asserts that guests work: one that was there before, and a new one.
#[track_caller]
fn assert_works(probe: &Arc<dyn Probe>) {
    let server = Server::new();
    assert_eq!(probe.work(server.clone(), 3), Ok(6));
    assert_eq!(server.calls(), 3);
}

/// Asserts that a new guest works, of the engine that another has been on.
#[track_caller]
fn assert_engine_works() {
    assert_works(&Started::new(Limits::default()).probe);
}

/// The host's service.
struct Server {
    calls: AtomicUsize,
    door: Option<Arc<Door>>,
    waiting: Option<Box<dyn Fn() + Send + Sync>>,
    kept: Mutex<Vec<Arc<dyn Visitor>>>,
    census: Census,
    _token: Token,
}

impl Server {
    fn new() -> Arc<Self> {
        Arc::new(Self::counted(&Census::default()))
    }

    fn counted(census: &Census) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            door: None,
            waiting: None,
            kept: Mutex::default(),
            census: census.clone(),
            _token: census.token(),
        }
    }

    /// Its `wait` waits at the door.
    fn behind(door: &Arc<Door>) -> Arc<Self> {
        Arc::new(Self {
            door: Some(door.clone()),
            ..Self::counted(&Census::default())
        })
    }

    /// Its `wait` does this.
    fn doing(f: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            waiting: Some(Box::new(f)),
            ..Self::counted(&Census::default())
        })
    }

    /// How many calls have arrived.
    fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    fn arrived(&self) {
        self.calls.fetch_add(1, SeqCst);
    }
}

impl Service for Server {
    fn next(&self, to: u64) -> Result<u64, Error> {
        self.arrived();
        Ok(to + 1)
    }

    fn fail(&self, missing: u64) -> Result<(), Fault> {
        self.arrived();
        Err(Fault::Poor { missing })
    }

    fn secret(&self) -> Result<String, Error> {
        self.arrived();
        Ok(SECRET.into())
    }

    fn child(&self) -> Result<Arc<dyn Service>, Error> {
        self.arrived();
        Ok(Arc::new(Self::counted(&self.census)))
    }

    fn echo(&self, visitor: Arc<dyn Visitor>) -> Result<Arc<dyn Visitor>, Error> {
        self.arrived();
        Ok(visitor)
    }

    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error> {
        self.arrived();
        visitor.visited(times)
    }

    fn keep(&self, visitor: Arc<dyn Visitor>) -> Result<(), Error> {
        self.arrived();
        self.kept.lock().expect("no test panics here").push(visitor);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        self.arrived();
        if let Some(waiting) = &self.waiting {
            waiting();
        }
        if let Some(door) = &self.door {
            door.pass();
        }
        Ok(())
    }

    fn bytes(&self, count: u64) -> Result<Vec<u8>, Error> {
        self.arrived();
        Ok(vec![7; usize::try_from(count).expect("a test's number")])
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        self.arrived();
        Ok(Box::new((0..count).map(Ok)))
    }
}
