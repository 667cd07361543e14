//! Calls back, from inside, and to any depth that the policy allows; nothing locks, overflows or is left behind.

#[path = "reentrancy/data.rs"]
mod data;
#[path = "reentrancy/depth.rs"]
mod depth;
#[path = "reentrancy/ending_threads.rs"]
mod ending_threads;
#[path = "reentrancy/inside.rs"]
mod inside;
#[path = "reentrancy/kept.rs"]
mod kept;
#[path = "reentrancy/lines.rs"]
mod lines;

use membrane::{Direction, Error, ErrorKind, Membrane, Policy, allow, interface};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::Builder;
use tests::{
    Census, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, worker_policy,
    working,
};

type Answer = Result<u64, Error>;
type Closure = Arc<dyn Fn(u64) -> Answer + Send + Sync>;
type Items = Box<dyn Iterator<Item = Answer> + Send>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Calls a proxy of itself, or of another, as long as that goes, and answers how often it went.
#[interface]
trait Deep {
    fn deeper(&self, calls: u64) -> Answer;
    fn closure(&self) -> Result<Closure, Error>;
    fn items(&self) -> Result<Items, Error>;
    fn meet(&self, other: Arc<dyn Deep>) -> Answer;
}

/// Goes on by the proxy in its slot, whose target may be another.
#[derive(Default)]
struct Well {
    next: OnceLock<Weak<dyn Deep>>,
    entered: AtomicUsize,
}

impl Well {
    fn next(&self) -> Arc<dyn Deep> {
        self.next
            .get()
            .expect("set")
            .upgrade()
            .expect("the test holds it")
    }

    fn set(&self, next: &Arc<dyn Deep>) {
        assert!(self.next.set(Arc::downgrade(next)).is_ok());
    }
}

impl Deep for Well {
    /// So many calls more, then the number that was asked for.
    fn deeper(&self, calls: u64) -> Answer {
        self.entered.fetch_add(1, SeqCst);
        if calls == 0 {
            Ok(0)
        } else {
            Ok(self.next().deeper(calls - 1)? + 1)
        }
    }

    fn closure(&self) -> Result<Closure, Error> {
        let next = self.next.get().cloned();
        Ok(Arc::new(move |calls| {
            match (calls, next.as_ref().and_then(Weak::upgrade)) {
                (0, _) | (_, None) => Ok(0),
                (_, Some(next)) => Ok(next.closure()?(calls - 1)? + 1),
            }
        }))
    }

    fn items(&self) -> Result<Items, Error> {
        let next = self.next.get().cloned();
        Ok(Box::new((0..9).map(
            move |index| match next.as_ref().and_then(Weak::upgrade) {
                // An even item is a call of its own.
                Some(next) if index % 2 == 0 => next.deeper(0).map(|_| index),
                _ => Ok(index),
            },
        )))
    }

    fn meet(&self, other: Arc<dyn Deep>) -> Answer {
        other.deeper(0)
    }
}

fn deep_policy(limit: u32) -> Policy {
    let deep = allow!(dyn Deep: deeper, closure, items, meet);
    working()
        .inbound(deep)
        .outbound(deep)
        .depth_limit(limit)
        .build()
        .unwrap()
}

/// A proxy whose target goes on by that very proxy.
fn well(membrane: &Membrane, direction: Direction) -> (Arc<Well>, Arc<dyn Deep>) {
    let well = Arc::new(Well::default());
    let lent = membrane
        .pass(well.clone() as Arc<dyn Deep>, direction)
        .unwrap();
    well.set(&lent);
    (well, lent)
}
