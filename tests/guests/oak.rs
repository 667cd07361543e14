//! A service of the host's that notes what it was called for, and does what it is told.

use membrane::Error;
use probe::{Fault, Items, Service, Visitor};
use std::sync::{Arc, Mutex};

/// What nobody but the host may learn.
pub(crate) const SECRET: u64 = 0x5EC_4E7;

pub(crate) type Next = Box<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

/// The host's service.
#[derive(Default)]
pub(crate) struct Oak {
    pub(crate) log: Mutex<Vec<&'static str>>,
    pub(crate) next: Option<Next>,
    /// What `echo` gives instead of what it gets.
    pub(crate) instead: Option<Arc<dyn Visitor>>,
    pub(crate) kept: Mutex<Vec<Arc<dyn Visitor>>>,
    pub(crate) child: Mutex<Option<Arc<Self>>>,
}

impl Oak {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Its `next` does this.
    pub(crate) fn doing(
        next: impl Fn(u64) -> Result<u64, Error> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            next: Some(Box::new(next)),
            ..Self::default()
        })
    }

    fn enter(&self, method: &'static str) {
        self.log.lock().expect("no panic").push(method);
    }

    /// What it was called for, by name.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.log.lock().expect("no panic").clone()
    }

    /// How often `method` was entered.
    pub(crate) fn entered(&self, method: &str) -> usize {
        let log = self.log.lock().expect("no panic");
        log.iter().filter(|entered| **entered == method).count()
    }
}

impl Service for Oak {
    fn next(&self, to: u64) -> Result<u64, Error> {
        self.enter("next");
        self.next.as_ref().map_or(Ok(to), |next| next(to))
    }

    fn fail(&self, missing: u64) -> Result<(), Fault> {
        self.enter("fail");
        Err(Fault::Poor { missing })
    }

    fn secret(&self) -> Result<String, Error> {
        self.enter("secret");
        Ok(SECRET.to_string())
    }

    fn child(&self) -> Result<Arc<dyn Service>, Error> {
        self.enter("child");
        let child = Self::new();
        *self.child.lock().expect("no panic") = Some(child.clone());
        Ok(child)
    }

    fn echo(&self, visitor: Arc<dyn Visitor>) -> Result<Arc<dyn Visitor>, Error> {
        self.enter("echo");
        Ok(self.instead.clone().unwrap_or(visitor))
    }

    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error> {
        self.enter("visit");
        visitor.visited(times)
    }

    fn keep(&self, visitor: Arc<dyn Visitor>) -> Result<(), Error> {
        self.enter("keep");
        self.kept.lock().expect("no panic").push(visitor);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        self.enter("wait");
        Ok(())
    }

    fn bytes(&self, count: u64) -> Result<Vec<u8>, Error> {
        self.enter("bytes");
        Ok(vec![7; usize::try_from(count).expect("a test's number")])
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        self.enter("items");
        Ok(Box::new((0..count).map(Ok)))
    }
}
