//! How often what happened in each scope: counters of each thread's own, added up when somebody asks.
//!
//! A refusal takes no lock, allocates nothing and writes nothing that another thread writes. Each thread has a *shard*, a
//! table of counters by the scope's *place*, a small number that a scope gets when it first has something to count. The
//! counter that was used last is at hand in two thread-local words.
//!
//! # Who may touch which field when
//!
//! - A shard's counters: written by the thread that owns the shard, read by anybody. The one exception: when a scope dies,
//!   nobody counts for it any more, and its counters in all shards are set to zero before its place is another's.
//! - Shards live as long as the process; that of an ended thread waits for the next.
//! - [`STRAY`] belongs to all threads whose own shard is gone already: its counters are added to atomically.
//!
//! A place and a shard's memory are taken when a scope, or a thread, first counts something; nothing is freed.

#![allow(
    clippy::disallowed_types,
    reason = "counters that order nothing but themselves: loom need not see them"
)]

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// What is counted. The values are places in a [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A method that is not listed.
    NotAllowed = 0,
    Revoked = 1,
    TooDeep = 2,
    Panicked = 3,
    /// An argument that may not cross.
    Rejected = 4,
    /// A condition that is not met.
    Condition = 5,
    /// A call that enters its target, where calls are counted.
    Called = 6,
}

const KINDS: usize = 8;

/// What was counted for one scope, by [`Counted`].
pub(crate) type Counts = [u64; KINDS];

/// One thread's counters for one scope.
#[derive(Default)]
#[repr(align(64))]
struct Set([AtomicU64; KINDS]);

/// Scopes that can be counted for at once. Of further ones nothing is counted.
const MAX_PLACES: u32 = if cfg!(miri) { 1 << 16 } else { 1 << 22 };
const SETS: usize = 64;
const LEAVES: usize = 256;
const MIDDLES: usize = MAX_PLACES as usize / SETS / LEAVES;

type Leaf = Box<[Set; SETS]>;
type Middle = Box<[OnceLock<Leaf>; LEAVES]>;

/// One thread's counters, by place.
struct Shard([OnceLock<Middle>; MIDDLES]);

impl Shard {
    const fn new() -> Self {
        Self([const { OnceLock::new() }; MIDDLES])
    }

    fn get(&self, place: u32) -> Option<&Set> {
        let place = place as usize;
        let middle = self.0.get(place / SETS / LEAVES)?.get()?;
        let leaf = middle[place / SETS % LEAVES].get()?;
        Some(&leaf[place % SETS])
    }

    fn get_or_make(&self, place: u32) -> Option<&Set> {
        let place = place as usize;
        let middle = self
            .0
            .get(place / SETS / LEAVES)?
            .get_or_init(|| Box::new([const { OnceLock::new() }; LEAVES]));
        let leaf = middle[place / SETS % LEAVES]
            .get_or_init(|| Box::new(std::array::from_fn(|_| Set::default())));
        Some(&leaf[place % SETS])
    }
}

/// Where a scope's counters are, in every shard; and whether somebody watches the scope.
///
/// In one word, so that a refusal that nobody hears of looks once. The number is zero before there are any counters. The
/// flags: see [`watch`](super::watch).
#[derive(Debug, Default)]
pub(crate) struct Place(AtomicU32);

const AUDITED: u32 = 1 << 31;
const COUNTING: u32 = 1 << 30;
const NUMBER: u32 = COUNTING - 1;

/// Who watches a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// A hook is to be told.
    pub(crate) audited: bool,
    /// Calls are counted.
    pub(crate) counting: bool,
}

impl Flags {
    /// What either asks for.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            audited: self.audited || other.audited,
            counting: self.counting || other.counting,
        }
    }
}

/// All shards, those that no thread owns, and which places are free.
struct Registry {
    shards: Vec<&'static Shard>,
    idle: Vec<&'static Shard>,
    free: Vec<u32>,
    /// The greatest place that was ever given out; zero is none.
    last: u32,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    shards: Vec::new(),
    idle: Vec::new(),
    free: Vec::new(),
    last: 0,
});

fn registry() -> MutexGuard<'static, Registry> {
    // Nothing of ours panics under it, and no code of another party runs there.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For threads whose own shard is gone.
static STRAY: Shard = Shard::new();

/// No scope's place.
const NOWHERE: u32 = u32::MAX;

