//! Ten million mixed operations from several threads, after which nothing may be left.
//!
//! `cargo bench -p object-membrane --bench soak`; `-- OPERATIONS THREADS` for other numbers than ten million and four.
//!
//! Each thread wraps, calls, passes callbacks, derives, suspends, resumes, waits, revokes and drops, in a tree of its own and
//! in one that all share, in an order that a generator with a fixed seed gives. A first round, a tenth as long, brings up
//! what a process keeps for good: frames and counters for each thread, interned reasons. Then the real round runs, by as many
//! threads. At its end no proxy, target, grant or table entry may be left, and the allocator must have as many bytes out as
//! before, but for what the standard library and the counters of refusals keep: [`KEPT_BYTES`].

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_types,
    reason = "counters of a program that loom never runs"
)]

use membrane::{Conditions, Error, ErrorKind, Membrane, Policy, allow, interface};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What may be kept beyond the first round: a table of counters that a thread made larger, and no more.
const KEPT_BYTES: i64 = 64 * 1024;

#[interface]
trait Store {
    fn get(&self, key: u64) -> Result<u64, Error>;
    fn text(&self, len: u64) -> Result<String, Error>;
    fn child(&self) -> Result<Arc<dyn Store>, Error>;
    fn echo(&self, store: Arc<dyn Store>) -> Result<Arc<dyn Store>, Error>;
    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error>;
    fn items(&self, count: u64) -> Result<Items, Error>;
    fn fail(&self) -> Result<(), Error>;
    fn forbidden(&self) -> Result<(), Error>;
}

type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

#[interface]
trait Visitor {
    fn visit(&self, number: u64) -> Result<u64, Error>;
}

/// Targets alive.
static ALIVE: AtomicI64 = AtomicI64::new(0);

struct Token;

impl Token {
    fn new() -> Self {
        ALIVE.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Relaxed);
    }
}

struct Shelf {
    _token: Token,
}

fn shelf() -> Arc<dyn Store> {
    Arc::new(Shelf {
        _token: Token::new(),
    })
}

impl Store for Shelf {
    fn get(&self, key: u64) -> Result<u64, Error> {
        Ok(key ^ 0xa5)
    }

    fn text(&self, len: u64) -> Result<String, Error> {
        Ok("x".repeat(usize::try_from(len % 64).unwrap_or(0)))
    }

    fn child(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(shelf())
    }

    fn echo(&self, store: Arc<dyn Store>) -> Result<Arc<dyn Store>, Error> {
        store.get(1)?;
        Ok(store)
    }

    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error> {
        (0..times % 8).try_fold(0, |sum, number| Ok(sum + visitor.visit(number)?))
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        let token = Token::new();
        Ok(Box::new((0..count % 8).map(move |item| {
            let _with_it = &token;
            Ok(item)
        })))
    }

    fn fail(&self) -> Result<(), Error> {
        std::panic::resume_unwind(Box::new("on purpose"))
    }

    fn forbidden(&self) -> Result<(), Error> {
        unreachable!("no policy lists it")
    }
}

struct Guest {
    _token: Token,
}

impl Visitor for Guest {
    fn visit(&self, number: u64) -> Result<u64, Error> {
        Ok(number)
    }
}

fn policy() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Store: get, text, child, echo, visit, items, fail))
        .outbound(allow!(dyn Visitor: visit))
        .outbound(allow!(dyn Store: get))
        .build()
        .expect("one list for each")
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }
}

/// How often each thing was done, and what came of it.
#[derive(Default)]
struct Counters {
    done: Mutex<BTreeMap<&'static str, u64>>,
    wrong: AtomicU64,
}

/// What all threads share: a tree, and references in it that any of them may take, use or replace.
struct Shared {
    membrane: Mutex<Membrane>,
    stores: Vec<Mutex<Option<Arc<dyn Store>>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One thread's own.
struct Worker<'a> {
    random: Random,
    shared: &'a Shared,
    membranes: Vec<Membrane>,
    stores: Vec<Arc<dyn Store>>,
    counts: BTreeMap<&'static str, u64>,
    wrong: u64,
}

/// No list of a worker's grows beyond this.
const MANY: usize = 64;

