//! What the test files share.

#![forbid(unsafe_code)]

use membrane::{Error, ErrorKind, Policy, PolicyBuilder, Reason, allow, interface};
use std::fmt::Debug;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId, spawn};
use std::time::Duration;

/// How long a test waits for what must happen at once, before it calls that a deadlock.
pub const SOON: Duration = Duration::from_secs(10);

/// The size of a loop: `full`, or `small` where every step is slow (Miri, sanitizers).
pub const fn sized(full: usize, small: usize) -> usize {
    if cfg!(miri) || sanitized() {
        small
    } else {
        full
    }
}

/// Whether the compiler was asked for a sanitizer.
pub const fn sanitized() -> bool {
    const WORD: &[u8] = b"sanitizer=";
    let Some(flags) = option_env!("RUSTFLAGS") else {
        return false;
    };
    let flags = flags.as_bytes();
    let mut start = 0;
    while start + WORD.len() <= flags.len() {
        let mut index = 0;
        while index < WORD.len() && flags[start + index] == WORD[index] {
            index += 1;
        }
        if index == WORD.len() {
            return true;
        }
        start += 1;
    }
    false
}

/// Keeps `value` until the process ends, as `forget` does, but where a leak checker finds it.
pub fn keep_for_ever(value: impl Send + 'static) {
    static KEPT: Mutex<Vec<Box<dyn std::any::Any + Send>>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(Box::new(value));
}

/// What runs on a thread of its own.
#[derive(Debug)]
pub struct Started<R> {
    result: Receiver<R>,
    thread: JoinHandle<()>,
}

/// Runs `f` on a thread of its own.
///
/// # Panics
///
/// Never; a panic in `f` comes out of [`Started::finish`].
pub fn start<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Started<R> {
    let (done, result) = channel();
    // Nobody may be waiting any more: that is for the test to say.
    let thread = spawn(move || drop(done.send(f())));
    Started { result, thread }
}

impl<R> Started<R> {
    /// Whether the thread still runs. If it must, at this point, a false "yes" is possible, a false "no" is not.
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// The thread's name for comparison.
    pub fn id(&self) -> ThreadId {
        self.thread.thread().id()
    }

    /// The result.
    ///
    /// # Panics
    ///
    /// If the thread panicked, or does not end within [`SOON`].
    #[track_caller]
    pub fn finish(self) -> R {
        match self.result.recv_timeout(SOON) {
            Ok(result) => {
                self.thread.join().expect("it has sent its result");
                result
            }
            Err(RecvTimeoutError::Timeout) => panic!("deadlock: not done within {SOON:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                resume_unwind(self.thread.join().expect_err("it ended without a result"))
            }
        }
    }
}

/// Runs `f` on a thread of its own, and returns what it returns.
///
/// # Panics
///
/// If `f` panics, or does not end within [`SOON`].
#[track_caller]
pub fn soon<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    start(f).finish()
}

/// Asserts that the membrane answered "revoked", with this reason.
///
/// # Panics
///
/// If it did not.
#[track_caller]
pub fn assert_revoked<R: Debug>(result: Result<R, Error>, reason: &str) {
    let error = result.expect_err("revoked");
    assert_eq!(error.kind(), ErrorKind::Revoked, "{error}");
    assert_eq!(error.reason().map(Reason::as_str), Some(reason));
}

/// Asserts that the membrane answered with an error of this kind.
///
/// # Panics
///
/// If it did not.
#[track_caller]
pub fn assert_kind<R: Debug>(result: Result<R, Error>, kind: ErrorKind) {
    assert_eq!(result.expect_err("an error").kind(), kind);
}

/// Counts the tokens that were given out and are not dropped yet.
#[derive(Clone, Debug, Default)]
pub struct Census(Arc<(AtomicUsize, AtomicUsize)>);

/// Is counted while it lives.
#[derive(Debug)]
pub struct Token(Census);

impl Census {
    /// One more to count.
    #[must_use = "it is counted while it lives"]
    pub fn token(&self) -> Token {
        self.0.0.fetch_add(1, SeqCst);
        Token(self.clone())
    }

    /// How many tokens were made.
    pub fn made(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    /// How many tokens were dropped.
    pub fn dropped(&self) -> usize {
        self.0.1.load(SeqCst)
    }

    /// How many tokens live.
    pub fn alive(&self) -> usize {
        self.made() - self.dropped()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, SeqCst);
    }
}

