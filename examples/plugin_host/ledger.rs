//! The host's own record of what it lends: a layer around each object and listing that counts those alive.
//!
//! The layer is on the host's side of the membrane. The membrane needs nothing of the kind; the host uses it to show that
//! its objects are gone after `revoke`, to stop the plugin's second walk at an exact place, and to ask the plugin how far it
//! is while it calls.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    mpsc::{self, Receiver, Sender},
};

use membrane::Error;
use plugin::{Progress, Watch};
use runtime::{Dir, Entry, File, FileError, Metadata, Name};

use crate::progress::Asker;

/// What was lent, in numbers.
pub(crate) struct Ledger {
    state: Mutex<State>,
    asker: Arc<Asker>,
}

#[derive(Default)]
struct State {
    lent: Lent,
    opened: u64,
    stop: Option<Stop>,
}

/// How many objects were lent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lent {
    pub(crate) ever: u64,
    pub(crate) alive: u64,
    pub(crate) most_at_once: u64,
}

/// A call that will tell that it has come, and wait to be let go.
struct Stop {
    after: u64,
    come: Sender<()>,
    go: Receiver<()>,
}

/// The host's end of a [`Stop`]. Dropping it lets the call go.
pub(crate) struct Halt {
    come: Receiver<()>,
    _go: Sender<()>,
}

impl Halt {
    /// Returns when the call has come, or will not come any more.
    pub(crate) fn wait(&self) {
        let _will_not_come = self.come.recv();
    }
}

impl Ledger {
    pub(crate) fn new(asker: Arc<Asker>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            asker,
        })
    }

    /// Lends a directory, with everything that is opened through it.
    pub(crate) fn lend(self: &Arc<Self>, dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(Counted {
            object: dir,
            alive: Alive::new(self),
        })
    }

    /// Lends what takes the plugin's object.
    pub(crate) fn lend_watch(self: &Arc<Self>) -> Arc<dyn Watch> {
        let object: Arc<dyn Watch> = self.asker.clone();
        Arc::new(Counted {
            object,
            alive: Alive::new(self),
        })
    }

    pub(crate) fn lent(&self) -> Lent {
        self.state().lent
    }

    /// Stops the first call of `open_file` after `files` such calls from now on.
    pub(crate) fn halt_after(&self, files: u64) -> Halt {
        let (come, has_come) = mpsc::channel();
        let (let_go, go) = mpsc::channel();
        let mut state = self.state();
        state.opened = 0;
        state.stop = Some(Stop {
            after: files,
            come,
            go,
        });
        Halt {
            come: has_come,
            _go: let_go,
        }
    }

    /// Stops no call any more.
    pub(crate) fn halt_none(&self) {
        // Bound, so that whoever waits is woken after the lock.
        let _stop = self.state().stop.take();
    }

    fn opening(&self) {
        let mut state = self.state();
        let opened = state.opened;
        let stop = state.stop.take_if(|stop| stop.after <= opened);
        state.opened += 1;
        drop(state);
        if let Some(Stop { come, go, .. }) = stop {
            // Whoever does not listen any more does not want the call to wait, either.
            if come.send(()).is_ok() {
                let _gone = go.recv();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One object on the ledger.
struct Alive(Arc<Ledger>);

impl Alive {
    fn new(ledger: &Arc<Ledger>) -> Self {
        let lent = &mut ledger.state().lent;
        lent.ever += 1;
        lent.alive += 1;
        lent.most_at_once = lent.most_at_once.max(lent.alive);
        Self(Arc::clone(ledger))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.state().lent.alive -= 1;
    }
}

/// A directory, a file or a listing while it is lent.
struct Counted<T> {
    object: T,
    alive: Alive,
}

impl<T> Counted<T> {
    fn beside<U>(&self, object: U) -> Counted<U> {
        Counted {
            object,
            alive: Alive::new(&self.alive.0),
        }
    }

    /// The object within, for a call of the plugin's.
    fn called(&self) -> &T {
        self.alive.0.asker.look();
        &self.object
    }

    fn dir(&self, dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(self.beside(dir))
    }

    fn file(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(self.beside(file))
    }
}

type Listing = Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>;

impl Iterator for Counted<Listing> {
    type Item = Result<Entry, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.called();
        self.object.next()
    }
}

impl Dir for Counted<Arc<dyn Dir>> {
    fn list(&self) -> Result<Listing, FileError> {
        Ok(Box::new(self.beside(self.called().list()?)))
    }

    fn metadata(&self, name: Name) -> Result<Metadata, FileError> {
        self.called().metadata(name)
    }

    fn open_dir(&self, name: Name) -> Result<Arc<dyn Dir>, FileError> {
        Ok(self.dir(self.called().open_dir(name)?))
    }

    fn open_file(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        let dir = self.called();
        self.alive.0.opening();
        Ok(self.file(dir.open_file(name)?))
    }

    fn open_write(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        Ok(self.file(self.called().open_write(name)?))
    }

    fn open_append(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        Ok(self.file(self.called().open_append(name)?))
    }

    fn create(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        Ok(self.file(self.called().create(name)?))
    }

    fn create_dir(&self, name: Name) -> Result<(), FileError> {
        self.called().create_dir(name)
    }

    fn remove(&self, name: Name) -> Result<(), FileError> {
        self.called().remove(name)
    }

    fn remove_dir(&self, name: Name) -> Result<(), FileError> {
        self.called().remove_dir(name)
    }

    fn rename(&self, from: Name, to: Name) -> Result<(), FileError> {
        self.called().rename(from, to)
    }
}

impl File for Counted<Arc<dyn File>> {
    fn len(&self) -> Result<u64, FileError> {
        self.called().len()
    }

    fn read_at(&self, offset: u64, len: u32) -> Result<Vec<u8>, FileError> {
        self.called().read_at(offset, len)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), FileError> {
        self.called().write_at(offset, data)
    }

    fn append(&self, data: &[u8]) -> Result<(), FileError> {
        self.called().append(data)
    }

    fn truncate(&self, len: u64) -> Result<(), FileError> {
        self.called().truncate(len)
    }

    fn sync(&self) -> Result<(), FileError> {
        self.called().sync()
    }
}

impl Watch for Counted<Arc<dyn Watch>> {
    fn watch(&self, progress: Arc<dyn Progress>) -> Result<(), Error> {
        self.called().watch(progress)
    }
}
