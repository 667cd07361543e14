//! Per-thread frames: which cells a thread is using at this moment, readable by every revoker.
//!
//! # Layout
//!
//! A thread's first [`HEAD`] frames lie in two cache lines that only it writes; deeper nesting links further chunks.
//! Frame 0 is the fast one: a call that is not nested inside another takes it with one load and one store. Everything
//! else, nesting and a thread's first call, goes through [`nested`].
//!
//! # Who touches what when
//!
//! - `Slot::cell`: written by the owning thread only, read by revokers ([`in_use`]). Zero means free.
//! - `Slot::method`: written before `cell`, read after it; names a running call in a report and decides nothing. A guarded call
//!   then marks it, once `Slot::since` says when the call began: only with the mark is that this call's.
//! - `Frames::hint`: the owner's alone; an atomic only because the struct is shared.
//! - `Chunk`s are added by the owner and never removed; frames of an ended thread wait in [`Registry::free`] for the next.
//!
//! # Threads that are ending
//!
//! Once a thread's own frames have been given back (thread-local destructors run in no particular order), a further call
//! on it takes a slot among the [`ORPHANS`], which are claimed by compare-and-swap and shared by all ending threads. So once
//! such a slot is cleared it may be another thread's: a call clears its slot once.

mod slot;

pub(crate) use slot::{Slot, Underway};

use crate::fault::{self, Fault};
use crate::lease::Holds;
use crate::sync::{
    AcqRel, Acquire, AtomicPtr, AtomicUsize, Mutex, Relaxed, Release, lock, own_ptr,
};
use std::cell::Cell;
use std::ptr::NonNull;
use std::time::Duration;

/// Frames that every thread has from its first call on.
pub(crate) const HEAD: usize = if cfg!(loom) { 2 } else { 8 };
/// Frames in each further chunk.
const CHUNK: usize = if cfg!(loom) { 2 } else { 32 };
/// Frames shared by threads whose own are gone already.
pub(crate) const ORPHAN_SLOTS: usize = if cfg!(loom) {
    1
} else if cfg!(miri) {
    16
} else {
    256
};

#[repr(align(64))]
struct Frames {
    head: [Slot; HEAD],
    next: AtomicPtr<Chunk>,
    /// Where the owner found its last frame beyond the head, counted from there; see [`deep`].
    hint: AtomicUsize,
}

struct Chunk {
    slots: [Slot; CHUNK],
    next: AtomicPtr<Chunk>,
}

impl Frames {
    fn new() -> Self {
        Self {
            head: std::array::from_fn(|_| Slot::new()),
            next: AtomicPtr::new(std::ptr::null_mut()),
            hint: AtomicUsize::new(0),
        }
    }

    /// The slot at `index` of those beyond the head, linking chunks as needed. Called by the owner only.
    fn beyond(&'static self, mut index: usize) -> &'static Slot {
        let mut link = &self.next;
        loop {
            let mut chunk = own_ptr(link);
            if chunk.is_null() {
                chunk = Box::into_raw(Box::new(Chunk {
                    slots: std::array::from_fn(|_| Slot::new()),
                    next: AtomicPtr::new(std::ptr::null_mut()),
                }));
                // Release: publishes the chunk's contents; pairs with the Acquire in `each`.
                link.store(
                    chunk,
                    if fault::on(Fault::RelaxedLink) {
                        Relaxed
                    } else {
                        Release
                    },
                );
            }
            // SAFETY: chunks are made by the line above, never freed while a reference to their frames may exist, and
            // only ever lent as shared references.
            let chunk: &'static Chunk = unsafe { &*chunk };
            if let Some(slot) = chunk.slots.get(index) {
                return slot;
            }
            index -= CHUNK;
            link = &chunk.next;
        }
    }

    /// Shows every slot to `f`. Called by any thread.
    fn each(&self, mut f: impl FnMut(&Slot)) {
        self.head.iter().for_each(&mut f);
        // Acquire: pairs with the Release in `beyond`.
        let mut chunk = self.next.load(Acquire);
        // SAFETY: a non-null link points to a chunk that is never freed while its frames live, shared from the start.
        while let Some(linked) = unsafe { chunk.as_ref() } {
            linked.slots.iter().for_each(&mut f);
            chunk = linked.next.load(Acquire);
        }
    }
}

/// A handle to frames that live as long as the process, or under loom as long as the execution.
#[derive(Clone, Copy)]
struct FramesRef(NonNull<Frames>);

// SAFETY: `Frames` consists of atomics, and the pointer is only ever turned into a shared reference.
unsafe impl Send for FramesRef {}

impl FramesRef {
    fn leak() -> Self {
        Self(NonNull::from(Box::leak(Box::new(Frames::new()))))
    }