impl Worker<'_> {
    fn note(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Notes how a call ended: an answer that is neither right nor one of the membrane's is wrong.
    fn told<R>(
        &mut self,
        what: &'static str,
        result: Result<R, Error>,
        right: impl FnOnce(R) -> bool,
    ) {
        let ending = match result {
            Ok(value) => {
                if !right(value) {
                    self.wrong += 1;
                }
                what
            }
            Err(error) => match error.kind() {
                ErrorKind::Revoked => "revoked",
                ErrorKind::Suspended => "suspended",
                ErrorKind::Exhausted => "exhausted",
                ErrorKind::Panicked => "panicked",
                ErrorKind::Refused => "refused",
                _ => {
                    self.wrong += 1;
                    "wrong"
                }
            },
        };
        self.note(ending);
    }

    fn store(&mut self) -> Option<Arc<dyn Store>> {
        if self.random.next().is_multiple_of(4) {
            let at = self.random.below(self.shared.stores.len());
            return lock(&self.shared.stores[at]).clone();
        }
        let at = self.random.below(self.stores.len());
        self.stores.get(at).cloned()
    }

    fn membrane(&mut self) -> Membrane {
        if self.random.next().is_multiple_of(8) || self.membranes.is_empty() {
            return lock(&self.shared.membrane).clone();
        }
        let at = self.random.below(self.membranes.len());
        self.membranes[at].clone()
    }

    fn keep_store(&mut self, store: Arc<dyn Store>) {
        if self.random.next().is_multiple_of(8) {
            let at = self.random.below(self.shared.stores.len());
            let replaced = lock(&self.shared.stores[at]).replace(store);
            drop(replaced);
        } else if self.stores.len() < MANY {
            self.stores.push(store);
        } else {
            let at = self.random.below(MANY);
            self.stores[at] = store;
        }
    }

    fn keep_membrane(&mut self, membrane: Membrane) {
        if self.membranes.len() < MANY {
            self.membranes.push(membrane);
        } else {
            let at = self.random.below(MANY);
            self.membranes[at] = membrane;
        }
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..40 => self.call(),
            40..60 => self.wrap(),
            60..70 => self.pass(),
            70..78 => self.derive(),
            78..81 => self.suspend(),
            81..84 => self.revoke(),
            84..98 => self.drop_one(),
            _ => self.look(),
        }
    }

    fn call(&mut self) {
        let Some(store) = self.store() else {
            return self.note("nothing to call");
        };
        let number = self.random.next();
        match number % 8 {
            0..4 => {
                let result = store.get(number);
                self.told("get", result, |value| value == number ^ 0xa5);
            }
            4 | 5 => {
                let result = store.text(number);
                self.told("text", result, |text| text.len() as u64 == number % 64);
            }
            6 => {
                let result = store.forbidden();
                self.told("forbidden", result, |()| false);
            }
            _ => {
                let result = store.fail();
                self.told("fail", result, |()| false);
            }
        }
    }

    fn wrap(&mut self) {
        let membrane = self.membrane();
        let result = membrane.wrap(shelf());
        if let Ok(store) = &result {
            self.keep_store(store.clone());
        }
        self.told("wrap", result, |_| true);
    }

    fn pass(&mut self) {
        let Some(store) = self.store() else {
            return self.note("nothing to call");
        };
        let number = self.random.next();
        match number % 4 {
            0 => {
                let result = store.child();
                if let Ok(child) = &result {
                    self.keep_store(child.clone());
                }
                self.told("child", result, |_| true);
            }
            1 => {
                let own = shelf();
                let result = store.echo(own.clone());
                self.told("echo", result, |same| Arc::ptr_eq(&same, &own));
            }
            2 => {
                let times = number >> 8;
                let result = store.visit(
                    Arc::new(Guest {
                        _token: Token::new(),
                    }),
                    times,
                );
                let end = times % 8;
                self.told("visit", result, |sum| {
                    sum == end * end.saturating_sub(1) / 2
                });
            }
            _ => {
                let result = store
                    .items(number >> 8)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>);
                self.told("items", result, |items| {
                    items.len() as u64 == (number >> 8) % 8
                });
            }
        }
    }

    fn derive(&mut self) {
        let membrane = self.membrane();
        let conditions = |calls| Conditions::builder().calls(calls).proxies(1_000).build();
        let derived = match self.random.below(4) {
            0 => membrane.grant(&policy()),
            1 => membrane.attenuate(&policy()),
            2 => conditions(1 + self.random.next() % 64)
                .and_then(|conditions| membrane.grant_with(&policy(), &conditions)),
            _ => {
                self.note("membrane");
                return self.keep_membrane(Membrane::new(policy()));
            }
        };
        match derived {
            Ok(grant) => {
                self.note("grant");
                self.keep_membrane(grant);
            }
            // Of a revoked one, or beyond what its parent has left.
            Err(_) => self.note("no grant"),
        }
    }

    fn suspend(&mut self) {
        let membrane = self.membrane();
        if membrane.is_suspended() {
            membrane.resume();
            self.note("resume");
        } else {
            membrane.suspend("a pause", Some(Duration::from_millis(1)));
            self.note("suspend");
        }
    }

    fn revoke(&mut self) {
        match self.random.below(16) {
            0 => {
                // The shared tree, now and then, with everything that hangs on it.
                let new = Membrane::new(policy());
                let old = std::mem::replace(&mut *lock(&self.shared.membrane), new);
                old.revoke("a new one");
                self.note("revoke all");
            }
            1..4 => {
                let membrane = self.membrane();
                match membrane.revoke_and_wait("waited for", Duration::from_mins(1)) {
                    Ok(()) => self.note("revoke and wait"),
                    Err(_) => self.wrong += 1,
                }
            }
            _ => {
                let membrane = self.membrane();
                membrane.revoke("enough");
                self.note("revoke");
            }
        }
    }

    fn drop_one(&mut self) {
        if self.random.next().is_multiple_of(4) {
            if !self.membranes.is_empty() {
                let at = self.random.below(self.membranes.len());
                drop(self.membranes.swap_remove(at));
            }
        } else if !self.stores.is_empty() {
            let at = self.random.below(self.stores.len());
            drop(self.stores.swap_remove(at));
        }
        self.note("drop");
    }

    fn look(&mut self) {
        let membrane = self.membrane();
        if membrane.snapshot().grants.is_empty() {
            self.wrong += 1;
        }
        self.note("snapshot");
    }
}

