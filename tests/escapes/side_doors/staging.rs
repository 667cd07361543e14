//! What the attacks of this section use: dynamic objects, and polls without an executor.

use futures_core::Stream;
use membrane::{Error, Membrane, Policy, PolicyBuilder, allow, interface};
use runtime::{Domain, Limits, Runtime};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

/// A future that crosses.
pub(crate) type Boxed<R> = Pin<Box<dyn Future<Output = Result<R, Error>> + Send>>;

/// Polls once, for nobody.
pub(crate) fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// Asks a stream once, for nobody.
pub(crate) fn poll_next<S: Stream + ?Sized>(stream: &mut Pin<Box<S>>) -> Poll<Option<S::Item>> {
    stream
        .as_mut()
        .poll_next(&mut Context::from_waker(Waker::noop()))
}

/// A dynamic [`Vault`](crate::cast::Vault), which can give another one away and take one in. [`dynamic`] lists all but `open`.
#[interface(dynamic)]
pub(crate) trait Chest: Send + Sync {
    fn name(&self) -> Result<String, Error>;
    fn inner(&self) -> Result<Arc<dyn Chest>, Error>;
    fn keep(&self, other: Arc<dyn Chest>) -> Result<u64, Error>;
    fn say(&self, text: &str) -> Result<String, Error>;
    fn open(&self) -> Result<u64, Error>;
}

pub(crate) const NAME: u32 = 0;
pub(crate) const KEEP: u32 = 2;
pub(crate) const OPEN: u32 = 4;
/// Beyond what there is.
pub(crate) const MISSING: u32 = 5;

/// What `Chest::open` answers.
pub(crate) const SILVER: u64 = 925;

/// A chest that counts how often it was opened, and runs `on_name` before it tells its name.
#[derive(Default)]
pub(crate) struct Coffer {
    pub(crate) opened: AtomicUsize,
    pub(crate) on_name: Option<Box<dyn Fn() + Send + Sync>>,
    pub(crate) inner: Option<Arc<dyn Chest>>,
}

impl Coffer {
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }
}

impl Chest for Coffer {
    fn name(&self) -> Result<String, Error> {
        if let Some(on_name) = &self.on_name {
            on_name();
        }
        Ok("a chest".into())
    }

    fn inner(&self) -> Result<Arc<dyn Chest>, Error> {
        match &self.inner {
            Some(inner) => Ok(inner.clone()),
            None => Ok(Arc::new(Self::default())),
        }
    }

    fn keep(&self, _: Arc<dyn Chest>) -> Result<u64, Error> {
        Ok(1)
    }

    fn say(&self, text: &str) -> Result<String, Error> {
        Ok(text.into())
    }

    fn open(&self) -> Result<u64, Error> {
        self.opened.fetch_add(1, SeqCst);
        Ok(SILVER)
    }
}

/// Chests may do anything but be opened, on either side.
pub(crate) fn dynamic() -> PolicyBuilder {
    let listed = allow!(dyn Chest: name, inner, keep, say);
    Policy::builder().inbound(listed).outbound(listed)
}

/// A runtime whose host lends to a guest by [`dynamic`], and the membrane between the two.
pub(crate) fn joined(limits: Limits) -> (Runtime, Domain, Membrane) {
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", limits);
    let policy = dynamic().build().expect("one list each");
    let membrane = runtime
        .join(runtime.host(), &guest, policy)
        .expect("the first time");
    (runtime, guest, membrane)
}
