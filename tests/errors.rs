//! What a caller is told, in which order, and what it is never told.

#[path = "errors/payloads.rs"]
mod payloads;
#[path = "errors/reasons.rs"]
mod reasons;
#[path = "errors/refusals.rs"]
mod refusals;
#[path = "errors/untold.rs"]
mod untold;

use membrane::{Direction, Error, ErrorKind, Membrane, Passable, Policy, Reason, allow, interface};
use std::collections::HashSet;
use std::error::Error as _;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::{Scripted, Worker, assert_kind, plain_worker, worker_policy, working};

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Counts how often it is converted. By hand, hence trusted; it holds no reference.
#[derive(Clone, Default)]
struct Probe(Arc<AtomicUsize>);

impl Passable for Probe {
    const BARE: bool = false;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(self)
    }
}

#[interface]
trait Named: Debug {
    fn name(&self) -> Result<String, Error>;
    fn rename(&self) -> Result<(), Error>;
}

#[interface]
trait Desk: Named {
    fn probe(&self, probe: Probe) -> Result<u64, Error>;
    fn probe_and_meet(&self, probe: Probe, other: Arc<dyn Worker>) -> Result<u64, Error>;
    fn unlisted(&self) -> Result<u64, Error>;
    fn unlisted_probe(&self, probe: Probe, other: Arc<dyn Worker>) -> Result<u64, Error>;
    fn panics(&self) -> Result<u64, Error>;
    fn fails(&self, with: Error) -> Result<u64, Error>;
}

/// The name of this type, and its secret, appear in no text that the other side gets.
struct SecretDesk {
    secret: String,
    debugged: Arc<AtomicUsize>,
}

impl SecretDesk {
    fn share(debugged: &Arc<AtomicUsize>) -> Arc<dyn Desk> {
        Arc::new(Self {
            secret: "/etc/s3cret".into(),
            debugged: debugged.clone(),
        })
    }
}

impl Debug for SecretDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.debugged.fetch_add(1, SeqCst);
        write!(f, "SecretDesk at {:p}: {}", self, self.secret)
    }
}

impl Named for SecretDesk {
    fn name(&self) -> Result<String, Error> {
        Ok("desk".into())
    }

    fn rename(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Desk for SecretDesk {
    fn probe(&self, _: Probe) -> Result<u64, Error> {
        Ok(1)
    }

    fn probe_and_meet(&self, _: Probe, other: Arc<dyn Worker>) -> Result<u64, Error> {
        other.run()
    }

    fn unlisted(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn unlisted_probe(&self, _: Probe, other: Arc<dyn Worker>) -> Result<u64, Error> {
        other.run()
    }

    fn panics(&self) -> Result<u64, Error> {
        panic!("{} of SecretDesk at {:p}", self.secret, self)
    }

    fn fails(&self, with: Error) -> Result<u64, Error> {
        Err(with)
    }
}

fn desk_policy() -> Policy {
    let desk = allow!(dyn Desk: probe, probe_and_meet, panics, fails, name);
    working().inbound(desk).outbound(desk).build().unwrap()
}

fn lend_desk(membrane: &Membrane, direction: Direction) -> Arc<dyn Desk> {
    membrane
        .pass(SecretDesk::share(&Arc::default()), direction)
        .unwrap()
}

fn texts(error: Error) -> [String; 4] {
    [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        format!("{error:#}"),
    ]
}