    fn get(self) -> &'static Frames {
        // SAFETY: made by `leak`; freed by nobody, but under loom by `Registry::drop` after the execution's last thread.
        unsafe { self.0.as_ref() }
    }
}

/// All frames there are, and those whose thread has ended; and what is in use without a frame.
struct Registry {
    all: Vec<FramesRef>,
    free: Vec<FramesRef>,
    holds: Holds,
}

impl Registry {
    const fn new() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
            holds: Holds::new(),
        }
    }
}

#[cfg(loom)]
impl Drop for Registry {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A model failed. Loom drops its statics outside the execution then, where nothing of loom's may be touched.
            return;
        }
        for frames in self.all.drain(..) {
            // SAFETY: loom drops its statics after the last thread of the execution; `leak` made the box.
            let frames = unsafe { Box::from_raw(frames.0.as_ptr()) };
            let mut chunk = frames.next.load(Relaxed);
            while !chunk.is_null() {
                // SAFETY: as above; `beyond` made the box, and each chunk is linked once.
                let linked = unsafe { Box::from_raw(chunk) };
                chunk = linked.next.load(Relaxed);
            }
        }
    }
}

#[cfg(not(loom))]
static REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());
#[cfg(not(loom))]
static ORPHANS: [Orphan; ORPHAN_SLOTS] = [const {
    Orphan {
        slot: Slot::new(),
        owner: AtomicUsize::new(0),
    }
}; ORPHAN_SLOTS];

#[cfg(not(loom))]
thread_local! {
    /// The frames of this thread. Has no destructor, so it can be read at any point of a thread's life.
    static CURRENT: Cell<Option<&'static Frames>> = const { Cell::new(None) };
    /// Gives the frames back when the thread ends.
    static OWNER: Owner = const { Owner(Cell::new(None)) };
}

#[cfg(loom)]
loom::lazy_static! {
    static ref REGISTRY: Mutex<Registry> = Mutex::new(Registry::new());
    static ref ORPHANS: [Orphan; ORPHAN_SLOTS] =
        std::array::from_fn(|_| Orphan { slot: Slot::new(), owner: AtomicUsize::new(0) });
}

#[cfg(loom)]
loom::thread_local! {
    static CURRENT: Cell<Option<&'static Frames>> = Cell::new(None);
    // Loom does not model destructors of thread-locals: under it, frames are handed back when the execution ends.
    static OWNER: Owner = Owner(Cell::new(None));
    // So a thread of a model that is to be ending says so.
    static ENDING: Cell<bool> = Cell::new(false);
}

struct Owner(Cell<Option<FramesRef>>);

#[cfg(not(loom))]
impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(frames) = self.0.take() {
            CURRENT.set(None);
            lock(&REGISTRY).free.push(frames);
        }
    }
}

/// The thread is nested as deep as the scope allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooDeep;

/// Publishes a frame for `cell` if this thread is in no call yet and has frames: the fast case.
#[inline(always)]
pub(crate) fn enter_outermost(cell: usize, method: u32) -> Option<&'static Slot> {
    let slot = &CURRENT.with(Cell::get)?.head[0];
    if !slot.is_free() {
        return None;
    }
    slot.publish(cell, method);
    Some(slot)
}

