//! Asks the plugin how far it is.
//!
//! A guest may be unable to answer unless it waits, in a call of its own to the host (one in Wasm is). So the host does not
//! ask from a thread of its own: each time the plugin calls one of the host's objects, that object looks whether it is
//! time, and asks before it answers, on the same thread.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc::Sender},
    time::{Duration, Instant},
};

use membrane::{Error, ErrorKind};
use plugin::{Progress, Snapshot, Watch};

/// How often the host asks, at most.
const TICK: Duration = Duration::from_millis(100);

/// Keeps the plugin's object, and asks it.
#[derive(Default)]
pub(crate) struct Asker {
    progress: OnceLock<Arc<dyn Progress>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: u64,
    telling: Option<Telling>,
}

/// Whom to tell what the plugin answers, and when it was asked last.
struct Telling {
    whom: Sender<Snapshot>,
    asked: Instant,
}

impl Asker {
    /// What the plugin handed in: here a proxy, though nothing says so.
    pub(crate) fn progress(&self) -> Option<Arc<dyn Progress>> {
        self.progress.get().cloned()
    }

    /// How often the plugin was asked.
    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Asks from time to time while `work` is done, and tells `whom`.
    pub(crate) fn while_telling<R>(&self, whom: Sender<Snapshot>, work: impl FnOnce() -> R) -> R {
        self.state().telling = Some(Telling {
            whom,
            asked: Instant::now(),
        });
        let done = work();
        self.state().telling = None;
        done
    }

    /// Asks if it is time. For the host's objects, under no lock: this runs code of the plugin's.
    pub(crate) fn look(&self) {
        match &mut self.state().telling {
            Some(telling) if telling.asked.elapsed() >= TICK => telling.asked = Instant::now(),
            _ => return,
        }
        if let Some(snapshot) = self.ask()
            && let Some(telling) = &self.state().telling
        {
            // Whoever does not listen any more does not want to be told.
            let _told = telling.whom.send(snapshot);
        }
    }

    /// Asks now.
    pub(crate) fn ask(&self) -> Option<Snapshot> {
        let progress = self.progress.get()?;
        self.state().calls += 1;
        progress.report().ok()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Asker {
    /// The first object stays.
    fn watch(&self, progress: Arc<dyn Progress>) -> Result<(), Error> {
        let kept = self.progress.set(progress);
        kept.map_err(|_another| ErrorKind::Refused.into())
    }
}
