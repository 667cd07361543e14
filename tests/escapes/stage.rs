//! The stage of sections C and D: a chest that can be called in every way, and those who stand around it.

use crate::cast::GOLD;
use membrane::__private::Query;
use membrane::{Error, ErrorKind, Membrane, Policy, PolicyBuilder, allow, interface};
use runtime::{Domain, Limits, Object, Runtime, Value};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A vault that is also called dynamically. [`chests`] lists all but `open` and `seize`.
#[interface(dynamic)]
pub(crate) trait Chest: Send + Sync {
    /// Harmless.
    fn name(&self) -> Result<String, Error>;
    /// What nobody was given.
    fn open(&self) -> Result<u64, Error>;
    /// Reads what lies under a key.
    fn read(&self, key: &str) -> Result<String, Error>;
    /// Keeps another one.
    fn keep(&self, other: Arc<dyn Chest>) -> Result<(), Error>;
    /// The one that was kept.
    fn kept(&self) -> Result<Arc<dyn Chest>, Error>;
    /// Keeps another one, and is not listed.
    fn seize(&self, other: Arc<dyn Chest>) -> Result<(), Error>;
}

pub(crate) const NAME: u32 = 0;
pub(crate) const OPEN: u32 = 1;
pub(crate) const READ: u32 = 2;
pub(crate) const KEEP: u32 = 3;
pub(crate) const KEPT: u32 = 4;
pub(crate) const SEIZE: u32 = 5;

/// The same, later. [`posts`] lists all but `open` and `seize`.
#[interface]
pub(crate) trait Post: Send + Sync {
    async fn name(&self) -> Result<String, Error>;
    async fn open(&self) -> Result<u64, Error>;
    async fn read(&self, key: &str) -> Result<String, Error>;
    async fn kept(&self) -> Result<Arc<dyn Chest>, Error>;
    async fn seize(&self, other: Arc<dyn Chest>) -> Result<(), Error>;
}

/// A chest, and a post, that notices what is done with it.
#[derive(Default)]
pub(crate) struct Oak {
    opened: AtomicUsize,
    entered: AtomicUsize,
    keys: Mutex<Vec<String>>,
    kept: Mutex<Option<Arc<dyn Chest>>>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Oak {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// One that keeps `chest`.
    pub(crate) fn keeping(chest: Arc<dyn Chest>) -> Arc<Self> {
        let oak = Self::new();
        *locked(&oak.kept) = Some(chest);
        oak
    }

    pub(crate) fn chest(self: &Arc<Self>) -> Arc<dyn Chest> {
        self.clone()
    }

    /// How often it was opened.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }

    /// How often it was called at all.
    pub(crate) fn entered(&self) -> usize {
        self.entered.load(SeqCst)
    }

    /// The keys that were read.
    pub(crate) fn keys(&self) -> Vec<String> {
        locked(&self.keys).clone()
    }

    /// What it was given to keep.
    pub(crate) fn taken(&self) -> Option<Arc<dyn Chest>> {
        locked(&self.kept).take()
    }

    fn enter(&self) {
        self.entered.fetch_add(1, SeqCst);
    }
}

impl Chest for Oak {
    fn name(&self) -> Result<String, Error> {
        self.enter();
        Ok("a chest".into())
    }

    fn open(&self) -> Result<u64, Error> {
        self.enter();
        self.opened.fetch_add(1, SeqCst);
        Ok(GOLD)
    }

    fn read(&self, key: &str) -> Result<String, Error> {
        self.enter();
        locked(&self.keys).push(key.into());
        Ok(key.into())
    }

    fn keep(&self, other: Arc<dyn Chest>) -> Result<(), Error> {
        self.enter();
        *locked(&self.kept) = Some(other);
        Ok(())
    }

    fn kept(&self) -> Result<Arc<dyn Chest>, Error> {
        self.enter();
        locked(&self.kept).clone().ok_or(ErrorKind::Failed.into())
    }

    fn seize(&self, other: Arc<dyn Chest>) -> Result<(), Error> {
        self.keep(other)
    }
}

#[interface]
impl Post for Oak {
    async fn name(&self) -> Result<String, Error> {
        Chest::name(self)
    }

    async fn open(&self) -> Result<u64, Error> {
        Chest::open(self)
    }

    async fn read(&self, key: &str) -> Result<String, Error> {
        Chest::read(self, key)
    }

