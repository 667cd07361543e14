//! The engine: what compiles components, and the clock by which guests are ended.

use super::code::{Code, LoadError};
use std::fmt;
use std::path::Path;
#[expect(
    clippy::disallowed_types,
    reason = "a count that nobody synchronises by, in a crate without models"
)]
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a running guest is looked at: the precision of a deadline.
const TICK: Duration = Duration::from_millis(5);

/// What an engine is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// Whether instructions are counted, for guests that are to have [`Limits::fuel`](crate::Limits::fuel). Counting makes
    /// every guest of the engine slower.
    pub fuel: bool,
    /// The most bytes of stack for a guest's calls, those of the host between them included. A thread that calls a guest
    /// needs this much, and some for itself.
    ///
    /// What other guests take while this one waits for them counts, too: a guest that has less than half of its stack left is
    /// not called back, but answered for with [`ErrorKind::TooDeep`](membrane::ErrorKind::TooDeep).
    pub stack_bytes: usize,
    /// The most bytes of a thread's stack for guests inside each other, counted from where the outermost was called. A guest
    /// is not called inside another, but answered with [`ErrorKind::TooDeep`](membrane::ErrorKind::TooDeep), if it could go
    /// beyond. At least [`stack_bytes`](Self::stack_bytes).
    ///
    /// Nothing can tell how long a thread's stack is: where it is shorter than this, and what the host's own calls take, a guest
    /// can end the program. Rust's threads have 2 MiB, unless [`stack_size`](std::thread::Builder::stack_size) says otherwise.
    pub thread_stack_bytes: usize,
    /// The most bytes of a component. What a guest needs besides its memory is in proportion: up to eight bytes for each of
    /// them in each of its [`instances`](Self::instances). What compiling takes depends on the code as well:
    /// a plugin takes some 2 µs for each byte, and code that is made to be slow 15 µs, and 900 bytes of memory, as far as has
    /// been seen. Lower the bound, or compile elsewhere, where that matters.
    pub code_bytes: usize,
    /// The most instances of core modules that a guest may be made of: its own code, and what joins it to the component's
    /// imports.
    pub instances: usize,
    /// The most memories of a guest, those without any bytes included: each takes several GiB of addresses, however small it is.
    pub memories: usize,
    /// The most tables of a guest.
    pub tables: usize,
}

impl Default for EngineOptions {
    /// No fuel; stacks of 512 KiB, and 1.5 MiB together; components of up to 8 MiB, of 16 instances, 4 memories and 16 tables.
    fn default() -> Self {
        Self {
            fuel: false,
            stack_bytes: 512 << 10,
            thread_stack_bytes: 1536 << 10,
            code_bytes: 8 << 20,
            instances: 16,
            memories: 4,
            tables: 16,
        }
    }
}

/// Compiles components and runs guests. A clone is the same engine.
///
/// # Authority
///
/// None but time and memory.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    engine: wasmtime::Engine,
    options: EngineOptions,
    clock: Arc<Clock>,
}

/// Why there is no engine: the machine or the options do not allow one.
#[derive(Debug)]
pub struct EngineError(String);

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no WebAssembly engine: {}", self.0)
    }
}

impl std::error::Error for EngineError {}

impl Engine {
    /// An engine.
    ///
    /// # Errors
    ///
    /// [`EngineError`] if the machine has none, if [`stack_bytes`](EngineOptions::stack_bytes) is zero, or if
    /// [`thread_stack_bytes`](EngineOptions::thread_stack_bytes) is less.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        if options.stack_bytes == 0 {
            return Err(EngineError("`stack_bytes` is 0: a guest needs some".into()));
        }
        if options.thread_stack_bytes < options.stack_bytes {
            return Err(EngineError(format!(
                "`thread_stack_bytes` is {}: make it at least `stack_bytes`, {}",
                options.thread_stack_bytes, options.stack_bytes
            )));
        }
        let mut config = wasmtime::Config::new();
        config
            .wasm_component_model(true)
            // By default these are as the engine's cargo features are, which another crate of the program may have on. A
            // guest that waits for the host could not be called back.
            .concurrency_support(false)
            .shared_memory(false)
            .wasm_gc(false)
            .wasm_memory64(false)
            .epoch_interruption(true)
            .consume_fuel(options.fuel)
            .max_wasm_stack(options.stack_bytes)
            // No guest runs on such a stack, but the engine wants it to be no smaller than the one above.
            .async_stack_size(options.stack_bytes)
            .wasm_backtrace_max_frames(None);
        let engine =
            wasmtime::Engine::new(&config).map_err(|error| EngineError(format!("{error:#}")))?;
        let clock = Clock::start(engine.clone())
            .map_err(|error| EngineError(format!("no thread for its clock: {error}")))?;
        Ok(Self(Arc::new(Inner {
            engine,
            options,
            clock,
        })))
    }

    /// Loads and compiles a component from a file.
    ///
    /// # Errors
    ///
    /// [`LoadError`] names the file, what was found and what was expected.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Code, LoadError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Code::compile(self, &name, &bytes),
            Err(error) => Err(LoadError::unreadable(&name, &error)),
        }
    }

    /// Compiles a component. `name` is for messages.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn compile(&self, name: &str, bytes: &[u8]) -> Result<Code, LoadError> {
        Code::compile(self, name, bytes)
    }

    /// What it was made for.
    pub fn options(&self) -> EngineOptions {
        self.0.options
    }

    pub(super) fn clock(&self) -> Arc<Clock> {
        self.0.clock.clone()
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.0.engine
    }

    /// Keeps the clock going until the result is dropped.
    pub(super) fn running(&self) -> Running {
        self.0.clock.count().running += 1;
        self.0.clock.changed.notify_one();
        Running(self.0.clock.clone())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.clock.count().over = true;
        self.clock.changed.notify_one();
    }
}

/// A thread that wakes running guests from time to time, so that they can be looked at. It sleeps while none runs.
#[derive(Default)]
pub(super) struct Clock {
    count: Mutex<Count>,
    changed: Condvar,
    /// How often guests were woken.
    #[expect(clippy::disallowed_types, reason = "as above")]
    ticks: AtomicU64,
}

#[derive(Default)]
struct Count {
    running: usize,
    over: bool,
}

impl Clock {
    fn start(engine: wasmtime::Engine) -> std::io::Result<Arc<Self>> {
        let clock = Arc::<Self>::default();
        let kept = clock.clone();
        std::thread::Builder::new()
            .name("guest clock".into())
            .spawn(move || clock.run(&engine))?;
        Ok(kept)
    }

    fn run(&self, engine: &wasmtime::Engine) {
        let mut count = self.count();
        while !count.over {
            count = if count.running == 0 {
                self.changed
                    .wait(count)
                    .unwrap_or_else(PoisonError::into_inner)
            } else {
                drop(count);
                std::thread::sleep(TICK);
                // Relaxed: whoever sees it late is late by that much.
                self.ticks.fetch_add(1, Relaxed);
                engine.increment_epoch();
                self.count()
            };
        }
    }

    /// A number that is another one after each tick: while it is the same, less than about a tick has passed.
    pub(super) fn ticks(&self) -> u64 {
        self.ticks.load(Relaxed)
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guest that runs.
pub(super) struct Running(Arc<Clock>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.count().running -= 1;
    }
}
