//! The host: lends a directory, watches the plugin work, takes the directory back, and looks at what is left.
//!
//! There is one membrane between the host and the plugin. What the host lends is wrapped, and what the plugin hands in
//! comes in through something lent, so it is wrapped as well.
//!
//! The plugin is a module of this program, or the root object of a guest; the host has an `Arc<dyn Plugin>` of either, and
//! treats both alike.
//!
//! Steering is done on the plugin's side of the membrane: what is passed to it is lent already. The host has the plugin
//! itself, passes proxies of the membrane to its methods and nothing else, and gets back plain data,
//! after revoking, too. So an error goes through one membrane on its way to the plugin, and keeps its reason; in what the
//! plugin answers it is a text.

use std::{
    error::Error as StdError,
    mem,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use membrane::{ErrorKind, Membrane, Policy, PolicyError, Reason, RunningCall, WaitError, allow};
use plugin::{Attempt, Plugin, Progress, Snapshot, Survey, Watch};
use runtime::{Dir, File, FileError, HostDir, ambient_authority};

use crate::{
    escape::printable,
    forged::Forged,
    ledger::{Ledger, Lent},
    progress::Asker,
};

/// Why the host takes back what it lent.
pub(crate) const REASON: &str = "the host has seen enough";
/// Why it takes it back if the plugin fails before that.
pub(crate) const FAILED: &str = "the plugin failed";

/// How long the host waits for running calls to end after it has revoked.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the host could not finish.
pub(crate) type Failure = Box<dyn StdError + Send + Sync>;

/// What happened.
pub(crate) struct Outcome {
    /// The first walk.
    pub(crate) survey: Survey,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) progress_calls: u64,
    /// What was running when the host revoked.
    pub(crate) running: Vec<RunningCall>,
    /// The files that the second walk had got through by then.
    pub(crate) revoked_after: u64,
    /// What ended the second walk, as the plugin saw it.
    pub(crate) cut: Option<String>,
    /// What the plugin saw at its next call.
    pub(crate) after_revoke: Result<(), String>,
    /// What the host itself got from the proxy that it had lent.
    pub(crate) lent_after_revoke: Result<(), FileError>,
    /// What the host got when it asked the plugin's object once more.
    pub(crate) callback_after_revoke: Option<ErrorKind>,
    /// How many calls were running after the host had waited.
    pub(crate) in_flight: usize,
    pub(crate) lent: Lent,
    /// What forged handles got, where there are handles.
    pub(crate) forged: Option<Forged>,
    /// Bytes of memory that the plugin had, and could have had, where it has its own.
    pub(crate) memory: Option<(usize, usize)>,
}

impl Outcome {
    /// What should not have happened.
    pub(crate) fn breaches(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        for attempt in self
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome.is_ok())
        {
            breaches.push(format!(
                "the plugin got through with: {}",
                printable(attempt.what.as_bytes())
            ));
        }
        if !self.running.is_empty() && self.cut.as_deref() != Some(&*revoked()) {
            breaches.push("the plugin's running call was not cut off".into());
        }
        match &self.after_revoke {
            Err(seen) if *seen == revoked() => {}
            Err(seen) => breaches.push(format!(
                "the plugin was not told why it was cut off, but: {}",
                printable(seen.as_bytes())
            )),
            Ok(()) => breaches.push("the plugin was not cut off".into()),
        }
        match self.lent_after_revoke {
            Err(FileError::Membrane(error))
                if error.is_revoked() && error.reason().map(Reason::as_str) == Some(REASON) => {}
            _ => breaches.push("the host was not cut off from what it had lent".into()),
        }
        if self.callback_after_revoke != Some(ErrorKind::Revoked) {
            breaches.push("the host was not cut off from the plugin's object".into());
        }
        if self.in_flight > 0 {
            breaches.push(format!("{} calls are still running", self.in_flight));
        }
        if self.lent.alive > 0 {
            breaches.push(format!("{} lent objects are still alive", self.lent.alive));
        }
        for (what, got) in self.forged.iter().flat_map(Forged::all) {
            if got.is_ok() {
                breaches.push(format!("{what} was good for something"));
            }
        }
        breaches
    }
}

/// Opens what is to be lent.
///
/// The facet is read-only: the second of two walls, since this may be anybody's directory.
pub(crate) fn open(path: &Path) -> Result<HostDir, Failure> {
    let dir = HostDir::open_ambient(path, ambient_authority())?.read_only()?;
    drop(dir.list()?);
    Ok(dir)
}

/// What the plugin may do with what it is lent, and what the host does with what it is handed.
pub(crate) fn policy() -> Result<Policy, PolicyError> {
    Policy::builder()
        .inbound(allow!(dyn Dir: list, open_dir, open_file))
        .inbound(allow!(dyn File: len, read_at))
        .inbound(allow!(dyn Watch: watch))
        .outbound(allow!(dyn Progress: report))
        .build()
}

