//! What a guest's store holds: its handles, its limits, and how it ended.

use super::engine::{Clock, Engine, EngineOptions};
use super::instance::Instance;
use super::stack::Footing;
use crate::domain::{Domain, Handle};
use crate::limits::Limits;
use crate::object::Object;
use std::fmt;
#[expect(
    clippy::disallowed_types,
    reason = "a count that nobody synchronises by, in a crate without models"
)]
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Trap};

/// An object that a guest has a handle of.
#[allow(
    unreachable_pub,
    reason = "generated code re-exports it, within this module"
)]
pub struct Held {
    pub(super) object: Object,
    /// A second reference, for the call that it is in: taken, so that nothing is counted, and put back.
    pub(super) spare: Option<Object>,
    /// Its name in the guest's domain, which counts it.
    pub(super) handle: Handle,
}

/// What a guest's store holds.
pub(super) struct State {
    pub(super) domain: Domain,
    pub(super) table: ResourceTable,
    pub(super) instance: Weak<Instance>,
    deadline: Option<Instant>,
    pub(super) memory: Memory,
    /// The instance's.
    pub(super) released: Arc<Released>,
    pub(super) ended: Option<End>,
    /// Where it was called from outside.
    pub(super) footing: Footing,
    /// A second one, for the call that the guest is in: as with [`Held::spare`].
    spare: Option<Domain>,
    /// The engine's.
    pub(super) options: EngineOptions,
    clock: Arc<Clock>,
    /// What the clock said when the time was last looked at.
    seen: u64,
}

/// What a guest is to be told that the host no longer holds, and how often it had passed it.
#[derive(Debug, Default)]
pub(super) struct Released {
    list: Mutex<Vec<(u64, u64)>>,
    /// How many these are, for those who do not need to know exactly.
    #[expect(clippy::disallowed_types, reason = "as above")]
    count: AtomicUsize,
}

impl Released {
    pub(super) fn count(&self) -> usize {
        // Relaxed: whoever acts on it takes the lock.
        self.count.load(Relaxed)
    }

    pub(super) fn add(&self, id: u64, passed: u64) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.push((id, passed));
        self.count.store(list.len(), Relaxed);
    }

    pub(super) fn take(&self) -> Vec<(u64, u64)> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.store(0, Relaxed);
        std::mem::take(&mut *list)
    }
}

/// Bytes of linear memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    pub(super) most: usize,
    pub(super) now: usize,
    pub(super) refused: bool,
}

/// How a guest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The host stopped it.
    Stopped,
    /// Its deadline passed.
    OutOfTime,
    /// It took all the instructions that it may take.
    OutOfFuel,
    /// Its calls were nested too deeply.
    OutOfStack,
    /// It could not start within its limit of memory.
    OutOfMemory,
    /// It gave up: an assertion of its own, or memory that it did not get.
    Unreachable,
    /// It did what WebAssembly forbids.
    Trapped,
    /// It broke the rules of its boundary: a handle that is not its, memory that is not there, a message that is none.
    Broke,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the guest was stopped",
            Self::OutOfTime => "the guest ran out of time",
            Self::OutOfFuel => "the guest ran out of fuel",
            Self::OutOfStack => "the guest ran out of stack",
            Self::OutOfMemory => "the guest needs more memory than it may have",
            Self::Unreachable => "the guest gave up",
            Self::Trapped => "the guest trapped",
            Self::Broke => "the guest broke the rules of its boundary",
        })
    }
}

/// Ends the guest that is running.
#[derive(Debug)]
pub(super) struct EndNow(pub(super) End);

impl fmt::Display for EndNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for EndNow {}

impl End {
    /// What an error of the engine's means. Its text, which may tell of the host, goes no further.
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        if let Some(EndNow(end)) = error.downcast_ref() {
            return *end;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Self::OutOfFuel,
            Some(Trap::StackOverflow) => Self::OutOfStack,
            Some(Trap::Interrupt) => Self::OutOfTime,
            Some(Trap::UnreachableCodeReached) => Self::Unreachable,
            Some(_) => Self::Trapped,
            None => Self::Broke,
        }
    }
}

impl State {
    pub(super) fn new(domain: Domain, engine: &Engine) -> Self {
        let Limits {
            memory_bytes,
            handles,
            ..
        } = *domain.limits();
        let mut table = ResourceTable::new();
        // Each object that is named may have several handles.
        table.set_max_capacity(handles.saturating_mul(4).saturating_add(64));
        Self {
            domain,
            table,
            instance: Weak::new(),
            deadline: None,
            released: Arc::default(),
            memory: Memory {
                most: memory_bytes,
                ..Memory::default()
            },
            ended: None,
            footing: Footing::default(),
            spare: None,
            options: engine.options(),
            clock: engine.clock(),
            seen: 0,
        }
    }

    /// The guest's domain, for whoever does not have the store meanwhile.
    pub(super) fn take_domain(&mut self) -> Domain {
        self.spare.take().unwrap_or_else(|| self.domain.clone())
    }

    /// Puts back what [`take_domain`](Self::take_domain) gave.
    pub(super) fn put_domain(&mut self, domain: Domain) {
        self.spare = Some(domain);
    }

    /// Sets the time at which the guest's call is to be over.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
        self.seen = self.clock.ticks();
    }

    pub(super) fn instance(&self) -> Result<Arc<Instance>, EndNow> {
        self.instance.upgrade().ok_or(EndNow(End::Stopped))
    }

    /// Whether the guest was not ended.
    pub(super) fn check_open(&self) -> Result<(), EndNow> {
        if let Some(end) = self.ended {
            return Err(EndNow(end));
        }
        if self.domain.closed().is_some() {
            return Err(EndNow(End::Stopped));
        }
        Ok(())
    }

    /// Whether the guest may go on, after a call of its: as [`check`](Self::check), with a look at the time once in a tick.
    /// Between two ticks the guest would not be looked at either if it ran.
    pub(super) fn check_after_call(&mut self) -> Result<(), EndNow> {
        let ticks = self.clock.ticks();
        if ticks == self.seen {
            return self.check_open();
        }
        self.seen = ticks;
        self.check()
    }

    /// Whether the guest may go on: it was not ended, and has time left.
    pub(super) fn check(&self) -> Result<(), EndNow> {
        self.check_open()?;
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(EndNow(End::OutOfTime)),
            _ => Ok(()),
        }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Of several memories, together.
        let now = self.memory.now.saturating_add(desired - current);
        if now > self.memory.most {
            self.memory.refused = true;
            return Ok(false);
        }
        self.memory.now = now;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.options.instances
    }

    fn memories(&self) -> usize {
        self.options.memories
    }

    fn tables(&self) -> usize {
        self.options.tables
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An element is a pointer's size.
        let bytes = |elements: usize| elements.saturating_mul(size_of::<usize>());
        self.memory_growing(bytes(current), bytes(desired), maximum.map(bytes))
    }
}
