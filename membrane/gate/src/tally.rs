//! Counters that cost who counts no lock and no shared write: each thread has its own, added up when somebody asks.
//!
//! A [`Tally`] counts for one owner. A thread that counts for it has a *set* of counters of its own for that; the one that it
//! used last is at hand in two thread-local words. A set is freed with its tally, or when its thread ends, whichever comes
//! first; what an ended thread counted stays with the tally.
//!
//! # Fields
//!
//! - A set's counters: written by the thread that it is of, read by anybody.
//! - [`Shard::sets`]: a thread's sets, by the number of their tally. Added to by the thread, taken out of by whoever drops the
//!   tally, emptied by the thread as it ends.
//! - [`Mine::near`]: where the thread found the last few of them. Its own alone.
//! - [`Registry::ended`]: what was counted by threads whose own counters are gone, as by those that end only now.
//!
//! # Why a set that is at hand is there
//!
//! **I8** A pointer to a set is followed only under a borrow of the tally whose number it was kept with, by the thread that the
//! set is of. Numbers are never used again. So the tally is not dropped; and a thread forgets its pointers before it frees its
//! sets, and keeps none after that.
//!
//! # Locks
//!
//! The registry's, and under it a shard's. A thread takes its own shard's alone, to find a set that is none of the last few; an
//! ending thread, and one that has no shard yet, the registry's, as whoever drops a tally that has counted. Under either nothing
//! runs but the allocator. A thread ends in time in proportion to the live tallies that it counted for.

#![allow(
    clippy::disallowed_types,
    reason = "counters that order nothing but themselves: loom need not see them"
)]

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Kinds of things that a tally counts: they are named by numbers below this.
pub const KINDS: usize = 8;

/// What was counted, by kind.
pub type Counts = [u64; KINDS];

/// Counts, on any thread, what happens to its owner; and has a number, and two marks that say more of the owner.
///
/// All in one word, so that who counts for a tally without marks looks once.
#[derive(Debug)]
pub struct Tally(AtomicU64);

/// The marks of a [`Tally`], as bits of one word.
pub const MARKS: u64 = 0b11;
/// Whether there is anything to add up, or to free.
const COUNTED: u64 = 0b100;
/// How far up the number is.
const NUMBER: u32 = 3;

/// One thread's counters for one tally.
#[derive(Default)]
#[repr(align(64))]
struct Set([AtomicU64; KINDS]);

impl Set {
    /// Adds one. Called by the thread that the set is of.
    #[inline(always)]
    fn bump(&self, kind: usize) {
        // Relaxed, twice: nobody else writes, and who reads has heard of what was counted in some other way.
        let count = self.0[kind].load(Ordering::Relaxed);
        self.0[kind].store(count + 1, Ordering::Relaxed);
    }

    fn add_to(&self, counts: &mut Counts) {
        for (sum, counter) in counts.iter_mut().zip(&self.0) {
            // Relaxed: see `bump`.
            *sum += counter.load(Ordering::Relaxed);
        }
    }
}

/// A set by its address, which stays what it is wherever this is moved.
struct OwnedSet(NonNull<Set>);

// SAFETY: a set consists of atomics, and this is its one owner.
unsafe impl Send for OwnedSet {}

impl OwnedSet {
    fn new() -> Self {
        Self(NonNull::from(Box::leak(Box::default())))
    }

