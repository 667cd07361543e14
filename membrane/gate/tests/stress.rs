//! Calls and revocations on two cores at once: is a target ever taken while a call is inside?
//!
//! The proof is in the loom models; this shows that `membarrier` does what they take it to do. Its negative control is the
//! same test built with `--cfg gate_no_barrier`, where the revoker's barrier does nothing: there violations must be seen,
//! or the test could not see any.
//!
//! # The window
//!
//! Without the barrier a caller's frame may still be in its core's store buffer when the revoker scans, while the caller
//! has seen the scope live already. The buffer is drained in order, so the test makes it long: right before a call, the
//! caller writes to memory that is in no cache. And the revoker starts on a signal that is in the same buffer, in front.
//!
//! # Seeing it
//!
//! The target of a cell is a guard that raises a flag when it is dropped. A call looks at the flag only, never at the
//! target, so that a violation is counted and touches no freed memory.

use object_membrane_gate::sync::{Acquire, AtomicUsize, Relaxed, Release};
use object_membrane_gate::{Cell, Cut, Holder, Options, Reclaim, Refusal, Scope, sever};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// What differs between the ways to run this.
mod size {
    use std::time::Duration;

    /// Cells made at a time.
    pub(super) const BATCH: usize = if cfg!(miri) { 8 } else { 64 };
    /// Batches at most, of either kind.
    pub(super) const BATCHES: usize = if cfg!(miri) { 2 } else { usize::MAX };
    /// Words to spoil the caches with. Each store takes a new page's line.
    pub(super) const COLD_WORDS: usize = if cfg!(miri) { 64 } else { 8 << 20 };
    /// Cold stores before a call, at most: a store buffer has room for more.
    pub(super) const COLD_STORES: u64 = if cfg!(miri) { 2 } else { 28 };
    /// How long each kind runs.
    pub(super) const TIME: Duration = Duration::from_millis(2500);
    /// How long the negative control looks for violations, and how many it wants.
    pub(super) const CONTROL_TIME: Duration = Duration::from_mins(1);
    pub(super) const CONTROL_VIOLATIONS: usize = 3;
}

const CONTROL: bool = cfg!(gate_no_barrier);

/// One cell in a scope of its own, and what its calls look at.
struct Round {
    cell: Cell<Guard, ()>,
    taken: Arc<AtomicUsize>,
    severed: AtomicUsize,
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        // Release: pairs with the load in `Round::is_taken`.
        self.0.store(1, Release);
    }
}

impl Round {
    fn new() -> Arc<Self> {
        let taken = Arc::new(AtomicUsize::new(0));
        let scope = Arc::new(Scope::new(Options::default(), ()));
        let cell = Cell::new(scope, Arc::new(Guard(taken.clone())));
        Arc::new(Self {
            cell,
            taken,
            severed: AtomicUsize::new(0),
        })
    }

    /// Acquire: pairs with `Guard::drop`.
    fn is_taken(&self) -> bool {
        self.taken.load(Acquire) == 1
    }

    fn sever(&self, cut: Cut<()>, holders: &mut Vec<Weak<dyn Holder>>) {
        sever(vec![cut], |_| std::mem::take(holders));
        // Release: pairs with `call_until_severed`.
        self.severed.store(1, Release);
    }

    fn cut(&self) -> Cut<()> {
        self.cell.scope().cut(1).expect("cut once")
    }

    /// Stays inside until the revoker is done. Whether it got in, and whether the target was taken meanwhile.
    fn call_until_severed(&self) -> (bool, bool) {
        let mut seen = (false, false);
        let _ = self.cell.call(
            0,
            |_| {
                // Acquire: pairs with `sever`.
                spin_until(|| self.severed.load(Acquire) == 1);
                seen = (true, self.is_taken());
                Ok(())
            },
            |_, refusal| refusal,
        );
        seen
    }

    /// Looks a few times. Whether it got in, and whether the target was taken meanwhile.
    fn call_briefly(&self) -> Result<bool, Refusal> {
        let mut seen = false;
        let result = self.cell.call(
            0,
            |_| {
                seen = (0..8).any(|_| self.is_taken());
                Ok(())
            },
            |_, refusal| refusal,
        );
        if seen {
            Ok(true)
        } else {
            result.map(|()| false)
        }
    }
}

impl Holder for Round {
    fn cell(&self) -> &dyn Reclaim {
        &self.cell
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("Guard", None)
    }
}