/// Publishes a frame for `cell`, unless this thread is in `limit` calls already.
#[inline]
pub(crate) fn enter(cell: usize, method: u32, limit: u32) -> Result<&'static Slot, TooDeep> {
    let limit = if fault::on(Fault::NoDepthLimit) {
        u32::MAX
    } else {
        limit
    };
    let slot = nested(CURRENT.with(Cell::get), limit).ok_or(TooDeep)?;
    slot.publish(cell, method);
    Ok(slot)
}

/// Finds a frame, if this thread is in fewer than `limit` calls.
///
/// Frames are left in the reverse of the order in which they were entered, so the first free one lies right above the last
/// one in use, and its index is the number of calls that this thread is inside of.
fn nested(frames: Option<&'static Frames>, limit: u32) -> Option<&'static Slot> {
    let Some(frames) = frames else {
        return first(limit);
    };
    match frames.head.iter().position(Slot::is_free) {
        Some(index) => (index < limit as usize).then(|| &frames.head[index]),
        None => deep(frames, limit),
    }
}

/// Finds a frame beyond the head.
///
/// The hint remembers where the last one was found, and is corrected downwards at the next entry: each step down was paid
/// for by a step up.
#[cold]
fn deep(frames: &'static Frames, limit: u32) -> Option<&'static Slot> {
    // Relaxed, here and below: the owner's own field.
    let mut index = frames.hint.load(Relaxed);
    while index > 0 && frames.beyond(index - 1).is_free() {
        index -= 1;
    }
    while !frames.beyond(index).is_free() {
        index += 1;
    }
    frames.hint.store(index, Relaxed);
    (HEAD + index < limit as usize).then(|| frames.beyond(index))
}

/// A thread's first call.
#[cold]
fn first(limit: u32) -> Option<&'static Slot> {
    if limit == 0 {
        return None;
    }
    #[cfg(loom)]
    if ENDING.with(Cell::get) {
        return orphan(limit);
    }
    let claimed = OWNER.try_with(|owner| {
        let frames = {
            let mut registry = lock(&REGISTRY);
            registry.free.pop().unwrap_or_else(|| {
                let frames = FramesRef::leak();
                registry.all.push(frames);
                frames
            })
        };
        owner.0.set(Some(frames));
        frames.get()
    });
    match claimed {
        Ok(frames) => {
            CURRENT.with(|current| current.set(Some(frames)));
            Some(&frames.head[0])
        }
        Err(_) => orphan(limit),
    }
}

/// Registers frames for a thread that is not there yet: what it calls with the result then takes them, without the lock
/// that [`first`] needs. For models of something else than a first call.
#[cfg(all(test, loom))]
pub(crate) fn reserve() -> impl FnOnce() + Send + 'static {
    let frames = FramesRef::leak();
    lock(&REGISTRY).all.push(frames);
    move || {
        let frames = frames;
        CURRENT.with(|current| current.set(Some(frames.get())));
    }
}

/// From here on this thread, which has called nothing yet, is one whose frames are gone.
#[cfg(all(test, loom))]
pub(crate) fn end_thread() {
    ENDING.with(|ending| ending.set(true));
}

/// A frame for threads whose own are gone, and the thread that claimed it last, as [`this_thread`] names it.
struct Orphan {
    slot: Slot,
    owner: AtomicUsize,
}

/// Holds the place in an orphan frame from its claim until `publish`: no cell's address.
const CLAIMED: usize = 1;