/// Lends `dir` to `plugin`, which stands on the dry side of `membrane`. `show` is told how far the plugin is, from time to
/// time.
///
/// # Errors
/// If the plugin fails or panics, or hands in nothing by which it can be asked.
pub(crate) fn lend(
    membrane: &Membrane,
    plugin: Arc<dyn Plugin>,
    dir: Arc<dyn Dir>,
    show: &mut dyn FnMut(Snapshot),
) -> Result<Outcome, Failure> {
    let (tell, told) = mpsc::channel();
    let outcome = thread::scope(|scope| {
        // The plugin is steered on one thread.
        let talk = scope.spawn(|| converse(membrane, &*plugin, dir, tell));
        told.iter().for_each(show);
        joined(talk)
    });
    // However it went; the first reason stays.
    let in_flight = still_running(membrane.revoke_and_wait(FAILED, PATIENCE)).len();
    // This may be the last of it, and it may have a `Drop`.
    let dropped = steer(move || {
        drop(plugin);
        Ok(())
    });
    let mut outcome = outcome??;
    dropped?;
    outcome.in_flight = outcome.in_flight.max(in_flight);
    Ok(outcome)
}

/// Has the plugin do what it is there for, takes away what it was lent, and asks it what it has seen.
fn converse(
    membrane: &Membrane,
    plugin: &dyn Plugin,
    dir: Arc<dyn Dir>,
    tell: Sender<Snapshot>,
) -> Result<Outcome, Failure> {
    let asker = Arc::new(Asker::default());
    let ledger = Ledger::new(asker.clone());
    let lent = membrane.wrap(ledger.lend(dir))?;
    let watch = membrane.wrap(ledger.lend_watch())?;
    steer(|| plugin.start(lent.clone(), watch))?;
    let progress = asker
        .progress()
        .ok_or("the plugin cannot be asked how far it is")?;

    let survey = asker.while_telling(tell, || steer(|| plugin.survey()))?;
    // Once more at the end; of an empty directory there is nothing to tell.
    if survey.counted.files > 0 {
        asker.ask();
    }
    let attempts = steer(|| plugin.overreach())?;

    let Cut {
        second,
        running,
        left,
    } = cut_half_way(plugin, membrane, &ledger, survey.counted.files / 2)?;
    Ok(Outcome {
        survey,
        attempts,
        progress_calls: asker.calls(),
        running,
        revoked_after: second.counted.files,
        cut: second.cut,
        after_revoke: steer(|| plugin.touch())?,
        lent_after_revoke: lent.list().map(drop),
        callback_after_revoke: progress.report().err().map(membrane::Error::kind),
        in_flight: left.len(),
        // Here the plugin still holds the proxy of its directory.
        lent: ledger.lent(),
        forged: None,
        memory: None,
    })
}

/// What came of revoking in the middle of a walk.
struct Cut {
    /// What the plugin tells of that walk.
    second: Survey,
    /// What was running when the host revoked.
    running: Vec<RunningCall>,
    /// What was running when the host had waited.
    left: Vec<RunningCall>,
}

/// Has the plugin walk again, and revokes `membrane` when it opens one more file than `files`.
fn cut_half_way(
    plugin: &dyn Plugin,
    membrane: &Membrane,
    ledger: &Ledger,
    files: u64,
) -> Result<Cut, Failure> {
    let halt = ledger.halt_after(files);
    thread::scope(|scope| {
        let revoking = scope.spawn(move || {
            halt.wait();
            // Now or never: a call of the plugin's is held in the middle, unless the tree had no file left for it.
            let running = still_running(membrane.revoke_and_wait(REASON, Duration::ZERO));
            drop(halt);
            let left = still_running(membrane.revoke_and_wait(REASON, PATIENCE));
            (running, left)
        });
        let second = steer(|| plugin.survey());
        ledger.halt_none();
        let (running, left) = joined(revoking)?;
        Ok(Cut {
            second: second?,
            running,
            left,
        })
    })
}

/// Runs code of the plugin's. No membrane is in between, so a panic of the plugin's ends here.
fn steer<R>(call: impl FnOnce() -> Result<R, FileError>) -> Result<R, Failure> {
    match panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(|error| format!("the plugin failed: {error}").into()),
        Err(payload) => {
            // It is the plugin's, and its `Drop` could panic as well.
            mem::forget(payload);
            Err("the plugin panicked".into())
        }
    }
}

/// What the plugin sees after the host has revoked.
fn revoked() -> String {
    format!("revoked: {REASON}")
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, Failure> {
    thread.join().map_err(|_payload| "the host panicked".into())
}

fn still_running(waited: Result<(), WaitError>) -> Vec<RunningCall> {
    match waited {
        Err(WaitError::TimedOut(calls)) => calls,
        // The host is inside no call.
        _ => Vec::new(),
    }
}
