//! The same stage for dynamic calls: a host, a guest, and a chest that the guest may name and never open.

use crate::lab::Lab;
use membrane::{Error, ErrorKind, Passable, Policy, allow, interface};
use runtime::{Domain, Dynamic, Limits, Object, Runtime, Value};
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) type Chests = Box<dyn Iterator<Item = Result<Arc<dyn Chest>, Grief>> + Send>;
pub(crate) type Numbered = Vec<Option<(u8, Arc<dyn Chest>)>>;
pub(crate) type Make = Arc<dyn Fn() -> Result<Arc<dyn Chest>, Grief> + Send + Sync>;

/// What both sides have. All of it is listed but `open`.
#[interface(dynamic)]
pub(crate) trait Chest: Send + Sync {
    /// Which it is.
    fn name(&self) -> Result<u64, Error>;
    /// What nobody was given.
    fn open(&self) -> Result<u64, Error>;
    /// The chest inside.
    fn inner(&self) -> Result<Arc<dyn Chest>, Grief>;
    /// The same, in containers.
    fn all(&self) -> Result<Numbered, Grief>;
    /// One by one, an error last.
    fn items(&self) -> Result<Chests, Grief>;
    /// As a closure gives it.
    fn maker(&self) -> Result<Make, Grief>;
    /// In an error.
    fn fail(&self) -> Result<u64, Grief>;
    /// In an error, with what no list names.
    fn fail_with_key(&self) -> Result<u64, Grief>;
    /// Keeps it.
    fn take(&self, other: Arc<dyn Chest>) -> Result<(), Grief>;
    /// Gives the chest inside to `other`.
    fn tell(&self, other: Arc<dyn Chest>) -> Result<(), Grief>;
}

/// Whose interface is in no policy.
#[interface(dynamic)]
pub(crate) trait Key: Send + Sync {
    fn turn(&self) -> Result<u64, Error>;
}

#[derive(Passable, Dynamic)]
pub(crate) enum Grief {
    Membrane(Error),
    Chest { inside: Vec<Arc<dyn Chest>> },
    Key { key: Arc<dyn Key> },
}

impl From<Error> for Grief {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

pub(crate) const OPEN: u32 = 1;

/// A chest, and what was done to it.
#[derive(Default)]
pub(crate) struct Oak {
    pub(crate) number: u64,
    pub(crate) inside: Option<Arc<Oak>>,
    opened: AtomicUsize,
    taken: Mutex<Vec<Arc<dyn Chest>>>,
}

impl Oak {
    /// One with another inside.
    pub(crate) fn new(number: u64) -> Arc<Self> {
        let inside = Self {
            number: number + 1,
            ..Self::default()
        };
        Arc::new(Self {
            number,
            inside: Some(Arc::new(inside)),
            ..Self::default()
        })
    }

    /// How often it was opened, or the one inside.
    pub(crate) fn opened(&self) -> usize {
        let inside = self.inside.as_ref().map_or(0, |inside| inside.opened());
        self.opened.load(SeqCst) + inside
    }

    /// What it was given.
    pub(crate) fn taken(&self) -> Vec<Arc<dyn Chest>> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn give(&self) -> Result<Arc<dyn Chest>, Error> {
        match &self.inside {
            Some(inside) => Ok(inside.clone()),
            None => Err(ErrorKind::Failed.into()),
        }
    }
}

impl Chest for Oak {
    fn name(&self) -> Result<u64, Error> {
        Ok(self.number)
    }
    fn open(&self) -> Result<u64, Error> {
        self.opened.fetch_add(1, SeqCst);
        Ok(self.number)
    }
    fn inner(&self) -> Result<Arc<dyn Chest>, Grief> {
        Ok(self.give()?)
    }
    fn all(&self) -> Result<Numbered, Grief> {
        Ok(vec![None, Some((7, self.give()?))])
    }
    fn items(&self) -> Result<Chests, Grief> {
        let fault = Grief::Chest {
            inside: vec![self.give()?],
        };
        Ok(Box::new([Ok(self.give()?), Err(fault)].into_iter()))
    }
    fn maker(&self) -> Result<Make, Grief> {
        let inside = self.give()?;
        Ok(Arc::new(move || Ok(inside.clone())))
    }
    fn fail(&self) -> Result<u64, Grief> {
        Err(Grief::Chest {
            inside: vec![self.give()?],
        })
    }
    fn fail_with_key(&self) -> Result<u64, Grief> {
        struct Iron;
        impl Key for Iron {
            fn turn(&self) -> Result<u64, Error> {
                Ok(1)
            }
        }
        Err(Grief::Key {
            key: Arc::new(Iron),
        })
    }
    fn take(&self, other: Arc<dyn Chest>) -> Result<(), Grief> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(other);
        Ok(())
    }
    fn tell(&self, other: Arc<dyn Chest>) -> Result<(), Grief> {
        other.take(self.give()?)
    }
}

/// Lists all of a chest but `open`, both ways.
pub(crate) fn policy() -> Policy {
    let list = allow!(dyn Chest: name, inner, all, items, maker, fail, fail_with_key, take, tell);
    let policy = Policy::builder().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

/// Two domains, joined.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) guest: Domain,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new();
        runtime.know::<dyn Chest>();
        let guest = runtime.domain("guest", Limits::default());
        let joined = runtime.join(runtime.host(), &guest, policy());
        joined.expect("the first time");
        Self { runtime, guest }
    }

    /// Who owns and who is lent to, in each direction.
    pub(crate) fn sides(&self) -> [(&Domain, &Domain); 2] {
        let host = self.runtime.host();
        [(host, &self.guest), (&self.guest, host)]
    }
}

/// A chest of `owner`'s, and what `holder` has of it.
pub(crate) fn lend(owner: &Domain, holder: &Domain) -> (Arc<Oak>, Object) {
    let oak = Oak::new(10);
    let lent = owner.send(&owner.own::<dyn Chest>(oak.clone()), holder);
    (oak, lent.expect("they are joined"))
}

/// The objects in a value.
pub(crate) fn objects(value: &Value) -> Vec<Object> {
    match value {
        Value::Object(object) => vec![object.clone()],
        Value::List(items) => items.iter().flat_map(objects).collect(),
        Value::Record(fields) => fields
            .iter()
            .flat_map(|field| objects(&field.value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Tries to open, as `holder`, all that is in `value`, by number, by name and as what it is in Rust.
pub(crate) fn look(lab: &Lab, holder: &Domain, value: &Value, how: impl Display) {
    for object in objects(value) {
        lab.reached();
        let typed = object.typed::<dyn Chest>();
        let opened = [
            holder.call(&object, OPEN, &[]).is_ok(),
            holder.call_named(&object, "open", &[]).is_ok(),
            typed.is_some_and(|chest| chest.open().is_ok()),
        ];
        lab.escaped_if(opened.contains(&true), format!("{how}: {opened:?}"));
    }
}