/// Where a call waits until the test lets it go on.
#[derive(Debug, Default)]
pub struct Door {
    state: Mutex<DoorState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct DoorState {
    arrived: usize,
    open: bool,
}

impl Door {
    /// A shut one.
    pub fn shut() -> Arc<Self> {
        Arc::default()
    }

    /// Called inside: says so, and waits until the door is open.
    ///
    /// # Panics
    ///
    /// If nobody opens it within a long time.
    pub fn pass(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.arrived += 1;
        self.changed.notify_all();
        let (state, late) = self
            .changed
            .wait_timeout_while(state, 3 * SOON, |state| !state.open)
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(!late.timed_out(), "nobody opened the door");
    }

    /// Called outside: waits until so many have arrived.
    ///
    /// # Panics
    ///
    /// If they do not, within [`SOON`].
    #[track_caller]
    pub fn await_arrivals(&self, count: usize) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, late) = self
            .changed
            .wait_timeout_while(state, SOON, |state| state.arrived < count)
            .unwrap_or_else(PoisonError::into_inner);
        let arrived = state.arrived;
        drop(state);
        assert!(!late.timed_out(), "{arrived} of {count} arrived");
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .open = true;
        self.changed.notify_all();
    }
}

/// An interface whose objects do what the test says.
#[interface]
pub trait Worker {
    /// Runs the script.
    fn run(&self) -> Result<u64, Error>;
    /// Runs the script, which is given another worker.
    fn run_with(&self, other: Arc<dyn Worker>) -> Result<u64, Error>;
    /// Runs the script; no policy here allows it.
    fn unlisted(&self, other: Arc<dyn Worker>) -> Result<u64, Error>;
}

type Script = Box<dyn Fn(Option<Arc<dyn Worker>>) -> Result<u64, Error> + Send + Sync>;

/// The worker that runs a script, and one more when it is dropped.
pub struct Scripted {
    script: Script,
    on_drop: Option<Box<dyn FnOnce() + Send + Sync>>,
    /// Dropped after `on_drop` has run.
    token: Option<Token>,
}

impl Scripted {
    /// A worker that runs `script`.
    pub fn new(
        script: impl Fn(Option<Arc<dyn Worker>>) -> Result<u64, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            script: Box::new(script),
            on_drop: None,
            token: None,
        }
    }

    /// A worker that answers 7 and is counted.
    pub fn counted(census: &Census) -> Self {
        Self::new(|_| Ok(7)).with_token(census.token())
    }

    /// Keeps `token` for as long as the worker lives.
    #[must_use]
    pub fn with_token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Runs `f` in the worker's `Drop`.
    #[must_use]
    pub fn on_drop(mut self, f: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(f));
        self
    }

    /// Ready for use.
    pub fn share(self) -> Arc<dyn Worker> {
        Arc::new(self)
    }
}

impl Worker for Scripted {
    fn run(&self) -> Result<u64, Error> {
        (self.script)(None)
    }

    fn run_with(&self, other: Arc<dyn Worker>) -> Result<u64, Error> {
        (self.script)(Some(other))
    }

    fn unlisted(&self, other: Arc<dyn Worker>) -> Result<u64, Error> {
        (self.script)(Some(other))
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if let Some(f) = self.on_drop.take() {
            f();
        }
    }
}

/// A worker that answers 7.
pub fn plain_worker() -> Arc<dyn Worker> {
    Scripted::new(|_| Ok(7)).share()
}

/// Lists `run` and `run_with`, both ways.
pub fn working() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Worker: run, run_with))
        .outbound(allow!(dyn Worker: run, run_with))
}

/// The policy that allows what [`working`] lists.
///
/// # Panics
///
/// Never: the lists are not at odds.
pub fn worker_policy() -> Policy {
    working().build().expect("one list for each direction")
}

pub mod fixtures;

/// Runs `f`, which may abort, in a process of its own: this test alone, once more. `test` is its name. Miri starts no
/// process: there nothing runs.
///
/// # Panics
///
/// If that process does not end well.
#[track_caller]
pub fn in_its_own_process(test: &str, f: impl FnOnce()) {
    const CHILD: &str = "MEMBRANE_TEST_PROCESS";
    if cfg!(miri) {
        return;
    }
    if std::env::var_os(CHILD).is_some() {
        return f();
    }
    let this = std::env::current_exe().expect("a test is a program");
    let output = std::process::Command::new(this)
        .args([test, "--exact", "--test-threads=1"])
        .env(CHILD, "")
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{}: {told}", output.status);
}

/// The README's example is true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