    fn get(&self) -> &Set {
        // SAFETY: made by `new`, freed by `drop`; only ever lent shared.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for OwnedSet {
    fn drop(&mut self) {
        // SAFETY: `new` made the box; by I8 nobody follows a pointer to it any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// One thread's sets, where others find them.
#[derive(Default)]
struct Shard {
    sets: Mutex<BTreeMap<u64, OwnedSet>>,
}

/// The shards of the threads that have any, and what was counted elsewhere.
struct Registry {
    shards: Vec<Arc<Shard>>,
    ended: BTreeMap<u64, Counts>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    shards: Vec::new(),
    ended: BTreeMap::new(),
});

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing of ours panics under it, and no code of another party runs there.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What this thread has at hand. No destructor, so that it can be used at any point of a thread's life.
struct Hot {
    /// The word of the tally that it counted for last, without marks; zero is no tally's.
    word: Cell<u64>,
    set: Cell<NonNull<Set>>,
}

thread_local! {
    static HOT: Hot = const { Hot { word: Cell::new(0), set: Cell::new(NonNull::dangling()) } };
    /// Frees what the thread has when it ends.
    static OWNER: Owner = const { Owner(OnceCell::new()) };
}

struct Owner(OnceCell<Box<Mine>>);

/// So many sets of each thread are found without its lock.
const NEAR: usize = 64;

/// The word of a tally, and this thread's set for it.
type Near = Option<(u64, NonNull<Set>)>;

/// What a thread has of its own.
struct Mine {
    shard: Arc<Shard>,
    near: [Cell<Near>; NEAR],
}

impl Mine {
    fn new() -> Box<Self> {
        let shard = Arc::<Shard>::default();
        lock(&REGISTRY).shards.push(shard.clone());
        Box::new(Self {
            shard,
            near: [const { Cell::new(None) }; NEAR],
        })
    }

    /// This thread's set for the tally of this word, which the caller borrows.
    fn set(&self, word: u64) -> NonNull<Set> {
        let near = &self.near[((word >> NUMBER) % NEAR as u64) as usize];
        if let Some((known, set)) = near.get()
            && known == word
        {
            return set;
        }
        let set = lock(&self.shard.sets)
            .entry(word)
            .or_insert_with(OwnedSet::new)
            .0;
        near.set(Some((word, set)));
        set
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let Some(mine) = self.0.take() else { return };
        // First, by I8.
        HOT.with(|hot| hot.word.set(0));
        let sets = {
            let mut registry = lock(&REGISTRY);
            let shards = &mut registry.shards;
            shards.retain(|shard| !Arc::ptr_eq(shard, &mine.shard));
            let room = 2 * shards.len();
            shards.shrink_to(room);
            let sets = std::mem::take(&mut *lock(&mine.shard.sets));
            // Their tallies are there: one that is dropped takes its sets out first, under these locks.
            for (word, set) in &sets {
                set.get().add_to(registry.ended.entry(*word).or_default());
            }
            sets
        };
        drop(sets);
    }
}

impl Tally {
    /// A tally of a number that no other has in this process, ever, without marks.
    #[expect(
        clippy::new_without_default,
        reason = "no two are the same: each takes a number"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: only distinctness matters.
        Self(AtomicU64::new(
            NEXT.fetch_add(1, Ordering::Relaxed) << NUMBER,
        ))
    }

    /// The number. Numbers are given in the order in which tallies are made.
    pub fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed) >> NUMBER
    }

    /// The marks that are set.
    #[inline(always)]
    pub fn marks(&self) -> u64 {
        // Acquire: what was done before they were set is visible; pairs with `mark` and `unmark`.
        self.0.load(Ordering::Acquire) & MARKS
    }

    /// Sets these marks. None but those of [`MARKS`] can be.
    pub fn mark(&self, marks: u64) {
        // AcqRel: pairs with `marks`.
        self.0.fetch_or(marks & MARKS, Ordering::AcqRel);
    }

    /// Takes these marks away.
    pub fn unmark(&self, marks: u64) {
        // AcqRel: pairs with `marks`.
        self.0.fetch_and(!(marks & MARKS), Ordering::AcqRel);
    }

    /// Counts one more of a kind, if what is at hand is this tally's, and the tally has no marks. Returns whether that is so.
    ///
    /// # Panics
    ///
    /// If `kind` is not below [`KINDS`].
    #[inline(always)]
    #[must_use = "if not, nothing was counted"]
    pub fn count_again(&self, kind: usize) -> bool {
        HOT.with(|hot| {
            // Acquire: pairs with `mark`, as `marks` does. The comparison is with what is this thread's own, and would do with
            // less; but then what the caller needs if it fails is kept in registers, for which the common case pays.
            let again = hot.word.get() == self.0.load(Ordering::Acquire);
            if again {
                // SAFETY: I8: the word is this tally's, which is borrowed.
                unsafe { hot.set.get().as_ref() }.bump(kind);
            }
            again
        })
    }

    /// Counts one more of a kind, whatever is at hand; this tally's is from then on.
    ///
    /// # Panics
    ///
    /// If `kind` is not below [`KINDS`].
    #[cold]
    #[inline(never)]
    pub fn count_first(&self, kind: usize) {
        // Relaxed: see `count_again`; and whoever drops the tally has heard of all that was done with it.
        let mut word = self.0.load(Ordering::Relaxed);
        if word & COUNTED == 0 {
            word = self.0.fetch_or(COUNTED, Ordering::Relaxed) | COUNTED;
        }
        let word = word & !MARKS;
        let found = OWNER.try_with(|owner| owner.0.get_or_init(Mine::new).set(word));
        if let Ok(set) = found {
            HOT.with(|hot| {
                hot.word.set(word);
                hot.set.set(set);
            });
            // SAFETY: I8: it was found by the word of this tally, which is borrowed.
            unsafe { set.as_ref() }.bump(kind);
        } else {
            lock(&REGISTRY).ended.entry(word).or_default()[kind] += 1;
        }
    }

    /// What was counted: all that happened before, and perhaps some of what happens meanwhile.
    ///
    /// Takes time in proportion to the threads that have counted anything.
    pub fn counts(&self) -> Counts {
        // Relaxed: whoever has heard of what was counted sees the mark.
        let word = self.0.load(Ordering::Relaxed) & !MARKS;
        if word & COUNTED == 0 {
            return Counts::default();
        }
        let registry = lock(&REGISTRY);
        let mut counts = registry.ended.get(&word).copied().unwrap_or_default();
        for shard in &registry.shards {
            if let Some(set) = lock(&shard.sets).get(&word) {
                set.get().add_to(&mut counts);
            }
        }
        counts
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let word = *self.0.get_mut() & !MARKS;
        if word & COUNTED != 0 {
            let mut registry = lock(&REGISTRY);
            registry.ended.remove(&word);
            for shard in &registry.shards {
                lock(&shard.sets).remove(&word);
            }
        }
    }
}

/// How many sets there are for the tally of this number, and whether anything is kept for ended threads.
#[cfg(all(test, not(loom)))]
pub(crate) fn kept_for(number: u64) -> (usize, bool) {
    let word = number << NUMBER | COUNTED;
    let registry = lock(&REGISTRY);
    let shards = registry.shards.iter();
    let sets = shards.filter(|shard| lock(&shard.sets).contains_key(&word));
    (sets.count(), registry.ended.contains_key(&word))
}