/// Spins, and lets others run if that takes long: there may be fewer cores than threads.
fn spin_until(mut done: impl FnMut() -> bool) {
    let mut turns = 0_u32;
    while !done() {
        turns += 1;
        if cfg!(miri) || turns.is_multiple_of(1 << 16) {
            thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
}

/// A cheap source of jitter.
struct Jitter(u64);

impl Jitter {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % limit
    }
}

type Batch = Arc<Vec<Arc<Round>>>;

fn batch() -> Batch {
    Arc::new((0..size::BATCH).map(|_| Round::new()).collect())
}

fn holders(rounds: &Batch) -> Vec<Vec<Weak<dyn Holder>>> {
    let weak = |round: &Arc<Round>| Arc::downgrade(round) as Weak<dyn Holder>;
    rounds.iter().map(|round| vec![weak(round)]).collect()
}

#[derive(Default)]
struct Counts {
    revocations: usize,
    /// Calls that were inside when the revoker was done, or that got in at all.
    inside: AtomicUsize,
    violations: AtomicUsize,
}

impl Counts {
    fn add(&self, inside: bool, violated: bool) {
        self.inside.fetch_add(usize::from(inside), Relaxed);
        self.violations.fetch_add(usize::from(violated), Relaxed);
    }

    /// Whether the negative control has what it wants.
    fn enough(&self) -> bool {
        CONTROL && self.violations.load(Relaxed) >= size::CONTROL_VIOLATIONS
    }
}

/// One caller and one revoker in step: each cell gets one call, aimed at.
fn aimed(counts: &mut Counts, end: Instant) {
    let signal = AtomicUsize::new(0);
    let mut revocations = 0;
    let shared = &*counts;
    thread::scope(|threads| {
        let (batches, received): (Sender<Batch>, Receiver<Batch>) = channel();
        let signal = &signal;
        threads.spawn(move || {
            let cold: Vec<_> = (0..size::COLD_WORDS).map(AtomicUsize::new).collect();
            // Nobody reads it, so the compiler must not know that.
            let cold = std::hint::black_box(&cold[..]);
            let (mut jitter, mut signals) = (Jitter(0x9e37_79b9), 0);
            for rounds in received {
                for round in &*rounds {
                    let stores = jitter.below(size::COLD_STORES);
                    let base = usize::try_from(jitter.below(1 << 40)).unwrap_or(0);
                    signals += 1;
                    // What the call reads must be at hand, or it sees the state no sooner than its frame is drained.
                    let _ = round.call_briefly();
                    // Release, for nobody in particular: what matters is that it is drained in front of the rest.
                    signal.store(signals, Release);
                    for store in 0..stores {
                        // Far enough apart for the prefetcher to see nothing in it.
                        let at = base.wrapping_add(
                            usize::try_from(store)
                                .unwrap_or(0)
                                .wrapping_mul(0x0004_1241),
                        );
                        cold[at % cold.len()].store(at, Relaxed);
                    }
                    let (inside, violated) = round.call_until_severed();
                    shared.add(inside, violated);
                    // The revoker may be waiting for a caller that was refused: it needs none.
                    spin_until(|| round.severed.load(Acquire) == 1);
                }
            }
        });
        let (mut jitter, mut signals) = (Jitter(0x7f4a_7c15), 0);
        let mut made = 0;
        while made < size::BATCHES && Instant::now() < end && !shared.enough() {
            made += 1;
            let rounds = batch();
            let mut holders = holders(&rounds);
            batches
                .send(rounds.clone())
                .expect("the caller runs until this end is dropped");
            for (round, holders) in rounds.iter().zip(&mut holders) {
                let delay = jitter.below(64);
                signals += 1;
                // Relaxed: a hint when to start.
                spin_until(|| signal.load(Relaxed) == signals);
                for _ in 0..delay {
                    std::hint::spin_loop();
                }
                round.sever(round.cut(), holders);
                revocations += 1;
            }
        }
    });
    counts.revocations += revocations;
}

/// Two callers go at a cell as fast as they can until it refuses, while the revoker goes from cell to cell.
fn hammered(counts: &mut Counts, end: Instant) {
    let mut revocations = 0;
    let shared = &*counts;
    thread::scope(|threads| {
        let callers = [0, 1].map(|_| {
            let (batches, received): (Sender<Batch>, Receiver<Batch>) = channel();
            threads.spawn(move || {
                for rounds in received {
                    for round in &*rounds {
                        let mut calls = 0_usize;
                        while let Ok(violated) = round.call_briefly() {
                            calls += 1;
                            if violated {
                                shared.add(false, true);
                            }
                        }
                        shared.add(calls > 0, false);
                    }
                }
            });
            batches
        });
        let mut jitter = Jitter(0x0f39_cc06);
        let mut made = 0;
        while made < size::BATCHES && Instant::now() < end && !shared.enough() {
            made += 1;
            let rounds = batch();
            let mut holders = holders(&rounds);
            for caller in &callers {
                caller
                    .send(rounds.clone())
                    .expect("the callers run until this end is dropped");
            }
            for (round, holders) in rounds.iter().zip(&mut holders) {
                for _ in 0..jitter.below(256) {
                    std::hint::spin_loop();
                }
                round.sever(round.cut(), holders);
                revocations += 1;
            }
        }
    });
    counts.revocations += revocations;
}

/// Why the negative control can show nothing on this machine.
fn control_is_blind() -> Option<&'static str> {
    if thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        return Some("there is one core only");
    }
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        use rustix::thread::{MembarrierCommand, membarrier_query};
        if membarrier_query().contains_command(MembarrierCommand::PrivateExpedited) {
            return None;
        }
    }
    Some("there is no membarrier, so that callers fence for themselves")
}

#[test]
fn target_is_never_taken_while_a_call_is_inside() {
    let mut counts = Counts::default();
    let start = Instant::now();
    if CONTROL {
        if let Some(why) = control_is_blind() {
            eprintln!("STRESS without the barrier shows nothing here: {why}");
            return;
        }
        while !counts.enough() && start.elapsed() < size::CONTROL_TIME {
            aimed(&mut counts, Instant::now() + size::TIME);
            hammered(&mut counts, Instant::now() + size::TIME);
        }
    } else {
        aimed(&mut counts, start + size::TIME);
        hammered(&mut counts, Instant::now() + size::TIME);
    }
    // Relaxed: the threads have been joined.
    let (inside, violations) = (counts.inside.load(Relaxed), counts.violations.load(Relaxed));
    eprintln!(
        "STRESS {} revocations, {violations} violations ({inside} of the cells had a call inside, {:.1} s{})",
        counts.revocations,
        start.elapsed().as_secs_f32(),
        if CONTROL { ", without the barrier" } else { "" },
    );
    if CONTROL {
        assert!(
            violations > 0,
            "without the barrier, violations must be seen"
        );
    } else {
        assert_eq!(violations, 0, "targets taken while in use");
        assert!(inside > 0, "no call got in: the test shows nothing");
    }
    assert!(
        start.elapsed() < Duration::from_mins(10),
        "it hung for a while"
    );
}