/// A slot for a thread whose thread-locals are being destroyed.
fn orphan(limit: u32) -> Option<&'static Slot> {
    if mine().len() >= limit as usize {
        return None;
    }
    // AcqRel: takes the slot over from its last user, as program order does for a thread's own slots.
    let orphan = orphans().iter().find(|orphan| {
        orphan
            .slot
            .cell
            .compare_exchange(0, CLAIMED, AcqRel, Relaxed)
            .is_ok()
    })?;
    // Relaxed: published with the cell; pairs with `mine`.
    orphan.owner.store(this_thread(), Relaxed);
    Some(&orphan.slot)
}

/// All orphan frames. Under loom, [`ORPHANS`] is a wrapper.
fn orphans() -> &'static [Orphan; ORPHAN_SLOTS] {
    &ORPHANS
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    CURRENT.with(|current| std::ptr::from_ref(current).addr())
}

/// The cells in use right now by any thread, with the method that runs, in order of address.
///
/// Whether a frame entered or left meanwhile is in it is anybody's guess; see the crate's invariants for why that is enough.
pub(crate) fn in_use() -> Vec<(usize, Underway)> {
    let (mut cells, mut held) = (Vec::new(), Vec::new());
    let mut note = |slot: &Slot| {
        // Acquire: pairs with the Release in `Slot::publish` and `Slot::clear`.
        let cell = slot.cell.load(if fault::on(Fault::RelaxedScan) {
            Relaxed
        } else {
            Acquire
        });
        if cell != 0 {
            cells.push((cell, slot.underway()));
        }
    };
    {
        let registry = lock(&REGISTRY);
        registry
            .all
            .iter()
            .for_each(|frames| frames.get().each(&mut note));
        held.extend(registry.holds.each());
    }
    for orphan in orphans() {
        note(&orphan.slot);
    }
    cells.extend(held.into_iter().map(|cell| (cell, Underway::HELD)));
    cells.sort_unstable();
    cells
}

/// The calls through cells that all threads were inside of at one time, by the name of the cell.
///
/// What was entered or left while they were read may be in it or not.
#[derive(Debug)]
pub struct InUse(Vec<(usize, Underway)>);

impl InUse {
    /// Those of this moment.
    pub fn now() -> Self {
        Self(in_use())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The methods that run on the cell of this [name](crate::Reclaim::address), and for how long, to the millisecond, if the call
    /// is one of a [guarded](crate::Scope::guard) scope: others do not look at the time.
    pub fn methods(&self, cell: usize) -> impl Iterator<Item = (u32, Option<Duration>)> + '_ {
        let from = self.0.partition_point(|(used, _)| *used < cell);
        self.0[from..]
            .iter()
            .take_while(move |(used, _)| *used == cell)
            .map(|(_, underway)| (underway.method, underway.running_for()))
    }
}

/// Lets `f` at the holds, under the lock that every scan takes.
pub(crate) fn with_holds<R>(f: impl FnOnce(&mut Holds) -> R) -> R {
    f(&mut lock(&REGISTRY).holds)
}

/// The cells that this thread is inside of.
pub(crate) fn mine() -> Vec<usize> {
    let mut cells = Vec::new();
    if let Some(frames) = CURRENT.with(Cell::get) {
        frames.each(|slot| {
            let cell = slot.own();
            if cell != 0 {
                cells.push(cell);
            }
        });
    } else {
        for orphan in orphans() {
            // Acquire: whose cell this is; pairs with the Release in `Slot::publish`, which comes after the owner's name.
            let cell = orphan.slot.cell.load(Acquire);
            if cell > CLAIMED && orphan.owner.load(Relaxed) == this_thread() {
                cells.push(cell);
            }
        }
    }
    cells
}

/// How many calls through cells this thread is inside of.
pub fn depth() -> usize {
    mine().len()
}

/// Whether this thread has frames of its own.
#[cfg(all(test, not(loom)))]
pub(crate) fn has_frames() -> bool {
    CURRENT.with(Cell::get).is_some()
}

/// How many threads have ever had frames at the same time.
#[cfg(all(test, not(loom)))]
pub(crate) fn frames_in_all() -> usize {
    lock(&REGISTRY).all.len()
}
