//! The host: lends a directory, watches the plugin work, takes the directory back, and looks at what is left.

use std::{
    error::Error as StdError,
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use membrane::{ErrorKind, Membrane, Policy, PolicyError, RunningCall, WaitError, allow};
use runtime::{Dir, File, FileError, HostDir, ambient_authority};

use crate::{
    ledger::{Ledger, Lent},
    plugin::{Attempt, Plugin, Survey},
    progress::{Progress, Snapshot},
};

/// Why the host revokes; the plugin gets to read it.
pub(crate) const REASON: &str = "the host has seen enough";

/// How often the host asks the plugin how far it is.
const TICK: Duration = Duration::from_millis(100);
/// How long the host waits for running calls to end after it has revoked.
const PATIENCE: Duration = Duration::from_secs(30);

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
    /// What the plugin got at its next call.
    pub(crate) after_revoke: Result<(), FileError>,
    /// What the host got when it asked the plugin once more.
    pub(crate) callback_after_revoke: Option<ErrorKind>,
    /// How many calls were running after the host had waited.
    pub(crate) in_flight: usize,
    pub(crate) lent: Lent,
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
            breaches.push(format!("the plugin got through with: {}", attempt.what));
        }
        match self.after_revoke {
            Err(FileError::Membrane(error)) if error.is_revoked() => {}
            _ => breaches.push("the plugin was not cut off".into()),
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
        breaches
    }
}

/// Opens what is to be lent.
///
/// The facet is read-only: the second of two walls, since this may be anybody's directory.
pub(crate) fn open(path: &Path) -> Result<HostDir, Box<dyn StdError>> {
    let dir = HostDir::open_ambient(path, ambient_authority())?.read_only()?;
    drop(dir.list()?);
    Ok(dir)
}

/// What the plugin may do with what it is lent, and what the host does with what it is handed.
pub(crate) fn policy() -> Result<Policy, PolicyError> {
    Policy::builder()
        .inbound(allow!(dyn Dir: list, open_dir, open_file))
        .inbound(allow!(dyn File: len, read_at))
        .outbound(allow!(dyn Progress: report))
        .build()
}

/// Lends `dir` to the plugin. `show` is told how far the plugin is, from time to time.
///
/// # Errors
/// If the plugin panics.
pub(crate) fn lend(
    dir: Arc<dyn Dir>,
    show: &mut dyn FnMut(Snapshot),
) -> Result<Outcome, Box<dyn StdError>> {
    let ledger = Arc::new(Ledger::default());
    let membrane = Membrane::new(policy()?);
    let plugin = Plugin::new(membrane.wrap(ledger.lend(dir))?);
    let mut asked = Asked {
        progress: membrane.wrap_inbound(plugin.progress())?,
        calls: 0,
    };

    let survey = first_walk(&plugin, || asked.ask().into_iter().for_each(&mut *show))?;
    // Once more at the end; of an empty directory there is nothing to tell.
    if survey.counted.files > 0 {
        asked.ask();
    }
    let attempts = plugin.overreach(&survey);

    let halt = ledger.halt_after(survey.counted.files / 2);
    let (second, running, waited) = thread::scope(|scope| {
        let walk = scope.spawn(|| plugin.survey());
        while !halt.has_come(TICK) && !walk.is_finished() {}
        // Now or never: a call of the plugin's is held in the middle, unless the tree had no file left for it.
        let running = still_running(membrane.revoke_and_wait(REASON, Duration::ZERO));
        drop(halt);
        let waited = membrane.revoke_and_wait(REASON, PATIENCE);
        joined(walk).map(|second| (second, running, waited))
    })?;

    Ok(Outcome {
        survey,
        attempts,
        progress_calls: asked.calls,
        running,
        revoked_after: second.counted.files,
        after_revoke: match second.cut {
            Some(error @ FileError::Membrane(cut)) if cut.is_revoked() => Err(error),
            // The walk was over before the host revoked: then the plugin's next call is one more.
            _ => plugin.touch(),
        },
        callback_after_revoke: asked.progress.report().err().map(membrane::Error::kind),
        in_flight: still_running(waited).len(),
        // Here the plugin still holds the proxy of its directory.
        lent: ledger.lent(),
    })
}

/// The plugin's object, as the host holds it.
struct Asked {
    progress: Arc<dyn Progress>,
    calls: u64,
}

impl Asked {
    fn ask(&mut self) -> Option<Snapshot> {
        self.calls += 1;
        self.progress.report().ok()
    }
}

/// Runs the plugin on a thread of its own, and `tick`s meanwhile.
fn first_walk(plugin: &Plugin, mut tick: impl FnMut()) -> Result<Survey, Box<dyn StdError>> {
    thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        let walk = scope.spawn(move || {
            let survey = plugin.survey();
            drop(done);
            survey
        });
        // Ends when the sender is dropped, also by a panic.
        while is_done.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
            tick();
        }
        joined(walk)
    })
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, Box<dyn StdError>> {
    thread
        .join()
        .map_err(|_payload| "the plugin panicked".into())
}

fn still_running(waited: Result<(), WaitError>) -> Vec<RunningCall> {
    match waited {
        Err(WaitError::TimedOut(calls)) => calls,
        // The host is inside no call.
        _ => Vec::new(),
    }
}