/// One round: nothing of it is left in the caller's hands.
fn round(operations: u64, threads: u64, seed: u64) -> Counters {
    let counters = Counters::default();
    let shared = Shared {
        membrane: Mutex::new(Membrane::new(policy())),
        stores: (0..32).map(|_| Mutex::new(None)).collect(),
    };
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (shared, counters) = (&shared, &counters);
            scope.spawn(move || {
                let mut worker = Worker {
                    random: Random((seed + thread + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                    shared,
                    membranes: Vec::new(),
                    stores: Vec::new(),
                    counts: BTreeMap::new(),
                    wrong: 0,
                };
                for _ in 0..operations / threads {
                    worker.step();
                }
                counters.wrong.fetch_add(worker.wrong, Relaxed);
                let mut done = lock(&counters.done);
                for (what, count) in worker.counts {
                    *done.entry(what).or_default() += count;
                }
            });
        }
    });
    // What is left of the shared tree: its proxies first, then what they were counted in.
    for store in &shared.stores {
        let last = lock(store).take();
        drop(last);
    }
    let left = lock(&shared.membrane).live_proxies() as u64;
    counters.wrong.fetch_add(left, Relaxed);
    counters
}

/// Bytes that are out.
fn bytes() -> i64 {
    let stats = ALLOCATOR.stats();
    i64::try_from(stats.bytes_allocated).unwrap_or(i64::MAX)
        - i64::try_from(stats.bytes_deallocated).unwrap_or(i64::MAX)
}

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let operations = numbers.first().copied().unwrap_or(10_000_000);
    let threads = numbers.get(1).copied().unwrap_or(4).max(1);
    drop(round(operations / 10, threads, 1));
    let (before, begin) = (bytes(), Instant::now());
    let counters = round(operations, threads, 1_000);
    let seconds = begin.elapsed().as_secs_f64();
    println!("{operations} operations by {threads} threads in {seconds:.1} s");
    for (what, count) in std::mem::take(&mut *lock(&counters.done)) {
        println!("{what}\t{count}");
    }
    let wrong = counters.wrong.load(Relaxed);
    drop(counters);
    let (alive, kept) = (ALIVE.load(Relaxed), bytes() - before);
    println!("wrong answers\t{wrong}\ntargets alive\t{alive}\nbytes kept\t{kept}");
    if wrong == 0 && alive == 0 && kept <= KEPT_BYTES {
        ExitCode::SUCCESS
    } else {
        eprintln!("something was left, or wrong");
        ExitCode::FAILURE
    }
}