    async fn kept(&self) -> Result<Arc<dyn Chest>, Error> {
        Chest::kept(self)
    }

    async fn seize(&self, other: Arc<dyn Chest>) -> Result<(), Error> {
        Chest::seize(self, other)
    }
}

/// All but `open` and `seize`, both ways.
pub(crate) fn chests() -> PolicyBuilder {
    let list = allow!(dyn Chest: name, read, keep, kept);
    Policy::builder().inbound(list).outbound(list)
}

/// The same of posts, and of chests.
pub(crate) fn posts() -> PolicyBuilder {
    let list = allow!(dyn Post: name, read, kept);
    chests().inbound(list).outbound(list)
}

pub(crate) fn policy(builder: PolicyBuilder) -> Policy {
    builder.build().expect("nothing is wrong with it")
}

/// Whether whoever holds `chest` has the object itself, by address or by what it does.
pub(crate) fn is_bare(chest: &Arc<dyn Chest>, oak: &Arc<Oak>) -> bool {
    Arc::ptr_eq(chest, &oak.chest()) || chest.open().is_ok()
}

/// What an object does with the question whether it is a proxy.
type Trick = Box<dyn Fn(&Query<'_>) + Send + Sync>;

/// A chest whose author overrode the hidden method.
pub(crate) struct Evil {
    asked: AtomicUsize,
    trick: Trick,
    on_drop: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Evil {
    pub(crate) fn new(trick: impl Fn(&Query<'_>) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            asked: AtomicUsize::new(0),
            trick: Box::new(trick),
            on_drop: None,
        })
    }

    /// The same, with a drop of its own.
    pub(crate) fn dropping(
        trick: impl Fn(&Query<'_>) + Send + Sync + 'static,
        on_drop: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            asked: AtomicUsize::new(0),
            trick: Box::new(trick),
            on_drop: Some(Box::new(on_drop)),
        })
    }

    pub(crate) fn chest(self: &Arc<Self>) -> Arc<dyn Chest> {
        self.clone()
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }
}

impl Drop for Evil {
    fn drop(&mut self) {
        if let Some(on_drop) = &self.on_drop {
            on_drop();
        }
    }
}

impl Chest for Evil {
    fn name(&self) -> Result<String, Error> {
        Ok("evil".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }

    fn read(&self, key: &str) -> Result<String, Error> {
        Ok(key.into())
    }

    fn keep(&self, _: Arc<dyn Chest>) -> Result<(), Error> {
        Ok(())
    }

    fn kept(&self) -> Result<Arc<dyn Chest>, Error> {
        Err(ErrorKind::Failed.into())
    }

    fn seize(&self, _: Arc<dyn Chest>) -> Result<(), Error> {
        Ok(())
    }

    fn __membrane_chest(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        (self.trick)(query);
    }
}

/// A runtime, and domains that are joined to its host.
pub(crate) fn guests<const N: usize>(policy: &Policy) -> (Runtime, [Domain; N]) {
    let runtime = Runtime::new();
    let guests = std::array::from_fn(|number| {
        let guest = runtime.domain(&format!("guest {number}"), Limits::default());
        let joined = runtime.join(runtime.host(), &guest, policy.clone());
        joined.expect("for the first time");
        guest
    });
    (runtime, guests)
}

/// A chest of `owner`'s, as `other` holds it.
pub(crate) fn sent(owner: &Domain, other: &Domain, oak: &Arc<Oak>) -> Object {
    let own = owner.own::<dyn Chest>(oak.clone());
    owner.send(&own, other).expect("they are joined")
}

/// A list of these.
pub(crate) fn values<const N: usize>(values: [Value; N]) -> Value {
    Vec::from(values).into()
}

/// What one gets who lends to a host that lends on.
pub(crate) fn two_hops(
    policy: &Policy,
    chest: Arc<dyn Chest>,
) -> (Membrane, Membrane, Arc<dyn Chest>) {
    let (a, b) = (Membrane::new(policy.clone()), Membrane::new(policy.clone()));
    let at_host = a.wrap_inbound(chest).expect("live");
    let at_b = b.wrap(at_host).expect("live");
    (a, b, at_b)
}

/// What a future ends with that ends at its first poll.
pub(crate) fn at_once<R>(future: impl Future<Output = R>) -> R {
    let mut future = Box::pin(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}
