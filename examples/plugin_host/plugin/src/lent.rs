//! The plugin itself: keeps what it is lent, and does what it is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::{Dir, FileError};

use crate::{
    Attempt, Plugin, Survey, Watch,
    overreach::{self, Bait},
    surveyor::{self, Count},
};

/// A plugin that was lent nothing yet.
pub fn plugin() -> Arc<dyn Plugin> {
    Arc::new(Guest::default())
}

#[derive(Default)]
struct Guest {
    state: Mutex<State>,
    count: Arc<Count>,
}

#[derive(Default)]
struct State {
    lent: Option<Lent>,
    bait: Bait,
}

/// What the plugin goes on to hold, whatever the host does with it.
struct Lent {
    dir: Arc<dyn Dir>,
    _watch: Arc<dyn Watch>,
}

impl Guest {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory, for a call under no lock: the host may call back meanwhile.
    fn dir(&self) -> Result<Arc<dyn Dir>, FileError> {
        let state = self.state();
        let lent = state.lent.as_ref().ok_or(FileError::Refused)?;
        Ok(lent.dir.clone())
    }
}

impl Plugin for Guest {
    fn start(&self, dir: Arc<dyn Dir>, watch: Arc<dyn Watch>) -> Result<(), FileError> {
        watch.watch(self.count.clone())?;
        // Bound, so that it is dropped after the lock.
        let _before = self.state().lent.replace(Lent { dir, _watch: watch });
        Ok(())
    }

    fn survey(&self) -> Result<Survey, FileError> {
        let survey = surveyor::survey(&self.dir()?, &self.count);
        self.state().bait = Bait::of(&survey);
        Ok(survey)
    }

    fn overreach(&self) -> Result<Vec<Attempt>, FileError> {
        let dir = self.dir()?;
        let bait = self.state().bait.clone();
        Ok(overreach::overreach(&dir, &bait))
    }

    fn touch(&self) -> Result<Result<(), String>, FileError> {
        let listed = self.dir()?.list();
        Ok(listed.map(drop).map_err(|error| error.to_string()))
    }
}