/// The counters that this thread used last. No destructor, so that it can be used at any point of a thread's life.
struct Hot {
    place: Cell<u32>,
    set: Cell<&'static Set>,
}

/// Nothing is counted here: it is no scope's.
static NOBODYS: Set = Set([const { AtomicU64::new(0) }; KINDS]);

thread_local! {
    static HOT: Hot = const { Hot { place: Cell::new(NOWHERE), set: Cell::new(&NOBODYS) } };
    /// Gives the shard back when the thread ends.
    static OWNER: Owner = const { Owner(Cell::new(None)) };
}

struct Owner(Cell<Option<&'static Shard>>);

impl Drop for Owner {
    fn drop(&mut self) {
        HOT.with(|hot| hot.place.set(NOWHERE));
        if let Some(shard) = self.0.take() {
            registry().idle.push(shard);
        }
    }
}

impl Place {
    /// Counts one more, on this thread.
    pub(crate) fn count(&self, what: Counted) {
        if !self.count_again(what) {
            self.count_first(what);
        }
    }

    /// Counts one more, if this thread's last was this scope's, too. Returns whether it was.
    #[inline(always)]
    #[must_use = "if not, nothing was counted"]
    pub(crate) fn count_again(&self, what: Counted) -> bool {
        // Acquire: the counters of a place that was another scope's are zero; pairs with `take`.
        let place = self.0.load(Ordering::Acquire);
        HOT.with(|hot| {
            let again = hot.place.get() == place;
            if again {
                bump(&hot.set.get().0[what as usize]);
            }
            again
        })
    }

    /// As [`count`](Self::count), for a scope that this thread did not count for just now.
    #[cold]
    #[inline(never)]
    pub(crate) fn count_first(&self, what: Counted) {
        let place = match self.0.load(Ordering::Acquire) & NUMBER {
            0 => self.take(),
            place => place,
        };
        let owned = OWNER.try_with(|owner| {
            owner.0.get().unwrap_or_else(|| {
                let shard = adopt();
                owner.0.set(Some(shard));
                shard
            })
        });
        match owned {
            Ok(shard) => {
                if let Some(set) = shard.get_or_make(place) {
                    HOT.with(|hot| {
                        hot.place.set(place);
                        hot.set.set(set);
                    });
                    bump(&set.0[what as usize]);
                }
            }
            Err(_) => {
                if let Some(set) = STRAY.get_or_make(place) {
                    set.0[what as usize].fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Gets a place, unless another thread has got it meanwhile.
    fn take(&self) -> u32 {
        let mut registry = registry();
        let taken = self.0.load(Ordering::Relaxed) & NUMBER;
        if taken != 0 {
            return taken;
        }
        let place = registry.free.pop().unwrap_or_else(|| {
            // One beyond the last stands for all that there is no room for.
            registry.last = (registry.last + 1).min(MAX_PLACES);
            registry.last
        });
        // Release: pairs with `count`. The registry's lock was released after the counters had been set to zero.
        self.0.fetch_or(place, Ordering::Release);
        place
    }

    /// Who watches.
    #[inline(always)]
    pub(crate) fn flags(&self) -> Flags {
        // Acquire: what was asked for before the flags were set is visible; pairs with `set_flags`.
        let word = self.0.load(Ordering::Acquire);
        Flags {
            audited: word & AUDITED != 0,
            counting: word & COUNTING != 0,
        }
    }

    /// Under the lock of the node's family; or before anybody else has the node.
    pub(crate) fn set_flags(&self, flags: Flags) {
        let set = [(flags.audited, AUDITED), (flags.counting, COUNTING)];
        for (on, bit) in set {
            // AcqRel: pairs with `flags`.
            if on {
                self.0.fetch_or(bit, Ordering::AcqRel);
            } else {
                self.0.fetch_and(!bit, Ordering::AcqRel);
            }
        }
    }

    /// What was counted: all that happened before, and perhaps some of what happens meanwhile.
    pub(crate) fn counts(&self, shards: &Shards) -> Counts {
        let mut counts = Counts::default();
        let place = self.0.load(Ordering::Acquire) & NUMBER;
        if place == 0 {
            return counts;
        }
        for set in shards.0.iter().filter_map(|shard| shard.get(place)) {
            for (sum, counter) in counts.iter_mut().zip(&set.0) {
                *sum += counter.load(Ordering::Relaxed);
            }
        }
        counts
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let place = *self.0.get_mut() & NUMBER;
        if place == 0 || place >= MAX_PLACES {
            return;
        }
        let mut registry = registry();
        // Nobody counts for a scope that is being dropped: its counters are nobody's.
        for shard in registry.shards.iter().copied().chain([&STRAY]) {
            if let Some(set) = shard.get(place) {
                set.0
                    .iter()
                    .for_each(|counter| counter.store(0, Ordering::Relaxed));
            }
        }
        registry.free.push(place);
    }
}

/// Adds one to a counter that only this thread writes.
#[inline(always)]
fn bump(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// A shard for a thread that has none.
fn adopt() -> &'static Shard {
    let mut registry = registry();
    registry.idle.pop().unwrap_or_else(|| {
        let shard: &'static Shard = Box::leak(Box::new(Shard::new()));
        registry.shards.push(shard);
        shard
    })
}

/// Every thread's counters.
pub(crate) struct Shards(Vec<&'static Shard>);

impl Shards {
    pub(crate) fn all() -> Self {
        let mut shards = registry().shards.clone();
        shards.push(&STRAY);
        Self(shards)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Counted, MAX_PLACES, Place, Shards};
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::thread::spawn;

    fn counted(place: &Place, what: Counted) -> u64 {
        place.counts(&Shards::all())[what as usize]
    }

    #[test]
    fn every_thread_adds_to_one_sum() {
        let place = Arc::new(Place::default());
        let threads: Vec<_> = (0..4_u64)
            .map(|index| {
                let place = place.clone();
                spawn(move || {
                    for _ in 0..100 * (index + 1) {
                        place.count(Counted::NotAllowed);
                    }
                    place.count(Counted::Revoked);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(counted(&place, Counted::NotAllowed), 1000);
        assert_eq!(counted(&place, Counted::Revoked), 4);
        assert_eq!(counted(&place, Counted::TooDeep), 0);
    }

    /// Fails if `Drop for Place` leaves the counters as they are.
    #[test]
    fn place_of_a_dead_scope_starts_at_zero() {
        const ROUNDS: usize = if cfg!(miri) { 4 } else { 50 };
        // Other tests take places, too: some of these are used again.
        for _ in 0..ROUNDS {
            let places: Vec<_> = (0..20).map(|_| Place::default()).collect();
            for place in &places {
                assert_eq!(counted(place, Counted::TooDeep), 0);
                place.count(Counted::TooDeep);
                place.count(Counted::TooDeep);
                assert_eq!(counted(place, Counted::TooDeep), 2);
            }
        }
    }

    /// Fails if the counter that is at hand is used for whatever scope comes next.
    #[test]
    fn scopes_in_turn_are_not_mixed_up() {
        let places: [Place; 3] = Default::default();
        for round in 0..30 {
            places[round % 3].count(Counted::Rejected);
            places[round % 2].count(Counted::Panicked);
        }
        let of = |what| [0, 1, 2].map(|index: usize| counted(&places[index], what));
        assert_eq!(of(Counted::Rejected), [10, 10, 10]);
        assert_eq!(of(Counted::Panicked), [15, 15, 0]);
    }

    /// Fails if the thread-local pointer outlives the shard's owner: the next thread would lose counts to this one.
    #[test]
    fn thread_that_is_ending_counts_too() {
        struct Late(Arc<Place>);
        impl Drop for Late {
            fn drop(&mut self) {
                for _ in 0..10 {
                    self.0.count(Counted::NotAllowed);
                }
            }
        }
        thread_local! {
            static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
        }
        for first in [true, false] {
            let place = Arc::new(Place::default());
            let late = Late(place.clone());
            spawn(move || {
                // In one of the two orders `LATE` goes after the shard.
                if first {
                    late.0.count(Counted::NotAllowed);
                }
                LATE.with(|slot| {
                    let place = late.0.clone();
                    *slot.borrow_mut() = Some(late);
                    place.count(Counted::NotAllowed);
                });
            })
            .join()
            .unwrap();
            assert_eq!(counted(&place, Counted::NotAllowed), 11 + u64::from(first));
        }
    }

    /// Of more scopes than there is room for nothing is counted, and nothing breaks.
    #[test]
    fn place_beyond_the_last_counts_nothing() {
        let beyond = Place::default();
        beyond.0.store(MAX_PLACES, super::Ordering::Release);
        beyond.count(Counted::Revoked);
        assert_eq!(counted(&beyond, Counted::Revoked), 0);
    }
}
